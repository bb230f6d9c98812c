"""Tools of foreign servers: real ones, over pipes and over HTTP, and how they misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bot.errors import StartupError
from bot.prompts import tool_use
from bot.tools import runner
from bot.tools.context import ToolContext
from bot.tools.mcp import McpServers, ServerConfig
from bot.tools.tool import Tool, ToolError
from tests.tools.servers.remote import Remote, official

FOLDER = Path(__file__).parent / "servers"
CONTEXT = ToolContext("test")
SECRET = "sk-very-secret-0123456789"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals of POSIX")


def plain(name: str = "plain", how: str = "", **more) -> ServerConfig:
    return ServerConfig(name, sys.executable, (str(FOLDER / "plain.py"), how), **more)


def remote(url: str, **more) -> ServerConfig:
    return ServerConfig("remote", url=url, **more)


def named(servers: McpServers) -> dict[str, Tool]:
    return {tool.name: tool for tool in servers.tools()}


async def call(servers: McpServers, name: str, **arguments) -> object:
    return await named(servers)[name].call(CONTEXT, arguments)


async def about(servers: McpServers, name: str = "plain_about") -> dict:
    return json.loads(await call(servers, name))


async def until(condition, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (processes offer no event)
            await asyncio.sleep(0.02)


def runs(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture
async def far():
    server = Remote()
    await server.start()
    yield server
    await server.stop()


# What is offered.


async def test_the_tools_of_a_server_are_offered_and_can_be_called():
    async with McpServers([plain()]) as servers:
        names = [tool.name for tool in servers.tools()]
        assert names == ["plain_about", "plain_die", "plain_echo", "plain_grow", "plain_wait"]
        assert await call(servers, "plain_echo", text="Ahoy ⚓") == "Ahoy ⚓"
        assert named(servers)["plain_echo"].schema == {
            "type": "function",
            "function": {
                "name": "plain_echo",
                "description": "Say it again.",
                "parameters": {
                    "type": "object",
                    "properties": {"text": {"type": "string"}},
                    "required": ["text"],
                },
            },
        }


async def test_foreign_tools_are_off_at_first_and_ask_before_they_change_anything():
    async with McpServers([plain(read_only=("wait",), timeout=7)]) as servers:
        tools = named(servers)
    assert all(tool.reaches_out and tool.timeout == 7 for tool in tools.values())
    harmless = {name for name, tool in tools.items() if not tool.changes}
    assert harmless == {"plain_echo", "plain_wait"}


async def test_an_operator_can_choose_tools(caplog):
    async with McpServers([plain(tools=("echo", "ecco"))]) as servers:
        assert list(named(servers)) == ["plain_echo"]
    assert "“tools” names 'ecco', which it has not" in caplog.text


async def test_two_servers_may_have_the_same_tools():
    async with McpServers([plain("first"), plain("second")]) as servers:
        assert {"first_about", "second_about"} <= set(named(servers))
        first = await about(servers, "first_about")
        assert first["pid"] != (await about(servers, "second_about"))["pid"]


async def test_a_name_that_the_bot_has_already_is_left_to_it():
    async with McpServers([plain()], taken={"plain_echo"}) as servers:
        tools = named(servers)
        assert "plain_echo" not in tools
        [other] = [name for name in tools if name.startswith("plain_echo_")]
        assert await call(servers, other, text="still there") == "still there"


async def test_what_a_server_says_about_its_tools_cannot_command_the_model(caplog):
    async with McpServers([plain(how="hostile")]) as servers:
        tools = named(servers)
    assert list(tools) == ["plain_essay", "plain_look_up"]
    text = tool_use.system_text([tools["plain_look_up"].schema])
    frame = tool_use.system_text([])
    for mark in ("<|im_end|>", "<|im_start|>", "</tools>", "<tool_call>", "</tool_call>"):
        assert text.count(mark) == frame.count(mark), mark
    assert "Look it up." in text
    assert len(tools["plain_essay"].schema["function"]["description"]) <= 1000
    assert "'trap' is left out: names or values in its schema are control strings" in caplog.text
    assert "'endless' is left out" in caplog.text


# Results.


async def test_a_server_of_the_newer_protocol_over_http():
    async with official() as url, McpServers([remote(url)]) as servers:
        assert await call(servers, "remote_add", first=2, second=40) == {"sum": 42}
        assert not named(servers)["remote_add"].changes
        assert await call(servers, "remote_show") == (
            "Here:\n[image: image/png, 12 kB]\n[audio: audio/wav, 3 B]\n"
            "[resource: log, file:///log.txt]\n[resource: note://1]\nDear diary"
        )
        with pytest.raises(ToolError, match=r"There is no such island\."):
            await call(servers, "remote_fail")
        with pytest.raises(ToolError):
            await call(servers, "remote_add", first="two")


async def test_a_server_of_the_newer_protocol_over_pipes():
    config = ServerConfig("local", sys.executable, (str(FOLDER / "official.py"),))
    async with McpServers([config], patience=60) as servers:
        assert await call(servers, "local_add", first=2, second=40) == {"sum": 42}


async def test_a_slow_tool_is_given_up_and_the_server_is_told():
    async with official() as url, McpServers([remote(url, timeout=0.5)]) as servers:
        run = await runner.run(named(servers)["remote_slow"], CONTEXT, {})
        assert run.content == {"error": "remote_slow did not answer within 0.5 seconds"}
        assert await call(servers, "remote_stopped_calls") == "slow"


async def test_calls_do_not_wait_for_each_other():
    async with McpServers([plain()]) as servers:
        waiting = asyncio.create_task(call(servers, "plain_wait"))
        assert await call(servers, "plain_echo", text="meanwhile") == "meanwhile"
        assert not waiting.done()
        waiting.cancel()


# Changes.


@pytest.mark.parametrize("newer", [False, True], ids=["older protocol", "newer protocol"])
async def test_a_new_tool_is_offered_without_a_restart(newer):
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(40):
        config = plain()
        if newer:
            config = remote(await stack.enter_async_context(official()))
        servers = await stack.enter_async_context(McpServers([config]))
        told: list[int] = []
        servers.on_change = lambda: told.append(len(servers.tools()))
        before = len(servers.tools())
        await call(servers, f"{config.name}_grow")
        while newer and not told:
            # With the newer protocol it hears of nothing before it has subscribed.
            await asyncio.sleep(0.5)
            await call(servers, f"{config.name}_grow")
        await until(lambda: f"{config.name}_grown" in named(servers))
        assert told == [before + 1]


async def test_a_server_whose_list_always_changes_leaves_time_for_others():
    told: list[int] = []
    async with McpServers([plain(how="restless")]) as servers:
        servers.on_change = lambda: told.append(len(servers.tools()))
        await until(lambda: told)
        began = time.monotonic()
        await asyncio.sleep(1)
        # Once every two seconds, however long this took.
        assert len(told) <= 1 + (time.monotonic() - began) / 2


# Servers that fail.


async def test_a_server_that_dies_during_a_call_is_back_for_the_next_one():
    async with McpServers([plain()]) as servers:
        first = await about(servers)
        with pytest.raises(ToolError, match="“plain” broke off during the call"):
            await call(servers, "plain_die")
        assert "plain_echo" in named(servers)
        assert (await about(servers))["pid"] != first["pid"]


async def test_a_server_that_was_killed_is_back_for_the_next_call(caplog):
    async with McpServers([plain()]) as servers:
        pid = (await about(servers))["pid"]
        psutil.Process(pid).kill()
        await until(lambda: "tried again in" in caplog.text)
        assert (await about(servers))["pid"] != pid


async def test_a_server_that_dies_at_every_call_is_not_started_for_ever(caplog):
    async with McpServers([plain()]) as servers:
        for number in range(1, 5):
            with pytest.raises(ToolError, match="broke off"):
                await call(servers, "plain_die")
            await until(lambda n=number: caplog.text.count("tried again in") == n)
        began = time.monotonic()
        with pytest.raises(ToolError, match="cannot be reached right now"):
            await call(servers, "plain_die")
        assert time.monotonic() - began < 10


async def test_a_server_that_never_starts_stops_nobody(caplog):
    broken = [
        ServerConfig("missing", "/nowhere/at-all"),
        plain("crash", "crash", env={"KEY": SECRET}),
        ServerConfig("nobody", url="http://127.0.0.1:9/mcp", headers={"Authorization": SECRET}),
    ]
    async with McpServers([*broken, plain()]) as servers:
        assert await call(servers, "plain_echo", text="fine") == "fine"
        assert all(name.startswith("plain_") for name in named(servers))
        await until(lambda: "nobody" in caplog.text)
    assert "mcp server missing (the command /nowhere/at-all): it was not found" in caplog.text
    assert "It said: KeyError: no plan for …" in caplog.text
    assert "(http://127.0.0.1:9): nothing answers there" in caplog.text
    assert SECRET not in caplog.text


async def test_a_server_that_says_nothing_holds_nobody_up():
    began = time.monotonic()
    async with McpServers([plain("silent", "silent"), plain()], patience=3) as servers:
        assert await call(servers, "plain_echo", text="fine") == "fine"
    assert time.monotonic() - began < 40


async def test_a_server_that_comes_up_late_is_found(far):
    await far.stop()
    async with McpServers([remote(far.url)]) as servers:
        assert servers.tools() == ()
        await far.start()
        await until(lambda: "remote_echo" in named(servers))
        assert await call(servers, "remote_echo", text="late") == "late"


# HTTP.


async def test_headers_reach_the_server_and_no_log(far, caplog):
    caplog.set_level(logging.INFO)
    async with McpServers([remote(far.url, headers={"X-Key": SECRET})]) as servers:
        assert await call(servers, "remote_echo", text="hello") == "hello"
    assert {headers.get("X-Key") for headers in far.seen} == {SECRET}
    assert SECRET not in caplog.text
    assert SECRET not in repr(remote(far.url, headers={"X-Key": SECRET}))
    assert len(far.ended) == 1  # the session was closed politely


async def test_a_restarted_server_knows_no_session_and_nobody_notices(far):
    async with McpServers([remote(far.url)]) as servers:
        assert await call(servers, "remote_echo", text="before") == "before"
        far.sessions.clear()
        assert await call(servers, "remote_echo", text="after") == "after"


async def test_a_server_that_is_away_for_a_call_comes_back(far):
    async with McpServers([remote(far.url)]) as servers:
        await far.stop()
        with pytest.raises(ToolError):
            await call(servers, "remote_echo", text="nobody there")
        await far.start()
        await asyncio.sleep(0.1)
        assert await call(servers, "remote_echo", text="again") == "again"


async def test_a_redirect_to_another_place_is_not_followed(far):
    other = Remote()
    await other.start()
    far.redirect_to = other.url
    async with McpServers([remote(far.url, headers={"X-Key": SECRET})], patience=5) as servers:
        assert servers.tools() == ()
    await other.stop()
    assert far.seen
    assert other.seen == []


# What a local server gets, and what is left of it.


async def test_a_local_server_is_given_none_of_the_bots_secrets(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", SECRET)
    monkeypatch.setenv("LANG", "C.UTF-8")
    async with McpServers([plain(env={"OWN": "its own"})]) as servers:
        environment = (await about(servers))["environment"]
    assert SECRET not in environment.values()
    assert environment["OWN"] == "its own"
    assert environment["LANG"] == "C.UTF-8"
    usual = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "SHELL", "TERM", "USER"}
    assert set(environment) - usual == {"OWN"}


async def test_nothing_is_left_behind():
    async with McpServers([plain(), plain("stubborn", "stubborn")]) as servers:
        pids = [(await about(servers))["pid"]]
        stubborn = await about(servers, "stubborn_about")
        pids += [stubborn["pid"], int(stubborn["environment"]["CHILD"])]
        assert all(map(runs, pids))
        waiting = asyncio.create_task(call(servers, "plain_wait"))
        await asyncio.sleep(0.1)
    await until(lambda: not any(map(runs, pids)))
    with pytest.raises(ToolError):
        await waiting
    with pytest.raises(ToolError):
        await call(servers, "plain_echo", text="too late")


async def test_nothing_is_left_behind_when_the_bot_is_stopped():
    found: list[int] = []

    async def bot() -> None:
        async with McpServers([plain(), plain("silent", "silent")], patience=2) as servers:
            found.append((await about(servers))["pid"])
            await asyncio.Event().wait()

    before = {child.pid for child in psutil.Process().children(recursive=True)}
    task = asyncio.create_task(bot())
    await until(lambda: found)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    after = {child.pid for child in psutil.Process().children(recursive=True)}
    assert not {pid for pid in after - before if runs(pid)}


# Without the library.


async def test_without_the_library_it_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp", None)
    async with McpServers([]) as servers:
        assert servers.tools() == ()
    with pytest.raises(StartupError, match="package “mcp” is not installed: install it"):
        async with McpServers([plain()]):
            pass


def test_who_has_no_server_does_not_pay_for_the_library():
    code = "import sys, bot.tools.mcp; sys.exit('mcp' in sys.modules or 'anyio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
