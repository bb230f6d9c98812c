"""Reading the whole database by places, whatever the kind of key, and changing single values.

All keys of one hash tag form a place (a conversation, a server, the reminders); every other key is
a place of its own, without a name. It is read by SCAN, in batches, so that nobody waits for it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TypeVar

from bot.store import keys, people_scripts
from bot.store.connection import Command, Connection, call

T = TypeVar("T")

_READ: dict[str, tuple[str | int, ...]] = {
    "string": ("GET",),
    "hash": ("HGETALL",),
    "list": ("LRANGE", 0, -1),
    "set": ("SMEMBERS",),
    "zset": ("ZRANGE", 0, -1),
}
# Files, which may be large, and whose owner is known from what names them: only the key is told.
_UNREAD = ("blobs",)
_SCANNED = 1_000
_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a key; `name` is the field of a hash, empty elsewhere."""

    name: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """A key with all that it holds. `part` is what follows the hash tag, or the whole name."""

    name: bytes
    part: str
    kind: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Another value for an item, None to take it away."""

    item: Item
    value: bytes | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The keys of one hash tag; `name` is None for a key without one."""

    name: str | None
    keys: tuple[Key, ...]


async def places(redis: Connection) -> AsyncGenerator[Place, None]:
    """All of the database, place by place; keys without a place come last."""
    names = await _names(redis)
    for place, its_keys in _by_place(names).items():
        yield Place(place, await _read(redis, its_keys))
    for some in _batches(name for name in names if _divided(name)[0] is None):
        for key in await _read(redis, some):
            yield Place(None, (key,))


async def tagged(redis: Connection) -> dict[str, list[bytes]]:
    """The names of all keys that have a place, by place."""
    return _by_place(await _names(redis))


def part_of(key: bytes) -> str:
    """What a key's name says behind its place."""
    return _divided(key)[1]


async def change(redis: Connection, key: bytes, changes: Sequence[Change]) -> None:
    """Change values of a key; one that somebody has changed meanwhile is only ever taken away."""
    for some in _batches(changes):
        values = [
            part
            for one in some
            for part in (one.item.name, one.item.value, b"" if one.value is None else one.value)
        ]
        await redis.run(call(people_scripts.CHANGE, (key.decode("ascii"),), *values))


async def delete(redis: Connection, names: Iterable[bytes]) -> None:
    """Delete keys."""
    for some in _batches(names):
        await redis.run(*(("DEL", name) for name in some))


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while some := list(islice(left, _AT_ONCE)):
        yield some


def _by_place(names: Iterable[bytes]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for name in names:
        place, _ = _divided(name)
        if place is not None:
            found.setdefault(place, []).append(name)
    return found


async def _names(redis: Connection) -> list[bytes]:
    found: set[bytes] = set()
    cursor: bytes | int = 0
    while True:
        ((cursor, some),) = await redis.run(
            ("SCAN", cursor, "MATCH", f"{keys.PREFIX}*", "COUNT", _SCANNED)
        )
        found.update(some)
        if int(cursor) == 0:
            return sorted(found)


async def _read(redis: Connection, names: Iterable[bytes]) -> tuple[Key, ...]:
    return tuple([key for some in _batches(names) for key in await _batch(redis, some)])


async def _batch(redis: Connection, names: Sequence[bytes]) -> Iterator[Key]:
    kinds: list[bytes] = await redis.run(*(("TYPE", name) for name in names))
    found = [(name, kind.decode()) for name, kind in zip(names, kinds, strict=True)]
    unread = [
        Key(name, part, kind, ()) for name, kind in found if (part := part_of(name)) in _UNREAD
    ]
    known = [(name, kind) for name, kind in found if kind in _READ and part_of(name) not in _UNREAD]
    if not known:
        return iter(unread)
    commands: list[Command] = []
    for name, kind in known:
        command, *rest = _READ[kind]
        commands.append((command, name, *rest))
    values = await redis.run(*commands)
    read = (
        Key(name, part_of(name), kind, tuple(_items(kind, value)))
        for (name, kind), value in zip(known, values, strict=True)
    )
    return chain(unread, read)


def _items(kind: str, value: Any) -> Iterator[Item]:
    if kind == "hash":
        yield from (Item(name, stored) for name, stored in value.items())
    elif kind != "string":
        yield from (Item(b"", member) for member in value)
    elif value is not None:
        yield Item(b"", value)


def _divided(name: bytes) -> tuple[str | None, str]:
    """The place of a key, and the rest of its name."""
    rest = name.removeprefix(keys.PREFIX.encode())
    if not rest.startswith(b"{"):
        return None, rest.decode("ascii", "replace")
    tag, _, part = rest[1:].partition(b"}")
    return keys.decode(tag), part.removeprefix(b":").decode("ascii", "replace")
