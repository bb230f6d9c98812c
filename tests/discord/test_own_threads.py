"""Channels in which everybody who asks gets a thread of their own."""

from __future__ import annotations

import json

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend.models import Overwrite
from simcord.builders import ChannelHandle

from bot.characters.stage import Member
from bot.characters.stage import Stage as Scene
from bot.conversation.limits import ReplyLimits
from bot.errors import StoreUnavailable
from cogs.places import category_place, conversation_in, server_place
from tests.discord import webhooks
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL, play, speech
from tests.discord.voices_support import Troupe

pytestmark = VIRTUAL

# For tests in which somebody is refused: simcord takes that for a failure.
REFUSED = pytest.mark.simcord(horizon=0.8, check_errors=False)


@pytest.fixture
def keeper(stage: Stage) -> MemberActor:
    """Somebody who may manage channels."""
    return stage.person("keeper", manage_channels=True)


async def switch_on(stage: Stage, place: str = "") -> None:
    here = place or conversation_in(stage.channel.id)
    await stage.bot.administration.change("1", server_place(stage.guild.id), here, "threads", True)


async def ask(
    stage: Stage, text: str, answer: str = "Fine.", *, actor: MemberActor | None = None
) -> discord.Message:
    stage.engine.answers = [answer]
    message = await (actor or stage.alice).send(stage.channel, f"{stage.me} {text}")
    await stage.settle()
    return message


async def say(stage: Stage, thread: ChannelHandle, text: str, answer: str = "So.") -> str:
    """Somebody just goes on talking there; returns what the model is sent of the talk."""
    stage.engine.answers = [answer]
    await stage.alice.send(thread, text)
    await stage.settle()
    return talk(stage)


def talk(stage: Stage) -> str:
    return stage.engine.prompts[-1].split("<|im_start|>user\n", 1)[1]


def thread_of(stage: Stage, message: discord.Message) -> ChannelHandle:
    [thread] = [one for one in stage.channel.threads if one.id == message.id]
    return ChannelHandle(stage.env, stage.guild, stage.env.backend.get_channel(thread.id))


def told(stage: Stage) -> list[str]:
    """What the bot says in the channel itself; that there is a thread is told by Discord."""
    return [m.content for m in stage.shown() if m.type is not discord.MessageType.thread_created]


def forbid(stage: Stage, **permissions: bool) -> None:
    """Take permissions in the channel from the bot."""
    denied = discord.Permissions(**permissions).value
    stage.env.backend.set_overwrite(stage.channel.id, Overwrite(stage.bot_id, 1, deny=denied))


def thread_requests(stage: Stage) -> int:
    asked = [one for one in stage.env.http_requests if one.path.endswith("/threads")]
    return len(asked)


# ------------------------------------------------------------------ how it is answered


async def test_nothing_is_made_where_nobody_wanted_it(stage: Stage) -> None:
    await ask(stage, "What is a bee?", "An insect.")
    assert stage.said() == ["An insect."]
    assert not stage.channel.threads


async def test_a_mention_is_answered_in_a_thread_of_its_own(stage: Stage) -> None:
    await ask(stage, "Something before.")
    await switch_on(stage)
    asked = await ask(stage, "What is **a bee**? I ask <@1>.", "An insect.")
    thread = thread_of(stage, asked)
    assert thread.name == "What is a bee?"
    [answer] = stage.said(thread)
    assert answer == f"<@{stage.alice.id}> An insect.", "who asked is brought in, and pinged"
    assert told(stage) == ["Fine."], "the channel stays as it was"
    assert talk(stage).startswith("Alice: What is **a bee**?")
    assert "before" not in stage.engine.prompts[-1]


async def test_everything_in_the_thread_is_answered_but_what_people_say_to_each_other(
    stage: Stage,
) -> None:
    await switch_on(stage)
    thread = thread_of(stage, await ask(stage, "What is a bee?", "An insect."))
    assert await say(stage, thread, "Does it sting?") == (
        "Alice: What is a bee?<|im_end|>\n<|im_start|>assistant\nAn insect.<|im_end|>\n"
        "<|im_start|>user\nAlice: Does it sting?<|im_end|>\n<|im_start|>assistant\n"
    )
    prompts = len(stage.engine.prompts)
    hers = await stage.alice.send(thread, f"<@{stage.bob.id}> did you know that?")
    await stage.reply(stage.bob, hers, "I did not!")
    await stage.bob.send(thread, "((brb))")
    await stage.settle()
    assert len(stage.engine.prompts) == prompts
    await stage.bob.send(thread, "So it does sting.")
    await stage.settle()
    assert "Bob: So it does sting." in talk(stage)
    assert thread_requests(stage) == 1, "a message in a thread stays there"


