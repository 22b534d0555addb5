"""The chats: each folder has the same four files, app, events, render and sender."""
