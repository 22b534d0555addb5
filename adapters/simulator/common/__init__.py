"""What every simulated server is made of: its HTTP side, its judge, its time, and the strings to pull."""
