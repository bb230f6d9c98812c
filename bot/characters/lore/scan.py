"""Looking into lorebooks: which entries are told with the next reply, and why.

The rules are those of the Character Card V3 specification, and of SillyTavern's files where those
say more. Chance is decided by the conversation and the number of messages in it, so a reply that is
written again finds the same lore.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from bot.characters.chance import draw
from bot.characters.lore.entry import Book, Entry
from bot.characters.lore.groups import choose
from bot.characters.lore.haystack import Haystack
from bot.characters.lore.matching import Match, Matcher
from bot.characters.lore.outcome import Found, Outcome, Why
from bot.characters.macros import Values, read
from bot.language import later

SCAN_DEPTH = 4
"""How many messages are looked at where neither book nor entry says."""

MOST_ROUNDS = 10
"""How often lore that was found is looked through for further keys."""

MOST_WARNINGS = 20

MOST_TIMERS = 500
"""How many entries are remembered to have fired; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A book that is looked into. `id` is what timers and switches call it.

    `values` are for macros in keys and in what is told late, `steady` for what stands before the
    conversation. `greeting` is the number of the greeting that its character began with, None if
    there is none.
    """

    id: str
    book: Book
    values: Values
    steady: Values
    greeting: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is: how many messages and characters' replies there were, and what decides chance."""

    messages: int = 0
    replies: int = 0
    seed: str = ""


def look_up(
    books: Sequence[Opened],
    messages: Sequence[str],
    moment: Moment,
    *,
    count: Callable[[str], int],
    room: int,
    off: Collection[str] = (),
    timers: Mapping[str, int] | None = None,
) -> Found:
    """What `books`, the most important first, have to say after `messages`, the newest last.

    Each message is `Name: text`. `room` bounds all of it together, in the tokens of `count`. `off`
    names entries that are switched off, as `book/entry`. `timers` is what the look before brought:
    for entries that stay or rest, at how many messages they fired.
    """
    return _Scan(moment, count, room, frozenset(off), timers or {}).run(books, messages)


class _Candidate(NamedTuple):
    """An entry that may be told, with the rank of its book and its place in it."""

    rank: int
    place: int
    opened: Opened
    entry: Entry

    @property
    def switch(self) -> str:
        return f"{self.opened.id}/{self.entry.id}"

    def urgency(self) -> tuple[bool, bool, int, int, int, int]:
        """What has room first sorts first."""
        entry = self.entry
        priority = entry.priority or 0
        return (not entry.steady, entry.yields, self.rank, -priority, -entry.order, self.place)

    def height(self) -> tuple[int, int, int]:
        """What stands further up sorts first."""
        return self.entry.order, self.rank, self.place

    def outcome(self, why: Why, *, told: bool = False) -> Outcome:
        return Outcome(self.opened.id, self.entry, told, why)


