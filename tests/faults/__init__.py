"""Crashes and hostile servers."""
