"""Replies that wait for the engine: a real one with few slots, and one that refuses."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

import pytest
import pytest_asyncio

from bot.conversation.ask import Ask
from bot.conversation.limits import ReplyLimits
from bot.conversation.model import Model
from bot.conversation.queue import Line
from bot.conversation.reply import Reply
from bot.conversation.service import Conversations
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.errors import EngineBusy, LimitReached
from bot.store.history import RedisStore
from tests.engine.reading import until
from tests.stand_ins.tgi import Fault, TgiStandIn

QUICK = Limits(first_token=60, silence=60, attempts=1, patience=0.5)


@pytest_asyncio.fixture
async def tgi():
    async with TgiStandIn("Hello there!", ttft=0.05) as server:
        yield server


@dataclass
class Crowd:
    """People who ask at the same time, each in a channel of their own."""

    conversations: Conversations
    answered: list[str]

    @property
    def line(self) -> Line:
        return self.conversations.models.named("").line

    async def ask(
        self, channel: str, *, person: str = "", server: str = "1", key: str = ""
    ) -> Reply:
        origin = {"channel": channel, "guild": server}
        ask = Ask(f"discord:{channel}", key or f"1{channel}", person or channel, "Hi!", "", origin)
        async with self.conversations.turn(ask) as reply:
            assert reply is not None
            await reply.finished()
            await reply.commit(())
            self.answered.append(channel)
            return reply


@pytest_asyncio.fixture
async def crowd_with(tgi: TgiStandIn, store: RedisStore):
    """Builds a core with its own line and limits."""
    engine = TgiEngine(tgi.url, limits=QUICK)

    def build(line: Line, **allowed: int) -> Crowd:
        model = Model(engine, None, 1024)
        limits = ReplyLimits(**allowed)
        return Crowd(Conversations(engine, store, model, line=line, limits=limits), [])

    async with aclosing(engine):
        yield build


async def test_one_slot_serves_one_reply_at_a_time(crowd_with, tgi: TgiStandIn):
    crowd = crowd_with(Line(1))
    await asyncio.gather(*(crowd.ask(str(n)) for n in range(5)))
    assert tgi.most_running == 1
    assert sorted(crowd.answered) == ["0", "1", "2", "3", "4"]


async def test_fifty_waiting_channels_of_one_server_do_not_delay_another(
    crowd_with, tgi: TgiStandIn
):
    crowd = crowd_with(Line(1))
    tgi.ttft = 60
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for n in range(51):
            group.create_task(crowd.ask(f"busy{n}", person=f"p{n % 4}", server="1", key=str(n)))
        await until(lambda: crowd.line.waiting == 50, 30)
        tgi.ttft = 0.02
        crowd.conversations.writing("discord:busy0").stop()
        before = len(crowd.answered)
        await crowd.ask("quiet", server="2")
        # Itself, the one that ran, and what was served while it was on its way into the line.
        assert len(crowd.answered) - before <= 6
        assert crowd.line.waiting > 40
    assert tgi.most_running == 1


async def test_the_engine_itself_tells_its_slots(crowd_with, tgi: TgiStandIn):
    tgi.max_concurrent_requests = 2
    crowd = crowd_with(Line())
    await crowd.ask("first")
    await asyncio.gather(*(crowd.ask(str(n)) for n in range(8)))
    assert tgi.most_running == 2
    assert len(tgi.generations) == 9  # nothing was refused


async def test_a_reply_tells_its_place_until_it_is_its_turn(crowd_with, tgi: TgiStandIn):
    tgi.gate = asyncio.Event()
    crowd = crowd_with(Line(1))
    first = asyncio.create_task(crowd.ask("first"))
    await until(lambda: tgi.running, 10)
    ask = Ask("discord:2", "12", "ann", "Hi!")
    places: list[int | None] = []
    async with crowd.conversations.turn(ask) as reply:
        assert reply is not None
        while not reply.text:
            await reply.changed()
            places.append(reply.place)
            tgi.gate.set()
        assert places[0] == 1
        assert reply.place is None
        await reply.finished()
        await reply.commit(())
    await first


async def test_stopped_while_it_waits_it_leaves_the_question_unanswered(
    crowd_with, tgi: TgiStandIn
):
    tgi.gate = asyncio.Event()
    crowd = crowd_with(Line(1))
    first = asyncio.create_task(crowd.ask("first"))
    await until(lambda: tgi.running, 10)
    ask = Ask("discord:2", "12", "ann", "Never mind.")
    async with crowd.conversations.turn(ask) as reply:
        assert reply is not None
        await reply.changed()
        reply.stop()
        await reply.finished()
        assert reply.stopped
        assert reply.place is None
        await reply.commit(())
    assert [turn.text for turn in await crowd.conversations.history("discord:2")] == ["Never mind."]
    assert not first.done()
    tgi.gate.set()
    await first
    assert len(tgi.generations) == 1
    assert await crowd.conversations.owed() == []


@pytest.mark.parametrize("how", ["stopped", "broken", "left"])
async def test_a_slot_comes_back_whatever_ends_a_reply(crowd_with, tgi: TgiStandIn, how: str):
    crowd = crowd_with(Line(1))
    if how == "broken":
        tgi.fault = Fault("error", times=1)
    tgi.ttft = 0.2
    async with crowd.conversations.turn(Ask("discord:2", "12", "ann", "Hi!")) as reply:
        assert reply is not None
        await until(lambda: tgi.running or reply.done, 10)
        if how == "stopped":
            reply.stop()
        if how == "broken":
            await reply.finished()
            assert reply.error
    tgi.ttft = 0.0
    async with asyncio.timeout(10):
        again = await crowd.ask("next")
    assert again.text == "Hello there!"


async def test_an_engine_that_is_busy_is_waited_for(crowd_with, tgi: TgiStandIn):
    tgi.fault = Fault("overloaded", times=2)
    crowd = crowd_with(Line())
    places: set[int | None] = set()
    async with crowd.conversations.turn(Ask("discord:2", "12", "ann", "Hi!")) as reply:
        assert reply is not None
        while not reply.done:
            await reply.changed()
            places.add(reply.place)
        await reply.commit(())
    assert reply.error is None
    assert reply.text == "Hello there!"
    assert 1 in places


async def test_an_engine_that_stays_busy_is_said_to_be(crowd_with, tgi: TgiStandIn):
    tgi.fault = Fault("overloaded")
    crowd = crowd_with(Line(patience=0.6))
    reply = await crowd.ask("first")
    assert isinstance(reply.error, EngineBusy)


async def test_the_whole_line_waits_for_when_a_busy_engine_wants_to_be_asked(
    crowd_with, tgi: TgiStandIn
):
    crowd = crowd_with(Line())
    await crowd.ask("warm")
    told = {"Retry-After": "1"}
    tgi.fault = Fault("status", status=429, headers=told, times=1)
    first = asyncio.create_task(crowd.ask("first"))
    await until(lambda: crowd.line.waiting == 1)
    others = [asyncio.create_task(crowd.ask(str(n))) for n in range(3)]
    for reply in await asyncio.gather(first, *others):
        assert reply.text == "Hello there!"
    _, refused, *later = tgi.generations
    assert len(later) == 4
    assert all(seen.arrived - refused.arrived >= 1 for seen in later)


async def test_longer_than_the_line_waits_is_told_at_once_and_to_each(crowd_with, tgi: TgiStandIn):
    crowd = crowd_with(Line())
    told = {"Retry-After": "3600"}
    tgi.fault = Fault("status", status=429, headers=told, times=2)
    async with asyncio.timeout(20):
        for reply in await asyncio.gather(crowd.ask("1"), crowd.ask("2")):
            assert isinstance(reply.error, EngineBusy)
            assert "wants to be asked again <t:" in reply.error.text
    # Whoever comes then is not kept waiting for an hour.
    assert (await crowd.ask("3")).text == "Hello there!"


async def test_a_crowd_at_an_engine_that_refuses_is_served_in_the_end(crowd_with, tgi: TgiStandIn):
    crowd = crowd_with(Line())
    await crowd.ask("warm")
    # It has fewer slots now than it has told.
    tgi.max_concurrent_requests = 2
    replies = await asyncio.gather(*(crowd.ask(str(n)) for n in range(12)))
    assert [reply.text for reply in replies] == ["Hello there!"] * 12
    assert tgi.most_running == 2


async def test_one_person_can_have_only_so_many_questions_in_line(crowd_with, tgi: TgiStandIn):
    tgi.ttft = 60
    crowd = crowd_with(Line(1), waiting=2)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for n in range(3):
            group.create_task(crowd.ask(str(n), person="ann"))
        await until(lambda: crowd.line.waiting == 2, 10)
        with pytest.raises(LimitReached, match="2 questions waiting"):
            await crowd.ask("4", person="ann")
        tgi.ttft = 0
        for n in range(3):
            if reply := crowd.conversations.writing(f"discord:{n}"):
                reply.stop()
        group.create_task(crowd.ask("5", person="bob"))


@pytest.mark.usefixtures("one_hour")
async def test_replies_are_counted_for_people_and_servers(crowd_with, tgi: TgiStandIn):
    crowd = crowd_with(Line(), per_user=2, per_server=3)
    await crowd.ask("1", person="ann")
    await crowd.ask("2", person="ann")
    with pytest.raises(LimitReached, match="You have used your 2 replies of this hour"):
        await crowd.ask("3", person="ann")
    await crowd.ask("4", person="bob")
    with pytest.raises(LimitReached, match="This server has used its 3 replies"):
        await crowd.ask("5", person="cay")
    await crowd.ask("6", person="cay", server="2")
    assert len(tgi.generations) == 4
    # Refused questions are no part of any conversation.
    assert list(await crowd.conversations.history("discord:3")) == []


@pytest.mark.usefixtures("one_hour")
async def test_a_retry_counts_as_a_reply(crowd_with, tgi: TgiStandIn):
    crowd = crowd_with(Line(), per_user=2)
    await crowd.ask("1", person="ann")
    async with crowd.conversations.again("discord:1", {}) as again:
        assert again is not None
        await again.finished()
        await again.commit(())
    with pytest.raises(LimitReached):
        async with crowd.conversations.again("discord:1", {}):
            pass
