"""The conversation is what is visible: edits, deletions, and what the bot posts by itself."""

from __future__ import annotations

from collections.abc import Awaitable

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend import serializers
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from bot.conversation.turns import Turn
from bot.errors import EngineInterrupted, StoreUnavailable
from bot.store.connection import Connection
from cogs.live import live_of
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL, Watch, labels, play, speech

pytestmark = VIRTUAL

CHANGED = "-# The question has changed since."
LONG = "A sentence of this answer. " * 100


async def ask(
    stage: Stage, text: str = "I have a dog", who: MemberActor | None = None
) -> discord.Message:
    return await (who or stage.alice).send(stage.channel, f"{stage.me} {text}")


async def answered(
    stage: Stage, text: str = "I have a dog", answer: object = "Nice."
) -> discord.Message:
    """A question that the bot has answered, and settled."""
    stage.engine.answers = [[1.0, answer]]
    asked = await ask(stage, text)
    await play(stage.env, 2.5)
    return asked


async def turns(stage: Stage) -> list[Turn]:
    return list(await stage.bot.conversations.history(f"discord:{stage.channel.id}"))


async def texts(stage: Stage) -> list[str]:
    return [turn.text for turn in await turns(stage)]


async def sent_next(stage: Stage) -> str:
    """The prompt of one more question."""
    await ask(stage, "what now?")
    await play(stage.env, 2.5)
    assert stage.asked == "Alice: what now?"
    return stage.engine.prompts[-1]


# ---------------------------------------------------------------------- edits


async def test_an_older_question_is_read_as_it_is_now(stage: Stage) -> None:
    asked = await answered(stage)
    await answered(stage, "And a bird")
    watch = Watch(stage.env)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    assert watch.requests == []
    prompt = await sent_next(stage)
    assert "I have a cat" in prompt
    assert "dog" not in prompt


async def test_an_edit_by_somebody_who_has_opted_out_is_not_read(stage: Stage) -> None:
    asked = await answered(stage)
    await stage.bot.opt_outs.switch(str(stage.alice.id), True)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 2)
    assert await texts(stage) == ["Nice."], "neither what it said nor what it says"


async def test_the_last_question_can_be_answered_again_as_it_is_now(stage: Stage) -> None:
    asked = await answered(stage)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 1)
    [offered] = stage.shown()
    assert offered.content == f"Nice.\n{CHANGED}"
    assert labels(offered) == ["Answer again"]
    stage.engine.answers = [[1.0, "Cats are fine."]]
    await stage.alice.click(offered, label="Answer again")
    await play(stage.env, 2.5)
    [message] = stage.shown()
    assert (message.id, message.content) == (offered.id, "Cats are fine.")
    assert "Answer again" not in labels(message)
    assert "I have a cat" in stage.engine.prompts[-1]
    assert "Nice." not in stage.engine.prompts[-1]
    assert await texts(stage) == ["I have a cat", "Cats are fine."]
    prompt = await sent_next(stage)
    assert "Cats are fine." in prompt
    assert "dog" not in prompt


async def test_edited_twice_it_is_offered_once(stage: Stage) -> None:
    asked = await answered(stage)
    for pet in ("cat", "fish"):
        await stage.alice.edit(asked, f"{stage.me} I have a {pet}")
        await play(stage.env, 1)
    [offered] = stage.shown()
    assert offered.content.count(CHANGED) == 1
    assert labels(offered) == ["Answer again"]
    assert await texts(stage) == ["I have a fish", "Nice."]


async def test_the_button_works_after_a_restart(stage: Stage, make_bot: MakeBot) -> None:
    asked = await answered(stage)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 1)
    await stage.env.restart_bot(make_bot())
    stage.engine.answers = [[1.0, "Cats are fine."]]
    await stage.alice.click(stage.shown()[0], label="Answer again")
    await play(stage.env, 2.5)
    assert stage.said() == ["Cats are fine."]


