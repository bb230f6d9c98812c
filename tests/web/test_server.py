from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

import aiohttp
import pytest

from bot.errors import EngineUnreachable, StartupError
from bot.web import browser
from bot.web.guard import is_loopback
from bot.web.server import serve
from tests.web.conftest import open_page, serve_playground


async def _fine() -> None:
    pass


async def _broken() -> None:
    raise EngineUnreachable


async def _get(address: str, path: str, **more: object):
    async with aiohttp.ClientSession(address) as session, session.get(path, **more) as response:
        return response.status, await response.text()


async def test_health_says_what_is_missing():
    checks = {"store": _fine, "engine": _broken}
    async with serve("127.0.0.1", 0, checks=checks) as address:
        assert (await _get(address, "/healthz"))[0] == 200
        status, text = await _get(address, "/readyz")
    assert status == 503
    assert '"store": "ok"' in text
    assert EngineUnreachable.text in text


async def test_ready_when_all_answer():
    async with serve("127.0.0.1", 0, checks={"store": _fine}) as address:
        assert (await _get(address, "/readyz"))[0] == 200


async def test_without_a_playground_there_is_only_health():
    async with serve("127.0.0.1", 0, checks={}) as address:
        assert (await _get(address, "/"))[0] == 404
        assert (await _get(address, "/api/state"))[0] == 404


async def test_health_answers_under_any_host_name():
    async with serve("127.0.0.1", 0, checks={}) as address:
        assert (await _get(address, "/healthz", headers={"Host": "bot.example"}))[0] == 200


async def test_a_port_in_use_names_the_setting_and_a_free_one():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartupError) as failure:
            async with serve("127.0.0.1", port, checks={}):
                pass
    line = str(failure.value)
    assert line.startswith("HTTP_PORT: ")
    assert "\n" not in line
    free = int(line.rsplit("HTTP_PORT=", 1)[1])
    async with serve("127.0.0.1", free, checks={}) as address:
        assert address.endswith(f":{free}")


@pytest.mark.parametrize("host", ["192.0.2.1", "127.0.0..1", "long" * 20])
async def test_a_host_that_is_not_here_names_the_setting(host: str):
    with pytest.raises(StartupError, match="HTTP_HOST"):
        async with serve(host, 0, checks={}):
            pass


async def test_the_server_leaves_at_once_though_a_page_listens(engine, store, monkeypatch):
    monkeypatch.setattr("bot.web.server._GRACE", 60.0)
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as pages:
        async with serve_playground(engine, store) as address:
            page = await pages.enter_async_context(open_page(address))
            await page.say("Hi.")
            begun = loop.time()
        assert loop.time() - begun < 10
        with pytest.raises(EOFError):
            await page.next()


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8420", "127.0.0.1:1", "127.1.2.3", "[::1]:8420"]
)
def test_names_of_this_machine(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "localhost@evil.example", "0.0.0.0", "["]
)
def test_names_of_other_machines(host: str):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("environ", "platform", "opens"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "1 2 3 4"}, "linux", False),
        ({"SSH_CONNECTION": "1 2 3 4", "BROWSER": "/opt/helper"}, "linux", True),
        ({"BROWSER": "firefox", "CI": "true"}, "linux", False),
        ({}, "darwin", True),
        ({"SSH_TTY": "/dev/tty1"}, "darwin", False),
        ({}, "win32", True),
    ],
)
def test_a_browser_is_opened_only_where_one_can_appear(environ, platform, opens):
    assert browser.can_open(environ, platform) is opens


async def test_opening_a_browser_is_quiet_and_tells_whether_it_worked(tmp_path, monkeypatch, capfd):
    seen = tmp_path / "seen"
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho noise; echo noise >&2; echo "$@" > {seen}\n')
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{program} %s")
    assert await browser.open_page("http://127.0.0.1:8420")
    assert seen.read_text() == "http://127.0.0.1:8420\n"
    monkeypatch.setenv("BROWSER", "/bin/false %s")
    monkeypatch.setenv("PATH", "")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not await browser.open_page("http://127.0.0.1:8420")
    assert capfd.readouterr() == ("", "")


async def test_a_check_that_hangs_is_not_ready(monkeypatch):
    monkeypatch.setattr("bot.web.health._PATIENCE", 0.05)
    checks = {"store": lambda: asyncio.sleep(60)}
    async with serve("127.0.0.1", 0, checks=checks) as address:
        assert (await _get(address, "/readyz"))[0] == 503
