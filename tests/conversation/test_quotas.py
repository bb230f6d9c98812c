"""Quotas of replies and tokens: a real store, and processes that know nothing of each other."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
import pytest_asyncio

from bot.conversation.ask import Ask
from bot.conversation.fair_order import Asker
from bot.conversation.limits import ReplyLimits
from bot.conversation.model import Model
from bot.conversation.quotas import Quota
from bot.conversation.reply import Reply
from bot.conversation.service import Conversations
from bot.conversation.structured import JsonMode
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.errors import AnswerUnfit, LimitReached
from bot.schemas.reading import read
from bot.store.history import RedisStore
from tests.engine.reading import until
from tests.stand_ins.tgi import TgiStandIn

pytestmark = pytest.mark.usefixtures("one_hour")

QUICK = Limits(first_token=20, silence=20, attempts=1)


@pytest_asyncio.fixture
async def tgi():
    async with TgiStandIn("Hello there!") as server:
        yield server


class Process:
    """A bot process of its own, over the store that all of them share."""

    def __init__(self, engine: TgiEngine, store: RedisStore, **allowed: int) -> None:
        model = Model(engine, None, 1024)
        self.conversations = Conversations(engine, store, model, limits=ReplyLimits(**allowed))

    async def ask(self, key: str, person: str, place: str = "", **noted: str) -> Reply | None:
        origin = {"guild": "1", "asker": person, **noted}
        text = f"question {key}"
        ask = Ask(f"discord:{place or key}", key, person, text, person, origin)
        async with self.conversations.turn(ask) as reply:
            if reply:
                await reply.finished()
                await reply.commit(())
            return reply

    async def refused(self, key: str, person: str, **more: Any) -> str:
        with pytest.raises(LimitReached) as refusal:
            await self.ask(key, person, **more)
        return refusal.value.text

    async def used(self, person: str, *roles: str) -> dict[Quota, int]:
        found = await self.conversations.used(Asker(person, "1", frozenset(roles)))
        return {one.quota: one.used for one in found}


@pytest_asyncio.fixture
async def process(tgi: TgiStandIn, store: RedisStore):
    """Starts processes."""
    engine = TgiEngine(tgi.url, limits=QUICK)
    async with aclosing(engine):
        yield lambda **allowed: Process(engine, store, **allowed)


async def test_a_restarted_process_knows_what_was_used(process, tgi: TgiStandIn):
    await process(per_user=1).ask("1", "ann")
    restarted = process(per_user=1)
    assert "You have used your 1 reply of this hour" in await restarted.refused("2", "ann")
    assert len(tgi.generations) == 1
    assert list(await restarted.conversations.history("discord:2")) == []
    assert await restarted.ask("3", "bob")


async def test_two_processes_count_together(process, tgi: TgiStandIn):
    one, other = process(per_user=3), process(per_user=3)
    await one.ask("1", "ann")
    await other.ask("2", "ann")
    await one.ask("3", "ann")
    for each in (one, other):
        assert "You have used your 3 replies of this hour" in await each.refused("4", "ann")
    assert len(tgi.generations) == 3


async def test_what_begins_in_the_same_moment_is_not_too_much(process, tgi: TgiStandIn):
    tgi.ttft = 0.1
    one = process(per_user=2)
    asked = (one.ask(str(number), "ann") for number in range(8))
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(found, Reply) for found in results) == 2
    assert sum(isinstance(found, LimitReached) for found in results) == 6


async def test_tokens_are_those_that_the_model_writes(process):
    one = process(tokens_per_user=1)
    await one.ask("1", "ann")
    for each in (one, process(tokens_per_user=1)):
        assert "as much for you as I may in an hour (1 token)" in await each.refused("2", "ann")
    assert await one.ask("3", "bob")


async def test_a_server_has_its_tokens(process, tgi: TgiStandIn):
    one = process(tokens_per_server=3)
    reply = await one.ask("1", "ann")
    quota = Quota("tokens", "server", "server:1", 3)
    assert reply.end.generated_tokens == (await one.used("bob"))[quota] > 0
    assert "as much for this server" in await one.refused("2", "bob")
    assert await one.ask("3", "bob", guild="2")


async def test_who_stops_a_reply_has_used_what_was_written(process, tgi: TgiStandIn):
    one = process(tokens_per_user=10_000)
    tgi.reply, tgi.tokens_per_second = "word " * 400, 50
    asking = asyncio.create_task(one.ask("1", "ann"))
    written = one.conversations.writing
    await until(lambda: (reply := written("discord:1")) and len(reply.text) > 20, 10)
    written("discord:1").stop()
    await asking
    [used] = (await one.used("ann")).values()
    assert used > 2


async def test_who_has_asked_too_much_is_left_out_of_what_is_answered_together(
    process, tgi: TgiStandIn
):
    await process(per_user=1).ask("9", "ann")
    tgi.gate = asyncio.Event()
    one = process(per_user=1)
    first = asyncio.create_task(one.ask("1", "cay", "here"))
    await until(lambda: tgi.running)
    others = [
        asyncio.create_task(one.ask(key, who, "here"))
        for key, who in (("2", "dan"), ("3", "ann"), ("4", "bob"))
    ]
    tgi.gate.set()
    await first
    results = await asyncio.gather(*others, return_exceptions=True)
    assert [type(found) for found in results] == [Reply, LimitReached, type(None)]
    said = " ".join(turn.text for turn in await one.conversations.history("discord:here"))
    assert [f"question {key}" in said for key in "1234"] == [True, True, False, True]
    for person in ("dan", "ann", "bob"):
        assert list((await one.used(person)).values()) == [1]


@pytest.mark.parametrize(
    ("roles", "most"), [("", 1), ("5", 3), ("6", 2), ("5 6", 3), ("7", 1), ("8", 1)]
)
async def test_the_most_generous_of_somebodys_roles_counts(process, roles: str, most: int):
    one = process()
    settings = {"replies_per_user": 1, "replies_per_role": {"5": 3, "6": 2, "8": 1}}
    await one.conversations.configuration.change("server:1", **settings)
    for number in range(most):
        assert await one.ask(f"{number}", "ann", roles=roles)
    assert f"your {most} repl" in await one.refused("9", "ann", roles=roles)
    assert await one.used("ann", *roles.split()) == {
        Quota("replies", "here", "server:1:user:ann", most): most
    }


async def test_a_role_may_have_less_than_everybody(process):
    one = process()
    settings = {"replies_per_user": 5, "replies_per_role": {"5": 1}}
    await one.conversations.configuration.change("server:1", **settings)
    await one.ask("1", "ann", roles="5")
    await one.refused("2", "ann", roles="5")
    assert await one.ask("3", "bob")
    assert await one.ask("4", "bob")


async def test_no_server_gives_more_than_the_operator(process):
    one = process(per_user=1)
    await one.conversations.configuration.change("server:1", replies_per_role={"5": 100})
    await one.ask("1", "ann", roles="5")
    assert "your 1 reply" in await one.refused("2", "ann", roles="5")


async def test_answering_again_counts(process):
    one = process(per_user=2)
    await one.ask("1", "ann")
    origin = {"guild": "1", "asker": "ann"}
    async with one.conversations.again("discord:1", origin) as reply:
        assert reply
        await reply.finished()
        await reply.commit(())
    with pytest.raises(LimitReached):
        async with process(per_user=2).conversations.again("discord:1", origin):
            pass


def written(tgi: TgiStandIn, first: int = 0) -> int:
    """What the engine has written, as it counted itself."""
    return sum(seen.tokens for seen in tgi.generations[first:])


async def test_a_recap_counts_for_who_asked_for_it(process, tgi: TgiStandIn):
    one = process(tokens_per_user=10_000, tokens_per_server=20_000)
    await one.ask("1", "ann")
    answered = written(tgi)
    await one.conversations.recount("discord:1", Asker("bob", "1"))
    told = written(tgi, 1)
    assert told > 0
    assert list((await one.used("ann")).values()) == [answered, answered + told]
    assert list((await one.used("bob")).values()) == [told, answered + told]


async def test_who_has_used_up_their_tokens_gets_no_recap(process, tgi: TgiStandIn):
    one = process(tokens_per_user=1)
    await one.ask("1", "ann")
    with pytest.raises(LimitReached):
        await one.conversations.recount("discord:1", Asker("ann", "1"))
    assert len(tgi.generations) == 1


async def test_a_recap_that_is_given_up_counts_as_far_as_it_came(process, tgi: TgiStandIn):
    one = process(tokens_per_user=10_000)
    await one.ask("1", "ann")
    tgi.reply, tgi.tokens_per_second = "word " * 400, 50
    telling = asyncio.create_task(one.conversations.recount("discord:1", Asker("bob", "1")))
    await until(lambda: written(tgi, 1) > 50, 30)  # the bot reads it some time later
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    [used] = (await one.used("bob")).values()
    assert 2 < used < 400


async def test_json_counts_with_all_its_tries_whether_one_fits_or_none(process, tgi: TgiStandIn):
    one = process(tokens_per_user=10_000)
    tgi.reply = "This is no JSON at all."
    with pytest.raises(AnswerUnfit):
        async with one.conversations.charged(Asker("ann", "1"), "json 1") as served:
            await JsonMode(served.engine, served.model).ask(read("title: text"), "A film?")
    assert len(tgi.generations) == 3
    assert list((await one.used("ann")).values()) == [written(tgi)]
    assert list((await one.used("bob")).values()) == [0]


async def test_where_no_tokens_are_limited_nothing_is_counted(process):
    one = process(per_user=10)
    with pytest.raises(AnswerUnfit):
        async with one.conversations.charged(Asker("ann", "1"), "json 1") as served:
            await JsonMode(served.engine, served.model).ask(read("a: text"), "?", tries=1)
    assert list((await process(tokens_per_user=10_000).used("ann")).values()) == [0]
