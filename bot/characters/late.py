"""What is told to a character late, within or behind the history: it may change every time."""

from __future__ import annotations

from collections.abc import Iterable

from bot.characters.lore.outcome import Found, Outcome
from bot.characters.macros import Values, date_of, expand, time_of
from bot.characters.part import Injection, Voice
from bot.characters.playing import Player, Scene
from bot.characters.stage import Note

LORE_DEPTH = 4
"""Before how many of the newest turns lore stands that was called and names no depth of its own."""

NOW_DEPTH = 1
"""Before how many of the newest turns the mood and the time stand."""

_ROLES: tuple[Voice, ...] = ("system", "user", "assistant")
_ABOVE = ("before", "after_description", "personality", "scenario", "examples_top")


def injections(scene: Scene, found: Found, values: Values, *, clock: bool) -> list[Injection]:
    """All texts within the history, the deepest first; of one depth the system's come first.

    `clock`: the system text speaks of the time, which has to be told then.
    """
    texts = [*_lore(found), *_note(scene, found, values), *_card_note(scene.player, values)]
    if mood := " ".join(scene.stage.mood.split()):
        texts.append(Injection(f"[Mood of the scene: {mood}]", NOW_DEPTH))
    if clock and scene.now:
        today = f"{expand('{{weekday}}', values)}, {date_of(scene.now)}"
        texts.append(Injection(f"[It is {time_of(scene.now)} on {today}.]", NOW_DEPTH))
    return sorted(texts, key=lambda one: (-one.depth, _ROLES.index(one.role)))


def prefill(found: Found) -> str:
    """What lore puts into the character's mouth: depth 0, said by the assistant."""
    return " ".join(one.text for one in found.told if _is_prefill(one))


def _is_prefill(one: Outcome) -> bool:
    entry = one.entry
    return entry.place == "depth" and entry.depth == 0 and entry.role == "assistant"


def _lore(found: Found) -> list[Injection]:
    """Lore that was called, by depth and role; what belongs before the card stands above."""
    late = [one for one in found.told if not one.steady and not _is_prefill(one)]
    late = [one for one in late if not one.entry.place.startswith("note")]
    late.sort(key=lambda one: one.entry.place not in _ABOVE)
    texts: dict[tuple[int, Voice], list[str]] = {}
    for one in late:
        entry = one.entry
        depth = entry.depth if entry.place == "depth" else LORE_DEPTH
        texts.setdefault((depth, entry.role), []).append(one.text)
    return [Injection("\n".join(said), depth, role) for (depth, role), said in texts.items()]


def _note(scene: Scene, found: Found, values: Values) -> list[Injection]:
    """The author's note if it is its turn, with the lore that stands above and below it."""
    note = scene.stage.note
    said = [expand(note.text, values).strip()] if note and _is_due(scene, note) else []
    texts = [*_at(found, "note_top"), *said, *_at(found, "note_bottom")]
    if not any(texts):
        return []
    place = note or Note("")
    return [Injection("\n".join(text for text in texts if text), place.depth, place.role)]


def _is_due(scene: Scene, note: Note) -> bool:
    """Whether the note is said with this reply: people's messages are counted."""
    asked = scene.talk.messages - scene.talk.replies
    return note.every > 0 and asked % note.every == 0


def _at(found: Found, place: str) -> Iterable[str]:
    return (one.text for one in found.told if one.entry.place == place)


def _card_note(player: Player, values: Values) -> list[Injection]:
    note = player.card.depth_prompt
    text = expand(note.text, values).strip() if note else ""
    return [Injection(text, note.depth, note.role)] if note and text else []
