"""Setting up a stage: who is on it, and how the scene is played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.characters.stage import Member, Stage
from bot.conversation.places import Places
from bot.conversation.ports import Store
from bot.errors import BadInput
from bot.language import later

MAX_CAST = 12
"""How many characters can be on stage at once."""

_FULL = later(
    "There are {most} characters here already. Let one of them leave first.", most=MAX_CAST
)


class Stages:
    """The stages of all conversations over one store."""

    def __init__(self, store: Store, places: Places) -> None:
        self._store = store
        self._places = places

    async def get(self, conversation: str) -> Stage | None:
        """What is set up there, None if nothing is."""
        return (await self._store.load(conversation)).stage

    async def change(self, conversation: str, change: Callable[[Stage], Stage | None]) -> Stage:
        """Change a stage; `change` is given the one that is there, or an empty one.

        What it gives is stored and returned; None clears the stage. Waits for a reply that is
        being written there.
        """
        async with self._places.alone(conversation):
            before = (await self._store.load(conversation)).stage
            after = change(before or Stage())
            if after != before:
                await self._store.save_stage(conversation, after)
            return after or Stage()

    async def enter(self, conversation: str, member: Member, *, alone: bool = False) -> Stage:
        """Bring a character on stage, `alone` in the stead of all others. Raises `BadInput`."""

        def entered(stage: Stage) -> Stage:
            others = () if alone else tuple(_without(stage, member.character))
            if len(others) >= MAX_CAST:
                raise BadInput(_FULL)
            return replace(stage, cast=(*others, member))

        return await self.change(conversation, entered)

    async def leave(self, conversation: str, character: str) -> Stage:
        """Let a character leave; what else is set up stays."""
        return await self.change(
            conversation, lambda stage: replace(stage, cast=tuple(_without(stage, character)))
        )


def _without(stage: Stage, character: str) -> list[Member]:
    return [one for one in stage.cast if one.character != character]
