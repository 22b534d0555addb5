"""The verbs, through the one door."""
