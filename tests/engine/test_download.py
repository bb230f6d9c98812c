"""Model files from the Hugging Face Hub, played by a loopback server that cuts connections."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import shutil
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple, Self

import pytest
from aiohttp import web

from bot.engine import download
from bot.engine.download import HubFile
from bot.engine.embedded import BUNDLED, EmbeddedEngine
from bot.errors import SettingsError, StartupError
from tests.engine.reading import QUICK, ask, read

WANTED = HubFile("Nous/Tiny", "sub/tiny.gguf")


class FakeHub:
    """Serves one file; the first `cuts` downloads break off in the middle."""

    def __init__(self, content: bytes) -> None:
        self.content, self.cuts, self.error = content, 0, ""
        self.status = 404
        self.ranges: list[str | None] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{owner}/{name}/resolve/main/{file:.*}", self._file)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if self.error:
            return web.Response(status=self.status, headers={"X-Error-Code": self.error})
        etag = hashlib.sha256(self.content).hexdigest()
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": "c" * 40, "Accept-Ranges": "bytes"}
        start, end, status = 0, len(self.content), 200
        wanted = request.headers.get("Range")
        if wanted is not None:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, end, status = int(first), int(last) + 1 if last else end, 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(self.content)}"
        headers["Content-Length"] = str(end - start)
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        self.ranges.append(wanted)
        body = self.content[start:end]
        if self.cuts > 0:
            self.cuts -= 1
            await response.write(body[: len(body) // 2])
            await asyncio.sleep(0.05)
            assert request.transport is not None
            request.transport.close()
            return response
        await response.write(body)
        return response


@pytest.fixture
async def hub(monkeypatch: pytest.MonkeyPatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 100_000)
    async with FakeHub(BUNDLED.read_bytes()) as hub:
        yield hub


async def fetch(hub: FakeHub, folder: Path) -> Path:
    return await asyncio.to_thread(download.fetch, WANTED, folder, endpoint=hub.url)


async def test_a_cut_download_goes_on_and_the_model_runs(hub: FakeHub, tmp_path: Path):
    hub.cuts = 1
    engine = await EmbeddedEngine.start(
        "hf:Nous/Tiny/sub/tiny.gguf", tmp_path, limits=QUICK, hub=hub.url
    )
    async with aclosing(engine):
        assert (await engine.describe()).model == "tiny"
        assert (await read(engine, ask("hello", 5)))[1].generated_tokens
    assert hub.ranges[0] is None
    assert hub.ranges[1] is not None
    assert int(hub.ranges[1].removeprefix("bytes=").rstrip("-")) > 0


async def test_a_file_that_is_there_is_not_asked_for(hub: FakeHub, tmp_path: Path):
    path = await fetch(hub, tmp_path)
    assert path.read_bytes() == hub.content
    asked = len(hub.ranges)
    hub.error = "RepoNotFound"
    assert await fetch(hub, tmp_path) == path
    assert len(hub.ranges) == asked


async def test_logs_its_progress_in_plain_lines(
    hub: FakeHub, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture
):
    caplog.set_level(logging.INFO, logger="bot.engine.download")
    await fetch(hub, tmp_path)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot")]
    assert lines[0].startswith("downloading sub/tiny.gguf of Nous/Tiny (0.0")
    assert lines[-1] == "downloading sub/tiny.gguf: 100 %"
    assert 2 <= len(lines) <= 11
    assert "\r" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("EntryNotFound", "Nous/Tiny has no file sub/tiny.gguf"),
        ("RepoNotFound", "there is no model repository Nous/Tiny"),
        ("GatedRepo", "terms accepted"),
    ],
)
async def test_what_the_hub_refuses(hub: FakeHub, tmp_path: Path, code: str, sentence: str):
    hub.error = code
    with pytest.raises(StartupError, match=sentence):
        await fetch(hub, tmp_path)


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "check HF_TOKEN"), (403, "check HF_TOKEN"), (503, "try again")]
)
async def test_a_hub_that_answers_is_not_called_out_of_reach(
    hub: FakeHub, tmp_path: Path, status: int, advice: str
):
    hub.error, hub.status = "Invalid", status
    with pytest.raises(StartupError, match=f"HTTP {status} for sub/tiny.gguf; {advice}"):
        await fetch(hub, tmp_path)


async def test_no_network(tmp_path: Path, unused_tcp_port: int):
    hub = FakeHub(b"")
    hub.url = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(StartupError, match="cannot reach the Hugging Face Hub"):
        await fetch(hub, tmp_path)


async def test_offline_mode(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(StartupError, match="HF_HUB_OFFLINE"):
        await fetch(hub, tmp_path)


class _Disk(NamedTuple):
    total: int
    used: int
    free: int


async def test_a_full_disk_is_told_before_the_download(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: _Disk(10**9, 10**9, 1000))
    with pytest.raises(StartupError, match=r"needs 0\.27 GB.*only 0\.00 GB free.*DATA_DIR"):
        await fetch(hub, tmp_path)
    assert not hub.ranges


async def test_what_was_begun_of_another_version_goes(hub: FakeHub, tmp_path: Path):
    folder = tmp_path / "Nous--Tiny" / "sub"
    folder.mkdir(parents=True)
    (folder / "tiny.gguf.0123456789abcdef.incomplete").write_bytes(b"GGUF of last week")
    path = await fetch(hub, tmp_path)
    assert path.read_bytes() == hub.content
    assert [file.name for file in folder.glob("*.incomplete")] == []


async def test_two_that_share_a_folder_fetch_it_once(hub: FakeHub, tmp_path: Path):
    found = await asyncio.gather(*(fetch(hub, tmp_path) for _ in range(3)))
    assert {path.read_bytes() for path in found} == {hub.content}
    assert len(hub.ranges) == 1


async def test_a_file_that_is_too_large_for_this_way_is_told(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "MAX_HTTP_DOWNLOAD_SIZE", 1000)
    with pytest.raises(StartupError, match="more than the Hub gives out this way"):
        await fetch(hub, tmp_path)


async def test_a_folder_that_cannot_be_made_is_told(hub: FakeHub, tmp_path: Path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(StartupError, match=r"MODEL_FILE: cannot store sub/tiny\.gguf"):
        await fetch(hub, tmp_path / "models")
    assert not hub.ranges


def test_names():
    assert download.parse("hf:Nous/Tiny/sub/tiny.gguf") == WANTED
    assert download.parse("/models/tiny.gguf") is None
    assert download.parse("tiny.gguf") is None


@pytest.mark.parametrize(
    "name", ["hf:", "hf:tiny.gguf", "hf:a/b", "hf:a/b/c.bin", "hf:a/../x.gguf", "hf:/a/b/c.gguf"]
)
def test_malformed_names(name: str):
    with pytest.raises(SettingsError, match=r"^MODEL_FILE: takes"):
        download.parse(name)
