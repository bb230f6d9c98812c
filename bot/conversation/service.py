"""The conversation loop: load, build the prompt, stream, save.

One reply at a time per conversation; what people write meanwhile is gathered and answered
together. A plain reply costs the store three round trips: load, journal, commit.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from bot import metrics
from bot.conversation.ask import Ask
from bot.conversation.askers import asker_of_ask
from bot.conversation.beginning import Beginnings
from bot.conversation.books import Read
from bot.conversation.configuration import Configuration
from bot.conversation.fair_order import Asker
from bot.conversation.gathering import gather
from bot.conversation.handover import Handover
from bot.conversation.likeness import Embedder, Likeness
from bot.conversation.limits import Limits, ReplyLimits
from bot.conversation.metering import Metering
from bot.conversation.model import Model, ModelInUse
from bot.conversation.models import DEFAULT, Models, Served
from bot.conversation.neighbours import Neighbours
from bot.conversation.offering import Offering
from bot.conversation.one_by_one import OneByOne
from bot.conversation.people import Held
from bot.conversation.places import Places
from bot.conversation.policies import Policies
from bot.conversation.ports import Action, Counts, Engine, Store
from bot.conversation.presence import Presence
from bot.conversation.questions import settled
from bot.conversation.queue import Line
from bot.conversation.quotas import HOUR, Used
from bot.conversation.recap import recount
from bot.conversation.reply import Reply
from bot.conversation.report import ContextReport, report_of
from bot.conversation.stages import Stages
from bot.conversation.summaries import Summaries
from bot.conversation.timeline import Timeline
from bot.conversation.toolbox import Toolbox
from bot.conversation.turns import Pending, Replacing, Turn
from bot.errors import BadInput, StoreUnavailable
from bot.language import later
from bot.tools.run import Step, ToolRun

# What a system prompt may take of the prompt, so that there is room left to talk.
_SYSTEM_SHARE = 0.5


class Conversations:
    """All conversations of this process, over one store.

    `engine` with its `model` is the default; `others` answer where they were chosen. What takes
    the name of an engine takes "" for the default, and falls back to it if there is none such.
    `toolbox` has the tools that are offered to models that know how to call them, `embedder` helps
    to find facts that say the same in other words. `line` is where replies of the default engine
    wait, `limits` are how much people may ask. `timeline` changes what was said; `summaries` tell
    in short what no prompt has room for, where they are wanted; `policies` are what servers allow.
    `house` is the character that the bot is wherever no other one is on stage; None: it is itself.
    `system` is the system prompt where nobody has set any. `stages` sets stages up.
    `configuration` knows what servers have set, which is never more than `limits` allow.
    `presence` knows of other processes over the same store, while somebody runs it; `handover`
    gives replies to them, and takes over theirs.
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        model: Model,
        others: Sequence[Served] = (),
        toolbox: Toolbox | None = None,
        embedder: Embedder | None = None,
        *,
        line: Line | None = None,
        limits: ReplyLimits | None = None,
        summaries: bool = False,
        house: Read | None = None,
        system: str = "",
    ) -> None:
        self.models = Models(Served(DEFAULT, engine, model, line or Line()), *others)
        self._store = store
        self._places = Places()
        self.limits = limits or ReplyLimits()
        self.timeline = Timeline(store, self._places)
        self.stages = Stages(store, self._places)
        self.house = house
        self.toolbox = toolbox
        self._offering = Offering(toolbox)
        self.policies = Policies(store)
        self.configuration = Configuration(store, system)
        self.presence = Presence(store)
        neighbours = Neighbours(self.presence)
        self.handover = Handover(store, self._places, self.presence, neighbours)
        self._quotas = Limits(self.limits, own=self.configuration.limits)
        self._metering = Metering(store, self._quotas)
        self.summaries = Summaries(store, self.models, self._metering, wanted=summaries)
        if toolbox:
            toolbox.own = self.configuration.limits
        self._beginnings = Beginnings(
            store,
            self.models,
            self._places,
            self._quotas,
            self._offering,
            Likeness(embedder),
            self.summaries,
            self.policies,
            self.configuration,
            neighbours,
            house,
        )
        self._one_by_one = OneByOne(self._places, self._beginnings)

    @asynccontextmanager
    async def turn(self, ask: Ask) -> AsyncGenerator[Reply | None, None]:
        """Answer `ask`, after whatever is being written in its conversation.

        Gives None where there is nothing to do: the message is answered together with another
        one, or was answered before. Raises `LimitReached` if its author has asked too much.
        """
        self.check(asker_of_ask(ask), ask.engine)
        async with self._one_by_one.turn(ask) as reply:
            yield reply

    def check(self, asker: Asker, engine: str) -> None:
        """Raise `LimitReached` if somebody has asked too much to be answered now."""
        with metrics.beginning():
            self._beginnings.check(asker, self.models.named(engine))

    @asynccontextmanager
    async def again(
        self,
        conversation: str,
        origin: dict[str, str],
        how: Replacing = "instead",
        message: str = "",
    ) -> AsyncGenerator[Reply | None, None]:
        """Write the newest reply again, or answer the newest question if it has none.

        `how` says what becomes of the reply that is there: a new one comes in its stead, joins it
        as one more variant, or goes on with its text; with "" only what has no reply is answered.
        The engine that wrote it writes this one too. `message` is one that shows the reply which
        is meant, or that reply's own id. Gives None if that is not the newest one, or if there is
        no question to answer.
        """
        async with self._one_by_one.alone(
            conversation, lambda: self._beginnings.again(conversation, origin, how, message)
        ) as reply:
            yield reply

    @asynccontextmanager
    async def resume(self, conversation: str, owed: Pending) -> AsyncGenerator[Reply | None, None]:
        """Finish a reply that a former process owed. Gives None if its question is gone."""
        async with self._one_by_one.alone(
            conversation, lambda: self._beginnings.owed(conversation, owed)
        ) as reply:
            yield reply

    @asynccontextmanager
    async def speak(
        self,
        conversation: str,
        origin: dict[str, str],
        character: str = "",
        *,
        anyway: bool = False,
        answers: Collection[str] | None = None,
    ) -> AsyncGenerator[Reply | None, None]:
        """Let a character speak without a new question; "" is whoever is due.

        Gives None if nobody is, or if something was said since the questions that it `answers`.
        `anyway`: somebody is to speak, though nobody is due.
        """
        async with self._one_by_one.alone(
            conversation,
            lambda: self._beginnings.speech(
                conversation, origin, character, anyway=anyway, answers=answers
            ),
        ) as reply:
            yield reply

    async def forgive(self, conversation: str, owed: Pending) -> None:
        """Give up a reply that is owed: its place is gone, or it is too old to matter."""
        snapshot = await self._store.load(conversation)
        await self._store.commit(conversation, owed.reply, None, snapshot.state)

    async def owed(self) -> Sequence[tuple[str, Pending]]:
        """The replies that former processes owe, oldest first."""
        return await self._store.owed()

    def writing(self, conversation: str) -> Reply | None:
        """The reply that is being written there right now."""
        return self._places.writing(conversation)

    def let_go(self, person: str) -> Sequence[str]:
        """End what is being written for a person, and drop what they have asked beside it.

        Returns the conversations in which something of theirs is just coming to its end.
        """
        return self._places.let_go(person)

    async def erase(self, person: str, own: Sequence[str] = ()) -> Held:
        """Erase all that is kept about a person; returns what there was.

        `own` are conversations of theirs alone. Replies that are being written for them end, and
        are not stored; what they had asked and nobody has begun to answer is dropped.
        """
        concerned = self.let_go(person)
        held = await self._store.erase(person, own)
        for conversation in concerned:
            async with self._places.alone(conversation):
                pass
        if concerned:
            # What was on its way has ended; whatever it wrote in its last moment goes too.
            await self._store.erase(person, own)
        return held

    async def set_system(self, conversation: str, text: str | None, engine: str = "") -> None:
        """Give the conversation its own system prompt, or None for the model's default."""
        if text:
            await self.check_system(text, engine)
        async with self._places.alone(conversation):
            snapshot = await self._store.load(conversation)
            state = replace(snapshot.state, system=text or None, base_tokens=0)
            await self._store.save_state(conversation, state)

    async def check_system(self, text: str, engine: str = "") -> None:
        """Raise `BadInput` if a system prompt leaves an engine no room to talk."""
        served = self.models.named(engine)
        limit = (await served.model.current()).prompt_limit
        size, room = await served.count(text), int(limit * _SYSTEM_SHARE)
        if size > room:
            raise BadInput(
                later(
                    "That system prompt is about {size:,} tokens long. With this model it can "
                    "have {room:,}, so that there is room left to talk.",
                    size=size,
                    room=room,
                )
            )

    async def model(self, engine: str = "") -> ModelInUse:
        """The model that answers; its `info` is None while the engine cannot be asked."""
        return await self.models.named(engine).model.current()

    async def report(
        self, conversation: str, engine: str = "", viewer: str = "", places: Sequence[str] = ()
    ) -> ContextReport:
        """What was last sent to the model there, and what it cost, as a person may see it.

        `places` are where the conversation is, to tell what it inherits.
        """
        snapshot = await self._store.load(conversation)
        model = await self.model(engine)
        sent = await self._store.last_prompt(conversation)
        return report_of(snapshot, model, sent, viewer, self.configuration.inherited(places))

    async def history(self, conversation: str) -> Sequence[Turn]:
        """The turns that the model is sent, oldest first."""
        return (await self._store.load(conversation)).turns

    async def recount(self, conversation: str, asker: Asker, engine: str = "") -> str:
        """The story so far in a few sentences, for somebody who asks; nothing is stored.

        Raises `LimitReached` if they have asked too much, and the engine's errors.
        """
        async with self.charged(asker, f"recap {time.time_ns()}", engine) as served:
            return await recount(served, asker, conversation, await self._store.load(conversation))

    @asynccontextmanager
    async def charged(
        self, asker: Asker, name: str, engine: str = ""
    ) -> AsyncGenerator[Served, None]:
        """An engine that writes for somebody outside of conversations, for one thing with a name.

        It counts as a reply, with all tokens that the engine writes inside. Raises `LimitReached`
        if somebody has asked too much. While the store is away nothing is counted.
        """
        served = self.models.named(engine)
        with suppress(StoreUnavailable):
            if counts := self._quotas.counts([asker]):
                await self._store.count(counts)
                self._quotas.learn(counts)
        self._beginnings.check(asker, served)
        with suppress(StoreUnavailable), self._quotas.counting([asker]) as tally:
            if tally:
                await self._store.tally(tally, name)
        async with self._metering.of(served, asker, name) as metered:
            yield metered

    async def used(self, asker: Asker) -> Sequence[Used]:
        """What somebody has used in this hour of all that limits them where they ask."""
        every = list(self._quotas.quotas(asker))
        if self.toolbox and self.toolbox.tools:
            every += self.toolbox.quotas(asker)
        counts = Counts(tuple((one.kind, one.owner) for one in every), int(time.time()) // HOUR)
        await self._store.count(counts)
        return [Used(one, counts.found.get((one.kind, one.owner), 0)) for one in every]

    async def thoughts(self, conversation: str) -> Mapping[str, str]:
        """What the model thought before its latest replies, by the reply's id."""
        return await self._store.thoughts(conversation)

    async def settle_action(self, action: Action, run: ToolRun) -> bool:
        """Put what came of a call that waited for confirmation in the place of its waiting.

        Returns whether the call is still known there.
        """
        conversation = action.context.conversation
        async with self._places.alone(conversation):
            for turn in (await self._store.load(conversation)).turns:
                if any(one.action == action.id for step in turn.steps for one in step.runs):
                    after = settled(turn, action.id, run)
                    return await self._store.amend(conversation, turn, after)
        return False

    async def gather(self, ask: Ask, served: Served | None = None) -> tuple[Step, ...]:
        """What tools find for a question that is answered outside the conversation, as JSON.

        `served` calls them, else the engine that the question names. Nothing is stored. Tools that
        change something are not offered: nobody would confirm them.
        """
        served = served or self.models.named(ask.engine)
        asked = Turn(ask.id, 0, "user", ask.text, author=ask.author)
        rounds = await self._offering.rounds(
            ask.conversation, ask.origin, asked, served, changes=False
        )
        await gather(served, rounds, ask.text, session=ask.conversation)
        return tuple(rounds.steps)
