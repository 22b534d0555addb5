"""What a command is about: which run, which moment."""
