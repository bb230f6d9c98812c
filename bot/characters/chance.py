"""Chance that can be repeated: the same seed always draws the same, so a prompt stays the same."""

from __future__ import annotations

import hashlib


def draw(sides: int, *seed: object) -> int:
    """A whole number from 0 to `sides` - 1, decided by the seed alone; 0 without sides."""
    if sides < 1:
        return 0
    written = "\x1f".join(map(str, seed)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(written, digest_size=16).digest(), "big") % sides
