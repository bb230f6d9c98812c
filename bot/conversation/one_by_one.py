"""One reply at a time in each conversation; what is asked meanwhile is gathered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress

from bot import metrics, tracing
from bot.conversation.ask import Ask
from bot.conversation.beginning import Beginnings
from bot.conversation.neighbours import PATIENCE, PAUSE, Occupied
from bot.conversation.places import Place, Places
from bot.conversation.reply import Reply
from bot.conversation.rush import Rush
from bot.errors import UserError
from bot.log import about_reply


class OneByOne:
    """Begins replies with `beginnings`, each when nothing else is written in its place."""

    def __init__(self, places: Places, beginnings: Beginnings) -> None:
        self._places = places
        self._beginnings = beginnings
        self._rush = Rush()

    @asynccontextmanager
    async def turn(self, ask: Ask) -> AsyncGenerator[Reply | None, None]:
        """Answer `ask`, together with what else was asked until its turn has come.

        Gives None where there is nothing to do: it is answered together with another one, or was
        answered before.
        """
        asked = time.time_ns()
        async with self._places.visit(ask.conversation) as place:
            place.waiting.append(ask)
            try:
                for _ in range(int(PATIENCE / PAUSE)):
                    async with place.lock:
                        asks: tuple[Ask, ...] = ()
                        if place.awaits(ask.id):
                            asks, place.waiting = tuple(place.waiting), []
                        # What is answered together with another message is no reply of its own.
                        with tracing.reply(asked) if asks else nullcontext(), suppress(Occupied):
                            reply = await self._answer(place, ask, asks)
                            async with _writing(place, reply):
                                yield reply
                            return
                    await asyncio.sleep(PAUSE)
                yield None
            finally:
                place.drop([ask.id])

    @asynccontextmanager
    async def alone(
        self, conversation: str, begin: Callable[[], Awaitable[Reply | None]]
    ) -> AsyncGenerator[Reply | None, None]:
        """Let `begin` begin a reply, for what is no question that just came."""
        asked = time.time_ns()
        async with self._places.alone(conversation) as place:
            with tracing.reply(asked):
                with metrics.beginning():
                    reply = await begin()
                async with _writing(place, reply):
                    yield reply

    async def _answer(self, place: Place, ask: Ask, asks: tuple[Ask, ...]) -> Reply | None:
        """Begin the answer to all that was asked until now; `ask` is whose caller waits for it."""
        place.beginning = asks
        try:
            with metrics.beginning():
                async with self._rush.place():
                    reply = await self._beginnings.answer(asks, ask.id) if asks else None
        except (UserError, Occupied) as error:
            # Each of the others tries for itself, so that each hears of the failure.
            place.waiting[:0] = [
                other
                for other in asks
                if (other.id != ask.id or isinstance(error, Occupied))
                and other.author not in place.unwanted
            ]
            raise
        finally:
            place.beginning = ()
            unwanted, place.unwanted = place.unwanted, set()
        if reply and not unwanted.isdisjoint(reply.askers):
            reply.withdraw()
        if reply:
            # Who has asked too much waits on, and is told when it is their turn.
            taken = {ask.id, *(one.id for one in reply.asks)}
            place.waiting[:0] = [
                one for one in asks if one.id not in taken and one.author not in unwanted
            ]
        return reply


@asynccontextmanager
async def _writing(place: Place, reply: Reply | None) -> AsyncGenerator[None, None]:
    place.reply = reply
    with about_reply(reply.id if reply else ""):
        try:
            yield
        finally:
            place.reply = None
            if reply:
                await reply.close()
