"""Tools over real sockets: what a person in the channel sees of them."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing

from bot.store.history import RedisStore
from cogs.places import conversation_in
from tests.stand_ins.discord import Trail
from tests.wire.conftest import House

ROLL = '<tool_call>\n{"name": "roll_dice", "arguments": {"notation": "3d6+2"}}\n</tool_call>'
POLL = (
    '<tool_call>\n{"name": "create_poll", "arguments": '
    '{"question": "Tea?", "answers": ["yes", "no"]}}\n</tool_call>'
)


async def finished(house: House, asked: int, text: str) -> Trail:
    """Wait for the message that ends with `text` and has no Stop button any more."""
    return await house.discord.until(
        lambda: next(
            (
                trail
                for trail in house.discord.replies(asked)
                if trail.content.endswith(text) and "Stop" not in trail.labels
            ),
            None,
        ),
        15,
    )


async def settled(house: House) -> None:
    """Wait until the conversation knows what came of the call: it is told after the channel."""
    async with aclosing(RedisStore(house.valkey.url)) as store, asyncio.timeout(30):
        here = conversation_in(house.channel)
        while "waiting for confirmation" in str(await store.load(here)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_roll_leaves_a_quiet_line_and_its_details(house: House) -> None:
    house.engine.say(ROLL, "There you go.")
    shown = await finished(house, house.ask("roll 3d6+2"), "There you go.")
    assert shown.content == "-# dice: 3d6+2\nThere you go."
    assert all("tool_call" not in revision.content for revision in shown.revisions)
    total = re.search(r'"total": (\d+)', house.engine.prompts[-1])
    assert total
    assert 5 <= int(total[1]) <= 20
    pressed = house.discord.press(shown.id, house.alice, "details")
    await house.discord.until(lambda: pressed.answered, 5)
    assert pressed.ephemeral
    assert f'"total": {total[1]}' in pressed.text


async def test_the_bot_is_killed_between_the_question_and_confirm(house: House) -> None:
    rules = house.discord.slash(
        house.channel,
        house.discord.world.guilds[house.guild].owner_id,
        "tools switch",
        tool="create_poll",
        on=True,
    )
    await house.discord.until(lambda: rules.answered, 5)
    house.engine.say(POLL, "Press Confirm, and I will ask them.")
    asked = house.ask("ask the others whether they want tea")
    await finished(house, asked, "I will ask them.")

    def question() -> Trail | None:
        trails = house.discord.messages(house.channel, bot_only=True)
        return next((trail for trail in trails if "Confirm" in trail.labels), None)

    waiting = await house.discord.until(question, 10)
    await house.bot.kill()
    await house.start_bot()
    await house.settled()
    pressed = house.discord.press(waiting.id, house.alice, "confirm")
    await house.discord.until(lambda: pressed.answered, 5)
    await house.discord.until(lambda: question() is None, 5)
    await settled(house)
    house.engine.say("They are asked.")
    await finished(house, house.ask("did you?"), "They are asked.")
    assert "waiting for confirmation" not in house.engine.prompts[-1]
