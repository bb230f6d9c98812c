"""Chats out of files and into files: lines become turns of a conversation, and turns lines. Pure.

Who speaks in a file is known by name only. The lines of characters that are on stage become theirs;
where none is on stage, those of the one character are the model's own. Everybody else is a name
before a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.characters.chats.line import NARRATOR, Chat, Line
from bot.characters.stage import Member
from bot.conversation.context import shorten
from bot.conversation.turns import BROUGHT, HIDDEN, Turn, Variant
from bot.conversation.variants import MAX_VARIANTS
from bot.prompts.speakers import clean_name

MOST_LINES = 1_000
"""How many lines come out of one file; the newest do."""

MOST_CHARACTERS = 2_000_000
"""How many characters they have together, with all variants."""

LONGEST_LINE = 16_000
"""How many characters one has; a longer one loses its middle."""

# What of the longest prompt may be taken by what is brought, so that there is room to go on.
_VIEW_SHARE = 0.6

# What a turn costs beside its text and its name, in characters.
_AROUND = 40


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part where a chat is brought to.

    `members` are on stage. `person` is the name of who brings it, "" where nobody is named before
    their lines, as in direct messages. `own` are the names of the bot itself.
    """

    members: Sequence[Member] = ()
    person: str = ""
    own: Sequence[str] = ()

    def member(self, name: str) -> Member | None:
        """Who on stage has a name."""
        wanted = _folded(name)
        return next((one for one in self.members if wanted and _folded(one.name) == wanted), None)


@dataclass(frozen=True, slots=True)
class Voices:
    """Whose lines a chat has, each name once in the order of how much they say, with its number.

    `played` are the names that characters on stage have, or the model where none is, `others`
    all those that only stand before their lines. `people` are what the file's users are called.
    """

    played: dict[str, int] = field(default_factory=dict[str, int])
    others: dict[str, int] = field(default_factory=dict[str, int])
    people: tuple[str, ...] = ()


def newest(chat: Chat) -> Chat:
    """The chat with as many of its newest lines as are kept of one file."""
    room, kept = MOST_CHARACTERS, list[Line]()
    for line in reversed(chat.lines):
        short = _shortened(line)
        room -= sum(map(len, short.variants or (short.text,)))
        if len(kept) == MOST_LINES or (room < 0 and kept):
            break
        kept.append(short)
    if all(line.hidden for line in kept):
        # A talk of which nothing is to be seen is none.
        kept = [replace(line, hidden=False) for line in kept]
    return replace(chat, lines=kept[::-1])


def turns_of(chat: Chat, cast: Cast, *, author: str, key: str, first: int = 1) -> list[Turn]:
    """The lines of a chat as turns, numbered from `first` on.

    `author` is the id of who brings it, `key` tells this file from others.
    """
    main, unnamed = _main(chat, cast), _unnamed(chat, cast)
    turns: list[Turn] = []
    for n, line in enumerate(chat.lines, first):
        name = f"{BROUGHT}{key}.{line.at}.{n}{HIDDEN if line.hidden else ''}"
        turn = Turn(name, n, "user", line.text, author=author)
        turns.append(_spoken(turn, line, cast, main, unnamed))
    return turns


def voices(chat: Chat, cast: Cast) -> Voices:
    """Whose lines become whose."""
    found = Voices(people=tuple(dict.fromkeys(_people(chat))))
    for line, turn in zip(chat.lines, turns_of(chat, cast, author="", key=""), strict=True):
        if line.side != "narrator":
            played = turn.role == "assistant"
            counted, name = (found.played if played else found.others), turn.speaker or line.name
            counted[name] = counted.get(name, 0) + 1
    most = [
        dict(sorted(one.items(), key=lambda it: -it[1])) for one in (found.played, found.others)
    ]
    return replace(found, played=most[0], others=most[1])


def in_view(
    turns: Sequence[Turn], limit: int, size: Callable[[str], int]
) -> tuple[list[Turn], list[Turn]]:
    """The turns that go into the window, and those that count as cut: the older ones.

    What is hidden counts as cut wherever it stands; not all turns are. `limit` is the longest
    prompt in tokens as `size` estimates them. Where something is cut the window begins with a
    person's line.
    """
    seen = [turn for turn in turns if not turn.is_hidden]
    room, begin = int(limit * _VIEW_SHARE), len(seen)
    for turn in reversed(seen):
        room -= size(f"{turn.speaker}{turn.text}{' ' * _AROUND}")
        if room < 0 and begin < len(seen):
            break
        begin -= 1
    if begin:
        asked = (n for n in range(begin, len(seen)) if seen[n].role == "user")
        begin = next(asked, begin)
    return seen[begin:], [turn for turn in turns if turn.n < seen[begin].n or turn.is_hidden]


