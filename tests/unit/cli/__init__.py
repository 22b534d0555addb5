"""What the commands do apart from the handler they share."""
