"""What goes wrong in the week, and when."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.week.engine import Mood
from benchmarks.week.stage import FIRST_TOKEN_TIMEOUT, WeekStage, until

Trouble = Callable[["Troubles"], Awaitable[None]]

# Which requests to Discord are refused or lost: one in so many.
_ONE_IN = 8
_ROUTES = ("/channels/*", "/webhooks/*")

SHORT, LONG = 1.5, 3.0


@dataclass(frozen=True, slots=True)
class Appointment:
    """A trouble that comes once so many questions have been answered."""

    at: int
    name: str


class Troubles:
    """Brings trouble over a stage, each for some seconds, and takes it away again."""

    def __init__(self, stage: WeekStage, seed: int, percent: int = 100) -> None:
        self.stage = stage
        self._share = percent / 100
        self.had: Counter[str] = Counter()
        self._random = random.Random(seed)

    async def bring(self, name: str) -> None:
        """Bring one of `EVERY_DAY`, `RESTARTS` or `RARE`."""
        await (EVERY_DAY | RESTARTS | RARE)[name](self)
        self.had[name] += 1

    async def _last(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._share)

    # ------------------------------------------------------------------ the engine

    async def engine_refuses(self) -> None:
        """Nobody listens at its port."""
        await self.stage.engine.stop()
        await self._last(LONG)
        await self.stage.engine.start()

    async def engine_fails(self) -> None:
        """It answers with a 500."""
        await self._engine("failing", SHORT)

    async def engine_hangs(self) -> None:
        """It takes what it is asked, and says nothing."""
        await self._engine("hung", FIRST_TOKEN_TIMEOUT + 1.0)

    async def engine_breaks_off(self) -> None:
        """Half of the answers end in the middle, with the connection."""
        await self._engine("breaking", LONG)

    async def _engine(self, mood: Mood, seconds: float) -> None:
        self.stage.engine.mood = mood
        await self._last(seconds)
        self.stage.engine.mood = "well"

    # ------------------------------------------------------------------ Redis

    async def redis_restarts(self) -> None:
        """It is killed, and is back a second later."""
        await self.stage.valkey.kill()
        await self._last(1.0)
        await self.stage.valkey.start()

    # ------------------------------------------------------------------ Discord

    async def gateway_drops(self) -> None:
        """The connection ends; the session is resumed."""
        resumes = self.stage.discord.gateway.resumes
        self.stage.discord.gateway.drop(4000)
        await until(lambda: self.stage.discord.gateway.resumes > resumes, 20)

    async def session_is_lost(self) -> None:
        """The connection ends and resuming is refused: what was said meanwhile is never sent."""
        # Discord lists no direct messages: where one is the first of all, no bot learns of it.
        await until(self.stage.direct_messages_are_known, 30)
        gateway = self.stage.discord.gateway
        identifies = gateway.identifies
        gateway.forget(4000)
        await until(lambda: gateway.identifies > identifies, 30)

    async def rate_limits(self) -> None:
        """Some requests are too many for their channel (429)."""
        await self._requests(SHORT, status=429, retry_after=0.3)

    async def server_errors(self) -> None:
        """Some requests are answered with a 502."""
        await self._requests(SHORT, status=502)

    async def lost_answers(self) -> None:
        """Some requests are obeyed, but their answers get lost."""
        await self._requests(SHORT, drop=True, applied=True)

    async def too_much_at_all(self) -> None:
        """Some requests are too many for the whole bot (429, global)."""
        await self._requests(SHORT, status=429, retry_after=0.3, is_global=True)

    async def _requests(self, seconds: float, **what: object) -> None:
        def hit(_: object) -> bool:
            return self._random.randrange(_ONE_IN) == 0

        for path in _ROUTES:
            self.stage.discord.fault("*", path, times=None, when=hit, **what)
        await self._last(seconds)
        self.stage.discord.heal()

    # ------------------------------------------------------------------ the bot itself

    async def stop(self) -> None:
        """It is asked to end, and started again."""
        await self.stage.bot.stop(30)
        await self.stage.open()

    async def kill(self) -> None:
        """It ends without warning (kill -9), and is started again."""
        await self.stage.bot.kill()
        await self.stage.open()


EVERY_DAY: dict[str, Trouble] = {
    "engine refuses": Troubles.engine_refuses,
    "engine fails": Troubles.engine_fails,
    "engine hangs": Troubles.engine_hangs,
    "engine breaks off": Troubles.engine_breaks_off,
    "Redis restarts": Troubles.redis_restarts,
    "gateway drops": Troubles.gateway_drops,
    "session is lost": Troubles.session_is_lost,
    "rate limits": Troubles.rate_limits,
    "server errors": Troubles.server_errors,
    "lost answers": Troubles.lost_answers,
}
RESTARTS: dict[str, Trouble] = {"SIGTERM": Troubles.stop, "kill -9": Troubles.kill}
RARE: dict[str, Trouble] = {"global rate limit": Troubles.too_much_at_all}


def calendar(most: int, days: int, restarts: int, seed: int) -> list[list[Appointment]]:
    """The troubles of each day, evenly spread over its answers, in an order of its own.

    The restarts are within the first day, and one is at the end of the second, so that the
    process that comes then lives for the rest of the week. A global rate limit, after which the
    bot stays careful for the rest of its life, comes before a restart only.
    """
    rng, found = random.Random(seed), []
    for day in range(days):
        names = list(EVERY_DAY)
        rng.shuffle(names)
        if day == 0:
            for n in range(restarts):
                at = (n + 1) * len(names) // (restarts + 1) if restarts > 1 else len(names)
                names.insert(at + n, ("kill -9", "SIGTERM")[n % 2])
            names.insert(names.index("SIGTERM") if restarts > 1 else 0, "global rate limit")
        elif day == 1:
            names.append("SIGTERM")
        first, size = most * day // days, most // days
        found.append(
            [
                Appointment(first + size * (n + 1) // (len(names) + 1), name)
                for n, name in enumerate(names)
            ]
        )
    return found
