"""Any file that people keep characters in: what is in it, by its content and never by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from bot.characters import archive, bounds, charx, picture, png
from bot.characters.card import Card
from bot.characters.cards import card_from
from bot.characters.document import Parsed, decode, parse
from bot.characters.fields import check_entries, is_lorebook
from bot.errors import BadInput
from bot.language import later

_FEW = 3
"""How many cards in one picture are tried until one can be read; each may take a while."""

Container = Literal["json", "png", "charx"]


@dataclass(frozen=True, slots=True)
class Found:
    """What was in a file: a character, or a lorebook alone.

    `lorebook` is the parsed lorebook and `document` its text, both of a file without a character.
    `picture` is the character's picture without its card, `kind` what picture it is (png, apng,
    jpeg, gif or webp). `warnings` are finished sentences, those of the card among them.
    """

    container: Container
    card: Card | None = None
    lorebook: Mapping[str, Any] | None = None
    document: str = ""
    picture: bytes | None = None
    kind: str = ""
    warnings: tuple[str, ...] = ()


def read_card(data: bytes, filename: str = "") -> Found:
    """Read a character or a lorebook out of a file; what has neither is `BadInput`.

    `filename` only names a character whose card has no name.
    """
    bounds.check(len(data), bounds.MAX_FILE, later("That file"))
    if data.startswith(png.SIGNATURE):
        return _of_png(data, filename)
    if charx.is_zip(data):
        return _of_charx(data, filename)
    if data[:1] == b"<":
        raise BadInput(
            later("That is a web page, no card. Download the card itself and send that.")
        )
    if picture.look_at(data):
        raise BadInput(
            later(
                "That picture has no character in it that I can read. Cards are in PNG pictures; "
                "other kinds lose them. Send the PNG, JSON or CHARX file."
            )
        )
    return _of_json(data, filename)


def _of_json(data: bytes, filename: str) -> Found:
    text, warnings = decode(data)
    if not text.startswith("{"):
        raise BadInput(
            later(
                "I found no character in that file. Send a card as PNG, JSON or CHARX, "
                "or a lorebook as JSON."
            )
        )
    return _of_parsed("json", parse(text, warnings), filename)


def _of_parsed(container: Container, parsed: Parsed, filename: str) -> Found:
    if is_lorebook(parsed.root):
        book = _book(parsed.root)
        told = parsed.warnings
        return Found(container, lorebook=book, document=parsed.text, warnings=told)
    card = card_from(parsed, filename)
    return Found(container, card=card, warnings=card.warnings)


def _book(root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The lorebook in a file that has nothing else."""
    inner = root.get("data")
    wrapped = isinstance(inner, dict) and "entries" not in root
    book = cast("dict[str, Any]", inner) if wrapped else root
    if not book.get("entries"):
        raise BadInput(later("That lorebook has no entries."))
    check_entries(book)
    return book


def _of_png(data: bytes, filename: str) -> Found:
    taken = png.take_apart(data)
    seen = picture.look_at(data)
    if seen is None:
        raise BadInput(later("That PNG is broken at its beginning. Get the file anew."))
    picture.check_size(seen)
    if not taken.cards():
        if charx.is_zip(data):
            return _of_charx(data, filename)
        raise BadInput(
            later(
                "That picture has no character in it. Discord and many sites remove the card when "
                "a picture is shown or shrunk: send the original file, or the JSON."
            )
        )
    found = _first_card(taken, filename)
    image, kind, warnings = _picture_of(taken, seen.kind, found)
    told = (*found.warnings, *warnings)
    return replace(found, picture=image, kind=kind, warnings=told)


def _first_card(taken: png.Png, filename: str) -> Found:
    """What stands in the first chunk that can be read, the newest format first."""
    failure: BadInput | None = None
    for chunk in taken.cards()[:_FEW]:
        try:
            found = _of_parsed("png", parse(*decode(taken.card(chunk))), filename)
        except BadInput as error:
            failure = failure or error
            continue
        if failure:
            told = later(
                "One of the cards in the picture is broken, so I took the other: {why}",
                why=failure.text,
            )
            return replace(found, warnings=(*found.warnings, told))
        return found
    raise failure or BadInput()


def _picture_of(
    taken: png.Png, kind: str, found: Found
) -> tuple[bytes | None, str, tuple[str, ...]]:
    """The picture itself, or the icon in a chunk of its own that the card names."""
    image, warnings = taken.picture()
    icon = _icon_chunk(taken, found) if image is None else None
    if icon:
        return icon
    return image, kind if image else "", warnings


def _icon_chunk(taken: png.Png, found: Found) -> tuple[bytes, str, tuple[str, ...]] | None:
    if not found.card:
        return None
    for path in charx.icons(parse(found.card.document).root):
        try:
            icon = taken.asset(path)
            seen = picture.look_at(icon) if icon else None
            if icon and seen:
                picture.check_size(seen)
                return icon, seen.kind, ()
        except BadInput:
            continue
    return None


def _of_charx(data: bytes, filename: str) -> Found:
    files = archive.entries(data)
    parsed = parse(*decode(charx.card_in(data, files)))
    found = _of_parsed("charx", parsed, filename)
    if not found.card:
        return found
    image, kind, told = charx.picture_in(data, files, parsed.root)
    others = len(files) - 1 - bool(image)
    if others > 0:
        rest = later(
            "I keep the card and its picture, but not the other {count} files in it.", count=others
        )
        told = (*told, rest)
    return replace(found, picture=image, kind=kind, warnings=(*found.warnings, *told))
