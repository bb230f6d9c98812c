"""`python -m bot reference`: docs/reference, written from the settings and the commands."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.commands.reference import offered, settable

FOLDER = Path("docs/reference")
_EXAMPLE = Path(".env.example")


def pages(example: str) -> dict[str, str]:
    """The text of each page by its file's name; `example` is the text of .env.example."""
    return {"settings.md": settable.page(example), "commands.md": asyncio.run(offered.page())}


def write() -> int:
    """Write the pages anew, in the project's folder; return an exit code."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages(_EXAMPLE.read_text("utf-8")).items():
        (FOLDER / name).write_text(text, "utf-8")
        print(FOLDER / name)
    return 0
