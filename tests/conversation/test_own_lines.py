"""A character's reply holds its own lines only, and the engine does not write the others'."""

from __future__ import annotations

import pytest

from bot.store.history import RedisStore
from tests.conversation.conftest import PLACE
from tests.conversation.test_roleplay import (
    ANN,
    ARIA,
    BRAM,
    Players,
    on_stage,
    origin_of,
    said,
    sent,
    user,
)
from tests.stand_ins.tgi import TgiStandIn, tokenize

LONG = " and so on" * 200


@pytest.fixture
def players(conversations) -> Players:
    return Players(conversations)


async def newest(store: RedisStore) -> str:
    return (await store.load(PLACE)).turns[-1].text


async def test_what_is_said_for_somebody_else_is_cut(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA)
    tgi.reply = f"Good evening.\n**Ann** (smiling): I stay{LONG}"
    tgi.tokens_per_second = 200
    reply = await players.say("Hello!")
    assert reply.text == "Good evening."
    assert (reply.error, reply.defect, reply.stopped) == (None, None, False)
    assert reply.end is not None
    assert reply.end.reason == "stop"
    assert await newest(store) == "Good evening."
    [seen] = tgi.generations
    assert seen.tokens < 30, "the engine is told at once that nobody listens any more"


async def test_the_engine_is_told_the_names(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA, BRAM)
    tgi.reply = " Good evening.\nAnn: I stay."
    reply = await players.say("Hello, Aria!")
    assert reply.text == "Good evening."
    stops = tgi.generations[0].parameters["stop"]
    assert stops == ["<|im_end|>", "<|im_start|>", "\nAnn:", "\nBram:"]
    assert tgi.generations[0].done, "the engine has ended by itself"


async def test_counts_add_up_behind_a_cut(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, {**ARIA, "post_history_instructions": ""})
    for text in ("Good evening.\n*Ann*: I stay.", "Sit down.\nAnn says: no", "Tea?"):
        tgi.reply = text
        await players.say("Hm", speaker="")
    kept = await store.load(PLACE)
    assert [turn.text for turn in kept.turns if turn.character] == [
        *("Good evening.", "Sit down.", "Tea?")
    ]
    whole = kept.state.base_tokens + sum(turn.tokens for turn in kept.turns[:-1])
    assert whole == len(tokenize(sent(tgi)[-1])) + 1
    assert user("Hm") + said("Good evening.") in sent(tgi)[-1]


async def test_its_own_name_is_taken_off(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA, BRAM)
    tgi.reply = " Aria: Good evening.\nAria: Sit down."
    await players.say("Hello, Aria!")
    assert await newest(store) == "Good evening.\nSit down."


async def test_lines_of_others_before_its_own_are_passed_over(
    players, tgi, store, conversations
) -> None:
    await on_stage(store, conversations, ARIA)
    tgi.reply = "Ann: Hello!\nAria: Good evening."
    await players.say("Hello!")
    assert await newest(store) == "Good evening."


async def test_who_speaks_for_others_only_is_asked_once_more(
    players, tgi, store, conversations
) -> None:
    await on_stage(store, conversations, ARIA)
    texts = ["Ann: Hello!", "Good evening."]
    tgi.reply = lambda _: texts.pop(0)
    assert (await players.say("Hello!")).text == "Good evening."
    texts = ["Ann: Hello!", "Ann: Hello?", "never asked for"]
    reply = await players.say("Hello!")
    assert reply.text == ""
    assert texts == ["never asked for"]
    assert len(sent(tgi)) == 4
    tgi.reply = "Here I am."
    assert (await players.say("Hello?")).text == "Here I am."


async def test_a_reply_that_goes_on_is_cut_too(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA)
    tgi.reply = "She looked at"
    first = await players.say("Go on!")
    tgi.reply = " Ann: a friend.\nAnn: Me?"
    async with conversations.again(PLACE, origin_of(ANN, "Ann"), "continue", first.id) as reply:
        assert reply is not None
        await reply.finished()
        await reply.commit((f"m{first.id}",))
    assert await newest(store) == "She looked at Ann: a friend."


async def test_an_unfinished_sentence_is_dropped_where_that_is_wanted(
    players, tgi: TgiStandIn, store, make
) -> None:
    conversations, engine = make(max_reply_tokens=12)
    players.conversations = conversations
    await on_stage(store, conversations, ARIA, trim=True)
    tgi.reply = "Good evening. The tavern is warm, and the soup is hot, and the night is long."
    reply = await players.say("Hello!")
    assert reply.text == "Good evening."
    assert reply.end is not None
    assert reply.end.reason == "length"
    assert await newest(store) == "Good evening."
    await engine.aclose()


async def test_plain_replies_are_left_alone(players, tgi, store) -> None:
    tgi.reply = "Ann: that is you.\nUser: that is you, too."
    assert (await players.say("Who am I?")).text == tgi.reply
    assert tgi.generations[0].parameters["stop"][:2] == ["<|im_end|>", "<|im_start|>"]
