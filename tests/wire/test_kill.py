"""kill -9 at any instant between a question and the end of its reply.

After the restart exactly one complete reply stands, and the next prompt has question and reply
once. `KILLS=200` tries 200 instants; a plain run tries a few.
"""

from __future__ import annotations

import asyncio
import os
import random

import redis

from bot.store.keys import OWED
from tests.wire.conftest import House

KILLS = int(os.environ.get("KILLS", "5"))

# How long a reply takes here from the question to its last message, and a little longer.
SPAN = 1.6


def story(number: int) -> str:
    return f"Story {number}: " + " ".join(f"word{n}" for n in range(30)) + f" end of {number}."


def owed(house: House) -> int:
    """How many replies are owed: the one that was killed is finished before the next question."""
    with redis.Redis(port=house.valkey.port) as client:
        return int(client.zcard(OWED))


async def test_killed_at_any_instant(house: House) -> None:
    rng = random.Random(os.environ.get("SEED", "1"))
    await house.say_and_hear("Hello!", "Hello.")
    for number in range(KILLS):
        await kill_and_see(house, number, rng.uniform(0, SPAN))


async def kill_and_see(house: House, number: int, moment: float) -> None:
    """Ask, kill the bot that many seconds later, and see what its successor makes of it."""
    house.engine.say(story(number))
    asked = house.ask(f"Tell me story {number}")
    await asyncio.sleep(moment)
    await house.bot.kill()
    house.discord.gateway.forget()
    await house.start_bot()
    await house.discord.until(lambda: story(number) in house.text_after(asked), 40)
    await house.settled(20)
    await house.discord.until(lambda: not owed(house), 30)
    standing = [trail.content for trail in house.discord.replies(asked) if trail.content]
    assert standing == [story(number)], f"killed after {moment:.3f} s"
    assert not house.retry_buttons(asked)
    await house.say_and_hear(f"Was that {number}?", f"Yes, {number}.", 30)
    prompt = house.engine.prompts[-1]
    assert prompt.count(f"Tell me story {number}<") == 1, f"killed after {moment:.3f} s"
    assert prompt.count(story(number)) == 1, f"killed after {moment:.3f} s"