async def test_strangers_and_late_comers_cannot_have_it_answered_again(stage: Stage) -> None:
    asked = await answered(stage)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 1)
    pressed = await stage.bob.click(stage.shown()[0], label="Answer again")
    assert "who asked" in pressed.response.content
    await answered(stage, "And a bird")
    pressed = await stage.alice.click(stage.shown()[0], label="Answer again")
    assert "moved on" in pressed.followups[0].content
    assert len(stage.engine.requests) == 2


async def test_an_answer_of_several_messages_is_written_anew_in_them(stage: Stage) -> None:
    asked = await answered(stage, answer=LONG)
    first, last = stage.shown()
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 1)
    assert [labels(message) for message in stage.shown()] == [[], ["Answer again"]]
    stage.engine.answers = [[1.0, "Short."]]
    await stage.alice.click(last, label="Answer again")
    await play(stage.env, 2.5)
    [message] = stage.shown()
    assert (message.id, message.content) == (first.id, "Short.")
    # The page too many was the bot's own to take away.
    assert await texts(stage) == ["I have a cat", "Short."]


async def test_what_the_bot_takes_away_itself_is_no_deletion(stage: Stage) -> None:
    await answered(stage, answer=LONG)
    _, last = stage.shown()
    place = stage.bot.get_partial_messageable(stage.channel.id)
    with stage.env._bot_scope():
        await live_of(stage.bot).take_away(place.get_partial_message(last.id))
    await stage.settle()
    assert len(stage.shown()) == 1
    assert await texts(stage) == ["I have a dog", LONG.strip()]


async def test_an_edit_while_the_answer_is_written_begins_it_anew(stage: Stage) -> None:
    stage.engine.answers = [speech(20, 1.0), [1.0, "Cats are fine."]]
    asked = await ask(stage)
    await play(stage.env, 3.5)
    [begun] = stage.shown()
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 4)
    [message] = stage.shown()
    assert (message.id, message.content) == (begun.id, "Cats are fine.")
    assert not labels(message)
    assert stage.engine.closed == 1
    assert await texts(stage) == ["I have a cat", "Cats are fine."]
    assert await stage.bot.conversations.owed() == []


async def test_an_edit_before_the_first_word_begins_it_anew(stage: Stage) -> None:
    stage.engine.answers = [speech(20, 1.0, first=5.0), [1.0, "Cats are fine."]]
    asked = await ask(stage)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 4)
    assert stage.said() == ["Cats are fine."]
    assert await texts(stage) == ["I have a cat", "Cats are fine."]


async def test_quick_edits_while_it_is_written_end_with_the_last_one(stage: Stage) -> None:
    stage.engine.answers = [speech(20, 1.0), speech(20, 1.0), [1.0, "Fish are fine."]]
    asked = await ask(stage)
    await play(stage.env, 2)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await stage.alice.edit(asked, f"{stage.me} I have a fish")
    await play(stage.env, 6)
    [message] = stage.shown()
    assert message.content == "Fish are fine."
    assert "fish" in stage.asked


async def test_an_edit_that_comes_after_the_next_question_changes_the_text_alone(
    stage: Stage,
) -> None:
    stage.engine.answers = [speech(4, 1.0), [1.0, "Both are fine."]]
    asked = await ask(stage)
    await play(stage.env, 2)
    await ask(stage, "And a bird", stage.bob)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 8)
    assert len(stage.shown()) == 2
    assert stage.said()[1] == "Both are fine."
    assert "I have a cat" in stage.engine.prompts[-1]
    assert (await texts(stage))[0] == "I have a cat"


async def test_an_edit_of_what_waits_is_what_is_answered(stage: Stage) -> None:
    stage.engine.answers = [speech(8, 1.0), [1.0, "Sure."]]
    await ask(stage)
    await play(stage.env, 2)
    waiting = await ask(stage, "And a brid", stage.bob)
    await stage.bob.edit(waiting, "And a bird")
    await play(stage.env, 12)
    assert stage.asked == "Bob: And a bird"
    assert len(stage.engine.requests) == 2
    assert len(stage.shown()) == 2


