"""The Slack adapter, part by part."""
