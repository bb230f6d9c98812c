"""Statistics, in the store: counters by server and hour, in the round trip that settles a reply."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.statistics import DAYS, HOUR, Figures, Statistics, Use, figures
from bot.store import keys
from bot.store.connection import Command, Connection, call
from bot.store.use_scripts import COUNT_USE

_SECONDS = DAYS * 24 * HOUR


def counting_use(use: Use | None, reply: str) -> tuple[Command, ...]:
    """The command that counts a reply; running it again changes nothing."""
    if use is None:
        return ()
    return (
        call(
            COUNT_USE,
            keys.statistics(use.server, use.hour),
            _SECONDS,
            HOUR,
            keys.encoded(reply),
            len(use.people),
            *map(keys.encoded, use.people),
            *(part for pair in use.counts.items() for part in pair),
        ),
    )


class StatisticsRecords:
    """The part of the store that is about statistics."""

    _redis: Connection

    async def statistics(self, server: str, first_hour: int, hours: int) -> Statistics:
        """The figures of a server, in one round trip."""
        every = [keys.statistics(server, first_hour + n) for n in range(hours)]
        *found, people = await self._redis.run(
            *(("HGETALL", counts) for counts, _, _ in every),
            ("PFCOUNT", *(people for _, people, _ in every)),
        )
        return Statistics(first_hour, tuple(map(_figures, found)), int(people))


def _figures(flat: Sequence[bytes] | dict[bytes, bytes]) -> Figures:
    pairs = flat.items() if isinstance(flat, dict) else zip(flat[::2], flat[1::2], strict=True)
    return figures({name.decode(): int(count) for name, count in pairs})
