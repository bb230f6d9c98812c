"""Cards of our own, in every container and version, and with what programs made of them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.characters.png import END, SIGNATURE, chunk_of

V1 = {
    "name": "Mara Quill",
    "description": "{{char}} keeps the lighthouse at Cape Ember. “Café”, 灯台, 🕯️.",
    "personality": "dry, patient, curious",
    "scenario": "A storm; {{user}} knocks at the door.",
    "first_mes": '"You are wet," says {{char}}.\n*She steps aside.*',
    "mes_example": "<START>\n{{user}}: Hello?\n{{char}}: The stairs are slippery.",
}
ENTRY = {
    "keys": ["lamp", "灯"],
    "content": "The lamp burns whale oil.",
    "extensions": {"position": 4, "depth": 2, "weight": 1.0},
    "enabled": True,
    "insertion_order": 10,
    "case_sensitive": False,
    "name": "Lamp",
    "priority": 5,
    "id": 1,
    "comment": "not in prompts",
    "selective": True,
    "secondary_keys": ["oil"],
    "constant": False,
    "position": "before_char",
}
BOOK = {
    "name": "Cape Ember",
    "description": "What is known there.",
    "scan_depth": 4,
    "token_budget": 400,
    "recursive_scanning": False,
    "extensions": {},
    "entries": [ENTRY],
}
V2_DATA = {
    **V1,
    "creator_notes": "Best with a slow pace.",
    "system_prompt": "{{original}} Write in the present tense.",
    "post_history_instructions": "Two paragraphs at most.",
    "alternate_greetings": ["The door is open.", "Nobody answers."],
    "character_book": BOOK,
    "tags": ["sea", "Slow Burn"],
    "creator": "the project",
    "character_version": "1.0",
    "extensions": {
        "talkativeness": "0.7",
        "depth_prompt": {"prompt": "Stay dry.", "depth": 2, "role": "user"},
        "some_tool": {"seed": 12345678901234567890, "scale": 1.0, "tiny": 1e-7},
    },
}
V3_DATA = {
    **V2_DATA,
    "group_only_greetings": ["She nods at everyone."],
    "nickname": "Mara",
    "creator_notes_multilingual": {"de": "Am besten langsam.", "ja": "ゆっくり。"},
    "source": ["https://example.org/mara", "id:7"],
    "creation_date": 1700000000,
    "modification_date": 1700000001,
    "assets": [{"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"}],
    "character_book": {**BOOK, "entries": [{**ENTRY, "use_regex": False, "id": "lamp"}]},
}


def card(version: int, **changes: Any) -> dict[str, Any]:
    """A card with every field of a version; `changes` go where its fields are."""
    if version == 1:
        return {**V1, **changes}
    data = {**(V2_DATA if version == 2 else V3_DATA), **changes}
    return {"spec": f"chara_card_v{version}", "spec_version": f"{version}.0", "data": data}


def as_bytes(value: Any, **how: Any) -> bytes:
    return json.dumps(value, **{"ensure_ascii": False, **how}).encode()


def picture(side: int = 4, *, colour: int = 200) -> bytes:
    """A small grey PNG without a card."""
    header = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + bytes([colour]) * side) * side)
    return SIGNATURE + chunk_of(b"IHDR", header) + chunk_of(b"IDAT", rows) + END


def animation() -> bytes:
    """An APNG of two pictures."""
    side = (4).to_bytes(4, "big")
    header = chunk_of(b"IHDR", side * 2 + bytes([8, 0, 0, 0, 0]))
    count = chunk_of(b"acTL", (2).to_bytes(4, "big") + bytes(4))
    rows = zlib.compress((b"\0" + b"\x80" * 4) * 4)
    place = side * 2 + bytes(8) + b"\0\1\0\x0a\0\0"
    first = chunk_of(b"fcTL", (0).to_bytes(4, "big") + place) + chunk_of(b"IDAT", rows)
    second = chunk_of(b"fcTL", (1).to_bytes(4, "big") + place)
    second += chunk_of(b"fdAT", (2).to_bytes(4, "big") + rows)
    return SIGNATURE + header + count + first + second + END


JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b080004000401011100ffd9")
GIF = b"GIF89a\x04\0\x04\0\x80\0\0" + bytes(6) + b",\0\0\0\0\x04\0\x04\0\0\x02\x02\x84\x51\0;"
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\x03\xc0\0\0" + bytes(8)


def text_chunk(keyword: str, text: bytes) -> bytes:
    return chunk_of(b"tEXt", keyword.encode("latin-1") + b"\0" + text)


def packed_chunk(keyword: str, text: bytes) -> bytes:
    return chunk_of(b"zTXt", keyword.encode("latin-1") + b"\0\0" + zlib.compress(text))


def international_chunk(keyword: str, text: bytes, *, packed: bool = False) -> bytes:
    head = keyword.encode("latin-1") + (b"\0\1\0" if packed else b"\0\0\0") + b"en\0\0"
    return chunk_of(b"iTXt", head + (zlib.compress(text) if packed else text))


def with_chunks(image: bytes, *chunks: bytes, first: bool = False) -> bytes:
    """A PNG with chunks before its end, or right behind its header."""
    at = len(SIGNATURE) + 25 if first else len(image) - len(END)
    return image[:at] + b"".join(chunks) + image[at:]


def png(value: Any, keyword: str = "chara", image: bytes | None = None) -> bytes:
    """A card in a picture as most programs write it."""
    text = base64.b64encode(value if isinstance(value, bytes) else as_bytes(value))
    return with_chunks(image or picture(), text_chunk(keyword, text))


def charx(value: Any, *, stored: bool = False, **files: bytes) -> bytes:
    """A card in a CHARX with other files; `__` in their names is a slash."""
    packed = io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("card.json", value if isinstance(value, bytes) else as_bytes(value))
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return packed.getvalue()


def with_icon(uri: str, name: str = "main") -> dict[str, Any]:
    return card(3, assets=[{"type": "icon", "uri": uri, "name": name, "ext": "png"}])


CONTAINERS = {
    "json": as_bytes,
    "json, indented": lambda value: as_bytes(value, indent=4),
    "json, ascii": lambda value: as_bytes(value, ensure_ascii=True),
    "json, BOM": lambda value: b"\xef\xbb\xbf" + as_bytes(value),
    "json, UTF-16": lambda value: as_bytes(value).decode().encode("utf-16"),
    "json, UTF-16 big": lambda value: b"\xfe\xff" + as_bytes(value).decode().encode("utf-16-be"),
    "json, blanks around": lambda value: b"\r\n " + as_bytes(value) + b"\n\0\0",
    "png": png,
    "png, ccv3": lambda value: png(value, "ccv3"),
    "png, Chara": lambda value: png(value, "Chara"),
    "png, CCV3": lambda value: png(value, "CCV3"),
    "png, before the pixels": lambda value: with_chunks(
        picture(), text_chunk("chara", base64.b64encode(as_bytes(value))), first=True
    ),
    "png, zTXt": lambda value: with_chunks(
        picture(), packed_chunk("chara", base64.b64encode(as_bytes(value)))
    ),
    "png, iTXt": lambda value: with_chunks(
        picture(), international_chunk("chara", base64.b64encode(as_bytes(value)))
    ),
    "png, iTXt packed": lambda value: with_chunks(
        picture(), international_chunk("chara", base64.b64encode(as_bytes(value)), packed=True)
    ),
    "png, base64 with line breaks": lambda value: with_chunks(
        picture(), text_chunk("chara", base64.encodebytes(as_bytes(value)))
    ),
    "png, base64 without padding": lambda value: with_chunks(
        picture(), text_chunk("chara", base64.b64encode(as_bytes(value)).rstrip(b"="))
    ),
    "png, base64 for addresses": lambda value: with_chunks(
        picture(), text_chunk("chara", base64.urlsafe_b64encode(as_bytes(value)))
    ),
    "png, no base64": lambda value: with_chunks(
        picture(), international_chunk("chara", as_bytes(value))
    ),
    "apng": lambda value: png(value, image=animation()),
    "charx": charx,
    "charx, stored": lambda value: charx(value, stored=True),
    "charx behind a program": lambda value: b"MZ" + bytes(500) + charx(value),
    "charx behind a JPEG": lambda value: JPEG + charx(value),
    "charx behind a PNG": lambda value: picture() + charx(value),
}
"""Ways to put a card into a file; every one of them is read."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file, what it is, and the version of the card in it."""

    label: str
    version: int
    data: bytes


