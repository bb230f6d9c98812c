"""What is said of a talk that somebody brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.characters.chats.line import Chat, LeftOut, Line
from bot.conversation.chat_lines import LONGEST_LINE, Cast, Voices, voices
from bot.language import later, tr
from bot.prompts.speakers import clean_name
from cogs.characters.shelf import shown_name
from cogs.live.split import MESSAGE_LIMIT, units
from cogs.live.traces import harmless
from cogs.live.wording import small

# How much of a message names take, in UTF-16 units, and a quoted line, in characters.
_NAMES = 240
_QUOTED = 300

_CAST_FIRST = later(
    "Whoever is on stage here before you go on (`/character use`) has their lines as their own."
)
_PERSONA = later("If **{name}** is you, `/persona set` has you go on under that name.")
_SYSTEM = later("Its system prompt stays in the file: `/system set` writes one for this channel.")
_NOTE = later("Its author's note stays in the file: `/note set` writes one here.")
_UNDO = later("`/undo` takes it out again, as long as nothing new is said.")


def described(whole: Chat, chat: Chat, cast: Cast, there: int) -> str:
    """What a file holds and what becomes of it; `chat` is what of the `whole` is brought.

    `there` is how many messages were said in the place before.
    """
    found = voices(chat, cast)
    lines = [*_size(whole, chat), *_sides(chat, found, cast), *_left_out(whole, chat)]
    text = "\n".join((*lines, _quoted(_last(chat)), _before(there)))
    return text if units(text) <= MESSAGE_LIMIT else "\n".join((*lines, _before(there)))


def told(who: str, count: int, chat: Chat) -> str:
    """What all in the place are told."""
    brought = tr(
        "📥 {who} has brought a talk here, {n:,} message long. It goes on from:",
        "📥 {who} has brought a talk here, {n:,} messages long. It goes on from:",
        n=count,
        who=shown_name(who),
    )
    return "\n".join((brought, _quoted(_last(chat)), small(tr(_UNDO))))


def done(count: int) -> str:
    """What whoever brought it is told."""
    return tr("Done: {n:,} message.", "Done: {n:,} messages.", n=count)


def _size(whole: Chat, chat: Chat) -> Iterator[str]:
    at = next((line.at for line in reversed(chat.lines) if line.at), 0)
    count = len(whole.lines)
    if at:
        yield tr(
            "**{n:,} message**, of {when}.",
            "**{n:,} messages**, the newest of {when}.",
            n=count,
            when=f"<t:{at // 1000}:D>",
        )
    else:
        yield tr("**{n:,} message**.", "**{n:,} messages**.", n=count)
    if len(chat.lines) < count:
        yield tr(
            "Only the newest one comes along: that is as much as I keep.",
            "Only the newest {n:,} come along: that is as much as I keep.",
            n=len(chat.lines),
        )


def _sides(chat: Chat, found: Voices, cast: Cast) -> Iterator[str]:
    if found.played and cast.members:
        yield tr("Lines of those on stage: {names}.", names=_names(found.played))
    elif found.played:
        yield tr("Lines of mine: {names}.", names=_names(found.played))
    if found.others:
        yield tr("Lines of others, by their names: {names}.", names=_names(found.others))
    if len(found.people) == 1 and cast.person and found.people[0] != cast.person:
        yield tr(_PERSONA).format(name=shown_name(found.people[0]))
    characters = {line.name for line in chat.lines if line.side == "character"}
    if any(clean_name(name) in found.others for name in characters if name):
        yield tr(_CAST_FIRST)


def _left_out(whole: Chat, chat: Chat) -> Iterator[str]:
    for kind, count in whole.left_out.items():
        yield _why(kind, count)
    if hidden := sum(line.hidden for line in chat.lines):
        yield tr(
            "{n:,} hidden message is kept, but the model is not sent it.",
            "{n:,} hidden messages are kept, but the model is not sent them.",
            n=hidden,
        )
    if long := sum(len(line.text) > LONGEST_LINE for line in whole.lines):
        yield tr(
            "{n:,} message is so long that it loses its middle.",
            "{n:,} messages are so long that they lose their middle.",
            n=long,
        )
    if whole.note:
        yield tr(_NOTE)


def _why(kind: LeftOut, count: int) -> str:
    match kind:
        case "unreadable":
            return tr(
                "{n:,} line cannot be read and is left out.",
                "{n:,} lines cannot be read and are left out.",
                n=count,
            )
        case "notices":
            return tr(
                "{n:,} notice of the program is left out.",
                "{n:,} notices of the program are left out.",
                n=count,
            )
        case "tools":
            return tr(
                "{n:,} step of a tool is left out.", "{n:,} steps of tools are left out.", n=count
            )
        case "system":
            return tr(_SYSTEM)


def _before(there: int) -> str:
    if not there:
        return tr("Shall I bring it here?")
    return tr(
        "{n:,} message was said here before. Put aside, `/undo` brings it back: for a day, as long "
        "as nothing new is said.",
        "{n:,} messages were said here before. Put aside, `/undo` brings them back: for a day, as "
        "long as nothing new is said.",
        n=there,
    )


def _names(counted: Mapping[str, int]) -> str:
    """As many names as there is room for, with their numbers, who says most first."""
    shown: list[str] = []
    for name, count in counted.items():
        one = f"{_name(name)} ({count:,})"
        if shown and units(", ".join((*shown, one))) > _NAMES:
            break
        shown.append(one)
    named, more = ", ".join(shown), len(counted) - len(shown)
    return (
        tr("{names} and {n:,} more", "{names} and {n:,} more", n=more, names=named)
        if more
        else named
    )


def _name(name: str) -> str:
    return shown_name(name) if name else tr("without a name")


def _last(chat: Chat) -> Line:
    """Where the story stands for all who read it: not at what is hidden."""
    return next(line for line in reversed(chat.lines) if not line.hidden)


def _quoted(line: Line) -> str:
    """A line as people see one, its end where it is long: that is where the story stands."""
    text = " ".join(line.text.split())
    short = text if len(text) <= _QUOTED else f"…{text[1 - _QUOTED :].lstrip()}"
    name = f"**{shown_name(line.name)}:** " if line.name.strip() else ""
    return f"> {name}{harmless(short)}"
