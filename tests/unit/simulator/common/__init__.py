"""The simulated servers' common ground, part by part."""
