"""Characters, lorebooks and personas in the store: everything of a library has one hash tag."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar, cast

from bot.conversation.library import (
    MAX_BYTES,
    MAX_CHARACTERS,
    MAX_WORLDS,
    Character,
    Persona,
    World,
)
from bot.store import library_scripts
from bot.store.connection import Connection, call
from bot.store.keys import LibraryKeys, decoded, encoded

log = logging.getLogger(__name__)

T = TypeVar("T")
Record = dict[str, Any]

UNUSED_DAYS = 90
"""For how long a file that no record names is kept after its last use: a story may still use it."""

_UNUSED_SECONDS = UNUSED_DAYS * 86_400
_CHARACTER, _WORLD = 1, 2
# What the key and the field of the hash tell already.
_ELSEWHERE = ("id", "library")


def digest_of(blob: bytes) -> str:
    """The name under which a blob is kept: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(blob).hexdigest()


class LibraryRecords:
    """The part of the store that is about libraries; each method is one round trip."""

    _redis: Connection

    async def characters(self, library: str) -> Sequence[Character]:
        """All characters of a library, by name."""
        return (await self.characters_of([library]))[library]

    async def characters_of(self, libraries: Sequence[str]) -> Mapping[str, Sequence[Character]]:
        """All characters of several libraries, by name."""
        stored = await self._redis.run(
            *(("HGETALL", LibraryKeys.of(library).characters) for library in libraries)
        )
        return {
            library: _in_order(_read_all(some, library, _character))
            for library, some in zip(libraries, stored, strict=True)
        }

    async def character(self, library: str, character: str) -> Character | None:
        """One character by its id."""
        (stored,) = await self._redis.run(
            ("HGET", LibraryKeys.of(library).characters, encoded(character))
        )
        return None if stored is None else _read(stored, library, character, _character)

    async def save_character(
        self, character: Character, card: bytes | None = None, picture: bytes | None = None
    ) -> bool:
        """Save a character, with its card and its picture if they are new.

        Returns False, and changes nothing, if the library has `MAX_CHARACTERS` others, or would
        hold more than `MAX_BYTES`.
        """
        return await self._save(_CHARACTER, MAX_CHARACTERS, character, card, picture)

    async def delete_character(self, library: str, character: str) -> bool:
        """Forget a character; returns whether there was one.

        Its card and picture go too, but not under a story that is told with them (`UNUSED_DAYS`).
        """
        return await self._delete(_CHARACTER, library, character)

    async def blob(self, library: str, digest: str) -> bytes | None:
        """A card, a lorebook or a picture, by the digest under which it was saved."""
        (stored,) = await self._redis.run(
            call(library_scripts.BLOB, LibraryKeys.of(library).scripted, int(time.time()), digest)
        )
        return None if stored is None else bytes(stored)

    async def worlds(self, library: str) -> Sequence[World]:
        """All lorebooks of a library, by name."""
        (stored,) = await self._redis.run(("HGETALL", LibraryKeys.of(library).worlds))
        return _in_order(_read_all(stored, library, _world))

    async def save_world(self, world: World, book: bytes | None = None) -> bool:
        """Save a lorebook; False, and nothing is changed, if there is no room (`MAX_WORLDS`)."""
        return await self._save(_WORLD, MAX_WORLDS, world, book)

    async def delete_world(self, library: str, world: str) -> bool:
        """Forget a lorebook; returns whether there was one. Its text goes as that of a card."""
        return await self._delete(_WORLD, library, world)

    async def personas(self, library: str, people: Sequence[str]) -> Mapping[str, Persona]:
        """The personas that people have set in a server, by person."""
        if not people:
            return {}
        key = LibraryKeys.of(library).personas
        (stored,) = await self._redis.run(("HMGET", key, *map(encoded, people)))
        read = {
            person: _read(raw, library, person, _persona)
            for person, raw in zip(people, stored, strict=True)
            if raw is not None
        }
        return {person: persona for person, persona in read.items() if persona is not None}

    async def set_persona(self, library: str, person: str, persona: Persona | None) -> None:
        """Keep a person's persona, None to forget it."""
        key = LibraryKeys.of(library).personas
        field = encoded(person)
        await self._redis.run(
            ("HDEL", key, field)
            if persona is None
            else ("HSET", key, field, _dump({"owner": person, **asdict(persona)}))
        )

    async def _save(
        self, kind: int, most: int, one: Character | World, *blobs: bytes | None
    ) -> bool:
        files = (part for blob in blobs if blob is not None for part in (digest_of(blob), blob))
        record = {name: value for name, value in asdict(one).items() if name not in _ELSEWHERE}
        (saved,) = await self._redis.run(
            call(
                library_scripts.SAVE,
                LibraryKeys.of(one.library).scripted,
                kind,
                most,
                MAX_BYTES,
                int(time.time()),
                _UNUSED_SECONDS,
                encoded(one.id),
                _dump(record),
                *files,
            )
        )
        return saved == 1

    async def _delete(self, kind: int, library: str, name: str) -> bool:
        (there,) = await self._redis.run(
            call(
                library_scripts.DELETE,
                LibraryKeys.of(library).scripted,
                kind,
                int(time.time()),
                _UNUSED_SECONDS,
                encoded(name),
            )
        )
        return there == 1


def _dump(record: Record) -> bytes:
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _in_order(found: Sequence[T]) -> Sequence[T]:
    """By name, and for those of one name by id, so that a list is the same each time."""
    named = cast("Sequence[Character]", found)
    order = sorted(range(len(named)), key=lambda n: (named[n].name.casefold(), named[n].id))
    return [found[n] for n in order]


def _read_all(
    stored: Mapping[bytes, bytes], library: str, parse: Callable[[Record, str, str], T]
) -> list[T]:
    read = (_read(raw, library, decoded(name), parse) for name, raw in stored.items())
    return [one for one in read if one is not None]


def _read(
    stored: bytes, library: str, name: str, parse: Callable[[Record, str, str], T]
) -> T | None:
    """A record, or None if it is damaged."""
    try:
        data: object = json.loads(stored.decode("utf-8", "surrogatepass"))
        if not isinstance(data, dict):
            raise ValueError("not a JSON object")
        return parse(cast(Record, data), library, name)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("a record of the library %s is damaged and left out: %s", library, error)
        return None


def _character(data: Record, library: str, name: str) -> Character:
    tags: object = data.get("tags")
    return Character(
        id=name,
        library=library,
        name=str(data["name"]),
        owner=str(data["owner"]),
        card=str(data["card"]),
        picture=str(data.get("picture", "")),
        visibility="private" if data.get("visibility") == "private" else "server",
        adult=data.get("adult") is True,
        talkativeness=float(data.get("talkativeness", 0.5)),
        tags=tuple(map(str, cast(list[Any], tags))) if isinstance(tags, list) else (),
        created=float(data.get("created", 0.0)),
        updated=float(data.get("updated", 0.0)),
    )


def _world(data: Record, library: str, name: str) -> World:
    return World(
        id=name,
        library=library,
        name=str(data["name"]),
        owner=str(data["owner"]),
        book=str(data["book"]),
        entries=int(data.get("entries", 0)),
    )


def _persona(data: Record, _: str, __: str) -> Persona:
    return Persona(str(data.get("name", "")), str(data.get("text", "")))
