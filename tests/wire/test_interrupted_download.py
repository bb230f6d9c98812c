"""Asked to end while a model of gigabytes is fetched or loaded: nobody waits until it is there."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web

from tests.engine.reading import until
from tests.engine.test_download import FakeHub
from tests.wire.processes import BotProcess
from tests.wire.terminal import Person

# In such pieces huggingface_hub puts a file on the disk.
PIECE = 10 * 2**20


class SlowHub(FakeHub):
    """Sends the first `begins` bytes of its file, and then nothing for a long time."""

    begins = 1000

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return await super()._file(request)
        response = web.StreamResponse(headers={"Content-Length": str(len(self.content))})
        await response.prepare(request)
        await response.write(self.content[: self.begins])
        self.ranges.append(request.headers.get("Range"))
        await asyncio.sleep(60)
        return response


@pytest.fixture
async def hub() -> AsyncIterator[SlowHub]:
    async with SlowHub(b"GGUF" + bytes(100_000)) as hub:
        yield hub


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("play", "--no-browser"), 0),
        (("model", "download", "Hermes-3-Llama-3.1-8B", "--file", "x.gguf"), 130),
        (("eval",), 130),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
async def test_a_download_does_not_keep_the_process(
    hub: SlowHub, tmp_path: Path, command: tuple[str, ...], code: int
) -> None:
    settings = {"HF_ENDPOINT": hub.url, "MODEL_FILE": "hf:Nous/Tiny/tiny.gguf", "HTTP_PORT": "0"}
    settings["HF_HUB_DOWNLOAD_TIMEOUT"] = "60"  # so long the download's thread waits for more
    async with Person(tmp_path, *command, **settings) as person:
        async with asyncio.timeout(60):
            while not hub.ranges:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        pressed = time.monotonic()
        person.presses_ctrl_c()
        assert await person.leaves(40) == code, person.screen
        assert time.monotonic() - pressed < 30
        assert "Traceback" not in person.screen


async def stopped(bot: BotProcess) -> None:
    """Ask the bot to end, once, as `docker stop` does; it is gone at once, and all is well."""
    asked = time.monotonic()
    assert await bot.stop(20) == 0, bot.log
    assert time.monotonic() - asked < 3, bot.log
    assert "Traceback" not in bot.log


async def test_docker_stop_ends_a_download_and_the_next_start_goes_on_with_it(
    hub: SlowHub, tmp_path: Path
) -> None:
    hub.content = b"GGUF" + bytes(2 * PIECE)
    hub.begins = PIECE + 1000
    bot = BotProcess(tmp_path, HF_ENDPOINT=hub.url, MODEL_FILE="hf:Nous/Tiny/tiny.gguf")
    await bot.start()
    await until(lambda: fetched(tmp_path) == [PIECE], 30)
    await stopped(bot)
    await bot.start()
    await until(lambda: len(hub.ranges) == 2, 30)
    await stopped(bot)
    assert hub.ranges == [None, f"bytes={PIECE}-"]


def fetched(directory: Path) -> list[int]:
    """How many bytes there are of files that are not whole yet."""
    return [part.stat().st_size for part in directory.rglob("*.incomplete")]


async def test_docker_stop_ends_the_loading_of_a_model(tmp_path: Path) -> None:
    bot = BotProcess(tmp_path)
    await bot.start()
    await until(lambda: server_of(bot), 30)
    server = server_of(bot)
    # From now on it is as slow as one with a hundred gigabytes.
    os.kill(server, signal.SIGSTOP)
    try:
        await stopped(bot)
    finally:
        with suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)


def server_of(bot: BotProcess) -> int:
    """The id of the process in which a bot has its model loaded, 0 if there is none."""
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            told = (directory / "stat").read_text().rpartition(")")[2].split()
            command = (directory / "cmdline").read_text()
        except OSError:
            continue
        if int(told[1]) == bot.pid and "llama_server.py" in command:
            return int(directory.name)
    return 0
