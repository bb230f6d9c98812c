"""The conversation loop: load, build the prompt, stream, save.

One reply at a time per conversation; what people write meanwhile is gathered and answered
together. A plain reply costs the store three round trips: load, journal, commit.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.conversation.ask import Ask
from bot.conversation.facts import owners_in
from bot.conversation.fair_order import Asker
from bot.conversation.fitting import fitting
from bot.conversation.gathering import gather
from bot.conversation.likeness import Embedder, Likeness
from bot.conversation.limits import Limits, ReplyLimits
from bot.conversation.model import Model, ModelInUse
from bot.conversation.models import DEFAULT, Models, Served
from bot.conversation.offering import Offering
from bot.conversation.people import Held
from bot.conversation.places import Place, Places
from bot.conversation.ports import Action, Engine, Store
from bot.conversation.questions import ENGINE, engine_of, last_question, owed_for, settled, turns_of
from bot.conversation.queue import Line
from bot.conversation.recalling import Memory, seen_by
from bot.conversation.reply import Reply
from bot.conversation.timeline import Timeline
from bot.conversation.toolbox import Toolbox
from bot.conversation.tooling import Rounds
from bot.conversation.turns import Pending, Replacing, Snapshot, Turn, Usage
from bot.conversation.writer import Writer
from bot.errors import BadInput, UserError
from bot.tools.run import Step, ToolRun

# What a system prompt may take of the prompt, so that there is room left to talk.
_SYSTEM_SHARE = 0.5

_SHORTENED = "Your message is longer than this model can read; I left out the middle of it."


@dataclass(frozen=True, slots=True)
class ContextReport:
    """What the model was last sent in a conversation.

    `prompt` is the exact text of the last request, None if there was none or it has expired.
    `limit` is how many tokens a prompt may have; `kept` turns are sent, `cut` no more. `facts` are
    the lines of the memory that stood in it. What only another person may see is not told.
    """

    model: str
    system: str
    own_system: bool
    usage: Usage
    limit: int
    kept: int
    cut: int
    prompt: str | None
    facts: tuple[str, ...] = ()


class Conversations:
    """All conversations of this process, over one store.

    `engine` with its `model` is the default; `others` answer where they were chosen. What takes
    the name of an engine takes "" for the default, and falls back to it if there is none such.
    `toolbox` has the tools that are offered to models that know how to call them, `embedder` helps
    to find facts that say the same in other words. `line` is where replies of the default engine
    wait, `limits` are how much people may ask. `timeline` changes what was said.
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
    ) -> None:
        self.models = Models(Served(DEFAULT, engine, model, line or Line()), *others)
        self._limits = Limits(limits or ReplyLimits())
        self._store = store
        self._places = Places()
        self.timeline = Timeline(store, self._places)
        self.toolbox = toolbox
        self._offering = Offering(toolbox)
        self._likeness = Likeness(embedder)

    @asynccontextmanager
    async def turn(self, ask: Ask) -> AsyncGenerator[Reply | None, None]:
        """Answer `ask`, after whatever is being written in its conversation.

        Gives None where there is nothing to do: the message is answered together with another
        one, or was answered before. Raises `LimitReached` if its author has asked too much.
        """
        self._check(_asker(ask.author, ask.origin), self.models.named(ask.engine))
        async with self._places.visit(ask.conversation) as place:
            place.waiting.append(ask)
            try:
                async with place.lock:
                    asks: tuple[Ask, ...] = ()
                    if place.awaits(ask.id):
                        asks, place.waiting = tuple(place.waiting), []
                    place.beginning = asks
                    try:
                        reply = await self._begin(asks) if asks else None
                    except UserError:
                        # Each of the others tries for itself, so that each hears of the failure.
                        place.waiting[:0] = [
                            other
                            for other in asks
                            if other.id != ask.id and other.author not in place.unwanted
                        ]
                        raise
                    finally:
                        place.beginning = ()
                        unwanted, place.unwanted = place.unwanted, set()
                    if reply and not unwanted.isdisjoint(reply.askers):
                        reply.withdraw()
                    async with _writing(place, reply):
                        yield reply
            finally:
                place.drop([ask.id])

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
        async with self._places.alone(conversation) as place:
            reply = await self._begin_again(conversation, origin, how, message)
            async with _writing(place, reply):
                yield reply

    @asynccontextmanager
    async def resume(self, conversation: str, owed: Pending) -> AsyncGenerator[Reply | None, None]:
        """Finish a reply that a former process owed. Gives None if its question is gone."""
        async with self._places.alone(conversation) as place:
            reply = await self._begin_owed(conversation, owed)
            async with _writing(place, reply):
                yield reply

    async def forgive(self, conversation: str, owed: Pending) -> None:
        """Give up a reply that is owed: its place is gone, or it is too old to matter."""
        snapshot = await self._store.load(conversation)
        await self._store.commit(conversation, owed.reply, None, snapshot.state)

    async def owed(self) -> Sequence[tuple[str, Pending]]:
        """The replies that former processes owe, oldest first."""
        return await self._store.owed()

    async def knows(self, conversation: str, message: str) -> bool:
        """Whether a message is part of the conversation already: answered, or owed an answer."""
        snapshot = await self._store.load(conversation)
        return any(turn.id == message for turn in snapshot.turns)

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
            served = self.models.named(engine)
            limit = (await served.model.current()).prompt_limit
            size, room = await served.count(text), int(limit * _SYSTEM_SHARE)
            if size > room:
                raise BadInput(
                    f"That system prompt is about {size:,} tokens long. With this model it can "
                    f"have {room:,}, so that there is room left to talk."
                )
        async with self._places.alone(conversation):
            snapshot = await self._store.load(conversation)
            state = replace(snapshot.state, system=text or None, base_tokens=0)
            await self._store.save_state(conversation, state)

    async def model(self, engine: str = "") -> ModelInUse:
        """The model that answers; its `info` is None while the engine cannot be asked."""
        return await self.models.named(engine).model.current()

    async def report(self, conversation: str, engine: str = "", viewer: str = "") -> ContextReport:
        """What was last sent to the model there, and what it cost, as a person may see it."""
        snapshot = await self._store.load(conversation)
        model = await self.model(engine)
        sent = await self._store.last_prompt(conversation)
        prompt, facts = seen_by(viewer, sent, snapshot.state.usage)
        return ContextReport(
            model=model.profile.name,
            system=snapshot.state.system or model.profile.persona,
            own_system=bool(snapshot.state.system),
            usage=snapshot.state.usage,
            limit=model.prompt_limit,
            kept=len(snapshot.turns),
            cut=snapshot.state.cut,
            prompt=prompt,
            facts=facts,
        )

    async def history(self, conversation: str) -> Sequence[Turn]:
        """The turns that the model is sent, oldest first."""
        return (await self._store.load(conversation)).turns

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

    def _check(self, asker: Asker, served: Served) -> None:
        """Raise `LimitReached` if somebody has asked too much to ask an engine now."""
        waiting = 0
        if served.line.is_full:
            waiting = sum(one.line.waiting_for(asker.person) for one in self.models)
        self._limits.check(asker, waiting)

    async def _begin(self, asks: tuple[Ask, ...]) -> Reply | None:
        """Journal the questions and start the answer; None if all are answered, or deleted."""
        conversation = asks[0].conversation
        snapshot = await self._load(conversation, asks[-1].origin)
        known = {turn.id for turn in snapshot.turns}
        known.update(ask.id for ask in asks if self._places.is_lost(ask.id))
        asks = tuple({ask.id: ask for ask in asks if ask.id not in known}.values())
        if not asks:
            return None
        as_written = turns_of(asks, snapshot)
        served = self.models.named(asks[-1].engine)
        rounds = await self._offering.rounds(conversation, asks[-1].origin, as_written[-1], served)
        turns = await fitting(served, as_written, snapshot, rounds.text)
        owed = owed_for(f"r{asks[-1].id}", turns, asks[-1].origin, served)
        tally = self._limits.tally(_asker(ask.author, ask.origin) for ask in asks)
        if not await self._store.journal(conversation, turns, owed, tally):
            return None
        self._limits.note(tally)
        every = (*snapshot.turns, *turns)
        reply = self._write(conversation, owed, every, snapshot, len(turns), rounds, asks)
        if lost := [ask.id for ask in asks if self._places.is_lost(ask.id)]:
            # Deleted while it was taken on: too late to be left out, too early to be found there.
            reply.lose(lost)
            await self._store.remove(conversation, lost)
        if turns != as_written:
            reply.notices.append(_SHORTENED)
        return reply

    async def _begin_again(
        self, conversation: str, origin: dict[str, str], how: Replacing, message: str
    ) -> Reply | None:
        snapshot = await self._load(conversation, origin)
        turns = list(snapshot.turns)
        older = turns.pop() if turns and turns[-1].role == "assistant" else None
        asked = last_question(turns)
        is_meant = not message or (older is not None and message in (older.id, *older.shown))
        if not asked or not is_meant or (older is not None and not how):
            return None
        if older is None:
            how = ""
        # A new id: the journal takes each reply once, and this question has had one already.
        served = self.models.named(engine_of(asked, snapshot))
        asker = _asker(asked[-1].author, origin)
        self._check(asker, served)
        reply_id = f"r{asked[-1].id}.{time.time_ns():x}"
        owed = owed_for(reply_id, asked, origin, served, older=older, how=how)
        tally = self._limits.tally([asker])
        if not await self._store.journal(conversation, (), owed, tally):
            return None
        self._limits.note(tally)
        for other in snapshot.pending:
            if set(other.asks) <= set(owed.asks):
                # Its commit failed. This reply comes in its place; a restart must not write both.
                await self._store.commit(conversation, other.reply, None, snapshot.state)
        rounds = await self._offering.rounds(conversation, origin, asked[-1], served)
        return self._write(conversation, owed, turns, snapshot, len(asked), rounds, older=older)

    async def _begin_owed(self, conversation: str, owed: Pending) -> Reply | None:
        snapshot = await self._load(conversation, owed.origin)
        if owed.reply not in {pending.reply for pending in snapshot.pending}:
            return None
        asked = [turn for turn in snapshot.turns if turn.id in owed.asks]
        older = next((turn for turn in snapshot.turns if turn.id == owed.replaces), None)
        if not asked or (owed.replaces and older is None):
            await self._store.commit(conversation, owed.reply, None, snapshot.state)
            return None
        before = [turn for turn in snapshot.turns if turn.n < owed.n]
        served = self.models.named(owed.origin.get(ENGINE, ""))
        rounds = await self._offering.rounds(conversation, owed.origin, asked[-1], served)
        return self._write(conversation, owed, before, snapshot, len(asked), rounds, older=older)

    async def _load(self, conversation: str, origin: Mapping[str, str]) -> Snapshot:
        """The conversation with the facts that apply to a reply, in one round trip."""
        owners = owners_in(origin, conversation)
        return await self._store.load(conversation, [owner.name for owner in owners])

    async def gather(self, ask: Ask) -> tuple[Step, ...]:
        """What tools find for a question that is answered outside the conversation, as JSON.

        Nothing is stored. Tools that change something are not offered: nobody would confirm them.
        """
        served = self.models.named(ask.engine)
        asked = Turn(ask.id, 0, "user", ask.text, author=ask.author)
        rounds = await self._offering.rounds(
            ask.conversation, ask.origin, asked, served, changes=False
        )
        await gather(served, rounds, ask.text, session=ask.conversation)
        return tuple(rounds.steps)

    def _write(
        self,
        conversation: str,
        owed: Pending,
        turns: Sequence[Turn],
        snapshot: Snapshot,
        asked: int,
        rounds: Rounds,
        asks: tuple[Ask, ...] = (),
        older: Turn | None = None,
    ) -> Reply:
        served = self.models.named(owed.origin.get(ENGINE, ""))
        writer = Writer(
            served,
            self._store,
            conversation=conversation,
            owed=owed,
            turns=turns,
            state=snapshot.state,
            asked=asked,
            older=older,
            rounds=rounds,
            ticket=served.ticket(_asker(_author_of(turns), owed.origin)),
            memory=Memory.of(conversation, owed.origin, snapshot.facts),
            likeness=self._likeness,
        )
        reply = Reply(
            owed.reply,
            conversation,
            asks,
            writer.commit,
            answers=owed.asks,
            begun=older if owed.how == "continue" else None,
            before=next((turn for turn in reversed(turns) if turn.role == "assistant"), None),
        )
        reply.replaces = owed.replaces
        reply.askers = tuple(dict.fromkeys(turn.author for turn in turns[-asked:]))
        reply.start(writer.events())
        return reply


def _author_of(turns: Sequence[Turn]) -> str:
    """Who asked last."""
    return next((turn.author for turn in reversed(turns) if turn.role == "user"), "")


def _asker(author: str, origin: Mapping[str, str]) -> Asker:
    return Asker(author, origin.get("guild", ""))


@asynccontextmanager
async def _writing(place: Place, reply: Reply | None) -> AsyncGenerator[None, None]:
    place.reply = reply
    try:
        yield
    finally:
        place.reply = None
        if reply:
            await reply.close()
