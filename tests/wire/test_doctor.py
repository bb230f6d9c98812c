"""`python -m bot doctor` against a Discord, an engine and a Redis that are there, or are not."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from simcord.backend.models import Overwrite

from bot.characters.stage import Member, Stage
from bot.conversation.config import PlaceConfig, written
from bot.conversation.turns import Pending, Turn
from bot.store.history import RedisStore
from tests.stand_ins.discord import DiscordStandIn
from tests.stand_ins.tgi import TgiStandIn
from tests.wire.processes import TOKEN, environment

MUTE = 1 << 11
WEBHOOKS = 1 << 29
THREADS = 1 << 35


@dataclass
class Surgery:
    """A doctor's room: what is examined there, and what the doctor says."""

    directory: Path
    discord: DiscordStandIn
    tgi: TgiStandIn
    redis_url: str

    async def run(self, *options: str, **settings: str) -> tuple[int, str]:
        usual = {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": self.discord.api,
            "ENGINE_URL": f"tgi+{self.tgi.url}",
            "REDIS_URL": self.redis_url,
            "DATA_DIR": str(self.directory / "data"),
        }
        given = {name: value for name, value in (usual | settings).items() if value}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "doctor", *options),
            env=environment(**given),
            cwd=self.directory,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    async def findings(self, **settings: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """The exit code, and what `--json` prints, by check."""
        code, said = await self.run("--json", **settings)
        report = json.loads(said)
        assert report["schema"] == 1
        assert report["state"] in ("ok", "warning", "problem")
        for finding in report["findings"]:
            assert set(finding) == {"check", "subject", "state", "text", "advice"}
            assert "Traceback" not in finding["text"]
            assert (finding["state"] == "ok") == (not finding["advice"]), finding
        return code, {finding["check"]: finding for finding in report["findings"]}


@pytest.fixture
async def surgery(tmp_path: Path, valkey_url: str) -> AsyncIterator[Surgery]:
    async with (
        DiscordStandIn(token=TOKEN) as discord,
        TgiStandIn(max_stop_sequences=16) as tgi,
    ):
        discord.add_guild("Home")
        yield Surgery(tmp_path, discord, tgi, valkey_url)


async def test_everything_is_well(surgery: Surgery) -> None:
    code, said = await surgery.run()
    assert code == 0, said
    assert "MEND" not in said
    assert "WARN" not in said
    assert TOKEN not in said
    assert "OK   gateway: Discord lets the bot in" in said
    assert f"client_id={surgery.discord.world.application_id}&permissions=" in said
    assert surgery.discord.gateway.identifies == 1
    await surgery.discord.until(lambda: not surgery.discord.gateway.connected)
    code, found = await surgery.findings()
    assert code == 0
    assert {one["state"] for one in found.values()} == {"ok"}
    assert {
        *("settings", "version", "disk", "clock", "discord.token", "discord.public"),
        *("discord.intents", "discord.invite", "discord.gateway", "discord.places"),
        *("store.reachable", "store.persistence", "store.memory"),
        *("engine.reachable", "engine.model", "engine.context", "engine.stops"),
        "engine.generates",
    } == set(found)


async def test_an_intent_that_is_off_is_seen_twice_and_is_no_problem(surgery: Surgery) -> None:
    surgery.discord.gateway.approved.discard("message_content")
    code, found = await surgery.findings()
    assert code == 0
    assert found["discord.intents"]["state"] == "warning"
    assert "Privileged Gateway Intents, Message Content" in found["discord.intents"]["advice"]
    assert "4014" in found["discord.gateway"]["text"]


async def test_a_bot_without_a_server_is_shown_its_invitation(surgery: Surgery) -> None:
    surgery.discord.world.guilds.clear()
    code, found = await surgery.findings()
    assert code == 0
    assert found["discord.invite"]["text"] == "the bot is in no server yet"
    assert found["discord.invite"]["advice"].startswith("open https://discord.com/oauth2/")


async def test_a_gateway_that_lets_nobody_in(surgery: Surgery) -> None:
    surgery.discord.gateway.accepting = False
    code, found = await surgery.findings()
    assert code == 1
    assert "websockets" in found["discord.gateway"]["advice"]
    surgery.discord.gateway.accepting = True
    surgery.discord.gateway.token = "another"
    code, found = await surgery.findings()
    assert code == 1
    assert "4004" in found["discord.gateway"]["text"]


async def test_a_wrong_token_is_a_problem_and_the_rest_is_looked_at(surgery: Surgery) -> None:
    code, found = await surgery.findings(DISCORD_TOKEN="a.wrong.one")
    assert code == 1
    assert found["discord.token"]["text"] == "Discord does not accept it"
    assert "Reset Token" in found["discord.token"]["advice"]
    assert found["engine.generates"]["state"] == "ok"
    assert "discord.gateway" not in found


async def test_what_is_away_is_named(surgery: Surgery) -> None:
    code, found = await surgery.findings(
        DISCORD_API_URL="http://127.0.0.1:9/api/v10",
        REDIS_URL="redis://127.0.0.1:9/0",
        ENGINE_URL="tgi+http://127.0.0.1:9",
    )
    assert code == 1
    for check in ("discord.reachable", "store.reachable", "engine.reachable"):
        assert found[check]["state"] == "problem"


async def test_permissions_that_are_missing_where_the_bot_is_counted_on(
    surgery: Surgery,
) -> None:
    world, discord = surgery.discord.world, surgery.discord
    guild = discord.add_guild("Home")
    mute, plain, played, asked = (
        discord.add_channel(guild, n) for n in ("mute", "plain", "played", "asked")
    )
    world.set_overwrite(mute, Overwrite(guild, 0, allow=0, deny=MUTE))
    world.set_overwrite(plain, Overwrite(guild, 0, allow=0, deny=MUTE))
    world.set_overwrite(played, Overwrite(guild, 0, allow=0, deny=WEBHOOKS))
    world.set_overwrite(asked, Overwrite(guild, 0, allow=0, deny=THREADS))
    thread = discord.add_thread(played, "side", discord.add_user("alice", guild))
    store = RedisStore(surgery.redis_url)
    await store.set_always_on(f"discord:{mute}", True)
    await store.set_config(f"discord:{asked}", written(PlaceConfig(threads=True)))
    # Nobody asked for anything in the channel #plain: it may be as it is.
    for place in (played, thread):
        talk = f"discord:{place}"
        await store.journal(talk, [Turn(str(place), 1, "user", "Hi")], Pending("r", 2, ("1",), 5.0))
        await store.save_stage(talk, Stage(cast=(Member("l", "c", "card", "Ada"),)))
    await store.set_always_on("discord:404404404404404404", True)
    await store.aclose()
    code, said = await surgery.run()
    assert code == 1
    assert "MEND #mute in Home: the bot lacks Send Messages: it is mute there" in said
    assert "WARN #played in Home: the bot lacks Manage Webhooks" in said
    assert "WARN #asked in Home: the bot lacks Create Public Threads" in said
    assert "WARN #side in Home: the bot lacks Manage Webhooks" in said
    assert "WARN channel 404404404404404404: the bot cannot see it" in said
    assert "#plain" not in said


async def test_a_clock_that_is_wrong(surgery: Surgery, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.doctor import account, api

    monkeypatch.setattr(api, "time", lambda: 4_000_000_000.0)
    async with api.Api(surgery.discord.api, TOKEN) as asked:
        found = {one.check: one async for one in account.findings(asked)}
    assert found["clock"].state == "warning"
    assert "ahead of Discord's" in found["clock"].text


async def test_wrong_settings_are_json_too(surgery: Surgery) -> None:
    code, found = await surgery.findings(HISTORY_DAYS="never")
    assert code == 78
    assert found["settings"]["state"] == "problem"
    assert "HISTORY_DAYS" in found["settings"]["text"]


async def test_a_setting_that_only_its_user_finds_wrong_has_the_same_exit_code(
    surgery: Surgery,
) -> None:
    code, said = await surgery.run(ENGINES="big=http://me:secret@host")
    assert code == 78
    assert "MEND settings: ENGINES: takes no user or password" in said


async def test_a_check_that_breaks_is_a_line_like_any_other(surgery: Surgery) -> None:
    surgery.discord.fault("GET", "/gateway/bot", status=500, times=None)
    code, found = await surgery.findings()
    assert code == 1
    assert found["discord.gateway"]["state"] == "problem"
    assert found["engine.generates"]["state"] == "ok"
