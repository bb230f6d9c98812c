"""What was cut from a conversation is summed up, and told in short from then on."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
import pytest_asyncio

from bot.characters.chats.line import Chat
from bot.characters.chats.line import Line as Said
from bot.conversation.chat_lines import Cast
from bot.conversation.fair_order import Asker
from bot.conversation.limits import ReplyLimits
from bot.conversation.model import Model
from bot.conversation.queue import Line as Queue
from bot.conversation.reply import Reply
from bot.conversation.service import Conversations
from bot.conversation.summaries import CHANGED, Summaries
from bot.conversation.timeline import Room
from bot.conversation.turns import Summary
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.errors import BadInput
from bot.store.history import RedisStore
from tests.conversation.conftest import PLACE, Talk
from tests.engine.reading import until
from tests.stand_ins.tgi import Fault, TgiStandIn, tokenize
from tests.store.conftest import Line

ASKED = "Write the new notes now."
RECAP = "What was said here earlier"


@pytest_asyncio.fixture
async def tgi():
    """An engine with so little room that a talk is cut after some eight questions."""
    made = 0

    def reply(prompt: str) -> str:
        nonlocal made
        if ASKED not in prompt:
            return "word " * 20
        made += 1
        return f"These are the notes number {made}."

    async with TgiStandIn(reply, max_total_tokens=1536, max_input_tokens=1500) as server:
        yield server


@pytest_asyncio.fixture
async def make(tgi: TgiStandIn, store: RedisStore):
    """Builds conversations whose summaries are wanted, unless it is told otherwise."""
    engine = TgiEngine(tgi.url, limits=Limits(first_token=20, silence=20, attempts=1))
    made: list[Summaries] = []

    def build(wanted: bool = True, line: Queue | None = None, name: str | None = None) -> Talk:
        model = Model(engine, name, 1024)
        conversations = Conversations(engine, store, model, line=line, summaries=wanted)
        made.append(conversations.summaries)
        return Talk(conversations)

    async with aclosing(engine):
        yield build
        for summaries in made:
            await summaries.aclose()


@pytest.fixture
def talk(make) -> Talk:
    return make()


async def say(talk: Talk, text: str) -> Reply:
    """Ask, and wait until a summary that is due was written."""
    reply = await talk.say(text)
    await talk.conversations.summaries.finished()
    return reply


async def until_cut(talk: Talk, store: RedisStore) -> int:
    """Talk until the window is cut; returns what was said."""
    cut = (await store.load(PLACE)).state.cut
    for _ in range(30):
        number = talk.count + 1
        await say(talk, f"This is message number {number} and it is about a dog named Rex {number}")
        if (await store.load(PLACE)).state.cut > cut:
            return number
    raise AssertionError("it was never cut")


def prompts(tgi: TgiStandIn, *, summaries: bool = False) -> list[str]:
    """The prompts of replies, or those that asked for a summary."""
    sent = (seen.body["inputs"] for seen in tgi.generations)
    return [prompt for prompt in sent if (ASKED in prompt) is summaries]


async def asked_for_one(tgi: TgiStandIn) -> None:
    await until(lambda: prompts(tgi, summaries=True), 10)


def key(number: int) -> str:
    return f"{number:018d}"


async def test_what_is_cut_is_summed_up_and_told_from_then_on(
    talk: Talk, tgi: TgiStandIn, store: RedisStore
):
    last = await until_cut(talk, store)
    [request] = prompts(tgi, summaries=True)
    assert "Ann: This is message number 1 and" in request
    assert "Assistant: word word" in request
    assert f"number {last} " not in request, "what is in view need not be summed up"
    snapshot = await store.load(PLACE)
    assert snapshot.summary
    assert snapshot.summary.text == "These are the notes number 1."
    assert snapshot.summary.through == snapshot.state.start - 1
    assert not any(RECAP in prompt for prompt in prompts(tgi))
    await say(talk, "Who is Rex?")
    head = prompts(tgi)[-1].split("<|im_end|>")[0]
    assert head.endswith("\nThese are the notes number 1.")
    await say(talk, "Are you sure?")
    assert prompts(tgi)[-1].startswith(head), "the head stays as it is until the next cut"
    assert len(prompts(tgi, summaries=True)) == 1


async def test_the_next_summary_is_made_of_the_last_one_and_what_was_cut_since(
    talk: Talk, tgi: TgiStandIn, store: RedisStore
):
    await until_cut(talk, store)
    await until_cut(talk, store)
    first, second = prompts(tgi, summaries=True)
    assert "Notes so far" not in first
    assert "Notes so far:\nThese are the notes number 1." in second
    assert "message number 1 " not in second
    await say(talk, "Who is Rex?")
    assert "the notes number 2." in prompts(tgi)[-1]


async def test_the_window_is_kept_and_counts_stay_exact_with_a_summary(
    talk: Talk, tgi: TgiStandIn, store: RedisStore
):
    for _ in range(3):
        await until_cut(talk, store)
        # The summary is counted with the next prompt; what is stored then adds up again.
        await say(talk, "Who is Rex?")
        await say(talk, "Are you sure?")
        state, report = (await store.load(PLACE)).state, await talk.conversations.report(PLACE)
        assert report.prompt
        assert report.usage.prompt == len(tokenize(report.prompt)) + 1
        turns = (await store.load(PLACE)).turns
        assert state.base_tokens + sum(t.tokens for t in turns[:-1]) == report.usage.prompt
    assert max(seen.prompt_tokens for seen in tgi.generations) <= 1500
    recap = [seen for seen in tgi.generations if RECAP in seen.body["inputs"]]
    assert recap


@pytest.mark.parametrize("how", ["deleted", "edited"])
async def test_a_summary_goes_when_what_it_covers_is(
    talk: Talk, tgi: TgiStandIn, store: RedisStore, how: str
):
    await until_cut(talk, store)
    timeline = talk.conversations.timeline
    if how == "deleted":
        await timeline.remove(PLACE, [key(1)])
    else:
        await timeline.edit(PLACE, key(1), "I said nothing about animals")
    assert (await store.load(PLACE)).summary is None
    await say(talk, "Who is Rex?")
    assert RECAP not in prompts(tgi)[-1]
    # It was built anew, from what is left in the archive alone.
    request = prompts(tgi, summaries=True)[-1]
    assert "Notes so far" not in request
    assert "message number 1 " not in request
    assert ("nothing about animals" in request) is (how == "edited")
    await say(talk, "Are you sure?")
    assert "the notes number 2." in prompts(tgi)[-1]


async def test_an_edit_in_the_window_leaves_the_summary_alone(talk: Talk, store: RedisStore):
    last = await until_cut(talk, store)
    before = (await store.load(PLACE)).summary
    await talk.conversations.timeline.edit(PLACE, key(last), "something else")
    assert (await store.load(PLACE)).summary == before


async def test_no_summary_is_kept_of_what_changes_while_it_is_written(
    make, tgi: TgiStandIn, store: RedisStore
):
    talk = make()
    said = tgi.reply

    def slow(prompt: str) -> str | list[str]:
        return ["slow "] * 30 if ASKED in prompt else said(prompt)

    tgi.reply = slow
    summaries = talk.conversations.summaries
    while not (await store.load(PLACE)).state.cut:
        await summaries.finished()
        tgi.tokens_per_second = 0
        await talk.say("This is a message about a dog named Rex, and it is a good dog")
        # From here on only the summary is written.
        tgi.tokens_per_second = 2
    await asked_for_one(tgi)
    await talk.conversations.timeline.remove(PLACE, [key(1)])
    tgi.tokens_per_second = 0
    await summaries.finished()
    assert (await store.load(PLACE)).summary is None
    tgi.reply = said
    await say(talk, "Who is Rex?")
    assert "number 1 " not in prompts(tgi, summaries=True)[-1]
    assert (await store.load(PLACE)).summary


@pytest.mark.parametrize("alone", [True, False])
async def test_no_summary_brings_back_what_was_erased_while_it_was_written(
    talk: Talk, store: RedisStore, alone: bool
):
    await until_cut(talk, store)
    if not alone:
        await talk.say("Hello there", speaker="Bob", author="8")
    before = await store.load(PLACE)
    assert before.summary
    await store.erase("7")
    late = Summary("Ann has a dog named Rex.", before.summary.through)
    assert not await store.summarise(PLACE, late, before.changes)
    # Where all of it was hers, the next talk there begins from nothing.
    await say(talk, "Who is Rex?")
    assert alone or (await store.load(PLACE)).changes > before.changes
    assert not alone or not await store.summarise(PLACE, late, before.changes)
    assert not alone or not await store.summarise(PLACE, late, 0)


@pytest.mark.parametrize(
    "fault", [Fault("overloaded"), Fault("rst", after=3), Fault("status", status=500)]
)
async def test_a_summary_that_fails_is_tried_again_after_the_next_reply(
    talk: Talk, tgi: TgiStandIn, store: RedisStore, fault: Fault
):
    while not (await store.load(PLACE)).state.cut:
        tgi.fault = None
        async with talk.conversations.turn(talk.ask("A message about Rex, a good dog " * 3)) as one:
            assert one is not None
            await one.finished()
            # It strikes what comes behind the reply.
            tgi.fault = fault
            await one.commit(("1",))
        await talk.conversations.summaries.finished()
    assert prompts(tgi, summaries=True)
    assert (await store.load(PLACE)).summary is None
    tgi.fault = None
    reply = await say(talk, "Who is Rex?")
    assert reply.error is None
    assert (await store.load(PLACE)).summary


@pytest.mark.usefixtures("one_hour")
async def test_its_tokens_count_for_the_server_and_for_nobody_in_it(
    tgi: TgiStandIn, store: RedisStore
):
    engine = TgiEngine(tgi.url, limits=Limits(first_token=20, silence=20, attempts=1))
    allowed = ReplyLimits(tokens_per_user=10_000, tokens_per_server=20_000)
    async with aclosing(engine):
        conversations = Conversations(
            engine, store, Model(engine, None, 1024), limits=allowed, summaries=True
        )
        talk = Talk(conversations, server="9")
        await until_cut(talk, store)
        [ann, whole] = [one.used for one in await conversations.used(Asker("7", "9"))]
    of_summaries = sum(seen.tokens for seen in tgi.generations if ASKED in seen.body["inputs"])
    assert of_summaries > 0
    assert whole == sum(seen.tokens for seen in tgi.generations)
    assert ann == whole - of_summaries


async def test_a_reply_takes_three_round_trips_with_a_summary_too(
    make, tgi: TgiStandIn, store: RedisStore, valkey_url: str, tmp_path: Path
):
    await until_cut(make(), store)
    line = Line(valkey_url.removeprefix("unix://").split("?")[0], str(tmp_path / "s"))
    await line.open()
    counted = RedisStore(line.url)
    engine = TgiEngine(tgi.url)
    try:
        conversations = Conversations(engine, counted, Model(engine, None, 1024), summaries=True)
        talk = Talk(conversations)
        talk.count = 100
        await say(talk, "Who is Rex?")
        before = line.round_trips
        await say(talk, "Are you sure?")
        assert RECAP in prompts(tgi)[-1]
        assert line.round_trips - before == 3
    finally:
        await counted.aclose()
        await engine.aclose()
        await line.close()


async def test_replies_come_first_where_the_engine_has_few_slots(
    make, tgi: TgiStandIn, store: RedisStore
):
    talk = make(line=Queue(1))
    said = tgi.reply
    tgi.reply = lambda prompt: ["slow "] * 200 if ASKED in prompt else said(prompt)[:4]
    while not (await store.load(PLACE)).state.cut:
        await talk.conversations.summaries.finished()
        tgi.tokens_per_second = 0
        await talk.say("This is a message about a dog named Rex, and it is a good dog")
        tgi.tokens_per_second = 4
    await asked_for_one(tgi)
    other = Talk(talk.conversations, "discord:2")
    began = asyncio.get_running_loop().time()
    reply = await other.say("Hi!")
    assert reply.error is None
    assert asyncio.get_running_loop().time() - began < 15, "the summary takes thirty"
    await talk.conversations.summaries.finished()
    [given_up] = [seen for seen in tgi.generations if ASKED in seen.body["inputs"]]
    assert given_up.left_early
    tgi.reply = said
    await say(talk, "Who is Rex?")
    assert (await store.load(PLACE)).summary


async def test_reset_takes_the_summary_along_and_undo_brings_it_back(
    talk: Talk, tgi: TgiStandIn, store: RedisStore
):
    await until_cut(talk, store)
    before = await store.load(PLACE)
    await talk.conversations.timeline.reset(PLACE)
    assert (await store.load(PLACE)).summary is None
    await talk.conversations.timeline.undo(PLACE)
    after = await store.load(PLACE)
    assert (after.summary, after.state) == (before.summary, before.state)
    await talk.conversations.timeline.reset(PLACE)
    await say(talk, "Who is Rex?")
    assert RECAP not in prompts(tgi)[-1]
    assert len(prompts(tgi, summaries=True)) == 1


@pytest.mark.parametrize("how", ["deleted", "edited"])
async def test_what_changes_after_a_reset_comes_back_with_no_old_summary(
    talk: Talk, store: RedisStore, how: str
):
    await until_cut(talk, store)
    timeline = talk.conversations.timeline
    await timeline.reset(PLACE)
    if how == "deleted":
        await timeline.remove(PLACE, [key(1)])
    else:
        await timeline.edit(PLACE, key(1), "I said nothing about animals")
    assert (await timeline.undo(PLACE)).restored
    assert (await store.load(PLACE)).summary is None


async def test_a_branch_has_the_summary_too(talk: Talk, tgi: TgiStandIn, store: RedisStore):
    last = await until_cut(talk, store)
    timeline = talk.conversations.timeline
    await timeline.branch(PLACE, key(last), "discord:9")
    branch = Talk(talk.conversations, "discord:9")
    branch.count = 100
    await say(branch, "Who is Rex?")
    assert "the notes number 1." in prompts(tgi)[-1]
    # A branch from what was cut begins there: nothing is summed up in it.
    await timeline.branch(PLACE, key(1), "discord:10")
    early = Talk(talk.conversations, "discord:10")
    early.count = 200
    await say(early, "Who is Rex?")
    assert "message number 1 and" in prompts(tgi)[-1]
    assert RECAP not in prompts(tgi)[-1]
    assert len(prompts(tgi, summaries=True)) == 1


async def test_what_is_said_after_all_in_view_was_deleted_comes_behind_what_was_cut(
    talk: Talk, store: RedisStore
):
    await until_cut(talk, store)
    turns = (await store.load(PLACE)).turns
    await talk.conversations.timeline.remove(PLACE, [turn.id for turn in turns])
    before = await store.load(PLACE)
    assert before.summary
    await say(talk, "Who is Rex?")
    after = await store.load(PLACE)
    assert min(turn.n for turn in after.turns) > before.summary.through


class TestByHand:
    """A person changes the summary."""

    async def test_what_a_person_writes_is_told_and_kept_in_the_next_one(
        self, talk: Talk, tgi: TgiStandIn, store: RedisStore
    ):
        await until_cut(talk, store)
        summaries = talk.conversations.summaries
        seen = await summaries.view(PLACE)
        assert seen.summary
        assert seen.last
        assert seen.last.n == seen.through == seen.summary.through
        await summaries.write(PLACE, "Rex is a cat.", seen)
        await say(talk, "Who is Rex?")
        assert "Rex is a cat." in prompts(tgi)[-1]
        assert (await store.load(PLACE)).summary == Summary("Rex is a cat.", seen.through, own=True)
        await until_cut(talk, store)
        assert "Notes so far:\nRex is a cat." in prompts(tgi, summaries=True)[-1]

    async def test_what_is_forgotten_stays_so(self, talk: Talk, tgi: TgiStandIn, store: RedisStore):
        await until_cut(talk, store)
        summaries = talk.conversations.summaries
        await summaries.write(PLACE, "", await summaries.view(PLACE))
        await talk.conversations.timeline.edit(PLACE, key(1), "another text")
        await say(talk, "Who is Rex?")
        await say(talk, "Are you sure?")
        assert RECAP not in prompts(tgi)[-1]
        assert len(prompts(tgi, summaries=True)) == 1
        await until_cut(talk, store)
        request = prompts(tgi, summaries=True)[-1]
        assert "Notes so far" not in request
        assert "another text" not in request

    async def test_one_that_was_written_on_old_grounds_is_refused(
        self, talk: Talk, store: RedisStore
    ):
        await until_cut(talk, store)
        summaries = talk.conversations.summaries
        seen = await summaries.view(PLACE)
        await talk.conversations.timeline.remove(PLACE, [key(1)])
        with pytest.raises(BadInput, match=CHANGED):
            await summaries.write(PLACE, "Rex is a cat.", seen)
        seen = await summaries.view(PLACE)
        await summaries.write(PLACE, "Rex is a bird.", seen)
        with pytest.raises(BadInput, match=CHANGED):
            await summaries.write(PLACE, "Rex is a fish.", seen)
        assert (await summaries.view(PLACE)).summary == Summary(
            "Rex is a bird.", seen.through, True
        )

    async def test_one_that_leaves_no_room_or_tells_of_nothing_is_refused(
        self, talk: Talk, store: RedisStore
    ):
        summaries = talk.conversations.summaries
        await talk.say("Hello!")
        with pytest.raises(BadInput, match="Nothing has been cut"):
            await summaries.write(PLACE, "Rex.", await summaries.view(PLACE))
        await until_cut(talk, store)
        with pytest.raises(BadInput, match="tokens long"):
            await summaries.write(PLACE, "Rex " * 400, await summaries.view(PLACE))


async def test_there_are_none_where_they_are_not_wanted_or_the_model_cannot(
    make, tgi: TgiStandIn, store: RedisStore
):
    await until_cut(make(), store)
    unwanted = make(wanted=False)
    unwanted.count = 100
    await say(unwanted, "Who is Rex?")
    assert RECAP not in prompts(tgi)[-1]
    await until_cut(unwanted, store)
    tiny = make(name="Hermes-Tiny")
    tiny.count = 200
    await say(tiny, "Who is Rex?")
    assert len(prompts(tgi, summaries=True)) == 1


async def test_alpaca_is_told_in_its_own_way(make, tgi: TgiStandIn, store: RedisStore):
    tgi.model_id = "NousResearch/Nous-Hermes-Llama2-13b"
    talk = make()
    await until_cut(talk, store)
    [request] = prompts(tgi, summaries=True)
    assert request.endswith("Write the new notes now.\n\n### Response:\n")
    await say(talk, "Who is Rex?")
    head = prompts(tgi)[-1].split("### Instruction:")[0]
    assert head.endswith("\nThese are the notes number 1.\n\n")


async def test_what_a_file_hides_is_not_summed_up(talk: Talk, tgi: TgiStandIn, store: RedisStore):
    await say(talk, "This is what was said before.")
    lines = [Said("person", "Ada", f"Line {n}. " + "word " * 20, hidden=n == 5) for n in range(12)]
    # The older half of the file, and what was said before, are not in view.
    await talk.conversations.timeline.bring(
        PLACE, Chat(lines), Cast((), "Mona"), Room(1000, len), author="7", key="k", instead=False
    )
    await say(talk, "And now?")
    [request] = prompts(tgi, summaries=True)
    assert "Line 4." in request
    assert "Line 5." not in request


async def test_what_stays_in_view_before_a_file_is_summed_up_when_it_is_cut(
    talk: Talk, tgi: TgiStandIn, store: RedisStore
):
    await say(talk, "This is what was said before.")
    lines = [Said("person", "Ada", f"Line {n}.", hidden=n == 1) for n in range(3)]
    await talk.conversations.timeline.bring(
        PLACE, Chat(lines), Cast((), "Mona"), Room(1000, len), author="7", key="k", instead=False
    )
    await until_cut(talk, store)
    assert "This is what was said before." in prompts(tgi, summaries=True)[-1]
