"""Files that nobody would make. FUZZ=100000 FUZZ_SEED=5 tries that many others (-s: figures)."""

from __future__ import annotations

import copy
import json
import os
import random
import time
import tracemalloc
from collections import Counter
from dataclasses import replace
from typing import Any

from bot.characters import bounds
from bot.characters.editing import edited
from bot.characters.export import as_charx, as_json, as_png
from bot.characters.png import chunk_of, take_apart
from bot.characters.read import Found, read_card
from bot.errors import BadInput
from tests.characters import making

LARGE = 500_000
INPUTS = int(os.environ.get("FUZZ", "2000"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
MEASURED_EVERY = 25
"""Of how many inputs the memory of one is measured, which is slow."""

ICON = {"assets__icon": making.picture(), "b": making.GIF}
SHAPES = [
    *(making.card(version) for version in (1, 2, 3)),
    *making.OLD.values(),
    *making.LOREBOOKS.values(),
    making.with_icon("embeded://assets/icon"),
]
WRAPS = [*making.CONTAINERS.values(), lambda value: making.charx(value, **ICON)]
SEEDS = [wrap(shape) for shape in SHAPES for wrap in WRAPS]
NUMBERS = (0, 1, 12, 13, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1000, 100_000)
TOKENS = (
    *(b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\0", b"\n", b"\xff", b"null", b"1e999"),
    *(b"\\ud800", b"-", b"NaN", b"tEXt", b"zTXt", b"iTXt", b"IEND", b"IDAT", b"chara\0", b"ccv3\0"),
    *(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"../", b"card.json", b"acTL", b'{"a":' * 70),
)


def odd(chance: random.Random) -> Any:
    """A value that is rarely what is expected."""
    deep: Any = 1
    for _ in range(chance.choice((3, 60, 70, 300))):
        deep = [deep] if chance.random() < 0.5 else {"a": deep}
    count = chance.choice((3, 3, 3, 3, 250, 301, 501, 4_001))
    kind = chance.randrange(10)
    if kind == 0:
        return ["x"] * count
    if kind == 1:
        return {str(key): {} for key in range(count)}
    if kind == 2:
        return {"entries": [{}] * count}
    if kind == 3:
        return "x" * chance.choice((10, 10, 10, 201, 300_001))
    return chance.choice(
        (
            *(None, True, False, 0, -1, 1.5, 10**30, 10**500, 1e308, "", " ", "x", "0.5", "\ud800"),
            *([], {}, [[]], [None], {"": {}}, ["a", 1, None], {"a": "b"}, deep, "\0", "a\nb" * 9),
        )
    )


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container within a value with each of its keys."""
    found: list[tuple[Any, Any]] = []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        found.append((value, key))
        if isinstance(value[key], dict | list):
            found += places(value[key])
    return found


def misshapen(chance: random.Random) -> bytes:
    """A card with values of other types, in any container."""
    shape = copy.deepcopy(chance.choice(SHAPES))
    for _ in range(chance.randint(1, 4)):
        where, key = chance.choice(places(shape) or [({}, "")])
        if chance.random() < 0.8 or not isinstance(where, dict):
            where[key] = odd(chance)
        else:
            where.pop(key, None)
    text = json.dumps(shape, ensure_ascii=True).encode()
    if chance.random() < 0.2:
        text = bent(text, chance)
    wrap = chance.choice(
        (making.png, making.charx, lambda raw: raw, lambda raw: making.png(raw, "ccv3"))
    )
    return wrap(text)


def bent(data: bytes, chance: random.Random) -> bytes:
    """Bytes with a few of them flipped, cut, doubled, taken from elsewhere or made to lie."""
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(data) + 1)
        to = min(len(data), at + chance.choice((0, 1, 4, 40, 400)))
        other = chance.choice(SEEDS)
        begin = chance.randrange(len(other))
        number = chance.choice(NUMBERS).to_bytes(4, chance.choice(("big", "little")))
        flipped = bytes([data[at] ^ 1 << chance.randrange(8)]) if at < len(data) else b""
        data = chance.choice(
            (
                data[:at] + flipped + data[at + 1 :],
                data[:at] + number + data[at + 4 :],
                data[:at] + chance.choice(TOKENS) + data[to:],
                data[:at] + data[to:],
                data[:at] + data[at:to] * chance.choice((2, 3, 200)) + data[to:],
                data[:at] + other[begin : begin + chance.choice((4, 40, 400))] + data[to:],
                data[:at] + chance.randbytes(chance.choice((1, 8, 80))) + data[to:],
                data[:at],
            )
        )
    return data


def swollen(chance: random.Random) -> bytes:
    """A card with something in it over and over, up to some megabytes."""
    text = bent(json.dumps(chance.choice(SHAPES)).encode(), chance)
    token = chance.choice((*TOKENS, b'"",', b"[],", b'{"a":1},', b"\\n", "🕯".encode(), b"x"))
    at = chance.randrange(len(text) + 1)
    text = (
        text[:at]
        + token * (chance.choice((10_000, 1_000_000, 4_000_000)) // len(token))
        + text[at:]
    )
    packed = making.with_chunks(making.picture(), making.packed_chunk("chara", text))
    return chance.choice((text, packed, making.png(text), making.charx(text, stored=True)))


def with_bent_chunk(chance: random.Random) -> bytes:
    """A PNG with other data in a chunk, whose length and checksum are right."""
    data = chance.choice([seed for seed in SEEDS if seed.startswith(making.SIGNATURE)])
    taken = take_apart(data).chunks
    chunk = chance.choice(taken)
    inner = bent(data[chunk.start : chunk.end], chance)
    kind = chance.choice((chunk.kind, chunk.kind, b"zTXt", b"iTXt", b"tEXt"))
    return data[: chunk.start - 8] + chunk_of(kind, inner) + data[chunk.end + 4 :]


def made(chance: random.Random) -> bytes:
    """One input of the fuzz."""
    kind = chance.random()
    if kind < 0.01:
        return swollen(chance)
    if kind < 0.35:
        return misshapen(chance)
    if kind < 0.55:
        return with_bent_chunk(chance)
    return bent(chance.choice(SEEDS), chance)


def used(found: Found, chance: random.Random) -> None:
    """Do with a card what is done with cards; nothing of that may fail."""
    if not (card := found.card):
        assert found.lorebook is not None
        return
    assert card.name
    assert 0 <= card.talkativeness <= 1
    assert card.depth_prompt is None or card.depth_prompt.depth >= 0
    repr((card, card.called, card.greetings, card.notes_in("de"))).encode()
    kept = read_card(card.document.encode()).card
    assert kept
    assert replace(kept, warnings=()) == replace(card, warnings=())
    for spec in ("v2", "v3"):
        other = read_card(as_json(card, spec)).card
        assert other
        assert (other.name, other.description) == (card.name, card.description)
    if chance.random() < 0.05:
        carried = as_png(card, found.picture or b"")
        again = read_card(carried).card if len(carried) <= bounds.MAX_FILE else card
        assert again
        assert (again.name, again.description) == (card.name, card.description)
        assert read_card(as_charx(card, found.picture or b"")).card
        assert edited(card, description="other").description == "other"


def understood(data: bytes) -> Found | None:
    """What is in a file, None if it was refused in a sentence."""
    try:
        return read_card(data, "a file.png")
    except BadInput:
        return None


def memory_of(data: bytes) -> int:
    """The most memory that reading a file takes beside the file, in bytes."""
    tracemalloc.start()
    understood(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_nothing_but_a_sentence_comes_of_bad_files():
    chance = random.Random(SEED)
    told: Counter[str] = Counter()
    slowest = peak = 0.0
    for number in range(INPUTS):
        data = made(chance)
        # Time of this process alone: the machine may have other things to do.
        start = time.process_time()
        found = understood(data)
        taken = time.process_time() - start
        slowest = max(slowest, taken)
        if number % MEASURED_EVERY == 0 or len(data) > LARGE:
            peak = max(peak, memory_of(data))
        told["imported" if found else "refused"] += 1
        assert taken < 1, f"input {number} of seed {SEED} took {taken:.2f} s"
        if found:
            used(found, chance)
    print(
        f"\n{INPUTS} inputs of seed {SEED}: {told['refused']} refused, {told['imported']} imported;"
        f" slowest {slowest * 1000:.0f} ms, peak {peak / 1e6:.1f} MB"
    )
    assert peak < 100_000_000
    assert min(told["refused"], told["imported"]) > INPUTS * 0.15
