"""Edits and deletions reach the bot's memory: at once, and after it was away."""

from __future__ import annotations

from tests.wire.conftest import House


async def test_edits_and_deletions_are_in_the_next_prompt(house: House) -> None:
    first = await house.say_and_hear("I have a dog", "Nice dog.")
    second = await house.say_and_hear("And a bird", "Nice bird.")
    assert first.replies_to
    assert second.replies_to
    house.discord.edit(second.replies_to, f"{house.discord.mention} And a mouse")
    await house.discord.until(lambda: second.labels == ["Answer again"])
    house.engine.say("Nice mouse.")
    house.discord.press(second.id, house.alice, "Answer again")
    await house.discord.until(lambda: second.content == "Nice mouse." and not second.labels)
    house.discord.delete_many([first.replies_to, first.id])
    await house.say_and_hear("What do I have?", "A mouse.")
    prompt = house.engine.prompts[-1]
    assert "And a mouse" in prompt
    assert "Nice mouse." in prompt
    assert not [gone for gone in ("dog", "bird") if gone in prompt]


async def test_what_was_changed_while_the_bot_was_away(house: House) -> None:
    first = await house.say_and_hear("I have a dog", "Nice dog.")
    second = await house.say_and_hear("And a bird", "Nice bird.")
    assert first.replies_to
    assert second.replies_to
    await house.bot.stop()
    house.discord.delete_many([first.replies_to, first.id])
    house.discord.edit(second.replies_to, f"{house.discord.mention} And a mouse")
    await house.start_bot()
    await house.discord.until(lambda: second.labels == ["Answer again"])
    await house.say_and_hear("What do I have?", "A mouse.")
    prompt = house.engine.prompts[-1]
    assert "And a mouse" in prompt
    assert not [gone for gone in ("dog", "And a bird") if gone in prompt]
    assert "Traceback" not in house.bot.log
