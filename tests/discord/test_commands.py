"""The slash commands, as their users see them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend.errors import SetupError

import cogs
from bot.errors import StoreUnavailable
from tests.discord.conftest import MakeBot, Stage


@pytest.fixture
def admin(stage: Stage) -> MemberActor:
    """Somebody who may manage channels and messages."""
    role = stage.guild.create_role(
        "Admins", permissions=discord.Permissions(manage_channels=True, manage_messages=True)
    )
    return stage.guild.add_member(stage.env.create_user("admin", global_name="Root"), roles=[role])


async def test_everyone_sees_what_is_theirs_to_use(stage: Stage, admin: MemberActor) -> None:
    groups = {f"json {name}" for name in ("ask", "save", "list", "show", "delete")}
    groups |= {"model show", "model use", "model reset"}
    groups |= {f"memory {name}" for name in ("list", "add", "edit", "pin", "unpin", "forget")}
    groups |= {f"tools {name}" for name in ("show", "switch", "roles", "reset", "log")}
    told = ("show", "export", "erase", "opt-out", "opt-in", "retention")
    groups |= {f"privacy {name}" for name in told}
    groups |= {"undo", "redo", "rewind", "branch", "report"}
    groups |= {f"config {name}" for name in ("show", "why", "export", "import", "log")}
    told = ("create", "import", "list", "show", "export", "edit", "duplicate", "share", "delete")
    groups |= {f"character {name}" for name in (*told, "use", "leave")}
    groups |= {f"persona {name}" for name in ("set", "show", "clear")}
    told = ("list", "show", "import", "switch", "test", "export", "delete")
    groups |= {f"lore {name}" for name in told}
    told = ("start", "cast", "scenario", "mood", "order", "end", "next", "greet", "pause", "resume")
    groups |= {f"scene {name}" for name in (*told, "style", "card", "recap", "transcript")}
    groups |= {"chat export", "chat import"}
    groups |= {"narrate", "as", "roll", "note set", "note show", "note clear"}
    assert (
        set(stage.alice.available_commands(stage.channel))
        == {"ask", "context", "help", "usage"} | groups
    )
    assert set(admin.available_commands(stage.channel)) == {
        *("ask", "context", "help", "usage", "reset", "channel", "say"),
        *("system view", "system set", "system clear"),
        *groups,
    }
    in_a_dm = set(stage.alice.user.available_commands())
    assert {"ask", "reset", "system set", "privacy erase"} <= in_a_dm
    assert "channel" not in in_a_dm


async def test_every_text_of_the_commands_fits(stage: Stage) -> None:
    def options(command: dict) -> list[dict]:
        return [command, *(o for child in command.get("options") or [] for o in options(child))]

    every = stage.env.backend.commands[None].values()
    # The entries of menus have a name only.
    stored = [c for command in every if command["type"] == 1 for c in options(command)]
    assert all(1 <= len(entry["description"]) <= 100 for entry in stored)
    assert not any("…" in entry["description"] for entry in stored)


class TestAsk:
    """`/ask`, shared and private."""

    async def test_is_part_of_the_channels_talk(self, stage: Stage) -> None:
        asked = await stage.alice.slash(stage.channel, "ask", question="what is <:blob:123>?")
        assert asked.response.content == "All right."
        assert not asked.ephemeral
        assert stage.asked == "Alice: what is :blob:?"
        await stage.bob.send(stage.channel, f"{stage.me} and?")
        assert "what is :blob:?" in stage.engine.prompts[-1]

    async def test_private_is_a_talk_of_its_own(self, stage: Stage) -> None:
        await stage.alice.send(stage.channel, f"{stage.me} in public")
        asked = await stage.alice.slash(stage.channel, "ask", question="secret", private=True)
        assert asked.ephemeral
        assert asked.response.content == "All right."
        assert "in public" not in stage.engine.prompts[-1]
        assert stage.asked == "secret"
        await stage.bob.send(stage.channel, f"{stage.me} and now?")
        assert "secret" not in stage.engine.prompts[-1]
        await stage.bob.slash(stage.channel, "ask", question="my own", private=True)
        assert "secret" not in stage.engine.prompts[-1]
        await stage.alice.slash(stage.channel, "ask", question="more", private=True)
        assert "secret" in stage.engine.prompts[-1]

    async def test_fresh_forgets_the_private_talk(self, stage: Stage) -> None:
        await stage.alice.slash(stage.channel, "ask", question="secret", private=True)
        await stage.alice.slash(stage.channel, "ask", question="another", private=True, fresh=True)
        assert "secret" not in stage.engine.prompts[-1]

    async def test_in_a_dm_nobody_is_named(self, stage: Stage) -> None:
        asked = await stage.alice.user.slash("ask", question="hi")
        assert asked.response.content == "All right."
        assert stage.asked == "hi"

    @pytest.mark.simcord(check_errors=False)
    async def test_blank_question_is_refused_in_words(self, stage: Stage) -> None:
        asked = await stage.alice.slash(stage.channel, "ask", question="\u200b \u200b")
        assert "no question" in asked.response.content
        assert asked.ephemeral


class TestReset:
    """`/reset` forgets what was said."""

    async def test_forgets(self, stage: Stage, admin: MemberActor) -> None:
        await stage.alice.send(stage.channel, f"{stage.me} remember 42")
        done = await admin.slash(stage.channel, "reset")
        assert "forgotten 2 messages" in done.response.content
        assert not done.ephemeral
        await stage.alice.send(stage.channel, f"{stage.me} what was it?")
        assert "42" not in stage.engine.prompts[-1]
        again = await admin.slash(stage.channel, "reset")
        assert "forgotten 2 messages" in again.response.content
        nothing = await admin.slash(stage.channel, "reset")
        assert "nothing to forget" in nothing.response.content

    async def test_not_for_everyone_but_in_a_dm(self, stage: Stage) -> None:
        with pytest.raises(SetupError):
            await stage.alice.slash(stage.channel, "reset")
        await stage.alice.send_dm("hi")
        done = await stage.alice.user.slash("reset")
        assert "forgotten 2 messages" in done.response.content


class TestSystem:
    """`/system` shows, sets and clears who the model is."""

    async def test_default_is_shown_as_such(self, stage: Stage, admin: MemberActor) -> None:
        shown = await admin.slash(stage.channel, "system view")
        assert shown.ephemeral
        assert "default of Hermes-2-Pro-Llama-3-8B" in shown.response.content
        assert "sentient superintelligent" in shown.response.content

    async def test_set_by_text_is_used_and_shown(self, stage: Stage, admin: MemberActor) -> None:
        done = await admin.slash(stage.channel, "system set", text="You are a pirate.")
        assert "> You are a pirate." in done.response.content
        await stage.alice.send(stage.channel, f"{stage.me} hi")
        assert "<|im_start|>system\nYou are a pirate." in stage.engine.prompts[-1]
        shown = await admin.slash(stage.channel, "system view")
        assert "This channel has its own" in shown.response.content
        cleared = await admin.slash(stage.channel, "system clear")
        assert "default" in cleared.response.content
        await stage.alice.send(stage.channel, f"{stage.me} hi")
        assert "pirate" not in stage.engine.prompts[-1].split("<|im_start|>user")[0]

    async def test_form_begins_with_the_present_prompt(
        self, stage: Stage, admin: MemberActor
    ) -> None:
        await admin.slash(stage.channel, "system set", text="You are a pirate.")
        shown = await admin.slash(stage.channel, "system set")
        assert "You are a pirate." in str(shown.modal)
        label = "Who am I here, and how do I talk?"
        done = await admin.submit_modal(shown, {_custom_id(shown.modal): "You are\na parrot."})
        assert label in str(shown.modal)
        assert "> You are\n> a parrot." in done.response.content
        await stage.alice.send(stage.channel, f"{stage.me} hi")
        assert "system\nYou are\na parrot." in stage.engine.prompts[-1]

    @pytest.mark.simcord(check_errors=False)
    async def test_prompt_longer_than_the_context_is_refused(
        self, stage: Stage, admin: MemberActor
    ) -> None:
        done = await admin.slash(stage.channel, "system set", text="word " * 1_190)
        assert "From now on" in done.response.content
        # The scripted engine counts words; this one is 6,000 of them.
        stage.engine.count_tokens = _ten_thousand
        refused = await admin.slash(stage.channel, "system set", text="word " * 1_190)
        assert "tokens long" in (refused.response or refused.followups[0]).content


async def _ten_thousand(_: str) -> int:
    return 10_000


def _custom_id(modal: dict) -> str:
    row = modal["components"][0]
    return (row.get("component") or row["components"][0])["custom_id"]


class TestContext:
    """`/context` shows exactly what was sent."""

    async def test_exact_prompt_and_figures(self, stage: Stage) -> None:
        await stage.alice.send(stage.channel, f"{stage.me} hi")
        shown = await stage.bob.slash(stage.channel, "context")
        assert shown.ephemeral
        text = shown.response.content
        assert "**Model** Hermes-2-Pro-Llama-3-8B" in text
        assert " of 7,152 tokens, 0% of them from the engine's cache" in text
        assert "all 2 are in view" in text
        [file] = shown.response.attachments
        assert (await file.read()).decode() == stage.engine.prompts[-1]

    async def test_before_the_first_word(self, stage: Stage) -> None:
        shown = await stage.bob.slash(stage.channel, "context")
        assert "none yet" in shown.response.content
        assert shown.response.attachments == []

    async def test_private_talk(self, stage: Stage) -> None:
        await stage.alice.slash(stage.channel, "ask", question="secret", private=True)
        own = await stage.alice.slash(stage.channel, "context", private=True)
        assert b"secret" in await own.response.attachments[0].read()
        other = await stage.bob.slash(stage.channel, "context", private=True)
        assert other.response.attachments == []

    async def test_hidden_from_who_may_not_read_the_history(self, stage: Stage) -> None:
        closed = stage.guild.create_text_channel(
            "closed",
            overwrites={stage.bob: discord.PermissionOverwrite(read_message_history=False)},
        )
        await stage.alice.send(closed, f"{stage.me} hi")
        shown = await stage.bob.slash(closed, "context")
        assert shown.response.attachments == []
        assert "may not read" in shown.response.content


class TestChannel:
    """`/channel` switches between everything and mentions only."""

    async def test_always_and_back(self, stage: Stage, admin: MemberActor) -> None:
        on = await admin.slash(stage.channel, "channel", mode="always")
        assert "every message" in on.response.content
        assert "⚠️" not in on.response.content
        await stage.alice.send(stage.channel, "no mention")
        assert stage.engine.prompts != []
        off = await admin.slash(stage.channel, "channel", mode="mention")
        assert "only when I am mentioned" in off.response.content
        count = len(stage.engine.prompts)
        await stage.alice.send(stage.channel, "no mention")
        assert len(stage.engine.prompts) == count

    async def test_a_name_is_enough_where_that_was_chosen(
        self, stage: Stage, admin: MemberActor
    ) -> None:
        name = stage.env.backend.bot_user.name
        await stage.alice.send(stage.channel, f"{name}, are you there?")
        assert stage.engine.prompts == [], "not unless somebody wants it"
        told = await admin.slash(stage.channel, "channel", mode="name")
        assert "says the name of a character on stage (mine, where nobody is)" in (
            told.response.content
        )
        for text in ("Hello all", f"{name}ery", f"`{name}`", f"> {name}\nOh."):
            await stage.alice.send(stage.channel, text)
        said = await stage.alice.send(stage.channel, "I have an idea.")
        await stage.reply(stage.bob, said, f"{name} said so.")
        hook = stage.guild.create_webhook(stage.channel)
        await hook.send(f"{name}!")
        robot = stage.guild.add_member(stage.env.create_user("robot", bot=True))
        await robot.send(stage.channel, f"{name}?")
        assert stage.engine.prompts == [], "nobody is called by any of that"
        await stage.alice.send(stage.channel, f"What now, {name.upper()}?")
        assert len(stage.engine.prompts) == 1
        await stage.alice.send(stage.thread(), f"And here, {name}?")
        assert len(stage.engine.prompts) == 2, "a thread follows its channel"
        await admin.slash(stage.channel, "channel", mode="mention")
        await stage.alice.send(stage.channel, f"{name}?")
        assert len(stage.engine.prompts) == 2

    async def test_thread_follows_its_channel_until_it_says_otherwise(
        self, stage: Stage, admin: MemberActor
    ) -> None:
        await admin.slash(stage.channel, "channel", mode="always")
        thread = stage.thread()
        await stage.alice.send(thread, "no mention")
        assert len(stage.engine.prompts) == 1
        off = await admin.slash(thread, "channel", mode="mention")
        assert "only when I am mentioned" in off.response.content
        await stage.alice.send(thread, "still no mention")
        assert len(stage.engine.prompts) == 1
        await stage.alice.send(stage.channel, "no mention")
        assert len(stage.engine.prompts) == 2

    @pytest.mark.simcord(content=False)
    async def test_missing_intent_is_said(self, stage: Stage, admin: MemberActor) -> None:
        on = await admin.slash(stage.channel, "channel", mode="always")
        assert "Message Content" in on.response.content
        shown = await stage.alice.slash(stage.channel, "help")
        assert "Message Content intent is off" in shown.response.content


class TestHelp:
    """`/help` fits one screen, names every command but itself, and tells what is missing."""

    async def test_is_short_and_for_the_asker_only(self, stage: Stage) -> None:
        shown = await stage.alice.slash(stage.channel, "help")
        assert shown.ephemeral
        assert "Hermes-2-Pro-Llama-3-8B" in shown.response.content
        assert len(shown.response.content) < 1_600
        assert "⚠️" not in shown.response.content
        typed = stage.bot.tree.get_commands(type=discord.AppCommandType.chat_input)
        missing = {one.name for one in typed if f"`/{one.name}`" not in shown.response.content}
        assert missing == {"help"}

    async def test_works_without_redis(self, stage: Stage, store, make_bot: MakeBot) -> None:
        await stage.env.restart_bot(make_bot(store=_Away(store)))
        shown = await stage.alice.slash(stage.channel, "help")
        assert "The model is" in shown.response.content
        assert "/ask" in shown.response.content


class _Away:
    """A store that does not answer."""

    def __init__(self, store) -> None:
        self._store = store

    def __getattr__(self, name: str):
        async def fail(*_: object, **__: object) -> None:
            raise StoreUnavailable(detail=name)

        return fail


@pytest.mark.simcord(check_errors=False)
async def test_failures_of_commands_are_told(stage: Stage, store, make_bot: MakeBot) -> None:
    await stage.env.restart_bot(make_bot(store=_Away(store)))
    taking_back = (("undo", {}), ("redo", {}), ("rewind", {"exchanges": 1}), ("branch", {}))
    for command, options in (("context", {}), ("ask", {"question": "hi"}), *taking_back):
        failed = await stage.alice.slash(stage.channel, command, **options)
        assert "memory (Redis)" in failed.response.content


@pytest.mark.simcord(check_errors=False)
async def test_defect_in_a_command_has_a_reference(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.context.described", lambda _: 1 / 0)
    failed = await stage.alice.slash(stage.channel, "context")
    reference = failed.response.content.split("`")[1]
    assert any(reference in record.getMessage() for record in caplog.records)


@pytest.mark.simcord(check_errors=False)
async def test_the_readmes_example_works_as_written(stage: Stage) -> None:
    readme = Path(cogs.__file__).with_name("README.md").read_text("utf-8")
    example = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[0]
    coin = ModuleType("cogs.coin")
    sys.modules[coin.__name__] = coin
    try:
        exec(compile(example, "README.md", "exec"), vars(coin))
        await coin.setup(stage.bot)
        # simcord knows only the bulk write, which one new command does not take.
        stage.env.backend.commands.clear()
        assert await stage.bot.sync_commands()
        flipped = await stage.alice.slash(stage.channel, "coin", times=3)
        assert flipped.response.content.count(",") == 2
        refused = await stage.alice.slash(stage.channel, "coin", times=99)
        assert refused.response.content == "I can flip it 1 to 20 times."
    finally:
        del sys.modules[coin.__name__]
