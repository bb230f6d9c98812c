"""What servers have set for their places, and which setting holds where. Pure.

Every place may set something: a thread, its channel, the category, the server. For each setting
the narrowest place that has it decides. Only who is left out adds up: a channel cannot let in whom
its server has shut out.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Protocol, cast, get_args

from bot import sampling
from bot.conversation.quotas import Allowed, Kind
from bot.language import LANGUAGES, Language

log = logging.getLogger(__name__)

Mode = Literal["mention", "name", "always"]
"""What is answered: what addresses the bot; besides, what says a name; or everything."""

Bar = Literal[
    "",
    "switched off",
    "age-restricted only",
    "denied",
    "not allowed",
    "blocked by the operator",
    "no direct messages",
]
"""Why nobody, or somebody, is not answered in a place; "" if they are."""

MAX_CHANGES = 100
"""How many changes of a server the log keeps."""

CHANGES_DAYS = 90
"""For how many days after the newest change a server's log is kept."""


@dataclass(frozen=True, slots=True)
class PlaceConfig:
    """What was set in one place; None is: nothing, so what is wider holds.

    `mode` is "mention" or "name" where a place has said so. That one answers everything is kept
    elsewhere (`AlwaysOn`), and so is the engine. `threads`: who asks there is answered in a
    thread made from their message. `allow` and `deny` name roles and people,
    "role:<id>" and "user:<id>"; an `allow` that is empty lets nobody in. `system` is the system
    prompt of conversations that have none of their own. `language` is what the bot speaks where it
    is not answering a command; without one, the locale of the server counts. `thinks`: the
    model is asked to think before it answers, if it knows how. `sampling` is how freely it writes
    (`bot.sampling`), `reply_tokens` the longest answer. The limits are
    replies, tokens that are written and tool calls in an hour, 0: none of its own; they are for a
    whole server. Those of roles are by the role's id.
    """

    mode: Mode | None = None
    threads: bool | None = None
    answers: bool | None = None
    age_restricted_only: bool | None = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] | None = None
    system: str | None = None
    language: Language | None = None
    thinks: bool | None = None
    sampling: Mapping[str, float] | None = None
    reply_tokens: int | None = None
    replies_per_user: int | None = None
    replies_per_server: int | None = None
    replies_per_role: Mapping[str, int] | None = None
    tokens_per_user: int | None = None
    tokens_per_server: int | None = None
    tokens_per_role: Mapping[str, int] | None = None
    calls_per_user: int | None = None
    calls_per_server: int | None = None
    calls_per_role: Mapping[str, int] | None = None


NAMED = re.compile(r"(role|user):[0-9]{1,20}")
"""How lists name a role or a person."""

ROLE = re.compile(r"[0-9]{1,20}")
"""How limits name a role."""

PER_USER = ("replies_per_user", "tokens_per_user", "calls_per_user")
PER_SERVER = ("replies_per_server", "tokens_per_server", "calls_per_server")
PER_ROLE = ("replies_per_role", "tokens_per_role", "calls_per_role")
REPLY_TOKENS = (16, 16_384)
"""The bounds of the longest answer, in tokens."""

LIMITS = (*PER_USER, *PER_SERVER, *PER_ROLE)
"""The settings that are for whole servers only."""

NOTHING = PlaceConfig()
Configs = Mapping[str, PlaceConfig]


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a server's log: who (`author`, an id) changed what, where and when.

    `at` is Unix time; `before` and `after` are in words, "" is: nothing set.
    """

    author: str
    at: float
    place: str
    field: str
    before: str
    after: str


class Configuring(Protocol):
    """What a store keeps of what places want. Errors are `bot.errors.StoreUnavailable`."""

    async def always_on(self) -> frozenset[str]:
        """The conversations in which every message is answered."""
        ...

    async def set_always_on(self, conversation: str, on: bool) -> None:
        """Switch a conversation between answering everything and only when addressed."""
        ...

    async def engines(self) -> Mapping[str, str]:
        """The engines that were chosen, by place."""
        ...

    async def set_engine(self, place: str, engine: str | None) -> None:
        """Choose an engine for a place, or take the choice back."""
        ...

    async def config(self) -> Mapping[str, str]:
        """What was set, by place, as `written`."""
        ...

    async def set_config(self, place: str, text: str | None) -> None:
        """Keep what was set in a place, None to forget it."""
        ...

    async def systems(self, conversations: Sequence[str]) -> Mapping[str, str]:
        """The conversations' own system prompts; who has none is left out."""
        ...

    async def log_changes(self, server: str, changes: Sequence[Change]) -> None:
        """Add to a server's log, the oldest change first."""
        ...

    async def changes(self, server: str, count: int) -> Sequence[Change]:
        """The newest entries of a server's log, newest first."""
        ...


