"""Webhooks of test platforms: an HTTP listener of its own that takes them as hints to poll now."""
