"""The test platforms: each folder has the same files, protocol and client."""