def source(places: Sequence[str], configs: Configs, name: str) -> tuple[Any, str]:
    """The value that holds for a setting in the narrowest of `places`, and where it was set.

    (None, "") where nobody has set it.
    """
    for place in places:
        value = getattr(configs.get(place, NOTHING), name)
        if value is not None:
            return value, place
    return None, ""


def bar(
    places: Sequence[str],
    configs: Configs,
    *,
    person: str,
    roles: Collection[str],
    age_restricted: bool,
) -> tuple[Bar, str]:
    """Why somebody is not answered in a place, and where that was set; ("", "") if they are."""
    answers, where = source(places, configs, "answers")
    if answers is False:
        return "switched off", where
    adults, where = source(places, configs, "age_restricted_only")
    if adults and not age_restricted:
        return "age-restricted only", where
    theirs = {f"user:{person}", *(f"role:{role}" for role in roles)}
    for place in places:
        if not theirs.isdisjoint(configs.get(place, NOTHING).deny or ()):
            return "denied", place
    allowed, where = source(places, configs, "allow")
    if allowed is not None and theirs.isdisjoint(allowed):
        return "not allowed", where
    return "", ""


def allowed(own: PlaceConfig, kind: Kind, roles: Collection[str]) -> Allowed:
    """What a server allows somebody with some roles, and itself, in an hour.

    Of several roles with a limit the most generous counts, in place of what everybody has.
    """
    by_role: Mapping[str, int] = getattr(own, f"{kind}_per_role") or {}
    theirs = [by_role[role] for role in roles if role in by_role]
    everybody: int = getattr(own, f"{kind}_per_user") or 0
    whole: int = getattr(own, f"{kind}_per_server") or 0
    return max(theirs, default=everybody), whole


def limited_roles(own: PlaceConfig) -> frozenset[str]:
    """All roles that have a limit of their own in a server."""
    return frozenset(role for name in PER_ROLE for role in getattr(own, name) or ())


def written(config: PlaceConfig) -> str | None:
    """What was set, as it is stored; None for nothing."""
    found = {name: value for name, value in asdict(config).items() if value is not None}
    return json.dumps(found, sort_keys=True, ensure_ascii=False) if found else None


def read(place: str, text: str) -> PlaceConfig:
    """Undo `written`; what makes no sense is left out, with a warning."""
    try:
        data: Any = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        log.warning("the stored settings of %s are damaged", place)
        return NOTHING
    stored = cast("dict[str, Any]", data)
    found: dict[str, Any] = {}
    for one in fields(PlaceConfig):
        value = stored.get(one.name)
        if value is None:
            continue
        if fits(one.name, value):
            found[one.name] = _named(value) if isinstance(value, list) else value
        else:
            log.warning("the stored setting %s of %s is damaged", one.name, place)
    return PlaceConfig(**found)


def _named(stored: Any) -> tuple[str, ...]:
    """The roles and people of a list; of who was erased there is only the gap."""
    return tuple(one for one in cast("list[str]", stored) if NAMED.fullmatch(one))


def fits(name: str, value: object) -> bool:
    """Whether a value is one that a setting of that name can have; lists may be tuples."""
    match name:
        case "mode":
            return value in get_args(Mode)
        case "language":
            return value in LANGUAGES
        case "threads" | "answers" | "age_restricted_only" | "thinks":
            return isinstance(value, bool)
        case "allow" | "deny":
            if not isinstance(value, (list, tuple)):
                return False
            return all(isinstance(one, str) for one in cast("Sequence[Any]", value))
        case "sampling":
            return sampling.fits(value)
        case "reply_tokens":
            return _is_count(value) and REPLY_TOKENS[0] <= cast(int, value) <= REPLY_TOKENS[1]
        case "system":
            return isinstance(value, str) and bool(value.strip())
        case _ if name in PER_ROLE:
            if not isinstance(value, dict):
                return False
            of_roles = cast("dict[Any, Any]", value).items()
            return all(
                isinstance(role, str) and ROLE.fullmatch(role) and _is_count(most)
                for role, most in of_roles
            )
        case _:
            return name in LIMITS and _is_count(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
