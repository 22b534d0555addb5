"""What every test platform over HTTP shares: sending once, waiting and repeating, bounds, and lenient reading."""
