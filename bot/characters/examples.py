"""Example dialogue of a card (`mes_example`): blocks of turns, read out of its text.

Blocks begin with `<START>`. In each, a line that begins with the character's name or the user's,
and a colon, opens a turn, and the lines behind it belong to it. The user of an example is nobody
who is here, so it has a name of its own.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.characters.macros import Values, expand
from bot.prompts.messages import Message
from bot.prompts.speakers import spoken

USER = "User"
"""What the person in examples is called: no name of anybody who is here."""

# Older cards, those for Gradio, have `You:` in front of the person's lines.
_USERS = (USER.casefold(), "you")

MOST_BLOCKS = 50

BEGINNING = "[An example of how {name} writes. It has not happened.]"
END = "[End of the example.]"

_START = re.compile(r"<START>", re.IGNORECASE)

Block = tuple[Message, ...]


def blocks(
    text: str, name: str, values: Values, *, speaker: str = "", user: str = ""
) -> tuple[Block, ...]:
    """The example dialogue of the character who is called `name`, block by block.

    `values` are for its macros; who is the user in them does not count. `speaker` and `user` are
    put before the lines of the character and of the user, as it is done in the history. A block in
    which nobody speaks is one system turn. Each block says where it begins and ends, so it can be
    used without the others.
    """
    text = expand(text, replace(values, user=USER))
    parts = [part.strip() for part in _START.split(text)]
    found: list[Block] = []
    for part in [part for part in parts if part][:MOST_BLOCKS]:
        turns = _turns(part, (name, values.char), speaker, user)
        beginning = Message("system", BEGINNING.format(name=name))
        inner = turns or (Message("system", part),)
        found.append((beginning, *inner, Message("system", END)))
    return tuple(found)


def _turns(part: str, names: tuple[str, ...], speaker: str, user: str) -> Block:
    """The turns of one block; none if nobody speaks in it. What stands before the first is left."""
    opening = _opening(names)
    turns: list[tuple[str, list[str]]] = []
    for line in part.splitlines():
        opened = opening.match(line)
        if opened:
            role = "user" if opened[1].casefold() in _USERS else "assistant"
            turns.append((role, [line[opened.end() :].strip()]))
        elif turns:
            turns[-1][1].append(line)
    said = [(role, "\n".join(lines).strip()) for role, lines in turns]
    return tuple(
        Message(role, spoken(user if role == "user" else speaker, text))
        for role, text in said
        if text
    )


def _opening(names: tuple[str, ...]) -> re.Pattern[str]:
    known = {name.strip() for name in (*names, *_USERS)} - {""}
    longest_first = sorted(known, key=len, reverse=True)
    return re.compile(rf"[ \t]*({'|'.join(map(re.escape, longest_first))})[ \t]*:", re.IGNORECASE)
