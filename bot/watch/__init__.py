"""Watching and delivering: poll and decide, record, claim and post, settle."""
