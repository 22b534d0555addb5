"""The death of our process, as an error that nothing in it may catch, and a store around which it dies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from bot.delivery.deliver import DeliveryStore


class Crash(BaseException):
    """The process died here; what was not committed is lost."""


class FragileStore:
    """A store whose process dies right before or right after the next call of one method.

    `doomed`: the method's name, and whether its work is still committed.
    """

    def __init__(self, inner: DeliveryStore) -> None:
        self._inner = inner
        self.doomed: tuple[str, bool] | None = None

    @property
    def typed(self) -> DeliveryStore:
        """The same, as what it stands for."""
        return cast("DeliveryStore", self)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **keywords: Any) -> Any:
            doomed, committed = self.doomed or ("", False)
            if doomed != name:
                return await getattr(self._inner, name)(*args, **keywords)
            self.doomed = None
            if committed:
                await getattr(self._inner, name)(*args, **keywords)
            raise Crash

        return call
