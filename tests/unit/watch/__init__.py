"""Watching and delivering."""
