"""Shards over several processes: each serves its own, with one token and one store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import redis

from tests.wire.conftest import STORY, House
from tests.wire.processes import BotProcess

SHARDS = 3


def room_on(house: House, shard: int) -> tuple[int, int]:
    """A channel of a server that belongs to a shard, and somebody who writes there."""
    discord = house.discord
    guild = next(one for one in iter(discord.add_guild, None) if (one >> 22) % SHARDS == shard)
    return discord.add_channel(guild, f"on-{shard}"), discord.add_user(f"ann-{shard}", guild)


class Several:
    """Starts processes in a house, and ends them with the test."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.bots: list[BotProcess] = []

    async def start(self, shards: str) -> BotProcess:
        """A process that serves some shards; returns when Discord tells it everything."""
        house = self.house
        bot = house.make_bot(f"bot-{len(self.bots)}", SHARD_COUNT=str(SHARDS), SHARD_IDS=shards)
        self.bots.append(bot)
        before = house.discord.gateway.identifies
        await bot.start()
        more = 2 if "-" in shards else 1
        await house.discord.until(
            lambda: house.discord.gateway.identifies >= before + more or not bot.alive, 30
        )
        assert bot.alive, bot.log
        return bot

    async def stop(self) -> None:
        """End all of them in good order."""
        for bot in self.bots:
            if bot.alive:
                assert await bot.stop() == 0
                assert "still hung" not in bot.log


@pytest.fixture
async def several(empty_house: House) -> AsyncIterator[Several]:
    several = Several(empty_house)
    yield several
    for bot in several.bots:
        if bot.alive:
            await bot.kill()


def served(house: House) -> list[tuple[int, int]]:
    return sorted(session.shard for session in house.discord.gateway.sessions.values())


async def test_each_process_answers_on_its_shards(several: Several) -> None:
    house = several.house
    rooms = [room_on(house, shard) for shard in range(SHARDS)]
    low, _ = await several.start("0-1"), await several.start("2")
    assert served(house) == [(0, 3), (1, 3), (2, 3)]
    await house.discord.until(lambda: "another process" in low.log, 15)

    for shard, (room, ann) in enumerate(rooms):
        house.engine.say(f"From shard {shard}.")
        asked = house.discord.send(room, ann, f"{house.discord.mention} Who is there?")
        await house.reply_to(asked, f"From shard {shard}.")
    house.engine.say("Just us.")
    direct = house.discord.dm(house.alice)
    await house.reply_to(house.discord.send(direct, house.alice, "Who is there?"), "Just us.")

    helped = house.discord.slash(*rooms[2], "help")
    await house.discord.until(lambda: helped.responded)
    with redis.Redis.from_url(house.valkey.url) as client:
        # Nobody else heard of it, so nobody has to be asked whose it is.
        assert not [key for key in client.scan_iter("*claim*") if b"interaction" in key]
    await several.stop()


async def test_what_a_process_owed_waits_for_the_next_one_of_its_shards(
    several: Several,
) -> None:
    house = several.house
    room, ann = room_on(house, 2)
    low, high = await several.start("0-1"), await several.start("2")
    house.engine.say(STORY)
    asked = house.discord.send(room, ann, f"{house.discord.mention} Tell me a story")
    await house.first_text(asked)
    await high.kill()
    await house.discord.until(lambda: "dead processes" in low.log, 30)
    house.engine.say(STORY)
    house.discord.gateway.forget()
    await several.start("2")
    await house.discord.until(lambda: STORY in house.text_after(asked), 30)
    assert [t.content for t in house.discord.replies(asked) if t.content] == [STORY]
    await several.stop()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"SHARD_IDS": "0-1"}, "SHARD_IDS: takes SHARD_COUNT beside it: how many shards there are"),
        (
            {"SHARD_IDS": "2-3", "SHARD_COUNT": "3"},
            "SHARD_IDS: there are shards 0 to 2 (SHARD_COUNT), not 3",
        ),
    ],
)
async def test_shards_that_are_not_there_end_the_start(
    empty_house: House, settings: dict[str, str], says: str
) -> None:
    bot = empty_house.make_bot(**settings)
    await bot.start()
    assert await bot.wait() == 78
    assert says in bot.log