async def test_unless_the_thread_is_set_otherwise(stage: Stage, keeper: MemberActor) -> None:
    await switch_on(stage)
    thread = thread_of(stage, await ask(stage, "What is a bee?", "An insect."))
    await keeper.slash(thread, "channel", mode="mention")
    prompts = len(stage.engine.prompts)
    await stage.alice.send(thread, "Does it sting?")
    await stage.settle()
    assert len(stage.engine.prompts) == prompts
    await stage.alice.send(thread, f"{stage.me} does it sting?")
    await stage.settle()
    assert len(stage.engine.prompts) == prompts + 1


async def test_other_channels_and_other_peoples_threads_stay_as_they_are(stage: Stage) -> None:
    await switch_on(stage)
    side = stage.thread()
    await stage.alice.send(side, "Nobody asks.")
    await stage.alice.send(side, f"{stage.me} Hello?")
    await stage.settle()
    assert len(stage.said(side)) == 1
    other = stage.guild.create_text_channel("other")
    await stage.alice.send(other, f"{stage.me} Hello?")
    await stage.settle()
    assert len(stage.said(other)) == 1
    assert thread_requests(stage) == 0


async def test_a_reply_to_the_bot_takes_along_what_it_replies_to_in_full(stage: Stage) -> None:
    story = "Once upon a time. " * 30
    await ask(stage, "A story!", story)
    [reply] = stage.shown()
    await switch_on(stage)
    stage.engine.answers = ["And then."]
    await stage.reply(stage.bob, reply, "Go on!")
    [thread] = stage.channel.threads
    assert thread.name == "Go on!"
    assert talk(stage).startswith(f'Bob: [in reply to your message: "{story.strip()}"]')


async def test_what_somebody_else_said_goes_along_as_well(stage: Stage) -> None:
    await switch_on(stage)
    await stage.bot.always_on.choose(conversation_in(stage.channel.id), "always")
    theirs = await stage.bob.send(stage.channel, "((Bees make honey.))")
    await stage.reply(stage.alice, theirs, f"{stage.me} Is that so?")
    assert '[in reply to Bob: "((Bees make honey.))"] Is that so?' in talk(stage)


async def test_where_everything_is_answered_each_message_gets_its_thread(stage: Stage) -> None:
    await switch_on(stage)
    await stage.bot.always_on.choose(conversation_in(stage.channel.id), "always")
    for text in ("What is a bee?", "What is a wasp?"):
        await stage.alice.send(stage.channel, text)
        await stage.settle()
    assert sorted(one.name for one in stage.channel.threads) == [
        "What is a bee?",
        "What is a wasp?",
    ]


async def test_people_who_ask_at_once_are_answered_side_by_side(stage: Stage) -> None:
    await switch_on(stage)
    stage.engine.answers = [[1.0, "One, ", 1.0, "told."], [1.0, "Two, ", 1.0, "told."]]
    first = await stage.alice.send(stage.channel, f"{stage.me} One?")
    second = await stage.bob.send(stage.channel, f"{stage.me} Two?")
    await play(stage.env, 1.5)
    for asked in (first, second):
        [half] = stage.said(thread_of(stage, asked))
        assert "told" not in half, "each is a talk of its own, and none waits for the other"
    await play(stage.env, 3.5)
    assert stage.said(thread_of(stage, first)) == [f"<@{stage.alice.id}> One, told."]
    assert stage.said(thread_of(stage, second)) == [f"<@{stage.bob.id}> Two, told."]


