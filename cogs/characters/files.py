"""Files that somebody brings: uploaded, by a link, or pasted. Nothing is read without a limit."""

from __future__ import annotations

import asyncio

import aiohttp
import discord

from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later
from cogs.reading.files import size
from cogs.reading.words import is_blank, label

MOST_BYTES = 10 * 2**20
"""Of a file: what Discord lets anybody upload."""

_SECONDS = 30.0
_TYPES = (
    "application/json",
    "application/octet-stream",
    "application/zip",
    "application/x-zip-compressed",
    "binary/octet-stream",
    "image/png",
    "image/apng",
    "image/jpeg",
    "image/webp",
    "text/plain",
)

_LOST = later("I could not download that file from Discord. Please try again.")
_NO_FETCHER = later("This bot fetches nothing from the internet. Please upload the file instead.")
_EMPTY = later("That file is empty.")
_NOTHING = later("There is neither a file nor any text in that. Please give one of them.")
_BOTH = later("Please give a file or a link, not both.")


def check_given(file: discord.Attachment | None, text: str, link: str) -> None:
    """Raise `BadInput` where nothing was given, or a file and a link."""
    if file is not None and link:
        raise BadInput(_BOTH)
    if file is None and not link and is_blank(text):
        raise BadInput(_NOTHING)


async def read_given(
    bot: HermesBot, file: discord.Attachment | None, text: str, link: str
) -> tuple[bytes, str]:
    """What was uploaded, linked to or pasted, and the file's name, "" if it has none."""
    if file is not None:
        return await read_upload(file), file.filename
    if link:
        return await read_link(bot, link), link.partition("?")[0].rpartition("/")[2]
    return text.encode("utf-8", "replace"), ""


async def read_upload(file: discord.Attachment) -> bytes:
    """An uploaded file; one that is too large or empty is `BadInput`."""
    if file.size > MOST_BYTES:
        raise BadInput(
            later(
                "{name} is {size} large. I can read up to {most}.",
                name=label(file.filename),
                size=size(file.size),
                most=size(MOST_BYTES),
            )
        )
    try:
        async with asyncio.timeout(_SECONDS):
            data = await file.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError):
        # A TimeoutError is an OSError.
        raise BadInput(_LOST) from None
    if not data:
        raise BadInput(_EMPTY)
    return data


async def read_link(bot: HermesBot, link: str) -> bytes:
    """The file at a public address; whatever goes wrong is a `UserError` with its words."""
    if bot.kit is None:
        raise BadInput(_NO_FETCHER)
    # A link in angle brackets is how people keep Discord from showing a preview.
    address = link.strip().removeprefix("<").removesuffix(">")
    response = await bot.kit.fetch.get(
        address, types=_TYPES, max_bytes=MOST_BYTES, timeout=_SECONDS, public_only=True
    )
    if not response.body:
        raise BadInput(_EMPTY)
    return response.body