async def test_a_mention_added_by_an_edit_is_answered(stage: Stage) -> None:
    said = await stage.alice.send(stage.channel, "who are you?")
    assert stage.shown() == []
    await stage.alice.edit(said, f"{stage.me} who are you?")
    await play(stage.env, 2.5)
    [message] = stage.shown()
    assert message.reference.message_id == said.id
    assert stage.asked == "Alice: who are you?"
    await stage.alice.edit(said, f"{stage.me} who are you??")
    await play(stage.env, 2.5)
    assert len(stage.engine.requests) == 1


async def test_a_mention_that_is_added_late_is_not_answered(stage: Stage) -> None:
    said = await stage.alice.send(stage.channel, "who are you?")
    await play(stage.env, 16 * 60, step=60)
    await stage.alice.edit(said, f"{stage.me} who are you?")
    await play(stage.env, 2.5)
    assert stage.shown() == []


async def test_what_was_answered_before_two_resets_is_not_answered_again(stage: Stage) -> None:
    asked = await answered(stage)
    timeline, place = stage.bot.conversations.timeline, f"discord:{stage.channel.id}"
    await timeline.reset(place)
    await answered(stage, "something else")
    await timeline.reset(place)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 2.5)
    assert len(stage.engine.requests) == 2


async def test_a_mention_taken_away_changes_the_text_alone(stage: Stage) -> None:
    asked = await answered(stage)
    await stage.alice.edit(asked, "I have a cat")
    await play(stage.env, 1)
    assert await texts(stage) == ["I have a cat", "Nice."]
    prompt = await sent_next(stage)
    assert "I have a cat" in prompt


async def test_what_is_no_edit_changes_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await answered(stage)
    timeline = stage.bot.conversations.timeline
    edits: list[str] = []

    async def edit(_: str, message: str, text: str) -> None:
        edits.append(text)

    monkeypatch.setattr(timeline, "edit", edit)
    stored = stage.env.backend.get_message(stage.channel.id, asked.id)
    # A preview of a link: the embed comes later, by an update that is no edit.
    stored.embeds = [{"type": "link", "title": "A page", "description": "secret"}]
    resolve(stage, stored)
    await stage.settle()
    role = stage.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
    carol = stage.guild.add_member(stage.env.create_user("carol"), roles=[role])
    await carol.set_pinned(asked, True)
    assert edits == []
    assert [labels(message) for message in stage.shown()] == [[]]


def resolve(stage: Stage, stored: object) -> None:
    backend = stage.env.backend
    backend.emit("MESSAGE_UPDATE", dict(serializers.message_payload(backend, stored)))


async def test_a_failed_answer_is_left_as_it_is(stage: Stage) -> None:
    stage.engine.answers = [[1.0, EngineInterrupted()]]
    asked = await ask(stage)
    await play(stage.env, 2.5)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 1)
    assert labels(stage.shown()[0]) == ["Retry"]
    await stage.alice.click(stage.shown()[0], label="Retry")
    await play(stage.env, 2.5)
    assert stage.asked == "Alice: I have a cat"


# ---------------------------------------------------------------------- deletions


async def test_a_deleted_question_is_forgotten(stage: Stage) -> None:
    asked = await answered(stage)
    await stage.alice.delete(asked)
    await stage.settle()
    prompt = await sent_next(stage)
    assert "dog" not in prompt
    assert "Nice." in prompt


async def test_a_deleted_reply_is_forgotten(stage: Stage) -> None:
    await answered(stage)
    stage.env.backend.delete_message(stage.channel.id, stage.shown()[0].id)
    await stage.settle()
    prompt = await sent_next(stage)
    assert "I have a dog" in prompt
    assert "Nice." not in prompt


async def test_a_reply_goes_with_one_of_its_messages(stage: Stage) -> None:
    await answered(stage, answer=LONG)
    _, last = stage.shown()
    stage.env.backend.delete_message(stage.channel.id, last.id)
    await stage.settle()
    assert stage.shown() == []
    assert await texts(stage) == ["I have a dog"]


async def test_many_messages_deleted_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await answered(stage)
    second = await answered(stage, "And a bird", "Birds!")
    await answered(stage, "And a fish", "Fish!")
    removes: list[list[str]] = []
    remove = stage.bot.store.remove

    async def counted(conversation: str, messages: list[str]) -> object:
        removes.append(messages)
        return await remove(conversation, messages)

    monkeypatch.setattr(stage.bot.store, "remove", counted)
    reply = stage.shown()[1]
    stage.env.backend.bulk_delete_messages(stage.channel.id, [first.id, second.id, reply.id])
    await stage.settle()
    assert len(removes) == 1
    assert await texts(stage) == ["Nice.", "And a fish", "Fish!"]


