"""Who answers where characters are on stage, and what the model is told to play them."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.characters import scene as play
from bot.characters.part import Part
from bot.characters.policy import Policy, may_play, rules
from bot.characters.scene import Line
from bot.characters.stage import Stage
from bot.conversation.ask import Ask
from bot.conversation.books import Books, Company, Read, people_in
from bot.conversation.library import Library, Persona
from bot.conversation.model import ModelInUse
from bot.conversation.models import Served
from bot.conversation.policies import DEFAULT, MATURE
from bot.conversation.ports import End, Generation, Sampling
from bot.conversation.turns import Snapshot, Turn
from bot.errors import EngineError

log = logging.getLogger(__name__)

CHARACTER = "character"
"""The field of a reply's origin that names who speaks."""

LIBRARY = "library"
"""The field that names the library of the place: the server's, or the person's own."""

ADDRESSED = "addressed"
"""The field with the message that the question replies to."""

CALLED = "called"
"""The field with the asker's display name, also where turns need none."""

# The name of a character is a few tokens.
_CHOICE_TOKENS = 24


@dataclass(frozen=True, slots=True)
class Played:
    """Who speaks in a reply, and on what stage."""

    part: Part
    stage: Stage

    @property
    def noted(self) -> dict[str, str]:
        """What the reply's origin says of it, for a restart."""
        return {CHARACTER: self.part.character}


class Casting:
    """Finds who speaks, and makes the part."""

    def __init__(self, library: Library, house: Read | None = None) -> None:
        self._library = library
        self._books = Books(library, house)

    async def company(
        self,
        conversation: str,
        snapshot: Snapshot,
        origin: Mapping[str, str],
        asks: Sequence[Ask] = (),
        policy: Policy = DEFAULT,
    ) -> Company | None:
        """The stage of a conversation with the personas of its people; None without a cast.

        Who may not play there by the server's `policy` is not among the cast.
        """
        stage = self._books.stage_of(snapshot)
        if stage is None:
            return None
        people = dict.fromkeys(people_in(snapshot.turns))
        people.update(dict.fromkeys(ask.author for ask in asks))
        people.pop("", None)
        library, personas = origin.get(LIBRARY, ""), dict[str, Persona]()
        if library and people:
            personas.update(await self._library.personas(library, [*people]))
        mature = origin.get(MATURE) == "yes"
        refused = _refused(stage, policy, mature=mature)
        cast = tuple(member for member in stage.cast if member.character not in refused)
        return Company(
            conversation,
            replace(stage, cast=cast),
            personas,
            origin.get("asker", ""),
            origin.get(CALLED, ""),
            stage,
            refused,
            rules(policy, mature),
        )

    def as_called(self, company: Company, asks: Sequence[Ask]) -> tuple[Ask, ...]:
        """The questions with the names that their writers have in the story."""
        return tuple(
            replace(ask, speaker=persona.name)
            if (persona := company.personas.get(ask.author)) and persona.name and ask.speaker
            else ask
            for ask in asks
        )

    async def speaker(
        self,
        company: Company,
        turns: Sequence[Turn],
        origin: Mapping[str, str],
        served: Served,
        *,
        anyway: bool = False,
    ) -> str:
        """The id of the character who speaks next, "" if nobody is to.

        `turns` are all that was said. `anyway`: somebody is to speak, whether or not it is due.
        It may be one of `company.refused`, if nobody else is to speak.
        """
        found = await self._speaker(company, turns, origin, served, anyway=anyway)
        if found or not company.refused:
            return found
        everybody = replace(company, stage=company.whole, refused={})
        return await self._speaker(everybody, turns, origin, served, anyway=anyway)

    async def _speaker(
        self,
        company: Company,
        turns: Sequence[Turn],
        origin: Mapping[str, str],
        served: Served,
        *,
        anyway: bool,
    ) -> str:
        said, spoken = since_a_person(turns)
        text = "\n".join(turn.text for turn in said)
        addressed = _addressed(turns, origin.get(ADDRESSED, ""))
        open_choice = not spoken and said and play.needs_choice(company.stage, text, addressed)
        if open_choice and (chosen := await self._chosen(company, turns, served)):
            return chosen
        lines = [_line(turn) for turn in spoken]
        seed = said[-1].id if said else ""
        due = play.still_due(company.stage, text, addressed, lines, dice=random.Random(seed).random)
        if due or not anyway:
            return due[0] if due else ""
        newest = turns[-1] if turns else None
        return play.next_up(
            company.stage,
            newest.text if newest else "",
            newest.character if newest else "",
            dice=random.Random(f"{seed} {len(turns)}").random,
        )

    async def part(
        self,
        company: Company,
        speaker: str,
        snapshot: Snapshot,
        turns: Sequence[Turn],
        served: Served,
    ) -> Part:
        """What the model is told to speak as a character after `turns`."""
        part = await self._books.part(company, speaker, snapshot, turns, served)
        # Behind all that the card says: it has no way to leave it out, or to put itself above it.
        return replace(part, system="\n\n".join(filter(None, (part.system, company.rules))))

    async def _chosen(self, company: Company, turns: Sequence[Turn], served: Served) -> str:
        """Whom the model wants to speak next, "" if it does not tell."""
        members = play.awake(company.stage)
        names = [member.name for member in members]
        question = play.who_is_next_prompt(names, [_line(turn) for turn in turns])

        async def choose(model: ModelInUse) -> str:
            form = model.profile.script
            request = Generation(
                prompt=form.block("user", question) + form.opening,
                max_tokens=_CHOICE_TOKENS,
                stop=model.profile.stop,
                sampling=Sampling(temperature=0.0),
                session=company.conversation,
            )
            text = ""
            async with aclosing(served.engine.stream(request)) as events:
                async for event in events:
                    text += "" if isinstance(event, End) else event.text
            return text

        try:
            text = await served.model.written(choose)
        except EngineError as error:
            log.info("the model did not choose who speaks next: %s", error)
            return ""
        chosen = play.read_choice(text, names)
        return members[names.index(chosen)].character if chosen else ""


def since_a_person(turns: Sequence[Turn]) -> tuple[Sequence[Turn], Sequence[Turn]]:
    """What people said last, and what characters have said since."""
    end = len(turns)
    while end and turns[end - 1].role != "user":
        end -= 1
    begin = end
    while begin and turns[begin - 1].role == "user":
        begin -= 1
    return turns[begin:end], turns[end:]


def _refused(stage: Stage, policy: Policy, *, mature: bool) -> dict[str, str]:
    found = {member.character: may_play(policy, member, mature) for member in stage.cast}
    return {character: why for character, why in found.items() if why}


def _line(turn: Turn) -> Line:
    return Line(turn.speaker, turn.text, turn.character)


def _addressed(turns: Sequence[Turn], message: str) -> str:
    """The character who said what a message shows."""
    found = (turn.character for turn in turns if message and message in (turn.id, *turn.shown))
    return next(found, "")