@dataclass(slots=True)
class _Scan:
    moment: Moment
    count: Callable[[str], int]
    room: int
    off: frozenset[str]
    timers: Mapping[str, int]
    spent: dict[int, int] = field(default_factory=dict[int, int])
    told: list[tuple[_Candidate, Outcome]] = field(default_factory=list[tuple[_Candidate, Outcome]])
    silent: dict[tuple[int, int], Outcome] = field(default_factory=dict[tuple[int, int], Outcome])
    heard: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def run(self, books: Sequence[Opened], messages: Sequence[str]) -> Found:
        at_once: list[tuple[_Candidate, Outcome]] = []
        waiting: list[_Candidate] = []
        for candidate in _candidates(books):
            outcome = self._gate(candidate)
            if outcome is None:
                waiting.append(candidate)
            elif outcome.told:
                at_once.append((candidate, outcome))
            else:
                self._leave(candidate, outcome)
        newest = messages[::-1][: max(map(_depth, waiting), default=0)]
        matcher = Matcher(Haystack(newest), Haystack(()))
        fired, waiting = self._matched(matcher, waiting, 0)
        self._tell([*at_once, *fired])
        for turn in range(1, MOST_ROUNDS + 1):
            if not self._recall(matcher) and not _is_awaited(waiting, turn):
                break
            fired, waiting = self._matched(matcher, waiting, turn)
            self._tell(fired)
        for candidate in waiting:
            late = candidate.entry.recursion_level > 0
            key = self.silent.get((candidate.rank, candidate.place))
            if key is None or late:
                self._leave(candidate, candidate.outcome("recursion" if late else "no key"))
        return self._found(matcher)

    def _gate(self, candidate: _Candidate) -> Outcome | None:
        """What is decided without looking at keys; None: the keys decide."""
        entry, timing = candidate.entry, candidate.entry.timing
        if not entry.enabled or candidate.switch in self.off:
            return candidate.outcome("off")
        if not entry.content.strip():
            return candidate.outcome("empty")
        if entry.forced:
            return candidate.outcome("forced", told=True)
        if entry.barred:
            return candidate.outcome("barred")
        greeting = candidate.opened.greeting
        if timing.greeting is not None and greeting not in (None, timing.greeting):
            return candidate.outcome("greeting")
        since = self._since(candidate)
        if since and since <= timing.sticky:
            # What is to stay stays, whatever the counts say.
            return candidate.outcome("sticky", told=True)
        replies = self.moment.replies
        if replies < timing.after or (timing.every and replies % timing.every):
            return candidate.outcome("count")
        if self.moment.messages < timing.delay:
            return candidate.outcome("delay")
        if since and since <= timing.sticky + timing.cooldown:
            return candidate.outcome("cooldown")
        if entry.constant and not (entry.unless or entry.also or entry.recursion_level):
            return candidate.outcome("constant", told=True)
        return None

    def _since(self, candidate: _Candidate) -> int:
        """How many messages ago an entry fired; 0 if it did not, or for this very reply."""
        fired = self.timers.get(candidate.switch)
        return 0 if fired is None else max(0, self.moment.messages - fired)

    def _matched(
        self, matcher: Matcher, waiting: Sequence[_Candidate], turn: int
    ) -> tuple[list[tuple[_Candidate, Outcome]], list[_Candidate]]:
        """Those whose keys are found now, and those that still wait."""
        fired: list[tuple[_Candidate, Outcome]] = []
        left: list[_Candidate] = []
        for candidate in waiting:
            opened, entry = candidate.opened, candidate.entry
            if entry.recursion_level > turn or (turn and not opened.book.recursive):
                left.append(candidate)
                continue
            with_lore = bool(turn) and not entry.deaf_to_lore
            match = matcher.match(entry, _depth(candidate), opened.values, with_lore=with_lore)
            if match.why == "key":
                fired.append((candidate, self._by_key(candidate, match)))
                continue
            left.append(candidate)
            if match.why != "no key":
                self._leave(candidate, _missed(candidate, match))
        return fired, left

    def _by_key(self, candidate: _Candidate, match: Match) -> Outcome:
        if match.place is None:
            return candidate.outcome("constant", told=True)
        if match.place.lore is None:
            found = candidate.outcome("key", told=True)
            return replace(found, key=match.key, message=match.place.message)
        source = self.heard[match.place.lore][0]
        return replace(candidate.outcome("lore", told=True), key=match.key, source=source)

    def _recall(self, matcher: Matcher) -> bool:
        """Let what is told be searched as well; returns whether any of it is new."""
        heard = [
            (outcome.name, _searched(candidate, outcome))
            for candidate, outcome in self.told
            if candidate.opened.book.recursive and not candidate.entry.silent_to_lore
        ]
        is_new = len(heard) > len(self.heard)
        if is_new:
            self.heard = heard
            matcher.lore = Haystack([text for _, text in heard])
        return is_new

    def _tell(self, fired: Sequence[tuple[_Candidate, Outcome]]) -> None:
        """Settle groups, chance and room for what has fired, the most urgent first."""
        by_urgency = sorted(fired, key=lambda pair: pair[0].urgency())
        kept, lost = choose(
            [outcome for _, outcome in by_urgency],
            [outcome for _, outcome in self.told],
            (self.moment.seed, self.moment.messages),
        )
        for (candidate, outcome), stays, winner in zip(by_urgency, kept, lost, strict=True):
            if not stays:
                why = replace(candidate.outcome("group"), source=winner)
                self._leave(candidate, why)
            elif outcome.why != "sticky" and not self._is_lucky(candidate):
                self._leave(candidate, candidate.outcome("probability"))
            else:
                self._put(candidate, outcome)

    def _is_lucky(self, candidate: _Candidate) -> bool:
        chance = candidate.entry.probability
        if chance >= 100:
            return True
        seed = (self.moment.seed, self.moment.messages, "probability", candidate.switch)
        return draw(100, *seed) < chance

    def _put(self, candidate: _Candidate, outcome: Outcome) -> None:
        """Tell an entry if there is room for it."""
        steady = candidate.entry.in_head
        values = candidate.opened.steady if steady else candidate.opened.values
        text = read(candidate.entry.content, values).text.strip()
        if not text:
            self._leave(candidate, candidate.outcome("empty"))
            return
        tokens = self.count(text)
        spent = self.spent.get(candidate.rank, 0) + tokens
        budget = candidate.opened.book.token_budget
        if tokens > self.room or (budget is not None and spent > budget):
            self._leave(candidate, replace(candidate.outcome("budget"), tokens=tokens))
            return
        self.room -= tokens
        self.spent[candidate.rank] = spent
        self.silent.pop((candidate.rank, candidate.place), None)
        self.told.append((candidate, replace(outcome, text=text, steady=steady, tokens=tokens)))

    def _leave(self, candidate: _Candidate, outcome: Outcome) -> None:
        self.silent[candidate.rank, candidate.place] = outcome

    def _found(self, matcher: Matcher) -> Found:
        self.told.sort(key=lambda pair: pair[0].height())
        warnings = tuple(
            later("I cannot use the regular expression `{key}`: it is never found.", key=key[:80])
            for key in islice(matcher.unusable, MOST_WARNINGS)
        )
        return Found(
            tuple(outcome for _, outcome in self.told),
            tuple(outcome for _, outcome in sorted(self.silent.items())),
            self._remembered(),
            warnings,
        )

    def _remembered(self) -> dict[str, int]:
        """At how many messages those fired that stay or rest; what is over is forgotten."""
        now = self.moment.messages
        kept = {name: fired for name, fired in self.timers.items() if fired < now}
        for candidate, outcome in self.told:
            if candidate.entry.timing.remembered and outcome.why != "sticky":
                kept[candidate.switch] = now
        newest = sorted(kept.items(), key=lambda item: item[1], reverse=True)
        return dict(newest[:MOST_TIMERS])


