"""Slack: receives commands, mentions, buttons and forms, and shows cards as Block Kit messages."""
