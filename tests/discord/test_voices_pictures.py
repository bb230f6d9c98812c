"""Pictures beside what characters say: from the bot's own server, or as emojis."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from cogs.voices import voices_of
from cogs.voices.pictures import EmojiPictures
from tests.discord import webhooks
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL, play
from tests.discord.voices_support import Troupe, digest, picture

pytestmark = VIRTUAL

RED = picture()


@pytest_asyncio.fixture
async def troupe(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Troupe:
    """Ada is on stage in the channel, with a picture."""
    webhooks.install(monkeypatch)
    made = Troupe(stage)
    await made.enters("Ada", picture=RED)
    return made


def shown(troupe: Troupe) -> list[Any]:
    """The addresses of pictures that Discord was given."""
    return [sent.json.get("avatar_url") for sent in troupe.requests("POST", "/webhooks/")]


class TestEmojis:
    async def test_a_picture_becomes_an_emoji_once(
        self, stage: Stage, troupe: Troupe, make_bot: MakeBot
    ) -> None:
        await troupe.says("One.")
        await troupe.says("Two.")
        [emoji] = stage.env.backend.application_emojis.values()
        assert emoji.name == f"c_{digest(RED)[:20]}"
        address = f"https://cdn.discordapp.com/emojis/{emoji.id}.png?size=128"
        assert shown(troupe) == [address, address]
        await stage.env.restart_bot(make_bot())
        await troupe.says("Three.")
        assert shown(troupe)[-1] == address
        assert len(stage.env.backend.application_emojis) == 1

    async def test_characters_without_pictures_have_none(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.enters("Bram")
        await troupe.says("One.")
        assert shown(troupe) == [None]
        assert troupe.requests("GET", "/emojis") == []

    @pytest.mark.parametrize("status", [403, 429, 500])
    async def test_without_emojis_it_speaks_all_the_same(
        self, stage: Stage, troupe: Troupe, status: int
    ) -> None:
        stage.env.inject_error("POST", "/applications/*/emojis", status=status, times=9)
        await troupe.says("One.")
        await troupe.says("Two.")
        assert shown(troupe) == [None, None]
        assert len(troupe.requests("POST", "/emojis")) == 1

    async def test_a_broken_picture_is_none(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.enters("Bram", picture=b"no picture at all")
        await troupe.says("One.")
        assert shown(troupe) == [None]

    async def test_the_one_that_was_not_used_for_longest_makes_room(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        voices_of(stage.bot).pictures = EmojiPictures(stage.bot, stage.bot.store, most=3)
        stage.env.backend.create_application_emoji("logo")
        await troupe.says("One.")
        await troupe.enters("Bram", picture=picture("blue"))
        await troupe.says("Two.")
        await troupe.enters("Ada", picture=RED)
        await troupe.says("Three.")
        await troupe.enters("Cato", picture=picture("green"))
        await troupe.says("Four.")
        names = {emoji.name for emoji in stage.env.backend.application_emojis.values()}
        kept = {f"c_{digest(one)[:20]}" for one in (RED, picture("green"))}
        assert names == {"logo", *kept}

    async def test_a_character_that_is_deleted_leaves_no_emoji(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.says("One.")
        await voices_of(stage.bot).forget(["", digest(RED)])
        assert stage.env.backend.application_emojis == {}

    async def test_erasing_a_person_erases_the_pictures_they_brought(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.enters("Bram", picture=picture("blue"), owner=stage.alice.id)
        await troupe.says("One.")
        assert len(stage.env.backend.application_emojis) == 1
        asked = await stage.alice.slash(stage.channel, "privacy erase")
        await stage.alice.click(asked.response, label="Erase everything")
        await play(stage.env, 1)
        assert stage.env.backend.application_emojis == {}


class TestPublicAddress:
    @pytest.fixture
    def environ(self) -> dict[str, str]:
        return {"PUBLIC_URL": "https://bot.example/hermes/"}

    async def test_the_address_is_that_of_the_own_server(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.says("One.")
        library = f"discord%3Aserver%3A{stage.guild.id}"
        assert shown(troupe) == [f"https://bot.example/hermes/pictures/{library}/{digest(RED)}.png"]
        assert stage.env.backend.application_emojis == {}
