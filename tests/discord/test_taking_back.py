"""`/undo`, `/redo`, `/rewind`, and `/reset` with its undo, as people in the channel see them."""

from __future__ import annotations

import discord
import pytest
from simcord.actors import MemberActor

from bot.errors import EngineInterrupted
from cogs.taking_back import MARK
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL, labels, play, speech

pytestmark = VIRTUAL

# For tests in which somebody is refused: simcord takes that for a failure.
REFUSED = pytest.mark.simcord(horizon=0.8, check_errors=False)

STUB = "-# Taken back with /undo. /redo brings it back."
LONG = "A sentence of this answer. " * 150


@pytest.fixture
def mod(stage: Stage) -> MemberActor:
    """Somebody who may manage messages."""
    role = stage.guild.create_role("Mods", permissions=discord.Permissions(manage_messages=True))
    return stage.guild.add_member(stage.env.create_user("mod", global_name="Mod"), roles=[role])


async def ask(
    stage: Stage, text: str, answer: object = "Fine.", by: MemberActor | None = None
) -> discord.Message:
    """Ask, and let it be answered; returns the question."""
    stage.engine.answers = [answer]
    message = await (by or stage.alice).send(stage.channel, f"{stage.me} {text}")
    await stage.settle()
    return message


def marks(stage: Stage, message: discord.Message) -> list[str]:
    """The reactions under a message."""
    (found,) = [one for one in stage.channel.history() if one.id == message.id]
    return [str(reaction.emoji) for reaction in found.reactions]


def icons(message: discord.Message) -> list[str]:
    """The controls under a message."""
    return [str(item.emoji) for row in message.components for item in row.children if item.emoji]


async def visible(stage: Stage) -> str:
    """The next prompt's talk, from the first question on."""
    await ask(stage, "next?", "Next.")
    return stage.engine.prompts[-1].split("<|im_start|>user\n", 1)[1]


async def test_undo_takes_the_last_question_and_its_reply_out_of_sight(stage: Stage) -> None:
    kept = await ask(stage, "one", "First.")
    gone = await ask(stage, "the second question", "Second.")
    done = await stage.alice.slash(stage.channel, "undo")
    assert not done.ephemeral
    assert done.response.content == (
        "-# Taken back: “the second question” and my reply. /redo brings it back."
    )
    assert stage.said()[:2] == ["First.", STUB]
    assert (marks(stage, kept), marks(stage, gone)) == ([], [MARK])
    prompt = await visible(stage)
    assert "one" in prompt
    assert "First." in prompt
    assert "second" not in prompt.lower()


async def test_of_a_long_reply_one_line_stays_and_redo_brings_all_of_it(stage: Stage) -> None:
    asked = await ask(stage, "tell me", LONG)
    before = stage.said()
    assert len(before) == 3
    await stage.alice.slash(stage.channel, "undo")
    assert stage.said()[0] == STUB
    assert len(stage.said()) == 2, "the line, and the answer to the command"
    back = await stage.alice.slash(stage.channel, "redo")
    assert back.response.content == "-# Brought back: “tell me” and my reply."
    assert marks(stage, asked) == []
    shown = [message for message in stage.shown() if not message.content.startswith("-# ")]
    assert [message.content for message in shown] == before
    turn = (await stage.bot.conversations.history(f"discord:{stage.channel.id}"))[-1]
    assert turn.shown == tuple(str(message.id) for message in shown)
    assert LONG.strip() in await visible(stage)


@REFUSED
async def test_several_steps_come_back_in_one(stage: Stage) -> None:
    for text in ("one", "two", "three"):
        await ask(stage, text, f"{text}!")
    done = await stage.alice.slash(stage.channel, "undo", steps=2)
    assert "2 exchanges, from “two” on" in done.response.content
    assert stage.said()[:3] == ["one!", STUB, STUB]
    await stage.alice.slash(stage.channel, "redo")
    assert stage.said()[:3] == ["one!", "two!", "three!"]
    nothing = await stage.alice.slash(stage.channel, "redo")
    assert nothing.ephemeral
    assert "nothing to bring back" in nothing.response.content


