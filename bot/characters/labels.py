"""Whether a line begins with a name and a colon, as lines of a script do, told while it comes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from bot.characters.names import NEWLINES, Label, Node, fold, fold_character

# What may stand before a name: emphasis, headings, quotes, bullets, brackets.
_EMPHASIS = "*_~"
_BULLETS = ">-+•–—·●▪◦‣"
OPENING = {"[": "]", "(": ")", "<": ">", "【": "】", "〔": "〕", "{": "}"}
_LEAD = frozenset(_EMPHASIS + "#" + _BULLETS) | OPENING.keys()
_LONGEST_LEAD = 16

_CLOSING = frozenset(OPENING.values()) | set(_EMPHASIS)
_DASHES = "-–—―"
_QUOTES = '"“”„«»‟「『‹'
# What speech begins with below a name.
_SPEECH = _QUOTES + "—―"
_SCRIPT_QUOTES = "「『"
_LINKS = "&+/,、"

# How long what stands in brackets between a name and its colon may be.
_LONGEST_ASIDE = 48
# And how much may come before a line is taken for what it looks like.
_LONGEST_HEAD = 320
# How many names may share a colon.
_MOST_NAMES = 4

# From here on scripts write without blanks between words.
_CJK = "\u2e80"

_AND = "and und et y e en и і och og ve i 和 与 と 및"
_SAYS = """
    says asks replies answers whispers shouts responds exclaims mutters murmurs adds continues
    sagt fragt antwortet flüstert ruft dit demande répond murmure dice pregunta responde contesta
    susurra diz pergunta chiede risponde sussurra zegt vraagt antwoordt mówi pyta odpowiada
    говорит спрашивает отвечает шепчет säger siger sier diyor
    说 说道 說 說道 问 问道 答 回答 笑道 は言う が言う
"""


def _words() -> Node:
    root = Node()
    for words, kind in ((_AND, "and"), (_SAYS, "says")):
        for word in words.split():
            root.add(fold(word), Label(kind))
    return root


_WORDS = _words()

_State = Literal["name", "behind", "aside", "link", "word", "says", "dash", "colon", "sure"]


@dataclass(frozen=True, slots=True)
class _Path:
    """One way to read the beginning of a line; there are several while it is not decided."""

    state: _State
    node: Node
    lead: str = ""
    label: Label | None = None
    names: int = 0
    closed: str = ""
    blank: bool = False
    aside: str = ""
    until: str = ""
    wide: bool = False
    said: bool = False
    digit: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the beginning of a line is: a label (None: just text), and what belongs to the text.

    `keep` stands before a label of the speaker's own, or within, and is no part of it. `emphasis`
    was opened before that label and not closed again. `rest` stands behind, but had to be read to
    be certain: a colon can be the eyes of a smile.
    """

    label: Label | None = None
    own: bool = False
    keep: str = ""
    emphasis: str = ""
    rest: str = ""


PLAIN = Verdict()


