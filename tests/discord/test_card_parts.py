"""`/character edit` of lore, the depth prompt, greetings for company and other parts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from simcord.results import InteractionResult

from bot.characters.card import Card, DepthPrompt
from bot.characters.playing import book_of
from bot.characters.read import read_card
from cogs.characters.shelf import own_library
from tests.discord.character_support import as_file
from tests.discord.conftest import Stage

REFUSED = pytest.mark.simcord(check_errors=False)

NEW = {"title": "", "keys": "", "secondary": "", "content": "", "marks": ["enabled"]}


async def bring(stage: Stage, **fields: Any) -> None:
    """Alice brings Mira."""
    await stage.alice.slash(stage.channel, "character import", file=as_file(**fields))


async def edit(stage: Stage, part: str, **options: Any) -> InteractionResult:
    """Alice changes a part of Mira."""
    return await stage.alice.slash(
        stage.channel, "character edit", character="Mira", part=part, **options
    )


async def submit(stage: Stage, form: InteractionResult, values: dict[str, Any]) -> str:
    """What is said to a form that was sent."""
    sent = await stage.alice.submit_modal(form, values)
    return [sent.response, *sent.followups][-1].content


async def card(stage: Stage) -> Card:
    """Mira's card as it is kept."""
    [one] = await stage.bot.store.characters(own_library(stage.alice.id))
    blob = await stage.bot.store.blob(one.library, one.card)
    assert blob is not None
    found = read_card(blob).card
    assert found is not None
    return found


async def lore(stage: Stage) -> list[tuple[str, tuple[str, ...], str]]:
    """The entries of Mira's lorebook: title, keys, content."""
    book = book_of(await card(stage))
    return [(one.title, one.keys, one.content) for one in book.entries] if book else []


class TestLore:
    """The lorebook within a card."""

    async def test_an_entry_is_changed_in_a_form(self, stage: Stage) -> None:
        await bring(stage)
        choices = await stage.alice.autocomplete(
            stage.channel, "character edit", "entry", "wol", character="Mira", part="lore"
        )
        assert [(one["name"], one["value"]) for one in choices] == [("wolf", "1")]
        form = await edit(stage, "lore", entry="1")
        assert "Wolves come." in json.dumps(form.modal)
        told = await submit(
            stage,
            form,
            {
                "title": "Wolves",
                "keys": "wolf\nhowl",
                "secondary": "moon",
                "content": "Three wolves come.",
                "marks": ["enabled"],
            },
        )
        assert told.startswith("The lore of **Mira** is changed.")
        assert await lore(stage) == [
            ("", ("ford",), "The ford is deep."),
            ("Wolves", ("wolf", "howl"), "Three wolves come."),
        ]

    async def test_one_is_added_told_and_deleted(self, stage: Stage) -> None:
        await bring(stage, character_book=None, alternate_greetings=[])
        form = await edit(stage, "lore")
        assert "Delete this entry" not in json.dumps(form.modal)
        await submit(stage, form, NEW | {"keys": "bell, chime", "content": "The bell is cursed."})
        assert await lore(stage) == [("", ("bell", "chime"), "The bell is cursed.")]
        await stage.alice.slash(stage.channel, "character use", character="Mira")
        await stage.alice.send(stage.channel, f"{stage.me} Who rang the bell?")
        assert "The bell is cursed." in stage.engine.prompts[-1]
        form = await edit(stage, "lore", entry="bell")
        await submit(stage, form, NEW | {"marks": ["delete"]})
        assert await lore(stage) == []

    async def test_a_whole_book_comes_as_a_file(self, stage: Stage) -> None:
        await bring(stage)
        world = {"entries": {"3": {"uid": 3, "key": ["salt"], "content": "Salt is dear."}}}
        told = await edit(stage, "lore", file=("world.json", json.dumps(world).encode()))
        assert told.response.content.startswith("The lore of **Mira** is changed.")
        assert await lore(stage) == [("", ("salt",), "Salt is dear.")]
        assert isinstance(((await card(stage)).character_book or {})["entries"], list)

    @REFUSED
    async def test_what_is_refused_and_what_was_typed_is_given_back(self, stage: Stage) -> None:
        await bring(stage)
        form = await edit(stage, "lore", entry="ford")
        sent = await stage.alice.submit_modal(
            form, NEW | {"keys": "/[/", "content": "A long text.", "title": "Ford"}
        )
        told = [sent.response, *sent.followups][-1]
        assert told.content.startswith("“/[/” is no regular expression that I can use.")
        assert await told.attachments[0].read() == b"Ford\n\n/[/\n\nA long text."
        assert await lore(stage) == [
            ("", ("ford",), "The ford is deep."),
            ("", ("wolf",), "Wolves come."),
        ]
        for options, words in (
            ({"entry": "dragon"}, "There is no entry “dragon” in **Mira**."),
            ({"entry": "ford", "file": as_file()}, "A file is the whole lorebook"),
            ({"file": as_file(character_book=None)}, "That file has no lorebook."),
            ({"file": ("a.txt", b"words")}, "no character in that file"),
        ):
            refused = await edit(stage, "lore", **options)
            assert words in refused.response.content
        elsewhere = await edit(stage, "description", entry="ford")
        assert "Only the lore has entries." in elsewhere.response.content

    @REFUSED
    async def test_an_entry_too_long_for_a_form(self, stage: Stage) -> None:
        book = {"entries": [{"keys": ["ford"], "content": "x" * 4_001, "enabled": True}]}
        await bring(stage, character_book=book)
        refused = await edit(stage, "lore", entry="ford")
        assert refused.response.content.startswith("That entry has 4,001 characters")


