"""The four ways in which a reply begins: to questions, again, unasked, and owed."""

from __future__ import annotations

import logging
from collections.abc import Collection

from bot.conversation.ask import Ask
from bot.conversation.askers import asker_in, asker_of, asker_of_ask
from bot.conversation.books import Read
from bot.conversation.casting import CHARACTER, Casting
from bot.conversation.configuration import Configuration
from bot.conversation.fair_order import Asker
from bot.conversation.fitting import fitting
from bot.conversation.groundwork import Groundwork
from bot.conversation.likeness import Likeness
from bot.conversation.limits import Limits
from bot.conversation.models import Models, Served
from bot.conversation.neighbours import Neighbours
from bot.conversation.offering import Offering
from bot.conversation.places import Places
from bot.conversation.policies import Policies
from bot.conversation.ports import Store
from bot.conversation.questions import (
    ENGINE,
    engine_of,
    newest_question,
    next_number,
    owed_for,
    reply_id,
    turns_of,
    without_owed,
)
from bot.conversation.reply import Reply
from bot.conversation.summaries import Summaries
from bot.conversation.turns import Pending, Replacing, Turn
from bot.errors import BadInput
from bot.language import later

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
        self._summaries = summaries
        self._neighbours = neighbours
        self._casting = Casting(store, house)
        self._ground = Groundwork(
            store,
            models,
            limits,
            offering,
            likeness,
            summaries,
            policies,
            configuration,
            neighbours,
            self._casting,
        )

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
        snapshot = await self._ground.load(
            conversation, origin, map(asker_of_ask, asks), whole=True
        )
        asks = self._neighbours.wanted(asks)
        known = {turn.id for turn in snapshot.turns}
        known.update(ask.id for ask in asks if self._places.is_lost(ask.id))
        asks = tuple({ask.id: ask for ask in asks if ask.id not in known}.values())
        asks = self._limits.allowed(asks, own)
        if not asks:
            return None
        served, origin = self._models.named(asks[-1].engine), asks[-1].origin
        company = await self._ground.company(conversation, snapshot, origin, asks)
        if company:
            asks = self._casting.as_called(company, asks)
        as_written = turns_of(asks, snapshot)
        every = (*snapshot.turns, *as_written)
        played = await self._ground.played(company, every, snapshot, origin, served)
        if company and played is None:
            if not company.stage.paused:
                await self._store.add(conversation, as_written)
            return None
        if played:
            origin = {**origin, **played.noted}
        rounds = await self._ground.rounds(conversation, origin, as_written[-1], served, played)
        recap, part = self._summaries.recap(snapshot), played.part if played else None
        turns = await fitting(
            served,
            as_written,
            self._ground.with_system(snapshot, origin),
            rounds.text,
            recap,
            part,
            thinks=self._ground.wishes(origin).thinks,
        )
        owed = owed_for(reply_id(asks[-1].id), turns, origin, served)
        # Meanwhile something else of theirs may have begun.
        self._limits.check_own(asks, own)
        if not await self._ground.journal(conversation, turns, owed, map(asker_of_ask, asks)):
            return await self.answer(given, own, tries - 1) if tries else None
        every, new = (*without_owed(snapshot), *turns), len(turns)
        reply = await self._ground.write(
            conversation, owed, every, snapshot, new, rounds, asks, part=part
        )
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
        snapshot = await self._ground.load(conversation, origin, [asker_in(origin)])
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
        company = await self._ground.company(conversation, snapshot, origin)
        speaker = older.character if older else ""
        played = await self._ground.played(
            company, turns, snapshot, origin, served, speaker, anyway=True
        )
        if speaker and played is None:
            raise BadInput(_GONE)
        if played:
            origin = {**origin, **played.noted}
        name = reply_id(asked[-1].id, again=True)
        owed = owed_for(name, asked, origin, served, older=older, how=how, n=turns[-1].n + 1)
        if not await self._ground.journal(conversation, (), owed, [asker]):
            return None
        for other in snapshot.pending:
            answered = set(other.asks) <= set(owed.asks)
            if answered and await self._store.take_over(conversation, other):
                # Its commit failed. This reply comes in its place; a restart must not write both.
                await self._store.commit(conversation, other.reply, None, snapshot.state)
        rounds = await self._ground.rounds(conversation, origin, asked[-1], served, played)
        keep, part = len(turns) - turns.index(asked[0]), played.part if played else None
        return await self._ground.write(
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
        snapshot = await self._ground.load(conversation, origin, [asker_in(origin)])
        turns = snapshot.turns
        asked = newest_question(turns)
        if answers is not None and not (asked and asked[-1].id in answers):
            return None
        served = self._models.named(engine_of(asked, snapshot) if asked else snapshot.state.engine)
        company = await self._ground.company(conversation, snapshot, origin)
        played = await self._ground.played(
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
        if not await self._ground.journal(conversation, (), owed, [asker]):
            return None
        newest = asked[-1] if asked else Turn("", 0, "user", "", author=asker.person)
        rounds = await self._ground.rounds(conversation, origin, newest, served, played)
        keep = len(turns) - turns.index(asked[0]) if asked else min(len(turns), 1)
        reply = await self._ground.write(
            conversation, owed, turns, snapshot, keep, rounds, part=played.part
        )
        reply.unasked = True
        return reply

    async def owed(self, conversation: str, owed: Pending) -> Reply | None:
        """Begin a reply again that a former process owes; None if its question is gone."""
        snapshot = await self._ground.load(conversation, owed.origin, owed=owed.reply)
        if owed.reply not in {pending.reply for pending in snapshot.pending}:
            return None
        asked = [turn for turn in snapshot.turns if turn.id in owed.asks]
        older = next((turn for turn in snapshot.turns if turn.id == owed.replaces), None)
        before = [turn for turn in snapshot.turns if turn.n < owed.n]
        served = self._models.named(owed.origin.get(ENGINE, ""))
        speaker = owed.origin.get(CHARACTER, "")
        company = (
            await self._ground.company(conversation, snapshot, owed.origin) if speaker else None
        )
        try:
            played = await self._ground.played(
                company, before, snapshot, owed.origin, served, speaker
            )
        except BadInput as refusal:
            log.info("reply %s is given up: %s", owed.reply, refusal)
            played = None
        lost = (owed.asks and not asked) or (owed.replaces and older is None)
        if lost or (speaker and played is None) or not (asked or speaker):
            await self._store.commit(conversation, owed.reply, None, snapshot.state)
            return None
        newest = asked[-1] if asked else Turn("", 0, "user", "")
        rounds = await self._ground.rounds(conversation, owed.origin, newest, served, played)
        keep = len(before) - before.index(asked[0]) if asked else min(len(before), 1)
        part = played and played.part
        return await self._ground.write(
            conversation, owed, before, snapshot, keep, rounds, older=older, part=part
        )
