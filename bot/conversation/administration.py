"""All settings of a place by one name each, changed in one way: checked, kept, noted in a log."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from bot import sampling
from bot.conversation.always_on import AlwaysOn
from bot.conversation.choices import EngineChoices
from bot.conversation.config import (
    LIMITS,
    NAMED,
    PER_ROLE,
    PER_SERVER,
    PER_USER,
    REPLY_TOKENS,
    Change,
    fits,
)
from bot.conversation.ports import Store
from bot.conversation.service import Conversations
from bot.errors import BadInput
from bot.language import LANGUAGES, later
from bot.language import NAMES as LANGUAGE_NAMES
from bot.sampling import BOUNDS

NAMES = (
    "mode",
    "threads",
    "engine",
    "system",
    "language",
    "thinks",
    "sampling",
    "reply_tokens",
    "answers",
    "age_restricted_only",
    "allow",
    "deny",
    "replies_per_user",
    "replies_per_server",
    "replies_per_role",
    "tokens_per_user",
    "tokens_per_server",
    "tokens_per_role",
    "calls_per_user",
    "calls_per_server",
    "calls_per_role",
)
"""Every setting, in the order in which people see them."""

LONGEST_SYSTEM = 4_000
MOST_NAMED = 25
MOST_COUNTED = 1_000_000_000

_COUNTS = (*PER_USER, *PER_SERVER)
_LISTS = ("allow", "deny")
_CONVERSATION = "discord:"
_LONGEST_WORDS = 200

_MEANT = {
    "mode": later('"mention", "name" or "always"'),
    "threads": later("true or false"),
    "answers": later("true or false"),
    "age_restricted_only": later("true or false"),
    "thinks": later("true or false"),
    "system": later("a text that is not empty"),
    "language": later("one of {known}", known=", ".join(f'"{one}"' for one in LANGUAGES)),
    "sampling": later(
        "an object with at least one of {bounds}",
        bounds=", ".join(f'"{name}" ({at:g} to {to:g})' for name, (at, to) in BOUNDS.items()),
    ),
    "reply_tokens": later(
        "a whole number from {least} to {most:,}", least=REPLY_TOKENS[0], most=REPLY_TOKENS[1]
    ),
    **dict.fromkeys(_LISTS, later('a list of "role:<id>" and "user:<id>"')),
    **dict.fromkeys(_COUNTS, later("a whole number from 1 to {most:,}", most=MOST_COUNTED)),
    **dict.fromkeys(
        PER_ROLE,
        later(
            "an object that gives ids of roles whole numbers from 1 to {most:,}",
            most=MOST_COUNTED,
        ),
    ),
}


class Administration:
    """Reads and changes what is set in single places."""

    def __init__(
        self,
        store: Store,
        conversations: Conversations,
        always_on: AlwaysOn,
        engines: EngineChoices,
    ) -> None:
        self._store = store
        self._conversations = conversations
        self._always_on = always_on
        self._engines = engines

    async def own(self, places: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What is set in each of some places itself; a name that is missing is not set there."""
        talks = [place for place in places if place.startswith(_CONVERSATION)]
        systems = await self._store.systems(talks)
        return {place: await self._own(place, systems.get(place)) for place in places}

    async def check(self, place: str, name: str, value: Any) -> None:
        """Raise `BadInput`, which names the setting, unless a place can be set to a value."""
        if name not in NAMES:
            raise BadInput(
                later(
                    "`{name}` is no setting. There are {known}.", name=name, known=", ".join(NAMES)
                )
            )
        if value is None:
            return
        if name == "engine":
            self._check_engine(value)
        elif not fits(name, value):
            raise _misfit(name)
        if name in _LISTS:
            _check_list(name, value)
        elif name in LIMITS:
            _check_limit(place, name, value)
        elif name == "system":
            await self._check_system(value)

    async def change(self, author: str, server: str, place: str, name: str, value: Any) -> bool:
        """Set a setting in a place, None to clear it, and note who did; whether it was different.

        Raises `BadInput` for a value that cannot be. `server` is the place of the whole server, ""
        where there is none, and so no log.
        """
        await self.check(place, name, value)
        before = (await self.own([place]))[place].get(name)
        value = _as_kept(list(value) if name in _LISTS and value is not None else value)
        if before == value:
            return False
        await self._set(place, name, value)
        await self._note(author, server, place, name, before, value)
        return True

    async def has_any(self, place: str) -> bool:
        """Whether anything is set in a place itself, rules about tools too."""
        toolbox = self._conversations.toolbox
        about_tools = toolbox is not None and await toolbox.rules.has_any(place)
        return about_tools or bool((await self.own([place]))[place])

    async def forget(self, place: str) -> None:
        """Forget all that is set in a place that is no more, rules about tools too."""
        for name in (await self.own([place]))[place]:
            await self._set(place, name, None)
        toolbox = self._conversations.toolbox
        if toolbox is not None and await toolbox.rules.has_any(place):
            await toolbox.rules.forget(place)

    async def set_system(
        self, author: str, server: str, conversation: str, text: str | None, engine: str = ""
    ) -> None:
        """Set a conversation's own system prompt, checked for the engine that answers there."""
        before = (await self._store.systems([conversation])).get(conversation)
        await self._conversations.set_system(conversation, text, engine)
        if before != text:
            await self._note(author, server, conversation, "system", before, text)

    async def _note(
        self, author: str, server: str, place: str, name: str, before: Any, after: Any
    ) -> None:
        """Put a change that was made into its server's log."""
        if server:
            entry = Change(
                author, time.time(), place, name, in_words(name, before), in_words(name, after)
            )
            await self._store.log_changes(server, [entry])

    async def _own(self, place: str, system: str | None) -> dict[str, Any]:
        config = self._conversations.configuration.own(place)
        mode, _ = await self._always_on.at(place)
        choice = await self._engines.at(place)
        found = {name: getattr(config, name) for name in NAMES if name not in ("mode", "engine")}
        if place.startswith(_CONVERSATION):
            found["system"] = system
        found |= {"mode": mode, "engine": choice.engine or None}
        return {name: found[name] for name in NAMES if found[name] is not None}

    async def _set(self, place: str, name: str, value: Any) -> None:
        if name == "mode":
            await self._always_on.choose(place, value)
        elif name == "engine":
            await self._engines.choose(place, value)
        elif name == "system" and place.startswith(_CONVERSATION):
            await self._conversations.set_system(place, value)
        else:
            await self._conversations.configuration.change(place, **{name: value})

    def _check_engine(self, value: Any) -> None:
        if not isinstance(value, str) or value not in self._conversations.models:
            known = ", ".join(f"`{one.name}`" for one in self._conversations.models)
            raise BadInput(
                later(
                    "`engine` has to be the name of a model here. There are {known}.", known=known
                )
            )

    async def _check_system(self, value: str) -> None:
        if len(value) > LONGEST_SYSTEM:
            raise BadInput(
                later("`system` can have {most:,} characters at most.", most=LONGEST_SYSTEM)
            )
        for served in self._conversations.models:
            await self._conversations.check_system(value, served.name)


