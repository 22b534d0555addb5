"""Several Clews on one database: who is there, and who does what. README.md says how."""
