"""What was said can be changed, and the next prompt says what people see."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.conversation.reply import Reply
from bot.conversation.timeline import Timeline
from bot.conversation.turns import Replacing, Role, State, Summary, Turn
from bot.errors import BadInput
from bot.store.history import RedisStore
from tests.conversation.conftest import PLACE, Talk
from tests.stand_ins.tgi import Fault, TgiStandIn


@pytest.fixture
def timeline(talk: Talk) -> Timeline:
    return talk.conversations.timeline


async def again(talk: Talk, how: Replacing = "variant", message: str = "") -> Reply:
    async with talk.conversations.again(PLACE, {"channel": "1"}, how, message) as reply:
        assert reply is not None
        await reply.finished()
        await reply.commit((f"m{reply.id}",))
        return reply


async def texts(talk: Talk, place: str = PLACE) -> list[str]:
    return [turn.text for turn in await talk.conversations.history(place)]


async def sent_next(talk: Talk, tgi: TgiStandIn) -> str:
    """The prompt of one more question."""
    await talk.say("next")
    return tgi.generations[-1].body["inputs"]


async def test_an_edited_question_is_what_the_model_reads(talk: Talk, timeline, tgi: TgiStandIn):
    asked = talk.ask("I have a dog")
    async with talk.conversations.turn(asked) as reply:
        await reply.finished()
        await reply.commit(("9",))
    edited = await timeline.edit(PLACE, asked.id, "I have a cat <|im_end|>")
    assert (edited.where, edited.changed) == ("live", True)
    assert [turn.role for turn in edited.turns] == ["user", "assistant"]
    assert not (await timeline.edit(PLACE, asked.id, "I have a cat <|im_end|>")).changed
    prompt = await sent_next(talk, tgi)
    assert "I have a cat" in prompt
    assert "dog" not in prompt
    assert prompt.count("<|im_end|>") == 4, "an edit is no markup either"
    assert (await timeline.edit(PLACE, "404", "?")).where == "unknown"


async def test_an_edit_while_the_reply_is_written_is_kept(talk: Talk, timeline, tgi: TgiStandIn):
    asked = talk.ask("I have a dog")
    async with talk.conversations.turn(asked) as reply:
        await timeline.edit(PLACE, asked.id, "I have a cat")
        await reply.finished()
        await reply.commit(("9",))
    assert await texts(talk) == ["I have a cat", "Hello there!"]


async def test_what_is_deleted_is_gone(talk: Talk, timeline, tgi: TgiStandIn):
    first = await talk.say("I have a dog")
    await talk.say("And a bird")
    removed = await timeline.remove(PLACE, [f"m{first.id}", "404"])
    assert [turn.text for turn in removed] == ["Hello there!"]
    await timeline.remove(PLACE, ["1".rjust(18, "0")])
    assert await texts(talk) == ["And a bird", "Hello there!"]
    assert "dog" not in await sent_next(talk, tgi)


async def test_deleting_forgets_the_kept_prompt_too(talk: Talk, timeline, store: RedisStore):
    await talk.say("my secret")
    assert "my secret" in (await store.last_prompt(PLACE) or "")
    await timeline.remove(PLACE, ["1".rjust(18, "0")])
    assert await store.last_prompt(PLACE) is None


async def test_a_question_deleted_while_it_is_answered(talk: Talk, timeline, tgi: TgiStandIn):
    tgi.reply, tgi.tokens_per_second = "word " * 500, 100
    asked = talk.ask("go")
    async with talk.conversations.turn(asked) as reply:
        await reply.changed()
        await timeline.remove(PLACE, [asked.id])
        await asyncio.wait_for(reply.finished(), 3)
        await reply.commit(("9",))
    assert reply.withdrawn
    assert reply.turn is None
    assert await texts(talk) == []
    assert await talk.conversations.owed() == []


async def test_a_reply_whose_talk_was_forgotten_meanwhile_is_not_kept(
    talk: Talk, store: RedisStore
):
    async with talk.conversations.turn(talk.ask("hello")) as reply:
        await reply.finished()
        await store.clear(PLACE)
        await reply.commit(("9",))
    assert reply.turn is None
    assert await texts(talk) == []


async def test_variants_take_turns_and_the_visible_one_counts(
    talk: Talk, timeline, tgi: TgiStandIn
):
    await talk.say("hello")
    tgi.reply = "Good day."
    second = await again(talk)
    tgi.reply = "Howdy."
    third = await again(talk)
    assert third.turn
    assert len(third.turn.variants) == 3
    assert await texts(talk) == ["hello", "Howdy."]
    shown = await timeline.show(PLACE, f"m{third.id}", -1)
    assert (shown.text, shown.variant, shown.id) == ("Good day.", 1, third.id)
    prompt = await sent_next(talk, tgi)
    assert "Good day." in prompt
    assert "Howdy" not in prompt
    assert second.begun is None
    assert (await timeline.show(PLACE, f"m{third.id}", 2)).text == "Hello there!", "round"


async def test_a_variant_that_failed_changes_nothing(talk: Talk, tgi: TgiStandIn):
    await talk.say("hello")
    tgi.fault = Fault("error")
    reply = await again(talk)
    assert reply.turn is None
    assert await texts(talk) == ["hello", "Hello there!"]


async def test_only_the_newest_reply_is_written_again(talk: Talk):
    first = await talk.say("hello")
    await talk.say("and?")
    async with talk.conversations.again(PLACE, {}, "variant", f"m{first.id}") as reply:
        assert reply is None
    assert await talk.conversations.owed() == []


async def test_continue_goes_on_where_it_stopped(talk: Talk, tgi: TgiStandIn):
    tgi.reply = "Once upon a"
    await talk.say("A story!", speaker="")
    tgi.reply = [" time", " there", " was."]
    reply = await again(talk, "continue")
    assert reply.text == "Once upon a time there was."
    assert (
        tgi.generations[-1]
        .body["inputs"]
        .endswith("<|im_start|>user\nA story!<|im_end|>\n<|im_start|>assistant\nOnce upon a")
    )
    assert await texts(talk) == ["A story!", "Once upon a time there was."]
    prompt = await sent_next(talk, tgi)
    assert "assistant\nOnce upon a time there was.<|im_end|>" in prompt


async def test_continue_changes_the_visible_variant_alone(talk: Talk, tgi: TgiStandIn):
    await talk.say("hello")
    tgi.reply = "Good"
    await again(talk)
    tgi.reply = [" day."]
    turn = (await again(talk, "continue")).turn
    assert turn
    assert [one.text for one in turn.variants] == ["Hello there!", "Good day."]
    assert turn.variant == 1


async def test_a_reply_changed_by_hand(talk: Talk, timeline, tgi: TgiStandIn):
    reply = await talk.say("hello")
    await timeline.rewrite(PLACE, f"m{reply.id}", "  Ahoy!  ")
    assert "assistant\nAhoy!<|im_end|>" in await sent_next(talk, tgi)
    with pytest.raises(BadInput):
        await timeline.rewrite(PLACE, f"m{reply.id}", " ")
    with pytest.raises(BadInput):
        await timeline.rewrite(PLACE, "404", "x")


async def test_undo_and_redo(talk: Talk, timeline, tgi: TgiStandIn):
    await talk.say("one")
    await talk.say("two")
    await talk.say("three")
    assert [turn.text for turn in (await timeline.undo(PLACE)).turns] == ["three", "Hello there!"]
    await timeline.undo(PLACE)
    assert await texts(talk) == ["one", "Hello there!"]
    assert [turn.text for turn in (await timeline.redo(PLACE)).turns] == ["two", "Hello there!"]
    await timeline.redo(PLACE)
    assert (await timeline.redo(PLACE)).turns == ()
    assert (await texts(talk))[::2] == ["one", "two", "three"]


async def test_something_new_leaves_what_was_taken_back_behind(talk: Talk, timeline):
    await talk.say("one")
    await timeline.undo(PLACE)
    await talk.say("another")
    assert (await timeline.redo(PLACE)).turns == ()
    assert (await texts(talk))[::2] == ["another"]


async def test_edits_and_deletes_reach_what_was_taken_back(talk: Talk, timeline):
    await talk.say("one")
    second = await talk.say("two")
    await timeline.undo(PLACE)
    assert (await timeline.edit(PLACE, "2".rjust(18, "0"), "zwei")).where == "taken back"
    await timeline.remove(PLACE, [f"m{second.id}"])
    await timeline.redo(PLACE)
    assert await texts(talk) == ["one", "Hello there!", "zwei"]


async def test_rewind_takes_all_that_came_after(talk: Talk, timeline):
    first = await talk.say("one")
    await talk.say("two")
    await talk.say("three")
    assert len((await timeline.rewind(PLACE, f"m{first.id}")).turns) == 4
    assert await texts(talk) == ["one", "Hello there!"]
    assert len((await timeline.redo(PLACE)).turns) == 4, "in one step"
    with pytest.raises(BadInput):
        await timeline.rewind(PLACE, "404")


async def test_several_questions_are_taken_back_in_one_step(talk: Talk, timeline):
    for text in ("one", "two", "three"):
        await talk.say(text)
    assert len((await timeline.undo(PLACE, 2)).turns) == 4
    assert await texts(talk) == ["one", "Hello there!"]
    assert len((await timeline.redo(PLACE)).turns) == 4
    assert len((await timeline.undo(PLACE, 20)).turns) == 6, "as many as there are"


async def test_what_several_characters_answered_is_taken_back_with_its_question(
    timeline, store: RedisStore
):
    def said(id: str, n: int, role: Role = "assistant", character: str = "") -> Turn:
        return Turn(id, n, role, id, character=character)

    await store.add(
        PLACE,
        [
            said("7", 1, character="mira"),
            said("8", 2, "user"),
            said("r8", 3, character="mira"),
            said("r8.1a", 4, character="nix"),
            said("r8.2b", 5, character="mira"),
            said("9", 6, character="voss"),
        ],
    )
    assert [turn.id for turn in (await timeline.undo(PLACE)).turns] == ["9"], "a greeting alone"
    step = await timeline.undo(PLACE)
    assert [turn.id for turn in step.turns] == ["8", "r8", "r8.1a", "r8.2b"]
    assert len((await timeline.redo(PLACE)).turns) == 4, "in one step"


async def test_what_may_not_be_taken_back_stays(talk: Talk, timeline):
    def refuse(turns: Sequence[Turn]) -> None:
        raise BadInput(f"not {len(turns)}")

    reply = await talk.say("one")
    await talk.say("two")
    with pytest.raises(BadInput, match="not 4"):
        await timeline.undo(PLACE, 2, refuse)
    with pytest.raises(BadInput, match="not 2"):
        await timeline.rewind(PLACE, f"m{reply.id}", refuse)
    assert len(await texts(talk)) == 4
    await timeline.undo(PLACE)
    with pytest.raises(BadInput, match="not 2"):
        await timeline.redo(PLACE, refuse)
    assert len(await texts(talk)) == 2
    await timeline.reset(PLACE)
    with pytest.raises(BadInput, match="not 0"):
        await timeline.undo(PLACE, check=refuse)
    assert await texts(talk) == []


async def test_rewind_to_nothing_takes_everything(talk: Talk, timeline):
    await talk.say("one")
    await talk.say("two")
    assert len((await timeline.rewind(PLACE, "")).turns) == 4
    assert await texts(talk) == []


async def test_a_reply_that_is_taken_back_survives_the_deletion_of_its_other_messages(
    talk: Talk, timeline
):
    await talk.say("one")
    [_, reply] = await talk.conversations.history(PLACE)
    await timeline.reshown(PLACE, reply, ("a", "b", "c"))
    step = await timeline.undo(PLACE)
    assert step.turns[-1].shown == ("a", "b", "c"), "so that they can be deleted"
    assert await timeline.remove(PLACE, ["b", "c"]) == ()
    assert [turn.shown for turn in (await timeline.redo(PLACE)).turns] == [(), ("a",)]


async def test_a_reset_can_be_undone(talk: Talk, timeline, store: RedisStore):
    await talk.say("one")
    await timeline.say(PLACE, "77", "A reminder.")
    before = await store.load(PLACE)
    assert await timeline.reset(PLACE) == 3
    assert await texts(talk) == []
    await timeline.edit(PLACE, "1".rjust(18, "0"), "uno")
    assert (await timeline.undo(PLACE)).restored == 3
    assert await texts(talk) == ["uno", "Hello there!", "A reminder."]
    assert (await store.load(PLACE)).state.usage == before.state.usage
    assert (await timeline.undo(PLACE)).restored == 0
    await timeline.undo(PLACE)


async def test_a_reset_is_undone_only_before_something_new(talk: Talk, timeline):
    await talk.say("one")
    await timeline.reset(PLACE)
    await talk.say("new")
    assert [turn.text for turn in (await timeline.undo(PLACE)).turns] == ["new", "Hello there!"]
    assert (await timeline.undo(PLACE)).restored == 2, "now nothing stands in the way"
    assert (await timeline.redo(PLACE)).turns == ()


async def test_a_branch_knows_what_was_said_up_to_there(talk: Talk, timeline, tgi: TgiStandIn):
    await talk.conversations.set_system(PLACE, "Be a bard.")
    first = await talk.say("one")
    await talk.say("two")
    assert await timeline.branch(PLACE, f"m{first.id}", "discord:9") == 2
    branch = Talk(talk.conversations, "discord:9")
    branch.count = 50
    await branch.say("three")
    prompt = tgi.generations[-1].body["inputs"]
    assert "Be a bard." in prompt
    assert "one" in prompt
    assert "two" not in prompt
    assert (await texts(talk))[::2] == ["one", "two"], "the talk that it came from goes its own way"


async def test_a_summary_holds_until_what_it_covers_is_changed(
    talk: Talk, timeline, store: RedisStore
):
    await talk.say("one")
    await talk.say("two")
    changes = (await store.load(PLACE)).changes
    early = Summary("They said one.", through=2)
    assert not await store.summarise(PLACE, early, changes), "nothing was cut yet"
    await store.save_state(PLACE, State(start=3, cut=2))
    assert await store.summarise(PLACE, Summary("They said one.", through=2), changes)
    await timeline.edit(PLACE, "2".rjust(18, "0"), "zwei")
    snapshot = await store.load(PLACE)
    assert snapshot.summary == Summary("They said one.", 2), "it does not cover that"
    assert not await store.summarise(PLACE, Summary("They said two.", 4), changes), "outdated"
    await timeline.edit(PLACE, "1".rjust(18, "0"), "eins")
    assert (await store.load(PLACE)).summary is None


async def test_a_reply_that_goes_on_is_finished_after_a_crash(make, talk: Talk, tgi: TgiStandIn):
    tgi.reply = "Once upon a"
    await talk.say("A story!")
    tgi.reply = [" time."]
    async with talk.conversations.again(PLACE, {}, "continue") as reply:
        await reply.finished()
    ((place, owed),) = await talk.conversations.owed()
    conversations, engine = make()
    async with conversations.resume(place, owed) as resumed:
        await resumed.finished()
        await resumed.commit(("9",))
    await engine.aclose()
    assert (await texts(talk))[1:] == ["Once upon a time."]


async def test_what_was_taken_up_once_is_known_whatever_became_of_it(talk: Talk, timeline):
    ids = ["1".rjust(18, "0"), "2".rjust(18, "0"), "3".rjust(18, "0")]
    for name in ("one", "two", "three"):
        await talk.say(name)
        await timeline.reset(PLACE)
    assert await timeline.heard(PLACE, [*ids, "404"]) == set(ids)
    assert (await timeline.edit(PLACE, ids[0], "uno")).where == "taken back"
    assert (await timeline.undo(PLACE)).restored == 2
    assert await texts(talk) == ["three", "Hello there!"]
    assert await timeline.heard(PLACE, [*ids, "404"]) == set(ids)
    await timeline.undo(PLACE)
    assert await timeline.heard(PLACE, ids) == set(ids)
