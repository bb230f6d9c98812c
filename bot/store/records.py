"""How turns, states and owed replies are written as bytes, and read back with suspicion.

Compact JSON in UTF-8, empty fields left out. Reading never fails: fields that a newer release
added are ignored, and a record that makes no sense is skipped with a warning, because one damaged
turn must not cost a conversation.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar, cast

from bot.conversation.turns import (
    Pending,
    Recalled,
    Replacing,
    Role,
    State,
    Status,
    Summary,
    Turn,
    Usage,
    Variant,
)
from bot.tools.run import Step, ToolRun

log = logging.getLogger(__name__)

T = TypeVar("T")

NONCE = "nonce"
"""An extra field of a journal entry: tells a call that is repeated from one that is made twice."""

_ROLES: tuple[Role, ...] = ("user", "assistant")
_STATUSES: tuple[Status, ...] = ("", "stopped", "interrupted")
_REPLACING: tuple[Replacing, ...] = ("", "instead", "variant", "continue")
_TOLD_ALWAYS = ("id", "n", "role")
_USAGE = Usage()
_STATE = State()


class _Damaged(ValueError):
    """A stored record is not what this release, or any before it, wrote."""


def _fields(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


# Dataclasses inside of others are turned into objects where they stand: `asdict` would copy the
# whole tree first, which costs more than writing it.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_fields).encode


def as_hash(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    """A hash as scripts answer it: its fields and values in turn."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def write_turn(turn: Turn) -> bytes:
    """Write one turn."""
    every = _fields(turn)
    return _dump({name: value for name, value in every.items() if value or name in _TOLD_ALWAYS})


def write_pending(pending: Pending, nonce: str) -> bytes:
    """Write a journal entry; `nonce` is unique to the call that writes it."""
    every = {name: value for name, value in _fields(pending).items() if value not in ("", {})}
    return _dump({**every, NONCE: nonce})


def write_state(state: State) -> dict[str, bytes]:
    """Write a state as the fields of a hash: a field that only a newer release knows survives."""
    return {name: _dump(value) for name, value in _fields(state).items()}


def write_summary(summary: Summary) -> bytes:
    """Write what was said in short."""
    return _dump({name: value for name, value in _fields(summary).items() if value is not False})


def read_summary(stored: Mapping[bytes, bytes]) -> Summary | None:
    """Read the summary out of a state's fields; None if there is none."""
    raw = stored.get(b"summary")
    return None if raw is None else _read(raw, lambda raw: _summary(_object(raw)), "summary")


def read_changes(stored: Mapping[bytes, bytes]) -> int:
    """Read out of a state's fields how often something that was said was changed."""
    raw = stored.get(b"changes", b"0")
    return int(raw) if raw.isdigit() else 0


def read_turn(stored: bytes) -> Turn | None:
    """Read one turn; None if it is damaged."""
    return _read(stored, lambda raw: _turn(_object(raw)), "turn")


def write_prompt(prompt: str) -> bytes:
    """Compress a prompt; level 1 because the event loop waits (1 ms for 100 kB)."""
    return zlib.compress(prompt.encode("utf-8", "surrogatepass"), level=1)


def write_thoughts(reply: str, text: str) -> bytes:
    """Compress what was thought before a reply."""
    return zlib.compress(_dump([reply, text]), level=1)


def read_thoughts(stored: bytes) -> tuple[str, str] | None:
    """Decompress what was thought: the reply and the text, or None if it is damaged."""
    try:
        reply, text = json.loads(zlib.decompress(stored))
        return str(reply), str(text)
    except (zlib.error, ValueError, TypeError, RecursionError) as error:
        log.warning("stored thoughts are damaged and left out: %s", error)
        return None


def write_schema(text: str, now: float) -> bytes:
    """Write a saved schema; `now` is a Unix time."""
    return _dump({"text": text, "saved": int(now)})


def read_schema(stored: bytes) -> str | None:
    """Read a saved schema, or None if it is damaged."""
    return _read(stored, lambda raw: _must(_object(raw), "text", str), "schema")


def read_turns(stored: Mapping[bytes, bytes]) -> tuple[Turn, ...]:
    """Read the turns of a conversation in their order."""
    turns = _read_all(stored.items(), _turn, "turn")
    return tuple(sorted(turns, key=lambda turn: (turn.n, turn.id)))


def read_pending(stored: Mapping[bytes, bytes]) -> tuple[Pending, ...]:
    """Read the owed replies of a conversation, oldest first."""
    owed = _read_all(stored.items(), _pending, "owed reply")
    return tuple(sorted(owed, key=lambda pending: (pending.since, pending.n)))


def read_state(stored: Mapping[bytes, bytes]) -> State:
    """Read a state; a damaged field falls back to its default."""
    data: dict[str, Any] = {}
    for field in fields(State):
        raw = stored.get(field.name.encode())
        if raw is not None:
            data[field.name] = _read(raw, json.loads, f"state field {field.name!r}")
    return State(
        start=_whole(data, "start", _STATE.start),
        system=_text_or_none(data, "system"),
        base_tokens=_whole(data, "base_tokens", _STATE.base_tokens),
        cut=_whole(data, "cut", _STATE.cut),
        usage=_usage(data.get("usage")),
        engine=_text_or_none(data, "engine") or "",
        erased=_whole(data, "erased", 0),
        recap=_text_or_none(data, "recap") or "",
        timers=_timers(data.get("timers")),
        examples=_whole(data, "examples", _STATE.examples),
        language=_text_or_none(data, "language") or "",
    )


def read_prompt(stored: bytes) -> str | None:
    """Decompress a prompt, or None if it is damaged."""
    try:
        return zlib.decompress(stored).decode("utf-8", "surrogatepass")
    except (zlib.error, UnicodeDecodeError) as error:
        log.warning("the stored prompt of a reply is damaged and left out: %s", error)
        return None


