"""Tools as people in Discord meet them: the lines, the details, the questions, and `/tools`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.conversation.ports import EngineInfo, Store
from bot.errors import EngineInterrupted, StoreUnavailable
from bot.settings import load
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.tool import ToolError, tool
from cogs.places import conversation_in
from cogs.tools import ToolCog
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL, Watch, labels, play
from tests.stand_ins.engine import ScriptedEngine

pytestmark = pytest.mark.usefixtures("one_hour")

REFUSED = pytest.mark.simcord(check_errors=False)

SERVER, CATEGORY = {"for": "server"}, {"for": "category"}

PARIS = {"place": "Paris", "degrees": 21}


class Sky(ToolCog):
    """Harmless tools, some of which fail or take long."""

    @tool(shows="weather: {location}")
    async def weather(self, location: str) -> object:
        """Tell the weather of a place.

        Args:
            location: The place.
        """
        if location == "Atlantis":
            raise ToolError("There is no place called Atlantis.")
        return {"place": location, "degrees": 21}

    @tool(shows="stars")
    async def stars(self) -> object:
        """Count the stars, which takes a while."""
        await asyncio.sleep(3)
        return 9_000

    @tool(reaches_out=True)
    async def satellite(self) -> object:
        """Look from above."""
        return "clouds"


class Door(ToolCog):
    """A tool that changes something; it notes what was really done."""

    opened: list[tuple[str, str]]

    @tool(shows="open the {door} door", changes=True)
    async def open_door(self, context: ToolContext, door: str, reason: str = "") -> object:
        """Open a door.

        Args:
            door: Which door.
            reason: Why.
        """
        if door == "wall":
            raise ToolError("A wall is no door.")
        self.opened.append((context.asker, door))
        return {"status": f"the {door} door is open"}


@pytest.fixture
def door(store: Store) -> Door:
    cog = Door(Kit(load({}, dotenv=None), None, store))
    cog.opened = []
    return cog


@pytest.fixture
def tool_cogs(store: Store, door: Door) -> Sequence[ToolCog]:
    return Sky(Kit(load({}, dotenv=None), None, store)), door


def calling(name: str, **arguments: Any) -> str:
    call = json.dumps({"arguments": arguments, "name": name})
    return f"<tool_call>\n{call}\n</tool_call>"


@pytest.fixture
def owner(stage: Stage) -> MemberActor:
    """Somebody who may manage the server."""
    return stage.person("owner", manage_guild=True)


def text(result: InteractionResult) -> str:
    assert result.response
    return result.response.content


def told(pressed: InteractionResult) -> str:
    """The words that only who pressed a button sees."""
    [word] = pressed.followups
    assert word.ephemeral
    return word.content


async def ask(stage: Stage, *answers: str, channel: ChannelHandle | None = None) -> None:
    stage.engine.answers = list(answers)
    await stage.alice.send(channel or stage.channel, f"{stage.me} please")


async def allow_doors(stage: Stage, owner: MemberActor) -> None:
    await owner.slash(stage.channel, "tools switch", tool="open_door", on=True, **SERVER)


async def asked_to_open(stage: Stage, owner: MemberActor, **arguments: Any) -> discord.Message:
    """The question below a reply whose model wants to open a door."""
    await allow_doors(stage, owner)
    call = calling("open_door", **({"door": "front"} | arguments))
    await ask(stage, call, "I will open it once you confirm.")
    return stage.shown()[-1]


async def calls_known(stage: Stage) -> list[Any]:
    """What the conversation knows of its calls."""
    turns = await stage.bot.conversations.history(f"discord:{stage.channel.id}")
    return [run for turn in turns for step in turn.steps for run in step.runs]


class TestTraces:
    """The quiet lines within a reply."""

    async def test_a_tool_leaves_one_quiet_line(self, stage: Stage) -> None:
        await ask(stage, calling("weather", location="Paris"), "21 degrees in Paris.")
        assert stage.said() == ["-# weather: Paris\n21 degrees in Paris."]
        assert labels(stage.shown()[0]) == ["Details"]
        assert json.dumps(PARIS) in stage.engine.prompts[-1]
        turn = (await stage.bot.conversations.history(f"discord:{stage.channel.id}"))[-1]
        assert turn.text == "21 degrees in Paris."

    async def test_two_tools_in_one_turn_stand_in_their_order(self, stage: Stage) -> None:
        both = calling("weather", location="Paris") + "\n" + calling("weather", location="Rome")
        await ask(stage, f"Let me look.\n{both}", calling("satellite"), "Both are fine.")
        # What is switched off is not offered, and leaves no line: nothing ran.
        assert stage.said() == ["Let me look.\n-# weather: Paris\n-# weather: Rome\nBoth are fine."]

    async def test_a_failing_tool_is_told_to_the_model_and_the_reply_goes_on(
        self, stage: Stage
    ) -> None:
        await ask(stage, calling("weather", location="Atlantis"), "There is no such place.")
        assert stage.said() == ["-# weather: Atlantis\nThere is no such place."]
        assert "There is no place called Atlantis." in stage.engine.prompts[-1]

    async def test_what_the_model_gives_cannot_become_markup_or_a_ping(self, stage: Stage) -> None:
        place = f"*x*\n# <@{stage.bob.id}> @everyone https://evil.example " + "y" * 200
        await ask(stage, calling("weather", location=place), "Done.")
        line, rest = stage.said()[0].split("\n")
        assert rest == "Done."
        assert line.startswith("-# weather: \\*x\\* ")
        assert "@everyone" not in line
        assert f"<@{stage.bob.id}>" not in line
        assert "https://" not in line
        assert len(line) < 130
        assert stage.bob.id not in [one.id for one in stage.shown()[0].mentions]

    async def test_a_fence_before_a_tool_does_not_swallow_its_line(self, stage: Stage) -> None:
        await ask(stage, "```py\nx = 1\n" + calling("weather", location="Paris"), "So.")
        assert stage.said() == ["```py\nx = 1\n```\n-# weather: Paris\nSo."]

    async def test_a_reply_without_tools_has_neither_lines_nor_buttons(self, stage: Stage) -> None:
        await ask(stage, "Just text.")
        assert stage.said() == ["Just text."]
        assert not labels(stage.shown()[0])

    async def test_a_long_answer_after_a_tool_keeps_its_pages(self, stage: Stage) -> None:
        words = "".join(f"Sentence number {number}. " for number in range(150))
        await ask(stage, calling("weather", location="Paris"), words)
        pages = stage.said()
        assert len(pages) == 2
        assert pages[0].startswith("-# weather: Paris\nSentence number 0.")
        assert " ".join(pages).count("Sentence number") == 150
        assert [labels(message) for message in stage.shown()] == [[], ["Details"]]

    @VIRTUAL
    async def test_the_line_is_there_while_the_tool_runs(self, stage: Stage) -> None:
        watch = Watch(stage.env)
        stage.engine.answers = [[1.0, calling("stars")], [1.0, "Many."]]
        await stage.alice.send(stage.channel, f"{stage.me} how many?")
        await play(stage.env, 2.5)
        [message] = stage.shown()
        assert (message.content, labels(message)) == ("-# stars", ["Stop"])
        await play(stage.env, 5)
        [message] = stage.shown()
        assert (message.content, labels(message)) == ("-# stars\nMany.", ["Details"])
        assert len(watch.of("send")) == 1

    @VIRTUAL
    async def test_stop_ends_a_reply_whose_tool_runs(self, stage: Stage) -> None:
        stage.engine.answers = [[1.0, calling("stars")], "Never said."]
        await stage.alice.send(stage.channel, f"{stage.me} how many?")
        await play(stage.env, 2.5)
        await stage.alice.click(stage.shown()[0], label="Stop")
        await play(stage.env, 5)
        assert stage.said() == ["-# stars\n-# stopped"]
        assert len(stage.engine.requests) == 1


class TestDetails:
    """The button that shows what was called."""

    async def test_the_asker_sees_arguments_results_times_and_failures(self, stage: Stage) -> None:
        both = calling("weather", location="Paris") + "\n" + calling("weather", location="Atlantis")
        await ask(stage, both, "One of them is there.")
        pressed = await stage.alice.click(stage.shown()[0], label="Details")
        shown = pressed.response
        assert shown.ephemeral
        assert '"location": "Paris"' in shown.content
        assert '"degrees": 21' in shown.content
        assert "There is no place called Atlantis." in shown.content
        first, second = (line for line in shown.content.splitlines() if line.startswith("**"))
        assert first.startswith("**1. weather** · 0.")
        assert first.endswith(" s")
        assert second.endswith(" s · failed")
        assert stage.said() == ["-# weather: Paris\n-# weather: Atlantis\nOne of them is there."]

    async def test_strangers_do_not_but_moderators_do(self, stage: Stage) -> None:
        await ask(stage, calling("weather", location="Paris"), "Fine.")
        refused = await stage.bob.click(stage.shown()[0], label="Details")
        assert refused.response.ephemeral
        assert "Only who asked" in refused.response.content
        moderator = stage.person("mods", manage_messages=True)
        seen = await moderator.click(stage.shown()[0], label="Details")
        assert '"location": "Paris"' in seen.response.content

    async def test_long_ones_come_as_a_file_and_nothing_breaks_out_of_a_block(
        self, stage: Stage
    ) -> None:
        await ask(stage, calling("weather", location="a```b"), "Fine.")
        pressed = await stage.alice.click(stage.shown()[-1], label="Details")
        assert pressed.response.content.count("```") == 4
        await ask(stage, calling("weather", location="x" * 2_500), "Fine.")
        pressed = await stage.alice.click(stage.shown()[-1], label="Details")
        assert [file.filename for file in pressed.response.attachments] == ["details.md"]

    async def test_after_a_restart_and_after_a_reset(self, stage: Stage, make_bot: MakeBot) -> None:
        await ask(stage, calling("weather", location="Paris"), "Fine.")
        await stage.env.restart_bot(make_bot())
        pressed = await stage.alice.click(stage.shown()[0], label="Details")
        assert '"location": "Paris"' in pressed.response.content
        await stage.bot.conversations.timeline.reset(f"discord:{stage.channel.id}")
        pressed = await stage.alice.click(stage.shown()[0], label="Details")
        assert "I do not have that any more" in pressed.response.content


class TestConfirmation:
    """Confirm and Cancel below a reply."""

    async def test_nothing_is_done_before_confirm(
        self, stage: Stage, owner: MemberActor, door: Door
    ) -> None:
        question = await asked_to_open(stage, owner, reason="fresh air")
        reply = stage.said()[-2]
        assert reply == "-# open the front door\nI will open it once you confirm."
        assert question.content == (
            "Shall I do this? **open the front door**\n"
            "```\ndoor: front\nreason: fresh air\n```\n"
            "-# Only who asked can decide, within a day."
        )
        assert labels(question) == ["Confirm", "Cancel"]
        assert door.opened == []
        await stage.alice.click(question, label="Confirm")
        assert door.opened == [(str(stage.alice.id), "front")]
        after = stage.shown()[-1]
        assert (after.id, after.content) == (question.id, "✅ Done: **open the front door**")
        assert not labels(after)

    async def test_the_conversation_learns_what_came_of_it(
        self, stage: Stage, owner: MemberActor
    ) -> None:
        question = await asked_to_open(stage, owner)
        await stage.alice.click(question, label="Confirm")
        [run] = await calls_known(stage)
        assert (run.content, run.action) == ({"status": "the front door is open"}, "")
        await ask(stage, "You are welcome.")
        assert "the front door is open" in stage.engine.prompts[-1]
        assert "waiting for confirmation" not in stage.engine.prompts[-1]

    @pytest.mark.parametrize(
        ("pressed", "outcome"),
        [
            ("Confirm", "✅ Done: **open the front door**"),
            ("Cancel", "Cancelled: **open the front door**"),
        ],
    )
    async def test_what_comes_of_it_is_said_in_the_channels_language(
        self,
        stage: Stage,
        owner: MemberActor,
        discord_in: Callable[[str], None],
        pressed: str,
        outcome: str,
    ) -> None:
        question = await asked_to_open(stage, owner)
        discord_in("de")
        await stage.alice.click(question, label=pressed)
        assert stage.said()[-1] == outcome

    async def test_cancel(self, stage: Stage, owner: MemberActor, door: Door) -> None:
        question = await asked_to_open(stage, owner)
        await stage.alice.click(question, label="Cancel")
        assert stage.said()[-1] == "Cancelled: **open the front door**"
        assert not labels(stage.shown()[-1])
        assert door.opened == []
        [run] = await calls_known(stage)
        assert run.content == {"status": "cancelled by the user"}

    async def test_a_failure_says_why(self, stage: Stage, owner: MemberActor) -> None:
        question = await asked_to_open(stage, owner, door="wall")
        await stage.alice.click(question, label="Confirm")
        assert stage.said()[-1] == "⚠️ Not done: **open the wall door**\nA wall is no door."
        [run] = await calls_known(stage)
        assert run.failed

    async def test_nobody_else_may_decide(
        self, stage: Stage, owner: MemberActor, door: Door
    ) -> None:
        question = await asked_to_open(stage, owner)
        for label in ("Confirm", "Cancel"):
            for other in (stage.bob, owner):
                pressed = await other.click(question, label=label)
                assert told(pressed) == "Only who asked can decide that."
        assert door.opened == []
        await stage.alice.click(question, label="Confirm")
        assert len(door.opened) == 1

    async def test_a_second_press_is_too_late(
        self, stage: Stage, owner: MemberActor, door: Door
    ) -> None:
        question = await asked_to_open(stage, owner)
        custom_id = question.components[0].children[0].custom_id
        action = custom_id.split(":")[1]
        assert await stage.bot.store.take_action(action)
        pressed = await stage.alice.click(question, label="Confirm")
        assert told(pressed) == "This can no longer be confirmed."
        assert door.opened == []

    async def test_of_two_presses_at_once_one_counts(
        self, stage: Stage, owner: MemberActor, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        question = await asked_to_open(stage, owner)
        store = stage.bot.store
        read = store.action

        async def overtaken(action: str) -> object:
            found = await read(action)
            assert await store.take_action(action)
            return found

        monkeypatch.setattr(store, "action", overtaken)
        pressed = await stage.alice.click(question, label="Confirm")
        assert told(pressed) == "This can no longer be confirmed."
        assert door.opened == []

    async def test_a_restart_between_question_and_press(
        self, stage: Stage, owner: MemberActor, door: Door, make_bot: MakeBot
    ) -> None:
        question = await asked_to_open(stage, owner)
        await stage.env.restart_bot(make_bot())
        await stage.alice.click(question, label="Confirm")
        assert door.opened == [(str(stage.alice.id), "front")]
        assert stage.said()[-1] == "✅ Done: **open the front door**"

    async def test_what_was_switched_off_meanwhile_is_not_done(
        self, stage: Stage, owner: MemberActor, door: Door
    ) -> None:
        question = await asked_to_open(stage, owner)
        await owner.slash(stage.channel, "tools switch", tool="open_door", on=False)
        await stage.alice.click(question, label="Confirm")
        edited = next(message for message in stage.shown() if message.id == question.id)
        assert "switched off here by now" in edited.content
        assert door.opened == []

    async def test_a_private_question_stays_private(
        self, stage: Stage, owner: MemberActor, door: Door
    ) -> None:
        await allow_doors(stage, owner)
        before = len(stage.said())
        stage.engine.answers = [calling("open_door", door="front"), "Confirm it, please."]
        asked = await stage.alice.slash(stage.channel, "ask", question="open up", private=True)
        [question] = asked.followups
        assert question.ephemeral
        await stage.alice.click(question, label="Confirm")
        assert door.opened == [(str(stage.alice.id), "front")]
        assert "✅ Done" in question.content
        assert len(stage.said()) in (before, before + 2)

    async def test_a_reply_that_broke_off_asks_nothing_until_retry(
        self, stage: Stage, owner: MemberActor, door: Door
    ) -> None:
        await allow_doors(stage, owner)
        call = calling("open_door", door="front")
        stage.engine.answers = [call, ["I will", EngineInterrupted()]]
        await stage.alice.send(stage.channel, f"{stage.me} please")
        failed = stage.shown()[-1]
        assert failed.content.startswith("-# open the front door\nI will\n-# ⚠")
        assert labels(failed) == ["Retry", "Details"]
        stage.engine.answers = [call, "I will."]
        await stage.alice.click(failed, label="Retry")
        reply, question = stage.shown()[-2:]
        assert (reply.id, reply.content) == (failed.id, "-# open the front door\nI will.")
        assert labels(question) == ["Confirm", "Cancel"]
        await stage.alice.click(question, label="Confirm")
        assert len(door.opened) == 1

    async def test_a_long_question_hides_nothing(self, stage: Stage, owner: MemberActor) -> None:
        question = await asked_to_open(stage, owner, reason="because " * 400)
        assert "in the file" in question.content
        [file] = question.attachments
        assert file.filename == "arguments.txt"
        await stage.alice.click(question, label="Cancel")
        assert not stage.shown()[-1].attachments

    async def test_without_the_store_it_can_be_pressed_again(
        self, stage: Stage, owner: MemberActor, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        question = await asked_to_open(stage, owner)

        async def away(*_: object, **__: object) -> None:
            raise StoreUnavailable

        with monkeypatch.context() as patch:
            patch.setattr(stage.bot.store, "take_action", away)
            pressed = await stage.alice.click(question, label="Confirm")
        assert told(pressed) == StoreUnavailable.text
        assert door.opened == []
        await stage.alice.click(question, label="Confirm")
        assert len(door.opened) == 1


class TestRules:
    """`/tools`, and what its rules do to answers."""

    async def test_everybody_sees_what_is_on_and_why(self, stage: Stage) -> None:
        shown = await stage.alice.slash(stage.channel, "tools show")
        assert shown.ephemeral
        assert text(shown).splitlines() == [
            "**Hermes-2-Pro-Llama-3-8B** answers here and can call these tools by itself:",
            "⚪ `open_door` Open a door.",
            "-# off (the default); asks before it acts",
            "⚪ `satellite` Look from above.",
            "-# off (the default); uses the internet",
            "🟢 `stars` Count the stars, which takes a while.",
            "-# on (the default)",
            "🟢 `weather` Tell the weather of a place.",
            "-# on (the default)",
        ]

    async def test_a_tool_that_is_switched_off_is_not_offered(
        self, stage: Stage, owner: MemberActor
    ) -> None:
        done = await owner.slash(stage.channel, "tools switch", tool="weather", on=False)
        assert not done.ephemeral
        assert text(done) == "`weather` is off for this channel now."
        await ask(stage, calling("weather", location="Paris"), "I cannot look that up here.")
        assert stage.said()[-1] == "I cannot look that up here."
        assert '"name": "weather"' not in stage.engine.prompts[0]
        other = stage.guild.create_text_channel("other")
        await ask(stage, calling("weather", location="Paris"), "Fine.", channel=other)
        assert stage.said(other) == ["-# weather: Paris\nFine."]

    async def test_what_is_set_for_a_channel_goes_with_it(
        self, stage: Stage, store: Store, owner: MemberActor
    ) -> None:
        other = stage.guild.create_text_channel("other")
        for channel in (stage.channel, other):
            await owner.slash(channel, "tools switch", tool="weather", on=False)
        stage.env.backend.delete_channel(other.id)
        await stage.settle()
        assert {*await store.tool_rules()} == {conversation_in(stage.channel.id)}

    async def test_the_narrowest_place_counts(
        self, stage: Stage, owner: MemberActor, make_bot: MakeBot
    ) -> None:
        category = stage.guild.create_category("Talk")
        inside = stage.guild.create_text_channel("inside", category=category)
        await owner.slash(inside, "tools switch", tool="weather", on=False, **SERVER)
        told = await owner.slash(inside, "tools switch", tool="weather", on=True, **CATEGORY)
        assert text(told) == "`weather` is on for this category now."
        shown = await stage.alice.slash(inside, "tools show")
        assert "-# on (set for this category)" in text(shown)
        shown = await stage.alice.slash(stage.channel, "tools show")
        assert "-# off (set for this server)" in text(shown)
        await owner.slash(inside, "tools switch", tool="weather", on=False)
        told = await owner.slash(inside, "tools switch", tool="weather", on=True, **SERVER)
        assert text(told) == (
            "`weather` is on for this server now.\nHere: off (set for this channel)."
        )
        # The next process knows it too.
        await stage.env.restart_bot(make_bot())
        shown = await stage.alice.slash(inside, "tools show")
        assert "-# off (set for this channel)" in text(shown)
        back = await owner.slash(inside, "tools reset", tool="weather")
        assert text(back) == (
            "Nothing is set for `weather` in this channel.\nHere: on (set for this category)."
        )

    async def test_only_some_roles(self, stage: Stage, owner: MemberActor) -> None:
        role = stage.guild.create_role("Pilots")
        pilot = stage.guild.add_member(stage.env.create_user("pilot"), roles=[role])
        done = await owner.slash(stage.channel, "tools roles", tool="weather", role=role)
        assert f"`weather` is only for <@&{role.id}> in this channel now." in text(done)
        shown = stage.shown()[-1]
        assert not stage.env.backend.get_message(shown.channel.id, shown.id).ping_role_ids
        await ask(stage, calling("weather", location="Paris"), "Not for you.")
        assert stage.said()[-1] == "Not for you."
        stage.engine.answers = [calling("weather", location="Paris"), "Fine."]
        await pilot.send(stage.channel, f"{stage.me} please")
        assert stage.said()[-1] == "-# weather: Paris\nFine."
        stage.engine.answers = [calling("weather", location="Paris"), "Fine too."]
        asked = await pilot.slash(stage.channel, "ask", question="and now?", private=True)
        assert text(asked) == "-# weather: Paris\nFine too."
        shown = await stage.alice.slash(stage.channel, "tools show")
        assert f"only for <@&{role.id}> (set for this channel)" in text(shown)
        done = await owner.slash(
            stage.channel, "tools roles", tool="weather", role=role, change="remove"
        )
        assert "limited to no role" in text(done)
        await ask(stage, calling("weather", location="Paris"), "Fine.")
        assert stage.said()[-1] == "-# weather: Paris\nFine."

    async def test_a_thread_belongs_to_its_channel(self, stage: Stage, owner: MemberActor) -> None:
        await owner.slash(stage.channel, "tools switch", tool="weather", on=False)
        thread = stage.thread()
        shown = await stage.alice.slash(thread, "tools show")
        assert "-# off (set for the channel of this thread)" in text(shown)
        await ask(stage, calling("weather", location="Paris"), "Not here.", channel=thread)
        assert stage.said(thread) == ["Not here."]

    async def test_names_are_suggested(self, stage: Stage, owner: MemberActor) -> None:
        found = await owner.autocomplete(stage.channel, "tools switch", "tool", "WEA")
        assert [choice["value"] for choice in found] == ["weather"]

    @REFUSED
    async def test_who_may_change_what(self, stage: Stage, owner: MemberActor) -> None:
        keeper = stage.person("keeper", manage_channels=True)
        for actor, where, word in (
            (stage.alice, "this channel", "Manage Channels here"),
            (keeper, "category", "no category"),
            (keeper, "server", "Manage Server"),
        ):
            refused = await actor.slash(
                stage.channel, "tools switch", tool="weather", on=False, **{"for": where}
            )
            assert refused.ephemeral
            assert word in text(refused)
        done = await keeper.slash(stage.channel, "tools switch", tool="weather", on=False)
        assert text(done) == "`weather` is off for this channel now."
        unknown = await owner.slash(stage.channel, "tools reset", tool="whether")
        assert "There are `open_door`, `satellite`, `stars`, `weather`" in text(unknown)

    @REFUSED
    async def test_the_log_is_for_who_manages_the_server(
        self, stage: Stage, owner: MemberActor
    ) -> None:
        assert text(await owner.slash(stage.channel, "tools log")) == "No tool was used here yet."
        await ask(stage, calling("weather", location="Paris"), "Fine.")
        log = await owner.slash(stage.channel, "tools log")
        assert log.ephemeral
        [line] = text(log).splitlines()
        assert line.startswith("<t:")
        assert line.endswith(
            f" <@{stage.alice.id}> in <#{stage.channel.id}>: `weather` location: Paris"
        )
        refused = await stage.alice.slash(stage.channel, "tools log")
        assert "Manage Server" in text(refused)

    async def test_the_log_does_not_tell_what_was_asked_privately_for_json(
        self, stage: Stage, owner: MemberActor
    ) -> None:
        stage.engine.answers = [calling("weather", location="Paris"), "Fine.", '{"sky": "blue"}']
        asked = await stage.alice.slash(
            stage.channel, "json ask", question="?", schema="sky: text", tools=True, private=True
        )
        assert "blue" in text(asked)
        [line] = text(await owner.slash(stage.channel, "tools log")).splitlines()
        assert line.endswith("`weather`")

    async def test_in_a_direct_message_everybody_decides_for_themselves(self, stage: Stage) -> None:
        done = await stage.alice.user.slash("tools switch", tool="satellite", on=True)
        assert text(done) == "`satellite` is on for this conversation now."
        stage.engine.answers = [calling("satellite"), "Clouds."]
        asked = await stage.alice.user.slash("ask", question="look")
        assert text(asked) == "-# satellite\nClouds."


class TestModelWithoutTools:
    """A model that was not trained to call anything."""

    @pytest.fixture
    def engine(self) -> ScriptedEngine:
        return ScriptedEngine(info=EngineInfo("scripted", "openhermes-2.5-mistral-7b"))

    async def test_is_offered_none_and_says_so(self, stage: Stage) -> None:
        await ask(stage, "I can only talk.")
        assert stage.said() == ["I can only talk."]
        assert "weather" not in stage.engine.prompts[-1]
        shown = await stage.alice.slash(stage.channel, "tools show")
        assert "cannot call tools" in text(shown).splitlines()[0]


class TestBotWithoutTools:
    """A bot whose operator has none."""

    @pytest.fixture
    def tool_cogs(self) -> Sequence[ToolCog]:
        return ()

    @REFUSED
    async def test_says_so(self, stage: Stage) -> None:
        shown = await stage.alice.slash(stage.channel, "tools show")
        assert "This bot has no tools." in [told.content for told in shown.followups] + [
            text(shown)
        ]
