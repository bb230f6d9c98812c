"""The playground as a process."""

from __future__ import annotations

import re

import aiohttp
from redis import Redis

from bot.store.keys import ALIVE
from tests.wire.conftest import House

ADDRESS = re.compile(r"Playground: (http://\S+)")


async def test_a_bot_that_comes_later_does_not_take_it_for_dead(empty_house: House) -> None:
    house = empty_house
    house.bot = house.make_bot(DISCORD_TOKEN="")
    house.bot.command = ("-m", "bot", "play", "--no-browser")
    house.engine.say("Hello.")
    await house.bot.start()
    await house.discord.until(lambda: ADDRESS.search(house.bot.log), 20)
    [address] = ADDRESS.findall(house.bot.log)
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{address}/api/messages", json={"text": "Hello?"}) as answer,
    ):
        assert answer.status == 202
    with Redis(port=house.valkey.port) as client:
        await house.discord.until(lambda: client.exists(ALIVE))
        assert await house.bot.stop() == 0
        assert not client.exists(ALIVE)