def cards() -> Iterator[Made]:
    """A full card of every version in every container."""
    for version in (1, 2, 3):
        for label, wrap in CONTAINERS.items():
            yield Made(f"V{version} {label}", version, wrap(card(version)))


OLD = {
    "Pygmalion": {
        "char_name": V1["name"],
        "char_persona": V1["description"],
        "world_scenario": V1["scenario"],
        "char_greeting": V1["first_mes"],
        "example_dialogue": V1["mes_example"],
    },
    "both, one filled": {
        **dict.fromkeys(V1, ""),
        "char_name": V1["name"],
        "char_persona": V1["description"],
        "world_scenario": V1["scenario"],
        "char_greeting": V1["first_mes"],
        "example_dialogue": V1["mes_example"],
        "metadata": {"version": 1, "created": 1683000000000, "tool": {"name": "an editor"}},
    },
    "both, same": {
        **V1,
        "char_name": V1["name"],
        "char_persona": "an older text",
        "world_scenario": "an older text",
        "char_greeting": "an older text",
        "example_dialogue": "an older text",
    },
    "text-generation-webui": {
        "name": V1["name"],
        "context": V1["description"],
        "greeting": V1["first_mes"],
        "example_dialogue": V1["mes_example"],
        "world_scenario": V1["scenario"],
    },
    "SillyTavern before V2": {
        **V1,
        "avatar": "none",
        "chat": "Mara Quill - 2023-05-04",
        "create_date": "2023-05-04 @12h 00m",
        "talkativeness": "0.3",
        "fav": False,
        "creatorcomment": "an old note",
    },
    "half in its data": {
        **V1,
        "name": "an older name",
        "spec": "chara_card_v2",
        "spec_version": "2.0",
        "data": {"name": V1["name"], "description": V1["description"], "character_version": 1.5},
    },
    "named outside of its data": {
        "name": V1["name"],
        "spec": "chara_card_v3",
        "spec_version": "3.0",
        "data": {**V1, "name": "", "tags": None, "extensions": []},
    },
    "root repeats": {
        **dict.fromkeys(V1, "an older text"),
        "avatar": "none",
        "fav": True,
        **card(2),
    },
}
"""Cards as programs of earlier years wrote them; all say what `V1` says, as far as they can."""

WORLD = {"entries": {"0": {"uid": 0, "key": ["lamp"], "keysecondary": [], "content": "It burns."}}}
LOREBOOKS = {
    "lorebook_v3": {"spec": "lorebook_v3", "data": BOOK},
    "SillyTavern's world": WORLD,
    "a card's book alone": BOOK,
}
