"""The cards and lorebooks of a stage, read and kept ready, and the part that comes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bot.characters.part import Part
from bot.conversation.library import Library
from bot.conversation.models import Served
from bot.conversation.turns import Snapshot, Turn

if TYPE_CHECKING:
    from bot.conversation.casting import Scene


class Books:
    """Makes parts out of what a library has."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def part(
        self,
        scene: Scene,
        speaker: str,
        snapshot: Snapshot,
        turns: Sequence[Turn],
        origin: Mapping[str, str],
        served: Served,
    ) -> Part:
        """What the model is told to speak as a character after `turns`."""
        member = next(one for one in scene.stage.cast if one.character == speaker)
        return Part(speaker, member.name, f"You are {member.name}.")