class TestDepthPrompt:
    """What a character is told some messages before the end."""

    async def test_it_is_written_and_told(self, stage: Stage) -> None:
        await bring(stage, alternate_greetings=[])
        form = await edit(stage, "depth prompt")
        told = await submit(
            stage, form, {"text": "She limps.", "depth": "1", "role": ["assistant"]}
        )
        assert told.startswith("The depth prompt of **Mira** is changed.")
        changed = await card(stage)
        assert changed.depth_prompt == DepthPrompt("She limps.", 1, "assistant")
        assert changed.talkativeness == 0.8, "the other extensions stay"
        shown = await edit(stage, "depth prompt")
        assert "She limps." in json.dumps(shown.modal)
        await edit(stage, "depth prompt", file=("d.txt", b"She runs."))
        assert (await card(stage)).depth_prompt == DepthPrompt("She runs.", 1, "assistant")
        await stage.alice.slash(stage.channel, "character use", character="Mira")
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        assert "She runs." in stage.engine.prompts[-1]

    @REFUSED
    async def test_a_depth_that_is_none(self, stage: Stage) -> None:
        await bring(stage)
        form = await edit(stage, "depth prompt")
        sent = await stage.alice.submit_modal(
            form, {"text": "She limps.", "depth": "deep", "role": ["system"]}
        )
        told = [sent.response, *sent.followups][-1]
        assert "a whole number from 0 to 1000" in told.content
        assert await told.attachments[0].read() == b"She limps."
        assert (await card(stage)).depth_prompt is None


async def test_all_other_parts_that_count(stage: Stage) -> None:
    await bring(stage)
    for part, text, field, value in (
        (
            "greetings for company",
            "All!\n***\nYou two!",
            "group_only_greetings",
            ("All!", "You two!"),
        ),
        ("creator", "Ada", "creator", "Ada"),
        (
            "notes in languages",
            "[de]\nSei nett.\n\n[pt-br]\nOi.",
            "creator_notes_multilingual",
            {"de": "Sei nett.", "pt-br": "Oi."},
        ),
    ):
        told = await submit(stage, await edit(stage, part), {"text": text})
        assert told.startswith(f"The {part} of **Mira** is changed.")
        assert getattr(await card(stage), field) == value
        assert json.dumps(text) in json.dumps((await edit(stage, part)).modal)


@REFUSED
async def test_notes_need_a_language(stage: Stage) -> None:
    await bring(stage)
    told = await submit(stage, await edit(stage, "notes in languages"), {"text": "Be kind."})
    assert told.startswith("Please begin with the language in brackets, such as [de]")
