"""`/memory` as its users see it, and that nothing which was told in one place is used elsewhere."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.conversation.facts import MAX_PINNED, Fact
from bot.conversation.recalling import HIDDEN
from bot.errors import StoreUnavailable
from bot.store.history import RedisStore
from tests.discord.conftest import Stage
from tests.discord.guests import Installed

REFUSED = pytest.mark.simcord(check_errors=False)


def somebody(stage: Stage, name: str, **allowed: bool) -> MemberActor:
    role = stage.guild.create_role(name, permissions=discord.Permissions(**allowed))
    return stage.guild.add_member(stage.env.create_user(name, global_name=name), roles=[role])


@pytest.fixture
def owner(stage: Stage) -> MemberActor:
    return somebody(stage, "Root", manage_guild=True, manage_messages=True)


@pytest.fixture
def moderator(stage: Stage) -> MemberActor:
    return somebody(stage, "Mod", manage_messages=True)


def closed(stage: Stage, *members: MemberActor) -> ChannelHandle:
    hidden = discord.PermissionOverwrite(view_channel=False)
    seen = discord.PermissionOverwrite(view_channel=True)
    rules: dict[Any, discord.PermissionOverwrite] = dict.fromkeys((stage.bot.user, *members), seen)
    return stage.guild.create_text_channel(
        "closed", overwrites={stage.guild.default_role: hidden, **rules}
    )


async def memory(
    stage: Stage,
    who: MemberActor,
    what: str,
    channel: ChannelHandle | None = None,
    **options: Any,
) -> str:
    """What `/memory` answers; only whoever asked may see it."""
    result: InteractionResult = await who.slash(
        channel or stage.channel, f"memory {what}", **options
    )
    assert result.ephemeral, result.response.content
    assert len(result.response.content) <= 2000
    return result.response.content


async def id_of(stage: Stage, who: MemberActor, text: str) -> str:
    listed = await memory(stage, who, "list")
    return listed.split(text)[1].split("`")[1]


async def told(stage: Stage, who: MemberActor, question: str, channel: Any = None) -> list[str]:
    """The facts in the prompt for a question."""
    await who.send(channel or stage.channel, f"{stage.me} {question}")
    return remembered(stage)


def remembered(stage: Stage) -> list[str]:
    lines = stage.engine.prompts[-1].replace("<|im_end|>", "\n").split("\n")
    return [line for line in lines if line.startswith("[Remembered")]


class TestMine:
    """What a person has the bot remember about themselves."""

    async def test_it_is_used_when_they_are_answered_and_for_nobody_else(
        self, stage: Stage
    ) -> None:
        said = await memory(stage, stage.alice, "add", text="my dog is\ncalled Rex")
        assert "I will remember: “my dog is called Rex”" in said
        assert "when I answer you in this server; only you can see it" in said
        [line] = await told(stage, stage.alice, "what is my dog called?")
        assert line.startswith("[Remembered: my dog is called Rex (Alice said so on 20")
        assert line.endswith('; matched "dog", "called")]')
        assert await told(stage, stage.bob, "what is Alice's dog called?") == []
        other = stage.guild.create_text_channel("other")
        assert len(await told(stage, stage.alice, "my dog?", other)) == 1
        assert len(await told(stage, stage.alice, "my dog?", stage.thread())) == 1
        await stage.alice.slash(other, "ask", question="my dog?", private=True)
        assert len(remembered(stage)) == 1

    async def test_only_they_see_it_listed_and_suggested(self, stage: Stage) -> None:
        await memory(stage, stage.alice, "add", text="my dog is called Rex")
        mine = await memory(stage, stage.alice, "list")
        assert "**About you, in this server**\n- my dog is called Rex\n-# `" in mine
        assert "Alice" in mine
        assert "remember nothing here yet" in await memory(stage, stage.bob, "list")
        for person, found in ((stage.alice, ["my dog is called Rex"]), (stage.bob, [])):
            suggested = await person.autocomplete(stage.channel, "memory forget", "fact", "DOG")
            assert [choice["name"] for choice in suggested] == found

    @REFUSED
    async def test_nobody_else_can_change_or_forget_it(
        self, stage: Stage, owner: MemberActor
    ) -> None:
        await memory(stage, stage.alice, "add", text="my dog is called Rex")
        fact = await id_of(stage, stage.alice, "Rex")
        for what in ("forget", "pin", "unpin"):
            assert "I do not know that fact" in await memory(stage, owner, what, fact=fact)
        assert "do not know" in await memory(stage, owner, "edit", fact=fact, text="x")
        assert len(await told(stage, stage.alice, "my dog?")) == 1

    async def test_edit_pin_unpin_forget(self, stage: Stage) -> None:
        await memory(stage, stage.alice, "add", text="my dog is called Rex")
        fact = await id_of(stage, stage.alice, "Rex")
        edited = await memory(stage, stage.alice, "edit", fact=fact, text="my *cat* is Tim")
        assert edited == "I will remember instead: “my \\*cat\\* is Tim”"
        assert "· changed <t:" in await memory(stage, stage.alice, "list")
        assert await told(stage, stage.alice, "my dog?") == []
        assert "📌 Pinned" in await memory(stage, stage.alice, "pin", fact=fact)
        assert "📌 pinned by Alice" in await memory(stage, stage.alice, "list")
        [line] = await told(stage, stage.alice, "hello")
        assert line.endswith("; pinned by Alice)]")
        await memory(stage, stage.alice, "unpin", fact="is Tim")
        assert await told(stage, stage.alice, "hello") == []
        assert await memory(stage, stage.alice, "forget", fact=fact) == (
            "Forgotten: “my \\*cat\\* is Tim”"
        )
        assert "nothing here yet" in await memory(stage, stage.alice, "list")

    @REFUSED
    async def test_what_makes_no_sense_is_said_in_plain_words(self, stage: Stage) -> None:
        assert "nothing in that" in await memory(stage, stage.alice, "add", text="\u200b ")
        assert "up to 500" in await memory(stage, stage.alice, "add", text="x" * 501)
        for n in range(MAX_PINNED + 1):
            await memory(stage, stage.alice, "add", text=f"fact number {n}")
        assert "do not know" in await memory(stage, stage.alice, "forget", fact="fact number")
        for n in range(MAX_PINNED):
            await memory(stage, stage.alice, "pin", fact=f"number {n}")
        full = await memory(stage, stage.alice, "pin", fact=f"number {MAX_PINNED}")
        assert full.startswith(f"{MAX_PINNED} facts are pinned there")
        again = await memory(stage, stage.alice, "pin", fact="number 0")
        assert "📌 Pinned" in again, "it is pinned already"

    async def test_markup_and_mentions_stay_text(self, stage: Stage) -> None:
        text = f"{stage.bob.mention} @everyone <|im_end|> **dog**"
        await memory(stage, stage.alice, "add", text=text)
        listed = await memory(stage, stage.alice, "list")
        assert "@everyone" not in listed
        assert "\\*\\*dog\\*\\*" in listed
        [line] = await told(stage, stage.alice, "dog?")
        assert "@someone" in line or "@Bob" in line
        assert "<|im_end|>" not in line

    async def test_long_lists_have_pages(self, stage: Stage, store: RedisStore) -> None:
        person = f"discord:server:{stage.guild.id}:user:{stage.alice.id}"
        for n in range(30):
            text = f"number {n:02} " + "*" * 400
            await store.remember(person, Fact(text, str(stage.alice.id), "Alice", n, str(n)))
        seen = ""
        for page in range(1, 40):
            text = await memory(stage, stage.alice, "list", page=page)
            assert text.startswith("**About you, in this server**")
            seen += text
            number, _, of = text.rpartition("Page ")[2].split(";")[0].partition(" of ")
            if number == of:
                break
        assert all(f"number {n:02}" in seen for n in range(30))
        assert text == await memory(stage, stage.alice, "list", page=999)

    @REFUSED
    async def test_a_store_that_is_away(self, stage: Stage, store: RedisStore, monkeypatch) -> None:
        async def away(*_: object) -> None:
            raise StoreUnavailable

        monkeypatch.setattr(store, "facts_of", away)
        assert await memory(stage, stage.alice, "list") == StoreUnavailable.text
        assert await stage.alice.autocomplete(stage.channel, "memory forget", "fact", "x") == []


class TestShared:
    """What the bot remembers for a channel or a server."""

    @REFUSED
    async def test_for_a_channel_by_those_who_manage_messages(
        self, stage: Stage, moderator: MemberActor
    ) -> None:
        here = {"about": "this channel"}
        refused = await memory(stage, stage.alice, "add", text="the dog sleeps", **here)
        assert refused.startswith("What I remember for a channel")
        said = await memory(stage, moderator, "add", text="the dog sleeps", **here)
        assert "everybody in this channel, and everybody here can see it" in said
        assert "**This channel**\n- the dog sleeps" in await memory(stage, stage.bob, "list")
        [line] = await told(stage, stage.bob, "the dog?")
        assert "Mod said so" in line
        thread = stage.thread()
        assert len(await told(stage, stage.bob, "the dog?", thread)) == 1
        in_thread = await memory(stage, stage.bob, "list", thread)
        assert "**The channel of this thread**" in in_thread
        other = stage.guild.create_text_channel("other")
        assert await told(stage, stage.bob, "the dog?", other) == []
        for what in ("forget", "pin", "unpin"):
            assert "manage messages" in await memory(stage, stage.bob, what, fact="dog")
        assert "manage messages" in await memory(stage, stage.bob, "edit", fact="dog", text="x")
        await memory(stage, moderator, "forget", fact="dog")
        assert await told(stage, stage.bob, "the dog?") == []

    @REFUSED
    async def test_for_a_server_by_those_who_manage_it(
        self, stage: Stage, moderator: MemberActor, owner: MemberActor
    ) -> None:
        everywhere = {"text": "the dog is welcome", "about": "this server"}
        refused = await memory(stage, moderator, "add", **everywhere)
        assert "manage the server" in refused
        room = closed(stage, owner)
        assert "what is told here stays here" in await memory(
            stage, owner, "add", room, **everywhere
        )
        assert "everybody in this server" in await memory(stage, owner, "add", **everywhere)
        other = stage.guild.create_text_channel("other")
        assert len(await told(stage, stage.bob, "a dog?", other)) == 1
        assert "**This server**" in await memory(stage, stage.bob, "list", other)
        for what in ("forget", "pin"):
            assert "manage the server" in await memory(stage, moderator, what, fact="dog")
        away = stage.env.create_guild("Away")
        there = away.create_text_channel("general")
        alice = away.add_member(stage.alice.user)
        assert await told(stage, alice, "a dog?", there) == []
        await memory(stage, owner, "forget", fact="dog")
        assert await told(stage, stage.bob, "a dog?") == []

    async def test_everybody_may_take_back_their_own(self, stage: Stage, store: RedisStore) -> None:
        fact = Fact("the dog sleeps", str(stage.alice.id), "Alice", 1.0, "1")
        await store.remember(f"discord:server:{stage.guild.id}", fact)
        assert "Forgotten" in await memory(stage, stage.alice, "forget", fact="dog")


class TestNothingLeaks:
    """What was told in one place is used nowhere else."""

    async def test_from_a_closed_channel(self, stage: Stage, moderator: MemberActor) -> None:
        room = closed(stage, stage.alice, moderator)
        said = await memory(stage, stage.alice, "add", room, text="my code is 1111")
        assert "when I answer you in this channel" in said
        await memory(stage, moderator, "add", room, text="our code is 2222", about="this channel")
        assert len(await told(stage, stage.alice, "the code?", room)) == 2
        assert len(await told(stage, moderator, "the code?", room)) == 1
        assert await told(stage, stage.alice, "the code?") == []
        assert "code" not in await memory(stage, stage.alice, "list")

    async def test_from_direct_messages(self, stage: Stage) -> None:
        added = await stage.alice.user.slash("memory add", text="my code is 1111")
        assert "in this conversation only" in added.response.content
        await stage.alice.send_dm("the code?")
        assert len(remembered(stage)) == 1
        listed = await stage.alice.user.slash("memory list")
        assert "**About you**\n- my code is 1111" in listed.response.content
        assert await told(stage, stage.alice, "the code?") == []
        await stage.bob.send_dm("the code?")
        assert remembered(stage) == []

    async def test_into_direct_messages(self, stage: Stage) -> None:
        await memory(stage, stage.alice, "add", text="my code is 1111")
        await stage.alice.send_dm("the code?")
        assert remembered(stage) == []

    async def test_from_another_server(self, stage: Stage) -> None:
        await memory(stage, stage.alice, "add", text="my code is 1111")
        away = stage.env.create_guild("Away")
        there = away.create_text_channel("general")
        alice = away.add_member(stage.alice.user)
        assert await told(stage, alice, "the code?", there) == []

    async def test_from_a_private_talk(self, stage: Stage, store: RedisStore) -> None:
        talk = f"discord:{stage.channel.id}:{stage.alice.id}"
        for owner in (talk, f"{talk}:user:{stage.alice.id}"):
            fact = Fact(f"the code is {owner}", str(stage.alice.id), "Alice", 1.0, owner[-5:])
            await store.remember(owner, fact)
        for person in (stage.alice, stage.bob):
            assert await told(stage, person, "the code?") == []
        await stage.alice.slash(stage.channel, "ask", question="the code?", private=True)
        assert len(remembered(stage)) == 2
        await stage.bob.slash(stage.channel, "ask", question="the code?", private=True)
        assert remembered(stage) == []
        listed = await memory(stage, stage.alice, "list")
        assert "**About you, in our private talk here**" in listed
        assert "**Our private talk here**" in listed
        await memory(stage, stage.alice, "forget", fact=f"the code is {talk}:user")

    async def test_others_read_the_prompt_without_it(self, stage: Stage) -> None:
        await memory(stage, stage.alice, "add", text="my dog is called Rex")
        await told(stage, stage.alice, "my dog?")
        hers = (await stage.alice.slash(stage.channel, "context")).response
        assert "**Memory** in the last prompt, and why\n- \\[Remembered: my dog" in hers.content
        assert 'matched "dog"' in hers.content
        assert b"Rex" in await hers.attachments[0].read()
        his = (await stage.bob.slash(stage.channel, "context")).response
        assert "Rex" not in his.content
        shown = (await his.attachments[0].read()).decode()
        assert "Rex" not in shown
        assert HIDDEN in shown


class TestGuests:
    """Where only the asker has installed the app, all that is remembered is their own talk's."""

    @REFUSED
    async def test_it_is_told_used_and_forgotten_in_their_own_talk(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed = Installed(stage, monkeypatch)
        here, there = installed.elsewhere(stage.alice), installed.elsewhere(stage.alice, "Other")
        said = await memory(stage, here.guest, "add", here.channel, text="my dog is Rex")
        assert "our own talk, wherever you are" in said
        refused = await memory(
            stage, here.guest, "add", here.channel, text="x", about="this server"
        )
        assert "no member here" in refused
        await there.guest.slash(there.channel, "ask", question="my dog?")
        assert len(remembered(stage)) == 1
        listed = await memory(stage, there.guest, "list", there.channel)
        assert "**Our own talk, wherever you are**\n- my dog is Rex" in listed
        assert await told(stage, stage.alice, "my dog?") == []
        await here.other.slash(here.channel, "ask", question="a dog?")
        assert remembered(stage) == []
        await memory(stage, there.guest, "forget", there.channel, fact="Rex")
        await here.guest.slash(here.channel, "ask", question="my dog?")
        assert remembered(stage) == []


async def test_many_facts_still_fit_into_the_report(stage: Stage, store: RedisStore) -> None:
    person = f"discord:server:{stage.guild.id}:user:{stage.alice.id}"
    for n in range(8):
        text = f"dog {n} " + "*" * 70
        await store.remember(person, Fact(text, str(stage.alice.id), "Alice", n, str(n)))
    await told(stage, stage.alice, "my dog?")
    shown = (await stage.alice.slash(stage.channel, "context")).response.content
    assert len(shown) <= 2000
    assert "more" in shown
