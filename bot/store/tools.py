"""What the store keeps for tools (rules, log, what waits for confirmation), and for servers."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from bot.conversation.ports import ACTION_DAYS, MAX_LOGGED, Action, LoggedCall
from bot.store import keys
from bot.store.connection import Connection
from bot.store.processes import changed
from bot.tools.context import ToolContext

log = logging.getLogger(__name__)

_DAY = 86_400
_HOUR = 3_600
_LOG_DAYS = 30


class ToolRecords:
    """The part of the store about tools and what servers allow; each method is one round trip."""

    _redis: Connection
    _seconds: int

    async def tool_rules(self) -> Mapping[str, str]:
        """What was set about tools, by place."""
        (stored,) = await self._redis.run(("HGETALL", keys.TOOL_RULES))
        return {keys.decode(place): text.decode("utf-8") for place, text in stored.items()}

    async def set_tool_rules(self, place: str, text: str | None) -> None:
        """Keep what was set about tools in a place, None to forget it."""
        field = keys.encode(place)
        await self._redis.run(
            ("HDEL", keys.TOOL_RULES, field)
            if text is None
            else ("HSET", keys.TOOL_RULES, field, text),
            *changed("tool-rules"),
        )

    async def policies(self) -> Mapping[str, str]:
        """What servers allow where characters play, by server."""
        (stored,) = await self._redis.run(("HGETALL", keys.POLICIES))
        return {keys.decode(server): text.decode("utf-8") for server, text in stored.items()}

    async def set_policy(self, server: str, text: str | None) -> None:
        """Keep what a server allows, None to forget it."""
        field = keys.encode(server)
        await self._redis.run(
            ("HDEL", keys.POLICIES, field)
            if text is None
            else ("HSET", keys.POLICIES, field, text.encode("utf-8", "replace")),
            *changed("policies"),
        )

    async def log_calls(
        self, owner: str, calls: Sequence[LoggedCall], counted: Sequence[str] = ()
    ) -> Sequence[int]:
        """Add calls to a server's log; returns how many each of `counted` has had in this hour."""
        hour = int(calls[0].at) // _HOUR
        used = [keys.tool_calls(one, hour) for one in counted]
        log_key = keys.tool_log(owner)
        answers = await self._redis.run(
            *(("INCRBY", key, len(calls)) for key in used),
            *(("EXPIRE", key, _HOUR) for key in used),
            ("LPUSH", log_key, *(_dump(asdict(one)) for one in calls)),
            ("LTRIM", log_key, 0, MAX_LOGGED - 1),
            ("EXPIRE", log_key, _LOG_DAYS * _DAY),
        )
        return [int(count) for count in answers[: len(used)]]

    async def forgive_calls(self, at: float, count: int, counted: Sequence[str]) -> None:
        """Count calls no more that were logged at a Unix time, and refused."""
        used = [keys.tool_calls(one, int(at) // _HOUR) for one in counted]
        await self._redis.run(
            *(("DECRBY", key, count) for key in used),
            *(("EXPIRE", key, _HOUR) for key in used),
        )

    async def logged_calls(self, owner: str, count: int) -> Sequence[LoggedCall]:
        """The newest calls of a server's log, newest first."""
        (found,) = await self._redis.run(("LRANGE", keys.tool_log(owner), 0, count - 1))
        return [one for one in map(_logged, found) if one is not None]

    async def save_action(self, action: Action) -> None:
        """Keep what waits for confirmation."""
        record = asdict(action)
        record["context"]["roles"] = sorted(action.context.roles)
        await self._redis.run(
            ("SET", keys.action(action.id), _dump(record), "EX", ACTION_DAYS * _DAY)
        )

    async def action(self, action: str) -> Action | None:
        """What waits for confirmation under an id, if it still does."""
        (stored,) = await self._redis.run(("GET", keys.action(action)))
        return None if stored is None else _action(stored)

    async def take_action(self, action: str) -> bool:
        """Settle what waits for confirmation; only one caller is told True."""
        (taken,) = await self._redis.run(("DEL", keys.action(action)))
        return taken == 1


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def _logged(stored: bytes) -> LoggedCall | None:
    try:
        return LoggedCall(**json.loads(stored))
    except (ValueError, TypeError) as error:
        log.warning("a logged call is damaged and left out: %s", error)
        return None


def _action(stored: bytes) -> Action | None:
    try:
        data = cast("dict[str, Any]", json.loads(stored))
        context = cast("dict[str, Any]", data.pop("context"))
        context["roles"] = frozenset(context["roles"])
        context["places"] = tuple(context["places"])
        return Action(**data, context=ToolContext(**context))
    except (ValueError, TypeError, KeyError) as error:
        log.warning("an action that waits for confirmation is damaged: %s", error)
        return None