@pytest.mark.parametrize("written", [0.0, 3.5])
async def test_a_question_deleted_while_it_is_answered_leaves_nothing(
    stage: Stage, written: float
) -> None:
    stage.engine.answers = [speech(20, 1.0, first=2.0)]
    asked = await ask(stage)
    await play(stage.env, written)
    assert bool(stage.shown()) == bool(written)
    await stage.alice.delete(asked)
    await play(stage.env, 3)
    assert stage.shown() == []
    assert stage.engine.closed == 1
    assert await texts(stage) == []
    assert await stage.bot.conversations.owed() == []


async def test_of_two_questions_answered_together_one_remains(stage: Stage) -> None:
    stage.engine.answers = [speech(3, 1.0), speech(6, 1.0)]
    await ask(stage)
    await play(stage.env, 1.5)
    second = await ask(stage, "And a bird", stage.bob)
    third = await ask(stage, "And a fish")
    await play(stage.env, 5)
    assert len(stage.shown()) == 2
    await stage.bob.delete(second)
    await play(stage.env, 1)
    assert len(stage.shown()) == 2
    await stage.alice.delete(third)
    await play(stage.env, 3)
    assert len(stage.shown()) == 1
    assert (await texts(stage))[0] == "I have a dog"
    assert len(await texts(stage)) == 2


async def test_a_question_that_waits_is_deleted(stage: Stage) -> None:
    stage.engine.answers = [speech(3, 1.0)]
    await ask(stage)
    await play(stage.env, 1.5)
    waiting = await ask(stage, "And a bird", stage.bob)
    await stage.bob.delete(waiting)
    await play(stage.env, 6)
    assert len(stage.shown()) == 1
    assert len(stage.engine.requests) == 1


async def test_a_reply_deleted_while_it_is_written_is_not_kept(stage: Stage) -> None:
    stage.engine.answers = [[1.0, LONG, 20.0, "more"]]
    await ask(stage)
    await play(stage.env, 3.5)
    first, _ = stage.shown()
    stage.env.backend.delete_message(stage.channel.id, first.id)
    await play(stage.env, 3)
    assert stage.shown() == []
    assert stage.engine.closed == 1
    assert await texts(stage) == ["I have a dog"]
    assert await stage.bot.conversations.owed() == []


async def test_a_deleted_thread_is_forgotten(stage: Stage) -> None:
    thread = stage.thread()
    await stage.alice.send(thread, f"{stage.me} in here")
    await play(stage.env, 2)
    place = f"discord:{thread.id}"
    assert await stage.bot.conversations.history(place)
    stage.env.backend.delete_channel(thread.id)
    await stage.settle()
    assert await stage.bot.conversations.history(place) == ()


async def test_a_channel_deleted_while_an_answer_is_written_there(stage: Stage) -> None:
    other = stage.guild.create_text_channel("other")
    stage.engine.answers = [speech(20, 1.0)]
    await stage.alice.send(other, f"{stage.me} hi")
    await play(stage.env, 3)
    stage.env.backend.delete_channel(other.id)
    await play(stage.env, 3)
    assert stage.engine.closed == 1
    assert await stage.bot.conversations.history(f"discord:{other.id}") == ()
    assert await stage.bot.conversations.owed() == []


async def test_with_a_channel_goes_what_was_set_up_there(stage: Stage) -> None:
    other = stage.guild.create_text_channel("other")
    place = f"discord:{other.id}"
    await stage.bot.conversations.set_system(place, "You are a bard.")
    await stage.alice.send(other, f"{stage.me} hi")
    await play(stage.env, 3)
    assert (await stage.bot.store.load(place)).turns
    stage.env.backend.delete_channel(other.id)
    await play(stage.env, 3)
    found = await stage.bot.store.load(place)
    assert (found.turns, found.state.system) == ((), None)