async def test_for_a_whole_category_or_server_but_not_in_one_channel(stage: Stage) -> None:
    await switch_on(stage, server_place(stage.guild.id))
    here = conversation_in(stage.channel.id)
    await stage.bot.administration.change("1", "", here, "threads", False)
    await ask(stage, "Here?")
    assert not stage.channel.threads
    category = stage.guild.create_category("Questions")
    other = stage.guild.create_text_channel("other", category=category)
    await switch_on(stage, category_place(category.id))
    await stage.alice.send(other, f"{stage.me} There?")
    await stage.settle()
    assert [one.name for one in other.threads] == ["There?"]


async def test_commands_are_answered_in_place(stage: Stage) -> None:
    await switch_on(stage)
    stage.engine.answers = ["An insect."]
    done = await stage.alice.slash(stage.channel, "ask", question="What is a bee?")
    assert "An insect." in done.response.content
    assert not stage.channel.threads


async def test_a_picture_alone_has_a_title_too(stage: Stage) -> None:
    await switch_on(stage)
    asked = await stage.alice.send(stage.channel, stage.me)
    await stage.settle()
    assert thread_of(stage, asked).name == "Question"


# ------------------------------------------------------------------ what the channel lends


async def test_the_channels_system_prompt_holds_in_its_threads(stage: Stage) -> None:
    await stage.bot.conversations.set_system(conversation_in(stage.channel.id), "You are a bee.")
    await switch_on(stage)
    asked = await ask(stage, "Who are you?", "A bee.")
    thread = thread_of(stage, asked)
    await say(stage, thread, "Really?")
    assert stage.engine.prompts[-1].count("You are a bee.") == 1
    here = conversation_in(thread.id)
    await stage.bot.conversations.set_system(here, "You are a wasp.")
    await say(stage, thread, "And now?")
    assert "You are a wasp." in stage.engine.prompts[-1]
    await stage.bot.conversations.set_system(here, None)
    await stage.bot.store.lend(await stage.bot.store.loan(conversation_in(stage.channel.id)), here)
    await say(stage, thread, "And now?")
    assert "You are a " not in stage.engine.prompts[-1], "what was taken away does not come back"


async def test_a_scene_is_played_where_it_is(stage: Stage) -> None:
    here = conversation_in(stage.channel.id)
    cast = tuple(Member("discord:user:1", str(n), "0" * 64, f"C{n}") for n in range(2))
    await stage.bot.store.save_stage(here, Scene(cast=cast, paused=True))
    await switch_on(stage)
    await stage.alice.send(stage.channel, f"{stage.me} Hello?")
    await stage.settle()
    assert not stage.channel.threads
    assert len(told(stage)) == 1, "it says that the scene is paused"


# ------------------------------------------------------------------ what Discord refuses


async def test_without_the_permission_it_answers_in_the_channel_and_says_why(
    stage: Stage, keeper: MemberActor
) -> None:
    await switch_on(stage)
    forbid(stage, create_public_threads=True)
    await ask(stage, "What is a bee?", "An insect.")
    assert told(stage) == ["An insect."]
    assert thread_requests(stage) == 0
    why = (await keeper.slash(stage.channel, "config why")).response.content
    assert "🧵 Who asks here gets a thread of their own (this channel)." in why
    assert "I lack Create Public Threads. Until I have that, I answer in the channel itself" in why


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        (400, 160006, "Please close some."),
        (403, 50013, "Discord did not allow it."),
        (429, 0, "wants me to make fewer."),
        (500, 0, "Discord did not make it in time"),
        (400, 50024, "Discord did not make it."),
    ],
)
async def test_what_is_refused_is_done_without_once(
    stage: Stage, keeper: MemberActor, status: int, code: int, why: str
) -> None:
    await switch_on(stage)
    stage.env.inject_error("POST", "/channels/*/messages/*/threads", status=status, code=code)
    await ask(stage, "What is a bee?", "An insect.")
    assert told(stage) == ["An insect."]
    assert not stage.channel.threads
    shown = (await keeper.slash(stage.channel, "config why")).response.content
    assert why in shown
    asked = await ask(stage, "And a wasp?", "Another.")
    assert stage.said(thread_of(stage, asked)), "the next one is tried again"
    shown = (await keeper.slash(stage.channel, "config why")).response.content
    assert why not in shown, "and then all is well"


