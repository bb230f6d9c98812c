"""Having summaries written, in the background; and what people do with them."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from dataclasses import replace

from bot.conversation import summary as short
from bot.conversation.fair_order import Asker
from bot.conversation.listening import Listener
from bot.conversation.metering import Metering
from bot.conversation.model import ModelInUse
from bot.conversation.models import Models, Served
from bot.conversation.ports import End, Generation, Store, Text
from bot.conversation.summary import SummaryView
from bot.conversation.turns import Snapshot, State, Summary, Turn
from bot.errors import BadInput, PromptTooLong, UserError
from bot.language import later

log = logging.getLogger(__name__)

# How long a summary may take, in seconds.
_PATIENCE = 90.0

# How often is looked whether somebody waits for the engine meanwhile, in seconds.
_GIVE_WAY = 0.1

# What the request may take of the room there is, and what if the engine finds that too long.
_SHARES = (0.9, 0.45)

# Tokens that stay free, for engines that count one or two differently.
_MARGIN = 16

# What a summary of a person's own may take of the prompt.
_OWN_SHARE = 0.25

_TEMPERATURE = 0.2

CHANGED = later(
    "What was said here has changed meanwhile, so I have left the summary alone. Look again."
)
NOTHING_CUT = later("Nothing has been cut here yet, so there is nothing to sum up.")


class Summaries:
    """The summaries of all conversations over one store; where not `wanted`, there are none.

    What was cut is summed up after the reply that it was cut for, once nobody waits for the engine.
    Whatever goes wrong with that is tried again after the next reply. Its tokens count for the
    server alone: nobody has asked for it.
    """

    def __init__(self, store: Store, models: Models, metering: Metering, *, wanted: bool) -> None:
        self.wanted = wanted
        self._store = store
        self._models = models
        self._metering = metering
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def recap(self, snapshot: Snapshot) -> str:
        """What the model is told of the turns that were cut."""
        return short.recap(snapshot.summary) if self.wanted else ""

    def catch_up(
        self,
        conversation: str,
        served: Served,
        asker: Asker,
        state: State,
        summary: Summary | None,
    ) -> None:
        """Sum up what was cut, if that is due, without making anybody wait."""
        if self.wanted and conversation not in self._tasks and short.due(state, summary):
            work = self._catch_up(conversation, served, asker)
            task = asyncio.create_task(work, name=f"summary of {conversation}")
            self._tasks[conversation] = task
            task.add_done_callback(lambda _: self._tasks.pop(conversation, None))

    async def view(self, conversation: str) -> SummaryView:
        """The summary as people are shown it."""
        snapshot = await self._store.load(conversation)
        summary = snapshot.summary
        through = summary.through if summary else short.covered(snapshot.state)
        archive = await self._store.archive(conversation) if snapshot.state.cut else ()
        last = next((turn for turn in reversed(archive) if turn.n <= through), None)
        cut = snapshot.state.cut > 0
        return SummaryView(summary, last, through, cut, snapshot.changes)

    async def write(
        self, conversation: str, text: str, seen: SummaryView, engine: str = ""
    ) -> None:
        """Store a summary that a person wrote after what was `seen`; "" leaves nothing to tell.

        Raises `BadInput` if it is too long, or if something has changed since then.
        """
        if not seen.cut:
            raise BadInput(NOTHING_CUT)
        if text:
            served = self._models.named(engine)
            room = int((await served.model.current()).prompt_limit * _OWN_SHARE)
            if (size := await served.count(text)) > room:
                raise BadInput(
                    later(
                        "That summary is about {size:,} tokens long. With this model it can have "
                        "{room:,}, so that there is room left to talk.",
                        size=size,
                        room=room,
                    )
                )
        written = Summary(text, seen.through, own=True)
        if not await self._store.summarise(conversation, written, seen.changes):
            raise BadInput(CHANGED)

    async def finished(self) -> None:
        """Wait until none is being written."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def aclose(self) -> None:
        """Give up those that are being written."""
        for task in self._tasks.values():
            task.cancel()
        await self.finished()

    async def _catch_up(self, conversation: str, served: Served, asker: Asker) -> None:
        try:
            server, name = Asker(server=asker.server), f"summary {time.time_ns()}"
            async with (
                self._metering.of(served, server, name) as metered,
                asyncio.timeout(_PATIENCE),
            ):
                await served.model.written(
                    lambda model: self._renew(conversation, metered, asker, model)
                )
        except (UserError, TimeoutError) as error:
            log.info(
                "no summary of %s this time: %s", conversation, str(error) or "it took too long"
            )
        except Exception:  # nobody waits for a summary, so a defect in it is told in the log
            log.exception("the summary of %s failed", conversation)

    async def _renew(
        self, conversation: str, served: Served, asker: Asker, model: ModelInUse
    ) -> None:
        if not model.profile.summaries:
            return
        snapshot = await self._store.load(conversation)
        if not short.due(snapshot.state, snapshot.summary):
            return
        before = snapshot.summary or Summary("", 0)
        archive = await self._store.archive(conversation)
        turns = [turn for turn in archive if turn.n > before.through and not turn.is_hidden]
        text = before.text
        if turns:
            text = await self._text(conversation, served, asker, model, before, turns)
            if not text:
                return
        # Where the turns were deleted meanwhile, what is left covers their place as well.
        through = short.covered(snapshot.state)
        summary = replace(before, text=text, through=through, own=before.own and not turns)
        await self._store.summarise(conversation, summary, snapshot.changes)

    async def _text(
        self,
        conversation: str,
        served: Served,
        asker: Asker,
        model: ModelInUse,
        before: Summary,
        turns: list[Turn],
    ) -> str:
        form, most = model.profile.script, short.most_tokens(model.prompt_limit)
        for share in _SHARES:
            room = int(_room(model, most) * share)
            prompt = short.request(form, before, turns, room, served.model.estimate)
            if not prompt:
                break
            wanted = Generation(
                prompt=prompt,
                max_tokens=most,
                stop=model.profile.stop,
                sampling=replace(model.sampling, temperature=_TEMPERATURE),
                session=conversation,
            )
            try:
                return await _when_idle(served, asker, model, wanted)
            except PromptTooLong as error:
                log.info("a shorter request for the summary of %s: %s", conversation, error)
        return ""


def _room(model: ModelInUse, most: int) -> int:
    """How long the request can be: a summary needs less room behind it than a reply."""
    room = model.context - most - _MARGIN
    longest = model.info.max_prompt if model.info else None
    return min(room, longest - _MARGIN) if longest else room


async def _when_idle(served: Served, asker: Asker, model: ModelInUse, wanted: Generation) -> str:
    """What the engine writes, "" if somebody waits for it: replies come first."""
    if served.line.is_full:
        return ""
    with served.ticket(asker) as ticket:
        async for _ in ticket.wait():
            return ""
        writing = asyncio.create_task(_written(served, model, wanted))
        try:
            while not writing.done():
                await asyncio.wait([writing], timeout=_GIVE_WAY)
                if served.line.waiting:
                    return ""
            ticket.accepted()
            return writing.result()
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)


async def _written(served: Served, model: ModelInUse, wanted: Generation) -> str:
    listener, text, whole = Listener(model.profile, ()), "", True
    async with aclosing(served.engine.stream(wanted)) as events:
        async for event in events:
            if isinstance(event, End):
                whole = event.reason == "stop"
            text += "".join(heard.text for heard in listener.hear(event) if isinstance(heard, Text))
    return short.trimmed(text, whole=whole)
