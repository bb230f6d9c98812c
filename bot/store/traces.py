"""Telling one person's records, id and words from everybody else's. Pure.

A record is theirs by its fields (`author`, `asker`, `owner`), whatever kind it is, so that a kind
that a later release adds is known too. Their words are found in other records by their text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from bot.conversation.turns import is_brought

Record = dict[str, Any]

SHORTEST = 12
"""Shorter texts ("Yes, please") tell nothing about who wrote them, so they are not looked for."""

CUT = "[…]"
"""What stands where somebody's words or id were cut out of another person's record."""

_QUOTE = re.compile(
    r'\A\[(?:in reply to|about a message by|about) [^:\n]*: ".*?"\][ \n]', re.DOTALL
)
# Where a text is quoted or read back it may be cut off after so many characters.
_CUT_OFF_AT = (199, 400, 1_999)
# A text of at least 12 characters that stands in another one holds a piece of 8 there, beginning at
# a multiple of 5. So a text without any such piece, which is nearly every one, is passed at once.
_PIECE, _STEP = 8, SHORTEST - 8 + 1
# Models and tools give ids as numbers, too; no count, and no time, is as large as Discord's ids.
_LEAST_ID = 10**15
_MARK = re.compile(rb"[0-9]* (?=[{\[])")
_OWNERS = ("author", "asker", "owner")
_CONTEXTS = ("origin", "context")


class Words:
    """Texts that are looked for in other texts, all at once."""

    def __init__(self) -> None:
        self._by_start: dict[str, set[str]] = {}
        self._pieces: set[str] = set()

    def add(self, text: str) -> None:
        """Look for `text` too, however it may have been quoted; not for what it quotes itself."""
        said = _QUOTE.sub("", text).strip()
        joined = " ".join(said.split())
        shapes = {said, joined, json.dumps(said, ensure_ascii=False)[1:-1]}
        shapes |= {whole[:most].rstrip() for whole in (said, joined) for most in _CUT_OFF_AT}
        for shape in shapes:
            if len(shape) >= SHORTEST:
                self._by_start.setdefault(shape[:SHORTEST], set()).add(shape)
                self._pieces |= {shape[at : at + _PIECE] for at in range(_STEP)}

    def cut_from(self, text: str) -> str:
        """`text` without any of the words."""
        if len(text) < SHORTEST:
            return text
        pieces = {text[at : at + _PIECE] for at in range(0, len(text), _STEP)}
        if pieces.isdisjoint(self._pieces):
            return text
        kept: list[str] = []
        done = 0
        for at in range(len(text) - SHORTEST + 1):
            if at >= done and (start := text[at : at + SHORTEST]) in self._by_start:
                found = [one for one in self._by_start[start] if text.startswith(one, at)]
                if found:
                    kept += (text[done:at], CUT)
                    done = at + max(map(len, found))
        return "".join((*kept, text[done:])) if kept else text


class Person:
    """Somebody's id and words, and what in other people's records gives them away."""

    def __init__(self, person: str) -> None:
        self.id = person
        self.words = Words()
        self._number = re.compile(rf"(?<![0-9]){re.escape(person)}(?![0-9])")

    def named_in(self, text: str) -> bool:
        """Whether the id stands in a text, and not only as a part of a longer number."""
        return self._number.search(text) is not None

    def owns(self, record: object) -> bool:
        """Whether a record says that it is theirs."""
        if not isinstance(record, dict):
            return False
        fields = cast(Record, record)
        if any(fields.get(owner) == self.id for owner in _OWNERS):
            return True
        return any(self.owns(fields.get(context)) for context in _CONTEXTS)

    def shows_in(self, value: object) -> bool:
        """Whether their id or their words stand anywhere in a value."""
        return self.without(value) != value

    def without(self, value: object) -> Any:
        """Another person's value without the id and the words.

        What somebody else wrote in the very same words, as a whole message, is theirs and stays;
        what they brought out of a file does not.
        """
        match value:
            case str():
                cut = self.words.cut_from(value)
                return self._number.sub(CUT, cut) if self.id in cut else cut
            case dict():
                return self._without_in(cast(Record, value))
            case list():
                return [self.without(item) for item in cast(list[Any], value)]
            case int() if value >= _LEAST_ID and str(value) == self.id:
                return CUT
            case _:
                return value

    def _without_in(self, record: Record) -> Record:
        # Names of fields are nobody's words, though somebody may have said "talkativeness".
        cleaned: Record = {
            self._number.sub(CUT, name): self.without(item) for name, item in record.items()
        }
        own = any(record.get(owner) for owner in _OWNERS) and not is_brought_turn(record)
        if own and cleaned.get("text") == CUT:
            cleaned["text"] = self._number.sub(CUT, record["text"])
        if cleaned != record and is_turn(record):
            cleaned.pop("tokens", None)  # The count was of the longer text.
        return cleaned


def is_turn(record: object) -> bool:
    """Whether a record is a turn of a conversation."""
    return isinstance(record, dict) and {"id", "role", "n"} <= cast(Record, record).keys()


def is_brought_turn(record: Mapping[str, Any]) -> bool:
    """Whether a record is a turn out of a file: its owner has brought its words, not said them."""
    return is_turn(record) and is_brought(str(record["id"]))


def answered_for(
    person: Person, turns: Iterable[Record], *, theirs: set[str], others: set[str], took_part: bool
) -> set[str]:
    """The ids of a person's turns in one run of turns, and of the replies to them.

    A reply answers the user's turns directly before it, and the one that its id names. One that
    answers nothing that is still there may have answered anybody: it counts if the person took
    part at all. `theirs` and `others` are the ids of turns that are known from other runs.
    """
    gone = set(theirs)
    asked: list[str] = []
    replied = False
    for turn in sorted(turns, key=_order):
        name = str(turn["id"])
        if turn["role"] == "user":
            asked = [name] if replied else [*asked, name]
            replied = False
            if person.owns(turn):
                gone.add(name)
            continue
        replied = True
        question = _question_of(name)
        orphaned = not asked and question not in others
        if question in gone or not gone.isdisjoint(asked) or (took_part and orphaned):
            gone.add(name)
    return gone


def is_alone(person: Person, turns: Sequence[Record]) -> bool:
    """Whether nobody but one person talks there, as in a direct message: nobody is named.

    Lines out of a file tell nothing of that: they may have no name wherever they are brought.
    """
    said = [turn for turn in turns if turn["role"] == "user" and not is_brought_turn(turn)]
    return bool(said) and all(person.owns(turn) and not turn.get("speaker") for turn in said)


def is_answer_to(owed: Mapping[str, Any], turns: set[str]) -> bool:
    """Whether an owed reply is, or answers, one of these turns."""
    asks: object = owed.get("asks")
    if not isinstance(asks, list):
        return False
    return owed.get("reply") in turns or not turns.isdisjoint(cast(list[Any], asks))


def parsed(stored: bytes) -> object:
    """A stored value as JSON, None if it is something else. A number may stand before it."""
    try:
        return json.loads(stored[len(_mark(stored)) :].decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None


def written(value: object, before: bytes) -> bytes:
    """A value as the store writes it, in place of the one that was there `before`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _mark(before) + text.encode("utf-8", "surrogatepass")


def _mark(stored: bytes) -> bytes:
    """What stands before a turn that was taken back: the number of the step, and a space."""
    found = _MARK.match(stored)
    return found[0] if found else b""


def _question_of(reply: str) -> str:
    """The id of the question in a reply's id: `r<question>[.<retry>]`."""
    return reply[1:].partition(".")[0]


def _order(turn: Record) -> tuple[float, str]:
    n = turn["n"]
    return (float(n) if isinstance(n, (int, float)) else 0.0, str(turn["id"]))
