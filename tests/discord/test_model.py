"""`/model` as its users see it."""

from __future__ import annotations

import discord
import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.conversation.model import Model
from bot.conversation.models import Served
from bot.conversation.ports import EngineInfo
from bot.errors import EngineInterrupted, EngineUnreachable
from tests.discord.conftest import MakeBot, Stage
from tests.stand_ins.engine import ScriptedEngine

REFUSED = pytest.mark.simcord(check_errors=False)


@pytest.fixture
def big() -> ScriptedEngine:
    """A second engine."""
    return ScriptedEngine(
        default="I am big.", info=EngineInfo("tgi", "hermes-3-llama-3.1-70b", 32_768)
    )


@pytest.fixture
def others(big: ScriptedEngine) -> list[Served]:
    return [Served("big", big, Model(big, None, 1024))]


@pytest.fixture
def admin(stage: Stage) -> MemberActor:
    """Somebody who may manage channels."""
    return stage.person("admin", manage_channels=True)


def text(result: InteractionResult) -> str:
    assert result.response
    return result.response.content


async def test_everyone_sees_which_model_answers_and_what_it_can_do(stage: Stage) -> None:
    shown = await stage.alice.slash(stage.channel, "model show")
    assert shown.ephemeral
    assert text(shown).splitlines() == [
        "**Hermes-2-Pro-Llama-3-8B** answers here: it is the default.",
        "**Format** ChatML",
        "**Context** 8,192 tokens, up to 1,024 of them for an answer",
        "**Tools** yes",
        "**JSON** trained for it",
        "**Reasoning** no",
        "**Engine** answers right now",
        "**Others** `big` (**Hermes-3-Llama-3.1-70B**) (`/model use`)",
    ]


async def test_a_choice_holds_for_its_channel_only(
    stage: Stage, admin: MemberActor, big: ScriptedEngine
) -> None:
    other = stage.guild.create_text_channel("other")
    told = await admin.slash(stage.channel, "model use", name="big")
    assert not told.ephemeral
    assert "`big` (**Hermes-3-Llama-3.1-70B**) answers in this channel, and only here" in text(told)
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    await stage.alice.send(other, f"{stage.me} hi")
    thread = stage.thread()
    await stage.alice.send(thread, f"{stage.me} hi")
    assert (stage.said()[-1], stage.said(other), stage.said(thread)) == (
        "I am big.",
        ["All right."],
        ["I am big."],
    )
    shown = await stage.alice.slash(thread, "model show")
    assert "`big` was chosen for the channel of this thread." in text(shown)
    asked = await stage.alice.slash(stage.channel, "ask", question="hm?", private=True)
    assert text(asked) == "I am big."
    for command in ("help", "context", "model show"):
        found = await stage.alice.slash(stage.channel, command)
        assert "Hermes-3-Llama-3.1-70B" in text(found)
    big.answers = ['{"a": "b"}']
    data = await stage.alice.slash(stage.channel, "json ask", question="?", schema="a: text")
    assert '"a": "b"' in text(data)
    back = await admin.slash(stage.channel, "model reset")
    assert text(back) == (
        "No model is chosen for this channel any more. **Hermes-2-Pro-Llama-3-8B** answers here: "
        "it is the default."
    )


async def test_a_servers_choice_and_a_channels_own(
    stage: Stage, admin: MemberActor, make_bot: MakeBot
) -> None:
    elsewhere = stage.env.create_guild("Elsewhere")
    there = elsewhere.create_text_channel("general")
    stranger = elsewhere.add_member(stage.env.create_user("carol", global_name="Carol"))
    await admin.slash(stage.channel, "model use", name="default")
    told = await admin.slash(stage.channel, "model use", name="big", scope="server")
    assert "Other servers are not affected" in text(told)
    assert "Here nothing changes: `default` was chosen for this channel." in text(told)
    await admin.slash(stage.channel, "model reset")
    # It is known to the next process too.
    await stage.env.restart_bot(make_bot())
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    await stranger.send(there, f"{stage.me} hi")
    assert (stage.said()[-1], stage.said(there)) == ("I am big.", ["All right."])
    shown = await stage.alice.slash(stage.channel, "model show")
    assert "`big` was chosen for this server." in text(shown)
    await admin.slash(stage.channel, "model reset", scope="server")
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    assert stage.said()[-1] == "All right."


async def test_names_are_suggested_with_their_models(
    stage: Stage, admin: MemberActor, big: ScriptedEngine
) -> None:
    every = await admin.autocomplete(stage.channel, "model use", "name", "")
    assert [(choice["name"], choice["value"]) for choice in every] == [
        ("default: Hermes-2-Pro-Llama-3-8B", "default"),
        ("big: Hermes-3-Llama-3.1-70B", "big"),
    ]


async def test_an_absent_engine_is_told(
    stage: Stage, admin: MemberActor, big: ScriptedEngine
) -> None:
    big.away = True
    told = await admin.slash(stage.channel, "model use", name="BIG ")
    assert EngineUnreachable.text in text(told)
    shown = await stage.alice.slash(stage.channel, "model show")
    assert EngineUnreachable.text in text(shown)
    assert "right now" not in text(shown).replace(EngineUnreachable.text, "")


async def test_a_model_that_is_gone_is_told(
    stage: Stage, admin: MemberActor, make_bot: MakeBot
) -> None:
    await admin.slash(stage.channel, "model use", name="big")
    await stage.env.restart_bot(make_bot(others=()))
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    assert stage.said()[-1] == "All right."
    shown = await stage.alice.slash(stage.channel, "model show")
    assert "`big` was chosen here, but the operator has taken it away" in text(shown)
    alone = await admin.slash(stage.channel, "model use", name="big")
    assert alone.ephemeral
    assert "setting ENGINES" in text(alone)


async def test_retry_asks_the_engine_that_failed(
    stage: Stage, admin: MemberActor, big: ScriptedEngine
) -> None:
    await admin.slash(stage.channel, "model use", name="big")
    big.answers = [["Half of", EngineInterrupted()]]
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    failed = stage.shown()[-1]
    await admin.slash(stage.channel, "model use", name="default")
    await stage.alice.click(failed, label="Retry")
    assert "I am big." in stage.said()
    assert not stage.engine.requests


@REFUSED
async def test_one_channels_manager_does_not_choose_for_the_server(stage: Stage) -> None:
    allowed = discord.PermissionOverwrite(manage_channels=True)
    own = stage.guild.create_text_channel("bobs", overwrites={stage.bob: allowed})
    assert "only here" in text(await stage.bob.slash(own, "model use", name="big"))
    refused = await stage.bob.slash(own, "model use", name="big", scope="server")
    assert "in this whole server" in text(refused)


@REFUSED
async def test_not_everybody_may_choose(stage: Stage, admin: MemberActor) -> None:
    for command in ("model use", "model reset"):
        given = {"name": "big"} if command == "model use" else {}
        refused = await stage.alice.slash(stage.channel, command, **given)
        assert "for those who manage channels here" in text(refused)
    unknown = await admin.slash(stage.channel, "model use", name="huge")
    assert "There are `default`, `big`" in text(unknown)


@REFUSED
async def test_in_a_dm_it_is_ones_own_choice(stage: Stage) -> None:
    told = await stage.alice.user.slash("model use", name="big")
    assert "answers in this conversation, and only here" in text(told)
    refused = await stage.alice.user.slash("model use", name="big", scope="server")
    assert "This is no server" in text(refused)
    asked = await stage.alice.user.slash("ask", question="hi")
    assert text(asked) == "I am big."
