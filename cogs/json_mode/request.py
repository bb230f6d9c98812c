"""What is asked for: a question, and the schema from wherever it was given."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord

from bot.conversation.ports import Store
from bot.errors import BadInput
from bot.language import later
from bot.schemas import reading
from bot.schemas.reading import Usable

FILE_NAME = "request.json"

_DOWNLOAD_SECONDS = 5.0
_NAME = re.compile(r"\w(?:[\w .-]{0,30}\w)?")


@dataclass(frozen=True, slots=True)
class Request:
    """A question and the schema for its answer; `written` is the schema as somebody wrote it.

    `name` is the name of a saved schema, or "". With `tools` the model may use tools first.
    """

    question: str
    schema: Usable
    written: str
    name: str = ""
    tools: bool = False

    def dump(self) -> bytes:
        """The request as a file that the Retry button reads again."""
        data = {
            "question": self.question,
            "schema": self.written,
            "name": self.name,
            "tools": self.tools,
        }
        return json.dumps(data, indent=2).encode()

    @classmethod
    def load(cls, data: bytes) -> Request:
        """Undo `dump`."""
        try:
            found: Any = json.loads(data)
            question, written, name = found["question"], found["schema"], found["name"]
        except (ValueError, KeyError, TypeError):
            raise BadInput(
                later("I cannot read my own request any more. Please ask again.")
            ) from None
        return cls(question, reading.read(written), written, name, found.get("tools") is True)


def name_of(text: str) -> str:
    """The name of a schema as it is saved: up to 32 letters, digits, spaces, `_ . -`."""
    name = " ".join(text.split()).casefold()
    if not _NAME.fullmatch(name):
        raise BadInput(
            later("A schema's name has up to 32 letters, digits, spaces, or `_`, `.`, `-`.")
        )
    return name


def is_written(text: str) -> bool:
    """Whether a text is a schema, or the attempt at one, rather than the name of a saved one."""
    # Both JSON and the short form have a colon; names have none.
    return any(sign in text for sign in ":{[")


async def find(store: Store, owner: str, text: str) -> tuple[str, str]:
    """A saved schema by its name, as written, and the name as it is saved."""
    name = " ".join(text.split()).casefold()
    written = await store.schema(owner, name) if _NAME.fullmatch(name) else None
    if written is None:
        raise BadInput(
            later(
                "There is no saved schema “{name}” here; `/json list` shows what there is. You can "
                "also write the schema itself, such as `title: text, year: integer`.",
                name=discord.utils.escape_markdown(text.strip()[:50]),
            )
        )
    return written, name


async def download(file: discord.Attachment) -> str:
    """The schema in an attached file; what cannot be one is `BadInput`."""
    reading.check_size(file.size)
    try:
        async with asyncio.timeout(_DOWNLOAD_SECONDS):
            data = await file.read()
        text = data.decode("utf-8-sig")
    except (discord.HTTPException, aiohttp.ClientError, OSError):
        # A TimeoutError is an OSError.
        raise BadInput(
            later("I could not download that file from Discord. Please try again.")
        ) from None
    except UnicodeDecodeError:
        raise BadInput(
            later("That file is no text. A schema is JSON, or `name: type` lines.")
        ) from None
    return text
