"""The core of Clew: values, decisions and words; it does no I/O and names no platform."""
