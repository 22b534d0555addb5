"""The simulated servers, part by part."""
