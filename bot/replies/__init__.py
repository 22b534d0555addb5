"""Every sentence that the bot says, one function each, and the cards they stand in."""