async def test_who_asked_hears_of_it_where_nothing_can_be_written_in_the_thread(
    stage: Stage,
) -> None:
    await switch_on(stage)
    stage.engine.answers = [[1.0, "An insect."]]
    asked = await stage.alice.send(stage.channel, f"{stage.me} What is a bee?")
    inside = f"/channels/{asked.id}/messages"
    stage.env.inject_error("POST", inside, status=403, code=50013, times=None)
    await play(stage.env, 3.5)
    assert stage.said(thread_of(stage, asked)) == []
    marked = stage.env.backend.get_message(stage.channel.id, asked.id)
    assert [one.emoji for one in marked.reactions] == ["🔇"]


async def test_a_name_that_the_server_forbids_gives_way_to_a_plain_one(stage: Stage) -> None:
    await switch_on(stage)
    stage.env.inject_error(
        "POST", "/channels/*/messages/*/threads", status=400, code=200001, times=1
    )
    asked = await ask(stage, "What is a darn bee?", "An insect.")
    assert thread_of(stage, asked).name == "Question"


async def test_the_answer_goes_into_a_thread_that_somebody_was_quicker_to_make(
    stage: Stage,
) -> None:
    await switch_on(stage)
    original = stage.env.backend.create_thread

    async def made_first(message: discord.Message) -> None:
        if message.author.id == stage.alice.id:
            original(message.channel.id, "Bees", stage.bob.id, message_id=message.id)

    there = "/channels/*/messages/*/threads"
    stage.env.inject_error("POST", there, status=400, code=160004, times=None)
    stage.bot.add_listener(made_first, "on_message")
    asked = await ask(stage, "What is a bee?", "An insect.")
    stage.bot.remove_listener(made_first, "on_message")
    assert len(stage.said(thread_of(stage, asked))) == 1
    assert told(stage) == []
    await stage.alice.edit(asked, f"{stage.me} What is a wasp?")
    await stage.settle()
    [turn, _] = await stage.bot.conversations.history(conversation_in(asked.id))
    assert turn.text == "What is a wasp?"


async def test_a_thread_of_the_bots_whose_making_was_not_answered_is_used(stage: Stage) -> None:
    await switch_on(stage)
    original = stage.env.backend.create_thread

    async def made_but_lost(message: discord.Message) -> None:
        if message.author.id == stage.alice.id:
            original(message.channel.id, "Bees", stage.bot_id, message_id=message.id)

    stage.env.inject_error("POST", "/channels/*/messages/*/threads", status=500)
    stage.bot.add_listener(made_but_lost, "on_message")
    asked = await ask(stage, "What is a bee?", "An insect.")
    stage.bot.remove_listener(made_but_lost, "on_message")
    assert len(stage.said(thread_of(stage, asked))) == 1
    assert told(stage) == []


async def test_a_question_that_is_gone_before_its_thread_is_as_anywhere(
    stage: Stage, keeper: MemberActor
) -> None:
    await switch_on(stage)
    stage.env.inject_error("POST", "/channels/*/messages/*/threads", status=404, code=10008)
    await ask(stage, "What is a bee?", "An insect.")
    assert told(stage) == ["An insect."]
    shown = (await keeper.slash(stage.channel, "config why")).response.content
    assert "got none" not in shown


@pytest.mark.usefixtures("one_hour")
@pytest.mark.parametrize("core", [{"limits": ReplyLimits(per_user=2)}])
async def test_who_has_asked_too_much_gets_no_thread(stage: Stage) -> None:
    await switch_on(stage)
    for number in range(3):
        await ask(stage, f"Question {number}?")
    assert len(stage.channel.threads) == 2
    assert "2" in told(stage)[-1], "and is told so in the channel"


@REFUSED
async def test_no_thread_is_left_empty_while_the_memory_is_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await switch_on(stage)

    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable()

    monkeypatch.setattr(stage.bot.store, "loan", away)
    asked = await ask(stage, "What is a bee?", "An insect.")
    assert not stage.channel.threads
    [failed] = stage.shown()
    monkeypatch.undo()
    await stage.alice.click(failed, label="Retry")
    await stage.settle()
    assert len(stage.said(thread_of(stage, asked))) == 1


# ------------------------------------------------------------------ edits and deletions


