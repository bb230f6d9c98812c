"""What all replies begin with: what is known, who speaks, the entry in the journal, the writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot import tracing
from bot.characters.part import Part
from bot.conversation.ask import Ask
from bot.conversation.askers import asker_of, asker_of_ask
from bot.conversation.books import Company
from bot.conversation.casting import Casting, Played
from bot.conversation.configuration import Configuration
from bot.conversation.facts import owners_in
from bot.conversation.fair_order import Asker
from bot.conversation.likeness import Likeness
from bot.conversation.limits import Limits
from bot.conversation.models import Models, Served
from bot.conversation.neighbours import Neighbours
from bot.conversation.offering import Offering
from bot.conversation.policies import SERVER, Policies, guarded
from bot.conversation.ports import Store
from bot.conversation.questions import ENGINE, answered_by
from bot.conversation.recalling import Memory
from bot.conversation.reply import Reply
from bot.conversation.summaries import Summaries
from bot.conversation.today import dated
from bot.conversation.tooling import Rounds
from bot.conversation.turns import LANGUAGE, Pending, Snapshot, State, Turn
from bot.conversation.wishes import Wishes
from bot.conversation.writer import Writer
from bot.errors import BadInput
from bot.language import language_of, speak
from bot.tools.context import places_in


class Groundwork:
    """Loads, journals and starts replies, however they begin."""

    def __init__(
        self,
        store: Store,
        models: Models,
        limits: Limits,
        offering: Offering,
        likeness: Likeness,
        summaries: Summaries,
        policies: Policies,
        configuration: Configuration,
        neighbours: Neighbours,
        casting: Casting,
    ) -> None:
        self._store = store
        self._models = models
        self._limits = limits
        self._offering = offering
        self._likeness = likeness
        self._summaries = summaries
        self._policies = policies
        self._configuration = configuration
        self._neighbours = neighbours
        self._casting = casting

    async def load(
        self,
        conversation: str,
        origin: Mapping[str, str],
        askers: Iterable[Asker] = (),
        owed: str = "",
        whole: bool = False,
    ) -> Snapshot:
        """A conversation with the facts that apply and what `askers` have had, in one round trip.

        Nothing is begun while it is not known what the server allows: `StoreUnavailable`; nor
        while another process writes anything there but the reply `owed`. Where the front did not
        know the language of a direct message, the running task speaks what it was before.
        """
        counts = self._limits.counts(askers)
        with tracing.step("load"):
            await self._policies.of(origin.get(SERVER, ""))
            facts = [owner.name for owner in owners_in(origin, conversation)]
            snapshot = await self._neighbours.settled(
                lambda: self._store.load(conversation, facts, counts), owed, whole=whole
            )
        self._limits.learn(counts)
        if snapshot.state.language and origin.get(LANGUAGE) == "":
            speak(language_of(snapshot.state.language))
        return snapshot

    async def journal(
        self, conversation: str, turns: Sequence[Turn], owed: Pending, askers: Iterable[Asker]
    ) -> bool:
        """Note a reply that is owed, and count it; False if it was noted before."""
        with tracing.step("journal"), self._limits.counting(askers) as tally:
            return await self._store.journal(conversation, turns, owed, tally)

    async def company(
        self,
        conversation: str,
        snapshot: Snapshot,
        origin: Mapping[str, str],
        asks: Sequence[Ask] = (),
    ) -> Company | None:
        """Who is on stage, but for those whom the server's policy does not allow there."""
        policy = await self._policies.of(origin.get(SERVER, ""))
        return await self._casting.company(conversation, snapshot, origin, asks, policy)

    def wishes(self, origin: Mapping[str, str]) -> Wishes:
        """What is wanted of answers there."""
        return self._configuration.wishes(places_in(origin))

    def with_system(self, snapshot: Snapshot, origin: Mapping[str, str]) -> Snapshot:
        """The conversation as if what it inherits were its own, to measure its prompt."""
        system = self._persona(snapshot, origin) or snapshot.state.system
        return replace(snapshot, state=replace(snapshot.state, system=system or None))

    def _persona(self, snapshot: Snapshot, origin: Mapping[str, str]) -> str:
        """The system prompt that holds instead of the conversation's own; "" if that one does.

        It is inherited, or tells what day it is.
        """
        own = snapshot.state.system or ""
        told = dated(own or self._configuration.system(places_in(origin)), datetime.now(UTC))
        return "" if told == own else told

    async def played(
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

    async def rounds(
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

    async def write(
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
        """Start the reply that is owed; the newest `asked` of `turns` are its question.

        `asks` are the questions that wait for it, `older` is the reply that it replaces.
        """
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
            state=_spoken_in(snapshot.state, owed.origin),
            asked=asked,
            older=older,
            rounds=rounds,
            ticket=served.ticket(asker),
            memory=Memory.of(conversation, owed.origin, snapshot.facts),
            likeness=self._likeness,
            recap=self._summaries.recap(snapshot),
            part=part,
            persona=self._persona(snapshot, owed.origin),
            wishes=self.wishes(owed.origin),
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


def _spoken_in(state: State, origin: Mapping[str, str]) -> State:
    """The state with the language of a direct message, if it is known by now."""
    return replace(state, language=origin[LANGUAGE]) if origin.get(LANGUAGE) else state
