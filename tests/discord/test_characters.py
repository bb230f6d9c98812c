"""The library of characters, as people see it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.characters.read import read_card
from bot.conversation.library import MAX_CHARACTERS
from bot.errors import StoreUnavailable
from cogs.characters.shelf import own_library
from tests.discord.character_support import (
    as_file,
    card,
    in_picture,
    labels,
    member,
    texts,
)
from tests.discord.conftest import MakeBot, Stage

REFUSED = pytest.mark.simcord(check_errors=False)


@pytest.fixture
def keeper(stage: Stage) -> MemberActor:
    """Somebody who may manage the server's channels."""
    return member(stage, "keeper", manage_channels=True)


async def bring(stage: Stage, who: MemberActor | None = None, **options: Any) -> InteractionResult:
    options = {"file": as_file()} | options
    given = {name: value for name, value in options.items() if value is not None}
    return await (who or stage.alice).slash(stage.channel, "character import", **given)


async def listed(stage: Stage, who: MemberActor, **options: Any) -> str:
    return (await who.slash(stage.channel, "character list", **options)).response.content


async def offered(stage: Stage, who: MemberActor, typed: str) -> list[str]:
    choices = await who.autocomplete(stage.channel, "character show", "character", typed)
    return [choice["name"] for choice in choices]


async def panel(stage: Stage, who: MemberActor, name: str = "Mira") -> str:
    shown = await who.slash(stage.channel, "character show", character=name)
    return texts(shown.response.components)


class TestImport:
    """A card comes in from anywhere, and is told."""

    async def test_a_json_file_of_ones_own(self, stage: Stage) -> None:
        brought = await bring(stage)
        assert brought.ephemeral
        lines = brought.response.content.splitlines()
        assert lines[0].startswith("**Mira** is in your own library; nobody else finds it: about ")
        assert lines[0].endswith("3 greetings, 2 lore entries, no picture.")
        assert "> Be kind to her." in lines
        assert labels(brought.response.components) == ["Bring into this channel", "Show"]

    async def test_a_picture_for_the_server(self, stage: Stage, keeper: MemberActor) -> None:
        brought = await bring(stage, keeper, file=in_picture())
        assert brought.response.content.startswith("**Mira** is in the library: about ")
        assert "no greeting, with its picture." in brought.response.content
        assert await offered(stage, stage.bob, "") == ["Mira"]

    async def test_without_options_a_form_takes_a_file_or_a_text(self, stage: Stage) -> None:
        for given, name in (
            ({"file": [as_file("Anselm")]}, "Anselm"),
            ({"text": json.dumps({"name": "Old", "description": "Flat."})}, "Old"),
        ):
            form = await bring(stage, file=None)
            brought = await stage.alice.submit_modal(form, given)
            assert brought.response.content.startswith(f"**{name}** is in your own library")

    async def test_what_was_repaired_is_said(self, stage: Stage) -> None:
        brought = await bring(stage, file=as_file(tags="inn"))
        assert "⚠️ \\`tags\\` was one text" in brought.response.content

    async def test_notes_are_in_the_readers_language(self, stage: Stage) -> None:
        notes = {"de": "Seid nett zu ihr.", "en": "Be nice."}
        brought = await bring(stage, file=as_file(creator_notes_multilingual=notes))
        assert "> Be nice." in brought.response.content

    async def test_tags_or_the_option_make_it_for_adults(self, stage: Stage) -> None:
        for options in ({"file": as_file(tags=["NSFW"])}, {"adult": True}):
            brought = await bring(stage, **options)
            assert "**for age-restricted channels only**" in brought.response.content
        [one, other] = await stage.bot.store.characters(own_library(stage.alice.id))
        assert one.adult and other.adult

    async def test_nothing_of_a_card_has_effect_in_discord(self, stage: Stage) -> None:
        brought = await bring(
            stage, file=as_file("@everyone *x*", creator_notes="@everyone [a](https://x.y) <@1>")
        )
        assert "**@everyone" not in brought.response.content
        assert "\\*x\\*" in brought.response.content
        assert stage.env.http_requests[-1].json.get("allowed_mentions", {"parse": []}) == {
            "parse": []
        }

    @REFUSED
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"file": ("a.json", b"{]")}, "JSON is broken"),
            ({"file": ("a.png", b"\x89PNG\r\n\x1a\n")}, "PNG"),
            ({"file": ("a.txt", b"hello")}, "no character in that file"),
            ({"file": ("a.json", b"")}, "is empty"),
            ({"file": ("w.json", b'{"entries": {}}')}, "`/lore import` takes it"),
            ({"link": "https://example.org/a.png"}, "a file or a link, not both"),
            ({"for": "server"}, "manage the server or its channels"),
        ],
    )
    async def test_what_is_wrong_has_its_words(
        self, stage: Stage, options: dict, words: str
    ) -> None:
        refused = await bring(stage, **options)
        assert words in refused.response.content
        assert refused.ephemeral
        assert await stage.bot.store.characters(own_library(stage.alice.id)) == []

    @REFUSED
    async def test_an_empty_form_is_told(self, stage: Stage) -> None:
        form = await bring(stage, file=None)
        refused = await stage.alice.submit_modal(form, {"text": " "})
        assert "neither a file nor any text" in refused.response.content

    @REFUSED
    async def test_a_full_library_is_told(self, stage: Stage) -> None:
        for n in range(MAX_CHARACTERS):
            await stage.bot.store.save_character(
                (await _one(stage, f"c{n}", own_library(stage.alice.id)))
            )
        refused = await bring(stage)
        assert f"{MAX_CHARACTERS} characters in your library" in refused.response.content

    @REFUSED
    async def test_no_store_is_told(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        async def down(*_: object) -> None:
            raise StoreUnavailable

        monkeypatch.setattr(stage.bot.store._redis, "run", down)
        refused = await bring(stage)
        assert refused.response.content == StoreUnavailable.text
        assert await offered(stage, stage.alice, "") == []


async def _one(stage: Stage, id: str, library: str) -> Any:
    from bot.conversation.library import Character

    return Character(id, library, id, str(stage.alice.id), "")
