"""The terminal: the embedded default, needs no account."""
