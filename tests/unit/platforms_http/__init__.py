"""What platforms share over HTTP, without I/O where it has none."""
