"""The AI Test Harness API (v1)."""
