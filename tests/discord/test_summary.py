"""The summary of what was cut, as people see and change it with `/context`."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.conversation.ports import EngineInfo, Generation
from tests.discord.conftest import Stage
from tests.stand_ins.engine import ScriptedEngine

RECAP = "What was said here earlier"


@pytest.fixture
def engine() -> ScriptedEngine:
    def answer(request: Generation) -> str:
        if "Write the new notes now." in request.prompt:
            return "Alice has a dog. **Not bold**"
        return "word " * 30

    info = EngineInfo(kind="scripted", model="hermes-2-pro-llama-3-8b", context=1024)
    return ScriptedEngine(default=answer, info=info)


@pytest.fixture
def core() -> dict[str, Any]:
    return {"summaries": True}


@pytest.fixture
def admin(stage: Stage) -> MemberActor:
    """Somebody who may manage messages."""
    role = stage.guild.create_role("Admins", permissions=discord.Permissions(manage_messages=True))
    return stage.guild.add_member(stage.env.create_user("admin", global_name="Root"), roles=[role])


async def talk_until_cut(stage: Stage, channel: ChannelHandle | None = None) -> discord.Message:
    """Alice talks until the first messages are cut; returns her first one."""
    channel = channel or stage.channel
    first = await stage.alice.send(channel, f"{stage.me} I have a dog " + "filler " * 60)
    for _ in range(12):
        await stage.alice.send(channel, f"{stage.me} And more " + "filler " * 60)
        await stage.bot.conversations.summaries.finished()
        if any("Write the new notes now." in prompt for prompt in stage.engine.prompts):
            return first
    raise AssertionError("it was never cut")


async def shown(stage: Stage, actor: MemberActor) -> discord.Message:
    """What `/context` says of the summary."""
    context = await actor.slash(stage.channel, "context")
    assert context.response.content.startswith("**Model**")
    [message] = context.followups
    return message


def labels(message: discord.Message) -> list[str]:
    return [button["label"] for row in message.components for button in row["components"]]


async def head(stage: Stage) -> str:
    """What stands before the first turn in the next prompt."""
    await stage.alice.send(stage.channel, f"{stage.me} What do I have?")
    return stage.engine.prompts[-1].split("<|im_end|>")[0]


async def test_nothing_is_shown_before_something_was_cut(stage: Stage) -> None:
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    context = await stage.alice.slash(stage.channel, "context")
    assert context.followups == []


async def test_everybody_who_may_read_sees_it_and_up_to_where_it_goes(stage: Stage) -> None:
    await talk_until_cut(stage)
    message = await shown(stage, stage.bob)
    assert "I wrote it" in message.content
    assert r"> Alice has a dog. \*\*Not bold\*\*" in message.content
    link = f"https://discord.com/channels/{stage.guild.id}/{stage.channel.id}/"
    _, _, rest = message.content.partition(link)
    pointed = int(rest.split(")")[0])
    assert pointed in {message.id for message in stage.channel.history()}
    assert labels(message) == [], "Bob may not manage messages"


async def test_hidden_from_who_may_not_read_the_history(stage: Stage) -> None:
    closed = stage.guild.create_text_channel(
        "closed",
        overwrites={stage.bob: discord.PermissionOverwrite(read_message_history=False)},
    )
    await talk_until_cut(stage, closed)
    assert (await stage.alice.slash(closed, "context")).followups
    assert (await stage.bob.slash(closed, "context")).followups == []


async def test_it_is_edited_in_a_form_and_told_as_it_was_written(
    stage: Stage, admin: MemberActor
) -> None:
    await talk_until_cut(stage)
    message = await shown(stage, admin)
    assert labels(message) == ["Edit summary", "Forget summary"]
    form = await admin.click(message, label="Edit summary")
    assert "Alice has a dog." in str(form.modal)
    await admin.submit_modal(form, {_field(form.modal): "Alice has a cat.\nIt is grey."})
    message = await shown(stage, stage.bob)
    assert "a person wrote it" in message.content
    assert "> Alice has a cat.\n> It is grey." in message.content
    assert (await head(stage)).endswith("Alice has a cat.\nIt is grey.")


async def test_what_was_typed_is_not_lost_when_it_is_refused(
    stage: Stage, admin: MemberActor
) -> None:
    first = await talk_until_cut(stage)
    form = await admin.click(await shown(stage, admin), label="Edit summary")
    await stage.bot.conversations.timeline.remove(f"discord:{stage.channel.id}", [str(first.id)])
    refused = await admin.submit_modal(form, {_field(form.modal): "Alice has a dog."})
    [told] = refused.followups or [refused.response]
    assert "has changed meanwhile" in told.content
    assert await told.attachments[0].read() == b"Alice has a dog."
    assert "dog" not in (await head(stage))


async def test_it_can_be_forgotten(stage: Stage, admin: MemberActor) -> None:
    await talk_until_cut(stage)
    await admin.click(await shown(stage, admin), label="Forget summary")
    message = await shown(stage, admin)
    assert "are forgotten" in message.content
    assert labels(message) == ["Edit summary"]
    assert RECAP not in await head(stage)


async def test_only_who_may_manage_messages_can_change_it(stage: Stage, admin: MemberActor) -> None:
    await talk_until_cut(stage)
    message = await shown(stage, admin)
    for role in list(stage.env.backend.get_member(stage.guild.id, admin.id).role_ids):
        stage.env.backend.remove_member_role(stage.guild.id, admin.id, role)
    refused = await admin.click(message, label="Forget summary")
    assert "may manage messages" in (refused.response or refused.followups[0]).content
    assert RECAP in await head(stage)


async def test_in_direct_messages_it_is_ones_own(stage: Stage) -> None:
    for _ in range(12):
        await stage.alice.send_dm("I have a dog " + "filler " * 60)
        await stage.bot.conversations.summaries.finished()
        context = await stage.alice.user.slash("context")
        if context.followups and "I wrote it" in context.followups[0].content:
            break
    [message] = context.followups
    assert "https://discord.com/channels/@me/" in message.content
    await stage.alice.user.click(message, label="Forget summary")
    [message] = (await stage.alice.user.slash("context")).followups
    assert "are forgotten" in message.content


def _field(modal: dict) -> str:
    row = modal["components"][0]
    return (row.get("component") or row["components"][0])["custom_id"]
