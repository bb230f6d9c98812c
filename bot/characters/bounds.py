"""How large a card and its parts can be. Nothing is unpacked or parsed before it was measured."""

from __future__ import annotations

from bot.errors import BadInput
from bot.language import later

KIB = 1024
MIB = 1024 * KIB

MAX_FILE = 10 * MIB
"""Bytes of a file: what Discord lets anybody upload."""

MAX_JSON = 5 * MIB
"""Bytes of a card's JSON. As text in memory it can be four times as large, and parsed once more."""

MAX_PARTS = 400_000
"""Values, names and lists in a card's JSON; about 5,000 entries of a lorebook have as many.

Each costs some hundred bytes when it is parsed, so that this bounds the memory.
"""

MAX_NESTING = 64
"""How deep JSON may be nested. Cards need about 8 levels; Python's parser fails near 1,000."""

MAX_PIXELS = 40_000_000
"""Pixels of a picture; decoding takes four bytes for each somewhere in everybody's Discord."""

MAX_CHUNKS = 20_000
"""Chunks of a PNG. A picture of 10 MiB in chunks of 8 KiB, as many programs write, has 1,280."""

MAX_NAME = 200
"""Characters of a name. Discord shows 80, cards carry titles in it."""

MAX_TEXT = 300_000
"""Characters of one text of a card: more than any model of this bot can read at once."""

MAX_GREETINGS = 300
"""Greetings of a kind. Someone has to be able to choose one."""

MAX_TAGS = 500
"""Tags, sources, and languages of the creator's notes."""

MAX_ENTRIES = 4_000
"""Entries of a lorebook: every one is looked for with each message."""

MAX_ZIP_ENTRIES = 1_000
"""Files in a CHARX. A character with hundreds of expressions has some hundred."""

MAX_ZIP_TOTAL = 200 * MIB
"""Bytes of all files in a CHARX when unpacked; only the card and its picture ever are."""

MAX_ZIP_RATIO = 200
"""How many bytes may come from one. Text shrinks to a tenth, deflate's own limit is 1,032."""

MAX_WARNINGS = 12
"""Warnings that somebody is told; more of them say nothing new."""


def check(size: int, most: int, what: str, advice: str = "") -> None:
    """Refuse what is larger than `most` bytes; `what` and `advice` are made with `later`."""
    if size > most:
        told = later(
            "{what} is {size:,.1f} MiB large; I can read up to {most:.3g} MiB.",
            what=what,
            size=size / MIB,
            most=most / MIB,
        )
        raise BadInput(later("{told} {advice}", told=told, advice=advice) if advice else told)