async def test_two_undos_come_back_one_by_one_also_after_a_restart(
    stage: Stage, make_bot: MakeBot
) -> None:
    for text in ("one", "two"):
        await ask(stage, text, f"{text}!")
    await stage.alice.slash(stage.channel, "undo")
    await stage.alice.slash(stage.channel, "undo")
    assert stage.said()[:2] == [STUB, STUB]
    await stage.env.restart_bot(make_bot())
    await stage.alice.slash(stage.channel, "redo")
    assert stage.said()[:2] == ["one!", STUB]
    await stage.alice.slash(stage.channel, "redo")
    assert stage.said()[:2] == ["one!", "two!"]
    prompt = await visible(stage)
    assert prompt.index("one!") < prompt.index("two!")


@REFUSED
async def test_something_new_leaves_it_behind(stage: Stage) -> None:
    await ask(stage, "one", "First.")
    await stage.alice.slash(stage.channel, "undo")
    assert "First." not in await visible(stage)
    nothing = await stage.alice.slash(stage.channel, "redo")
    assert "nothing to bring back" in nothing.response.content
    assert stage.said()[0] == STUB


@REFUSED
async def test_strangers_may_not_but_those_who_manage_messages(
    stage: Stage, mod: MemberActor
) -> None:
    await ask(stage, "mine", "Yours.")
    for command in ("undo", "rewind"):
        options = {"exchanges": 1} if command == "rewind" else {}
        refused = await stage.bob.slash(stage.channel, command, **options)
        assert refused.ephemeral
        assert "Only those whose questions" in refused.response.content
    assert stage.said() == ["Yours."]
    await mod.slash(stage.channel, "undo")
    assert stage.said()[0] == STUB
    assert "Only those" in (await stage.bob.slash(stage.channel, "redo")).response.content
    await stage.alice.slash(stage.channel, "redo")
    assert stage.said()[0] == "Yours."


@REFUSED
async def test_nobody_takes_back_others_questions_with_their_own(stage: Stage) -> None:
    await ask(stage, "from bob", "To Bob.", stage.bob)
    await ask(stage, "from alice", "To Alice.")
    refused = await stage.alice.slash(stage.channel, "undo", steps=2)
    assert "Only those" in refused.response.content
    await stage.alice.slash(stage.channel, "undo")
    assert stage.said()[:2] == ["To Bob.", STUB]


async def test_in_a_direct_message(stage: Stage) -> None:
    stage.engine.answers = ["In private."]
    await stage.alice.send_dm("hi")
    done = await stage.alice.user.slash("undo")
    assert "“hi” and my reply" in done.response.content
    nothing = await stage.alice.user.slash("undo")
    assert "nothing to take back" in nothing.response.content
    await stage.alice.send_dm("again")
    assert "In private." not in stage.engine.prompts[-1]


async def test_a_question_by_command_can_be_taken_back(stage: Stage) -> None:
    stage.engine.answers = ["By command."]
    asked = await stage.alice.slash(stage.channel, "ask", question="how?")
    done = await stage.alice.slash(stage.channel, "undo")
    assert done.response.content.count("\n") == 0, "it lacks no mark"
    assert asked.response.content == STUB
    await stage.alice.slash(stage.channel, "redo")
    assert asked.response.content == "By command."


async def test_without_the_right_to_react_it_says_what_counts_no_longer(stage: Stage) -> None:
    await ask(stage, "one")
    stage.env.inject_error("PUT", "/channels/*/reactions/*", status=403, code=50013)
    done = await stage.alice.slash(stage.channel, "undo")
    assert "1 message of yours no longer counts" in done.response.content


@REFUSED
async def test_people_who_were_answered_together_are_named_again(
    stage: Stage, mod: MemberActor
) -> None:
    stage.engine.answers = [speech(4, 1.0), "To both."]
    await stage.alice.send(stage.channel, f"{stage.me} one")
    await stage.alice.send(stage.channel, f"{stage.me} two")
    await stage.bob.send(stage.channel, f"{stage.me} three")
    await play(stage.env, 8)
    before = stage.said()
    assert before[-1].endswith("To both.")
    assert str(stage.alice.id) in before[-1]
    assert "Only those" in (await stage.bob.slash(stage.channel, "undo")).response.content
    await mod.slash(stage.channel, "undo")
    await mod.slash(stage.channel, "redo")
    assert stage.said()[:2] == before


