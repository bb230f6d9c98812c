"""The catalogues are whole, up to date, and say what the English texts say."""

from __future__ import annotations

import gettext
import io
import re
import string
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot.language import CATALOGUES, LANGUAGES
from scripts.catalogues import TEMPLATE, compiled, every_command, found, texts

OTHERS = LANGUAGES[1:]
MEND = "run `make catalogues`, and translate what is empty in bot/language/catalogues/*.po"
# What must come through as it is: commands, mentions, timestamps, links, code.
MARKS = re.compile(r"https?://\S+|<[@#/t:][^>]*>|`[^`]+`")


@cache
def catalogue(language: str) -> Catalog:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def forms(words: object) -> list[str]:
    return [str(form) for form in words] if isinstance(words, (tuple, list)) else [str(words or "")]


def placeholders(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}
    except ValueError:
        return set()  # Braces that are never filled in: `{{user}` and the like.


@pytest.fixture(scope="module")
async def commands():
    return await every_command()


async def test_the_template_has_every_text_of_the_code() -> None:
    with TEMPLATE.open("rb") as file:
        known = {(m.context, m.id) for m in read_po(file)}
    needed = {(m.context, m.id) for m in found(await every_command())}
    assert needed == known, f"{MEND}: {sorted(map(str, needed ^ known))[:10]}"


@pytest.mark.parametrize("language", OTHERS)
async def test_a_catalogue_has_every_text_and_no_other(language: str) -> None:
    needed = {(m.context, m.id) for m in found(await every_command()) if m.id}
    there = {(m.context, m.id) for m in messages(language)}
    assert needed == there, f"{MEND}: {sorted(map(str, needed ^ there))[:10]}"
    empty = [m.id for m in messages(language) if not all(forms(m.string))]
    assert not empty, f"{MEND}: {empty[:10]}"
    assert not [m.id for m in messages(language) if m.fuzzy]


@pytest.mark.parametrize("language", OTHERS)
async def test_what_the_bot_reads_is_what_the_translators_wrote(language: str) -> None:
    again = compiled(catalogue_again(language), await every_command())
    assert (CATALOGUES / f"{language}.mo").read_bytes() == again, MEND


def catalogue_again(language: str) -> Catalog:
    # Compiling changes a catalogue.
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


@pytest.mark.parametrize("language", OTHERS)
def test_each_form_has_the_placeholders_of_the_english_text(language: str) -> None:
    for message in messages(language):
        # The form for one may say less than the others, and the number as a word.
        least, most = placeholders(forms(message.id)[0]), placeholders(forms(message.id)[-1])
        *_, last = [placeholders(said) for said in forms(message.string)]
        assert last == most, (message.id, message.string)
        for said in forms(message.string):
            assert least - {"n"} <= placeholders(said) <= most, (message.id, said)


@pytest.mark.parametrize("language", OTHERS)
def test_code_links_and_mentions_are_not_translated(language: str) -> None:
    for message in messages(language):
        english = sorted(MARKS.findall(forms(message.id)[-1]))
        assert sorted(MARKS.findall(forms(message.string)[-1])) == english, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_bold_and_small_print_come_through(language: str) -> None:
    for message in messages(language):
        english, said = forms(message.id)[-1], forms(message.string)[-1]
        assert said.count("**") == english.count("**"), message.id
        assert said.startswith("-# ") == english.startswith("-# "), message.id
        assert said.count("\n") == english.count("\n"), message.id


def test_the_code_is_read_as_it_is_written() -> None:
    source = """
tr("One")
later("Two " "and a half", x=1)
tr("{n} three", "{n} threes", n=n)
tr(_CONSTANT)
tr(f"{no}")
other("Four")
"""
    assert list(texts(source)) == ["One", "Two and a half", ("{n} three", "{n} threes")]


async def test_commands_and_their_options_are_named_as_people_see_them() -> None:
    made = Catalog(locale="de")
    made.add("ask", "fragen", context="command")
    made.add("fresh", "neu", context="option")
    made.add(
        "`/ask` with `fresh`, /nowhere/ask, and/or `never`",
        "`/ask` mit `fresh`, /nowhere/ask, und/oder `never`",
    )
    made.add("`fresh` alone", "Nur `fresh`")
    said = gettext.GNUTranslations(io.BytesIO(compiled(made, await every_command())))
    told = said.gettext("`/ask` with `fresh`, /nowhere/ask, and/or `never`")
    assert told == "`/fragen` mit `neu`, /nowhere/ask, und/oder `never`"
    assert said.gettext("`fresh` alone") == "Nur `fresh`"