async def test_an_edited_question_offers_another_answer_in_its_thread(stage: Stage) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    thread = thread_of(stage, asked)
    await stage.alice.edit(asked, f"{stage.me} What is a wasp?")
    await stage.settle()
    [reply] = stage.shown(thread)
    stage.engine.answers = ["Another insect."]
    await stage.alice.click(reply, label="Answer again")
    await stage.settle()
    assert [one.removeprefix(f"<@{stage.alice.id}> ") for one in stage.said(thread)] == [
        "Another insect."
    ]
    assert talk(stage).startswith("Alice: What is a wasp?")


async def test_a_question_that_is_edited_while_it_is_answered(stage: Stage) -> None:
    await switch_on(stage)
    stage.engine.answers = [speech(20, 1.0), [1.0, "Another insect."]]
    asked = await stage.alice.send(stage.channel, f"{stage.me} What is a bee?")
    await play(stage.env, 3.5)
    thread = thread_of(stage, asked)
    [begun] = stage.shown(thread)
    await stage.alice.edit(asked, f"{stage.me} What is a wasp?")
    await play(stage.env, 6)
    [message] = stage.shown(thread)
    assert (message.id, message.content) == (begun.id, f"<@{stage.alice.id}> Another insect.")
    assert "What is a wasp?" in talk(stage)
    assert told(stage) == []


async def test_a_mention_that_is_added_afterwards_is_answered_in_a_thread(stage: Stage) -> None:
    await switch_on(stage)
    asked = await stage.alice.send(stage.channel, "What is a bee?")
    await stage.settle()
    assert not stage.channel.threads
    stage.engine.answers = ["An insect."]
    await stage.alice.edit(asked, f"{stage.me} What is a bee?")
    await stage.settle()
    assert len(stage.said(thread_of(stage, asked))) == 1
    await stage.alice.edit(asked, f"{stage.me} What is a bee now?")
    await stage.settle()
    assert len(stage.said(thread_of(stage, asked))) == 1, "no second answer"


async def test_a_deleted_question_is_forgotten(stage: Stage) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    thread = thread_of(stage, asked)
    await stage.alice.delete(asked)
    await stage.settle()
    await say(stage, thread, "Hello?")
    assert "bee" not in stage.engine.prompts[-1]


async def test_a_question_that_is_deleted_while_it_is_answered(stage: Stage) -> None:
    await switch_on(stage)
    stage.engine.answers = [speech(20, 1.0)]
    asked = await stage.alice.send(stage.channel, f"{stage.me} What is a bee?")
    await play(stage.env, 3.5)
    thread = thread_of(stage, asked)
    assert stage.shown(thread)
    await stage.alice.delete(asked)
    await play(stage.env, 3.5)
    assert stage.said(thread) == []
    assert not await stage.bot.conversations.history(conversation_in(thread.id))


async def test_a_deleted_answer_leaves_the_question(stage: Stage) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    thread = thread_of(stage, asked)
    [answer] = stage.shown(thread)
    keeper = stage.person("mod", manage_messages=True)
    await keeper.delete(answer)
    await stage.settle()
    prompt = await say(stage, thread, "Hello?")
    assert "What is a bee?" in prompt
    assert "insect" not in prompt


async def test_what_is_taken_back_is_marked_in_the_channel(stage: Stage) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    thread = thread_of(stage, asked)
    await stage.alice.slash(thread, "undo")
    marked = stage.env.backend.get_message(stage.channel.id, asked.id)
    assert [str(one.emoji) for one in marked.reactions] or marked.reactions
    assert "bee" not in await say(stage, thread, "Hello?")


async def test_a_deleted_thread_is_forgotten(stage: Stage) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    stage.env.backend.delete_channel(asked.id)
    await stage.settle()
    assert not await stage.bot.conversations.history(conversation_in(asked.id))


async def test_erasing_a_person_finds_what_they_asked_in_threads(stage: Stage) -> None:
    await switch_on(stage)
    asked = await ask(stage, "My secret bee?", "An insect.")
    held = await stage.bot.conversations.erase(str(stage.alice.id))
    assert held
    assert not await stage.bot.conversations.history(conversation_in(asked.id))


# ------------------------------------------------------------------ absences


async def away(stage: Stage) -> None:
    await play(stage.env, 20, step=1.0)
    with stage.env._bot_scope():
        await stage.env.bot.shards[0].disconnect()


