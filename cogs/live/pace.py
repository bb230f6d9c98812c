"""When Discord may be asked for something: two limits, and who goes first.

Discord takes about five edits in five seconds per channel, for all messages together, and 50
requests a second from one bot. A webhook has limits of its own, one of them for a whole minute.
discord.py waits when a limit is hit, but then everything waits, and after five refusals it gives
up. So the bot keeps below these limits by itself, and spends what there is on what people notice
most.

Large bots may have a higher limit, and a proxy in front of Discord keeps it for all of them; no
header tells. So a crowd that has to wait tries out more, in steps, until a refusal; then the usual
limit holds, and what may be tried out comes back by one step in each quiet minute. Where already
the first step is refused, the limit is most likely the usual one: the quiet time then becomes twice
as long each time, so that the bot runs into the limit once an hour in the end.

Nothing here runs by itself: whoever wants to send asks when it may, and waits on its own.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections import deque
from enum import IntEnum
from itertools import count

RATE = 45.0
"""Requests a second over all channels; Discord allows 50 to a bot, less to none."""

MOST = 1000.0
"""Requests a second that are tried out while nothing is refused."""

# While somebody waits and nothing is refused, the rate doubles after so many seconds.
_STEP = 0.25

# After a refusal, what may be tried out doubles after so many seconds without another one; the
# second is the longest for which a bot waits that gets no further than the first step.
_QUIET = 60.0
_LONGEST_QUIET = 3600.0

# Edits of one channel: Discord's window, and how many previews leave a slot for the final edit.
_WINDOW = 5.0
_PREVIEWS = 4

# What a webhook sends and edits in a minute: Discord takes about 30, for all of its threads.
# Previews leave some to what must be seen.
_MINUTE = 60.0
_PREVIEWS_A_MINUTE = 22

# The least time between two edits of a channel, in seconds: quick at first, then sustainable.
_FIRST_GAP = 1.1
_LATER_GAP = 1.5
_QUICK = 2

# What may be left out waits once this share of the rate is in use; what nobody waits for is left
# out from the other share on.
_BUSY = 0.6
_IDLE = 0.3

# After a refusal (429) the rate falls to this share, once a second at most, and comes back by so
# much of the full rate a second.
_SLOWER = 0.8
_LEAST_RATE = 5.0
_RECOVERY = 0.05


class Priority(IntEnum):
    """What goes first when not everything can go: lower values do."""

    FINAL = 0
    FIRST = 1
    FOLLOW_UP = 2
    PREVIEW = 3


class ChannelPace:
    """The edits of one channel, or what one webhook sends and edits: that has a limit a minute."""

    def __init__(self, *, webhook: bool = False) -> None:
        self._edits: deque[float] = deque()
        self._shown = float("-inf")
        self._minute: deque[float] | None = deque() if webhook else None

    def next_preview(self) -> float:
        """When the next preview may be shown (event loop time; may be past)."""
        self._forget()
        recent = self._edits
        due = self._shown + (_FIRST_GAP if len(recent) < _QUICK else _LATER_GAP)
        if len(recent) >= _PREVIEWS:
            due = max(due, recent[-_PREVIEWS] + _WINDOW)
        if self._minute and len(self._minute) >= _PREVIEWS_A_MINUTE:
            due = max(due, self._minute[-_PREVIEWS_A_MINUTE] + _MINUTE)
        return due

    def edited(self) -> None:
        """An edit is sent now."""
        self.posted()
        self._edits.append(self._shown)

    def tidied(self) -> None:
        """An older message is edited now: it counts for Discord, but nobody watches it."""
        self._forget()
        self._edits.append(_now())
        self._count()

    def posted(self) -> None:
        """A new message is sent now; its first edit has to wait, but it is none itself."""
        self._forget()
        self._shown = _now()
        self._count()

    @property
    def idle(self) -> bool:
        """Whether nothing was shown for so long that nothing has to be remembered."""
        return self._shown <= _now() - (_WINDOW if self._minute is None else _MINUTE)

    def _count(self) -> None:
        if self._minute is not None:
            self._minute.append(_now())

    def _forget(self) -> None:
        now = _now()
        while self._edits and self._edits[0] <= now - _WINDOW:
            self._edits.popleft()
        while self._minute and self._minute[0] <= now - _MINUTE:
            self._minute.popleft()


class Pace:
    """All requests of this process that count towards Discord's limit.

    `rate` is per second; up to `most` is tried out while nothing is refused.
    """

    def __init__(self, rate: float = RATE, most: float = 0.0) -> None:
        self._rate = rate
        self._full = most
        self._tried = rate
        self._quiet = _QUIET
        self._waiting_at = self._stepped_at = float("-inf")
        self._sent: deque[float] = deque()
        self._line: list[tuple[int, int]] = []
        self._tickets = count()
        self._channels: dict[int, ChannelPace] = {}
        self._webhooks: set[int] = set()
        self._refused_at = float("-inf")
        self._rate_when_refused = rate

    def channel(self, key: int) -> ChannelPace:
        """The pace of one channel, or of one webhook."""
        if key not in self._channels:
            for idle in [k for k, pace in self._channels.items() if pace.idle]:
                del self._channels[idle]
            self._channels[key] = ChannelPace(webhook=key in self._webhooks)
        return self._channels[key]

    def is_webhook(self, key: int) -> None:
        """A key is that of a webhook: its limits are other ones than a channel's."""
        self._webhooks.add(key)

    @property
    def rate(self) -> float:
        """Requests a second that are allowed now: less for a while after Discord refused one."""
        if self._tried > self._rate:
            return self._tried
        since = _now() - self._refused_at
        return min(self._rate, self._rate_when_refused + since * _RECOVERY * self._rate)

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return len(self._line)

    def refused(self) -> None:
        """Discord said that it was too much (429): go slower for a while."""
        if self._tried > 2 * self._rate:
            self._quiet = _QUIET
        elif self._tried > self._rate:
            self._quiet = min(self._quiet * 2, _LONGEST_QUIET)
        self._tried = self._rate
        if _now() - self._refused_at >= 1.0:
            self._rate_when_refused = min(self._rate, max(self.rate * _SLOWER, _LEAST_RATE))
            self._refused_at = _now()

    @property
    def _most(self) -> float:
        """What may be tried out now: a step more for each quiet time since the last refusal."""
        if self._refused_at == float("-inf"):
            return self._full
        steps = (_now() - self._refused_at) // self._quiet
        return min(self._full, self._rate * 2.0 ** min(steps, 64.0))

    def spare(self) -> bool:
        """Take a slot for something that may be left out, if the load allows it."""
        self._forget()
        if self._line or len(self._sent) >= min(self.rate, self._rate) * _BUSY:
            return False
        self._sent.append(_now())
        return True

    def idle(self) -> bool:
        """Take a slot for something that nobody waits for, if hardly anything else is sent."""
        self._forget()
        if self._line or len(self._sent) >= min(self.rate, self._rate) * _IDLE:
            return False
        self._sent.append(_now())
        return True

    def queue(self, priority: Priority) -> Ticket:
        """Get in line for a slot."""
        return Ticket(self, priority)

    async def take(self, priority: Priority) -> None:
        """Wait for a slot and take it."""
        with self.queue(priority) as ticket:
            while True:
                if ticket.take():
                    return
                await asyncio.sleep(ticket.due() - _now())

    def _due(self, rank: int) -> float:
        """When whoever has `rank` others in front may send."""
        now = self._forget()
        if rank - int(self.rate) + len(self._sent) >= 0:
            self._try_more(now)
        most = max(int(self.rate), 1)
        behind = rank - (most - len(self._sent))
        if behind < 0:
            return now
        due = self._free_at(behind, most, now)
        return min(due, now + _STEP) if self._tried < self._most else due

    def _try_more(self, now: float) -> None:
        """Somebody has to wait: step up if that has been so for a while without a refusal."""
        if self._tried >= self._most:
            return
        if now - self._waiting_at > 2 * _STEP:
            self._stepped_at = now
        self._waiting_at = now
        if now - self._stepped_at >= _STEP:
            self._tried = min(self._tried * 2, self._most)
            self._stepped_at = now

    def _free_at(self, behind: int, most: int, now: float) -> float:
        if behind < len(self._sent):
            # A hair later than the slot gets free, so that rounding does not make it too early.
            return self._sent[behind] + 1.001
        return now + 1.0 + (behind - len(self._sent)) // most

    def _forget(self) -> float:
        now = _now()
        while self._sent and self._sent[0] <= now - 1.0:
            self._sent.popleft()
        return now


class Ticket:
    """A place in the line for a slot; leave it by leaving the `with` block."""

    def __init__(self, pace: Pace, priority: Priority) -> None:
        self._pace = pace
        self._key = (int(priority), next(pace._tickets))

    def __enter__(self) -> Ticket:
        insort(self._pace._line, self._key)
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def due(self) -> float:
        """When it will be this ticket's turn, as things stand (event loop time)."""
        return self._pace._due(bisect_left(self._pace._line, self._key))

    def take(self) -> bool:
        """Take the slot if it is this ticket's turn."""
        if self.due() > _now():
            return False
        self._pace._sent.append(_now())
        self._leave()
        return True

    def _leave(self) -> None:
        at = bisect_left(self._pace._line, self._key)
        if self._pace._line[at : at + 1] == [self._key]:
            del self._pace._line[at]


def _now() -> float:
    return asyncio.get_running_loop().time()
