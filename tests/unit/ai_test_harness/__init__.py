"""The AI Test Harness client."""
