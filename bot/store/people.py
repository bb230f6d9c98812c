"""What is kept about one person, wherever it is: told as data, and erased.

Nothing here is a list of keys that could fall behind: the whole database is read, records tell by
their own fields whose they are, and what remains is searched for the person's id and words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from bot.conversation.people import Held
from bot.store import keys, library_scripts, people_scripts, records, survey
from bot.store.connection import Connection, call
from bot.store.keys import ConversationKeys, LibraryKeys
from bot.store.processes import changed
from bot.store.stages import STAGE, without_brought
from bot.store.survey import Change, Item, Key, Place
from bot.store.traces import (
    Person,
    Record,
    answered_for,
    is_alone,
    is_answer_to,
    is_brought_turn,
    is_turn,
    parsed,
    written,
)

# A pass that changes nothing is the last one. More than two are only needed while others write.
_MOST_PASSES = 6

_REMINDERS = "reminders"
# Copies of the exact prompt, and what was thought: made of everybody's words in a conversation.
_MIXED = ("sent", "thoughts")
_SUMMARY = b"summary"
# The window and what was cut from it are one run of turns; every copy is one for itself.
_WINDOW = ("turns", "archive")
# Whose keys' records have a list of their own; a file that nobody uses any more is none to tell.
_KEPT_AS = {
    "facts": "facts",
    "tool-log": "tool_calls",
    "characters": "characters",
    "worlds": "lorebooks",
    "personas": "personas",
    "unused": "",
}
# What stories name by its id.
_BROUGHT = ("characters", "worlds")
# What names the files of a library.
_NAMES_FILES = ("characters", "worlds", "unused")


@dataclass(slots=True)
class _Here:
    """What was found in one place: theirs wholly, or some turns and other records by their ids."""

    wholly: bool = False
    took_part: bool = False
    ids: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class _Search:
    """One person, and where they were met."""

    person: Person
    own: frozenset[str]
    places: dict[str, _Here] = field(default_factory=dict[str, _Here])
    owed: set[str] = field(default_factory=set[str])
    brought: set[str] = field(default_factory=set[str])
    held: Held = field(default_factory=Held)

    def here(self, place: str | None) -> _Here:
        """What was found in a place."""
        return self.places.setdefault(place or "", _Here())

    def is_own(self, place: str) -> bool:
        """Whether a place is theirs alone."""
        known = self.places.get(place)
        return place in self.own or self.person.named_in(place) or bool(known and known.wholly)


class PersonRecords:
    """The part of the store that is about people."""

    _redis: Connection
    _seconds: int

    async def about(self, person: str, own: Sequence[str] = (), *, files: bool = False) -> Held:
        """All that is kept of a person and their talks; `own` are conversations of theirs alone.

        With `files` what they brought into libraries is there as a whole: cards and lorebooks have
        their JSON in the place of its digest, and there are the pictures.
        """
        search = _Search(Person(person), frozenset(own))
        await self._find(search)
        if files:
            await self._add_files(search.held)
        return search.held

    async def erase(self, person: str, own: Sequence[str] = ()) -> Held:
        """Erase all that is kept about a person; returns what there was.

        What is written meanwhile is looked for again, until nothing more is found. Conversations
        are marked, so that no reply that was begun before can bring anything back.
        """
        search = _Search(Person(person), frozenset(own))
        first: Held | None = None
        for _ in range(_MOST_PASSES):
            search.held = Held()
            await self._find(search)
            first = first or search.held
            if not await self._sweep(search):
                break
        return first or search.held

    async def opted_out(self) -> frozenset[str]:
        """The marks of those who want to be left alone."""
        (members,) = await self._redis.run(("SMEMBERS", keys.OPTED_OUT))
        return frozenset(map(keys.decode, members))

    async def set_opted_out(self, mark: str, out: bool) -> None:
        """Add or remove somebody's mark."""
        await self._redis.run(
            ("SADD" if out else "SREM", keys.OPTED_OUT, keys.encode(mark)), *changed("opted-out")
        )

    async def _find(self, search: _Search) -> None:
        async for place in survey.places(self._redis):
            known = search.is_own(place.name or "") or (place.name or "") in search.places
            if known or _mentions(search.person, place):
                _note(search, place)

    async def _sweep(self, search: _Search) -> int:
        """One pass over everything; returns how much there was to change."""
        tried = 0
        async for place in survey.places(self._redis):
            whole = [key.name for key in place.keys if _goes_wholly(search, place, key)]
            await survey.delete(self._redis, whole)
            here = len(whole)
            for key in place.keys:
                if key.name not in whole and (changes := list(_changes(search, place, key))):
                    _note_settled(search, place, key, changes)
                    await survey.change(self._redis, key.name, changes)
                    here += len(changes)
            if here and _is_shared_talk(search, place):
                await self._mark(place.name or "")
            if here and any(key.part in _NAMES_FILES for key in place.keys):
                library = LibraryKeys.of(place.name or "").scripted
                await self._redis.run(call(library_scripts.TIDY, library))
            tried += here
        return tried

    async def _add_files(self, held: Held) -> None:
        """Put in the files that records of libraries name; one that is lost leaves its name."""
        for name, records_of_it in (("card", held.characters), ("book", held.lorebooks)):
            for record in records_of_it:
                blob = await self._blob(record, name)
                record[name] = (parsed(blob) if blob else None) or record.get(name)
        for record in held.characters:
            if blob := await self._blob(record, "picture"):
                held.pictures[str(record["picture"])] = blob

    async def _blob(self, record: Record, name: str) -> bytes | None:
        blobs = LibraryKeys.of(str(record["place"])).blobs
        (blob,) = await self._redis.run(("HGET", blobs, str(record.get(name, ""))))
        return blob

    async def _mark(self, conversation: str) -> None:
        """Let replies that were begun before the erasure be told from later ones."""
        kept = ConversationKeys.of(conversation).kept
        await self._redis.run(call(people_scripts.MARK_ERASED, kept, self._seconds))


