"""`/config` as those who manage a server use it."""

from __future__ import annotations

from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.components import walk_components
from simcord.results import InteractionResult, ResponseMessage

from bot.conversation.config import PER_ROLE, PER_SERVER, PER_USER
from bot.conversation.limits import ReplyLimits
from bot.conversation.model import Model
from bot.conversation.models import Served
from bot.conversation.ports import EngineInfo, Sampling
from bot.errors import StoreUnavailable
from bot.language import LANGUAGES, speaking
from bot.sampling import BOUNDS
from cogs.config.levels import Standpoint
from cogs.config.panel import Chosen, panel_of
from cogs.places import category_place, conversation_in, server_place
from tests.discord.conftest import MakeBot, Stage
from tests.stand_ins.engine import ScriptedEngine

pytestmark = pytest.mark.usefixtures("one_hour")

REFUSED = pytest.mark.simcord(check_errors=False)


@pytest.fixture
def others() -> list[Served]:
    big = ScriptedEngine(
        default="I am big.", info=EngineInfo("tgi", "hermes-3-llama-3.1-70b", 8192)
    )
    return [Served("big", big, Model(big, None, 1024))]


@pytest.fixture
def admin(stage: Stage) -> MemberActor:
    """Somebody who may manage the server."""
    return stage.person("admin", manage_guild=True)


@pytest.fixture
def keeper(stage: Stage) -> MemberActor:
    """Somebody who may manage channels only."""
    return stage.person("keeper", manage_channels=True)


def text(result: InteractionResult) -> str:
    """All text of a response, also that of a panel."""
    assert result.response
    found = [c["content"] for c in walk_components(result.response.components) if "content" in c]
    return "\n".join([result.response.content, *found])


def line(result: InteractionResult, title: str) -> str:
    return next(one for one in text(result).splitlines() if one.startswith(f"**{title}:**"))


class Desk:
    """The panel in front of somebody."""

    def __init__(self, who: MemberActor, shown: InteractionResult) -> None:
        self.who = who
        self.shown = shown

    @classmethod
    async def open(cls, stage: Stage, who: MemberActor, channel: Any = None) -> Desk:
        return cls(who, await who.slash(channel or stage.channel, "config show"))

    @property
    def message(self) -> ResponseMessage:
        assert self.shown.response
        return self.shown.response

    def id(self, what: str) -> str:
        ids = [str(one.get("custom_id", "")) for one in walk_components(self.message.components)]
        return next(one for one in ids if one.startswith(f"config:{what}:"))

    async def select(self, what: str, *values: Any) -> InteractionResult:
        return await self.who.select(self.message, list(values), custom_id=self.id(what))

    async def choose(self, level: str, name: str) -> None:
        await self.select("level", level)
        await self.select("name", name)

    def line(self, title: str) -> str:
        return line(self.shown, title)

    def text(self) -> str:
        return text(self.shown)


async def test_the_panel_shows_everything_and_where_it_comes_from(
    stage: Stage, admin: MemberActor
) -> None:
    await stage.bot.configuration.change(server_place(stage.guild.id), answers=True)
    shown = await admin.slash(stage.channel, "config show")
    assert shown.ephemeral
    assert text(shown).splitlines()[1:] == [
        f"## Settings of <#{stage.channel.id}>",
        "The narrowest place that sets something decides.",
        "",
        "**When I answer:** when addressed (*default*)",
        "**Threads of their own:** no (*default*)",
        "**Model:** the operator's default (*default*)",
        "**System prompt:** the model's own (*default*)",
        "**Language:** the server's on Discord (*default*)",
        "**Thinks before it answers:** no (*default*)",
        "**How freely it writes:** as suits the model (*default*)",
        "**Longest answer, in tokens:** 1,024 (*default*)",
        "**Answers at all:** yes (*server*)",
        "**Only in age-restricted channels:** no (*default*)",
        "**Only for:** everybody (*default*)",
        "**Not for:** nobody (*default*)",
        "**Answers to one person in an hour:** any number (*default*)",
        "**Answers in the server in an hour:** any number (*default*)",
        "**Answers in an hour by role:** none (*default*)",
        "**Tokens for one person in an hour:** any number (*default*)",
        "**Tokens for the server in an hour:** any number (*default*)",
        "**Tokens in an hour by role:** none (*default*)",
        "**Tool calls of one person in an hour:** any number (*default*)",
        "**Tool calls in the server in an hour:** any number (*default*)",
        "**Tool calls in an hour by role:** none (*default*)",
        "-# Tools: `/tools` · how long talks are kept: `/privacy retention` · who changed what: "
        "`/config log`",
    ]