async def test_what_was_written_has_no_effect_in_the_answer(stage: Stage) -> None:
    await ask(stage, f"**hey** <@{stage.bob.id}> @everyone `x`")
    done = await stage.alice.slash(stage.channel, "undo")
    assert "**hey**" not in done.response.content
    assert not done.response.message.mentions


@REFUSED
async def test_undo_stops_a_reply_that_is_being_written(stage: Stage) -> None:
    await ask(stage, "kept", "Kept.")
    stage.engine.answers = [speech(60, 1.0)]
    await stage.alice.send(stage.channel, f"{stage.me} long one")
    await play(stage.env, 3.5)
    refused = await stage.bob.slash(stage.channel, "undo")
    assert "Only those" in refused.response.content
    assert stage.engine.closed == 0
    await stage.alice.slash(stage.channel, "undo")
    assert stage.engine.closed == 1
    assert stage.said()[:2] == ["Kept.", STUB]
    assert labels(stage.shown()[1]) == []
    assert "long one" not in await visible(stage)


async def test_a_broken_reply_goes_with_its_button(stage: Stage) -> None:
    await ask(stage, "hi", [1.0, "It began", 1.0, EngineInterrupted()])
    await play(stage.env, 3.5)
    assert labels(stage.shown()[0]) == ["Retry"]
    await stage.alice.slash(stage.channel, "undo")
    assert stage.said()[0] == STUB
    assert labels(stage.shown()[0]) == []


async def test_the_newest_reply_has_the_controls(stage: Stage) -> None:
    await ask(stage, "one", "First.")
    row = icons(stage.shown()[0])
    assert row
    await ask(stage, "two", "Second.")
    await stage.alice.slash(stage.channel, "undo")
    await play(stage.env, 30, step=1)
    assert [icons(message) for message in stage.shown()[:2]] == [row, []]
    await stage.alice.slash(stage.channel, "redo")
    await play(stage.env, 30, step=1)
    assert stage.said()[:2] == ["First.", "Second."]
    assert [icons(message) for message in stage.shown()[:2]] == [[], row]


async def test_what_the_bot_posted_unasked_is_no_reply_with_controls(stage: Stage) -> None:
    posted = await stage.bot.get_channel(stage.channel.id).send("A reminder.")
    conversation, timeline = f"discord:{stage.channel.id}", stage.bot.conversations.timeline
    await timeline.say(conversation, str(posted.id), "A reminder.")
    await ask(stage, "one", "First.")
    await stage.alice.slash(stage.channel, "undo")
    done = await stage.alice.slash(stage.channel, "undo")
    assert "my message “A reminder.”" in done.response.content
    assert stage.said()[:2] == [STUB, STUB]
    await stage.alice.slash(stage.channel, "redo")
    assert stage.said()[:2] == ["A reminder.", STUB]
    assert icons(stage.shown()[0]) == []
    await stage.alice.slash(stage.channel, "redo")
    assert icons(stage.shown()[1])


@REFUSED
async def test_a_reset_is_undone_by_who_may_reset(stage: Stage, mod: MemberActor) -> None:
    await ask(stage, "remember 42", "I will.")
    done = await mod.slash(stage.channel, "reset")
    assert "/undo brings the old one back" in done.response.content
    refused = await stage.alice.slash(stage.channel, "undo")
    assert refused.ephemeral
    back = await mod.slash(stage.channel, "undo")
    assert back.response.content == "The /reset is undone: I remember 2 messages again."
    assert "remember 42" in await visible(stage)


async def test_a_reset_stays_once_something_new_is_said(stage: Stage, mod: MemberActor) -> None:
    await ask(stage, "remember 42", "I will.")
    await mod.slash(stage.channel, "reset")
    await ask(stage, "new", "New.")
    done = await mod.slash(stage.channel, "undo")
    assert "“new” and my reply" in done.response.content
    assert stage.said()[0] == "I will."


