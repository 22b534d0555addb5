"""Slack: what people do in it, and what it does to us, over real sockets."""