@REFUSED
async def test_who_manages_nothing_sees_nothing(stage: Stage, keeper: MemberActor) -> None:
    for command in ("config show", "config export", "config log"):
        refused = await stage.alice.slash(stage.channel, command)
        assert refused.ephemeral
        assert "Manage Server" in text(refused)
    refused = await keeper.slash(stage.channel, "config log")
    assert "Manage Server" in text(refused)


async def test_a_mode_holds_at_once_and_is_taken_back(stage: Stage, admin: MemberActor) -> None:
    desk = await Desk.open(stage, admin)
    await desk.choose("server", "mode")
    await desk.select("set", "always")
    assert desk.line("When I answer") == "**When I answer:** everything (*server*)"
    assert "✅ When I answer for server: everything" in desk.text()
    await stage.alice.send(stage.channel, "no mention")
    assert len(stage.engine.prompts) == 1
    await desk.choose("channel", "mode")
    await desk.select("set", "mention")
    assert desk.line("When I answer").endswith("when addressed (*this channel*)")
    await stage.alice.send(stage.channel, "no mention")
    assert len(stage.engine.prompts) == 1
    thread = stage.thread()
    inside = await Desk.open(stage, admin, thread)
    assert inside.line("When I answer").endswith("when addressed (*the thread's channel*)")
    await desk.select("set", "-")
    assert desk.line("When I answer").endswith("everything (*server*)")
    await stage.alice.send(thread, "no mention")
    assert len(stage.engine.prompts) == 2


async def test_what_channel_sets_the_panel_shows(stage: Stage, admin: MemberActor) -> None:
    both = stage.person("both", manage_guild=True, manage_channels=True)
    await both.slash(stage.channel, "channel", mode="always")
    await both.slash(stage.channel, "system set", text="You are a bard.")
    await both.slash(stage.channel, "model use", name="big", scope="server")
    desk = await Desk.open(stage, admin)
    assert desk.line("When I answer").endswith("everything (*this channel*)")
    assert desk.line("System prompt").endswith("“You are a bard.” (*this channel*)")
    assert desk.line("Model").endswith("“big” (*server*)")
    await desk.choose("channel", "engine")
    await desk.select("set", "default")
    await stage.alice.send(stage.channel, "hi")
    assert len(stage.engine.prompts) == 1
    lines = text(await admin.slash(stage.channel, "config log")).splitlines()
    assert [one.split(": ", 1)[1] for one in lines if one] == [
        "**Model** not set → default",
        "**Model** not set → big",
        "**System prompt** not set → You are a bard.",
        "**When I answer** not set → always",
    ]


async def test_a_system_prompt_for_a_category_by_a_form(stage: Stage, admin: MemberActor) -> None:
    category = stage.guild.create_category("games")
    chess = stage.guild.create_text_channel("chess", category=category)
    desk = await Desk.open(stage, admin, chess)
    await desk.choose("category", "system")
    await _write(desk, "You are a rook.")
    assert desk.line("System prompt").endswith("“You are a rook.” (*category*)")
    await stage.alice.send(chess, f"{stage.me} hi")
    assert "You are a rook." in stage.engine.prompts[-1]
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    assert "You are a rook." not in stage.engine.prompts[-1]
    await admin.click(desk.message, label="Clear it")
    assert desk.line("System prompt").endswith("the model's own (*default*)")


async def test_a_language_is_inherited_until_a_channel_has_its_own(
    stage: Stage, admin: MemberActor
) -> None:
    here, server = conversation_in(stage.channel.id), server_place(stage.guild.id)
    places = (here, server)
    assert stage.bot.configuration.language(places) is None
    desk = await Desk.open(stage, admin)
    await desk.choose("server", "language")
    await desk.select("set", "ja")
    assert desk.line("Language") == "**Language:** 日本語 (*server*)"
    assert "✅ Language for server: 日本語" in desk.text()
    assert stage.bot.configuration.language(places) == "ja"
    await desk.choose("channel", "language")
    await desk.select("set", "de")
    assert stage.bot.configuration.language(places) == "de"
    await desk.select("set", "-")
    assert stage.bot.configuration.language(places) == "ja"
    logged = text(await admin.slash(stage.channel, "config log"))
    assert "**Language** not set → 日本語" in logged
    assert "**Language** Deutsch → not set" in logged


