"""Clew as a person at a terminal, or a script, meets it: real processes, a real tenant over HTTP."""