# ---------------------------------------------------------------------- the bot's own posts


async def test_what_it_is_made_to_say_it_has_said(stage: Stage) -> None:
    role = stage.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
    carol = stage.guild.add_member(stage.env.create_user("carol"), roles=[role])
    result = await carol.slash(stage.channel, "say", text=f"I like <@{stage.bob.id}> @everyone")
    assert result.response.ephemeral
    [message] = stage.shown()
    assert message.content == f"I like <@{stage.bob.id}> @everyone"
    stored = stage.env.backend.get_message(stage.channel.id, message.id)
    assert not stored.ping_user_ids
    [turn] = await turns(stage)
    assert turn.author == str(carol.id), "so that it is erased with what is hers"
    prompt = await sent_next(stage)
    assert "<|im_start|>assistant\nI like @Bob @everyone<|im_end|>" in prompt
    stage.env.backend.delete_message(stage.channel.id, message.id)
    await stage.settle()
    assert "I like" not in await sent_next(stage)


# ---------------------------------------------------------------------- after an absence


async def away(stage: Stage) -> None:
    with stage.env._bot_scope():
        await stage.env.bot.shards[0].disconnect()


async def test_what_was_edited_and_deleted_meanwhile_is_taken_over(
    stage: Stage, make_bot: MakeBot
) -> None:
    edited = await answered(stage)
    deleted = await answered(stage, "And a bird", "Birds!")
    await answered(stage, "And a fish", LONG)
    kept = await answered(stage, "And a mouse", "Mice!")
    await away(stage)
    await stage.alice.edit(edited, f"{stage.me} I have a cat")
    await stage.alice.delete(deleted)
    *_, page, _, _ = stage.shown()
    stage.env.backend.delete_message(stage.channel.id, page.id)
    await stage.alice.edit(kept, f"{stage.me} And a rat")
    await play(stage.env, 60, step=20)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3)
    assert await texts(stage) == [
        "I have a cat",
        "Nice.",
        "Birds!",
        "And a fish",
        "And a rat",
        "Mice!",
    ]
    assert stage.said() == ["Nice.", "Birds!", f"Mice!\n{CHANGED}"]
    assert labels(stage.shown()[-1]) == ["Answer again"]
    assert len(stage.engine.requests) == 4
    prompt = await sent_next(stage)
    assert "dog" not in prompt
    assert "bird" not in prompt


async def test_a_mention_that_was_added_meanwhile_is_answered_once(
    stage: Stage, make_bot: MakeBot
) -> None:
    said = await stage.alice.send(stage.channel, "who are you?")
    await answered(stage)
    await play(stage.env, 40, step=5.0)
    await away(stage)
    await stage.alice.edit(said, f"{stage.me} who are you?")
    for _ in range(2):
        await stage.env.restart_bot(make_bot())
        await play(stage.env, 3)
    assert len(stage.shown()) == 2
    assert stage.asked == "Alice: who are you?"


async def test_a_question_deleted_meanwhile_is_not_answered_any_more(
    stage: Stage, make_bot: MakeBot
) -> None:
    await answered(stage)
    stage.engine.answers = [speech(20, 1.0)]
    asked = await ask(stage, "And a bird")
    await play(stage.env, 3)
    await away(stage)
    await stage.alice.delete(asked)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3)
    assert len(stage.engine.requests) == 2
    assert stage.said() == ["Nice."]
    assert await texts(stage) == ["I have a dog", "Nice."]
    assert await stage.bot.conversations.owed() == []


async def test_what_cannot_be_seen_is_no_evidence(stage: Stage, make_bot: MakeBot) -> None:
    await answered(stage)
    await stage.alice.slash(stage.channel, "ask", question="By command")
    await play(stage.env, 2)
    before = await texts(stage)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3)
    assert await texts(stage) == before
    deny = discord.Permissions(read_message_history=True).value
    stage.env.backend.set_overwrite(
        stage.channel.id,
        Overwrite(target_id=stage.bot_id, type=OverwriteType.MEMBER, allow=0, deny=deny),
    )
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3)
    assert await texts(stage) == before


# ---------------------------------------------------------------------- what it costs


