"""The part of the store in memory that knows what people said of single properties."""

from __future__ import annotations

from dataclasses import replace

from adapters.store.text import clean
from bot.state import PropertyState
from tests.fakes.store_base import Shared, cleaned


class MemoryPropertyStates(Shared):
    """States by connection, launcher and name."""

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[tuple[str, str, str], PropertyState] = {}

    async def property_state(self, connection: str, launcher_key: str, name: str) -> PropertyState:
        await self._turn()
        empty = PropertyState(connection=connection, launcher_key=launcher_key, name=name)
        return self.states.get((clean(connection), clean(launcher_key), clean(name)), empty)

    async def property_states(
        self, connection: str, launcher_key: str | None = None
    ) -> tuple[PropertyState, ...]:
        await self._turn()
        found = [
            state
            for key, state in sorted(self.states.items())
            if key[0] == clean(connection) and (launcher_key is None or key[1] == clean(launcher_key))
        ]
        return tuple(state for state in found if not state.empty)

    async def save_property_state(self, state: PropertyState) -> bool:
        await self._turn()
        return self._save_state(state)

    def _save_state(self, state: PropertyState) -> bool:
        kept = cleaned(state)
        key = (kept.connection, kept.launcher_key, kept.name)
        if key in self.states and self.states[key].version != kept.version:
            return False
        self.states[key] = replace(kept, version=kept.version + 1)
        return True
