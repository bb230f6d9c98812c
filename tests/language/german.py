"""A catalogue of a few German texts, for tests of what is said in another language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

import bot.language

Messages = Mapping[str | tuple[str, str], str | tuple[str, str]]


@contextmanager
def german_catalogue(messages: Messages, folder: Path) -> Iterator[None]:
    """Have German say these texts, and English all others, inside."""
    catalogue = Catalog(locale="de")
    for message, said in messages.items():
        catalogue.add(message, said)
    with (folder / "de.mo").open("wb") as file:
        write_mo(file, catalogue)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bot.language, "CATALOGUES", folder)
        bot.language._catalogue.cache_clear()
        yield
    bot.language._catalogue.cache_clear()
