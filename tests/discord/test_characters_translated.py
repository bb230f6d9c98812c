"""Characters, lorebooks and personas for somebody whose Discord speaks another language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simcord import interactions
from simcord.results import InteractionResult

import bot.language
from tests.discord.character_support import as_file, labels, texts
from tests.discord.conftest import Stage
from tests.language import marked
from tests.language.marked import unmarked

REFUSED = pytest.mark.simcord(check_errors=False)

# What is the card's own, and stays as it is.
OF_THE_CARD = {"Mira", "ada", "inn", "fantasy"}


@pytest.fixture(autouse=True)
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everybody's Discord is German, and so is the bot."""
    marked.write(tmp_path)
    monkeypatch.setattr(bot.language, "CATALOGUES", tmp_path)
    bot.language._catalogue.cache_clear()
    sent = interactions.base_payload

    def in_german(*args: Any, **more: Any) -> Any:
        record, payload = sent(*args, **more)
        return record, {**payload, "locale": "de"}

    monkeypatch.setattr(interactions, "base_payload", in_german)
    yield
    bot.language._catalogue.cache_clear()


async def used(stage: Stage, command: str, **options: Any) -> InteractionResult:
    return await stage.alice.slash(stage.channel, command, **options)


def own_words(text: str) -> str:
    """What the bot says, without what it quotes of the card."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("> "))


@REFUSED
async def test_a_refused_card_is_told_in_the_language_of_who_brought_it(stage: Stage) -> None:
    file = ("card.json", b'{"data": {"name": "Mira", "tags": 5}}')
    refused = await used(stage, "character import", file=file)
    assert refused.response.content == (
        "⟦The card's `tags` has to be a list. Mend it where it was made.⟧"
    )


@REFUSED
async def test_a_character_is_told_of_in_that_language(stage: Stage) -> None:
    brought = await used(stage, "character import", file=as_file(tags="inn", creator=5))
    assert unmarked(own_words(brought.response.content)) == set()
    assert "\n⚠️ ⟦\\`tags\\` was one text" in brought.response.content
    assert labels(brought.response.components) == ["⟦Bring into this channel⟧", "⟦Show⟧"]
    shown = await used(stage, "character show", character="Mira")
    assert unmarked(own_words(texts(shown.response.components))) <= OF_THE_CARD
    listed = await used(stage, "character list")
    assert unmarked(listed.response.content) <= OF_THE_CARD
    choices = await stage.alice.autocomplete(stage.channel, "character show", "character", "")
    assert unmarked(choices[0]["name"]) <= OF_THE_CARD
    unknown = await used(stage, "character show", character="Tom")
    assert unmarked(unknown.response.content) == set()


async def test_forms_ask_in_that_language_within_what_discord_takes(stage: Stage) -> None:
    form = await used(stage, "character create")
    assert form.modal["title"] == "⟦A new character⟧"
    assert {one["label"][0] for one in form.modal["components"]} == {"⟦"}
    assert all(len(one["label"]) <= 45 for one in form.modal["components"])
    examples = [one["component"]["placeholder"] for one in form.modal["components"]]
    assert max(map(len, examples)) <= 100
    # By these two words the parts of the field are told apart, so they stay.
    assert examples[2].startswith("Personality: ⟦")
    assert "\nScenario: ⟦{{user}} " in examples[2]
    for command in ("character import", "lore import"):
        form = await used(stage, command)
        assert unmarked(form.modal["title"]) == set()
        assert all(one["label"].startswith("⟦") for one in form.modal["components"])


async def test_a_part_is_called_by_its_name_in_that_language(stage: Stage) -> None:
    await used(stage, "character import", file=as_file())
    form = await used(stage, "character edit", character="Mira", part="first greeting")
    assert form.modal["components"][0]["label"] == "⟦First greeting⟧"
    done = await stage.alice.submit_modal(form, {"text": "Hello."})
    assert done.response.content.startswith(
        "⟦The ⟦first greeting⟧ of **Mira** is changed. Stories under way"
    )


async def test_a_character_comes_on_stage_in_that_language(stage: Stage) -> None:
    await used(stage, "character import", file=as_file())
    asked = await used(stage, "character use", character="Mira")
    assert asked.response.content.startswith(
        "⟦**Mira** can begin in 3 ways. This is number 1:⟧\n> "
    )
    assert labels(asked.response.components) == ["◀", "▶", "⟦Use this⟧"]
    await stage.alice.click(asked.response, label="⟦Use this⟧")
    again = await used(stage, "character use", character="Mira")
    assert "⟦*⟦Start anew⟧* forgets what was said here" in again.response.content
    assert labels(again.response.components) == ["⟦Keep the story⟧", "⟦Start anew⟧"]
    left = await used(stage, "character leave")
    assert left.response.content.startswith("⟦**Mira** has left the stage. ⟦Nobody is left")


async def test_deleting_is_asked_in_that_language(stage: Stage) -> None:
    await used(stage, "character import", file=as_file())
    asked = await used(stage, "character delete", character="Mira")
    assert unmarked(asked.response.content) == set()
    assert labels(asked.response.components) == ["⟦Delete⟧", "⟦Keep⟧"]
    gone = await stage.alice.click(asked.response, label="⟦Delete⟧")
    assert gone.response.content == "⟦**Mira** is deleted.⟧"


async def test_lore_is_tried_in_that_language(stage: Stage) -> None:
    brought = await used(stage, "lore import", file=as_file())
    assert brought.response.content.startswith("⟦**Mira** is in your own library;")
    tried = await used(stage, "lore test", text="to the ford!", book="Mira")
    content = tried.response.content
    assert unmarked(content) <= {"ford", "wolf", "Mira"}
    assert "- **ford** (Mira): ⟦“ford” in the newest message⟧" in content
    [file] = tried.response.attachments
    told = (await file.read()).decode()
    assert told.startswith("⟦Told⟧\n- ford: ⟦“ford” in the newest message⟧")
    assert "\n⟦Not told⟧\n- wolf: ⟦none of its keys was said⟧" in told
    listed = await used(stage, "lore list")
    assert unmarked(listed.response.content) <= {"Mira"}


async def test_a_persona_is_told_of_in_that_language(stage: Stage) -> None:
    nothing = await used(stage, "persona show")
    assert nothing.response.content.startswith("⟦You have no persona ⟦in this server⟧:")
    form = await used(stage, "persona set")
    assert form.modal["title"] == "⟦Who are you here?⟧"
    kept = await stage.alice.submit_modal(form, {"name": "Ada", "text": "A smith."})
    assert unmarked(kept.response.content) == set()
    cleared = await used(stage, "persona clear")
    assert unmarked(cleared.response.content) == set()
