"""What programs on one database decide."""
