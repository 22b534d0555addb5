"""The death of our process, as an error that nothing in it may catch."""

from __future__ import annotations


class Crash(BaseException):
    """The process died here; what was not committed is lost."""
