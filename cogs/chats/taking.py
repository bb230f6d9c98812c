"""What was said in a place, as a chat file."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.characters.chats.line import Chat
from bot.characters.chats.write import as_jsonl
from bot.characters.stage import Note, Stage
from bot.client import HermesBot
from bot.conversation.chat_lines import chat_of
from bot.errors import BadInput
from bot.language import later, tr
from cogs.scenes.story import every_turn, said_at

Interaction = discord.Interaction[HermesBot]

# Discord takes files of 10 MiB from bots.
_LARGEST = 10 * 2**20

# How SillyTavern calls where its author's note stands, and in whose name.
_WITHIN_CHAT = 1
_ROLES = ("system", "user", "assistant")

_NOTHING = later("Nothing has been said here yet, so there is nothing to take along.")
_TOO_LARGE = later("This talk is too long for one file that Discord would take.")
_ONE_TEXT = later("It would be too large with all variants of my replies: it has those you see.")


async def exported(
    interaction: Interaction, conversation: str, *, private: bool
) -> tuple[str, discord.File]:
    """The talk as a file, and what is said of it. Raises `BadInput` if there is none."""
    bot = interaction.client
    turns = await every_turn(bot, conversation)
    stage = Stage() if private else await bot.conversations.stages.get(conversation) or Stage()
    alone = private or interaction.guild_id is None
    chat = chat_of(
        turns,
        bot=own_name(interaction),
        person=interaction.user.display_name if alone else "",
        character=stage.cast[0].name if stage.cast else "",
        said_at=said_at,
    )
    if not chat.lines:
        raise BadInput(_NOTHING)
    told, data = [_told(len(chat.lines))], await asyncio.to_thread(_written, chat, stage)
    if len(data) > _LARGEST:
        told.append(tr(_ONE_TEXT))
        data = await asyncio.to_thread(_written, _without_variants(chat), stage)
    if len(data) > _LARGEST:
        raise BadInput(_TOO_LARGE)
    return "\n".join(told), discord.File(io.BytesIO(data), _file_name(stage, chat))


def own_name(interaction: Interaction) -> str:
    """What the bot is called where a command was used."""
    if interaction.guild is not None:
        return interaction.guild.me.display_name
    user = interaction.client.user
    return user.display_name if user else ""


def _written(chat: Chat, stage: Stage) -> bytes:
    return as_jsonl(chat, int(time.time() * 1000), _metadata(stage))


def _without_variants(chat: Chat) -> Chat:
    return replace(chat, lines=[replace(line, variants=(), variant=0) for line in chat.lines])


def _metadata(stage: Stage) -> dict[str, Any]:
    """What SillyTavern keeps of a chat beside its lines, as far as there is the same here."""
    scenario = {"scenario": stage.scenario} if stage.scenario else {}
    return {**scenario, **(_note(stage.note) if stage.note else {})}


def _note(note: Note) -> dict[str, Any]:
    return {
        "note_prompt": note.text,
        "note_interval": note.every,
        "note_depth": note.depth,
        "note_position": _WITHIN_CHAT,
        "note_role": _ROLES.index(note.role),
    }


def _file_name(stage: Stage, chat: Chat) -> str:
    names: Sequence[str] = (stage.title, chat.character)
    plain = (re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:60] for name in names)
    return f"{next(filter(None, plain), 'chat')}.jsonl"


def _told(count: int) -> str:
    return tr(
        "All that I remember here: {n:,} message, as a chat of SillyTavern. `/chat import` brings "
        "it here again, or into another channel.",
        "All that I remember here: {n:,} messages, as a chat of SillyTavern. `/chat import` brings "
        "them here again, or into another channel.",
        n=count,
    )
