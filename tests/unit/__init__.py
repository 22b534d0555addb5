"""Pure tests: no sockets, no files."""