async def test_each_event_costs_one_round_trip(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = await answered(stage)
    newest = await answered(stage, "And a bird", LONG)
    stranger = await stage.alice.send(stage.channel, "not for the bot")
    trips = 0
    run = Connection.run

    async def counted(self: Connection, *commands: object) -> object:
        nonlocal trips
        trips += 1
        return await run(self, *commands)

    monkeypatch.setattr(Connection, "run", counted)

    async def cost(work: Awaitable[None]) -> int:
        nonlocal trips
        trips = 0
        await work
        await stage.settle()
        return trips

    assert await cost(stage.alice.edit(older, f"{stage.me} I have a cat")) == 1
    assert await cost(stage.alice.edit(newest, f"{stage.me} And a fish")) == 1
    assert labels(stage.shown()[-1]) == ["Answer again"]
    assert await cost(stage.alice.edit(stranger, "nor now")) == 1
    assert await cost(stage.alice.delete(older)) == 1
    await stage.settle()
    assert await cost(stage.alice.delete(newest)) == 1


async def test_edits_of_what_was_never_meant_for_the_bot_cost_no_request(stage: Stage) -> None:
    said = await stage.alice.send(stage.channel, "just talking")
    watch = Watch(stage.env)
    before = len(stage.env.http_requests)
    await stage.alice.edit(said, "just talking, really")
    await stage.alice.delete(said)
    await stage.settle()
    assert watch.requests == []
    assert len(stage.env.http_requests) == before


async def test_a_question_by_command_goes_with_its_answer(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "ask", question="My secret")
    await play(stage.env, 2)
    await answered(stage)
    assert len(await texts(stage)) == 4
    stage.env.backend.delete_message(stage.channel.id, stage.shown()[0].id)
    await stage.settle()
    assert await texts(stage) == ["I have a dog", "Nice."]
    assert "secret" not in await sent_next(stage)


async def test_a_question_deleted_while_it_is_answered_again_takes_both_answers(
    stage: Stage,
) -> None:
    asked = await answered(stage)
    await stage.alice.edit(asked, f"{stage.me} I have a cat")
    await play(stage.env, 1)
    stage.engine.answers = [speech(20, 1.0)]
    await stage.alice.click(stage.shown()[0], label="Answer again")
    await play(stage.env, 3)
    await stage.alice.delete(asked)
    await play(stage.env, 2)
    assert stage.shown() == []
    assert await texts(stage) == []


async def test_the_store_may_be_away_for_a_moment(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await answered(stage)
    run, failures = Connection.run, 2

    async def away(self: Connection, *commands: object) -> object:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise StoreUnavailable
        return await run(self, *commands)

    monkeypatch.setattr(Connection, "run", away)
    await stage.alice.delete(asked)
    await play(stage.env, 8)
    assert await texts(stage) == ["Nice."]


async def test_files_are_read_again_only_where_they_matter(stage: Stage) -> None:
    note = [("note.txt", b"I have a dog")]
    told = await stage.alice.send(stage.channel, f"{stage.me} read this", attachments=note)
    await play(stage.env, 2)
    chat = await stage.alice.send(stage.channel, "for Bob", attachments=note)
    reads: list[str] = []
    read = discord.Attachment.read

    async def counted(self: discord.Attachment, **more: bool) -> bytes:
        reads.append(self.filename)
        return await read(self, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discord.Attachment, "read", counted)
        await stage.alice.edit(chat, "for Bob, please")
        assert reads == []
        await stage.alice.edit(told, f"{stage.me} read this, please")
        assert reads == ["note.txt"]
    assert (await texts(stage))[0].startswith("read this, please\n[file note.txt]\nI have a dog")


async def test_what_is_further_back_than_one_look_is_left_alone(
    stage: Stage, make_bot: MakeBot
) -> None:
    asked = await answered(stage)
    await away(stage)
    stage.env.backend.delete_message(stage.channel.id, asked.id)
    for number in range(101):
        stage.env.backend.create_message(stage.channel.id, stage.bob.id, f"talk {number}")
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 2)
    assert await texts(stage) == ["I have a dog", "Nice."]
