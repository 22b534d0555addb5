"""The Discord adapter walked through, as people use it."""
