"""Texts in other languages: looked up, counted, filled in, English where nothing is found."""

from __future__ import annotations

import asyncio
import copy
import pickle
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

import bot.language
from bot.errors import BadInput, EngineBusy, explain
from bot.language import language_of, later, name_of, speak, speaking, spoken, tr

MESSAGES = {
    "Kept {count} turns.": "{count} Züge behalten.",
    ("{n} turn", "{n} turns"): ("{n} Zug", "{n} Züge"),
    "this channel": "dieser Kanal",
    "Nothing is set in {place}.": "In {place} ist nichts eingestellt.",
    EngineBusy.text: "Das Modell ist beschäftigt.",
}


@pytest.fixture(autouse=True)
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    catalogue = Catalog(locale="de")
    for message, said in MESSAGES.items():
        catalogue.add(message, said)
    catalogue.add("tools", "werkzeuge", context="command")
    with (tmp_path / "de.mo").open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(bot.language, "CATALOGUES", tmp_path)
    bot.language._catalogue.cache_clear()
    yield
    bot.language._catalogue.cache_clear()


def test_a_text_is_said_in_the_language_of_the_task() -> None:
    assert tr("Kept {count} turns.", count=3) == "Kept 3 turns."
    with speaking("de"):
        assert tr("Kept {count} turns.", count=3) == "3 Züge behalten."
    assert spoken() == "en"


def test_what_is_counted_has_its_form() -> None:
    assert [tr("{n} turn", "{n} turns", n=n) for n in (0, 1, 2)] == ["0 turns", "1 turn", "2 turns"]
    with speaking("de"):
        said = [tr("{n} turn", "{n} turns", n=n) for n in (0, 1, 2)]
    assert said == ["0 Züge", "1 Zug", "2 Züge"]


def test_a_later_text_is_english_until_it_is_said() -> None:
    text = later("Nothing is set in {place}.", place=later("this channel"))
    with speaking("de"):
        assert f"{text}" == "Nothing is set in this channel."
        assert tr(text) == "In dieser Kanal ist nichts eingestellt."
    assert tr(text) == "Nothing is set in this channel."


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_a_copy_can_still_be_translated(copied) -> None:
    with speaking("de"):
        assert tr(copied(later("{n} turn", "{n} turns", n=2))) == "2 Züge"


def test_errors_are_logged_in_english_and_told_in_the_readers_language() -> None:
    error = BadInput(later("Kept {count} turns.", count=3))
    with speaking("de"):
        assert str(error) == "Kept 3 turns."
        assert explain(error).text == "3 Züge behalten."
        assert explain(EngineBusy()).text == "Das Modell ist beschäftigt."


def test_what_no_catalogue_has_stays_english() -> None:
    with speaking("de"):
        assert tr("Never translated: {why}.", why="new") == "Never translated: new."


def test_braces_are_only_filled_in_where_there_are_values() -> None:
    assert tr("{{user}} stays, {like} this") == "{{user}} stays, {like} this"
    assert tr("{{user}} is {name}", name="Ada") == "{user} is Ada"


def test_what_people_write_is_never_a_placeholder() -> None:
    with speaking("de"):
        assert (
            tr("Kept {count} turns.", count="{count.__class__}")
            == "{count.__class__} Züge behalten."
        )


def test_names_are_looked_up_as_what_they_are() -> None:
    assert name_of("tools", "command", "de") == "werkzeuge"
    assert name_of("tools", "option", "de") == "tools"
    assert name_of("tools", "command", "en") == "tools"


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("de", "de"),
        ("es-ES", "es"),
        ("es-419", "es"),
        ("en-GB", "en"),
        ("zh-TW", "zh-TW"),
        ("zh-CN", "en"),
        ("pl", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_discords_locales_have_a_language(locale: str | None, language: str) -> None:
    assert language_of(locale) == language


async def test_tasks_speak_the_language_in_which_they_were_begun() -> None:
    async def later_on() -> str:
        await asyncio.sleep(0)
        return tr("this channel")

    with speaking("de"):
        german = asyncio.create_task(later_on())
    english = asyncio.create_task(later_on())
    assert (await german, await english) == ("dieser Kanal", "this channel")


async def test_a_task_can_choose_for_itself() -> None:
    async def alone() -> str:
        speak("de")
        return tr("this channel")

    assert await asyncio.create_task(alone()) == "dieser Kanal"
    assert spoken() == "en"
