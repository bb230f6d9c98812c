"""The store of conversations on Redis (the `Store` port). docs/redis.md describes the data."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.conversation.ports import (
    MAX_SCHEMAS,
    MAX_THOUGHTS,
    THOUGHTS_DAYS,
    Counts,
    Spending,
    Tally,
)
from bot.conversation.statistics import Use
from bot.conversation.turns import Pending, Snapshot, State, Turn
from bot.errors import SettingsError
from bot.store import keys, records, scripts
from bot.store.brought import BroughtRecords
from bot.store.config import ConfigRecords
from bot.store.connection import Command, Connection, Revive, call
from bot.store.departures import DepartureRecords
from bot.store.facts import FactRecords, facts_in, read_facts
from bot.store.keys import ConversationKeys, decoded, encoded
from bot.store.library import LibraryRecords
from bot.store.people import PersonRecords
from bot.store.processes import ProcessRecords, changed, new_name
from bot.store.reminders import ReminderRecords
from bot.store.replies import (
    CountRecords,
    counting,
    note_counts,
    note_found,
    reading,
    spending,
)
from bot.store.revisions import RevisionRecords
from bot.store.server import ServerRecords
from bot.store.stages import StageRecords, read_stage
from bot.store.statistics import StatisticsRecords, counting_use
from bot.store.tools import ToolRecords

_DAY = 86_400
_GUILD = "guild"
_SENT_DAYS = 1
_THOUGHTS_SECONDS = THOUGHTS_DAYS * _DAY
_OWED_CHUNK = 500
_TAKEN_OVER = 2  # what a commit answers whose reply another process has taken over
_OWED_GRACE = 60.0  # seconds in which an index entry may be ahead of the reply it points to


class RedisStore(
    RevisionRecords,
    StageRecords,
    ToolRecords,
    FactRecords,
    ReminderRecords,
    PersonRecords,
    BroughtRecords,
    LibraryRecords,
    StatisticsRecords,
    ServerRecords,
    ConfigRecords,
    DepartureRecords,
    ProcessRecords,
    CountRecords,
):
    """Conversations in Redis; what a reply needs is one round trip a method.

    `url` is a Redis URL (`redis://`, `rediss://`, `unix://`); a malformed one is a
    `SettingsError`. A conversation is forgotten `history_days` after the last write to it; of
    its turns that were cut from the window, the newest `archive_turns` are kept. A call takes
    `timeout` seconds at most, reaching the server `connect_timeout` of them. `revive` brings
    back a server that this process may start itself (`EmbeddedValkey.ensure`). `share` is what
    this process does of the work (`bot.conversation.presence.share`), "" for all. All other
    failures are `StoreUnavailable`; the next call after Redis came back works again.
    """

    def __init__(
        self,
        url: str,
        *,
        history_days: int = 30,
        archive_turns: int = 1_000,
        connect_timeout: float = 2.0,
        timeout: float = 5.0,
        max_connections: int = 32,
        revive: Revive | None = None,
        share: str = "",
    ) -> None:
        if history_days < 1 or archive_turns < 1:
            raise SettingsError("history days and archived turns are whole numbers from 1 on")
        self.process = new_name(share)
        self._seconds = history_days * _DAY
        self._keeps: dict[str, int] = {}
        self._archive_turns = archive_turns
        self._redis = Connection(
            url,
            connect_timeout=connect_timeout,
            timeout=timeout,
            max_connections=max_connections,
            revive=revive,
        )

    async def load(
        self, conversation: str, facts_of: Sequence[str] = (), counts: Counts | None = None
    ) -> Snapshot:
        """Read turns, state and owed replies in one round trip, with the facts of some owners.

        What is asked in `counts` is filled in by the way.
        """
        kept = ConversationKeys.of(conversation).kept
        # A script and no transaction: facts are other keys, which may be on other nodes.
        (found, *more) = await self._redis.run(
            call(scripts.LOAD, kept),
            *(read_facts(owner) for owner in facts_of),
            *reading(counts),
        )
        facts, counted = more[: len(facts_of)], more[len(facts_of) :]
        note_found(counts, counted)
        *fields, archived = found
        turns, state, pending = (records.as_hash(some) for some in fields)
        if not (turns or archived):
            state.pop(b"summary", None)  # What it tells of has expired.
        return Snapshot(
            records.read_turns(turns),
            records.read_state(state),
            records.read_pending(pending),
            records.read_summary(state),
            records.read_changes(state),
            {owner: facts_in(some) for owner, some in zip(facts_of, facts, strict=True)},
            read_stage(state),
        )

    async def journal(
        self,
        conversation: str,
        turns: Sequence[Turn],
        pending: Pending,
        tally: Tally | None = None,
    ) -> bool:
        """Write the user's turns and the owed reply in one round trip, all or nothing.

        Returns False, and changes nothing, if the reply is owed or written already, or if one of
        `turns` is there: the same message came twice, or another process has it.
        """
        own = replace(pending, by=self.process)
        entry = records.write_pending(own, nonce=secrets.token_hex(8))
        written = (part for turn in turns for part in (encoded(turn.id), records.write_turn(turn)))
        # The index goes first: should the server die in between, it points to nothing, which
        # `owed` mends; the other way round, nobody would find the reply after a restart.
        server = pending.origin.get(_GUILD, "")
        keeping = self._keep(conversation, server)
        answers = await self._redis.run(
            *keeping,
            # Before the entry: who is named in one is known to live.
            self._alive(),
            ("ZADD", keys.ACTIVE, time.time(), keys.encode(conversation)),
            ("ZADD", keys.OWED, "NX", pending.since, keys.owed_member(conversation, pending.reply)),
            call(
                scripts.JOURNAL,
                ConversationKeys.of(conversation).every,
                self._seconds,
                encoded(pending.reply),
                entry,
                *written,
            ),
            *counting(tally, pending.reply),
        )
        kept, (sign, _, _, fresh, *counted) = answers[: len(keeping)], answers[len(keeping) :]
        self._note_sign(sign)
        note_counts(tally, counted)
        await self._kept_right(conversation, server, kept[-1] if kept else None)
        return fresh == 1

    async def commit(
        self,
        conversation: str,
        reply: str,
        turn: Turn | None,
        state: State,
        *,
        counted: Sequence[Turn] = (),
        dropped: Sequence[str] = (),
        replaced: str = "",
        prompt: str | None = None,
        thoughts: str = "",
        use: Use | None = None,
        spent: Spending | None = None,
    ) -> bool:
        """Settle a reply in one round trip.

        Writes `turn`, in place of the turn with the id `replaced`; gives the turns in `counted`
        their token counts, unless their text is another one by now; moves the turns with the ids
        in `dropped` to the archive, stores `state` and `prompt` (None keeps the one of an earlier
        reply), and removes `reply` from the journal. `thoughts` are kept in a key of their own,
        `use` is counted for its server, `spent` for whom it names.
        Doing it again changes nothing. Returns False, and changes nothing, if the reply is neither
        owed nor written: it was forgotten; if somebody's words were erased here since it was begun;
        and if another process has taken it over.
        """
        key = ConversationKeys.of(conversation)
        now = time.time()
        settle = call(
            scripts.COMMIT,
            key.every,
            self._seconds,
            self._archive_turns,
            self.process,
            encoded(reply),
            b"" if turn is None else records.write_turn(turn),
            encoded(replaced),
            _SENT_DAYS * _DAY,
            b"" if prompt is None else records.write_prompt(prompt),
            len(counted),
            *(
                part
                for one in counted
                for part in (encoded(one.id), encoded(one.text), records.write_turn(one))
            ),
            len(dropped),
            *map(encoded, dropped),
            *_state_fields(state),
        )
        settled, _, quiet, *_ = await self._redis.run(
            settle,
            ("ZREM", keys.OWED, keys.owed_member(conversation, reply)),
            self._quiet(now),
            *(_keep_thoughts(key.thoughts, now, reply, thoughts) if thoughts else ()),
            *counting_use(use, reply),
            *spending(spent, reply),
        )
        if settled == _TAKEN_OVER:
            # It is still owed, by whoever has it now.
            member = keys.owed_member(conversation, reply)
            await self._redis.run(("ZADD", keys.OWED, "NX", now, member))
        elif not settled and thoughts:
            await self._redis.run(("DEL", key.thoughts))
        await self._fade(quiet)
        return settled == 1

    async def save_state(self, conversation: str, state: State) -> None:
        """Store a changed state."""
        key = ConversationKeys.of(conversation)
        await self._redis.run(
            call(scripts.SAVE_STATE, key.kept, self._seconds, *_state_fields(state))
        )

    async def last_prompt(self, conversation: str) -> str | None:
        """The exact prompt of the newest reply, if it is still kept (one day)."""
        (sent,) = await self._redis.run(("GET", ConversationKeys.of(conversation).sent))
        return None if sent is None else records.read_prompt(sent)

    async def thoughts(self, conversation: str) -> Mapping[str, str]:
        """What was thought before replies of the last day, by reply."""
        key = ConversationKeys.of(conversation).thoughts
        since = time.time() - _THOUGHTS_SECONDS
        (stored,) = await self._redis.run(("ZRANGEBYSCORE", key, since, "+inf"))
        read = map(records.read_thoughts, stored)
        return dict(found for found in read if found is not None)

    async def owed(self) -> Sequence[tuple[str, Pending]]:
        """All replies that are owed, as (conversation, entry), oldest first."""
        (members,) = await self._redis.run(("ZRANGE", keys.OWED, 0, -1))
        found: list[tuple[str, Pending]] = []
        stale: list[bytes] = []
        for start in range(0, len(members), _OWED_CHUNK):
            chunk: list[bytes] = members[start : start + _OWED_CHUNK]
            for member, entry in zip(chunk, await self._entries(chunk), strict=True):
                if entry is None:
                    stale.append(member)
                    continue
                conversation, reply = keys.split_owed_member(member)
                read = records.read_pending({reply.encode("utf-8", "replace"): entry})
                found += ((conversation, pending) for pending in read)
        await self._unlist(stale)
        return found

    async def always_on(self) -> frozenset[str]:
        """The conversations in which every message is answered."""
        (members,) = await self._redis.run(("SMEMBERS", keys.ALWAYS_ON))
        return frozenset(map(keys.decode, members))

    async def set_always_on(self, conversation: str, on: bool) -> None:
        """Switch a conversation between answering everything and only when addressed."""
        await self._redis.run(
            ("SADD" if on else "SREM", keys.ALWAYS_ON, keys.encode(conversation)),
            *changed("always-on"),
        )

    async def engines(self) -> Mapping[str, str]:
        """The engines that were chosen, by place."""
        (chosen,) = await self._redis.run(("HGETALL", keys.ENGINES))
        return {keys.decode(place): decoded(engine) for place, engine in chosen.items()}

    async def set_engine(self, place: str, engine: str | None) -> None:
        """Choose an engine for a place, or take the choice back."""
        field = keys.encode(place)
        await self._redis.run(
            ("HDEL", keys.ENGINES, field)
            if engine is None
            else ("HSET", keys.ENGINES, field, encoded(engine)),
            *changed("engines"),
        )

    async def schema_names(self, owner: str) -> Sequence[str]:
        """The names of the schemas that an owner (a server, or a person) has saved, in order."""
        (names,) = await self._redis.run(("HKEYS", keys.schemas(owner)))
        return sorted(map(decoded, names))

    async def schema(self, owner: str, name: str) -> str | None:
        """A saved schema as it was written, None if there is none of that name."""
        (stored,) = await self._redis.run(("HGET", keys.schemas(owner), encoded(name)))
        return None if stored is None else records.read_schema(stored)

    async def save_schema(self, owner: str, name: str, text: str) -> bool:
        """Save a schema; returns False, and changes nothing, if there are too many others."""
        record = records.write_schema(text, time.time())
        (saved,) = await self._redis.run(
            call(scripts.SAVE_SCHEMA, (keys.schemas(owner),), MAX_SCHEMAS, encoded(name), record)
        )
        return saved == 1

    async def delete_schema(self, owner: str, name: str) -> bool:
        """Forget a saved schema; returns whether there was one."""
        (removed,) = await self._redis.run(("HDEL", keys.schemas(owner), encoded(name)))
        return removed == 1

    async def active(self, since: float) -> Sequence[str]:
        """Conversations with a question since a Unix time, newest first."""
        (members,) = await self._redis.run(("ZREVRANGEBYSCORE", keys.ACTIVE, "+inf", since))
        return [keys.decode(member) for member in members]

    async def last_heard(self) -> float | None:
        """Until when a bot process heard all messages, by the front's clock (Unix time)."""
        (stored,) = await self._redis.run(("GET", keys.HEARD))
        try:
            return None if stored is None else float(stored)
        except ValueError:
            return None

    async def say_heard(self, until: float) -> None:
        """Note that all messages until the Unix time `until` were heard."""
        await self._redis.run(("SET", keys.HEARD, until))

    async def ping(self) -> None:
        """Return if the store answers."""
        await self._redis.run(("PING",))

    async def aclose(self) -> None:
        """Give back connections."""
        await self._redis.aclose()

    async def _entries(self, members: Sequence[bytes]) -> list[bytes | None]:
        places = [keys.split_owed_member(member) for member in members]
        return await self._redis.run(
            *(
                ("HGET", ConversationKeys.of(place).pending, encoded(reply))
                for place, reply in places
            )
        )

    async def _unlist(self, members: Sequence[bytes]) -> None:
        """Take index entries away that point to nothing, unless they are only just being made."""
        if not members:
            return
        scores = await self._redis.run(*(("ZSCORE", keys.OWED, member) for member in members))
        settled = time.time() - _OWED_GRACE
        old = [m for m, score in zip(members, scores, strict=True) if float(score or 0) < settled]
        if old:
            await self._redis.run(("ZREM", keys.OWED, *old))


def _keep_thoughts(key: str, now: float, reply: str, text: str) -> tuple[Command, ...]:
    """Keep what was thought, for a time; older thoughts go, whether or not the talk goes on."""
    return (
        ("ZADD", key, now, records.write_thoughts(reply, text)),
        ("ZREMRANGEBYSCORE", key, "-inf", now - _THOUGHTS_SECONDS),
        ("ZREMRANGEBYRANK", key, 0, -MAX_THOUGHTS - 1),
        ("EXPIRE", key, _THOUGHTS_SECONDS),
    )


def _state_fields(state: State) -> tuple[str | bytes, ...]:
    return tuple(part for pair in records.write_state(state).items() for part in pair)