def _depth(candidate: _Candidate) -> int:
    """In how many messages an entry's keys are looked for."""
    depths = (candidate.entry.scan_depth, candidate.opened.book.scan_depth, SCAN_DEPTH)
    return next(depth for depth in depths if depth is not None)


def _candidates(books: Sequence[Opened]) -> list[_Candidate]:
    return [
        _Candidate(rank, place, opened, entry)
        for rank, opened in enumerate(books)
        for place, entry in enumerate(opened.book.entries)
    ]


def _is_awaited(waiting: Sequence[_Candidate], turn: int) -> bool:
    """Whether this is the first round in which some of those that wait may fire."""
    return any(
        candidate.entry.recursion_level == turn and candidate.opened.book.recursive
        for candidate in waiting
    )


def _missed(candidate: _Candidate, match: Match) -> Outcome:
    found = candidate.outcome(match.why)
    message = match.place.message if match.place else None
    return replace(found, key=match.key, message=message)


def _searched(candidate: _Candidate, outcome: Outcome) -> str:
    """What other entries' keys are looked for in: the text, and what it hides from the model."""
    hidden = ()
    if "hidden_key" in candidate.entry.content.lower():
        hidden = read(candidate.entry.content, candidate.opened.values).hidden
    return "\n".join((outcome.text, *hidden))
