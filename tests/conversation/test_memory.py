"""Facts in a conversation: in which prompts they stand, what they cost, and who sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.conversation.ask import Ask
from bot.conversation.facts import Fact, Owner, note_owners
from bot.conversation.model import Model
from bot.conversation.recalling import HIDDEN, INTRO
from bot.conversation.service import Conversations
from bot.conversation.tool_rules import ToolRules
from bot.conversation.toolbox import Toolbox
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.prompts.chatml import CHATML
from bot.store.history import RedisStore
from bot.tools.run import NOT_KEPT, ForAsker
from bot.tools.tool import tool, tools_of
from tests.conversation.conftest import PLACE, Talk
from tests.stand_ins.tgi import Fault, TgiStandIn, tokenize

ANN, BOB = "7", "8"
ANNS, BOBS = (Owner("person", f"s:user:{person}") for person in (ANN, BOB))
CHANNEL, SERVER = Owner("channel", PLACE), Owner("server", "s")
DOG = '[Remembered: my dog is Rex (Ann said so on 2023-11-14; matched "dog")]'
RECALL = '<tool_call>\n{"name": "recall", "arguments": {}}\n</tool_call>'


class People(Talk):
    """Talks in which each reply notes whose facts apply, as a front does."""

    def ask(self, text: str, speaker: str = "Ann", author: str = ANN, key: str = "") -> Ask:
        plain = super().ask(text, speaker, author, key)
        owners = (Owner("person", f"s:user:{author}"), Owner("channel", self.place), SERVER)
        return replace(plain, origin=origin_of(owners, author))


def origin_of(owners: Sequence[Owner], asker: str) -> dict[str, str]:
    return {"channel": "1", "asker": asker, **note_owners(owners)}


@pytest.fixture
def people(conversations: Conversations) -> People:
    return People(conversations)


async def tell(store: RedisStore, owner: Owner, text: str, name: str = "Ann", **other: str) -> None:
    await store.remember(owner.name, Fact(text, ANN, name, 1_700_000_000.0, text, **other))


def sent(tgi: TgiStandIn) -> list[str]:
    return [seen.body["inputs"] for seen in tgi.generations]


def told(prompt: str) -> list[str]:
    return [
        line for line in prompt.replace("<|im_end|>", "\n").split("\n") if "[Remembered" in line
    ]


async def test_a_fact_that_fits_stands_before_the_question(people, tgi, store) -> None:
    await tell(store, ANNS, "my dog is Rex")
    await tell(store, ANNS, "I like tea")
    await people.say("hello")
    await people.say("What is my dog called?")
    first, second = sent(tgi)
    assert told(first) == []
    assert second.endswith(
        "<|im_start|>assistant\nHello there!<|im_end|>\n"
        f"<|im_start|>system\n{INTRO}\n{DOG}<|im_end|>\n"
        "<|im_start|>user\nAnn: What is my dog called?<|im_end|>\n<|im_start|>assistant\n"
    )


async def test_it_is_no_part_of_what_was_said(people, tgi, store) -> None:
    await tell(store, ANNS, "my dog is Rex")
    await people.say("What is my dog called?")
    history = await people.conversations.history(PLACE)
    assert [turn.text for turn in history] == ["What is my dog called?", "Hello there!"]
    for _ in range(5):
        await people.say("and now something else")
    *_, newest = sent(tgi)
    assert told(newest) == []
    before = sent(tgi)[-2].removesuffix(CHATML.opening)
    assert newest.startswith(before), "what stays is read once"


async def test_the_counts_of_turns_add_up_without_it(people, tgi, store) -> None:
    await tell(store, ANNS, "my dog is Rex")
    await people.say("hello")
    await people.say("What is my dog called?")
    loaded = await store.load(PLACE)
    *turns, _ = loaded.turns
    prompt = sent(tgi)[-1]
    note = CHATML.block("system", f"{INTRO}\n{DOG}")
    assert note in prompt
    without = len(tokenize(prompt.replace(note, ""))) + 1
    assert loaded.state.base_tokens + sum(turn.tokens for turn in turns) == without
    assert loaded.state.usage.prompt == len(tokenize(prompt)) + 1


async def test_nobody_gets_the_facts_of_another_person_or_place(people, tgi, store) -> None:
    await tell(store, ANNS, "my dog is Rex")
    await tell(store, Owner("channel", "discord:2"), "the dog is in channel two")
    await tell(store, Owner("server", "s2"), "the dog is in server two")
    await tell(store, Owner("person", f"s2:user:{BOB}"), "my dog is elsewhere")
    await tell(store, Owner("person", f"discord:5:user:{BOB}"), "my dog is in a direct message")
    await people.say("Whose dog is that?", speaker="Bob", author=BOB)
    assert told(sent(tgi)[0]) == []
    await tell(store, CHANNEL, "the dog is here", name="Bob")
    await tell(store, SERVER, "a dog is on the server's icon")
    await people.say("Whose dog is that?", speaker="Bob", author=BOB)
    assert len(told(sent(tgi)[1])) == 2
    assert "Rex" not in sent(tgi)[1]


async def test_asked_together_the_last_one_is_answered(people, tgi, store, monkeypatch) -> None:
    # The last message is one that was answered before: the facts of its writer are not Bob's.
    await people.say("dog?", key="000000000000000500")
    await tell(store, ANNS, "my dog is Rex")
    place = people.conversations
    bob = people.ask("a dog?", "Bob", BOB)
    again = people.ask("dog?", key="000000000000000500")
    reply = await place._beginnings.answer((bob, again))
    assert reply is not None
    await reply.finished()
    assert told(sent(tgi)[-1]) == []


async def test_others_see_the_prompt_without_what_is_hers(people, tgi, store) -> None:
    await tell(store, ANNS, "my dog is Rex")
    await tell(store, CHANNEL, "be kind to the dog", pinned="Bob")
    await people.say("What is my dog called?")
    hers = await people.conversations.report(PLACE, viewer=ANN)
    assert hers.prompt == sent(tgi)[0]
    pinned = "[Remembered: be kind to the dog (Ann said so on 2023-11-14; pinned by Bob)]"
    assert hers.facts == (pinned, DOG)
    for viewer in (BOB, ""):
        his = await people.conversations.report(PLACE, viewer=viewer)
        assert his.facts == (pinned, HIDDEN)
        assert his.prompt == sent(tgi)[0].replace(DOG, HIDDEN)
    for _ in range(3):
        await people.say("thanks")
    assert (await people.conversations.report(PLACE, viewer=ANN)).facts == (pinned,)
    await people.conversations.timeline.reset(PLACE)
    assert (await people.conversations.report(PLACE, viewer=ANN)).facts == ()


async def test_a_reply_that_is_written_again_gets_them_too(people, tgi, store) -> None:
    await tell(store, ANNS, "my dog is Rex")
    tgi.fault = Fault("rst", after=1, times=1)
    await people.say("What is my dog called?")
    origin = origin_of((ANNS, CHANNEL), ANN)
    async with people.conversations.again(PLACE, origin) as again:
        await again.finished()
    ask = people.ask("And my other dog?")
    async with people.conversations.turn(ask) as left:
        await left.finished()  # and the process dies
    [(place, owed)] = [one for one in await store.owed() if one[1].asks == (ask.id,)]
    async with people.conversations.resume(place, owed) as resumed:
        await resumed.finished()
    assert [len(told(prompt)) for prompt in sent(tgi)] == [1, 1, 1, 1]


async def test_a_reply_that_goes_on_has_them_too(people, tgi, store) -> None:
    await tell(store, ANNS, "my dog is Rex")
    await people.say("What is my dog called?")
    origin = origin_of((ANNS, CHANNEL), ANN)
    async with people.conversations.again(PLACE, origin, "continue") as more:
        await more.finished()
        await more.commit()
    assert sent(tgi)[1].endswith("<|im_start|>assistant\nHello there!")
    assert len(told(sent(tgi)[1])) == 1
    shown = await people.conversations.report(PLACE, viewer=BOB)
    assert shown.facts == (HIDDEN,)
    assert shown.prompt == sent(tgi)[1].replace(DOG, HIDDEN)


async def test_without_a_front_that_says_whose_only_the_conversation_counts(
    talk: Talk, tgi, store
) -> None:
    await tell(store, ANNS, "my dog is Rex")
    await tell(store, CHANNEL, "a dog lives here")
    await talk.say("What about the dog?")
    [only] = told(sent(tgi)[0])
    assert "a dog lives here" in only


async def test_facts_give_way_to_a_question_that_fills_the_prompt(people, tgi, store) -> None:
    tgi.max_total_tokens, tgi.max_input_tokens = 2048, 2000
    await tell(store, CHANNEL, "the dog is here")
    reply = await people.say("dog " * 3_000)
    assert reply.error is None
    assert reply.notices, "the question was shortened to what there is room for"
    assert told(sent(tgi)[-1]) == []
    await people.say("dog?")
    assert len(told(sent(tgi)[-1])) == 1


async def test_alpaca_gets_them_as_further_input(tgi: TgiStandIn, store: RedisStore) -> None:
    await tell(store, CHANNEL, "the dog is here")
    engine = TgiEngine(tgi.url, limits=Limits(first_token=20, silence=20, attempts=1))
    async with aclosing(engine):
        model = Model(engine, "Nous-Hermes-Llama2-13b", 1024)
        talk = People(Conversations(engine, store, model))
        await talk.say("dog?", speaker="")
    line = '[Remembered: the dog is here (Ann said so on 2023-11-14; matched "dog")]'
    assert sent(tgi)[0].endswith(
        f"### Instruction:\ndog?\n\n### Input:\n{INTRO}\n{line}\n\n### Response:\n"
    )


async def test_a_reply_with_facts_costs_no_round_trip_more(people, tgi, store, monkeypatch) -> None:
    await tell(store, ANNS, "my dog is Rex")
    counted = 0
    run = store._redis.run

    async def counting(*commands: object):
        nonlocal counted
        counted += 1
        return await run(*commands)

    monkeypatch.setattr(store._redis, "run", counting)
    await people.say("dog?")
    assert len(told(sent(tgi)[0])) == 1
    assert counted == 3


class Desk:
    """A tool whose result only the asker may see."""

    @tool
    async def recall(self) -> object:
        """Recall."""
        return ForAsker({"facts": ["the code is 1234 <|im_end|>"]})


async def test_what_a_tool_recalls_for_one_person_does_not_stay(
    tgi: TgiStandIn, store: RedisStore
) -> None:
    answers = [RECALL, "I know it.", "What code?"]
    tgi.reply = lambda _prompt: answers.pop(0)
    toolbox = Toolbox(tools_of(Desk()), store, ToolRules(store), in_discord=True)
    engine = TgiEngine(tgi.url, limits=Limits(first_token=20, silence=20, attempts=1))
    async with aclosing(engine):
        people = People(Conversations(engine, store, Model(engine, None, 1024), (), toolbox))
        await people.say("What is the code?")
        assert "1234" in sent(tgi)[1]
        shown: Callable = people.conversations.report
        assert (await shown(PLACE, viewer=ANN)).prompt == sent(tgi)[1]
        his = (await shown(PLACE, viewer=BOB)).prompt
        assert "1234" not in his
        assert HIDDEN in his
        assert (await shown(PLACE, viewer=BOB)).facts == ()
        [run] = (await people.conversations.history(PLACE))[-1].steps[0].runs
        assert run.content == NOT_KEPT
        await people.say("Tell me what the tool said.", speaker="Bob", author=BOB)
    assert "1234" not in sent(tgi)[2]
    assert NOT_KEPT in sent(tgi)[2]
