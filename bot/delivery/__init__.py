"""Deliver the outbox: post, look for what is unconfirmed, wait, sum up."""
