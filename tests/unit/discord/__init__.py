"""The Discord adapter part by part."""
