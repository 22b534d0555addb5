"""How often programs show life, and when one that does not counts as dead; in seconds."""

BEAT = 2.0  # between two signs of life, and between two looks at the others
DEAD_AFTER = 8.0  # without one; a program that was only frozen notices at its next beat and gives way
