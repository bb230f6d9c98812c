"""Cards for other programs: as JSON, in a PNG, as CHARX.

What a card says beyond its known fields goes along, in the very words of its JSON text. A card
keeps its text as long as its version is asked for; for another version only what has to differ is
written anew.
"""

from __future__ import annotations

import base64
import colorsys
import io
import zipfile
import zlib
from typing import Any, Literal, cast

from bot.characters import bounds, picture, png, splice
from bot.characters.card import V2, V3, Card
from bot.characters.charx import CARD, HERE
from bot.characters.document import parse
from bot.characters.editing import EDITABLE, REQUIRED
from bot.characters.fields import where

Spec = Literal["v2", "v3"]

_VERSIONS = {"v2": (V2, "2.0"), "v3": (V3, "3.0")}
_V3_ONLY = ("group_only_greetings",)
_SIDE = 512
"""Pixels of the side of a plain picture; Discord shows avatars at up to 512."""

_NOTHING: dict[str, Any] = {}
_EPOCH = (1980, 1, 1, 0, 0, 0)


def as_json(card: Card, spec: Spec = "v3") -> bytes:
    """The card as a JSON file in UTF-8."""
    return _text(card, spec).encode("utf-8")


def as_png(card: Card, image: bytes = b"") -> bytes:
    """The card in a picture, for programs of both versions.

    A picture that is no PNG cannot carry a card; then, and without one, it is a plain one. The
    chunks of other cards in it are replaced, everything else in it stays. What would be too large
    a file with both versions has the third one alone.
    """
    seen = picture.look_at(image)
    carrier = image if seen and seen.kind in ("png", "apng") else plain_picture(card.name)
    bare = png.without_cards(png.take_apart(carrier))
    v2 = _chunk("chara", _without_files(_text(card, "v2"), "ccdefault:"))
    v3 = _chunk("ccv3", _without_files(_text(card, "v3"), "ccdefault:"))
    both = bare + v2 + v3 + png.END
    return both if len(both) <= bounds.MAX_FILE else bare + v3 + png.END


def as_charx(card: Card, image: bytes = b"") -> bytes:
    """The card as a CHARX archive with its picture."""
    seen = picture.look_at(image)
    kind = "png" if seen and seen.kind == "apng" else seen.kind if seen else ""
    path = f"assets/icon/images/main.{kind}"
    text = _text(card, "v3")
    text = (
        _with_icon(text, f"{HERE[0]}{path}", kind) if kind else _without_files(text, "ccdefault:")
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        _write_card(archive, text.encode("utf-8"))
        if kind:
            archive.writestr(_member(path), image, zipfile.ZIP_STORED)
    return packed.getvalue()


def plain_picture(name: str) -> bytes:
    """A PNG of one colour that grows darker downwards, always the same for the same name."""
    hue = zlib.crc32(name.encode("utf-8", "replace")) % 360 / 360
    rows = bytearray()
    for row in range(_SIDE):
        shade = colorsys.hls_to_rgb(hue, 0.65 - 0.35 * row / _SIDE, 0.45)
        rows += b"\0" + bytes(round(255 * part) for part in shade) * _SIDE
    header = _SIDE.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    pixels = zlib.compress(bytes(rows), 9)
    return png.SIGNATURE + b"".join(
        (png.chunk_of(b"IHDR", header), png.chunk_of(b"IDAT", pixels), png.END)
    )


def _text(card: Card, spec: Spec) -> str:
    """The card's JSON text in a version; the same text if it is of that version already."""
    name, version = _VERSIONS[spec]
    root = parse(card.document).root
    if root.get("spec") == name and isinstance(root.get("data"), dict):
        return card.document
    data = _data(card, root)
    required = {key: REQUIRED[key] for key in REQUIRED if spec == "v3" or key not in _V3_ONLY}
    for key, default in required.items():
        if not isinstance(data.get(key), type(default) | splice.Raw):
            data[key] = getattr(card, key)
    if spec == "v3" and isinstance(data.get("character_book"), dict):
        data["character_book"] = _newer_book(data["character_book"])
    # What else stands at the root stays there: programs keep things of their own beside `data`.
    new = {**root, "spec": name, "spec_version": version, "data": data}
    return splice.replaced(card.document, new, root)


def _data(card: Card, root: dict[str, Any]) -> dict[str, Any]:
    """The card's `data` with what it says outside of it; what needs no repair keeps its words."""
    given = root.get("data")
    data = dict(cast("dict[str, Any]", given)) if isinstance(given, dict) else {}
    raw = splice.raw_members(card.document)
    for name in EDITABLE:
        path = where(root, name)
        if path and path[0] == "data":
            continue
        value = getattr(card, name)
        said = [*cast("tuple[str, ...]", value)] if isinstance(value, tuple) else value
        # Of a lorebook the next version may want more than it says.
        if path and name != "character_book" and splice.same(root[path[0]], said):
            data[name] = raw[path[0]]
        elif value:
            data[name] = said
    return data


def _newer_book(book: dict[str, Any]) -> dict[str, Any]:
    """A lorebook with what the third version requires of it."""
    entries = book.get("entries")
    if not isinstance(entries, list):
        return book
    made = [
        {"use_regex": False, "extensions": _NOTHING, **cast("dict[str, Any]", entry)}
        if isinstance(entry, dict)
        else entry
        for entry in cast("list[Any]", entries)
    ]
    return {"extensions": _NOTHING, **book, "entries": made}


def _without_files(text: str, icon: str) -> str:
    """The text without assets that stood in a file beside it and were not kept."""
    root = parse(text).root
    return _with_icon(text, icon, "png") if any(map(_is_in_file, _assets(root))) else text


def _assets(root: dict[str, Any]) -> list[Any]:
    given = cast("dict[str, Any]", root["data"]).get("assets")
    return cast("list[Any]", given) if isinstance(given, list) else []


def _with_icon(text: str, uri: str, kind: str) -> str:
    """The text with an address of the main icon, and without assets that were not kept."""
    root = parse(text).root
    data = cast("dict[str, Any]", root["data"])
    main = {"type": "icon", "uri": uri, "name": "main", "ext": kind}
    assets = [
        asset for asset in _assets(root) if not _is_main_icon(asset) and not _is_in_file(asset)
    ]
    return splice.replaced(text, {**root, "data": {**data, "assets": [main, *assets]}}, root)


def _is_main_icon(asset: Any) -> bool:
    if not isinstance(asset, dict):
        return False
    known = cast("dict[str, Any]", asset)
    return known.get("type") == "icon" and known.get("name") == "main"


def _is_in_file(asset: Any) -> bool:
    uri = cast("dict[str, Any]", asset).get("uri") if isinstance(asset, dict) else None
    return isinstance(uri, str) and uri.startswith(HERE)


def _chunk(keyword: str, text: str) -> bytes:
    body = keyword.encode("ascii") + b"\0" + base64.b64encode(text.encode("utf-8"))
    return png.chunk_of(b"tEXt", body)


def _write_card(archive: zipfile.ZipFile, text: bytes) -> None:
    # What repeats itself too often would look like a bomb to readers, ours among them.
    is_tight = len(text) > bounds.MAX_ZIP_RATIO // 2 * len(zlib.compress(text))
    archive.writestr(_member(CARD), text, zipfile.ZIP_STORED if is_tight else zipfile.ZIP_DEFLATED)


def _member(path: str) -> zipfile.ZipInfo:
    """An archive's member without the time of day, so that the same card makes the same bytes."""
    return zipfile.ZipInfo(path, _EPOCH)