@REFUSED
async def test_how_freely_and_how_long_it_writes(stage: Stage, admin: MemberActor) -> None:
    desk = await Desk.open(stage, admin)
    await desk.choose("server", "sampling")
    await _write(desk, "temperature 0.4, top_p=0.9, TOP_K: 20")
    told = "`temperature=0.4, top_p=0.9, top_k=20`"
    assert desk.line("How freely it writes") == f"**How freely it writes:** {told} (*server*)"
    await desk.choose("channel", "reply_tokens")
    await _write(desk, "100")
    assert desk.line("Longest answer, in tokens").endswith("100 (*this channel*)")
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    asked = stage.engine.requests[-1]
    # What nobody has set stays the card's: a repetition penalty of 1.1.
    assert asked.sampling == Sampling(0.4, top_p=0.9, top_k=20, repetition_penalty=1.1)
    assert asked.max_tokens == 100
    await desk.choose("channel", "sampling")
    await _write(desk, "temperature=0")
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    assert stage.engine.requests[-1].sampling == Sampling(0, repetition_penalty=1.1)
    for wrong in ("hot", "temperature=3", "temperature=1, temperature=2", "top_k=1.5"):
        refused = await _write(desk, wrong)
        assert "Please write it like this" in text(refused)
    logged = text(await admin.slash(stage.channel, "config log"))
    assert "not set → temperature=0.4, top" in logged


class TestTheOperatorsSampling:
    @pytest.fixture
    def environ(self) -> dict[str, str]:
        return {"SAMPLING": "temperature=1.2, top_p=0.8", "MAX_REPLY_TOKENS": "64"}

    async def test_holds_where_nobody_has_set_any(self, stage: Stage, admin: MemberActor) -> None:
        desk = await Desk.open(stage, admin)
        assert desk.line("How freely it writes").endswith(
            "`temperature=1.2, top_p=0.8` (*default*)"
        )
        await desk.choose("server", "sampling")
        await _write(desk, "temperature=0.5")
        await desk.choose("server", "reply_tokens")
        await _write(desk, "9000")
        await stage.alice.send(stage.channel, f"{stage.me} hi")
        asked = stage.engine.requests[-1]
        assert asked.sampling == Sampling(0.5, top_p=0.8, repetition_penalty=1.1)
        assert asked.max_tokens == 64


async def test_people_and_roles_are_chosen_from_a_menu(stage: Stage, admin: MemberActor) -> None:
    role = stage.guild.create_role("friends")
    carol = stage.guild.add_member(stage.env.create_user("carol"), roles=[role])
    desk = await Desk.open(stage, admin)
    await desk.choose("server", "allow")
    await desk.select("people", role, stage.bob)
    assert desk.line("Only for") == f"**Only for:** <@&{role.id}>, <@{stage.bob.id}> (*server*)"
    for who, count in ((stage.alice, 0), (stage.bob, 1), (carol, 2)):
        await who.send(stage.channel, f"{stage.me} hi")
        assert len(stage.engine.prompts) == count
    await desk.choose("channel", "deny")
    await desk.select("people", stage.bob)
    await stage.bob.send(stage.channel, f"{stage.me} hi")
    assert len(stage.engine.prompts) == 2
    await admin.click(desk.message, label="Clear it")
    await stage.bob.send(stage.channel, f"{stage.me} hi")
    assert len(stage.engine.prompts) == 3


class TestLimits:
    @pytest.fixture
    def core(self) -> dict[str, Any]:
        return {"limits": ReplyLimits(per_server=1)}

    @REFUSED
    async def test_are_the_servers_and_never_more_than_the_operators(
        self, stage: Stage, admin: MemberActor, caplog: pytest.LogCaptureFixture
    ) -> None:
        desk = await Desk.open(stage, admin)
        assert desk.line("Answers in the server in an hour").endswith(
            "as the operator allows (*default*), at most 1 by the operator's limit"
        )
        await desk.choose("server", "replies_per_server")
        await _write(desk, "50")
        assert "50 (*server*), at most 1 by the operator's limit" in desk.text()
        for _ in range(2):
            await stage.alice.send(stage.channel, f"{stage.me} hi")
        assert "This server has used its 1 reply of this hour" in stage.said()[-1]
        refused = await _write(desk, "many")
        assert "whole number" in text(refused)
        assert "whole number" not in caplog.text, "a plain refusal is no news to the operator"
        refused = await _write(desk, "0")
        assert "from 1 to" in refused.followups[-1].content

    async def test_a_role_has_its_own(self, stage: Stage, admin: MemberActor) -> None:
        role = stage.guild.create_role("patrons")
        other = stage.guild.create_role("guests")
        desk = await Desk.open(stage, admin)
        await desk.choose("server", "replies_per_role")
        for one, most in ((role, "1000"), (other, "3")):
            form = await desk.select("role", one)
            await desk.who.submit_modal(form, {"value": most})
        name = "Answers in an hour by role"
        assert desk.line(name).endswith(f"<@&{role.id}> 1,000, <@&{other.id}> 3 (*server*)")
        form = await desk.select("role", role)
        await desk.who.submit_modal(form, {"value": ""})
        assert desk.line(name) == f"**{name}:** <@&{other.id}> 3 (*server*)"
        own = stage.bot.configuration.own(server_place(stage.guild.id))
        assert own.replies_per_role == {str(other.id): 3}
        logged = text(await admin.slash(stage.channel, "config log"))
        assert f"role:{role.id}: 1000, role:{other.id}: 3 → role:{other.id}: 3" in logged


