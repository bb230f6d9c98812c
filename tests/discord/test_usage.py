"""Quotas as people meet them: `/usage`, refusals in words, `/config why`, roles and tools."""

from __future__ import annotations

import re
import time
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.conversation.limits import ReplyLimits
from cogs.places import server_place
from tests.discord.conftest import MakeBot, Stage

pytestmark = pytest.mark.usefixtures("one_hour")

REFUSED = pytest.mark.simcord(check_errors=False)
NEXT = re.compile(r"<t:(\d+):R>")


def text(result: InteractionResult) -> str:
    assert result.response
    return result.response.content


async def limit(stage: Stage, **limits: Any) -> None:
    await stage.bot.configuration.change(server_place(stage.guild.id), **limits)


async def ask(stage: Stage, who: MemberActor | None = None) -> str:
    await (who or stage.alice).send(stage.channel, f"{stage.me} hi")
    return stage.said()[-1]


async def test_without_limits_there_is_nothing_to_tell(stage: Stage) -> None:
    shown = await stage.alice.slash(stage.channel, "usage")
    assert shown.ephemeral
    assert text(shown) == "Nothing is limited here: ask me as often as you like."


async def test_people_see_what_they_have_used_and_when_it_ends(stage: Stage) -> None:
    await limit(stage, replies_per_user=2, replies_per_server=1_000, tokens_per_user=50_000)
    await ask(stage)
    await ask(stage)
    await ask(stage, stage.bob)
    shown = text(await stage.alice.slash(stage.channel, "usage"))
    found = NEXT.search(shown)
    assert found
    assert 0 < int(found[1]) - time.time() <= 3_600
    assert int(found[1]) % 3_600 == 0
    lines = shown.splitlines()
    assert "⚠️ Answers to you in this server: **2** of 2" in lines
    assert "- Answers to everybody in this server: **3** of 1,000" in lines
    assert any(re.fullmatch(r"- Tokens for you .*\*\*[1-9]\d*\*\* of 50,000", one) for one in lines)
    assert "**1** of 2" in text(await stage.bob.slash(stage.channel, "usage"))


@REFUSED
async def test_who_has_used_all_is_told_when_there_is_more(stage: Stage) -> None:
    await limit(stage, replies_per_user=1)
    assert await ask(stage) == "All right."
    told = await ask(stage)
    assert re.fullmatch(
        r"You have used your 1 reply of this hour; the next is possible <t:\d+:R>\.", told
    )
    await limit(stage, replies_per_user=2)
    assert await ask(stage) == "All right.", "a change holds at once"


@REFUSED
async def test_after_a_restart_nothing_is_forgotten(stage: Stage, make_bot: MakeBot) -> None:
    await limit(stage, replies_per_user=1)
    await ask(stage)
    await stage.env.restart_bot(make_bot())
    assert "You have used your 1 reply" in await ask(stage)
    assert len(stage.engine.prompts) == 1


@REFUSED
async def test_a_role_has_more_than_everybody(stage: Stage) -> None:
    role = stage.guild.create_role("patrons")
    carol = stage.guild.add_member(stage.env.create_user("carol"), roles=[role])
    await limit(stage, replies_per_user=1, replies_per_role={str(role.id): 2})
    assert [await ask(stage, carol) for _ in range(2)] == ["All right."] * 2
    assert "**2** of 2" in text(await carol.slash(stage.channel, "usage"))
    assert "You have used your 2 replies" in await ask(stage, carol)
    await ask(stage)
    assert "You have used your 1 reply" in await ask(stage)


@REFUSED
async def test_why_tells_people_and_those_who_manage(stage: Stage) -> None:
    manages = stage.guild.create_role("admin", permissions=discord.Permissions(manage_guild=True))
    admin = stage.guild.add_member(stage.env.create_user("admin"), roles=[manages])
    await limit(stage, replies_per_user=1, replies_per_server=2)
    await ask(stage)
    here = text(await stage.alice.slash(stage.channel, "config why"))
    assert "⚠️ You have used your 1 reply of this hour" in here
    message = await stage.alice.send(stage.channel, f"{stage.me} again")
    link = f"https://discord.com/channels/{stage.guild.id}/{stage.channel.id}/{message.id}"
    told = text(await admin.slash(stage.channel, "config why", message=link))
    assert "⚠️ Its author has used up their answers of this hour (1); they have new ones <t:" in told
    await ask(stage, stage.bob)
    told = text(await admin.slash(stage.channel, "config why"))
    assert "⚠️ This server has used its 2 replies of this hour" in told


class TestTokens:
    @pytest.fixture
    def core(self) -> dict[str, Any]:
        return {"limits": ReplyLimits(tokens_per_user=1)}

    @REFUSED
    async def test_an_operator_limits_what_is_written(self, stage: Stage) -> None:
        await ask(stage)
        told = await ask(stage)
        assert "I have written as much for you as I may in an hour (1 token)" in told
        shown = text(await stage.alice.slash(stage.channel, "usage"))
        assert "⚠️ Tokens for you, wherever you ask: **" in shown
        alone = await stage.alice.user.slash("usage")
        assert "Tokens for you, wherever you ask: **" in text(alone)


async def test_direct_messages_know_no_limits_of_servers(stage: Stage) -> None:
    await limit(stage, replies_per_user=1)
    await ask(stage)
    shown = await stage.alice.user.slash("usage")
    assert "Nothing is limited" in text(shown)
