"""The cards and lorebooks of a stage, read and kept ready, and the part that comes of them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from bot.characters.card import Card
from bot.characters.compose import compose, greeting, greeting_values
from bot.characters.lore import book as lorebook
from bot.characters.lore.entry import Book
from bot.characters.part import Part
from bot.characters.playing import Line, Listener, Player, Scene, Talk, book_of
from bot.characters.read import read_card
from bot.characters.stage import Member, Stage
from bot.conversation.library import Library, Persona
from bot.conversation.models import Served
from bot.conversation.turns import Snapshot, Turn
from bot.errors import BadInput
from bot.language import later
from bot.prompts.messages import Message

log = logging.getLogger(__name__)

T = TypeVar("T")

# Cards and lorebooks that are kept ready; the one that was used longest ago goes first.
_REMEMBERED = 200

# What is longer than this (in bytes) is read beside the event loop.
_LONG = 100_000

HOUSE = "house"
"""The library, and the id, of the character that the operator has given to the bot itself."""

# More entries of lore than these are looked through beside the event loop.
_MANY = 1_000


@dataclass(frozen=True, slots=True)
class Read:
    """A card with its lorebook; `size` is how many bytes its file had."""

    card: Card
    book: Book | None
    size: int = 0

    @classmethod
    def of(cls, blob: bytes, filename: str = "") -> Read:
        """Read a card's file. Raises `BadInput` if it has no character in it."""
        card = read_card(blob, filename).card
        if card is None:
            raise BadInput(later("That is a lorebook, not a character's card."))
        return cls(card, book_of(card), len(blob))


@dataclass(frozen=True, slots=True)
class Company:
    """A stage with its people: `personas` by the id of whose they are, `called` is who asks.

    `refused` are those who may not play there, with the sentence that says why; they are not in
    the cast of `stage`, but in that of `whole`. `rules` is what they may not do there.
    """

    conversation: str
    stage: Stage
    personas: dict[str, Persona]
    asker: str = ""
    called: str = ""
    whole: Stage = field(default_factory=Stage)
    refused: dict[str, str] = field(default_factory=dict[str, str])
    rules: str = ""

    def member(self, character: str) -> Member | None:
        """The member with an id."""
        return next((one for one in self.stage.cast if one.character == character), None)

    def name_of(self, turn: Turn) -> str:
        """Who said something, as it is told."""
        if turn.role == "assistant" or turn.speaker:
            return turn.speaker
        persona = self.personas.get(turn.author)
        return (persona.name if persona else "") or self.called

    def listener(self, person: str, turns: Sequence[Turn]) -> Listener | None:
        """A person as characters know them; None if nothing is known."""
        persona = self.personas.get(person, Persona())
        # A line that somebody had posted in another name (a turn with `shown`) is not theirs.
        posted = (turn for turn in reversed(turns) if turn.author == person)
        own = (turn for turn in posted if not turn.shown and not turn.is_brought)
        said = (turn.speaker for turn in own if turn.speaker)
        name = persona.name or next(said, "") or (self.called if person == self.asker else "")
        return Listener(name, persona.text) if name else None


def people_in(turns: Iterable[Turn]) -> Iterator[str]:
    """The ids of those who take part; who brought a talk out of a file does not by that."""
    asked = (turn for turn in turns if turn.role == "user" and not turn.is_brought)
    return (turn.author for turn in asked if turn.author)


