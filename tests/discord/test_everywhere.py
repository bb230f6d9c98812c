"""The app on a person's account: questions in places where the bot is no member."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import discord
import pytest
from simcord.results import InteractionResult

from bot.conversation.ports import Store
from bot.errors import EngineInterrupted
from bot.settings import load
from bot.tools.kit import Kit
from bot.tools.tool import tool
from cogs.live.target import InteractionTarget
from cogs.places import (
    channel_of,
    conversation_in,
    private_conversation,
    user_conversation,
    user_of,
)
from cogs.tools import ToolCog
from tests.discord.conftest import MakeBot, Stage
from tests.discord.guests import Elsewhere, Installed, shown, touched
from tests.discord.live_support import VIRTUAL, Watch, labels, play, speech

pytestmark = VIRTUAL

MENU = "Ask about this"
LONG = "A sentence of this answer. " * 200


class Sky(ToolCog):
    """A tool for everywhere, and one for a channel."""

    @tool(shows="weather")
    async def weather(self) -> object:
        """Tell the weather."""
        return "sunny"

    @tool(shows="looking around", needs_discord=True)
    async def look_around(self) -> object:
        """Read this channel."""
        return "secrets"


@pytest.fixture
def tool_cogs(store: Store) -> Sequence[ToolCog]:
    return (Sky(Kit(load({}, dotenv=None), None, store)),)


@pytest.fixture
def installed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Installed:
    return Installed(stage, monkeypatch)


@pytest.fixture
def away(stage: Stage, installed: Installed) -> Elsewhere:
    return installed.elsewhere(stage.alice)


def own(stage: Stage) -> str:
    return f"discord:user:{stage.alice.id}"


async def texts(stage: Stage, conversation: str) -> list[str]:
    return [turn.text for turn in await stage.bot.conversations.history(conversation)]


async def asked_about(
    actor: Any, channel: Any, message: discord.Message, question: str = ""
) -> InteractionResult:
    form = await actor.context_menu(channel, MENU, message)
    assert form.modal is not None
    field = form.modal["components"][0]["component"]["custom_id"]
    return await actor.submit_modal(form, {field: question} if question else {})


def test_a_talk_of_ones_own_is_no_channels() -> None:
    assert channel_of(user_conversation(42)) is None
    assert user_of(user_conversation(42)) == 42
    for other in (conversation_in(42), private_conversation(7, 42), "user:42", "discord:user:"):
        assert user_of(other) is None


class TestCommands:
    """Which commands an account brings along."""

    def declared(self, stage: Stage) -> dict[str, tuple[list[int], list[int]]]:
        return {
            name: (sorted(command["integration_types"]), sorted(command["contexts"]))
            for (name, _), command in stage.env.backend.commands[None].items()
        }

    async def test_only_what_works_without_the_server(self, stage: Stage) -> None:
        declared = self.declared(stage)
        everywhere = {name for name, (installs, _) in declared.items() if 1 in installs}
        assert everywhere == {"ask", "help", "usage", "privacy", "memory", MENU}
        assert all(declared[name] == ([0, 1], [0, 1, 2]) for name in everywhere)

    async def test_all_others_stay_where_they_were(self, stage: Stage) -> None:
        others = self.declared(stage)
        for name in ("ask", "help", "usage", "privacy", "memory", MENU):
            del others[name]
        assert others.pop("channel") == ([0], [0])
        assert {"system", "model", "tools", "reset", "context", "json"} <= set(others)
        assert all(installs == [0] for installs, _ in others.values())
        assert not any(2 in contexts for _, contexts in others.values())

    async def test_a_second_start_writes_none(self, stage: Stage, make_bot: MakeBot) -> None:
        def writes() -> int:
            return sum(
                request.path.endswith("/commands") and request.method != "GET"
                for request in stage.env.http_requests
            )

        assert writes() == 1
        await stage.env.restart_bot(make_bot())
        assert writes() == 1


class TestAsking:
    """`/ask` in a server that the bot is not in, and in a group."""

    async def test_is_answered_once_and_streamed_by_edits(
        self, stage: Stage, away: Elsewhere
    ) -> None:
        stage.engine.answers = [speech(20, 0.5)]
        asked = await away.guest.slash(away.channel, "ask", question="hi")
        await play(stage.env, 3.5)
        begun = shown(asked)
        assert begun.content.startswith("word")
        assert labels(begun) == ["Stop"]
        await play(stage.env, 10)
        message = shown(asked)
        assert message.id == begun.id
        assert message.content.splitlines()[0] == ("word " * 20).strip()
        assert not labels(message)
        assert not asked.ephemeral
        assert stage.asked == "hi"
        assert touched(stage, away.channel) == []

    @pytest.mark.simcord(check_errors=False)
    async def test_is_not_for_whom_the_operator_shuts_out(
        self, stage: Stage, away: Elsewhere
    ) -> None:
        settings = stage.bot.settings
        stage.bot.settings = settings.model_copy(update={"allowed_users": (stage.bob.id,)})
        asked = await away.guest.slash(away.channel, "ask", question="hi")
        assert asked.ephemeral
        assert shown(asked).content == "Whoever runs me does not want me to answer you."
        assert stage.engine.prompts == []

    async def test_says_at_first_whose_talk_it_is(self, stage: Stage, away: Elsewhere) -> None:
        first = await away.guest.slash(away.channel, "ask", question="one")
        await play(stage.env, 1)
        second = await away.guest.slash(away.channel, "ask", question="two")
        await play(stage.env, 1)
        assert "\n-# This talk is yours alone" in shown(first).content
        assert "/ask with fresh" in shown(first).content
        assert shown(second).content == "All right."

    async def test_the_talk_goes_with_its_owner(
        self, stage: Stage, installed: Installed, away: Elsewhere
    ) -> None:
        third = installed.elsewhere(stage.alice, "Third")
        await away.guest.slash(away.channel, "ask", question="my number is 42")
        await third.guest.slash(third.channel, "ask", question="and 43")
        assert "my number is 42" in stage.engine.prompts[-1]
        with installed.in_a_group(stage.alice):
            asked = await stage.alice.user.slash("ask", question="which ones?")
        await play(stage.env, 1)
        assert shown(asked).content == "All right."
        assert "my number is 42" in stage.engine.prompts[-1]
        assert "and 43" in stage.engine.prompts[-1]
        assert touched(stage, stage.alice.user.dm_channel) == []
        assert await texts(stage, own(stage)) == [
            *("my number is 42", "All right.", "and 43", "All right."),
            *("which ones?", "All right."),
        ]

    async def test_servers_and_the_talk_know_nothing_of_each_other(
        self, stage: Stage, away: Elsewhere
    ) -> None:
        await stage.bob.send(stage.channel, f"{stage.me} ours alone")
        await away.guest.slash(away.channel, "ask", question="mine alone")
        assert "ours alone" not in stage.engine.prompts[-1]
        await stage.alice.slash(stage.channel, "ask", question="at home")
        assert "mine alone" not in stage.engine.prompts[-1]
        assert stage.asked == "Alice: at home"
        await stage.alice.send_dm("just us")
        assert "mine alone" not in stage.engine.prompts[-1]
        assert await texts(stage, own(stage)) == ["mine alone", "All right."]

    async def test_other_people_have_talks_of_their_own(
        self, stage: Stage, away: Elsewhere
    ) -> None:
        await away.guest.slash(away.channel, "ask", question="mine alone")
        await away.other.slash(away.channel, "ask", question="hello")
        assert "mine alone" not in stage.engine.prompts[-1]

    async def test_a_member_bot_answers_in_the_channels_talk(
        self, stage: Stage, installed: Installed
    ) -> None:
        await stage.alice.slash(stage.channel, "ask", question="here")
        await stage.alice.user.slash("ask", question="between us")
        assert await texts(stage, f"discord:{stage.channel.id}") == ["here", "All right."]
        direct = stage.alice.user.dm_channel.id
        assert await texts(stage, f"discord:{direct}") == ["between us", "All right."]
        assert await texts(stage, own(stage)) == []

    async def test_fresh_forgets_the_talk(self, stage: Stage, away: Elsewhere) -> None:
        await away.guest.slash(away.channel, "ask", question="old")
        asked = await away.guest.slash(away.channel, "ask", question="new", fresh=True)
        await play(stage.env, 1)
        assert "old" not in stage.engine.prompts[-1]
        assert "\n-# I have forgotten what we said before." in shown(asked).content
        assert await texts(stage, own(stage)) == ["new", "All right."]

    async def test_private_stays_apart(self, stage: Stage, away: Elsewhere) -> None:
        await away.guest.slash(away.channel, "ask", question="open")
        asked = await away.guest.slash(away.channel, "ask", question="secret", private=True)
        await play(stage.env, 1)
        assert asked.ephemeral
        assert shown(asked).content == "All right."
        assert "open" not in stage.engine.prompts[-1]
        await away.guest.slash(away.channel, "ask", question="more")
        assert "secret" not in stage.engine.prompts[-1]

    async def test_questions_from_two_places_are_answered_each_in_its_own(
        self, stage: Stage, installed: Installed, away: Elsewhere
    ) -> None:
        third = installed.elsewhere(stage.alice, "Third")
        stage.engine.answers = [[2.0, "One."], [2.0, "Two."], [2.0, "Three."]]
        one = await away.guest.slash(away.channel, "ask", question="1")
        two = await third.guest.slash(third.channel, "ask", question="2")
        three = await away.guest.slash(away.channel, "ask", question="3")
        await play(stage.env, 9)
        assert shown(one).content.startswith("One.")
        assert [shown(two).content, shown(three).content] == ["Two.", "Three."]


class TestLongAnswers:
    """No more than one message, whatever there is to say."""

    async def test_the_rest_is_in_a_file(self, stage: Stage, away: Elsewhere) -> None:
        stage.engine.answers = [[1.0, LONG]]
        asked = await away.guest.slash(away.channel, "ask", question="tell me")
        await play(stage.env, 3)
        message = shown(asked)
        assert len(message.content) <= 2000
        text, *small_print = message.content.split("\n-# ")
        assert small_print[0] == "The rest of this answer is in the file."
        [file] = message.attachments
        rest = (await file.read()).decode()
        assert f"{text} {rest}" == LONG.strip()

    async def test_streaming_stays_in_the_message(self, stage: Stage, away: Elsewhere) -> None:
        stage.engine.answers = [
            [part for _ in range(60) for part in (0.2, "some words more, " * 3)]
        ]
        asked = await away.guest.slash(away.channel, "ask", question="tell me")
        for _ in range(15):
            await play(stage.env, 1)
            shown(asked)
        [file] = shown(asked).attachments
        assert b"word" in await file.read()

    async def test_what_just_fits_without_small_print_is_not_two_messages(
        self, stage: Stage, away: Elsewhere
    ) -> None:
        # A page by itself, but not with the two lines below it.
        stage.engine.answers = [("x" * 49 + " ") * 38 + "end"]
        asked = await away.guest.slash(away.channel, "ask", question="tell me")
        await play(stage.env, 1)
        assert len(shown(asked).content) <= 2000
        assert shown(asked).attachments


class TestTime:
    """Discord takes nothing by a command's token after 15 minutes, and a guest has nothing else."""

    async def test_an_answer_that_takes_longer_ends_in_words(
        self, stage: Stage, away: Elsewhere
    ) -> None:
        stage.engine.answers = [speech(100, 60.0), "And so on."]
        asked = await away.guest.slash(away.channel, "ask", question="hi")
        await play(stage.env, 1000, step=5)
        message = shown(asked)
        assert message.content.count("word") > 10
        assert "had to end" in message.content
        assert labels(message) == []
        assert stage.bot.conversations.writing(own(stage)) is None
        more = await away.guest.slash(away.channel, "ask", question="go on")
        await play(stage.env, 2)
        assert "And so on." in shown(more).content
        assert touched(stage, away.channel) == []

    async def test_so_does_one_that_only_its_asker_sees(
        self, stage: Stage, installed: Installed
    ) -> None:
        stage.engine.answers = [[1000.0, "a secret"]]
        asked = await stage.alice.slash(
            stage.channel, "ask", question="hi", private=True, fresh=False
        )
        await play(stage.env, 1100, step=5)
        assert asked.ephemeral
        assert "had to end" in shown(asked).content
        assert stage.said() == []

    async def test_a_private_answer_is_never_posted_for_all(
        self, stage: Stage, installed: Installed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not even if its end comes too late."""
        monkeypatch.setattr(InteractionTarget, "closes_in", lambda _: float("inf"))
        stage.engine.answers = [[1000.0, "a secret"]]
        await stage.alice.slash(stage.channel, "ask", question="hi", private=True)
        await play(stage.env, 1100, step=5)
        assert stage.said() == []

    async def test_what_all_may_see_goes_on_in_the_channel(
        self, stage: Stage, installed: Installed
    ) -> None:
        stage.engine.answers = [[1000.0, "At last."]]
        await stage.alice.slash(stage.channel, "ask", question="hi")
        await play(stage.env, 1100, step=5)
        assert stage.said()[-1].endswith("At last.")


class TestButtons:
    """What hangs under an answer works by the press alone."""

    async def test_stop(self, stage: Stage, away: Elsewhere) -> None:
        stage.engine.answers = [speech(20, 1.0)]
        asked = await away.guest.slash(away.channel, "ask", question="hi")
        await play(stage.env, 3.5)
        await away.guest.click(shown(asked), label="Stop")
        await play(stage.env, 1)
        assert "\n-# stopped" in shown(asked).content
        assert touched(stage, away.channel) == []

    async def test_retry(self, stage: Stage, away: Elsewhere) -> None:
        stage.engine.answers = [[1.0, "It began", 1.0, EngineInterrupted()], [1.0, "A whole one."]]
        asked = await away.guest.slash(away.channel, "ask", question="hi")
        await play(stage.env, 3.5)
        assert labels(shown(asked)) == ["Retry"]
        pressed = await away.guest.click(shown(asked), label="Retry")
        await play(stage.env, 3.5)
        assert pressed.followups == []
        assert shown(asked).content == "A whole one."
        assert await texts(stage, own(stage)) == ["hi", "A whole one."]
        assert touched(stage, away.channel) == []


class TestTools:
    """What needs the place is not offered."""

    async def test_a_guest_has_no_tools_of_the_channel(self, stage: Stage, away: Elsewhere) -> None:
        await stage.alice.slash(stage.channel, "ask", question="hi")
        assert '"look_around"' in stage.engine.prompts[-1]
        await away.guest.slash(away.channel, "ask", question="hi")
        assert '"look_around"' not in stage.engine.prompts[-1]
        assert '"weather"' in stage.engine.prompts[-1]

    async def test_a_call_of_one_is_refused_and_logged_for_nobody_else(
        self, stage: Stage, away: Elsewhere
    ) -> None:
        calls = [{"name": "look_around", "arguments": {}}, {"name": "weather", "arguments": {}}]
        written = "\n".join(f"<tool_call>\n{json.dumps(call)}\n</tool_call>" for call in calls)
        stage.engine.answers = [written, "It is sunny."]
        asked = await away.guest.slash(away.channel, "ask", question="hi")
        await play(stage.env, 1)
        assert "It is sunny." in shown(asked).content
        assert "There is no tool look_around" in stage.engine.prompts[-1]
        assert "secrets" not in stage.engine.prompts[-1]
        assert await stage.bot.store.logged_calls(str(away.guild.id), 10) == []
        [logged] = await stage.bot.store.logged_calls(own(stage), 10)
        assert (logged.tool, logged.channel) == ("weather", "")


class TestAskingAboutAMessage:
    """The menu of a message."""

    async def test_with_a_question(self, stage: Stage, away: Elsewhere) -> None:
        message = await away.other.send(away.channel, "The *quick* fox <@1> jumps")
        asked = await asked_about(away.guest, away.channel, message, "Which animal?")
        await play(stage.env, 1)
        assert asked.ephemeral
        assert shown(asked).content.startswith("All right.")
        said = '[about a message by Carol: "The *quick* fox @someone jumps"] Which animal?'
        assert stage.asked == said
        assert touched(stage, away.channel) == []
        [question, _] = await stage.bot.conversations.history(own(stage))
        assert (question.text, question.author) == (said, str(stage.alice.id))

    async def test_without_a_question(self, stage: Stage, away: Elsewhere) -> None:
        message = await away.other.send(away.channel, "one\ntwo")
        await asked_about(away.guest, away.channel, message)
        expected = '[about a message by Carol: "one\ntwo"]\nWhat is this about?'
        assert stage.asked == expected

    async def test_is_part_of_the_askers_own_talk(self, stage: Stage, away: Elsewhere) -> None:
        message = await away.other.send(away.channel, "foxes")
        await asked_about(away.guest, away.channel, message)
        await away.guest.slash(away.channel, "ask", question="say more")
        assert "foxes" in stage.engine.prompts[-1]

    async def test_where_the_bot_is_it_is_the_private_talk(
        self, stage: Stage, installed: Installed
    ) -> None:
        message = await stage.bob.send(stage.channel, "foxes")
        asked = await asked_about(stage.alice, stage.channel, message, "And?")
        await play(stage.env, 1)
        assert asked.ephemeral
        assert shown(asked).content == "All right."
        assert stage.asked == '[about a message by Bob: "foxes"] And?'
        private = f"discord:{stage.channel.id}:{stage.alice.id}"
        assert len(await texts(stage, private)) == 2
        assert await texts(stage, f"discord:{stage.channel.id}") == []
        await stage.alice.slash(stage.channel, "ask", question="more", private=True)
        assert "foxes" in stage.engine.prompts[-1]

    async def test_a_message_of_the_bot(self, stage: Stage, installed: Installed) -> None:
        await stage.bob.send(stage.channel, f"{stage.me} hi")
        await play(stage.env, 1)
        [answer] = stage.shown()
        await asked_about(stage.alice, stage.channel, answer, "Really?")
        assert stage.asked == '[about your message: "All right."] Really?'

    async def test_files_are_read_or_named(self, stage: Stage, away: Elsewhere) -> None:
        message = await away.other.send(
            away.channel,
            attachments=[("notes.txt", b"line one\nline two"), ("cat.png", b"\x89PNG")],
        )
        await asked_about(away.guest, away.channel, message, "What is in it?")
        lines = stage.asked.split("\n")
        assert lines[0] == "[about a message by Carol] What is in it?"
        assert lines[1:5] == ["[file notes.txt]", "line one", "line two", "[end of file]"]
        assert "cat.png" in lines[5]

    async def test_an_embed_is_quoted(self, stage: Stage, installed: Installed) -> None:
        webhook = stage.guild.create_webhook(stage.channel, "News")
        embed = discord.Embed(title="Storm", description="from the west")
        message = await webhook.send(embeds=[embed])
        await asked_about(stage.alice, stage.channel, message)
        assert '[embed: Storm from the west]"] What is this about?' in stage.asked

    @pytest.mark.simcord(check_errors=False, horizon=0.8)
    async def test_a_message_without_words_is_refused_in_words(
        self, stage: Stage, installed: Installed
    ) -> None:
        message = await stage.bob.send(stage.channel, "\u200b")
        refused = await stage.alice.context_menu(stage.channel, MENU, message)
        assert refused.modal is None
        assert refused.ephemeral
        assert "nothing in that message" in shown(refused).content


class TestRestarts:
    """A reply that a former process left, told by the token alone."""

    async def test_a_begun_answer_is_finished_in_its_message(
        self, stage: Stage, away: Elsewhere, make_bot: MakeBot
    ) -> None:
        stage.engine.answers = [speech(20, 1.0)]
        asked = await away.guest.slash(away.channel, "ask", question="hi")
        await play(stage.env, 3.5)
        begun = shown(asked)
        assert begun.content.startswith("word")
        stage.engine.answers = [[1.0, "A whole answer."]]
        await stage.env.restart_bot(bot := make_bot())
        await play(stage.env, 3.5)
        message = shown(asked)
        assert (message.id, message.content) == (begun.id, "A whole answer.")
        assert not labels(message)
        assert await bot.conversations.owed() == []
        turns = await bot.conversations.history(own(stage))
        assert [turn.text for turn in turns] == ["hi", "A whole answer."]
        assert touched(stage, away.channel) == []

    async def test_an_answer_without_a_word_yet_fills_its_response(
        self, stage: Stage, away: Elsewhere, make_bot: MakeBot
    ) -> None:
        message = await away.other.send(away.channel, "foxes")
        stage.engine.answers = [[60.0, "late"]]
        asked = await asked_about(away.guest, away.channel, message)
        assert asked.deferred
        await stage.env.restart_bot(bot := make_bot())
        await play(stage.env, 3.5)
        assert shown(asked).content == "All right."
        assert asked.ephemeral
        assert not asked.deferred
        assert await bot.conversations.owed() == []

    async def test_a_retried_answer_is_finished_by_its_own_token(
        self, stage: Stage, away: Elsewhere, make_bot: MakeBot
    ) -> None:
        stage.engine.answers = [[1.0, "It began", 1.0, EngineInterrupted()], [60.0, "late"]]
        asked = await away.guest.slash(away.channel, "ask", question="hi")
        await play(stage.env, 3.5)
        # The command's own token is dead by then.
        await play(stage.env, 900, step=20)
        await away.guest.click(shown(asked), label="Retry")
        await stage.env.restart_bot(make_bot())
        await play(stage.env, 3.5)
        assert shown(asked).content == "All right."

    async def test_a_long_answer_still_is_one_message(
        self, stage: Stage, away: Elsewhere, make_bot: MakeBot
    ) -> None:
        stage.engine.answers = [[60.0, "late"]]
        asked = await away.guest.slash(away.channel, "ask", question="hi")
        stage.engine.answers = [[1.0, LONG]]
        await stage.env.restart_bot(make_bot())
        await play(stage.env, 3.5)
        assert shown(asked).attachments

    async def test_what_no_token_reaches_any_more_is_given_up(
        self, stage: Stage, away: Elsewhere, make_bot: MakeBot
    ) -> None:
        stage.engine.answers = [[5000.0, "late"]]
        asked = await away.guest.slash(away.channel, "ask", question="hi")
        await play(stage.env, 1000, step=20)
        asks = len(stage.engine.requests)
        watch = Watch(stage.env)
        await stage.env.restart_bot(bot := make_bot())
        await play(stage.env, 3.5)
        assert await bot.conversations.owed() == []
        assert len(stage.engine.requests) == asks
        assert asked.followups == []
        assert watch.requests == []
        assert touched(stage, away.channel) == []
        assert await texts(stage, own(stage)) == ["hi"]


class TestHelp:
    """`/help` where the bot is a guest."""

    async def test_says_how_to_talk_to_a_guest(self, stage: Stage, away: Elsewhere) -> None:
        helped = await away.guest.slash(away.channel, "help")
        text = shown(helped).content
        assert "Ask about this" in text
        assert "`fresh`" in text
        assert "/system" not in text
        at_home = await stage.alice.slash(stage.channel, "help")
        assert "/system" in shown(at_home).content
