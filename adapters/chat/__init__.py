"""The chats: one folder each, with the same files, around one engine; see README.md in this folder."""
