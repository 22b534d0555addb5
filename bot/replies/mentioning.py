"""Why somebody is mentioned in a message, as the words before their name."""

from __future__ import annotations

LAUNCHED_BY = "Launched by"
FOR = "For"  # whom a rule of the channel mentions
YOU = "you"  # whoever sits at the terminal
