"""A reply that is owed and settled, for tests that need one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.conversation.turns import Pending, State, Turn
from bot.store.history import RedisStore


async def settle(
    store: RedisStore, place: str, reply: str, turns: Sequence[Turn], state: State, **more: Any
) -> bool:
    """Journal a reply and commit it; the turns but its own one are there before."""
    if others := [turn for turn in turns if turn.id != reply]:
        await store.add(place, others)
    await store.journal(place, [], Pending(reply, 5, ("1001",), 1_700_000_000.25))
    own = next((turn for turn in turns if turn.id == reply), None)
    return await store.commit(place, reply, own, state, **more)
