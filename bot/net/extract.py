"""The main text of a web page: run as a program, with a page on its input.

Pages from strangers can keep any HTML parser busy for hours and make it take all memory. So this
is a process of its own, without the bot's secrets, which `bot.net.reading` can end. It imports
nothing of the bot.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

_MEMORY = 1024 * 2**20


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def main() -> int:
    """Write title and text as JSON; exit code 3 says that the library is not installed."""
    _bound_memory()
    try:
        library: Any = importlib.import_module("trafilatura")
    except ImportError:
        return 3
    found = library.bare_extraction(
        sys.stdin.buffer.read(), include_comments=False, fast=True, with_metadata=True
    )
    title = (found.title if found else "") or ""
    text = (found.text if found else "") or ""
    sys.stdout.write(json.dumps({"title": title, "text": text}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
