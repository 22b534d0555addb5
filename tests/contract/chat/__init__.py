"""What every chat holds: the port that announcements go through, and the life of a command."""
