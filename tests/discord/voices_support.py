"""Characters on a stage of the simulated Discord, and what they have said there."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

import discord
from PIL import Image
from simcord.builders import ChannelHandle

from bot.characters.stage import Member
from bot.conversation.library import Character
from tests.discord.conftest import Stage
from tests.discord.live_support import play


def digest(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def picture(colour: str = "red") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (300, 500), colour).save(written, "PNG")
    return written.getvalue()


@dataclass
class Troupe:
    """Brings characters on stage, and lets them speak."""

    stage: Stage

    async def enters(
        self,
        name: str,
        place: ChannelHandle | None = None,
        *,
        alone: bool = True,
        picture: bytes | None = None,
        owner: int = 1,
    ) -> Member:
        """A character is in the server's library, and on stage in a channel."""
        bot, where = self.stage.env.bot, place or self.stage.channel
        library = f"discord:server:{self.stage.guild.id}"
        data = {"name": name, "description": f"{name} is here."}
        card = json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": data}).encode()
        face = digest(picture) if picture else ""
        kept = Character(name.lower(), library, name, str(owner), digest(card), face)
        assert await bot.store.save_character(kept, card, picture)
        member = Member(library, kept.id, kept.card, name, kept.picture)
        await bot.conversations.stages.enter(f"discord:{where.id}", member, alone=alone)
        return member

    async def says(
        self,
        text: object = "Hello.",
        *,
        asked: str = "hi",
        wait: float = 1.0,
        place: ChannelHandle | None = None,
    ) -> None:
        """Alice asks, and whoever is to speak answers."""
        stage = self.stage
        stage.engine.answers = [text if isinstance(text, list) else [text]]
        await stage.alice.send(place or stage.channel, f"{stage.me} {asked}")
        await play(stage.env, wait)

    def spoken(self, channel: ChannelHandle | None = None) -> list[discord.Message]:
        """What characters have said by webhooks, oldest first."""
        history = (channel or self.stage.channel).history()
        return sorted((m for m in history if m.webhook_id), key=lambda m: m.id)

    @property
    def question(self) -> discord.Message:
        """What Alice asked last."""
        stage = self.stage
        asked = [m for m in stage.channel.history() if m.author.id == stage.alice.id]
        return max(asked, key=lambda m: m.id)

    def requests(self, method: str, part: str) -> list[Any]:
        """The bot's requests to addresses that contain a part."""
        log = self.stage.env.http_requests
        return [one for one in log if one.method == method and part in one.path]
