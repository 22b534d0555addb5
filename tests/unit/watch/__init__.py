"""Watching runs and launches."""
