"""What was said, changed afterwards: edits, deletions, what is taken back and brought again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.conversation.revising import RESTORE_SECONDS, Edited, Where
from bot.conversation.turns import Summary, Turn
from bot.store import keys, records, revision_scripts
from bot.store.connection import Connection, call
from bot.store.keys import ConversationKeys, encoded
from bot.store.script import Script

TOLD_BY_TURNS = (
    "start",
    "cut",
    "base_tokens",
    "usage",
    "engine",
    "recap",
    "timers",
    "language",
    "examples",
    "summary",
)
"""The fields of a state that go with the turns."""

# Those that last: what an owner has set up there.
_SET_UP = ("system", "stage", "lent")

# So many of the turns that were cut last may belong to messages of a short absence.
_RECENTLY_CUT = 200

# How the fields of what resets have put aside begin: live, archived, and known by its id alone.
_PUT_ASIDE = (b"t:", b"a:", b"h:")

_WHERE: tuple[Where, ...] = ("unknown", "live", "archived", "taken back")


class RevisionRecords:
    """The part of the store that changes what was said; every method but `clear` one round trip."""

    _redis: Connection
    _seconds: int

    async def edit(self, conversation: str, message: str, text: str) -> Edited:
        """Give a user's turn another text."""
        where, changed, live = await self._script(
            revision_scripts.EDIT, conversation, encoded(message), encoded(text)
        )
        turns = records.read_turns(records.as_hash(live))
        return Edited(_WHERE[int(where)], changed == 1, turns)

    async def remove(self, conversation: str, messages: Sequence[str]) -> tuple[Turn, ...]:
        """Forget the turns that these messages show, wherever they are kept; returns them."""
        found = await self._script(revision_scripts.REMOVE, conversation, *map(encoded, messages))
        return _read(found)

    async def amend(self, conversation: str, before: Turn, turn: Turn) -> bool:
        """Write a turn of the window again, if its text is still that of `before`."""
        done = await self._script(
            revision_scripts.AMEND,
            conversation,
            encoded(turn.id),
            encoded(before.text),
            records.write_turn(turn),
        )
        return done == 1

    async def add(self, conversation: str, turns: Sequence[Turn]) -> None:
        """Put turns into the window."""
        written = (part for turn in turns for part in (encoded(turn.id), records.write_turn(turn)))
        await self._script(revision_scripts.ADD, conversation, *written)

    async def undo(self, conversation: str, turns: Sequence[str]) -> int:
        """Take turns out of the window, as one step that `redo` brings back."""
        return await self._script(
            revision_scripts.UNDO, conversation, RESTORE_SECONDS, *map(encoded, turns)
        )

    async def undone(self, conversation: str) -> tuple[Turn, ...]:
        """The turns that `redo` would bring back."""
        (kept,) = await self._redis.run(("HVALS", ConversationKeys.of(conversation).undone))
        batches = (value.partition(b" ") for value in kept if b" " in value)
        numbered = [(int(batch), turn) for batch, _, turn in batches]
        newest = max((batch for batch, _ in numbered), default=0)
        return _read([turn for batch, turn in numbered if batch == newest])

    async def redo(self, conversation: str) -> tuple[Turn, ...]:
        """Bring back what the newest `undo` took; returns the turns, none if there is nothing."""
        return _read(await self._script(revision_scripts.REDO, conversation))

    async def heard(self, conversation: str, messages: Sequence[str]) -> frozenset[str]:
        """Which messages are known: said, cut, taken back, or forgotten by a recent reset."""
        key = ConversationKeys.of(conversation)
        names = [encoded(message) for message in messages]
        live, undone, before, cut = await self._redis.run(
            ("HMGET", key.turns, *names),
            ("HMGET", key.undone, *names),
            ("HMGET", key.before, *(mark + name for name in names for mark in _PUT_ASIDE)),
            ("ZREVRANGE", key.archive, 0, _RECENTLY_CUT - 1),
        )
        archived = {turn.id for turn in _read(cut)}
        size = len(_PUT_ASIDE)
        aside = (before[at : at + size] for at in range(0, len(before), size))
        return frozenset(
            message
            for message, said, taken, put in zip(messages, live, undone, aside, strict=True)
            if message in archived or any(one is not None for one in (said, taken, *put))
        )

    async def archive(self, conversation: str) -> tuple[Turn, ...]:
        """The turns that were cut from the window, oldest first."""
        (found,) = await self._redis.run(
            ("ZRANGE", ConversationKeys.of(conversation).archive, 0, -1)
        )
        return _read(found)

    async def summarise(self, conversation: str, summary: Summary | None, changes: int) -> bool:
        """Store a summary, None for none; refused if there were other `changes` meanwhile."""
        text = b"" if summary is None else records.write_summary(summary)
        return await self._script(revision_scripts.SUMMARISE, conversation, changes, text) == 1

    async def clear(
        self,
        conversation: str,
        *,
        restorable: bool = False,
        heard: str = "",
        settings: bool = False,
    ) -> int:
        """Forget the turns of a conversation, archived ones too; return how many there were.

        Its system prompt and its stage stay, but with `settings`. `restorable` keeps the turns
        aside for `RESTORE_SECONDS`. For as long the message with the id `heard` stays known to be.
        """
        kept_for = RESTORE_SECONDS if restorable else 0
        fields = (*TOLD_BY_TURNS, *_SET_UP) if settings else TOLD_BY_TURNS
        count, replies = await self._script(revision_scripts.CLEAR, conversation, kept_for, *fields)
        if replies:
            owed = (keys.owed_member(conversation, keys.decoded(reply)) for reply in replies)
            await self._redis.run(("ZREM", keys.OWED, *owed))
        if heard:
            before = ConversationKeys.of(conversation).before
            mark = ("HSET", before, b"h:" + encoded(heard), b"")
            await self._redis.run(mark, ("EXPIRE", before, RESTORE_SECONDS))
        return int(count)

    async def restore(self, conversation: str) -> int:
        """Bring back what a restorable `clear` forgot, or what stood there before a `bring`.

        Returns how many turns that are; 0 if something was said since, or if there was nothing.
        """
        return await self._script(revision_scripts.RESTORE, conversation, *TOLD_BY_TURNS)

    async def _script(self, script: Script, conversation: str, *args: str | bytes | int) -> Any:
        keys_of = ConversationKeys.of(conversation).every
        (answer,) = await self._redis.run(call(script, keys_of, self._seconds, *args))
        return answer


def _read(stored: Sequence[bytes]) -> tuple[Turn, ...]:
    read = (records.read_turn(raw) for raw in stored)
    return tuple(sorted((turn for turn in read if turn), key=lambda turn: (turn.n, turn.id)))
