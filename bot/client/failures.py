"""The one error surface: what broke is told to the asker and logged, under the same reference."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.client.steady import UnreadableAnswer
from bot.errors import Explanation, UserError, explain
from bot.language import later

log = logging.getLogger(__name__)

# What a request to Discord can fail with; nothing more can be said through Discord then.
DISCORD_FAILURES = (
    discord.HTTPException,
    discord.RateLimited,
    aiohttp.ClientError,
    json.JSONDecodeError,
    OSError,
)

_STALE = later(
    "This command has changed since your Discord client loaded it. "
    "Please reload Discord (Ctrl+R, or restart the app) and try again."
)
_FORBIDDEN = later("Discord does not let me do that here: I lack a permission in this place.")
_TOO_SLOW = later("I was too slow for Discord this time. Please try again.")
_TOO_MUCH = later("Discord does not let me do that for a while. Please try again later.")
# Where discord.py makes its requests: an error that comes out of there is one of the connection.
_REQUESTS = ("discord.http", "discord.webhook.async_")
# The interaction is known no more, or its token holds no more.
_EXPIRED = (10062, 50027)
_ANSWERED = 40060
_NOT_ALLOWED = later("You are not allowed to do that here.")


class DiscordLost(UserError):
    """A request to Discord was not answered; whether it took effect is not known."""

    text = later(
        "My connection to Discord broke off just now. If you see no answer, please try again."
    )
    retry = True


def note(error: BaseException, where: str) -> Explanation:
    """Log a failure and give the words for it. Told errors are one line, defects a traceback."""
    cause = _in_words(error)
    explanation = explain(cause)
    if explanation.reference:
        log.error("ref %s: %s failed", explanation.reference, where, exc_info=cause)
    else:
        log.warning("%s: %s", where, cause)
    return explanation


@asynccontextmanager
async def told(
    tell: Callable[[Explanation], Awaitable[None]], where: str
) -> AsyncGenerator[None, None]:
    """Hand any failure inside to `tell`, in words; that Discord refuses those is one log line."""
    try:
        yield
    except (discord.Forbidden, discord.NotFound) as error:
        log.warning("%s: Discord does not let me: %s", where, error.text or error)
    except Exception as error:
        explanation = note(error, where)
        try:
            await tell(explanation)
        except DISCORD_FAILURES as refused:
            log.warning("%s: could not be told: %s", where, refused)


async def answer(interaction: discord.Interaction[Any], text: str, **more: Any) -> None:
    """Answer for the asker's eyes only, whether or not there was a first response already."""
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True, **more)
    else:
        await interaction.response.send_message(text, ephemeral=True, **more)


async def answer_failure(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell the asker of a command or button what went wrong. Never raises Discord's errors."""
    command = interaction.command
    where = f"/{command.qualified_name}" if command else f"{interaction.type.name} interaction"
    if _is_answered(error):
        # Another process of the bot was first: whatever there is to say, it says.
        log.info("%s was answered by another process", where)
        return
    explanation = note(error, where)
    lost = isinstance(_in_words(error), DiscordLost)
    try:
        await (_answer_lost if lost else answer)(interaction, explanation.text)
    except DISCORD_FAILURES as refused:
        log.warning("%s: could not be told: %s", where, refused)


async def _answer_lost(interaction: discord.Interaction[Any], text: str) -> None:
    """Answer where an answer was lost, which may have come to Discord after all."""
    try:
        await answer(interaction, text)
    except discord.HTTPException as refused:
        if not _is_answered(refused):
            raise
        await interaction.followup.send(text, ephemeral=True)


def _is_answered(error: BaseException) -> bool:
    """Whether Discord refused a first answer because there has been one."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    return isinstance(error, discord.HTTPException) and error.code == _ANSWERED


def _is_lost(error: BaseException) -> bool:
    """Whether Discord did not answer a request, or only that it is out of order itself."""
    if isinstance(error, (discord.DiscordServerError, UnreadableAnswer)):
        return True
    return isinstance(error, (aiohttp.ClientError, OSError, json.JSONDecodeError)) and any(
        frame.f_globals.get("__name__") in _REQUESTS
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )


def _in_words(error: BaseException) -> BaseException:
    """The error out of discord.py's wrapper; refusals that need no traceback as `UserError`."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    match error:
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return UserError(_STALE, detail=str(error))
        case app_commands.CheckFailure():
            return UserError(_NOT_ALLOWED, detail=str(error))
        case discord.HTTPException() if error.code in _EXPIRED:
            return UserError(_TOO_SLOW, detail=str(error))
        case discord.RateLimited() | discord.HTTPException(status=429):
            return UserError(_TOO_MUCH, detail=str(error))
        case discord.Forbidden():
            return UserError(_FORBIDDEN, detail=str(error))
        case app_commands.TransformerError():
            return UserError(
                later("“{value}” is not something I can use there.", value=error.value)
            )
        case _ if _is_lost(error):
            return DiscordLost(detail=str(error) or type(error).__name__)
        case _:
            return error
