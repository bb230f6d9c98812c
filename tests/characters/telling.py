"""Scenes, books and entries for tests, with as little as a test has to say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.characters.card import Card
from bot.characters.lore.book import read
from bot.characters.lore.entry import Book
from bot.characters.lore.outcome import Found
from bot.characters.lore.scan import Moment, Opened, look_up
from bot.characters.macros import Values
from bot.characters.playing import Line, Listener, Player, Scene, Talk, book_of

NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
VALUES = Values(char="Aria", user="Mia", group="Aria", now=NOW, seed="7/1", story="7")


def count(text: str) -> int:
    """Words, which anybody can count."""
    return len(text.split())


def entry(content: str = "Told.", *keys: str, **more: Any) -> dict[str, Any]:
    """An entry as a card has it."""
    return {"content": content, "keys": list(keys), "enabled": True, **more}


def book(*entries: dict[str, Any], **more: Any) -> Book:
    return read({"entries": list(entries), **more})


def look(
    *books: Book,
    said: tuple[str, ...] = ("Mia: Hello!",),
    room: int = 1_000,
    off: tuple[str, ...] = (),
    timers: dict[str, int] | None = None,
    messages: int | None = None,
    replies: int = 0,
    seed: str = "7",
    values: Values = VALUES,
    greeting: int | None = None,
) -> Found:
    """A look into books that are called a, b, c …; `said` are the newest messages, newest last."""
    opened = [
        Opened(name, one, values, values, greeting)
        for name, one in zip("abcdefgh", books, strict=False)
    ]
    moment = Moment(len(said) if messages is None else messages, replies, seed)
    return look_up(opened, said, moment, count=count, room=room, off=off, timers=timers)


def texts(found: Found) -> list[str]:
    return [one.text for one in found.told]


def player(name: str = "Aria", **card: Any) -> Player:
    made = Card(name=name, **card)
    return Player(name.lower(), name, made, book_of(made), 0)


def scene(*cast: Player, said: tuple[tuple[str, str], ...] = (("Mia", "Hello!"),), **more: Any):
    """A scene of `cast` in which its first speaks, and one person, Mia, asks."""
    cast = cast or (player(),)
    names = {one.name for one in cast}
    lines = [Line(name, text, name not in names) for name, text in said]
    given = {
        "speaker": cast[0].id,
        "count": count,
        "limit": 4_000,
        "asker": Listener("Mia"),
        "talk": Talk(lines),
        "seed": "7",
        "now": NOW,
    }
    return Scene(cast=cast, **(given | more))