async def test_a_restart_answers_nothing_twice(stage: Stage, make_bot: MakeBot) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    thread = thread_of(stage, asked)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    assert len(stage.said(thread)) == 1
    assert told(stage) == []
    assert len(stage.engine.prompts) == 1


@pytest.mark.parametrize("absent", [False, True])
async def test_nor_does_it_after_the_thread_was_deleted(
    stage: Stage, make_bot: MakeBot, *, absent: bool
) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    await play(stage.env, 20, step=1.0)
    if absent:
        await away(stage)
    stage.env.backend.delete_channel(asked.id)
    await play(stage.env, 20, step=1.0)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    assert not stage.channel.threads
    assert len(stage.engine.prompts) == 1


async def test_nor_does_it_after_a_reset(stage: Stage, make_bot: MakeBot) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    await stage.bot.store.clear(conversation_in(asked.id))
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    assert len(stage.engine.prompts) == 1


async def test_what_was_asked_in_an_absence_gets_its_thread(
    stage: Stage, make_bot: MakeBot
) -> None:
    await switch_on(stage)
    await ask(stage, "Hello?")
    await away(stage)
    made = await stage.alice.send(stage.channel, f"{stage.me} What is a bee?")
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    assert thread_of(stage, made).name == "What is a bee?"
    assert len(stage.said(thread_of(stage, made))) == 1
    assert told(stage) == []


async def test_a_thread_that_was_made_and_no_more_is_answered_after_the_restart(
    stage: Stage, make_bot: MakeBot
) -> None:
    await switch_on(stage)
    await ask(stage, "Hello?")
    await away(stage)
    made = await stage.alice.send(stage.channel, f"{stage.me} What is a bee?")
    stage.env.backend.create_thread(
        stage.channel.id, "What is a bee?", stage.bot_id, message_id=made.id
    )
    before = thread_requests(stage)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    assert len(stage.said(thread_of(stage, made))) == 1
    assert told(stage) == []
    assert thread_requests(stage) == before


async def test_an_answer_that_was_begun_is_finished_in_its_message(
    stage: Stage, make_bot: MakeBot
) -> None:
    await switch_on(stage)
    stage.engine.answers = [speech(20, 1.0)]
    asked = await stage.alice.send(stage.channel, f"{stage.me} What is a bee?")
    await play(stage.env, 3.5)
    thread = thread_of(stage, asked)
    [begun] = stage.shown(thread)
    stage.engine.answers = [[1.0, "A whole answer."]]
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 6)
    [message] = stage.shown(thread)
    assert message.id == begun.id
    assert message.content == "A whole answer."
    assert told(stage) == []
    assert await stage.bot.conversations.owed() == []


async def test_a_question_edited_in_an_absence_is_taken_over(
    stage: Stage, make_bot: MakeBot
) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    await away(stage)
    await stage.alice.edit(asked, f"{stage.me} What is a wasp?")
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    turns = await stage.bot.conversations.history(conversation_in(asked.id))
    assert turns[0].text == "What is a wasp?"


async def test_a_question_deleted_in_an_absence_is_forgotten(
    stage: Stage, make_bot: MakeBot
) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    thread = thread_of(stage, asked)
    await away(stage)
    await stage.alice.delete(asked)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    turns = await stage.bot.conversations.history(conversation_in(thread.id))
    assert [turn.text for turn in turns] == ["An insect."], "as in any channel"


# ------------------------------------------------------------------ setting it


async def test_by_command(stage: Stage, keeper: MemberActor) -> None:
    done = await keeper.slash(stage.channel, "channel", threads=True)
    assert done.response.content.startswith("Who asks me here from now on gets a thread")
    asked = await ask(stage, "What is a bee?")
    thread_of(stage, asked)
    done = await keeper.slash(stage.channel, "channel", threads=False, mode="mention")
    assert "I answer here in the channel itself from now on." in done.response.content
    assert "only when I am mentioned" in done.response.content
    await ask(stage, "And a wasp?")
    assert len(stage.channel.threads) == 1


@REFUSED
async def test_by_command_where_that_makes_no_sense(stage: Stage, keeper: MemberActor) -> None:
    nothing = await keeper.slash(stage.channel, "channel")
    assert nothing.response.content == "Please choose what to change: `mode`, `threads`, or both."
    inside = await keeper.slash(stage.thread(), "channel", threads=True)
    assert "A thread has no threads." in inside.response.content
    voice = stage.guild.create_voice_channel("talk")
    spoken = await keeper.slash(voice, "channel", threads=True)
    assert "Only text and announcement channels do." in spoken.response.content


