"""The simulated tenant, part by part."""
