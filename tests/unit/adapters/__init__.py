"""Adapter parts without I/O."""
