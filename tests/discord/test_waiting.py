"""What people see while the model is busy: their place in the line, Stop, limits in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.limits import ReplyLimits
from bot.conversation.queue import Line
from bot.errors import EngineBusy
from cogs.live.wording import ordinal
from tests.discord.conftest import Stage
from tests.discord.live_support import VIRTUAL, Watch, labels, play, speech

pytestmark = VIRTUAL


@pytest.fixture
def core() -> dict[str, Any]:
    """One slot, so that every second question waits."""
    return {"line": Line(1)}


@pytest.fixture
def watch(stage: Stage) -> Watch:
    return Watch(stage.env)


async def ask(stage: Stage, channel: Any = None, text: str = "hi", who: Any = None) -> None:
    await (who or stage.alice).send(channel or stage.channel, f"{stage.me} {text}")


async def busy(stage: Stage, seconds: float = 60.0) -> None:
    """Let somebody's long answer take the only slot."""
    stage.engine.answers.append(speech(int(seconds / 0.5), 0.5))
    await ask(stage, stage.guild.create_text_channel("busy"))
    await play(stage.env, 2)


def test_places_in_words() -> None:
    numbers = (2, 3, 4, 11, 12, 13, 21, 22, 101, 111, 1002)
    assert " ".join(map(ordinal, numbers)) == (
        "2nd 3rd 4th 11th 12th 13th 21st 22nd 101st 111th 1,002nd"
    )


async def test_a_place_in_line_becomes_the_answer(stage: Stage, watch: Watch) -> None:
    await busy(stage, 12)
    stage.engine.answers.append(speech(20, 0.3, first=0.5))
    await ask(stage)
    await play(stage.env, 1)
    assert stage.said() == []  # only typing so far
    await play(stage.env, 1)
    assert stage.said() == ["-# You are next in line."]
    [waiting] = stage.shown()
    assert labels(waiting) == ["Stop"]
    assert waiting.reference is not None
    await play(stage.env, 20)
    [answer] = stage.shown()
    assert answer.id == waiting.id
    assert answer.content == ("word " * 20).strip()
    assert labels(answer) == []


async def test_a_short_wait_is_not_worth_a_word(stage: Stage, watch: Watch) -> None:
    await busy(stage, 2.5)
    stage.engine.answers.append(["All ", "right."])
    await ask(stage)
    await play(stage.env, 4)
    assert stage.said() == ["All right."]
    assert not [r for r in watch.requests if "in line" in r.content]


async def test_the_place_moves_up_every_few_seconds_at_most(stage: Stage, watch: Watch) -> None:
    await busy(stage, 5)
    stage.engine.default = speech(3, 1.0, first=1.0)
    for number in range(3):
        channel = stage.guild.create_text_channel(f"c{number}")
        await ask(stage, channel, who=stage.bob)
    await ask(stage)
    await play(stage.env, 1.75)
    assert stage.said() == ["-# You are 2nd in line."]  # Bob has asked before, but thrice
    await play(stage.env, 30)
    assert stage.said() == ["word word word"]
    # Four waited, and saw each place once: 1; 3, 2, 1; 4, 3, 2, 1; 2, 1.
    lines = [request for request in watch.requests if "in line" in request.content]
    assert [request.kind for request in lines].count("send") == 4
    assert len(lines) <= 10


async def test_stop_takes_the_question_out_of_the_line(stage: Stage) -> None:
    await busy(stage)
    await ask(stage, text="never mind")
    await play(stage.env, 2.5)
    [waiting] = stage.shown()
    await stage.alice.click(waiting, label="Stop")
    await play(stage.env, 1)
    assert stage.shown() == []
    conversations = stage.bot.conversations
    turns = await conversations.history(f"discord:{stage.channel.id}")
    assert [turn.role for turn in turns] == ["user"]
    assert len(stage.engine.requests) == 1
    assert conversations.models.named("").line.waiting == 0
    owed = [owed for place, owed in await conversations.owed() if str(stage.channel.id) in place]
    assert owed == []


async def test_only_the_asker_can_leave_the_line(stage: Stage) -> None:
    await busy(stage)
    await ask(stage)
    await play(stage.env, 2.5)
    [waiting] = stage.shown()
    pressed = await stage.bob.click(waiting, label="Stop")
    assert "Only who asked" in pressed.response.content
    assert stage.said() == ["-# You are next in line."]


async def test_a_waiting_message_that_is_deleted_ends_the_wait(stage: Stage) -> None:
    await busy(stage, 8)
    await ask(stage)
    await play(stage.env, 2.5)
    stage.env.backend.delete_message(stage.channel.id, stage.shown()[0].id)
    await play(stage.env, 10)
    assert stage.shown() == []
    assert stage.bot.conversations.models.named("").line.waiting == 0


