"""The text of a web page, without its menus and advertisements."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from bot.net.errors import FetchError
from bot.net.response import Response

_PROGRAM = Path(__file__).with_name("extract.py")
_NOT_INSTALLED = 3
# Windows starts no program without it.
_NEEDED = ("SYSTEMROOT",)
_TANGLED = "That page is too tangled to be read."


class ReaderMissing(Exception):
    """The library that reads web pages is not installed."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a person would read of a page."""

    title: str
    text: str


class PageReader:
    """Reads pages, two at a time: each takes a process."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(2)

    async def read(self, response: Response, timeout: float = 10.0) -> Page:
        """The main text of an HTML page, or a text as it is; `FetchError` if there is none."""
        if response.content_type == "text/plain":
            return Page("", response.text)
        try:
            async with asyncio.timeout(timeout), self._places:
                page = await _extract(response.body)
        except TimeoutError:
            raise FetchError(_TANGLED, detail="out of time") from None
        if not page.text.strip():
            raise FetchError("There is no text to read on that page.")
        return page


async def _extract(body: bytes) -> Page:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(_PROGRAM)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _NEEDED if name in os.environ},
    )
    try:
        written, _ = await process.communicate(body)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == _NOT_INSTALLED:
        raise ReaderMissing
    if process.returncode:
        raise FetchError(_TANGLED, detail=f"exit code {process.returncode}")
    return TypeAdapter(Page).validate_json(written)
