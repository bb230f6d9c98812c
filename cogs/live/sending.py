"""Requests to Discord that must succeed in the end, and what their failures mean."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord

from bot.client.steady import UnreadableAnswer
from cogs.live.pace import Pace

log = logging.getLogger(__name__)

T = TypeVar("T")

FAILURES = (
    discord.HTTPException,
    discord.RateLimited,
    aiohttp.ClientError,
    json.JSONDecodeError,
    TimeoutError,
    OSError,
)
"""Everything that a request through discord.py ends with when it is not answered well."""

_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
_LAST_PAUSE = 30.0
_PATIENCE = 300.0

# A server that never says what it has taken would be sent the same again and again.
_UNREAD = 1

_BAD_REQUEST = 400
_UNAUTHORISED = 401
_FORBIDDEN = 403
_PASSING = (408, 429)
_TOO_OLD_TO_EDIT = 30046

# A thread that was closed: its messages take no edit, but it opens for a new one unless locked.
_ARCHIVED = 50083

# Somebody else wrote it: for the bot that is its own webhook which is gone.
_NOT_THE_AUTHOR = 50005

# The way to a message ends (a command's token has run out), but the message is still there.
_NO_WAY = (10015, 10062)


def once(thing: int, what: str) -> str:
    """A nonce for a message that the bot says once, whichever of its processes does."""
    name = f"{what}/{thing}"
    return hashlib.blake2b(name.encode(), digest_size=12).hexdigest()


class Gone(Exception):
    """The message or its channel is not there any more: somebody took it away."""


class Refused(Exception):
    """Discord will not have it: no permission, an archived thread, a dead token."""


class Closed(Refused):
    """Discord takes nothing of the bot in that place: it may not write there (any more)."""


class Unfit(Refused):
    """Discord will not have what it says: a blocked word or link; or nothing new in that place."""


class TooOldToEdit(Exception):
    """The message cannot be edited any more, but it is there.

    It is over an hour old and was edited too often since, or the webhook that wrote it is gone.
    """


def for_good(error: BaseException, *, new: bool = False) -> Exception | None:
    """What a refusal stands for that will not pass; None if the request may succeed later.

    `new` tells that it was a message that is not there yet, which cannot be too old for an edit.
    """
    if not isinstance(error, discord.HTTPException):
        return None
    if error.code in (_TOO_OLD_TO_EDIT, _NOT_THE_AUTHOR) and not new:
        # Comes as a 429, but asking again is no use for a long time.
        return TooOldToEdit(str(error))
    if error.status >= 500 or error.status in _PASSING or error.code == _TOO_OLD_TO_EDIT:
        return None
    if error.status == _UNAUTHORISED and not error.code:
        # A token that holds no more ends the connection as well; else it is a moment's confusion.
        return None
    if error.status == 404 and error.code not in _NO_WAY:
        return Gone(str(error))
    if error.status == _FORBIDDEN or error.code == _ARCHIVED:
        return Closed(str(error))
    return Unfit(str(error)) if error.status == _BAD_REQUEST else Refused(str(error))


async def insist(request: Callable[[], Awaitable[T]], pace: Pace, *, new: bool = False) -> T:
    """Make a request until Discord takes it, for up to five minutes.

    discord.py itself gives up after five refusals for being too fast, and never repeats a 503.
    `new` is whether it posts a message. Raises `Gone`, `TooOldToEdit` (not if `new`) or `Refused`;
    the last also when it gives up.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE
    tries = unread = 0
    while True:
        try:
            return await request()
        except FAILURES as error:
            note_refusal(error, pace)
            if refusal := for_good(error, new=new):
                raise refusal from error
            unread += isinstance(error, (UnreadableAnswer, json.JSONDecodeError))
            if unread > _UNREAD:
                raise Refused(
                    f"it may have been taken, but the answer says nothing: {error}"
                ) from error
            pause = _PAUSES[tries] if tries < len(_PAUSES) else _LAST_PAUSE
            if (
                isinstance(error, discord.RateLimited)
                and loop.time() + error.retry_after < deadline
            ):
                pause = max(pause, error.retry_after)
            if loop.time() + pause > deadline:
                raise Refused(f"gave up after {tries + 1} tries: {error}") from error
            log.info("Discord did not take a message (%s); again in %g s", error, pause)
            tries += 1
        await asyncio.sleep(pause)


def note_refusal(error: BaseException, pace: Pace) -> None:
    """Go slower if Discord said that it was too much."""
    if isinstance(error, discord.RateLimited) or (
        isinstance(error, discord.HTTPException) and error.status == 429
    ):
        pace.refused()
