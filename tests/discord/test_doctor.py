"""`/doctor`, as those who manage a server see it."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend.models import Overwrite

from bot.conversation.ports import EngineInfo
from bot.errors import EngineUnreachable, StoreUnavailable
from tests.discord.conftest import Stage
from tests.stand_ins.engine import ScriptedEngine


@pytest.fixture
def admin(stage: Stage) -> MemberActor:
    role = stage.guild.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    return stage.guild.add_member(stage.env.create_user("admin"), roles=[role])


async def told(stage: Stage, admin: MemberActor, channel: Any = None) -> str:
    shown = await admin.slash(channel or stage.channel, "doctor")
    assert shown.response.flags.ephemeral
    [box] = shown.response.components
    texts = [part["content"] for part in box["components"]]
    assert sum(map(len, texts)) <= 4_000
    return "\n".join(texts)


async def test_it_is_for_those_who_manage_the_server(stage: Stage, admin: MemberActor) -> None:
    assert "doctor" in admin.available_commands(stage.channel)
    assert "doctor" not in stage.alice.available_commands(stage.channel)
    assert "doctor" not in stage.alice.user.available_commands()


async def test_all_is_well(stage: Stage, admin: MemberActor) -> None:
    said = await told(stage, admin)
    assert said.startswith("## All is well")
    assert "✅ **here**: I may do all I need" in said
    assert "characters can speak with their own names" in said
    assert "the append-only file is on" in said
    assert "**first word**: after 0." in said
    assert "❌" not in said
    assert "⚠️" not in said


async def test_permissions_that_are_missing(stage: Stage, admin: MemberActor) -> None:
    world, guild = stage.env.backend, stage.guild
    quiet = guild.create_text_channel("quiet")
    role = next(role for role in world.get_guild(guild.id).roles.values() if role.managed)
    role.permissions &= ~discord.Permissions(manage_webhooks=True).value
    await stage.bot.always_on.switch(f"discord:{quiet.id}", True)
    world.set_overwrite(
        quiet.id, Overwrite(guild.id, 0, deny=discord.Permissions(send_messages=True).value)
    )
    await stage.settle()
    said = await told(stage, admin)
    assert said.startswith("## Something does not work")
    assert f"❌ **<#{quiet.id}>**: I lack Send Messages, so I cannot answer there" in said


async def test_what_is_away_is_said_without_addresses(
    stage: Stage, admin: MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone() -> Any:
        raise StoreUnavailable(detail="ConnectionError: 10.1.2.3:6379")

    async def away(_: ScriptedEngine) -> EngineInfo:
        raise EngineUnreachable(detail="http://10.1.2.4")

    monkeypatch.setattr(stage.bot.store, "server", gone)
    monkeypatch.setattr(ScriptedEngine, "describe", away)
    stage.bot.conversations.models.named("").model.forget()
    said = await told(stage, admin)
    assert "❌ **Redis**: my memory: it does not answer" in said
    assert "❌ **engine**: the model's server does not answer" in said
    assert "10.1.2" not in said


async def test_an_intent_that_is_off(stage: Stage, admin: MemberActor) -> None:
    stage.bot._wanted.message_content = False
    said = await told(stage, admin)
    assert said.startswith("## It works, but could do better")
    assert "⚠️ **reading**: Discord shows me only messages that address me" in said