# ---------------------------------------------------------------------- finding


def _mentions(person: Person, place: Place) -> bool:
    """Whether it is worth to look closer: the id stands somewhere."""
    wanted = person.id.encode()
    return any(
        wanted in key.name or any(wanted in item.value or wanted in item.name for item in key.items)
        for key in place.keys
    )


def _note(search: _Search, place: Place) -> None:
    """Remember what is theirs in a place, and their words."""
    here, person = search.here(place.name), search.person
    runs = list(_runs(place))
    every = [turn for run in runs for turn in run]
    here.took_part = here.took_part or any(map(person.owns, every))
    here.wholly = here.wholly or is_alone(person, every)
    asked = [turn for turn in every if turn["role"] == "user"]
    theirs = here.ids | {str(turn["id"]) for turn in asked if person.owns(turn)}
    others = {str(turn["id"]) for turn in asked} - theirs
    for run in runs:
        here.ids |= answered_for(
            person, run, theirs=theirs, others=others, took_part=here.took_part
        )
    if place.name is not None and (turns := _without_copies(every, here.ids)):
        search.held.conversations[place.name] = turns
    for key in place.keys:
        for item in key.items:
            _note_record(search, place, key, item)


def _note_record(search: _Search, place: Place, key: Key, item: Item) -> None:
    person, held, record = search.person, search.held, parsed(item.value)
    if is_turn(record):
        _learn(person, cast(Record, record))
        return
    if isinstance(record, list):
        for turn in filter(is_turn, cast(list[Any], record)):
            _learn(person, turn)
        return
    if key.part == "schemas" and search.is_own(place.name or ""):
        stored = cast(Record, record) if isinstance(record, dict) else {}
        text = str(stored.get("text", ""))
        person.words.add(text)
        held.schemas[item.name.decode("utf-8", "replace")] = text
    elif key.part == "state" and item.name == b"system" and search.is_own(place.name or ""):
        if isinstance(record, str):
            person.words.add(record)
            held.system_prompts[place.name or ""] = record
    elif key.part == "pending":
        owed = cast(Record, record) if isinstance(record, dict) else {}
        if person.owns(owed) or is_answer_to(owed, search.here(place.name).ids):
            search.here(place.name).ids.add(str(owed.get("reply", "")))
    elif person.owns(record):
        owned = cast(Record, record)
        person.words.add(str(owned.get("text", "")))
        if place.name == _REMINDERS:
            search.here(place.name).ids.add(str(owned.get("id", "")))
            held.reminders.append(owned)
        elif (kept := _KEPT_AS.get(key.part)) is not None:
            if key.part in _BROUGHT:
                search.brought.add(_text(item.name))
            elif key.part == "unused":
                # Deleted, but a story may still be told with it.
                search.brought.add(f"{place.name} {_text(item.name)}")
            if kept:
                getattr(held, kept).append({"place": place.name, **owned})
        else:
            held.other.append({"key": key.part, **owned})


def _learn(person: Person, turn: Record) -> None:
    # What somebody brought out of a file goes with them, but may be the words of anybody.
    if person.owns(turn) and not is_brought_turn(turn):
        person.words.add(str(turn.get("text", "")))


