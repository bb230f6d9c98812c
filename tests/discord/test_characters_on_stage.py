"""Bringing characters on stage and off it, as people see it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.characters.stage import Stage as Set
from bot.errors import StoreUnavailable
from cogs.places import conversation_in
from tests.discord import webhooks
from tests.discord.character_support import GREETING, as_file, labels, member
from tests.discord.conftest import MakeBot, Stage

REFUSED = pytest.mark.simcord(check_errors=False)
SPOKEN = GREETING.replace("{{user}}", "Bob")


@pytest.fixture
def keeper(stage: Stage) -> MemberActor:
    """Somebody who may manage the server's channels."""
    return member(stage, "keeper", manage_channels=True)


@pytest.fixture(autouse=True)
async def library(stage: Stage, keeper: MemberActor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server with three characters: one way to begin, several ways, and none at all."""
    webhooks.install(monkeypatch)
    for name, greetings in (
        ("Mira", (GREETING, [])),
        ("Anselm", ("“Pax.”", ["*He prays.*", "*He sleeps.*"])),
        ("Mute", ("", [])),
    ):
        await keeper.slash(
            stage.channel,
            "character import",
            file=as_file(name, first_mes=greetings[0], alternate_greetings=greetings[1]),
        )


async def use(stage: Stage, name: str = "Mira", who: Any = None, **more: Any) -> InteractionResult:
    channel = more.get("channel", stage.channel)
    return await (who or stage.bob).slash(channel, "character use", character=name)


async def on_stage(stage: Stage, channel: int | None = None) -> list[str]:
    found: Set | None = await stage.bot.conversations.stages.get(
        conversation_in(channel or stage.channel.id)
    )
    return [one.name for one in found.cast] if found else []


async def heard(stage: Stage, channel: int | None = None) -> list[tuple[str, str]]:
    conversation = conversation_in(channel or stage.channel.id)
    turns = (await stage.bot.store.load(conversation)).turns
    return [(turn.speaker, turn.text) for turn in turns]


def spoken(stage: Stage, channel: Any = None) -> list[discord.Message]:
    """What characters said by webhook, oldest first."""
    history = (channel or stage.channel).history()
    return sorted((m for m in history if m.webhook_id), key=lambda message: message.id)


def said(stage: Stage, channel: Any = None) -> list[str]:
    return [f"{m.author.display_name}: {m.content}" for m in spoken(stage, channel)]


async def test_a_character_comes_with_its_greeting(stage: Stage) -> None:
    used = await use(stage)
    assert used.ephemeral
    [greeting] = spoken(stage)
    assert said(stage) == [f"Mira: {SPOKEN}"]
    assert used.response.content.startswith(f"**Mira** is on stage: {greeting.jump_url}.")
    assert await on_stage(stage) == ["Mira"]
    [turn] = (await stage.bot.store.load(conversation_in(stage.channel.id))).turns
    assert (turn.role, turn.speaker, turn.text) == ("assistant", "Mira", SPOKEN)
    assert turn.shown == (str(greeting.id),)
    assert turn.character


async def test_one_without_a_greeting_comes_silently(stage: Stage) -> None:
    used = await use(stage, "Mute")
    assert used.response.content.startswith("**Mute** is on stage. Mention me")
    assert said(stage) == []
    assert await on_stage(stage) == ["Mute"]


async def test_the_name_of_ones_persona_is_in_it(stage: Stage) -> None:
    form = await stage.bob.slash(stage.channel, "persona set")
    await stage.bob.submit_modal(form, {"name": "Robert the Bold", "text": ""})
    await use(stage)
    assert "You look drowned, Robert the Bold." in said(stage)[0]


async def test_one_of_several_greetings_is_chosen(stage: Stage, make_bot: MakeBot) -> None:
    used = await use(stage, "Anselm")
    assert used.response.content == ("**Anselm** can begin in 3 ways. This is number 1:\n> “Pax.”")
    assert labels(used.response.components) == ["◀", "▶", "Use this"]
    assert said(stage) == []
    await stage.env.restart_bot(make_bot())
    await stage.bob.click(used.response, custom_id=_ids(used)[1])
    assert "number 2:\n> \\*He prays.\\*" in used.response.content
    for _ in range(2):
        await stage.bob.click(used.response, custom_id=_ids(used)[0])
    assert "number 3:\n> \\*He sleeps.\\*" in used.response.content
    await stage.bob.click(used.response, label="Use this")
    assert said(stage) == ["Anselm: *He sleeps.*"]
    assert used.response.components == []
    assert await heard(stage) == [("Anselm", "*He sleeps.*")]


async def test_of_two_greetings_both_arrows_lead_to_the_other(
    stage: Stage, keeper: MemberActor
) -> None:
    card = as_file("Twain", first_mes="“One.”", alternate_greetings=["“Two.”"])
    await keeper.slash(stage.channel, "character import", file=card)
    for arrow in (0, 1):
        used = await use(stage, "Twain")
        ids = _ids(used)
        assert len(ids) == len(set(ids)) == 3, "Discord takes no id twice in a message"
        await stage.bob.click(used.response, custom_id=ids[arrow])
        assert "number 2:\n> “Two.”" in used.response.content
    await stage.bob.click(used.response, label="Use this")
    assert said(stage) == ["Twain: “Two.”"]


async def test_a_long_greeting_is_one_turn_in_several_messages(
    stage: Stage, keeper: MemberActor
) -> None:
    long = "A sentence of the tale. " * 100
    await keeper.slash(
        stage.channel,
        "character import",
        file=as_file("Teller", first_mes=long, alternate_greetings=[]),
    )
    await use(stage, "Teller")
    messages = spoken(stage)
    assert len(messages) == 2
    assert all(len(message.content) <= 2_000 for message in messages)
    [turn] = (await stage.bot.store.load(conversation_in(stage.channel.id))).turns
    assert turn.shown == tuple(str(message.id) for message in messages)
    assert turn.text == long.strip()


async def test_without_webhooks_the_name_stands_above(stage: Stage) -> None:
    plain = stage.guild.create_text_channel(
        "plain", overwrites={stage.bot.user: discord.PermissionOverwrite(manage_webhooks=False)}
    )
    await use(stage, channel=plain)
    assert stage.said(plain) == [f"**Mira**\n{SPOKEN}"]
    assert await heard(stage, plain.id) == [("Mira", SPOKEN)]


async def test_in_a_direct_message_everything_is_ones_own(stage: Stage) -> None:
    await stage.bob.user.slash("character import", file=as_file("Own", alternate_greetings=[]))
    used = await stage.bob.user.slash("character use", character="Own")
    assert used.response.content.endswith("Just write here to talk.")
    left = await stage.bob.user.slash("character leave")
    assert left.response.content.startswith("**Own** has left the stage. Nobody is left")


async def test_leaving_makes_it_the_plain_bot_again(stage: Stage) -> None:
    await use(stage)
    left = await stage.bob.slash(stage.channel, "character leave")
    assert not left.ephemeral
    assert "so I answer as myself again" in left.response.content
    assert await on_stage(stage) == []


@REFUSED
async def test_nobody_leaves_an_empty_stage(stage: Stage) -> None:
    refused = await stage.bob.slash(stage.channel, "character leave", character="Mira")
    assert refused.response.content == "Nobody is on stage here."


async def test_using_it_again_takes_the_changed_card(stage: Stage, keeper: MemberActor) -> None:
    await use(stage)
    same = await use(stage)
    assert same.response.content.startswith("**Mira** is on stage here already.")
    form = await keeper.slash(stage.channel, "character edit", character="Mira", part="description")
    await keeper.submit_modal(form, {"text": "She has a secret now."})
    renewed = await use(stage)
    assert renewed.response.content == "**Mira** plays with the changed card from now on."
    await stage.bob.send(stage.channel, f"{stage.me} hello")
    assert "She has a secret now." in stage.engine.prompts[-1]
    assert len([text for text in said(stage) if "You look drowned" in text]) == 1


async def test_who_leads_can_begin_again_with_another_greeting(stage: Stage) -> None:
    used = await use(stage, "Anselm")
    await stage.bob.click(used.response, label="Use this")
    other = await stage.alice.slash(stage.channel, "character use", character="Anselm")
    assert other.response.content == "**Anselm** is on stage here already."
    assert other.response.components == []
    again = await use(stage, "Anselm")
    assert labels(again.response.components) == ["Keep the story", "Start anew"]
    await stage.bob.click(again.response, label="Start anew")
    await stage.bob.click(again.response, custom_id=_ids(again)[1])
    await stage.bob.click(again.response, label="Use this")
    assert await heard(stage) == [("Anselm", "*He prays.*")]
    assert await on_stage(stage) == ["Anselm"]


async def test_one_that_moves_to_the_server_stays_the_same(
    stage: Stage, keeper: MemberActor
) -> None:
    private = {"for": "only me"}
    file = as_file("Own", alternate_greetings=[])
    await keeper.slash(stage.channel, "character import", file=file, **private)
    await use(stage, "Own", keeper)
    await keeper.slash(stage.channel, "character share", character="Own")
    await stage.bob.send(stage.channel, f"{stage.me} hello")
    assert "keeps the inn by the ford" in stage.engine.prompts[-1], "the story goes on"
    renewed = await use(stage, "Own", keeper)
    assert renewed.response.content == "**Own** plays with the changed card from now on."
    assert await on_stage(stage) == ["Own"]


async def test_an_erased_persons_character_leaves_the_story(
    stage: Stage, keeper: MemberActor
) -> None:
    file = as_file("Own", alternate_greetings=[])
    await stage.alice.slash(stage.channel, "character import", file=file)
    await use(stage, "Own", stage.alice)
    asked = await stage.alice.slash(stage.channel, "privacy erase")
    await stage.alice.click(asked.response, label="Erase everything")
    assert await on_stage(stage) == []
    await stage.bob.send(stage.channel, f"{stage.me} hello")
    assert "keeps the inn" not in stage.engine.prompts[-1]
    used = await use(stage)
    assert used.response.content.startswith("**Mira** is on stage")


async def test_a_story_goes_on_without_an_erased_persons_character(
    stage: Stage, keeper: MemberActor
) -> None:
    file = as_file("Own", alternate_greetings=[])
    await stage.alice.slash(stage.channel, "character import", file=file)
    await use(stage, "Own", stage.alice)
    asked = await use(stage, "Mira", stage.alice)
    await stage.alice.click(asked.response, label="Add beside")
    await stage.alice.click(asked.response, label="Use this")
    erase = await stage.alice.slash(stage.channel, "privacy erase")
    await stage.alice.click(erase.response, label="Erase everything")
    assert await on_stage(stage) == ["Mira"]
    left = await stage.bob.slash(stage.channel, "character leave")
    assert "has left the stage" in left.response.content, "nobody leads it any more"


class TestAStoryUnderWay:
    """Somebody is on stage already."""

    @pytest.fixture(autouse=True)
    async def under_way(self, stage: Stage, library: None) -> None:
        await use(stage)
        await stage.bob.send(stage.channel, f"{stage.me} hello")

    async def test_it_is_asked_what_is_to_become_of_it(self, stage: Stage) -> None:
        asked = await use(stage, "Mute")
        assert asked.response.content == (
            "A story with **Mira** is under way here. How shall **Mute** come in?"
        )
        assert labels(asked.response.components) == [
            "Keep the story",
            "Add beside",
            "Start a thread",
            "Start anew",
        ]
        await stage.bob.click(asked.response, label="Keep the story")
        assert asked.response.content == "The story goes on as it was."
        assert await on_stage(stage) == ["Mira"]

    async def test_start_anew_forgets_it(self, stage: Stage) -> None:
        await stage.bot.conversations.stages.change(
            conversation_in(stage.channel.id), lambda one: replace(one, scenario="A war.")
        )
        asked = await use(stage, "Anselm")
        await stage.bob.click(asked.response, label="Start anew")
        await stage.bob.click(asked.response, label="Use this")
        assert await on_stage(stage) == ["Anselm"]
        assert await heard(stage) == [("Anselm", "“Pax.”")]
        found = await stage.bot.conversations.stages.get(conversation_in(stage.channel.id))
        assert (found.scenario, found.host) == ("", str(stage.bob.id))

    async def test_add_beside_with_or_without_words(self, stage: Stage) -> None:
        for name, press in (("Anselm", "Use this"), ("Mute", "Enter silently")):
            asked = await use(stage, name)
            await stage.bob.click(asked.response, label="Add beside")
            await stage.bob.click(asked.response, label=press)
        assert await on_stage(stage) == ["Mira", "Anselm", "Mute"]
        assert [speaker for speaker, _ in await heard(stage)][-1] == "Anselm"
        left = await stage.bob.slash(stage.channel, "character leave", character="Anselm")
        assert left.response.content == (
            "**Anselm** has left the stage. Still there: **Mira**, **Mute**."
        )
        choices = await stage.bob.autocomplete(stage.channel, "character leave", "character", "m")
        assert [choice["name"] for choice in choices] == ["Mira", "Mute"]

    async def test_start_a_thread_leaves_it_as_it_is(self, stage: Stage) -> None:
        before = await heard(stage)
        asked = await use(stage, "Anselm")
        await stage.bob.click(asked.response, label="Start a thread")
        await stage.bob.click(asked.response, label="Use this")
        [thread] = _threads(stage)
        assert thread.name == "Anselm"
        assert await on_stage(stage, thread.id) == ["Anselm"]
        assert await heard(stage, thread.id) == [("Anselm", "“Pax.”")]
        assert await stage.bot.always_on.covers(conversation_in(thread.id))
        assert (await on_stage(stage), await heard(stage)) == (["Mira"], before)

    async def test_others_can_only_have_a_thread(self, stage: Stage, keeper: MemberActor) -> None:
        asked = await use(stage, "Mute", stage.alice)
        assert "led by somebody else" in asked.response.content
        assert labels(asked.response.components) == ["Keep the story", "Start a thread"]
        allowed = await use(stage, "Mute", keeper)
        assert "Start anew" in labels(allowed.response.components)

    @REFUSED
    async def test_others_cannot_send_it_away(self, stage: Stage) -> None:
        refused = await stage.alice.slash(stage.channel, "character leave")
        assert "Only who leads it" in refused.response.content
        assert await on_stage(stage) == ["Mira"]


@REFUSED
async def test_adults_have_their_own_channels(stage: Stage, keeper: MemberActor) -> None:
    await keeper.slash(
        stage.channel, "character import", file=as_file("Vex", alternate_greetings=[]), adult=True
    )
    refused = await use(stage, "Vex")
    assert "plays in age-restricted channels only" in refused.response.content
    assert await on_stage(stage) == []


@REFUSED
async def test_a_story_that_cannot_be_kept_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object, **__: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(stage.bot.store, "save_stage", down)
    refused = await use(stage)
    assert refused.response.content == StoreUnavailable.text
    assert said(stage) == []
    monkeypatch.undo()
    webhooks.install(monkeypatch)
    monkeypatch.setattr(stage.bot.store, "add", down)
    told = await use(stage)
    assert "these first words are no part of the story" in told.response.content


@REFUSED
async def test_a_channel_that_is_closed_to_the_bot(stage: Stage) -> None:
    everyone = stage.guild.roles["@everyone"]
    deaf = discord.PermissionOverwrite(send_messages=False)
    closed = stage.guild.create_text_channel("closed", overwrites={everyone: deaf})
    refused = await use(stage, channel=closed)
    assert "I may not write in this channel" in refused.response.content


def _ids(result: InteractionResult) -> list[str]:
    return [
        button["custom_id"]
        for row in result.response.components
        for button in row.get("components", [])
    ]


def _threads(stage: Stage) -> list[discord.Thread]:
    guild = stage.bot.get_guild(stage.guild.id)
    return list(guild.threads)
