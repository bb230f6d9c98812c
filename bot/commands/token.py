"""The bot's token: asked for, never shown, and checked against Discord."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.checks import access
from bot.commands.terminal import Terminal
from bot.doctor.api import Answer, Api, Unreachable
from bot.errors import SettingsError, StartupError

_SHAPE = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_TRIES = 3
_WHERE = f"{access.PORTAL}: your application, page Bot, Reset Token"
_HOW = f"there is no token: give --token-file FILE, or set DISCORD_TOKEN (it comes from {_WHERE})"
_ODD = (
    "that is no bot's token: one has three parts divided by dots. The page Bot has it; the client "
    "secret and the public key are something else"
)


def obtain(
    terminal: Terminal, file: str | None, before: Mapping[str, str]
) -> dict[str, str | None]:
    """Find a token that Discord accepts and tell about its application; the settings to change.

    A wrong token is a `SettingsError`, a Discord that cannot be reached a `StartupError`.
    """
    url = os.environ.get("DISCORD_API_URL") or before.get("DISCORD_API_URL") or None
    terminal.say("1. The bot's account")
    given = _given(file, before)
    for left in reversed(range(_TRIES)):
        token = given or _asked(terminal)
        try:
            answer = _check(url, token)
        except SettingsError as error:
            if not left or not terminal.asks:
                raise
            terminal.say(f"  {str(error).partition(': ')[2]}.")
            given = ""
            continue
        _introduce(terminal, url, token, answer)
        return _changes(token, before)
    raise SettingsError(_HOW)


def _given(file: str | None, before: Mapping[str, str]) -> str:
    """A token that somebody need not type: from the option, the environment, or the old file."""
    if file is not None:
        return _clean(_read(file, "--token-file"))
    for source in (os.environ, before):
        if source.get("DISCORD_TOKEN", "").strip():
            return _clean(source["DISCORD_TOKEN"])
        if source.get("DISCORD_TOKEN_FILE", "").strip():
            return _clean(_read(source["DISCORD_TOKEN_FILE"].strip(), "DISCORD_TOKEN_FILE"))
    return ""


def _path(file: str) -> Path:
    return Path(os.path.expanduser(file))


def _read(file: str, setting: str) -> str:
    try:
        text = sys.stdin.read() if file == "-" else _path(file).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or "it is no text"
        raise SettingsError(f"{setting}: {file} cannot be read: {why}") from None
    if not text.strip():
        raise SettingsError(f"{setting}: {file} is empty")
    return text


def _asked(terminal: Terminal) -> str:
    if terminal.asks:
        terminal.say(f"  The token is at {_WHERE}.")
    return _clean(terminal.secret("  Token", _HOW))


def _clean(text: str) -> str:
    """A token without what people copy along."""
    return text.strip().strip("'\"").removeprefix("Bot ").strip()


def _check(url: str | None, token: str) -> Answer:
    if not _SHAPE.fullmatch(token):
        raise SettingsError(f"DISCORD_TOKEN: {_ODD}")
    try:
        answer = asyncio.run(_application(url, token))
    except Unreachable as error:
        raise StartupError(
            f"Discord ({url or 'discord.com'}) cannot be asked: {error}. "
            "Nothing was changed; check the network and try again"
        ) from None
    if answer.ok:
        return answer
    if answer.status in (401, 403):
        raise SettingsError(f"DISCORD_TOKEN: Discord does not accept it; copy it again, {_WHERE}")
    raise StartupError(f"Discord answers with HTTP {answer.status}; nothing was changed")


async def _application(url: str | None, token: str) -> Answer:
    async with Api(url, token) as api:
        return await api.get("/applications/@me")


def _introduce(terminal: Terminal, url: str | None, token: str, answer: Answer) -> None:
    body = answer.body
    terminal.say(f"  The token belongs to {body.get('name', 'an application')}.")
    if body.get("bot_public", True):
        terminal.say(
            "  Anybody who has its invitation can bring it into a server. To keep it to yourself: "
            "page Installation, Install Link: None; then page Bot, Public Bot: off."
        )
    answer = _with_content(terminal, url, token, answer)
    unused = access.unused_intents(int(answer.body.get("flags") or 0))
    if unused:
        terminal.say(f"  It has no use for {' and '.join(unused)}; you can switch that off.")
    terminal.say("\n2. Bring it into your server (open this, choose the server)")
    terminal.say(f"  {access.invite_link(str(body.get('id', '')))}")
    terminal.say(f"  It asks for: {access.names(access.PERMISSIONS)}.")


def _with_content(terminal: Terminal, url: str | None, token: str, answer: Answer) -> Answer:
    """Have the Message Content intent switched on, if its operator likes to."""
    while not access.reads_content(int(answer.body.get("flags") or 0)):
        terminal.say(
            "  Message Content Intent is OFF: the bot sees mentions, direct messages and commands "
            f"only.\n  Switch it on at {access.PORTAL}: your application, page Bot,\n"
            "  Privileged Gateway Intents, Message Content Intent, Save Changes."
        )
        if not terminal.asks or not terminal.agree("  Look again?"):
            return answer
        answer = _check(url, token)
    terminal.say("  Message Content Intent is on: it can read the channels that it is in.")
    return answer


def _changes(token: str, before: Mapping[str, str]) -> dict[str, str | None]:
    file = before.get("DISCORD_TOKEN_FILE", "").strip()
    if file and _is_in(file, token):
        return {}
    changes: dict[str, str | None] = {}
    if before.get("DISCORD_TOKEN", "") != token:
        changes["DISCORD_TOKEN"] = token
    if file:
        # Both together are refused.
        changes["DISCORD_TOKEN_FILE"] = None
    return changes


def _is_in(file: str, token: str) -> bool:
    try:
        return _clean(_path(file).read_text("utf-8-sig")) == token
    except (OSError, UnicodeDecodeError):
        return False
