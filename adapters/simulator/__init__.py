"""Simulated test platforms: real HTTP servers on loopback with living worlds behind them. See README.md."""
