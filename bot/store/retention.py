"""How long single servers want their conversations kept: at most as long as all others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.store import keys, people_scripts, survey
from bot.store.connection import Command, Connection, call
from bot.store.keys import ConversationKeys, LibraryKeys

_DAY = 86_400
_FADED_AT_ONCE = 100
# Keys of a conversation's hash tag that are not part of what was said, or live shorter anyway.
_APART = ("facts", "schemas", "tool-log", "tool-calls", "sent", *LibraryKeys.__slots__)


class RetentionRecords:
    """The part of the store that is about retention.

    What a server wants is known from the last question that was asked there, and read again with
    each: a change by another process holds from the next one on, and nothing has to be polled.
    """

    _redis: Connection
    _seconds: int
    _keeps: dict[str, int]

    async def retention(self, server: str) -> int | None:
        """For how many days a server wants its conversations kept; None: as long as others."""
        (days,) = await self._redis.run(("HGET", keys.RETENTION, keys.encode(server)))
        return int(days) if days else None

    async def set_retention(
        self, server: str, days: int | None, conversations: Iterable[str] = ()
    ) -> int:
        """Keep a server's conversations for `days` after their last write, None for no own limit.

        Holds at once for all conversations that are known to be the server's, and for
        `conversations` with what belongs to them. Returns how many of them were old enough to go.
        """
        field = keys.encode(server)
        await self._redis.run(
            ("HDEL", keys.RETENTION, field)
            if days is None
            else ("HSET", keys.RETENTION, field, days)
        )
        self._keeps[server] = seconds = (days or 0) * _DAY
        gone = 0
        for place, names in (await survey.tagged(self._redis)).items():
            if await self._is_in(place, server, frozenset(conversations)):
                gone += await self._shorten(place, names, seconds or self._seconds)
        return gone

    async def _is_in(self, place: str, server: str, conversations: frozenset[str]) -> bool:
        (known,) = await self._redis.run(("HGET", ConversationKeys.of(place).state, "server"))
        # A private talk in a channel is called like the channel, and its person.
        channel = ":".join(place.split(":")[:2])
        return known == server.encode() or channel in conversations

    async def _shorten(self, place: str, names: Iterable[bytes], seconds: int) -> int:
        kept = ConversationKeys.of(place).kept
        every = {name.decode("ascii"): survey.part_of(name) for name in names}
        copies = [n for n, part in every.items() if n not in kept and not part.startswith(_APART)]
        (gone,) = await self._redis.run(
            call(
                people_scripts.SHORTEN, (*kept, *copies), self._seconds, min(seconds, self._seconds)
            )
        )
        return int(gone)

    def _quiet(self, now: float) -> Command:
        """What finds conversations that have been quiet for too long, for `_fade`."""
        until = now - self._seconds
        limit = ("WITHSCORES", "LIMIT", 0, _FADED_AT_ONCE)
        return ("ZRANGEBYSCORE", keys.ACTIVE, "-inf", until, *limit)

    async def _fade(self, quiet: Sequence[bytes]) -> None:
        """Let what does not expire by itself go with the rest: the summary in a state that stays.

        `quiet` are conversations with the times of their last questions, in turn.
        """
        if quiet:
            every = (ConversationKeys.of(keys.decode(name)).kept for name in quiet[::2])
            await self._redis.run(
                *(call(people_scripts.FADE, kept) for kept in every),
                ("ZREMRANGEBYSCORE", keys.ACTIVE, "-inf", quiet[-1]),
            )

    def _keep(self, conversation: str, server: str) -> list[Command]:
        """What goes along with a question, so that all that is written about it knows its time."""
        if not server:
            return []
        kept = ConversationKeys.of(conversation).kept
        seconds = self._keeps.get(server, 0)
        return [
            call(people_scripts.KEEP, kept, self._seconds, server, seconds),
            ("HGET", keys.RETENTION, keys.encode(server)),
        ]

    async def _kept_right(self, conversation: str, server: str, stored: bytes | None) -> None:
        """Learn what the server wants by now; if it is something new, say so once more."""
        seconds = int(stored or 0) * _DAY
        if server and seconds != self._keeps.get(server, 0):
            self._keeps[server] = seconds
            await self._redis.run(*self._keep(conversation, server))