class TestRewind:
    """`/rewind` takes back all that came after a message."""

    async def test_to_a_message(self, stage: Stage) -> None:
        await ask(stage, "one", "First.")
        first = stage.shown()[0]
        second = await ask(stage, "two", "Second.")
        done = await stage.alice.slash(stage.channel, "rewind", to=first.jump_url)
        assert not done.ephemeral
        assert "“two” and my reply" in done.response.content
        assert stage.said()[:2] == ["First.", STUB.replace("/undo", "/rewind")]
        assert marks(stage, second) == [MARK]
        await stage.alice.slash(stage.channel, "redo")
        assert stage.said()[:2] == ["First.", "Second."]

    async def test_much_is_asked_about_first_also_after_a_restart(
        self, stage: Stage, make_bot: MakeBot
    ) -> None:
        for text in ("zero", "one", "two", "three"):
            await ask(stage, text, f"{text}!")
        first = str(stage.shown()[0].id)
        asked = await stage.alice.slash(stage.channel, "rewind", to=first)
        assert asked.ephemeral
        assert "3 exchanges, from “one” on" in asked.response.content
        assert labels(asked.response.message) == ["Take it back", "Cancel"]
        assert stage.said()[:4] == ["zero!", "one!", "two!", "three!"]
        await stage.env.restart_bot(make_bot())
        pressed = await stage.alice.click(asked.response.message, label="Take it back")
        assert asked.response.content == "Done."
        assert labels(asked.response.message) == []
        told = pressed.followups[0]
        assert not told.ephemeral
        assert "3 exchanges" in told.content
        stub = STUB.replace("/undo", "/rewind")
        assert [said for said in stage.said() if said in ("zero!", stub)] == ["zero!", *[stub] * 3]
        prompt = await visible(stage)
        assert "zero!" in prompt
        assert "three" not in prompt

    async def test_it_can_be_left_alone(self, stage: Stage) -> None:
        for text in ("one", "two", "three"):
            await ask(stage, text, f"{text}!")
        asked = await stage.alice.slash(stage.channel, "rewind", exchanges=3)
        await stage.alice.click(asked.response.message, label="Cancel")
        assert asked.response.content == "Nothing was taken back."
        assert "three!" in await visible(stage)

    async def test_everything(self, stage: Stage) -> None:
        for text in ("one", "two", "three"):
            await ask(stage, text, f"{text}!")
        asked = await stage.alice.slash(stage.channel, "rewind", exchanges=200)
        await stage.alice.click(asked.response.message, label="Take it back")
        assert await visible(stage) == "Alice: next?<|im_end|>\n<|im_start|>assistant\n"

    async def test_what_others_said_meanwhile_is_not_taken_along(self, stage: Stage) -> None:
        for text in ("one", "two", "three"):
            await ask(stage, text, f"{text}!")
        asked = await stage.alice.slash(stage.channel, "rewind", exchanges=3)
        await ask(stage, "and mine", "Yours.", stage.bob)
        pressed = await stage.alice.click(asked.response.message, label="Take it back")
        assert "Only those" in pressed.response.content
        assert "Yours." in stage.said()

    @REFUSED
    async def test_what_makes_no_sense_is_refused_in_words(self, stage: Stage) -> None:
        await ask(stage, "one", "First.")
        reply = stage.shown()[0]
        other = stage.guild.create_text_channel("other")
        for options, words in (
            ({}, "not both"),
            ({"to": "123456789012345678", "exchanges": 1}, "not both"),
            ({"to": "yesterday"}, "no message"),
            ({"to": "123456789012345678"}, "not part of what I remember"),
            ({"to": str(reply.id)}, "Nothing that I remember came after"),
            ({"to": f"https://discord.com/channels/1/{other.id}/{reply.id}"}, "another channel"),
        ):
            refused = await stage.alice.slash(stage.channel, "rewind", **options)
            assert words in refused.response.content
            assert refused.ephemeral
        assert stage.said() == ["First."]