def _without_copies(turns: Iterable[Record], ids: set[str]) -> list[Record]:
    """The chosen turns, each once and in order."""
    chosen = {str(turn["id"]): turn for turn in turns if str(turn["id"]) in ids}
    return sorted(chosen.values(), key=lambda turn: (turn["n"], str(turn["id"])))


def _runs(place: Place) -> Iterator[list[Record]]:
    """Turns that follow each other: the window with its archive, and every copy for itself."""
    together: dict[str, list[Record]] = {}
    for key in place.keys:
        family = "" if key.part in _WINDOW else key.part.partition(":")[0]
        run = together.setdefault(family, [])
        for item in key.items:
            record = parsed(item.value)
            if is_turn(record):
                run.append(cast(Record, record))
            elif isinstance(record, list):
                yield [turn for turn in cast(list[Any], record) if is_turn(turn)]
    yield from together.values()


# ---------------------------------------------------------------------- erasing


def _is_shared_talk(search: _Search, place: Place) -> bool:
    """Whether a place is a conversation in which others may be talking right now."""
    if place.name is None or search.is_own(place.name):
        return False
    return any(key.part in ("turns", "archive", "pending", "state") for key in place.keys)


def _goes_wholly(search: _Search, place: Place, key: Key) -> bool:
    if search.person.named_in(keys.decode(key.name)):
        return True
    if place.name is None:
        return False
    here = search.places.get(place.name)
    if search.is_own(place.name):
        return True
    if key.part not in _MIXED:
        return False
    return bool(here and here.took_part) or any(_shows(search.person, i) for i in key.items)


def _shows(person: Person, item: Item) -> bool:
    """Whether the id or the words stand in a value that may be compressed."""
    text = records.read_prompt(item.value) if item.value[:1] == b"\x78" else None
    return person.shows_in(text if text is not None else item.value.decode("utf-8", "replace"))


def _changes(search: _Search, place: Place, key: Key) -> Iterator[Change]:
    """What has to change in a key that stays."""
    here = search.places.get(place.name or "") or _Here()
    for item in key.items:
        field = item.name.rpartition(b":")[2]
        told = place.name is not None and here.took_part and field.startswith(_SUMMARY)
        points = place.name is None and _points_there(search, item)
        if told or points or _text(item.name or item.value) in here.ids:
            yield Change(item)
        else:
            yield from _cleaned(search, key, item, here)


def _note_settled(search: _Search, place: Place, key: Key, changes: Iterable[Change]) -> None:
    """Remember which replies are owed no more, for their index."""
    if key.part == "pending" and place.name is not None:
        gone = (_text(one.item.name) for one in changes if one.value is None)
        search.owed |= {keys.owed_member(place.name, reply) for reply in gone}


def _points_there(search: _Search, item: Item) -> bool:
    """Whether an entry names a place of theirs, or a reply that is not owed any more."""
    for name in filter(None, (item.name, item.value)):
        conversation, reply = keys.split_owed_member(name)
        if search.is_own(conversation) or (
            reply and name.decode("ascii", "replace") in search.owed
        ):
            return True
    return False


def _cleaned(search: _Search, key: Key, item: Item, here: _Here) -> Iterator[Change]:
    person, record = search.person, parsed(item.value)
    if record is None:
        text = item.value.decode("utf-8", "replace")
        if person.shows_in(text) or person.named_in(item.name.decode("utf-8", "replace")):
            yield Change(item)
        return
    if _goes(person, record, here) or person.named_in(keys.decode(item.name)):
        yield Change(item)
        return
    left = without_brought(record, search.brought) if item.name == STAGE else record
    kept = _kept(person, left, here)
    if kept == record:
        return
    # What another tool call says about them is nothing that its asker has to keep.
    whole = kept in ([], None) or key.part == "tool-log" or key.kind == "string"
    yield Change(item, None if whole else written(kept, item.value))


def _text(stored: bytes) -> str:
    """An id as it was before it was stored; what never was an id comes out as something else."""
    try:
        return stored.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return stored.decode("utf-8", "replace")


def _goes(person: Person, record: object, here: _Here) -> bool:
    if not isinstance(record, dict):
        return False
    fields = cast(Record, record)
    if person.owns(fields) or is_answer_to(fields, here.ids):
        return True
    return is_turn(fields) and str(fields["id"]) in here.ids


def _kept(person: Person, record: object, here: _Here) -> object:
    """What stays of a record: of a list of turns those of others, of everything nothing of them."""
    if not isinstance(record, list):
        return person.without(record)
    items = cast(list[object], record)
    return [person.without(item) for item in items if not _goes(person, item, here)]