WORDS = {"on": later("on"), "off": later("off"), "nobody": later("nobody")}
"""The words of logs that people may read in their language."""


def in_words(name: str, value: Any) -> str:
    """A value of a setting for a log, "" for none; in English."""
    if name == "language" and value in LANGUAGES:
        return LANGUAGE_NAMES[value]
    if name == "sampling" and value is not None:
        return sampling.written(value)
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case str() | int():
            text = " ".join(str(value).split())
            return text if len(text) <= _LONGEST_WORDS else f"{text[: _LONGEST_WORDS - 1]}…"
        case dict():
            of_roles = cast("dict[str, int]", value).items()
            return ", ".join(f"role:{role}: {most}" for role, most in of_roles)
        case _:
            return ", ".join(map(str, value)) or "nobody"


def changes_of(
    given: Mapping[str, Mapping[str, Any]], own: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, str, Any, Any]]:
    """What a file would change: place, setting, before, after; only what differs."""
    found: list[tuple[str, str, Any, Any]] = []
    for place, values in given.items():
        for name, value in values.items():
            after = _as_kept(value)
            before = own.get(place, {}).get(name)
            if before != after:
                found.append((place, name, before, after))
    return found


def _as_kept(value: Any) -> Any:
    """A value from a file as it is kept."""
    if isinstance(value, list):
        return tuple(dict.fromkeys(cast("list[Any]", value)))
    return value.strip() if isinstance(value, str) else value


def _check_list(name: str, value: Sequence[str]) -> None:
    if len(value) > MOST_NAMED:
        raise _too_many_named(name)
    if not all(map(NAMED.fullmatch, value)):
        raise _misfit(name)


def _check_limit(place: str, name: str, value: int | Mapping[str, int]) -> None:
    if not place.startswith("server:"):
        raise BadInput(later("`{name}` can only be set for a whole server.", name=name))
    counts = [value] if isinstance(value, int) else list(value.values())
    if len(counts) > MOST_NAMED:
        raise _too_many_named(name)
    if not (counts and all(1 <= count <= MOST_COUNTED for count in counts)):
        raise _misfit(name)


def _misfit(name: str) -> BadInput:
    return BadInput(later("`{name}` has to be {meant}.", name=name, meant=_MEANT[name]))


def _too_many_named(name: str) -> BadInput:
    return BadInput(
        later("`{name}` can name {most} roles and people at most.", name=name, most=MOST_NAMED)
    )