async def test_the_command_warns_of_what_is_missing(stage: Stage, keeper: MemberActor) -> None:
    forbid(stage, send_messages_in_threads=True)
    done = await keeper.slash(stage.channel, "channel", threads=True)
    assert "⚠️ Questions here are to get threads of their own, but I lack" in done.response.content
    assert "Send Messages in Threads" in done.response.content


# ------------------------------------------------------------------ other kinds of channels


async def test_an_announcement_channel_has_threads_and_a_voice_channels_chat_has_none(
    stage: Stage,
) -> None:
    await switch_on(stage, server_place(stage.guild.id))
    news = stage.guild.create_news_channel("news")
    asked = await stage.alice.send(news, f"{stage.me} What is new?")
    await stage.settle()
    assert [one.id for one in news.threads] == [asked.id]
    voice = stage.guild.create_voice_channel("talk")
    await stage.alice.send(voice, f"{stage.me} Hello?")
    await stage.settle()
    assert len(stage.said(voice)) == 1
    await stage.alice.send_dm("Hello?")
    assert len(stage.said(stage.alice.user.dm_channel)) == 1


async def test_another_answer_that_was_cut_off_stays_in_its_message(
    stage: Stage, make_bot: MakeBot
) -> None:
    await switch_on(stage)
    asked = await ask(stage, "What is a bee?", "An insect.")
    thread = thread_of(stage, asked)
    [answer] = stage.shown(thread)
    stage.engine.answers = [speech(20, 1.0)]
    await stage.alice.context_menu(thread, "Regenerate", answer)
    await play(stage.env, 3.5)
    stage.engine.answers = [[1.0, "A hard worker."]]
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 6)
    assert [(m.id, m.content) for m in stage.shown(thread)] == [(answer.id, "A hard worker.")]


# ------------------------------------------------------------------ for those who manage the server


async def test_a_character_of_the_channel_answers_in_the_threads(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhooks.install(monkeypatch)
    await Troupe(stage).enters("Ada")
    await switch_on(stage)
    stage.engine.answers = [["Well met!"]]
    asked = await stage.alice.send(stage.channel, f"{stage.me} Good evening!")
    await play(stage.env, 1.0)
    thread = thread_of(stage, asked)
    [message] = [one for one in stage.heard(thread) if one.webhook_id]
    assert message.author.display_name == "Ada"
    assert message.content == f"-# <@{stage.alice.id}>\nWell met!"
    assert "Ada is here." in stage.engine.prompts[-1]
    stage.engine.answers = [["And to you."]]
    await stage.alice.send(thread, "How are you?")
    await play(stage.env, 1.0)
    spoken = [one for one in stage.heard(thread) if one.webhook_id]
    assert [one.author.display_name for one in spoken] == ["Ada", "Ada"]


async def test_the_doctor_tells_where_threads_cannot_be_made(stage: Stage) -> None:
    admin = stage.person("admin", manage_guild=True)
    await switch_on(stage, server_place(stage.guild.id))
    forbid(stage, create_public_threads=True)
    other = stage.guild.create_text_channel("other")
    for channel in (stage.channel, other):
        shown = await admin.slash(channel, "doctor")
        [box] = shown.response.components
        said = "\n".join(part["content"] for part in box["components"])
        assert f"⚠️ **<#{stage.channel.id}>**: Questions here are to get threads" in said
        assert "I lack Create Public Threads" in said
        assert said.count("Questions here") == 1


async def test_a_file_of_settings_does_not_repeat_what_is_lent(stage: Stage) -> None:
    admin = stage.person("admin", manage_guild=True)
    here = conversation_in(stage.channel.id)
    await stage.bot.conversations.set_system(here, "You are a bee.")
    await switch_on(stage)
    await ask(stage, "Who are you?")
    shown = await admin.slash(stage.channel, "config export")
    [file] = shown.response.message.attachments
    places = json.loads(await file.read())["places"]
    assert places == {here: {"threads": True, "system": "You are a bee."}}