def chat_of(
    turns: Sequence[Turn],
    *,
    bot: str,
    person: str,
    character: str,
    said_at: Callable[[Turn], int],
) -> Chat:
    """A conversation as a chat.

    `bot` is what the bot itself is called, `person` what the one is called whose lines have no
    name in a direct message ("" elsewhere), `character` whose chat it is. `said_at` tells when a
    turn was said, in Unix milliseconds.
    """
    lines = [
        replace(_line(turn, bot, person, said_at(turn)), hidden=turn.is_hidden)
        for turn in turns
        if turn.text.strip()
    ]
    people = [line.name for line in lines if line.side == "person" and line.name]
    user = max(dict.fromkeys(people), key=people.count, default=person)
    lines = [line if line.name else replace(line, name=user) for line in lines]
    return Chat(lines, user, character or bot)


def brought_at(turn: Turn) -> int:
    """When a line was said that came out of a file, in Unix milliseconds; 0 if nobody knows."""
    parts = turn.id.split(".")
    known = turn.is_brought and len(parts) in (4, 5) and parts[2].isdecimal()
    return int(parts[2]) if known else 0


def _line(turn: Turn, bot: str, person: str, at: int) -> Line:
    if turn.role == "user":
        if turn.speaker == NARRATOR:
            return Line("narrator", NARRATOR, turn.text, at)
        bare = not turn.speaker and not person
        return Line("person", turn.speaker or person, turn.text, at, mark="bare" if bare else "")
    texts = tuple(one.text for one in turn.variants)
    own = not turn.character and not turn.speaker
    name = turn.speaker or bot
    return Line("character", name, turn.text, at, texts, turn.variant, mark="bot" if own else "")


def _spoken(turn: Turn, line: Line, cast: Cast, main: str, unnamed: str | None) -> Turn:
    """The turn with its speaker, on the side on which the line belongs here."""
    if line.side == "narrator":
        return replace(turn, speaker=NARRATOR)
    if line.side == "person":
        bare = line.mark == "bare" or line.name == unnamed
        name = _clean(line.name) or _clean(cast.person)
        return replace(turn, speaker="" if bare else name)
    turn = _with_variants(turn, line)
    if line.mark == "bot":
        return replace(turn, role="assistant")
    if member := _member(line, cast):
        return replace(turn, role="assistant", speaker=member.name, character=member.character)
    own = {"", main if not cast.members else "", *map(_folded, cast.own)}
    if _folded(line.name) in own:
        return replace(turn, role="assistant", speaker=_clean(line.name))
    return replace(turn, speaker=_clean(line.name), variants=(), variant=0)


def _member(line: Line, cast: Cast) -> Member | None:
    if line.name:
        return cast.member(line.name)
    # A list of messages names nobody: whoever is on stage alone has said it.
    return cast.members[0] if len(cast.members) == 1 else None


def _with_variants(turn: Turn, line: Line) -> Turn:
    numbered = [one for one in enumerate(line.variants) if one[1].strip()]
    if len(numbered) < 2:
        return turn
    kept = [one for one in numbered if one[0] != line.variant][1 - MAX_VARIANTS :]
    kept = sorted([*kept, (line.variant, line.text)])
    texts = tuple(Variant(text) for _, text in kept)
    return replace(turn, variants=texts, variant=kept.index((line.variant, line.text)))


def _main(chat: Chat, cast: Cast) -> str:
    """Whose lines are the model's where nobody is on stage, folded; "" if nobody can tell."""
    if cast.members:
        return ""
    names = {_folded(line.name) for line in chat.lines if line.side == "character"}
    names -= {"", *(_folded(line.name) for line in chat.lines if line.mark == "bot")}
    character = _folded(chat.character)
    if len(names) == 1:
        return names.pop()
    return character if character in names else ""


def _unnamed(chat: Chat, cast: Cast) -> str | None:
    """The person of a file who is the only one there, and so needs no name where nobody has one."""
    people = set(_people(chat))
    return people.pop() if not cast.person and len(people) == 1 else None


def _people(chat: Chat) -> Iterable[str]:
    return (line.name for line in chat.lines if line.side == "person" and line.name)


def _shortened(line: Line) -> Line:
    if max(map(len, (line.text, *line.variants))) <= LONGEST_LINE:
        return line
    variants = tuple(shorten(text, LONGEST_LINE) for text in line.variants)
    return replace(line, text=shorten(line.text, LONGEST_LINE), variants=variants)


def _clean(name: str) -> str:
    return clean_name(name) if name.strip() else ""


def _folded(name: str) -> str:
    return _clean(name).casefold()
