"""Platform payload in, platform payload out, through real libraries and sockets."""
