"""A catalogue for tests in which every text is its English between two marks.

So a test sees what was said by it, whatever the words are, and what went past it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from bot.language import LANGUAGES
from scripts.catalogues import ROOT, texts

_INNERMOST = re.compile("⟦[^⟦⟧]*⟧")
_WORD = re.compile(r"[^\W\d_]{2,}")


def marked(text: str) -> str:
    """A text without values as the catalogue has it."""
    return f"⟦{text}⟧"


def write(folder: Path) -> None:
    """Write the catalogue, as that of German; those of the other languages are empty."""
    for language in LANGUAGES[1:]:
        catalogue = Catalog(locale=language.replace("-", "_"))
        for message in _messages() if language == "de" else ():
            forms = tuple(map(marked, message)) if isinstance(message, tuple) else marked(message)
            catalogue.add(message, forms)
        with (folder / f"{language}.mo").open("wb") as file:
            write_mo(file, catalogue)


def unmarked(text: str) -> set[str]:
    """The words of a text that no catalogue was asked for."""
    before = ""
    while before != text:
        before, text = text, _INNERMOST.sub("", text)
    return set(_WORD.findall(text))


@cache
def _messages() -> frozenset[str | tuple[str, str]]:
    sources = (*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py"))
    return frozenset(one for path in sources for one in texts(path.read_text(encoding="utf-8")))
