"""Talks that go on in a thread: *Branch from here* and `/branch`."""

from __future__ import annotations

import discord
import pytest
from simcord.builders import ChannelHandle

from bot.conversation.tool_rules import ToolRules
from cogs.branching import NAME
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL

pytestmark = VIRTUAL

# For tests in which somebody is refused: simcord takes that for a failure.
REFUSED = pytest.mark.simcord(horizon=0.8, check_errors=False)


async def ask(
    stage: Stage, text: str, answer: str = "Fine.", channel: ChannelHandle | None = None
) -> discord.Message:
    stage.engine.answers = [answer]
    message = await stage.alice.send(channel or stage.channel, f"{stage.me} {text}")
    await stage.settle()
    return message


async def talk(stage: Stage) -> list[discord.Message]:
    """Two exchanges; returns the replies."""
    await ask(stage, "What is a bee?", "An insect.")
    await ask(stage, "And a wasp?", "Another one.")
    return stage.shown()


async def prompt_of(stage: Stage, channel: ChannelHandle, text: str, answer: str = "So.") -> str:
    """What the model is sent when somebody just goes on talking there."""
    stage.engine.answers = [answer]
    await stage.alice.send(channel, text)
    await stage.settle()
    return stage.engine.prompts[-1].split("<|im_start|>user\n", 1)[1]


async def test_a_branch_from_the_menu_of_a_message(stage: Stage) -> None:
    first, _ = await talk(stage)
    done = await stage.alice.context_menu(stage.channel, NAME, first)
    assert done.ephemeral
    [thread] = stage.channel.threads
    assert thread.id == first.id, "it hangs at the message"
    assert thread.name == "Branch: An insect."
    assert f"/{thread.id}" in done.response.content
    assert stage.said(thread) == [
        f"-# This goes on from {first.jump_url}: I remember 2 messages up to there."
    ]
    prompt = await prompt_of(stage, thread, "Does it sting?")
    assert prompt == (
        "Alice: What is a bee?<|im_end|>\n<|im_start|>assistant\nAn insect.<|im_end|>\n"
        "<|im_start|>user\nAlice: Does it sting?<|im_end|>\n<|im_start|>assistant\n"
    )


async def test_each_goes_its_own_way_also_after_a_restart(stage: Stage, make_bot: MakeBot) -> None:
    first, _ = await talk(stage)
    await stage.alice.context_menu(stage.channel, NAME, first)
    [thread] = stage.channel.threads
    await stage.env.restart_bot(make_bot())
    await prompt_of(stage, thread, "In the branch.", "Branched.")
    await ask(stage, "In the trunk.", "Trunk.")
    trunk = stage.engine.prompts[-1]
    assert "Another one." in trunk
    assert "ranch" not in trunk
    branch = await prompt_of(stage, thread, "Again.")
    assert "Branched." in branch
    assert "runk" not in branch
    assert "wasp" not in branch


async def test_undo_in_the_branch_leaves_the_messages_of_the_talk_before(stage: Stage) -> None:
    first, _ = await talk(stage)
    await stage.alice.context_menu(stage.channel, NAME, first)
    [thread] = stage.channel.threads
    done = await stage.alice.slash(thread, "undo")
    assert "“What is a bee?” and my reply" in done.response.content
    assert stage.said()[:2] == ["An insect.", "Another one."]
    await stage.alice.slash(thread, "redo")
    assert len(stage.said(thread)) == 3, "nothing is posted but the answers to the commands"
    await stage.alice.slash(thread, "undo")
    assert "insect" not in await prompt_of(stage, thread, "Hello?")


async def test_by_command_from_the_newest_message_with_a_name(stage: Stage) -> None:
    _, second = await talk(stage)
    await stage.alice.slash(stage.channel, "branch", name="Wasps")
    [thread] = stage.channel.threads
    assert (thread.id, thread.name) == (second.id, "Wasps")
    assert "Another one." in await prompt_of(stage, thread, "Go on.")


async def test_from_a_question_by_its_link(stage: Stage) -> None:
    asked = await ask(stage, "What is a bee?", "An insect.")
    await stage.alice.slash(stage.channel, "branch", message=asked.jump_url)
    [thread] = stage.channel.threads
    assert "I remember one message" in stage.said(thread)[0]
    prompt = await prompt_of(stage, thread, "Or a fly?")
    assert "What is a bee?" in prompt
    assert "insect" not in prompt


async def test_a_message_that_has_a_thread_is_branched_off_next_to_it(stage: Stage) -> None:
    first, _ = await talk(stage)
    await stage.alice.context_menu(stage.channel, NAME, first)
    await stage.alice.context_menu(stage.channel, NAME, first)
    assert len(stage.channel.threads) == 2
    other = next(thread for thread in stage.channel.threads if thread.id != first.id)
    assert "An insect." in await prompt_of(stage, other, "Go on.")


async def test_a_thread_that_the_bot_does_not_see_is_no_hindrance(stage: Stage) -> None:
    first, _ = await talk(stage)
    stage.env.inject_error("POST", "/channels/*/messages/*/threads", status=400, code=160004)
    await stage.alice.context_menu(stage.channel, NAME, first)
    [thread] = stage.channel.threads
    assert thread.id != first.id
    assert "An insect." in await prompt_of(stage, thread, "Go on.")


