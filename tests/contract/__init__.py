"""One suite per port, run on fakes and on the real thing."""
