"""What the bot may do where it is counted on: always-on, with characters, threads for questions.

All others are looked at by nobody: whoever mentions the bot there sees whether it answers.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, cast

from bot.checks import access
from bot.checks.finding import Finding, fine, problem, warning
from bot.conversation.config import read
from bot.conversation.ports import Store
from bot.doctor.api import Api, Unreachable

_CONVERSATION = re.compile(r"discord:(\d+)")
_DAY = 86_400

# Questions to Discord, and conversations that are read, at most.
_MOST_CHANNELS = 40
_MOST_TALKS = 200
_RECENT_DAYS = 30
_THREADS = (10, 11, 12)


async def findings(api: Api, store: Store) -> AsyncIterator[Finding]:
    """Look at each such channel. May raise `StoreUnavailable`."""
    always = _channels(await store.always_on())
    played = _channels(await _with_characters(store))
    threads = _channels(await _with_threads(store))
    wanted = sorted({*always, *played, *threads})
    told = False
    look = _Look(api)
    for channel in wanted[:_MOST_CHANNELS]:
        finding = await look.at(channel, characters=channel in played, threads=channel in threads)
        if finding is not None:
            told = True
            yield finding
    if not told:
        yield fine("discord.places", "channels", _summary(always, played, threads))
    if len(wanted) > _MOST_CHANNELS:
        text = f"only the first {_MOST_CHANNELS} of {len(wanted)} were looked at"
        yield warning("discord.places", "channels", text, "use /doctor in the others")


async def _with_characters(store: Store) -> list[str]:
    recent = await store.active(time.time() - _RECENT_DAYS * _DAY)
    found: list[str] = []
    for conversation in recent[:_MOST_TALKS]:
        stage = (await store.load(conversation)).stage
        if stage is not None and stage.cast:
            found.append(conversation)
    return found


async def _with_threads(store: Store) -> list[str]:
    """The channels of which it was set that who asks gets a thread; wider places name none."""
    return [place for place, text in (await store.config()).items() if read(place, text).threads]


def _channels(conversations: Iterable[str]) -> set[int]:
    found = map(_CONVERSATION.fullmatch, conversations)
    return {int(match[1]) for match in found if match}


def _summary(always: set[int], played: set[int], threads: set[int]) -> str:
    if not always and not played and not threads:
        return "none is always-on or has characters, so there is nothing to check"
    more = f", and the {len(threads)} with threads for questions" if threads else ""
    return (
        f"all is allowed in the {len(always)} always-on and the {len(played)} with characters{more}"
    )


class _Look:
    """Looks at channels; each server is asked for once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._guilds: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]] | None] = {}

    async def at(self, channel_id: int, *, characters: bool, threads: bool) -> Finding | None:
        """What is missing in one channel, None if nothing is."""
        check, subject = "discord.places", f"channel {channel_id}"
        try:
            found = await self._api.get(f"/channels/{channel_id}")
            if not found.ok:
                return warning(
                    check,
                    subject,
                    f"the bot cannot see it (HTTP {found.status})",
                    "give it View Channels there, or invite it again; a deleted channel is no harm",
                )
            channel = found.body
            thread = channel.get("type") in _THREADS
            home = channel
            if thread:
                home = (await self._api.get(f"/channels/{channel.get('parent_id')}")).body
            known = await self._guild(channel.get("guild_id"))
        except Unreachable as error:
            return warning(check, subject, f"Discord cannot be asked: {error}", "try again")
        if known is None:
            return None
        guild, member = known
        overwrites = cast("list[Mapping[str, Any]]", home.get("permission_overwrites") or [])
        allowed = access.permissions_in(guild, member, overwrites)
        missing, useful = access.lacking(
            allowed, thread=thread, characters=characters, threads=threads
        )
        where = f"#{channel.get('name', channel_id)} in {guild.get('name', 'a server')}"
        return _missing(where, missing, useful)

    async def _guild(self, number: object) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """A server and the bot's membership; None for a direct message, or if not told."""
        if number is None:
            return None
        key = str(number)
        if key not in self._guilds:
            guild = await self._api.get(f"/guilds/{key}")
            me = await self._api.get(f"/guilds/{key}/members/{await self._me()}")
            both = guild.ok and me.ok
            self._guilds[key] = (guild.body, me.body) if both else None
        return self._guilds[key]

    async def _me(self) -> str:
        return str((await self._api.get("/users/@me")).body.get("id", ""))


def _missing(where: str, missing: list[int], useful: list[int]) -> Finding | None:
    how = "in the channel's settings, Permissions, allow the bot's role what is missing"
    if missing:
        text = f"the bot lacks {access.names(missing)}: it is mute there"
        return problem("discord.places", where, text, how)
    if useful:
        return warning("discord.places", where, f"the bot lacks {access.names(useful)}", how)
    return None