class LineStart:
    """Reads a line from its beginning until it is certain whether it begins with a label.

    `first`: nothing has been said yet. `fresh`: a new speaker could begin here, since what came
    before is at its end.
    """

    def __init__(self, names: Node, *, first: bool, fresh: bool) -> None:
        self._names = names
        self._first = first
        self._fresh = fresh
        self._paths: list[_Path] = []
        self._lead = ""
        self._leading = True
        self._blank = True
        self._length = 0
        self._alone: _Path | None = None
        self._below = ""
        self._behind = ""

    def take(self, character: str) -> Verdict | None:
        """Read on; None while it is not decided. The character is read, not swallowed."""
        if self._alone is not None:
            return self._take_below(self._alone, character)
        if character in NEWLINES:
            return self._end_of_line(character)
        raw = character
        for folded in fold_character(character):
            if (verdict := self._step(folded, raw)) is not None:
                sure = verdict.label is None or verdict.label.whole
                return verdict if sure else replace(verdict, rest=character)
            raw = ""
        return None

    def finish(self, *, broken_off: bool) -> Verdict:
        """The text has ended; if it was `broken_off`, a name alone was to become a label."""
        if self._alone is not None:
            return self._verdict(self._alone) if broken_off else PLAIN
        for path in self._ended():
            if path.state == "sure" or (broken_off and self._stands_alone(path)):
                return self._verdict(path)
        return PLAIN

    def _step(self, folded: str, raw: str) -> Verdict | None:
        blank, self._blank = self._blank, folded == " "
        if blank and self._blank:
            return None
        self._length += 1
        paths = [new for path in self._paths for new in self._next(path, folded, raw)]
        if self._leading:
            paths += self._begin(folded)
        for path in paths:
            if path.state == "sure":
                return self._verdict(path)
        self._paths = paths
        if self._leading:
            return None
        return None if paths and self._length <= _LONGEST_HEAD else PLAIN

    def _begin(self, folded: str) -> Iterator[_Path]:
        """A name may begin here; what cannot stand before one ends the search."""
        if folded == " ":
            self._lead += folded
            return
        if (node := self._names.after.get(folded)) is not None:
            path = _Path("name", node, self._lead, names=1, digit=folded.isdigit())
            yield from self._completed(path)
        if (folded in _LEAD or _is_sign(folded)) and len(self._lead) < _LONGEST_LEAD:
            self._lead += folded
        else:
            self._leading = False

    def _next(self, path: _Path, folded: str, raw: str) -> Iterator[_Path]:
        match path.state:
            case "name":
                if (node := path.node.after.get(folded)) is not None:
                    yield from self._completed(replace(path, node=node, digit=folded.isdigit()))
                if (label := path.node.label) is not None:
                    yield from self._after_name(self._named(path, label), folded, raw)
            case "behind":
                yield from self._after_name(path, folded, raw)
            case "aside":
                yield from _in_aside(path, folded, raw)
            case "link":
                if folded == " " or folded in _EMPHASIS:
                    yield path
                elif (node := self._names.after.get(folded)) is not None:
                    yield replace(path, state="name", node=node, names=path.names + 1, closed="")
            case "word":
                yield from _in_word(path, folded, raw)
            case "says":
                if folded == " ":
                    yield path
                elif folded == ":":
                    yield _colon(path, raw)
            case "dash":
                if folded == " " or folded in _DASHES:
                    yield path
                elif folded in _QUOTES:
                    yield replace(path, state="sure")
            case "colon":
                yield from _behind_colon(path, folded)
            case "sure":
                yield path

    def _completed(self, path: _Path) -> Iterator[_Path]:
        label = path.node.label
        if label and label.whole:
            yield replace(path, state="sure", label=label)
        else:
            yield path

    def _named(self, path: _Path, label: Label) -> _Path:
        """The path with a complete name; of several names one that is not the speaker's counts."""
        if path.label is not None and label.own:
            label = path.label
        return replace(path, state="behind", label=label, blank=False)

    def _after_name(self, path: _Path, folded: str, raw: str) -> Iterator[_Path]:
        label = path.label
        if label is None or (label.first and not self._first):
            return
        if label.heading and "##" not in path.lead:
            return
        if _bracketed(path, folded) or (folded in _SCRIPT_QUOTES and not path.blank):
            yield replace(path, state="sure")
        elif folded == ":":
            yield _colon(path, raw)
        elif folded == " ":
            yield replace(path, blank=True)
        if folded in _CLOSING:
            yield replace(path, closed=path.closed + folded, blank=False)
        if not path.aside and (folded in "([" or (folded in _EMPHASIS and path.blank)):
            until = OPENING.get(folded, folded)
            yield replace(path, state="aside", until=until, aside=raw)
        if folded in _DASHES and label.plain and not label.own and not _in_list(path.lead):
            yield replace(path, state="dash")
        if folded in _LINKS and path.names < _MOST_NAMES:
            yield replace(path, state="link")
        if (path.blank or folded >= _CJK) and (node := _WORDS.after.get(folded)) is not None:
            yield replace(path, state="word", node=node)

    def _end_of_line(self, newline: str) -> Verdict | None:
        for path in self._ended():
            if path.state == "sure":
                return replace(self._verdict(path), rest=newline)
            if self._stands_alone(path):
                self._alone, self._below = path, newline
                return None
        return PLAIN

    def _ended(self) -> Iterator[_Path]:
        """The paths at the end of a line, with what is certain without anything behind it."""
        for path in self._paths:
            if path.state == "name" and path.node.label is not None:
                path = self._named(path, path.node.label)
            heading = path.label is not None and path.label.heading and "##" in path.lead
            if path.state == "colon" or (path.state == "behind" and heading):
                yield replace(path, state="sure")
            else:
                yield path

    def _stands_alone(self, path: _Path) -> bool:
        """Whether a line is a name only, where somebody else could begin to speak."""
        label = path.label
        if path.state != "behind" or label is None or path.aside or path.names > 1:
            return False
        if label.own and not self._first:
            return False
        return self._fresh and label.plain and not _in_list(path.lead)

    def _take_below(self, path: _Path, character: str) -> Verdict | None:
        """A name alone is a label if the next line is speech or an action, as in a play."""
        begun, self._behind = self._behind, self._behind + character
        if begun.strip() == "*":
            # Names in italics, one below the other, are a list.
            acts = not character.isspace() and character != "*" and "*" not in path.lead
            return self._settled(path if acts else None)
        if character in _SPEECH:
            return self._settled(path)
        if character in NEWLINES:
            lines = (self._below + self._behind).replace("\r\n", "\n")
            below = sum(map(lines.count, NEWLINES))
            return None if below <= (2 if path.lead.strip() else 1) else self._settled(None)
        if (character.isspace() and len(begun) < _LONGEST_LEAD) or character == "*":
            return None
        return self._settled(None)

    def _settled(self, path: _Path | None) -> Verdict:
        found = self._verdict(path) if path else PLAIN
        return replace(found, rest=self._behind)

    def _verdict(self, path: _Path) -> Verdict:
        label = path.label
        if label is None:
            return PLAIN
        own = (label.own or (label.echo and self._first)) and not path.said
        if label.own and path.said:
            # “Rivers says: …” is how Rivers tells it.
            return PLAIN
        if not own:
            return Verdict(label)
        lead = path.lead.replace("#", "")
        kept = lead.rstrip(_EMPHASIS + "".join(OPENING))
        opened = lead[len(kept) :]
        keep = kept.lstrip() + (f"{path.aside} " if path.aside else "")
        return Verdict(label, True, keep, "" if path.closed else opened)


