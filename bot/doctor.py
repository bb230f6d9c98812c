"""`python -m bot doctor`: what is wrong with the set-up and how to mend it, one line each."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import aiohttp

from bot.app import open_core
from bot.conversation.model import ModelInUse
from bot.conversation.models import Served
from bot.conversation.ports import Store
from bot.errors import StartupError, UserError
from bot.settings import Settings

_DISCORD_API = "https://discord.com/api/v10"
_TIMEOUT = aiohttp.ClientTimeout(total=10)

# Application flags, from Discord's documentation: the intent is granted, or granted for small bots.
_MESSAGE_CONTENT = (1 << 18) | (1 << 19)

# Room for the history's append-only file and a log; models need more and check it themselves.
_LEAST_DISK = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `advice` is empty if all is well."""

    subject: str
    state: str
    advice: str = ""

    def __str__(self) -> str:
        mark = "OK  " if not self.advice else "MEND"
        advice = f"\n       -> {self.advice}" if self.advice else ""
        return f"{mark} {self.subject}: {self.state}{advice}"


async def examine(settings: Settings) -> int:
    """Print a line for each part of the set-up; return 0 if all is well, else 1."""
    healthy = True
    async for finding in findings(settings):
        healthy = healthy and not finding.advice
        print(finding, flush=True)
    return 0 if healthy else 1


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything, cheapest first."""
    yield _disk(settings.data_dir)
    async for finding in _discord(settings):
        yield finding
    async with AsyncExitStack() as stack:
        try:
            core = await stack.enter_async_context(open_core(settings))
        except StartupError as error:
            yield Finding("start", "failed", str(error))
            return
        yield await _store(core.store, settings)
        addresses = {named.name: named.url for named in settings.engines or ()}
        for served in core.conversations.models:
            address = addresses.get(served.name, settings.engine_url)
            async for finding in _engine(served, address or "the embedded engine"):
                yield finding


def _disk(directory: Path) -> Finding:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(directory).free
    except OSError as error:
        return Finding("disk", f"{directory}: {error.strerror}", "set DATA_DIR to another folder")
    if not os.access(directory, os.W_OK):
        return Finding("disk", f"{directory} cannot be written", "set DATA_DIR to another folder")
    state = f"{free / 1e9:.1f} GB free in {directory}"
    return Finding("disk", state, "" if free > _LEAST_DISK else "make room there")


async def _discord(settings: Settings) -> AsyncIterator[Finding]:
    if settings.discord_token is None:
        yield Finding(
            "token",
            "DISCORD_TOKEN is not set",
            "copy the token of your bot from https://discord.com/developers/applications "
            "(not needed for the playground)",
        )
        return
    token = settings.discord_token.get_secret_value()
    try:
        status, application = await _application(settings.discord_api_url, token)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        yield Finding("token", f"Discord cannot be asked: {error}", "check the network")
        return
    if status != 200:
        yield Finding(
            "token",
            f"Discord does not accept it (HTTP {status})",
            "reset the token in the developer portal and copy it again",
        )
        return
    yield Finding("token", f"belongs to {application.get('name', 'an application')}")
    granted = bool(int(application.get("flags") or 0) & _MESSAGE_CONTENT)
    yield Finding(
        "intents",
        "Message Content is on" if granted else "Message Content is off",
        ""
        if granted
        else "developer portal > Bot > Privileged Gateway Intents > Message Content Intent; "
        "without it the bot still answers mentions, DMs and slash commands",
    )


async def _application(api_url: str | None, token: str) -> tuple[int, dict[str, Any]]:
    base = api_url or _DISCORD_API
    bases = [base] if "/api" in base else [base, f"{base}/api/v10"]
    headers = {"Authorization": f"Bot {token}"}
    status = 0
    async with aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT) as session:
        for base in bases:
            async with session.get(f"{base}/applications/@me") as response:
                status = response.status
                if status == 200:
                    return status, cast("dict[str, Any]", await response.json())
    return status, {}


async def _store(store: Store, settings: Settings) -> Finding:
    where = "REDIS_URL" if settings.redis_url else f"private Valkey in {settings.data_dir}"
    try:
        await store.ping()
    except UserError as error:
        return Finding("Redis", f"{where}: {error.detail}", "start it, or correct REDIS_URL")
    return Finding("Redis", f"{where} answers")


async def _engine(served: Served, address: str) -> AsyncIterator[Finding]:
    model = served.model
    # With one engine nobody needs to read its name.
    which, setting = (f" {served.name}", "ENGINES") if served.mark else ("", "ENGINE_URL")
    try:
        current = await asyncio.wait_for(model.current(), 60)
    except TimeoutError:
        yield Finding(f"engine{which}", "does not answer within a minute", "look at its log")
        return
    if current.info is None:
        yield Finding(
            f"engine{which}",
            f"{address} does not answer",
            f"start it (a large model loads for minutes), or correct {setting}",
        )
        return
    state = f"{current.info.kind} serves {current.info.model or 'a model'}"
    yield Finding(f"engine{which}", state)
    yield Finding(f"model{which}", _named(current))
    remark = model.remark(current)
    yield Finding(
        f"context{which}",
        f"{current.context:,} tokens, {current.max_reply:,} of them for a reply"
        + (f"; {remark}" if remark else ""),
    )
    for fault in await model.check():
        yield Finding(f"model{which}", fault, "docs/models.md says how each model is set up")


def _named(current: ModelInUse) -> str:
    note = f" ({current.profile.note})" if current.profile.note else ""
    return f"{current.profile.name}{note}"
