"""A chat in a browser page, for one person on this machine: it needs no account and no other service."""
