"""Putting characters into libraries, and reading their cards again."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.characters import png
from bot.characters.card import Card
from bot.characters.cards import card_of
from bot.characters.editing import edited
from bot.characters.stage import Member
from bot.client import HermesBot
from bot.conversation.library import MAX_BYTES, MAX_CHARACTERS, Character
from bot.conversation.ports import Store
from bot.errors import BadInput
from bot.language import later
from cogs.characters.shelf import is_private
from cogs.reading.files import size

# Tags by which authors say that a card is for adults.
_ADULT_TAGS = frozenset(
    ("nsfw", "nsfl", "adult", "18+", "+18", "r18", "r-18", "explicit", "porn", "smut", "erotic")
) | {"erotica", "lewd", "hentai", "xxx"}
_MOST_TAGS = 30
_LONGEST_TAG = 40

_FULL = later(
    "There are {most} characters in this server's library, which is all there is room for. "
    "Delete one first.",
    most=MAX_CHARACTERS,
)
_OWN_FULL = later(
    "There are {most} characters in your library, which is all there is room for. "
    "Delete one first.",
    most=MAX_CHARACTERS,
)
_TOO_MUCH = later(
    "This server's library is full: its cards and pictures take up to {size} together. "
    "Delete a character first.",
    size=size(MAX_BYTES),
)
_OWN_TOO_MUCH = later(
    "Your library is full: its cards and pictures take up to {size} together. "
    "Delete a character first.",
    size=size(MAX_BYTES),
)
_GONE = later("That character is gone: somebody deleted it meanwhile.")
_LOST = later("The card of that character is lost. Please import it again.")


@dataclass(frozen=True, slots=True)
class Kept:
    """A character with its card and its picture."""

    character: Character
    card: Card
    picture: bytes | None = None


def new_character(
    card: Card, library: str, owner: str, *, picture: bytes | None, adult: bool
) -> Character:
    """A character as it is put into a library for the first time."""
    now = time.time()
    fresh = Character(
        id=secrets.token_hex(6),
        library=library,
        name=card.name,
        owner=owner,
        card="",
        created=now,
    )
    return described(fresh, card, picture=picture, adult=adult or is_adult(card))


def described(character: Character, card: Card, *, picture: bytes | None, adult: bool) -> Character:
    """The character with what its card says of it."""
    tags = (" ".join(tag.split())[:_LONGEST_TAG] for tag in card.tags)
    return replace(
        character,
        name=card.name,
        card=digest_of(card.document.encode("utf-8", "surrogatepass")),
        picture=digest_of(picture) if picture else "",
        visibility="private" if is_private(character) else "server",
        adult=adult,
        talkativeness=card.talkativeness,
        tags=tuple(dict.fromkeys(filter(None, tags)))[:_MOST_TAGS],
        updated=time.time(),
    )


def member_of(character: Character) -> Member:
    """A character as one who is on stage."""
    return Member(
        library=character.library,
        character=character.id,
        card=character.card,
        name=character.name,
        picture=character.picture,
        talkativeness=character.talkativeness,
        adult=character.adult,
    )


def renamed(card: Card, name: str) -> Card:
    """The card with another name."""
    return edited(card, name=name)


def is_adult(card: Card) -> bool:
    """Whether a card's tags say that it is for adults."""
    return any(" ".join(tag.split()).casefold() in _ADULT_TAGS for tag in card.tags)


def digest_of(blob: bytes) -> str:
    """The name under which a file is kept."""
    return hashlib.sha256(blob).hexdigest()


async def save(store: Store, kept: Kept) -> None:
    """Put a character into its library; `BadInput` if there is no room."""
    character = kept.character
    card = kept.card.document.encode("utf-8", "surrogatepass")
    if await store.save_character(character, card, kept.picture):
        return
    own = is_private(character)
    others = await store.characters(character.library)
    if len(others) >= MAX_CHARACTERS:
        raise BadInput(_OWN_FULL if own else _FULL)
    raise BadInput(_OWN_TOO_MUCH if own else _TOO_MUCH)


async def load(bot: HermesBot, character: Character, *, picture: bool = True) -> Kept:
    """A character with its card, and its picture if that is wanted and there is one."""
    wanted: Sequence[str] = [character.card]
    if picture and character.picture:
        wanted = [character.card, character.picture]
    store = bot.store
    blobs = await asyncio.gather(*(store.blob(character.library, digest) for digest in wanted))
    if blobs[0] is None:
        known = await store.character(character.library, character.id)
        raise BadInput(_GONE if known is None else _LOST)
    # A card has up to 5 MiB of JSON, which takes a while to parse.
    card = await asyncio.to_thread(card_of, blobs[0].decode("utf-8", "surrogatepass"))
    return Kept(character, card, blobs[1] if len(blobs) > 1 else None)


def bare_picture(data: bytes) -> bytes:
    """A picture without a card that may be in it."""
    if not data.startswith(png.SIGNATURE):
        return data
    return png.take_apart(data).picture()[0] or data
