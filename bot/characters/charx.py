"""CHARX: a zip archive with `card.json` at its root and pictures beside it.

By the Character Card V3 specification, which spells the addresses of assets `embeded://`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from bot.characters import archive, bounds, picture
from bot.errors import BadInput
from bot.language import later

CARD = "card.json"

HERE = ("embeded://", "embedded://", "__asset:")
_FEW = 8
"""How many icons are looked at for one that can be shown."""


def is_zip(data: bytes) -> bool:
    """Whether this is a zip archive, maybe behind a program or a picture."""
    return data.startswith(b"PK\x03\x04") or (data[:1] != b"{" and archive.end_of(data) >= 0)


def card_in(data: bytes, files: Mapping[str, archive.Entry]) -> bytes:
    """The JSON of the card in an archive."""
    entry = files.get(CARD)
    if entry is None:
        raise BadInput(
            later(
                "That zip file is no CHARX: it has no `card.json` at its top. "
                "Unpack it and send the card in it."
            )
        )
    return archive.unpack(data, entry, bounds.MAX_JSON)


def icons(root: Mapping[str, Any]) -> Iterator[str]:
    """The paths of the card's own icons within its file, the main one first."""
    data = root.get("data")
    given = cast("dict[str, Any]", data).get("assets") if isinstance(data, dict) else None
    assets = cast("list[Any]", given) if isinstance(given, list) else []
    found = [
        cast("dict[str, Any]", asset)
        for asset in assets[: bounds.MAX_ZIP_ENTRIES]
        if isinstance(asset, dict) and cast("dict[str, Any]", asset).get("type") == "icon"
    ]
    found.sort(key=lambda asset: asset.get("name") != "main")
    for asset in found[:_FEW]:
        uri = asset.get("uri")
        if isinstance(uri, str) and uri.startswith(HERE):
            yield uri[len(next(start for start in HERE if uri.startswith(start))) :]


def picture_in(
    data: bytes, files: Mapping[str, archive.Entry], root: Mapping[str, Any]
) -> tuple[bytes | None, str, tuple[str, ...]]:
    """The card's first icon that can be shown, its kind, and what is to be said of it."""
    warnings: list[str] = []
    for path in icons(root):
        entry = files.get(path) or files.get(f"assets/{path}")
        if entry is None:
            continue
        try:
            icon = archive.unpack(data, entry, bounds.MAX_FILE)
            if seen := picture.look_at(icon):
                picture.check_size(seen)
                return icon, seen.kind, tuple(warnings)
        except BadInput as error:
            warnings.append(later("I left out a picture: {why}", why=error.text))
    return None, "", tuple(dict.fromkeys(warnings))