async def test_from_a_thread_it_goes_next_to_it_with_what_was_chosen_there(stage: Stage) -> None:
    side = stage.thread()
    await ask(stage, "In here.", "Side.", side)
    reply = stage.shown(side)[-1]
    await stage.bot.conversations.set_system(f"discord:{side.id}", "You are a bee.")
    await stage.bot.engines.choose(f"discord:{side.id}", "other")
    await stage.alice.context_menu(side, NAME, reply)
    [thread] = [thread for thread in stage.channel.threads if thread.id != side.id]
    assert (await stage.bot.engines.at(f"discord:{thread.id}")).engine == "other"
    assert "Side." in await prompt_of(stage, thread, "Go on.")
    assert "You are a bee." in stage.engine.prompts[-1]


async def test_instead_of_taking_back_what_came_after_a_reply(stage: Stage) -> None:
    first, _ = await talk(stage)
    asked = await stage.alice.context_menu(stage.channel, "Regenerate", first)
    await stage.alice.click(asked.response.message, label="Branch into a thread instead")
    [thread] = stage.channel.threads
    prompt = await prompt_of(stage, thread, "Go on.")
    assert "An insect." in prompt
    assert "wasp" not in prompt
    assert stage.said()[:2] == ["An insect.", "Another one."]


async def test_a_branch_of_a_private_thread_is_private(stage: Stage) -> None:
    may = discord.PermissionOverwrite(create_private_threads=True)
    channel = stage.guild.create_text_channel("closed", overwrites={stage.alice: may})
    private = discord.ChannelType.private_thread.value
    made = stage.env.backend.create_thread(channel.id, "secret", stage.alice.id, type=private)
    stage.env.backend.add_thread_member(made.id, stage.env.backend.bot_user.id)
    secret = ChannelHandle(stage.env, stage.guild, made)
    await ask(stage, "Psst.", "Hush.", secret)
    await stage.alice.context_menu(secret, NAME, stage.shown(secret)[-1])
    [thread] = [thread for thread in channel.threads if thread.id != secret.id]
    stored = stage.env.backend.get_channel(thread.id)
    assert stored.type == private
    assert stage.alice.id in stored.thread_members
    assert "Hush." in await prompt_of(stage, thread, "Go on.")


async def test_in_a_forum_it_is_a_new_post(stage: Stage) -> None:
    forum = stage.guild.create_forum_channel("forum")
    made = stage.env.backend.create_thread(forum.id, "post", stage.alice.id)
    post = ChannelHandle(stage.env, stage.guild, made)
    await ask(stage, "A topic.", "A thought.", post)
    await stage.alice.context_menu(post, NAME, stage.shown(post)[-1])
    [thread] = [thread for thread in forum.threads if thread.id != post.id]
    assert stage.said(thread)[0].startswith("-# A branch of https://")
    assert "A thought." in await prompt_of(stage, thread, "Go on.")


@REFUSED
async def test_where_channels_have_no_threads_it_says_so(stage: Stage) -> None:
    voice = stage.guild.create_voice_channel("voice")
    await ask(stage, "hi", "Hello.", voice)
    refused = await stage.alice.slash(voice, "branch")
    assert "this kind of channel has no threads" in refused.response.content


async def test_tool_rules_are_copied_from_place_to_place(stage: Stage) -> None:
    rules = ToolRules(stage.bot.store)
    await rules.switch("a", "dice", False)
    await rules.copy("a", "b")
    await rules.copy("nowhere", "c")
    assert set(await stage.bot.store.tool_rules()) == {"a", "b"}
    assert len(set((await stage.bot.store.tool_rules()).values())) == 1


@REFUSED
async def test_what_is_not_remembered_makes_no_thread(stage: Stage) -> None:
    await talk(stage)
    stranger = await stage.bob.send(stage.channel, "nobody asked you")
    refused = await stage.alice.context_menu(stage.channel, NAME, stranger)
    assert "not part of what I remember" in refused.response.content
    assert refused.ephemeral
    empty = stage.guild.create_text_channel("empty")
    refused = await stage.alice.slash(empty, "branch")
    assert "nothing that was said here" in refused.response.content
    assert stage.channel.threads == []


@REFUSED
async def test_who_may_not_make_threads_may_not_branch(stage: Stage) -> None:
    denied = discord.PermissionOverwrite(create_public_threads=False)
    closed = stage.guild.create_text_channel("closed", overwrites={stage.alice: denied})
    await ask(stage, "hi", "Hello.", closed)
    refused = await stage.alice.context_menu(closed, NAME, stage.shown(closed)[0])
    assert "you need the permission **Create Public Threads**" in refused.response.content
    mute = stage.guild.create_text_channel("mute", overwrites={stage.bot.user: denied})
    await ask(stage, "hi", "Hello.", mute)
    refused = await stage.alice.context_menu(mute, NAME, stage.shown(mute)[0])
    assert "I need the permission **Create Public Threads**" in refused.response.content
    assert closed.threads == mute.threads == []


@REFUSED
async def test_there_are_no_threads_in_direct_messages(stage: Stage) -> None:
    await stage.alice.send_dm("hi")
    refused = await stage.alice.user.slash("branch")
    assert "no threads in direct messages" in refused.response.content


@pytest.mark.simcord(content=False, horizon=0.8)
async def test_without_the_message_content_intent_it_asks_for_mentions(stage: Stage) -> None:
    first, _ = await talk(stage)
    await stage.alice.context_menu(stage.channel, NAME, first)
    [thread] = stage.channel.threads
    assert "Mention me here" in stage.said(thread)[0]
