"""Attachments: text files are read, everything else is named."""

from __future__ import annotations

import asyncio
import codecs
import logging
from collections.abc import Sequence
from pathlib import PurePath

import aiohttp
import discord

from cogs.reading.words import label

log = logging.getLogger(__name__)

# What is read of one message: so much of a file, so many bytes together, for so long (seconds).
MAX_FILE = 64 * 1024
MAX_TOGETHER = 128 * 1024
DOWNLOAD_SECONDS = 5.0

_TEXT_TYPES = ("application/json", "application/xml", "application/toml", "application/x-sh")
_TEXT_TYPE_PARTS = ("json", "xml", "yaml", "javascript", "typescript", "sql")
_SUFFIXES = (
    ".txt .md .markdown .rst .log .csv .tsv .json .jsonl .ndjson .yaml .yml .toml .ini .cfg .conf "
    ".env .xml .html .htm .css .scss .js .mjs .ts .tsx .jsx .py .pyi .rb .rs .go .java .kt .kts "
    ".c .h .cc .cpp .hpp .cs .php .pl .lua .swift .scala .hs .ml .ex .exs .erl .clj .lisp .el .r "
    ".jl .sql .sh .bash .zsh .fish .ps1 .bat .diff .patch .tex .srt .vtt .proto .graphql .gradle "
    ".cmake .dockerfile .properties .svg .nix .zig .dart .vue"
)
_TEXT_SUFFIXES = frozenset(_SUFFIXES.split())


async def read_files(attachments: Sequence[discord.Attachment]) -> list[str]:
    """Each attachment in words, in order; text files with their content."""
    room = MAX_TOGETHER
    chosen: list[discord.Attachment] = []
    for attachment in attachments:
        if is_text(attachment) and attachment.size <= min(MAX_FILE, room):
            room -= attachment.size
            chosen.append(attachment)
    deadline = asyncio.get_running_loop().time() + DOWNLOAD_SECONDS
    read = {attachment: await _download(attachment, deadline) for attachment in chosen}
    return [
        read[a] if a in read else named(a, "too large to read" if is_text(a) else "")
        for a in attachments
    ]


def wants_download(attachments: Sequence[discord.Attachment]) -> bool:
    """Whether reading these takes requests."""
    return any(is_text(a) and a.size <= MAX_FILE for a in attachments)


def is_text(attachment: discord.Attachment) -> bool:
    """Whether a file looks like text, by its type or its name."""
    kind = (attachment.content_type or "").partition(";")[0].strip().casefold()
    if kind.startswith(("image/", "audio/", "video/")) and kind != "image/svg+xml":
        return False
    return (
        kind.startswith("text/")
        or kind in _TEXT_TYPES
        or (kind.startswith("application/") and kind.endswith(_TEXT_TYPE_PARTS))
        or PurePath(attachment.filename).suffix.casefold() in _TEXT_SUFFIXES
    )


def named(attachment: discord.Attachment, remark: str = "") -> str:
    """An attachment that is not read: `[image: cat.png]`, `[file: big.bin, 10.0 MB]`."""
    name = label(attachment.filename)
    if attachment.is_voice_message():
        return f"[voice message, {round(attachment.duration or 0)} s]"
    kind = (attachment.content_type or "").partition("/")[0]
    if kind in ("image", "audio", "video") and not is_text(attachment):
        told = f": {label(attachment.description)}" if attachment.description else ""
        return f"[{kind}: {name}{told}]"
    return f"[file: {name}, {size(attachment.size)}{', ' if remark else ''}{remark}]"


def size(count: int) -> str:
    """A number of bytes as Discord's client shows it."""
    if count < 1024:
        return f"{count} bytes"
    return f"{count / 1024:.1f} kB" if count < 1024**2 else f"{count / 1024**2:.1f} MB"


async def _download(attachment: discord.Attachment, deadline: float) -> str:
    try:
        async with asyncio.timeout_at(deadline):
            data = await attachment.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("attachment %s: %s", attachment.id, error or type(error).__name__)
        return named(attachment, "could not be downloaded")
    text = text_in(data) if len(data) <= MAX_FILE else None
    if text is None:
        return named(attachment, "not readable as text")
    return f"[file {label(attachment.filename)}]\n{text.strip(chr(10))}\n[end of file]"


def text_in(data: bytes) -> str | None:
    """The text of a file in UTF-8, or in UTF-16 with a byte order mark; None if it is neither."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text.replace("\r\n", "\n").replace("\r", "\n")
