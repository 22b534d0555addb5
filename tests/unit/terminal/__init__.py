"""The chat in the terminal: what a line means, and how cards look."""