class Books:
    """Reads cards and lorebooks of libraries, each once.

    `house` is the character that the bot itself is, wherever no other one is on stage.
    """

    def __init__(self, library: Library, house: Read | None = None) -> None:
        self._library = library
        self._house = house
        self._cards: OrderedDict[tuple[str, str], Read] = OrderedDict()
        self._books: OrderedDict[tuple[str, str], Book] = OrderedDict()

    async def part(
        self,
        company: Company,
        speaker: str,
        snapshot: Snapshot,
        turns: Sequence[Turn],
        served: Served,
    ) -> Part:
        """What the model is told to speak as a character after `turns`."""
        scene = await self.scene(company, speaker, snapshot, turns, served)
        part = await _composed(scene, self._weight(company.stage.cast))
        if speaker == HOUSE:
            part = replace(part, examples=(*part.examples, *_greeted(scene)))
        return part

    def stage_of(self, snapshot: Snapshot) -> Stage | None:
        """The stage of a conversation; None where nobody is on it."""
        stage = snapshot.stage
        if stage and stage.cast:
            return stage
        if self._house is None:
            return None
        name = self._house.card.called
        # Whoever runs the bot has chosen this card, so it may do what the bot may do.
        return replace(stage or Stage(), cast=(Member(HOUSE, HOUSE, "", name),), tools=True)

    async def scene(
        self,
        company: Company,
        speaker: str,
        snapshot: Snapshot,
        turns: Sequence[Turn],
        served: Served,
    ) -> Scene:
        """All that a prompt for a character is made of. Raises `BadInput` if its card is gone."""
        players, worlds = await asyncio.gather(
            self._players(company.stage.cast, speaker), self._worlds(company.stage.lore)
        )
        model = await served.model.current()
        people = dict.fromkeys(people_in(turns))
        others = (company.listener(person, turns) for person in people if person != company.asker)
        return Scene(
            cast=players,
            speaker=speaker,
            count=_size,
            limit=model.prompt_limit,
            stage=company.stage,
            asker=company.listener(company.asker, turns),
            others=tuple(one for one in others if one),
            talk=_talk(company, snapshot, turns),
            worlds=worlds,
            base=snapshot.state.system or "",
            seed=company.conversation,
            now=datetime.now(UTC),
            named=any(turn.speaker for turn in turns if turn.role == "user"),
            timers=snapshot.state.timers,
        )

    async def _players(self, cast: Sequence[Member], speaker: str) -> tuple[Player, ...]:
        every = await asyncio.gather(*(self.card(one.library, one.card) for one in cast))
        players: list[Player] = []
        for member, read in zip(cast, every, strict=True):
            if read is not None:
                players.append(
                    Player(member.character, member.name, read.card, read.book, member.greeting)
                )
            elif member.character == speaker:
                raise BadInput(
                    later(
                        "{name}'s card is not to be found any more. "
                        "/character use brings the character back.",
                        name=member.name,
                    )
                )
            else:
                log.warning("the card of a character on stage is gone: %s", member.card)
        return tuple(players)

    def _weight(self, cast: Sequence[Member]) -> int:
        """How many bytes the cards have that are kept ready."""
        known = (self._cards.get((member.library, member.card)) for member in cast)
        return sum(read.size for read in known if read)

    async def card(self, library: str, digest: str) -> Read | None:
        """A card of a library by its digest; None if it is gone or cannot be read."""
        if library == HOUSE:
            return self._house
        return await self._kept(self._cards, library, digest, Read.of)

    async def _worlds(self, lore: Sequence[tuple[str, str]]) -> tuple[tuple[str, Book], ...]:
        """The lorebooks that are switched on beside those of the cards."""
        found: list[tuple[str, Book]] = []
        for library in dict.fromkeys(library for library, _ in lore):
            wanted = {world for owner, world in lore if owner == library}
            for world in await self._library.worlds(library):
                if world.id in wanted:
                    book = await self._kept(self._books, library, world.book, _book_in)
                    found += [(world.id, book)] if book else []
        return tuple(found)

    async def _kept(
        self,
        kept: OrderedDict[tuple[str, str], T],
        library: str,
        digest: str,
        read: Callable[[bytes], T],
    ) -> T | None:
        key = (library, digest)
        if key not in kept:
            blob = await self._library.blob(library, digest)
            if blob is None:
                return None
            try:
                kept[key] = await _aside(read, blob)
            except (BadInput, ValueError) as error:
                log.warning("%s of %s cannot be read: %s", digest, library, error)
                return None
            while len(kept) > _REMEMBERED:
                kept.popitem(last=False)
        kept.move_to_end(key)
        return kept[key]


async def _composed(scene: Scene, weight: int) -> Part:
    books = [*(book for _, book in scene.worlds), *(one.book for one in scene.cast if one.book)]
    # Texts full of macros take seconds, too; others are to be answered meanwhile.
    if weight > _LONG or sum(len(book.entries) for book in books) > _MANY:
        return await asyncio.to_thread(compose, scene)
    return compose(scene)


def _size(text: str) -> int:
    """About how many tokens a text has, at three and a half bytes each.

    A guess that learns from each reply, as the model's, would have cards and lore that barely fit
    come and go in the system text, and the engine read everything anew.
    """
    return len(text.encode("utf-8", "surrogatepass")) * 2 // 7 + 1


async def _aside(read: Callable[[bytes], T], blob: bytes) -> T:
    return await asyncio.to_thread(read, blob) if len(blob) > _LONG else read(blob)


def _book_in(blob: bytes) -> Book:
    return lorebook.read(json.loads(blob))


def _greeted(scene: Scene) -> tuple[tuple[Message, ...], ...]:
    """The greeting as what was said first: who is always there never comes in and says it."""
    text = greeting(scene.player.card, 0, greeting_values(scene, scene.player))
    return ((Message("assistant", text),),) if text else ()


def _talk(company: Company, snapshot: Snapshot, turns: Sequence[Turn]) -> Talk:
    lines = [Line(company.name_of(turn), turn.text, turn.role == "user") for turn in turns]
    cut = snapshot.state.cut
    # Of what was cut only the number is known: people and characters take turns.
    return Talk(lines, before=cut, replies_before=cut // 2)
