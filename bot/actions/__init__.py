"""Costly actions: asked for, confirmed, sent once."""
