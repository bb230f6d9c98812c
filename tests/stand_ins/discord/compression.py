"""What Discord's gateway sends in compressed form: one stream for a whole connection."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from typing import Any

import discord.utils

Compress = Callable[[str], bytes]


def stream(kind: str) -> Compress | None:
    """What compresses each message so that it can be read at once; None for text as it is.

    Raises `ValueError` for what is unknown here. discord.py asks for zstd where it can read it:
    from Python 3.14 on, or with the package zstandard.
    """
    match kind:
        case "":
            return None
        case "zlib-stream":
            made = zlib.compressobj()
            return lambda text: made.compress(text.encode()) + made.flush(zlib.Z_SYNC_FLUSH)
        case "zstd-stream" if discord.utils._ZSTD_SOURCE:
            return _zstd(discord.utils._ZSTD_SOURCE)
        case _:
            raise ValueError(f"the stand-in cannot compress as {kind}")


def _zstd(source: str) -> Compress:
    module: Any = importlib.import_module(source)
    if source == "zstandard":
        made, block = module.ZstdCompressor().compressobj(), module.COMPRESSOBJ_FLUSH_BLOCK
        return lambda text: made.compress(text.encode()) + made.flush(block)
    made = module.ZstdCompressor()
    return lambda text: made.compress(text.encode(), mode=made.FLUSH_BLOCK)
