"""Characters in a conversation: what the model is sent, who speaks, and what is kept of it."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.characters.head import CAST_SHARE
from bot.characters.stage import Member, Note, Stage
from bot.conversation.ask import Ask
from bot.conversation.books import Read
from bot.conversation.casting import CALLED, LIBRARY
from bot.conversation.library import Character, Persona
from bot.conversation.model import Model
from bot.conversation.reply import Reply
from bot.conversation.service import Conversations
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.errors import BadInput
from bot.store.history import RedisStore
from tests.conversation.conftest import PLACE, Talk
from tests.stand_ins.tgi import TgiStandIn, tokenize

SHELF = "discord:server:1"
ANN, BOB = "7", "8"
ARIA = {
    "name": "Aria",
    "description": "Aria is a harpist who waits for {{user}} by the well.",
    "mes_example": "<START>\n{{user}}: Who are you?\n{{char}}: A harpist.",
    "post_history_instructions": "Keep it short.",
}
BRAM = {"name": "Bram", "description": "Bram keeps the inn."}


class Players(Talk):
    """People who write where characters are on stage."""

    def ask(self, text: str, speaker: str = "Ann", author: str = ANN, key: str = "") -> Ask:
        plain = super().ask(text, speaker, author, key)
        return replace(plain, origin=origin_of(author, speaker or "Ann"))

    async def hears(self, character: str = "", *, anyway: bool = False) -> Reply | None:
        """Let the next character speak without a question."""
        origin = origin_of(ANN, "Ann")
        async with self.conversations.speak(PLACE, origin, character, anyway=anyway) as reply:
            if reply is not None:
                await reply.finished()
                await reply.commit((f"m{reply.id}",))
            return reply


def origin_of(asker: str, called: str) -> dict[str, str]:
    return {"channel": "1", "asker": asker, LIBRARY: SHELF, CALLED: called}


@pytest.fixture
def players(conversations: Conversations) -> Players:
    return Players(conversations)


async def on_stage(
    store: RedisStore, conversations: Conversations, *cards: dict[str, object], **fields: object
) -> list[Member]:
    """Bring characters on stage, as `/character use` does."""
    for card in cards:
        name = str(card["name"])
        data = {"spec": "chara_card_v3", "spec_version": "3.0", "data": card}
        blob = json.dumps(data).encode()
        digest = hashlib.sha256(blob).hexdigest()
        saved = Character(name.lower(), SHELF, name, ANN, digest)
        assert await store.save_character(saved, blob)
        member = Member(SHELF, saved.id, digest, name)
        await conversations.stages.enter(PLACE, member)
    if fields:
        await conversations.stages.change(PLACE, lambda stage: replace(stage, **fields))
    stage = await conversations.stages.get(PLACE)
    assert stage is not None
    return list(stage.cast)


def sent(tgi: TgiStandIn) -> list[str]:
    return [seen.body["inputs"] for seen in tgi.generations]


def user(text: str) -> str:
    return f"<|im_start|>user\n{text}<|im_end|>\n"


def said(text: str) -> str:
    return f"<|im_start|>assistant\n{text}<|im_end|>\n"


async def test_a_card_becomes_a_prompt(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA)
    tgi.reply = "Good evening."
    reply = await players.say("Hello!", speaker="")
    assert reply.part is not None
    assert reply.part.name == "Aria"
    [prompt] = sent(tgi)
    assert prompt.count("<|im_start|>system\n") >= 1
    assert "Aria is a harpist who waits for Ann by the well." in prompt
    assert prompt.index(said("A harpist.")) < prompt.index(user("Hello!"))
    assert prompt.endswith(
        user("Hello!") + "<|im_start|>system\nKeep it short.<|im_end|>\n<|im_start|>assistant\n"
    )
    [question, answer] = (await store.load(PLACE)).turns
    assert (answer.speaker, answer.character) == ("Aria", "aria")
    assert (question.speaker, question.character) == ("", "")


async def test_the_head_stays_and_the_history_grows(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA)
    for text in ("One", "Two", "Three"):
        await players.say(text, speaker="")
    first, second, third = sent(tgi)
    behind = "<|im_start|>system\nKeep it short.<|im_end|>\n<|im_start|>assistant\n"
    assert second.startswith(first.removesuffix(behind) + said("Hello there!"))
    assert third.startswith(second.removesuffix(behind) + said("Hello there!"))


async def test_counts_add_up_to_what_the_engine_counts(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA, note=Note("It rains.", depth=1))
    for text in ("One", "Two", "Three"):
        await players.say(text, speaker="")
    kept = await store.load(PLACE)
    whole = kept.state.base_tokens + sum(turn.tokens for turn in kept.turns[:-1])
    # What stands late is no turn, so it is not among them.
    late = "<|im_start|>system\nIt rains.<|im_end|>\n<|im_start|>system\nKeep it short.<|im_end|>\n"
    assert whole == len(tokenize(sent(tgi)[-1])) + 1 - len(tokenize(late))


async def test_cards_that_barely_fit_do_not_come_and_go(players, tgi, store, conversations) -> None:
    limit = (await conversations.model()).prompt_limit
    # Long words: each reply teaches the model's guess that a token has more and more of them.
    most = int(limit * CAST_SHARE * 3.4) // 2
    cards = ({**card, "description": "harpstrings " * (most // 12)} for card in (ARIA, BRAM))
    await on_stage(store, conversations, *cards)
    for number in range(8):
        await players.say(f"Aria, {number}")
    heads = {prompt[: prompt.index(user("Ann: Aria, 0"))] for prompt in sent(tgi)}
    assert len(heads) == 1
    assert "[Bram]" in heads.pop()


async def test_several_share_the_stage_by_name(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA, BRAM)
    tgi.reply = " Welcome."
    reply = await players.say("Bram, a beer!")
    assert reply.part is not None
    assert reply.part.name == "Bram"
    assert reply.text == "Welcome."
    tgi.reply = " He is slow."
    await players.say("What do you think, Aria?")
    first, second = sent(tgi)
    assert first.endswith("<|im_start|>assistant\nBram:")
    assert second.endswith("<|im_start|>assistant\nAria:")
    assert user("Ann: Bram, a beer!") + said("Bram: Welcome.") in second
    head = first[: first.index(user("Ann: Bram, a beer!"))]
    assert second.startswith(head), "whoever speaks, the engine has read the cards already"
    assert [turn.text for turn in (await store.load(PLACE)).turns][-1] == "He is slow."


async def test_whoever_is_called_answers_and_then_it_is_quiet(
    players, tgi, store, conversations
) -> None:
    await on_stage(store, conversations, ARIA, BRAM)
    tgi.reply = " Ask Bram."
    await players.say("Aria, where can I sleep?")
    tgi.reply = " Upstairs."
    second = await players.hears()
    assert second is not None
    assert second.part is not None
    assert second.part.name == "Bram"
    assert await players.hears() is None
    assert len(sent(tgi)) == 2


async def test_another_answer_is_the_same_characters(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA, BRAM)
    tgi.reply = " Ask Bram."
    await players.say("Aria, where can I sleep?")
    tgi.reply = " Upstairs."
    second = await players.hears()
    assert second is not None
    tgi.reply = " In the barn."
    origin = origin_of(ANN, "Ann")
    async with conversations.again(PLACE, origin, "variant", second.id) as reply:
        assert reply is not None
        await reply.finished()
        await reply.commit(("m3",))
    assert sent(tgi)[-1] == sent(tgi)[-2]
    newest = (await store.load(PLACE)).turns[-1]
    assert (newest.speaker, newest.text) == ("Bram", "In the barn.")
    assert [one.text for one in newest.variants] == ["Upstairs.", "In the barn."]


async def test_a_reply_goes_on_behind_its_name(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA, BRAM)
    tgi.reply = " Once there"
    first = await players.say("Aria, a story!")
    tgi.reply = " was a king."
    async with conversations.again(PLACE, origin_of(ANN, "Ann"), "continue", first.id) as reply:
        assert reply is not None
        await reply.finished()
        await reply.commit((f"m{first.id}",))
    assert sent(tgi)[-1].endswith("<|im_start|>assistant\nAria: Once there")
    assert (await store.load(PLACE)).turns[-1].text == "Once there was a king."


async def test_the_nickname_is_its_own_name(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, {**ARIA, "nickname": "Ari"})
    tgi.reply = "Ari: Good evening.\nAri: Sit down."
    assert (await players.say("Hello!")).text == "Good evening.\nSit down."


async def test_what_a_former_process_owed_is_spoken_by_who_owed_it(
    players, tgi, store, conversations, make
) -> None:
    await on_stage(store, conversations, ARIA, BRAM)
    tgi.reply = " Welcome."
    async with conversations.turn(players.ask("Bram, a beer!")) as reply:
        assert reply is not None
    restarted, engine = make()
    try:
        [(place, owed)] = await restarted.owed()
        async with restarted.resume(place, owed) as reply:
            assert reply is not None
            assert reply.part is not None
            assert reply.part.name == "Bram"
            await reply.finished()
            await reply.commit(("m1",))
    finally:
        await engine.aclose()
    assert (await store.load(PLACE)).turns[-1].character == "bram"


async def test_who_left_cannot_be_asked_again(players, store, conversations) -> None:
    await on_stage(store, conversations, ARIA, BRAM)
    reply = await players.say("Bram, a beer!")
    await conversations.stages.leave(PLACE, "bram")
    with pytest.raises(BadInput, match="not on stage"):
        async with conversations.again(PLACE, origin_of(ANN, "Ann"), "variant", reply.id):
            pass


async def test_a_persona_is_who_somebody_is_in_the_story(
    players, tgi, store, conversations
) -> None:
    await on_stage(store, conversations, ARIA)
    await store.set_persona(SHELF, ANN, Persona("Sir Ann", "A knight in rust."))
    await players.say("Hello!")
    [prompt] = sent(tgi)
    assert user("Sir Ann: Hello!") in prompt
    assert "A knight in rust." in prompt
    assert "Ann by the well" in prompt


async def test_a_plain_bot_reads_a_story_with_its_names(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA)
    tgi.reply = "I play."
    await players.say("Play!")
    await conversations.stages.change(PLACE, lambda _: None)
    reply = await players.say("What did she say?")
    assert reply.part is None
    assert user("Ann: Play!") + user("Aria: I play.") in sent(tgi)[-1]


async def test_who_is_not_to_speak_only_hears(players, tgi, store, conversations) -> None:
    await on_stage(store, conversations, ARIA, order="manual")
    async with conversations.turn(players.ask("It is getting dark.")) as reply:
        assert reply is None
    assert [turn.text for turn in (await store.load(PLACE)).turns] == ["It is getting dark."]
    spoken = await players.hears("aria")
    assert spoken is not None
    assert user("Ann: It is getting dark.") in sent(tgi)[0]


async def test_while_the_scene_rests_nothing_is_heard(players, store, conversations) -> None:
    await on_stage(store, conversations, ARIA, paused=True)
    async with conversations.turn(players.ask("Back in a minute.")) as reply:
        assert reply is None
    assert (await store.load(PLACE)).turns == ()


async def test_examples_go_before_what_was_really_said(players, tgi, store, conversations) -> None:
    blocks = "".join(
        f"<START>\n{{{{user}}}}: example {n}?\n{{{{char}}}}: {'word ' * 150}\n" for n in range(8)
    )
    await on_stage(store, conversations, {**ARIA, "mes_example": blocks})
    limit = (await conversations.model()).prompt_limit
    left: list[int] = []
    for n in range(30):
        await players.say(f"number {n} " + "and so on " * 120, speaker="")
        prompt = sent(tgi)[-1]
        assert len(tokenize(prompt)) <= limit
        left.append(len(re.findall(r"example \d\?", prompt)))
        assert "number 0 " in prompt or left[-1] == 0
    assert left == sorted(left, reverse=True)
    assert left[0] == 8
    assert left[-1] == 0
    assert len(set(left)) < 8, "several go at once, since each step is read anew"


async def test_a_card_whose_file_is_gone_is_told(players, store, conversations) -> None:
    await conversations.stages.enter(PLACE, Member(SHELF, "ghost", "0" * 64, "Ghost"))
    with pytest.raises(BadInput, match="Ghost's card"):
        await players.say("Hello?")


async def test_a_stage_outlives_a_reset(players, store, conversations) -> None:
    await on_stage(store, conversations, ARIA)
    await players.say("Hello!")
    await conversations.timeline.reset(PLACE)
    kept = await store.load(PLACE)
    assert kept.turns == ()
    assert kept.stage is not None
    assert [one.name for one in kept.stage.cast] == ["Aria"]


async def test_a_branch_has_the_stage_too(players, store, conversations) -> None:
    await on_stage(store, conversations, ARIA)
    reply = await players.say("Hello!")
    await conversations.timeline.branch(PLACE, reply.id, "discord:2")
    branch = await store.load("discord:2")
    assert branch.stage == (await store.load(PLACE)).stage
    assert [turn.character for turn in branch.turns] == ["", "aria"]


async def test_the_bot_itself_can_be_a_character(store, tgi) -> None:
    shape = {"char_name": "Milo", "char_persona": "Milo is a cat.", "world_scenario": "A barn."}
    blob = json.dumps({**shape, "char_greeting": "Meow, {{user}}.", "example_dialogue": ""})
    engine = TgiEngine(tgi.url, limits=Limits(first_token=20, silence=20, attempts=1))
    house = Read.of(blob.encode())
    conversations = Conversations(engine, store, Model(engine, None, 1024), house=house)
    async with aclosing(engine):
        reply = await Players(conversations).say("Hello!", speaker="")
    assert reply.part is not None
    assert reply.part.name == "Milo"
    [prompt] = sent(tgi)
    assert "Milo is a cat." in prompt
    assert "A barn." in prompt
    assert said("Meow, Ann.") + user("Hello!") in prompt


@pytest.mark.parametrize(
    "stage",
    [
        Stage(),
        Stage(cast=(Member(SHELF, "a", "0", "A", "p", 0.25, 2, True, True),), title="T"),
        Stage(note=Note("n", 0, 3, "user"), order="list", rounds=0, paused=True, tools=True),
        Stage(lore=(("l", "w"),), lore_off=("b/1",), trim=True, scenario="s", mood="m"),
    ],
)
async def test_a_stage_is_kept_whole(store: RedisStore, stage: Stage) -> None:
    await store.save_stage(PLACE, stage)
    assert (await store.load(PLACE)).stage == stage
    await store.save_stage(PLACE, None)
    assert (await store.load(PLACE)).stage is None
