"""`python -m bot model download`: which file is fetched, and what stands in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest
from aiohttp import web

from bot.__main__ import main
from bot.commands import memory, models
from bot.commands.memory import Machine
from bot.errors import SettingsError, StartupError
from tests.engine.test_download import FakeHub

FILES = ["README.md", "x.Q4_K_M.gguf", "x.Q8_0.gguf"]


class Shelf(FakeHub):
    """A hub that lists its files, too."""

    files = FILES

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{owner}/{name}/resolve/main/{file:.*}", self._file)
        app.router.add_get("/api/models/{owner}/{name}", self._model)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def _model(self, request: web.Request) -> web.Response:
        self.asked = request.match_info["name"]
        siblings = [{"rfilename": path} for path in self.files]
        return web.json_response({"id": self.asked, "siblings": siblings})


@pytest.fixture
async def hub() -> AsyncIterator[Shelf]:
    async with Shelf(b"GGUF" + b"x" * 1000) as hub:
        yield hub


async def download(hub: Shelf, folder: Path, name: str, file: str | None = None) -> Path:
    _, path = await asyncio.to_thread(models.download, name, file, folder, endpoint=hub.url)
    return path


async def test_the_usual_file_is_fetched_into_the_data_folder(hub: Shelf, tmp_path: Path):
    path = await download(hub, tmp_path, "hermes-2-pro-llama-3-8b")
    assert path.is_relative_to(tmp_path / "models")
    assert path.name == "x.Q4_K_M.gguf"
    assert path.read_bytes() == hub.content
    assert hub.asked == "Hermes-2-Pro-Llama-3-8B-GGUF"


async def test_another_file_can_be_chosen(hub: Shelf, tmp_path: Path):
    path = await download(hub, tmp_path, "Hermes-3-Llama-3.1-8B", "x.Q8_0.gguf")
    assert path.name == "x.Q8_0.gguf"


async def test_a_file_that_the_profile_names_is_not_looked_up(hub: Shelf, tmp_path: Path):
    path = await download(hub, tmp_path, "Hermes-3-Llama-3.2-3B")
    assert path.name == "Hermes-3-Llama-3.2-3B.Q4_K_M.gguf"
    assert not hasattr(hub, "asked")


async def test_where_it_is_not_clear_the_files_are_listed(hub: Shelf, tmp_path: Path):
    hub.files = ["a-Q4_K_M-00001-of-00002.gguf", "a-Q4_K_M-00002-of-00002.gguf"]
    with pytest.raises(StartupError, match=r"--file:\n  a-Q4_K_M-00001.*\n  a-Q4_K_M-00002"):
        await download(hub, tmp_path, "Hermes-3-Llama-3.1-70B")


async def test_a_model_without_gguf_files_says_where_to_look(hub: Shelf, tmp_path: Path):
    with pytest.raises(StartupError, match="no GGUF files are known for Hermes-3"):
        await download(hub, tmp_path, "Hermes-3-Llama-3.1-405B-FP8")
    with pytest.raises(SettingsError, match="no profile"):
        await download(hub, tmp_path, "gpt-5")


async def test_a_hub_out_of_reach_is_one_sentence(tmp_path: Path):
    async with Shelf(b"") as hub:
        pass
    with pytest.raises(StartupError, match="cannot reach the Hugging Face Hub"):
        await download(hub, tmp_path, "Hermes-2-Pro-Llama-3-8B")


def test_the_command_line(capsys: pytest.CaptureFixture[str]):
    assert main(["model"]) == 0
    assert "Hermes-3-Llama-3.1-405B" in capsys.readouterr().out
    assert main(["model", "show", "NousResearch/Hermes-3-Llama-3.1-405B-FP8"]) == 0
    assert "TGI_ARGS=--num-shard 8" in capsys.readouterr().out
    assert main(["model", "show", "gpt-5"]) == 78
    assert "there is no profile 'gpt-5'" in capsys.readouterr().err


def test_the_machine_is_described_whatever_it_has():
    found = memory.look()
    assert found.ram > 0
    assert "GiB of memory" in str(found)
    assert str(Machine(0)) == "unknown memory, no NVIDIA GPU"


@pytest.mark.parametrize(
    ("script", "gpus"),
    [
        ("printf '24564\\n81559\\n'", (23.988, 79.647)),
        ("exit 9", ()),
        ("echo [N/A]", ()),
    ],
)
def test_gpus_are_asked_of_nvidia_smi(
    script: str, gpus: tuple[float, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert memory.look().gpus == pytest.approx(gpus, abs=0.001)
