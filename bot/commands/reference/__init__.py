"""`python -m bot reference`: docs/reference, written from the settings and the commands."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.commands.reference import offered, settable
from bot.errors import StartupError

FOLDER = Path("docs/reference")
_EXAMPLE = Path(".env.example")


def pages(example: str) -> dict[str, str]:
    """The text of each page by its file's name; `example` is the text of .env.example."""
    return {"settings.md": settable.page(example), "commands.md": asyncio.run(offered.page())}


def write() -> int:
    """Write the pages anew and return an exit code; elsewhere than there, a `StartupError`."""
    if not _EXAMPLE.is_file():
        raise StartupError(f"there is no {_EXAMPLE} here: run this in the project's own folder")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages(_EXAMPLE.read_text("utf-8")).items():
        (FOLDER / name).write_text(text, "utf-8")
        print(FOLDER / name)
    return 0
