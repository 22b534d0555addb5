"""Settings: everything wrong is said at once, and no secret is ever said."""
