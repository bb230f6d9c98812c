"""What servers allow where characters play, kept in memory; and replies that keep to it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, cast

from bot.characters.blocklist import Blocklist, WordGuard
from bot.characters.policy import (
    LONGEST_WORD,
    MAX_BLOCKED,
    MAX_WORDS,
    Blocked,
    Policy,
)
from bot.conversation.ports import End, Store, Text
from bot.conversation.read_once import ReadOnce
from bot.conversation.reply import Event, Thought, Trace
from bot.errors import BadInput, StoreUnavailable, UserError
from bot.language import later

log = logging.getLogger(__name__)

MATURE = "mature"
"""The field of a reply's origin that says "yes" where the place is age-restricted."""

SERVER = "guild"
"""The field that names the server, "" or missing where there is none."""

_NOT_WANTED = later("That has words that are not wanted in this server. Please leave them out.")

DEFAULT = Policy()


class Withheld(UserError):
    """The model was about to say something that the server does not want to hear."""

    text = later("I stopped there: what came next has words that are not wanted in this server.")


class Policies:
    """Knows without asking the store what each server has set; where nobody has, the defaults.

    All policies are read once. While they cannot be read nothing is written in a server: what its
    moderators have forbidden is not to be said only because the store is away.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._policies = ReadOnce(self._read, "what servers allow")
        self._changing = asyncio.Lock()

    async def load(self) -> bool:
        """Read the policies if they are not known yet; returns whether they are known now."""
        return await self._policies.get() is not None

    async def of(self, server: str) -> Policy:
        """What a server has set, by its id; "" where there is none. Raises `StoreUnavailable`."""
        return (await self._known()).get(server, DEFAULT) if server else DEFAULT

    def renew(self) -> None:
        """Read them again: another process has changed something."""
        self._policies.renew()

    async def change(self, server: str, change: Callable[[Policy], Policy]) -> Policy:
        """Change what a server has set; returns what holds now. `change` may raise `BadInput`."""
        async with self._changing:
            # Another process may have changed it a moment ago.
            known = await self._policies.fresh()
            before = known.get(server, DEFAULT)
            after = change(before)
            if after != before:
                await self._store.set_policy(server, None if after == DEFAULT else written(after))
                known[server] = after
            return after

    async def check(self, server: str, text: str) -> None:
        """Raise `BadInput` for a text that a server does not want the bot to say."""
        if (await self.of(server)).blocklist.find(text):
            raise BadInput(_NOT_WANTED)

    async def _known(self) -> dict[str, Policy]:
        known = await self._policies.get()
        if known is None:
            known = await self._policies.get_now()
        if known is None:
            raise StoreUnavailable
        return known

    async def _read(self) -> dict[str, Policy]:
        stored = await self._store.policies()
        return {server: parsed(server, text) for server, text in stored.items()}


async def guarded(
    events: AsyncGenerator[Event, None], blocklist: Blocklist
) -> AsyncGenerator[Event, None]:
    """What a reply consists of, up to the sentence that a server does not want: then `Withheld`.

    What the model thinks is left out from there on.
    """
    thoughts, words = WordGuard(blocklist), WordGuard(blocklist)
    async with aclosing(events):
        async for event in events:
            match event:
                case Thought():
                    if passed := thoughts.feed(event.text):
                        yield Thought(passed)
                    continue
                case Text():
                    said = words.feed(event.text)
                case Trace() | End():
                    # Behind a trace other text begins; the order of both is to stay.
                    said = words.finish()
                    if rest := thoughts.finish():
                        yield Thought(rest)
                case _:
                    said = ""
            if said:
                yield Text(said)
            if words.found:
                log.info("a reply is ended: it was to say a blocked phrase")
                raise Withheld
            if not isinstance(event, Text):
                yield event


def written(policy: Policy) -> str:
    """A policy as it is stored; what is as by default is left out."""
    data: dict[str, Any] = {
        name: value
        for name in ("adult", "mild", "imports", "report_channel")
        if (value := getattr(policy, name)) != getattr(DEFAULT, name)
    }
    if policy.words:
        data["words"] = list(policy.words)
    if policy.blocked:
        data["blocked"] = [
            {"id": one.id, "card": one.card, "name": one.name} for one in policy.blocked
        ]
    return json.dumps(data, ensure_ascii=False)


def parsed(server: str, text: str) -> Policy:
    """A stored policy. One that makes no sense allows as little as can be, with a warning."""
    try:
        data: Any = json.loads(text)
        given = cast("Mapping[str, Any]", data)
        blocked = cast("list[Mapping[str, Any]]", given.get("blocked", []))
        return Policy(
            adult="never" if given.get("adult") == "never" else DEFAULT.adult,
            mild=given.get("mild", True) is not False,
            imports="everyone" if given.get("imports") == "everyone" else DEFAULT.imports,
            words=tuple(str(word)[:LONGEST_WORD] for word in given.get("words", []))[:MAX_WORDS],
            blocked=tuple(
                Blocked(str(one["id"]), str(one.get("card", "")), str(one.get("name", "")))
                for one in blocked
            )[:MAX_BLOCKED],
            report_channel=str(given.get("report_channel", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("the stored policy of server %s is damaged: %s", server, error)
        return Policy(adult="never")
