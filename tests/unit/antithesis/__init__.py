"""The Antithesis client without I/O: requests out, answers in."""