def _dump(value: object) -> bytes:
    text = _encode(value)
    # Half an emoji (a lone surrogate) is legal in a Python string and must come back as it was.
    return text.encode("utf-8", "surrogatepass")


def _read_all(
    items: Iterable[tuple[bytes, bytes]], parse: Callable[[dict[str, Any]], T], kind: str
) -> list[T]:
    found: list[T] = []
    for name, raw in items:
        record = _read(raw, lambda raw: parse(_object(raw)), kind, name)
        if record is not None:
            found.append(record)
    return found


def _read(raw: bytes, parse: Callable[[bytes], T], what: str, name: bytes = b"") -> T | None:
    try:
        return parse(raw)
    except (ValueError, RecursionError) as error:
        named = f"{what} {name[:80]!r}" if name else what
        log.warning("a stored %s is damaged and left out: %s", named, error)
        return None


def _object(raw: bytes) -> dict[str, Any]:
    value: object = json.loads(raw)
    if not isinstance(value, dict):
        raise _Damaged("not a JSON object")
    return cast(dict[str, Any], value)


def _turn(data: dict[str, Any]) -> Turn:
    role, status = data.get("role"), data.get("status", "")
    if role not in _ROLES:
        raise _Damaged(f"unknown role {role!r}")
    return Turn(
        id=_must(data, "id", str),
        n=_must(data, "n", int),
        role=role,
        text=_text(data, "text"),
        speaker=_text(data, "speaker"),
        author=_text(data, "author"),
        tokens=_whole(data, "tokens", 0),
        shown=_texts(data, "shown"),
        status=status if status in _STATUSES else "",
        counted_by=_text(data, "counted_by"),
        steps=tuple(_step(item) for item in _objects(data.get("steps"))),
        variants=tuple(_variant(item) for item in _objects(data.get("variants"))),
        variant=_whole(data, "variant", 0),
        character=_text(data, "character"),
    )


def _variant(data: dict[str, Any]) -> Variant:
    status = data.get("status", "")
    return Variant(
        text=_text(data, "text"),
        status=status if status in _STATUSES else "",
        steps=tuple(_step(item) for item in _objects(data.get("steps"))),
    )


def _summary(data: dict[str, Any]) -> Summary:
    return Summary(
        _must(data, "text", str), _must(data, "through", int), data.get("own", False) is True
    )


def _step(data: dict[str, Any]) -> Step:
    return Step(tuple(_run(item) for item in _objects(data.get("runs"))), _text(data, "raw"))


def _run(data: dict[str, Any]) -> ToolRun:
    arguments: object = data.get("arguments")
    seconds = data.get("seconds", 0.0)
    return ToolRun(
        name=_must(data, "name", str),
        arguments=cast(dict[str, Any], arguments) if isinstance(arguments, dict) else {},
        content=data.get("content"),
        line=_text(data, "line"),
        seconds=float(seconds) if isinstance(seconds, (int, float)) else 0.0,
        failed=data.get("failed") is True,
        action=_text(data, "action"),
        for_asker=data.get("for_asker") is True,
    )


def _pending(data: dict[str, Any]) -> Pending:
    origin: object = data.get("origin")
    pairs = cast(dict[str, Any], origin).items() if isinstance(origin, dict) else ()
    how = data.get("how", "")
    return Pending(
        reply=_must(data, "reply", str),
        n=_must(data, "n", int),
        asks=_texts(data, "asks"),
        since=float(_must(data, "since", (int, float))),
        origin={name: value for name, value in pairs if isinstance(value, str)},
        replaces=_text(data, "replaces"),
        how=how if how in _REPLACING else "",
        by=_text(data, "by"),
    )


def _usage(value: object) -> Usage:
    if not isinstance(value, dict):
        return _USAGE
    data = cast(dict[str, Any], value)
    return Usage(
        prompt=_whole(data, "prompt", 0),
        cached=_whole(data, "cached", None),
        generated=_whole(data, "generated", 0),
        limit=_whole(data, "limit", 0),
        cut=_whole(data, "cut", 0),
        recalled=tuple(_recalled(item) for item in _objects(data.get("recalled"))),
        sent=_whole(data, "sent", 0),
    )


def _timers(value: object) -> dict[str, int]:
    items = cast(dict[str, Any], value).items() if isinstance(value, dict) else ()
    return {name: number for name, number in items if isinstance(number, int)}


def _recalled(data: dict[str, Any]) -> Recalled:
    # What cannot be read is somebody's and everything: hidden rather than shown.
    person = data.get("person")
    return Recalled(
        start=_whole(data, "start", 0),
        end=_whole(data, "end", 1 << 30),
        person=person if isinstance(person, str) else "?",
        fact=data.get("fact") is not False,
    )


def _must(data: dict[str, Any], name: str, kind: type[T] | tuple[type[T], ...]) -> T:
    value = data.get(name)
    if not isinstance(value, kind):
        raise _Damaged(f"no usable {name!r}")
    return value


def _text(data: dict[str, Any], name: str) -> str:
    return _must(data, name, str) if name in data else ""


def _text_or_none(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) else None


def _texts(data: dict[str, Any], name: str) -> tuple[str, ...]:
    value: object = data.get(name)
    if not isinstance(value, list):
        return ()
    return tuple(item for item in cast(list[Any], value) if isinstance(item, str))


def _objects(value: object) -> list[dict[str, Any]]:
    items = cast(list[Any], value) if isinstance(value, list) else []
    return [cast(dict[str, Any], item) for item in items if isinstance(item, dict)]


def _whole(data: dict[str, Any], name: str, default: T) -> int | T:
    value = data.get(name)
    return value if isinstance(value, int) else default
