"""Who speaks next on a stage where several characters are."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.characters.naming import named
from bot.characters.stage import Member, Stage

Dice = Callable[[], float]
"""Gives numbers from 0 up to 1, such as `random.Random(seed).random`."""

LINES_SHOWN = 12
"""How many of the newest lines the model is shown when it is to choose who speaks next."""

LINE_LENGTH = 400
"""How much of each of them, in characters."""

# What a message quotes of the one that it replies to: names in it call nobody.
_QUOTE = re.compile(r'^\[in reply to [^:\n\]]*(?:: ".*?")?\][ \n]', re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said: `character` is the id of who said it, "" for a person."""

    name: str
    text: str
    character: str = ""


def awake(stage: Stage) -> tuple[Member, ...]:
    """The members who may speak: nobody while the scene is paused."""
    return () if stage.paused else tuple(member for member in stage.cast if not member.muted)


def cue(
    stage: Stage, said: str, addressed: str, last: str, *, by_person: bool, dice: Dice
) -> tuple[str, ...]:
    """The ids of the characters who are to speak after a message, in this order.

    `said` is what it says and `addressed` the character whose message it replies to, "" if it does
    not. `last` is the character who spoke last. `by_person` tells whether the message is a
    person's; otherwise it is `last`'s own, who then does not go on unless nobody else is there.

    Who is addressed speaks, and nobody else. If nobody is, each has the chance that its
    talkativeness gives it, and if that gives nobody, one is drawn from all that talk at all.
    In the order `list` all speak as they stand; in the order `manual` only who is addressed.
    In the order `model` this is what holds if the model has no answer, see `needs_choice`.
    """
    members = awake(stage)
    if stage.order == "list":
        return _in_turn(members, "" if by_person else last)
    called = _called(members, said, addressed, "" if by_person else last)
    if called or stage.order == "manual":
        return called
    return _by_chance(members, "" if by_person else last, dice)


def needs_choice(stage: Stage, said: str, addressed: str) -> bool:
    """Whether the model is to be asked who answers a person: nobody is addressed, several could."""
    members = awake(stage)
    return stage.order == "model" and len(members) > 1 and not _called(members, said, addressed, "")


def still_due(
    stage: Stage, said: str, addressed: str, spoken: Sequence[Line], *, dice: Dice
) -> tuple[str, ...]:
    """Who is still to speak since a person spoke last, the next one first.

    `said` and `addressed` are that person's message and `spoken` all lines of characters since.
    The dice must fall as they did for the first of them: give it the same seed.

    Who was cued speaks once. Besides, whoever a character calls by name may answer it, at once;
    there are at most `stage.rounds` such lines, none in the orders `list` and `manual`.
    """
    cued = cue(stage, said, addressed, "", by_person=True, dice=dice)
    if spoken and needs_choice(stage, said, addressed):
        cued = (spoken[0].character,)
    members = awake(stage)
    left = stage.rounds if stage.order in ("natural", "model") else 0
    due, owing = list(cued), set(cued)
    for line in spoken:
        if line.character in owing:
            owing.remove(line.character)
        else:
            left -= 1
        called = named(line.text, members) if left > 0 else ()
        due = [one for one in dict.fromkeys([*called, *due]) if one != line.character]
    return tuple(_within(due, owing, left))


def next_up(stage: Stage, said: str, last: str, *, dice: Dice) -> str:
    """Who speaks when somebody wants the scene to go on; "" if nobody can.

    `said` is the newest line and `last` the character who said it, "" if it is a person's.
    """
    members = awake(stage)
    if stage.order == "manual":
        stage = replace(stage, order="natural")
    cued = cue(stage, said, "", last, by_person=not last, dice=dice)
    if cued:
        return cued[0]
    # Nobody talks unasked there, yet this is asking.
    others = [member.character for member in members if member.character != last]
    return others[int(dice() * len(others))] if others else ""


def who_is_next_prompt(names: Sequence[str], lines: Sequence[Line]) -> str:
    """The question to the model who speaks next: the newest lines, and who can be chosen.

    Nothing in it is neutralised yet.
    """
    shown = "\n".join(
        f"{line.name}: {_shortened(line.text)}" if line.name else _shortened(line.text)
        for line in lines[-LINES_SHOWN:]
    )
    return (
        "This is the newest part of a story that several people write together.\n\n"
        f"{shown}\n\n"
        f"Which of these characters speaks next: {', '.join(names)}?\n"
        "Answer with that name alone."
    )


def read_choice(text: str, names: Sequence[str]) -> str | None:
    """The name that the model chose, None if its answer names nobody."""
    answer = re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)
    members = [Member("", str(at), "", name) for at, name in enumerate(names)]
    chosen = named(answer, members)
    return names[int(chosen[0])] if chosen else None


def _called(members: Sequence[Member], said: str, addressed: str, speaker: str) -> tuple[str, ...]:
    """Who is addressed: first by a reply, then by name; never who speaks."""
    present = [member.character for member in members]
    replied = [addressed] if addressed in present else []
    called = dict.fromkeys([*replied, *named(_QUOTE.sub("", said), members)])
    return tuple(one for one in called if one != speaker)


def _in_turn(members: Sequence[Member], last: str) -> tuple[str, ...]:
    """All as they stand, beginning behind who spoke last."""
    ids = [member.character for member in members]
    if last in ids:
        at = ids.index(last) + 1
        ids = ids[at:] + ids[: at if len(ids) == 1 else at - 1]
    return tuple(ids)


def _by_chance(members: Sequence[Member], last: str, dice: Dice) -> tuple[str, ...]:
    if len(members) == 1:
        return (members[0].character,)
    others = [member for member in members if member.character != last]
    shuffled = sorted(others, key=lambda _: dice())
    chosen = [member.character for member in shuffled if dice() < member.talkativeness]
    if chosen:
        return tuple(chosen)
    talking = [member.character for member in shuffled if member.talkativeness > 0]
    return (talking[int(dice() * len(talking))],) if talking else ()


def _within(due: Sequence[str], owing: Collection[str], left: int) -> Iterator[str]:
    """Who of the due is cued, and of the others as many as there are lines left."""
    for one in due:
        if one in owing:
            yield one
        elif left > 0:
            left -= 1
            yield one


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LINE_LENGTH else f"{line[: LINE_LENGTH - 1]}…"
