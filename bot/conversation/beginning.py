"""How a reply begins: who is to write it, with what, and the entry in the journal."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from bot import tracing
from bot.characters.part import Part
from bot.conversation.ask import Ask
from bot.conversation.askers import asker_in, asker_of, asker_of_ask
from bot.conversation.books import Company, Read
from bot.conversation.casting import CHARACTER, Casting, Played
from bot.conversation.configuration import Configuration
from bot.conversation.facts import owners_in
from bot.conversation.fair_order import Asker
from bot.conversation.fitting import fitting
from bot.conversation.likeness import Likeness
from bot.conversation.limits import Limits
from bot.conversation.models import Models, Served
from bot.conversation.neighbours import Neighbours
from bot.conversation.offering import Offering
from bot.conversation.places import Places
from bot.conversation.policies import SERVER, Policies, guarded
from bot.conversation.ports import Store
from bot.conversation.questions import (
    ENGINE,
    answered_by,
    engine_of,
    newest_question,
    next_number,
    owed_for,
    reply_id,
    turns_of,
    without_owed,
)
from bot.conversation.recalling import Memory
from bot.conversation.reply import Reply
from bot.conversation.summaries import Summaries
from bot.conversation.tooling import Rounds
from bot.conversation.turns import Pending, Replacing, Snapshot, Turn
from bot.conversation.writer import Writer
from bot.errors import BadInput
from bot.language import later
from bot.tools.context import places_in

log = logging.getLogger(__name__)

_SHORTENED = later("Your message is longer than this model can read; I left out the middle of it.")
_GONE = later(
    "The character who said that is not on stage any more. /character use brings it back."
)


class Beginnings:
    """Begins the replies of all conversations; who calls it holds the conversation's lock."""

    def __init__(
        self,
        store: Store,
        models: Models,
        places: Places,
        limits: Limits,
        offering: Offering,
        likeness: Likeness,
        summaries: Summaries,
        policies: Policies,
        configuration: Configuration,
        neighbours: Neighbours,
        house: Read | None = None,
    ) -> None:
        self._store = store
        self._models = models
        self._places = places
        self._limits = limits
        self._offering = offering
        self._likeness = likeness
        self._summaries = summaries
        self._policies = policies
        self._configuration = configuration
        self._neighbours = neighbours
        self._casting = Casting(store, house)

    def check(self, asker: Asker, served: Served) -> None:
        """Raise `LimitReached` if somebody has asked too much to ask an engine now."""
        waiting = 0
        if served.line.is_full:
            waiting = sum(one.line.waiting_for(asker.person) for one in self._models)
        self._limits.check(asker, waiting)

    async def answer(self, asks: tuple[Ask, ...], own: str = "", tries: int = 3) -> Reply | None:
        """Journal the questions and start the answer; None if there is none to be given.

        That is so if all of them are answered, by whichever process, or deleted, and where no
        character is to speak: then they are only heard. Questions of people who have asked too
        much are left out, but for `own`, the one that this is called for: a `LimitReached`.
        """
        given, conversation, origin = asks, asks[0].conversation, asks[-1].origin
        snapshot = await self._load(conversation, origin, map(asker_of_ask, asks), whole=True)
        asks = self._neighbours.wanted(asks)
        known = {turn.id for turn in snapshot.turns}
        known.update(ask.id for ask in asks if self._places.is_lost(ask.id))
        asks = tuple({ask.id: ask for ask in asks if ask.id not in known}.values())
        asks = self._limits.allowed(asks, own)
        if not asks:
            return None
        served, origin = self._models.named(asks[-1].engine), asks[-1].origin
        company = await self._company(conversation, snapshot, origin, asks)
        if company:
            asks = self._casting.as_called(company, asks)
        as_written = turns_of(asks, snapshot)
        every = (*snapshot.turns, *as_written)
        played = await self._played(company, every, snapshot, origin, served)
        if company and played is None:
            if not company.stage.paused:
                await self._store.add(conversation, as_written)
            return None
        if played:
            origin = {**origin, **played.noted}
        rounds = await self._rounds(conversation, origin, as_written[-1], served, played)
        recap, part = self._summaries.recap(snapshot), played.part if played else None
        turns = await fitting(
            served, as_written, self._with_system(snapshot, origin), rounds.text, recap, part
        )
        owed = owed_for(reply_id(asks[-1].id), turns, origin, served)
        # Meanwhile something else of theirs may have begun.
        self._limits.check_own(asks, own)
        if not await self._journal(conversation, turns, owed, map(asker_of_ask, asks)):
            return await self.answer(given, own, tries - 1) if tries else None
        every, new = (*without_owed(snapshot), *turns), len(turns)
        reply = await self._write(conversation, owed, every, snapshot, new, rounds, asks, part=part)
        if lost := [ask.id for ask in asks if self._places.is_lost(ask.id)]:
            # Deleted while it was taken on: too late to be left out, too early to be found there.
            reply.lose(lost)
            await self._store.remove(conversation, lost)
        if turns != as_written:
            reply.notices.append(_SHORTENED)
        return reply

    async def again(
        self, conversation: str, origin: dict[str, str], how: Replacing, message: str
    ) -> Reply | None:
        """Write the newest reply again, or answer the newest question if it has none."""
        snapshot = await self._load(conversation, origin, [asker_in(origin)])
        turns = list(snapshot.turns)
        older = turns.pop() if turns and turns[-1].role == "assistant" else None
        asked = newest_question(turns)
        is_meant = not message or (older is not None and message in (older.id, *older.shown))
        if not asked or not is_meant or (older is not None and not how):
            return None
        if older is None:
            how = ""
        # A new id: the journal takes each reply once, and this question has had one already.
        served = self._models.named(engine_of(asked, snapshot))
        asker = asker_of(asked[-1].author, origin)
        self.check(asker, served)
        company = await self._company(conversation, snapshot, origin)
        speaker = older.character if older else ""
        played = await self._played(company, turns, snapshot, origin, served, speaker, anyway=True)
        if speaker and played is None:
            raise BadInput(_GONE)
        if played:
            origin = {**origin, **played.noted}
        name = reply_id(asked[-1].id, again=True)
        owed = owed_for(name, asked, origin, served, older=older, how=how, n=turns[-1].n + 1)
        if not await self._journal(conversation, (), owed, [asker]):
            return None
        for other in snapshot.pending:
            answered = set(other.asks) <= set(owed.asks)
            if answered and await self._store.take_over(conversation, other):
                # Its commit failed. This reply comes in its place; a restart must not write both.
                await self._store.commit(conversation, other.reply, None, snapshot.state)
        rounds = await self._rounds(conversation, origin, asked[-1], served, played)
        keep, part = len(turns) - turns.index(asked[0]), played.part if played else None
        return await self._write(
            conversation, owed, turns, snapshot, keep, rounds, older=older, part=part
        )

    async def speech(
        self,
        conversation: str,
        origin: dict[str, str],
        character: str,
        *,
        anyway: bool,
        answers: Collection[str] | None = None,
    ) -> Reply | None:
        """Let a character speak without a new question; "" is whoever is due, if anybody is.

        Nobody does if the last question is none of those that it `answers`.
        """
        snapshot = await self._load(conversation, origin, [asker_in(origin)])
        turns = snapshot.turns
        asked = newest_question(turns)
        if answers is not None and not (asked and asked[-1].id in answers):
            return None
        served = self._models.named(engine_of(asked, snapshot) if asked else snapshot.state.engine)
        company = await self._company(conversation, snapshot, origin)
        played = await self._played(
            company, turns, snapshot, origin, served, character, anyway=anyway
        )
        if played is None:
            return None
        asker = asker_in(origin)
        self.check(asker, served)
        origin = {**origin, **played.noted}
        question = asked[-1].id if asked else "0"
        number = next_number(snapshot)
        owed = owed_for(reply_id(question, again=True), asked, origin, served, n=number)
        if not await self._journal(conversation, (), owed, [asker]):
            return None
        newest = asked[-1] if asked else Turn("", 0, "user", "", author=asker.person)
        rounds = await self._rounds(conversation, origin, newest, served, played)
        keep = len(turns) - turns.index(asked[0]) if asked else min(len(turns), 1)
        reply = await self._write(
            conversation, owed, turns, snapshot, keep, rounds, part=played.part
        )
        reply.unasked = True
        return reply

    async def owed(self, conversation: str, owed: Pending) -> Reply | None:
        """Begin a reply again that a former process owes; None if its question is gone."""
        snapshot = await self._load(conversation, owed.origin, owed=owed.reply)
        if owed.reply not in {pending.reply for pending in snapshot.pending}:
            return None
        asked = [turn for turn in snapshot.turns if turn.id in owed.asks]
        older = next((turn for turn in snapshot.turns if turn.id == owed.replaces), None)
        before = [turn for turn in snapshot.turns if turn.n < owed.n]
        served = self._models.named(owed.origin.get(ENGINE, ""))
        speaker = owed.origin.get(CHARACTER, "")
        company = await self._company(conversation, snapshot, owed.origin) if speaker else None
        try:
            played = await self._played(company, before, snapshot, owed.origin, served, speaker)
        except BadInput as refusal:
            log.info("reply %s is given up: %s", owed.reply, refusal)
            played = None
        lost = (owed.asks and not asked) or (owed.replaces and older is None)
        if lost or (speaker and played is None) or not (asked or speaker):
            await self._store.commit(conversation, owed.reply, None, snapshot.state)
            return None
        newest = asked[-1] if asked else Turn("", 0, "user", "")
        rounds = await self._rounds(conversation, owed.origin, newest, served, played)
        keep = len(before) - before.index(asked[0]) if asked else min(len(before), 1)
        part = played and played.part
        return await self._write(
            conversation, owed, before, snapshot, keep, rounds, older=older, part=part
        )

    async def _load(
        self,
        conversation: str,
        origin: Mapping[str, str],
        askers: Iterable[Asker] = (),
        owed: str = "",
        whole: bool = False,
    ) -> Snapshot:
        """A conversation with the facts that apply and what `askers` have had, in one round trip.


        Nothing is begun while it is not known what the server allows: `StoreUnavailable`; nor
        while another process writes anything there but the reply `owed`.
        """
        counts = self._limits.counts(askers)
        with tracing.step("load"):
            await self._policies.of(origin.get(SERVER, ""))
            facts = [owner.name for owner in owners_in(origin, conversation)]
            snapshot = await self._neighbours.settled(
                lambda: self._store.load(conversation, facts, counts), owed, whole=whole
            )
        self._limits.learn(counts)
        return snapshot

    async def _journal(
        self, conversation: str, turns: Sequence[Turn], owed: Pending, askers: Iterable[Asker]
    ) -> bool:
        """Note a reply that is owed, and count it; False if it was noted before."""
        with tracing.step("journal"), self._limits.counting(askers) as tally:
            return await self._store.journal(conversation, turns, owed, tally)

    async def _company(
        self,
        conversation: str,
        snapshot: Snapshot,
        origin: Mapping[str, str],
        asks: Sequence[Ask] = (),
    ) -> Company | None:
        """Who is on stage, but for those whom the server's policy does not allow there."""
        policy = await self._policies.of(origin.get(SERVER, ""))
        return await self._casting.company(conversation, snapshot, origin, asks, policy)

    def _with_system(self, snapshot: Snapshot, origin: Mapping[str, str]) -> Snapshot:
        """The conversation as if what it inherits were its own, to measure its prompt."""
        system = snapshot.state.system or self._configuration.system(places_in(origin))
        return replace(snapshot, state=replace(snapshot.state, system=system or None))

    async def _played(
        self,
        company: Company | None,
        turns: Sequence[Turn],
        snapshot: Snapshot,
        origin: Mapping[str, str],
        served: Served,
        speaker: str = "",
        *,
        anyway: bool = False,
    ) -> Played | None:
        """Who speaks after `turns`; None where nobody is on stage, or nobody is to speak.

        Raises `BadInput` for a character who may not play there.
        """
        if company is None:
            return None
        speaker = speaker or await self._casting.speaker(
            company, turns, origin, served, anyway=anyway
        )
        if refusal := company.refused.get(speaker):
            raise BadInput(refusal)
        if not speaker or company.member(speaker) is None:
            return None
        part = await self._casting.part(company, speaker, snapshot, turns, served)
        return Played(part, company.stage)

    async def _rounds(
        self,
        conversation: str,
        origin: Mapping[str, str],
        asked: Turn,
        served: Served,
        played: Played | None,
    ) -> Rounds:
        """The tools of a reply; a character has none, unless they were switched on for it."""
        if played and not played.stage.tools:
            return self._offering.none(conversation, origin, asked)
        return await self._offering.rounds(conversation, origin, asked, served)

    async def _write(
        self,
        conversation: str,
        owed: Pending,
        turns: Sequence[Turn],
        snapshot: Snapshot,
        asked: int,
        rounds: Rounds,
        asks: tuple[Ask, ...] = (),
        older: Turn | None = None,
        part: Part | None = None,
    ) -> Reply:
        served = self._models.named(owed.origin.get(ENGINE, ""))
        askers = answered_by(turns, owed.asks)
        asker = asker_of(askers[-1] if askers else owed.origin.get("asker", ""), owed.origin)
        whose = [asker_of_ask(ask) for ask in asks] or [asker]
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
            ticket=served.ticket(asker),
            memory=Memory.of(conversation, owed.origin, snapshot.facts),
            likeness=self._likeness,
            recap=self._summaries.recap(snapshot),
            part=part,
            persona=self._configuration.system(places_in(owed.origin)),
            spend=lambda tokens: self._limits.spend(whose, tokens),
        )

        async def commit(reply: Reply, shown: tuple[str, ...]) -> Turn | None:
            turn = await writer.commit(reply, shown)
            if turn and not reply.error:
                self._summaries.catch_up(
                    conversation, served, asker, writer.state, snapshot.summary
                )
            return turn

        reply = Reply(
            owed.reply,
            conversation,
            asks,
            commit,
            answers=owed.asks,
            begun=older if owed.how == "continue" else None,
            before=next((turn for turn in reversed(turns) if turn.role == "assistant"), None),
            older=older,
            how=owed.how,
            part=part,
        )
        # What its tools have to say to people stands under it.
        rounds.notices = reply.notices
        reply.askers = askers
        reply.origin = owed.origin
        policy = await self._policies.of(owed.origin.get(SERVER, ""))
        events = writer.events()
        reply.start(guarded(events, policy.blocklist) if policy.words else events)
        return reply
