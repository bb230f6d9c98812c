"""Ctrl+C while a model of gigabytes is fetched: whoever presses it does not wait for the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.engine.test_download import FakeHub
from tests.wire.terminal import Person


class SlowHub(FakeHub):
    """Sends the beginning of its file, and then nothing for a long time."""

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return await super()._file(request)
        response = web.StreamResponse(headers={"Content-Length": str(len(self.content))})
        await response.prepare(request)
        await response.write(self.content[:1000])
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
