"""Characters on a stage of the simulated Discord, and what they have said there."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any

import discord
from PIL import Image
from simcord.builders import ChannelHandle

from bot.characters.part import Part
from bot.conversation.reply import Reply
from bot.conversation.service import Conversations
from bot.conversation.turns import Turn
from bot.conversation.writer import Writer
from tests.discord.conftest import Stage
from tests.discord.live_support import play

ADA, BRAM = ("ada", "Ada"), ("bram", "Bram")


def picture(colour: str = "red") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (300, 500), colour).save(written, "PNG")
    return written.getvalue()


@dataclass
class Troupe:
    """Who speaks next."""

    stage: Stage
    speaking: tuple[str, str] | None = ADA

    def install(self, monkeypatch: Any) -> None:
        write, turn_of = Conversations._write, Writer._reply_turn

        def _write(core: Conversations, *given: Any, **more: Any) -> Reply:
            reply = write(core, *given, **more)
            if self.speaking:
                reply.part = Part(*self.speaking, system="")
            return reply

        def _reply_turn(writer: Writer, reply: Reply, shown: tuple[str, ...]) -> Turn:
            turn = turn_of(writer, reply, shown)
            part = reply.part
            return replace(turn, character=part.character, speaker=part.name) if part else turn

        monkeypatch.setattr(Conversations, "_write", _write)
        monkeypatch.setattr(Writer, "_reply_turn", _reply_turn)

    async def says(self, text: object = "Hello.", *, asked: str = "hi", wait: float = 1.0) -> None:
        """Alice asks, and whoever is to speak answers."""
        stage = self.stage
        stage.engine.answers = [text if isinstance(text, list) else [text]]
        await stage.alice.send(stage.channel, f"{stage.me} {asked}")
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