async def test_a_command_waits_in_line_too(stage: Stage) -> None:
    await busy(stage, 10)
    stage.engine.answers.append("Here I am.")
    asked = await stage.bob.slash(stage.channel, "ask", question="hello")
    await play(stage.env, 2.5)
    [waiting] = stage.shown()
    assert waiting.content == "-# You are next in line."
    assert labels(waiting) == ["Stop"]
    await play(stage.env, 12)
    assert stage.said() == ["Here I am."]
    assert asked.response.id == waiting.id


async def test_a_command_that_is_stopped_in_line_leaves_nothing(stage: Stage) -> None:
    await busy(stage)
    await stage.bob.slash(stage.channel, "ask", question="hello")
    await play(stage.env, 2.5)
    [waiting] = stage.shown()
    await stage.bob.click(waiting, label="Stop")
    await play(stage.env, 1)
    assert stage.shown() == []


async def test_a_busy_engine_is_waited_for_and_people_see_that(stage: Stage) -> None:
    stage.engine.answers = [[1.0, EngineBusy()] for _ in range(3)] + ["Sorry for the wait."]
    await ask(stage)
    await play(stage.env, 4)
    assert stage.said() == ["-# You are next in line."]
    await play(stage.env, 5)
    assert stage.said() == ["Sorry for the wait."]


async def test_an_engine_that_stays_busy_ends_in_plain_words(stage: Stage) -> None:
    stage.engine.default = [1.0, EngineBusy()]
    await ask(stage)
    await play(stage.env, 150, step=1)
    [message] = stage.shown()
    assert message.content == EngineBusy.text
    assert labels(message) == ["Retry"]


@pytest.mark.usefixtures("one_hour")
class TestLimits:
    """How much one person may ask."""

    @pytest.fixture
    def core(self) -> dict[str, Any]:
        return {"limits": ReplyLimits(per_user=2)}

    @pytest.mark.simcord(horizon=0.8, check_errors=False)
    async def test_a_flood_is_told_once(self, stage: Stage) -> None:
        for n in range(6):
            await ask(stage, text=f"question {n}")
            await play(stage.env, 0.5)
        said = stage.said()
        assert said[:2] == ["All right.", "All right."]
        [told] = said[2:]
        assert told.startswith(
            "You have used your 2 replies of this hour; the next is possible <t:"
        )
        reactions = [m.reactions for m in stage.channel.history() if m.author.id == stage.alice.id]
        emoji = [str(r.emoji) for found in reactions for r in found]
        assert emoji == ["⏳"] * 3

    @pytest.mark.simcord(horizon=0.8, check_errors=False)
    async def test_another_person_is_answered(self, stage: Stage) -> None:
        for _ in range(3):
            await ask(stage)
            await play(stage.env, 0.5)
        await ask(stage, who=stage.bob)
        await play(stage.env, 0.5)
        assert stage.said()[-1] == "All right."

    @pytest.mark.simcord(horizon=0.8, check_errors=False)
    async def test_a_command_is_told_each_time(self, stage: Stage) -> None:
        for _ in range(2):
            await stage.alice.slash(stage.channel, "ask", question="hi")
        for _ in range(2):
            asked = await stage.alice.slash(stage.channel, "ask", question="hi")
            assert "2 replies of this hour" in asked.response.content


class TestWaiting:
    """How many questions of one person may wait."""

    @pytest.fixture
    def core(self) -> dict[str, Any]:
        return {"line": Line(1), "limits": ReplyLimits(waiting=2)}

    async def test_the_third_waiting_question_is_refused(self, stage: Stage) -> None:
        await busy(stage)
        for n in range(2):
            await ask(stage, stage.guild.create_text_channel(f"c{n}"), who=stage.bob)
            await play(stage.env, 0.5)
        last = stage.guild.create_text_channel("last")
        await ask(stage, last, who=stage.bob)
        await play(stage.env, 0.5)
        [told] = stage.said(last)
        assert told.startswith("You have 2 questions waiting already.")


class TestCalled:
    """Who waited long is called when the answer is there: edits call nobody."""

    @pytest.fixture
    def environ(self) -> dict[str, str]:
        return {"NOTIFY_AFTER": "5"}

    async def test_after_a_long_wait_in_line_the_asker_is_called(self, stage: Stage) -> None:
        await busy(stage, 14)
        stage.engine.answers.append("Here I am.")
        await ask(stage)
        await play(stage.env, 20)
        answer, call = stage.said()
        assert answer == "Here I am."
        assert call.startswith("-# Done: https://")
