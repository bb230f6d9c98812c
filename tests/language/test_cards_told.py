"""What is said of cards and lorebooks, in the language of who brought them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bot.language
from bot.characters.lore import book as lorebook
from bot.characters.lore.outcome import explain as reason
from bot.characters.policy import Policy, may_have
from bot.characters.read import read_card
from bot.characters.shown_names import mended_name
from bot.characters.transcript import Story, as_html, as_markdown
from bot.errors import BadInput, explain
from bot.language import speaking, tr
from tests.characters.making import as_bytes, card, charx, png
from tests.characters.telling import book, entry, look
from tests.language import marked
from tests.language.marked import unmarked


@pytest.fixture(autouse=True)
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    marked.write(tmp_path)
    monkeypatch.setattr(bot.language, "CATALOGUES", tmp_path)
    bot.language._catalogue.cache_clear()
    yield
    bot.language._catalogue.cache_clear()


NO_CARD = png({"spec": "x"}).replace(b"chara", b"other")


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
        b"Dear diary",
        b"{",
        b"{" + b'"a":{' * 100,
        as_bytes(card(2))[:-1] + b', "x": NaN}',
        as_bytes({"data": {"name": [1]}}),
        as_bytes({"data": {"name": "M", "tags": 5}}),
        as_bytes({"data": {"name": "M", "tags": ["t"] * 501}}),
        as_bytes({"data": {"name": "M" * 201}}),
        as_bytes({"entries": []}),
        as_bytes({"entries": [{}] * 4_001}),
        b" " * (10 * 2**20 + 1),
        b'{"name": "' + b"x" * 5 * 2**20,
        png(card(2))[:40],
        NO_CARD,
        charx(card(3)).replace(b"card.json", b"cart.json"),
        charx(card(3))[:-30],
    ],
    ids=lambda data: str(data[:10]),  # behind that, a zip has the time of day
)
def test_a_refused_card_is_told_in_another_language(data: bytes) -> None:
    with pytest.raises(BadInput) as refused, speaking("de"):
        read_card(data, "")
    english = str(refused.value)
    assert "⟦" not in english
    with speaking("de"):
        told = explain(refused.value).text
    assert told.startswith("⟦")
    assert told.replace("⟦", "").replace("⟧", "") == english
    assert unmarked(told) == set()


def test_an_error_brings_what_it_names_in_the_same_language() -> None:
    with pytest.raises(BadInput) as refused:
        read_card(b" " * (11 * 2**20))
    with speaking("de"):
        assert explain(refused.value).text == (
            "⟦⟦That file⟧ is 11.0 MiB large; I can read up to 10 MiB.⟧"
        )


def test_repairs_are_told_in_another_language() -> None:
    repaired = {**card(2)["data"], "tags": "inn", "scenario": 5, "creator": None, "source": [1]}
    found = read_card(as_bytes({"spec": "chara_card_v9", "data": repaired}))
    assert len(found.warnings) >= 5
    with speaking("de"):
        told = [tr(warning) for warning in found.warnings]
    assert [unmarked(one) for one in told] == [set()] * len(told)
    broken = png({"spec": "x"}, "ccv3", png(card(2)))
    with speaking("de"):
        last = tr(read_card(broken).warnings[-1])
    # What was wrong with the other card is a part of the sentence.
    assert last.count("⟦") == 2
    assert last.endswith("⟧⟧")


def test_lore_says_its_reasons_in_another_language() -> None:
    lore = book(
        entry("Always.", constant=True),
        entry("Called.", "dragon"),
        entry("Before.", "wolf"),
        entry("Not.", "owl"),
        entry("Off.", "dragon", enabled=False),
        entry("Both.", "dragon", secondary_keys=["cave"], selective=True),
        entry("Broken.", "/(?=x)/"),
    )
    found = look(lore, said=["a wolf", "a dragon"])
    reasons = [reason(one) for one in (*found.told, *found.silent)]
    with speaking("de"):
        told = [tr(one) for one in reasons]
        warnings = [tr(one) for one in found.warnings]
    assert "⟦“dragon” in the newest message⟧" in told
    assert "⟦“wolf” in the message before⟧" in told
    assert [unmarked(one) for one in (*told, *warnings)] == [set()] * 8


def test_what_was_wrong_with_a_lorebook_is_told_in_another_language() -> None:
    entries = [{"keys": ["k"] * 201, "content": "@@nothing\nx"}, "none", *[{}] * 10_000]
    found = lorebook.read(json.loads(json.dumps({"entries": entries})))
    assert len(found.warnings) >= 4
    with speaking("de"):
        assert {word for one in found.warnings for word in unmarked(tr(one))} == set()


def test_what_a_server_does_not_want_is_told_in_another_language() -> None:
    card_found = read_card(as_bytes(card(2))).card
    assert card_found
    refused = may_have(Policy(words=(card_found.name,)), card_found)
    _, mended = mended_name("Clyde")
    assert refused
    assert mended
    with speaking("de"):
        assert unmarked(tr(refused)) == unmarked(tr(mended)) == set()


def test_a_transcript_has_its_headings_in_another_language() -> None:
    story = Story("T", (), mood="calm", cast=("Ada",))
    with speaking("de"):
        assert as_markdown(story) == "# T\n\n*⟦With Ada⟧*\n\n*⟦Mood: calm⟧*\n"
        assert '<html lang="de">' in as_html(story)
    assert '<html lang="en">' in as_html(story)
