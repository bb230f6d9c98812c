"""A character over real sockets: what people see of a reply that begins to speak for them."""

from __future__ import annotations

import json
from contextlib import aclosing
from pathlib import Path

from bot.characters.stage import Stage
from bot.store.history import RedisStore
from cogs.places import conversation_in
from tests.stand_ins.discord import Trail
from tests.wire.conftest import House

CARD = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {"name": "Rivers", "description": "Rivers runs a tavern."},
}


async def bring(house: House, folder: Path, *, trim: bool = False, **settings: str) -> None:
    """Start a bot that is Rivers."""
    file = folder / "rivers.json"
    file.write_text(json.dumps(CARD))
    async with aclosing(RedisStore(house.valkey.url)) as store:
        await store.save_stage(conversation_in(house.channel), Stage(trim=trim))
    await house.start_bot(CHARACTER_FILE=str(file), **settings)


async def test_a_reply_that_begins_to_speak_for_somebody_is_cut(
    empty_house: House, tmp_path: Path
) -> None:
    house = empty_house
    await bring(house, tmp_path)
    # Dressed so that the engine's own stop strings do not find it.
    house.engine.say("Welcome to the tavern.\n**alice** (smiling): I stay" + " and stay" * 300)
    asked = house.ask("Good evening!")
    reply = await house.reply_to(asked, "Welcome to the tavern.")
    await house.discord.until(lambda: house.engine.last.left_early, 2)
    seen = house.engine.last
    assert seen.tokens < 40, "the engine is free at once"
    assert all("alice" not in revision.content for revision in reply.revisions)

    await house.say_and_hear("I would like some soup.", "Here it is.")
    prompt = house.engine.prompts[-1]
    assert "<|im_start|>assistant\nWelcome to the tavern.<|im_end|>\n" in prompt
    assert "I stay" not in prompt


async def test_who_speaks_for_others_only_is_asked_again_and_then_it_is_told(
    empty_house: House, tmp_path: Path
) -> None:
    house = empty_house
    await bring(house, tmp_path)
    house.engine.say("alice: Good evening!", "Welcome.")
    await house.reply_to(house.ask("Good evening!"), "Welcome.")
    house.engine.say("alice: Hello?", "alice: Hello!")
    broken = await house.retry_offered(house.ask("Hello?"))
    assert "Hello" not in broken.content
    house.engine.say("I am here.")
    await house.press_retry(broken)
    await house.discord.until(lambda: broken.content.endswith("I am here."), 10)


async def test_an_unfinished_sentence_goes_with_the_last_edit(
    empty_house: House, tmp_path: Path
) -> None:
    house = empty_house
    await bring(house, tmp_path, trim=True, MAX_REPLY_TOKENS="370", REPLY_TIMEOUT="30")
    house.engine.tokens_per_second = 50
    # The last sentence begins in the first message, and goes on in a second one.
    sentences = " ".join(["The tavern is warm and the soup is hot."] * 15)
    house.engine.say(f"{sentences} And then we went" + " further" * 300)
    asked = house.ask("Tell me more!")
    [reply] = await house.discord.until(lambda: _done(house, asked), 25)
    assert reply.content.split("\n")[0] == sentences
    assert any("further" in revision.content for revision in reply.revisions)
    house.engine.say("No more.")
    house.ask("And then?")
    await house.discord.until(lambda: len(house.engine.prompts) == 2, 10)
    assert "further" not in house.engine.prompts[-1]


def _done(house: House, asked: int) -> list[Trail]:
    """The messages of a reply that reached its longest length, once nothing more is to come."""
    replies = house.discord.replies(asked)
    ended = len(replies) == 1 and "cut off here" in replies[0].content
    return replies if ended and "Stop" not in replies[0].labels else []