async def test_a_panel_fits_whatever_is_set(stage: Stage, admin: MemberActor) -> None:
    category = stage.guild.create_category("games")
    channel = stage.guild.create_text_channel("chess", category=category)
    people = tuple(f"user:{10**19 + n}" for n in range(25))
    server = server_place(stage.guild.id)
    for place in (server, category_place(category.id), conversation_in(channel.id)):
        await stage.bot.configuration.change(place, deny=people, allow=people)
    counts = dict.fromkeys((*PER_USER, *PER_SERVER), 1_000_000_000)
    roles = {str(10**19 + n): 1_000_000_000 for n in range(25)}
    limits = counts | dict.fromkeys(PER_ROLE, roles)
    wishes: dict[str, Any] = {"thinks": True, "reply_tokens": 16_384}
    wishes["sampling"] = {name: 1 for name in BOUNDS}
    await stage.bot.configuration.change(server, system="word " * 300, **wishes, **limits)
    for language in LANGUAGES:
        with speaking(language):
            here = Standpoint(
                stage.guild.id,
                channel.id,
                {
                    "channel": conversation_in(channel.id),
                    "parent": conversation_in(channel.id),
                    "category": category_place(category.id),
                    "server": server,
                },
                thread=True,
            )
            said = "x" * 300
            panel = await panel_of(stage.bot, here, Chosen("server", "allow"), said)
            assert panel.content_length() <= 4_000


async def _write(desk: Desk, words: str) -> InteractionResult:
    form = await desk.who.click(desk.message, label="Write it")
    return await desk.who.submit_modal(form, {"value": words})


@REFUSED
async def test_who_manages_a_channel_changes_only_that(stage: Stage, keeper: MemberActor) -> None:
    desk = await Desk.open(stage, keeper)
    await desk.choose("channel", "answers")
    await desk.select("set", "no")
    assert desk.line("Answers at all").endswith("no (*this channel*)")
    await desk.select("level", "server")
    refused = await desk.select("set", "no")
    assert "Manage Server" in text(refused)
    assert stage.bot.configuration.own(server_place(stage.guild.id)).answers is None
    again = await Desk.open(stage, keeper)
    assert again.line("Answers at all").endswith("no (*this channel*)")


async def test_the_panel_works_after_a_restart(
    stage: Stage, admin: MemberActor, make_bot: MakeBot
) -> None:
    desk = await Desk.open(stage, admin)
    await desk.choose("server", "answers")
    await stage.env.restart_bot(make_bot())
    await desk.select("set", "no")
    assert desk.line("Answers at all").endswith("no (*server*)")


async def test_the_log_tells_who_changed_what(stage: Stage, admin: MemberActor) -> None:
    empty = await admin.slash(stage.channel, "config log")
    assert "Nobody has changed" in text(empty)
    desk = await Desk.open(stage, admin)
    await desk.choose("server", "answers")
    for value in ("no", "no", "yes"):
        await desk.select("set", value)
    await desk.choose("channel", "mode")
    await desk.select("set", "always")
    lines = text(await admin.slash(stage.channel, "config log")).splitlines()
    told = [one.split(" ", 1)[1] for one in lines if one]
    assert told == [
        f"<@{admin.id}>, <#{stage.channel.id}>: **When I answer** not set → always",
        f"<@{admin.id}>, the server: **Answers at all** off → on",
        f"<@{admin.id}>, the server: **Answers at all** not set → off",
    ]


@REFUSED
async def test_while_the_store_is_away_nothing_changes_and_that_is_said(
    stage: Stage, admin: MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await Desk.open(stage, admin)
    await desk.choose("server", "answers")

    async def down(*_: object) -> None:
        raise StoreUnavailable(detail="test")

    monkeypatch.setattr(stage.bot.store, "set_config", down)
    told = await desk.select("set", "no")
    assert StoreUnavailable.text in told.followups[-1].content
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    assert len(stage.engine.prompts) == 1
    monkeypatch.undo()
    await desk.select("set", "no")
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    assert len(stage.engine.prompts) == 1
