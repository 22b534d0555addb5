"""What is said on pages in a browser, beside the labels that stand in their templates."""

from __future__ import annotations

from typing import Final

NOT_THIS_NAME: Final = (
    "Clew does not answer to that name. Open it as localhost, or by the name that its settings have."
)
