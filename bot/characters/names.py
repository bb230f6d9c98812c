"""The names that a line of a script can begin with, and how they are recognised while it comes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

LONGEST = 128
"""Names with more characters are known by their first word only."""

NEWLINES = "\n\r\v\f\x85\u2028\u2029"

# Colons that NFKD leaves as they are.
_COLONS = dict.fromkeys("\u2236\ua789\u02d0", ":")

_UNSEEN = ("Mn", "Me", "Cf", "Cc", "Cs")

# The first words of names that are headings more often than names when a colon follows them.
_HEADINGS = """
    the and note notes name time day date place scene chapter part step hint tip warning edit title
    list summary question answer info rule rules quest goal status mood dear
"""

# Names that are words as well: without a colon they prove nothing.
_WORDS = """
    will hope may rose grace faith joy mark bill jack rob sue pat art dawn summer autumn winter
    spring april june august angel hunter storm sky river rain star chase grant frank miles dean
    page belle ivy lily iris daisy heather holly ruby pearl amber jade crystal melody harmony
    destiny charity patience prudence victor duke earl baron king queen guy max drew gene ray nick
    don dick death time love night
"""

# What stands for the person in scripts of every language that the models were trained with.
_SOMEBODY = """
    User Human You Usuario Utilisateur Benutzer Utente Gebruiker Пользователь 用户 使用者 ユーザー
    사용자 المستخدم {{user}}
"""


@dataclass(frozen=True, slots=True)
class Label:
    """A name, or whatever else stands before what somebody says.

    `own` is the speaker's. `plain` names count without a colon where everything else fits.
    `heading` needs `##` in front; `whole` needs nothing behind it. `first` counts only where
    nothing has been said yet, and `echo` is the speaker's there, nobody's later on. `spoken` may be
    followed by “says”.
    """

    text: str
    own: bool = False
    plain: bool = False
    heading: bool = False
    whole: bool = False
    first: bool = False
    echo: bool = False
    spoken: bool = True


@dataclass(slots=True)
class Node:
    """A place in the tree of all names: what may come next, and the label that is complete here."""

    after: dict[str, Node] = field(default_factory=dict[str, "Node"])
    label: Label | None = None

    def add(self, text: str, label: Label) -> None:
        """Add a folded text; what is there already stays."""
        node = self
        for character in text:
            node = node.after.setdefault(character, Node())
        if node is not self and node.label is None:
            node.label = label


@lru_cache(maxsize=4096)
def fold_character(character: str) -> str:
    """One character as names are compared: "" for what nobody sees, else without case and accents.

    So that a text can be folded as it comes, this looks at no neighbours; accents are dropped, for
    then it does not matter whether they come with their letter.
    """
    character = _COLONS.get(character, character)
    folded = unicodedata.normalize("NFKD", character).casefold()
    folded = unicodedata.normalize("NFKD", folded)
    return "".join(" " if c.isspace() else c for c in folded if c.isspace() or _is_seen(c))


def fold(name: str) -> str:
    """A name as names are compared, with single blanks."""
    return " ".join("".join(map(fold_character, name)).split())


def tree(own: Iterable[str], others: Iterable[str]) -> Node:
    """All names and the other words that begin the line of somebody in a script.

    What is written out in full goes before what is only meant: of two people with the same first
    name neither is known by it alone if somebody is called just that. What the speaker has in
    common with others is the speaker's.
    """
    names = [(name, True) for name in own] + [(name, False) for name in others]
    root = Node()
    for spelling in (_whole, _undecorated, _first_word):
        for name, is_own in names:
            text = spelling(name)
            if is_own and spelling is _first_word and f"{text}:" in fold(name):
                # `Ada: the Great: Hello` is not Ada who says “the Great”.
                continue
            plain = len(text) > 1 and text not in _IS_A_WORD
            root.add(text, Label(name, own=is_own, plain=plain))
    for text, label in _COMMON:
        root.add(text, label)
    return root


def _whole(name: str) -> str:
    whole = fold(name)
    return whole if len(whole) <= LONGEST else ""


def _undecorated(name: str) -> str:
    """A name without emoji and the like; "" if hardly anything is left."""
    kept = "".join(c if c.isalnum() or c in "'’-.() " else " " for c in fold(name))
    kept = " ".join(kept.strip("'’-.() ").replace(".", "").split())
    return kept if 1 < len(kept) <= LONGEST else ""


def _first_word(name: str) -> str:
    words = re.findall(r"\w[\w'’-]*", fold(name))
    if len(words) < 2 or not 3 <= len(words[0]) <= LONGEST or words[0] in _SAYS_LITTLE:
        return ""
    return words[0] if words[0].isalpha() else ""


def _is_seen(character: str) -> bool:
    # A backslash keeps Discord from reading the next character as markup.
    return character != "\\" and unicodedata.category(character) not in _UNSEEN


_SAYS_LITTLE = frozenset(_HEADINGS.split())
_IS_A_WORD = frozenset(_WORDS.split())
_COMMON: tuple[tuple[str, Label], ...] = (
    *((fold(word), Label(word, spoken=False)) for word in _SOMEBODY.split()),
    ("{{char}}", Label("{{char}}", own=True)),
    ("assistant", Label("Assistant", own=True, first=True, spoken=False)),
    ("instruction", Label("### Instruction", heading=True)),
    ("input", Label("### Input", heading=True)),
    ("response", Label("### Response", heading=True, echo=True)),
    ("<start>", Label("<START>", whole=True)),
    ("<|im_start|>", Label("<|im_start|>", whole=True)),
)
