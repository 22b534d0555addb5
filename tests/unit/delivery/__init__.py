"""Delivering the outbox."""
