"""The button Thoughts: what a model thought before it answered."""

from __future__ import annotations

import discord
import pytest

from bot.conversation.ports import EngineInfo
from bot.net.fetch import Fetcher
from bot.settings import load
from bot.tools.kit import Kit
from cogs.places import server_place
from cogs.tools import ToolCog
from cogs.tools.dice import Dice
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import controls, labels
from tests.stand_ins.engine import ScriptedEngine

THINKING = "<think>She wants *stars*.\nOr || more ||?</think>Here they are."


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(info=EngineInfo(kind="scripted", model="Hermes-4-14B"))


async def ask(stage: Stage, answer: str = THINKING) -> discord.Message:
    stage.engine.answers = [answer]
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    return stage.shown()[-1]


async def test_the_asker_sees_them_as_a_spoiler(stage: Stage) -> None:
    message = await ask(stage)
    assert (message.content, labels(message)) == ("Here they are.", ["Thoughts"])
    pressed = await stage.alice.click(message, label="Thoughts")
    assert pressed.response.ephemeral
    assert pressed.response.content == (r"||She wants \*stars\*." + "\n" + r"Or \|\| more \|\|?||")


async def test_it_thinks_first_where_a_server_wants_it(stage: Stage) -> None:
    await ask(stage)
    assert "deep thinking" not in stage.engine.prompts[-1]
    await stage.bot.configuration.change(server_place(stage.guild.id), thinks=True)
    await ask(stage)
    head, _, _ = stage.engine.prompts[-1].partition("<|im_end|>")
    assert head.startswith("<|im_start|>system\nYou are Hermes 4, ")
    # The tags are the model's own: they must not be made harmless as those of people are.
    assert "inside <think> </think> tags, and then provide your solution" in head
    admin = stage.person("admin", manage_channels=True)
    await admin.slash(stage.channel, "system set", text="You are a <think>er.")
    await ask(stage)
    head, _, _ = stage.engine.prompts[-1].partition("<|im_end|>")
    assert head.startswith("<|im_start|>system\nYou are a <\u200bthink>er.\n\n")
    assert head.endswith("response to the problem.")


class TestAScratchPad:
    @pytest.fixture
    def engine(self) -> ScriptedEngine:
        return ScriptedEngine(info=EngineInfo(kind="scripted", model="Hermes-3-Llama-3.1-8B"))

    @pytest.fixture
    def tool_cogs(self) -> list[ToolCog]:
        return [Dice(Kit(load({}), Fetcher(), None))]

    async def test_is_for_tools_and_seen_by_who_asked_only(
        self, stage: Stage, tool_cogs: list[ToolCog]
    ) -> None:
        await stage.bot.configuration.change(server_place(stage.guild.id), thinks=True)
        pad = "<scratch_pad>\nGoal: a coin\nActions:\n- {c} = functions.flip_coin()\n</scratch_pad>"
        call = '<tool_call>\n{"name": "flip_coin", "arguments": {}}\n</tool_call>'
        stage.engine.answers = [f"{pad}\n{call}", "Heads, I think."]
        await stage.alice.send(stage.channel, f"{stage.me} flip a coin")
        assert "inside <scratch_pad> </scratch_pad> XML tags" in stage.engine.prompts[0]
        assert len(stage.engine.prompts) == 2
        message = stage.shown()[-1]
        assert message.content.endswith("Heads, I think.")
        assert "scratch_pad" not in message.content
        pressed = await stage.alice.click(message, label="Thoughts")
        assert "Goal: a coin" in pressed.response.content


async def test_strangers_do_not_but_moderators_do(stage: Stage) -> None:
    message = await ask(stage)
    refused = await stage.bob.click(message, label="Thoughts")
    assert refused.response.ephemeral
    assert "Only who asked" in refused.response.content
    power = discord.Permissions(manage_messages=True)
    moderator = stage.guild.add_member(
        stage.env.create_user("mod"), roles=[stage.guild.create_role("mods", permissions=power)]
    )
    seen = await moderator.click(message, label="Thoughts")
    assert "She wants" in seen.response.content


async def test_long_ones_come_as_a_hidden_file(stage: Stage) -> None:
    message = await ask(stage, f"<think>{'so and so ' * 5_000}</think>Well.")
    pressed = await stage.alice.click(message, label="Thoughts")
    [file] = pressed.response.attachments
    assert file.filename == "SPOILER_thoughts.txt"
    text = (await file.read()).decode()
    assert len(text) <= 16_384
    assert "characters left out" in text


async def test_they_survive_a_restart_and_a_reset_forgets_them(
    stage: Stage, make_bot: MakeBot
) -> None:
    message = await ask(stage)
    await stage.env.restart_bot(make_bot())
    pressed = await stage.alice.click(message, label="Thoughts")
    assert "She wants" in pressed.response.content
    await stage.env.bot.conversations.timeline.reset(f"discord:{stage.channel.id}")
    gone = await stage.alice.click(message, label="Thoughts")
    assert "do not have those thoughts any more" in gone.response.content


async def test_they_never_come_back_to_the_model(stage: Stage) -> None:
    await ask(stage)
    await ask(stage, "Fine.")
    assert "She wants" not in stage.engine.prompts[-1]
    assert "Here they are." in stage.engine.prompts[-1]
    assert labels(stage.shown()[-1]) == []


async def test_an_answer_without_thoughts_has_no_button(stage: Stage) -> None:
    assert labels(await ask(stage, "<think> </think>Plain.")) == []


async def test_there_is_room_for_one_button_more_when_the_question_is_edited(
    stage: Stage,
) -> None:
    stage.engine.answers = [THINKING]
    question = await stage.alice.send(stage.channel, f"{stage.me} hi")
    await stage.alice.edit(question, f"{stage.me} hello")
    message = stage.shown()[-1]
    assert len(controls(message)) == 4
    assert labels(message) == ["Thoughts", "Answer again"]
