"""Settings as a file: all that a server has set, and what a file would change."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, cast

import discord

from bot import json_input
from bot.client import HermesBot
from bot.conversation.administration import WORDS, changes_of, in_words
from bot.errors import BadInput
from bot.language import later, tr
from cogs.own_threads.where import is_made
from cogs.places import category_place, conversation_in, server_place

VERSION = 1
LARGEST = 256 * 1024

Values = dict[str, dict[str, Any]]
Differences = list[tuple[str, str, Any, Any]]

_NO_CONFIG = later(
    "That file holds no settings: `hermes_config` has to be 1, and `places` an object. "
    "`/config export` makes such a file."
)


def places_in(guild: discord.Guild) -> dict[str, str]:
    """All places of a server with their names, the widest first."""
    found = {server_place(guild.id): tr("the server")}
    found |= {
        category_place(one.id): tr("category {name}", name=one.name) for one in guild.categories
    }
    inner = (*guild.channels, *guild.threads)
    return found | {
        conversation_in(one.id): f"#{one.name}"
        for one in inner
        if not isinstance(one, discord.CategoryChannel)
    }


async def exported(bot: HermesBot, guild: discord.Guild) -> bytes:
    """Everything that is set in a server, as a file."""
    names = places_in(guild)
    own = await bot.administration.own(list(names))
    for thread in guild.threads:
        lent = own.get(conversation_in(thread.parent_id), {}).get("system")
        values = own.get(conversation_in(thread.id), {})
        if is_made(bot, thread) and lent and values.get("system") == lent:
            del values["system"]  # Each thread that hangs at a question has it from its channel.
    data = {
        "hermes_config": VERSION,
        "server": guild.name,
        "places": {place: values for place, values in own.items() if values},
    }
    return json.dumps(data, ensure_ascii=False, indent=2).encode("utf-8", "replace")


async def differences(bot: HermesBot, guild: discord.Guild, data: bytes) -> Differences:
    """What a file would change. A `BadInput` names the first thing in it that cannot be."""
    given = _parsed(data)
    known = places_in(guild)
    for place, values in given.items():
        if place not in known:
            raise BadInput(
                later(
                    "`places.{place}` is no channel, category or thread of this server that I can "
                    "see. Nothing was changed.",
                    place=place[:60],
                )
            )
        for name, value in values.items():
            try:
                await bot.administration.check(place, name, value)
            except BadInput as error:
                at = f"`places.{place}.{name[:40]}`"
                raise BadInput(
                    later("{at}: {reason} Nothing was changed.", at=at, reason=error.text)
                ) from None
    own = await bot.administration.own(list(given))
    return changes_of(given, own)


def described(found: Differences, names: Mapping[str, str]) -> str:
    """Changes in lines, for people."""
    return "\n".join(
        f"{names.get(place, place)} · {name}: {said(in_words(name, before))} → "
        f"{said(in_words(name, after))}"
        for place, name, before, after in found
    )


def said(words: str) -> str:
    """What a log says of a value, for people."""
    return tr(WORDS[words]) if words in WORDS else words or tr("not set")


class Waiting:
    """Files that wait to be applied, the newest few of them, by the message that shows them."""

    _MOST = 50

    def __init__(self) -> None:
        self._found: OrderedDict[str, Differences] = OrderedDict()

    def keep(self, key: str, found: Differences) -> None:
        """Remember what a file would change."""
        self._found[key] = found
        if len(self._found) > self._MOST:
            self._found.popitem(last=False)

    def take(self, key: str) -> Differences | None:
        """What was remembered, once; None if it is not known any more."""
        return self._found.pop(key, None)


def _parsed(data: bytes) -> Values:
    try:
        read: Any = json_input.loads(data.decode("utf-8-sig", "replace"))
    except json.JSONDecodeError as error:
        raise BadInput(
            later(
                "That file is no JSON: line {line}, column {column}.",
                line=error.lineno,
                column=error.colno,
            )
        ) from None
    except ValueError:
        raise BadInput(_NO_CONFIG) from None
    if not isinstance(read, dict):
        raise BadInput(_NO_CONFIG)
    found = cast("dict[str, Any]", read)
    places = found.get("places")
    if found.get("hermes_config") != VERSION or not isinstance(places, dict):
        raise BadInput(_NO_CONFIG)
    if unknown := set(found) - {"hermes_config", "server", "places"}:
        raise BadInput(
            later(
                "`{name}` is nothing that I know in a file of settings. Nothing was changed.",
                name=min(unknown)[:60],
            )
        )
    for place, values in cast("dict[str, Any]", places).items():
        if not isinstance(values, dict):
            raise BadInput(
                later(
                    "`places.{place}` has to be an object. Nothing was changed.", place=place[:60]
                )
            )
    return cast(Values, places)