def _is_sign(character: str) -> bool:
    """Whether it is an emoji or the like."""
    return character > "\x7f" and unicodedata.category(character) in ("So", "Sk")


def _in_list(lead: str) -> bool:
    return any(mark in _BULLETS for mark in lead)


def _bracketed(path: _Path, folded: str) -> bool:
    """`<Ada> hello` and `[Ada] hello`, but no link of `[Ada](…)`."""
    opened = path.lead.strip()[-1:]
    if path.blank or not path.closed or path.aside or OPENING.get(opened) != path.closed[-1]:
        return False
    return (folded == " " and path.closed[-1] in "]>") or path.closed[-1] == "】"


def _in_aside(path: _Path, folded: str, raw: str) -> Iterator[_Path]:
    aside = path.aside + raw
    if folded == path.until:
        yield replace(path, state="behind", aside=aside, blank=False)
    elif len(aside) <= _LONGEST_ASIDE and folded != "`":
        yield replace(path, aside=aside)


def _in_word(path: _Path, folded: str, raw: str) -> Iterator[_Path]:
    if (node := path.node.after.get(folded)) is not None:
        yield replace(path, node=node)
    if (word := path.node.label) is None:
        return
    label = path.label
    if word.text == "and":
        if (folded == " " or folded >= _CJK) and path.names < _MOST_NAMES:
            yield replace(path, state="link")
    elif label is not None and label.spoken:
        if folded == " ":
            yield replace(path, state="says", said=True)
        elif folded == ":":
            yield _colon(replace(path, said=True), raw)


def _colon(path: _Path, raw: str) -> _Path:
    # Only the colon of the keyboard is the eyes of a smile.
    return replace(path, state="colon", wide=raw != ":")


def _behind_colon(path: _Path, folded: str) -> Iterator[_Path]:
    """What comes next tells a label from `Ada :)`, `Ada :heart:`, `7:30`, `Ada::new`, `http://`."""
    opened = bool(path.lead.strip())
    smile = path.blank and folded not in ' "“«„' and not (opened and folded in _CLOSING)
    nose = folded in ":)/|-" and not opened
    number = path.digit and folded.isdigit()
    if path.wide or not (smile or nose or number):
        yield replace(path, state="sure")
