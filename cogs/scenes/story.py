"""The story of a place as a file: gathered from what was cut and from what is still in view."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import discord

from bot.characters.stage import Stage
from bot.characters.transcript import Kind, Said, Story, as_html, as_markdown
from bot.client import HermesBot
from bot.conversation.chat_lines import brought_at
from bot.conversation.turns import Turn
from bot.errors import BadInput, UserError
from bot.language import later, tr
from cogs.scenes.pictures import thumbnails
from cogs.scenes.posting import NARRATOR

Form = Literal["markdown", "html"]

# Discord takes files of 10 MiB from bots.
_LARGEST = 10 * 2**20

_NOTHING = later("Nothing has been said here yet, so there is no transcript.")
_TOO_LARGE = later("This story is too long for one file that Discord would take.")
_UNTITLED = later("A story")

_DICE = re.compile(r"\A[^\n]{1,64} rolls [^\n]+: [^\n]*\d")


async def transcript(bot: HermesBot, conversation: str, stage: Stage, form: Form) -> discord.File:
    """The story as a file. Raises `BadInput` if there is none, or if it is too long."""
    turns = await every_turn(bot, conversation)
    lines = [_said(turn) for turn in turns if turn.text.strip()]
    if not lines:
        raise BadInput(_NOTHING)
    pictures: Mapping[str, bytes] = {}
    if form == "html":
        pictures = await thumbnails(bot, stage)
    story = Story(
        title=stage.title or tr(_UNTITLED),
        lines=lines,
        scenario=stage.scenario,
        mood=stage.mood,
        cast=tuple(member.name for member in stage.cast),
        pictures=pictures,
    )
    text = await asyncio.to_thread(as_html if form == "html" else as_markdown, story)
    data = text.encode("utf-8", "replace")
    if len(data) > _LARGEST:
        raise BadInput(_TOO_LARGE)
    return discord.File(io.BytesIO(data), file_name(story.title, form))


async def every_turn(bot: HermesBot, conversation: str) -> Sequence[Turn]:
    """All that is remembered of a conversation, oldest first."""
    archived = await bot.store.archive(conversation)
    window = await bot.conversations.history(conversation)
    every = {turn.id: turn for turn in (*archived, *window)}
    return sorted(every.values(), key=lambda turn: turn.n)


def file_name(title: str, form: Form) -> str:
    """The name of the file: the title in letters that every system takes."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:60]
    return f"{plain or 'story'}.{'html' if form == 'html' else 'md'}"


async def offered(bot: HermesBot, conversation: str, stage: Stage) -> discord.File | None:
    """The transcript, None where there is none to be had."""
    try:
        return await transcript(bot, conversation, stage, "markdown")
    except UserError:
        return None


def _said(turn: Turn) -> Said:
    return Said(turn.speaker, turn.text, _kind(turn), turn.character, _time(turn))


def _kind(turn: Turn) -> Kind:
    if turn.role == "assistant":
        return "character"
    if turn.speaker == NARRATOR:
        return "narrator"
    return "dice" if not turn.speaker and _DICE.match(turn.text) else "person"


def _time(turn: Turn) -> str:
    """When it was posted, in UTC; Discord's ids tell, or the file that it came out of."""
    at = said_at(turn)
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M}" if at else ""


def said_at(turn: Turn) -> int:
    """When a turn was said, in Unix milliseconds; 0 if nobody knows."""
    shown = turn.shown[0] if turn.shown else turn.id
    if not shown.isdecimal():
        return brought_at(turn)
    return int(discord.utils.snowflake_time(int(shown)).timestamp() * 1000)
