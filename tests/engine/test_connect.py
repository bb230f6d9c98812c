"""From ENGINE_URL to an engine, also while the engine is still down."""

from __future__ import annotations

import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from bot.engine.connect import ProbedEngine, connect, parse
from bot.engine.openai import OpenAIEngine
from bot.engine.tgi import TgiEngine
from bot.errors import EngineRefused, EngineUnreachable, SettingsError
from tests.engine.reading import QUICK, ask, read, read_until_error
from tests.stand_ins.openai import OpenAIStandIn
from tests.stand_ins.tgi import Fault, TgiStandIn


@pytest.mark.parametrize(
    ("url", "kind", "base"),
    [
        ("tgi+http://tgi:8080", "tgi", "http://tgi:8080"),
        ("tgi+https://tgi.example/models/hermes/", "tgi", "https://tgi.example/models/hermes"),
        ("openai+http://vllm:8000/v1", "openai", "http://vllm:8000/v1"),
        ("openai+http://vllm:8000", "openai", "http://vllm:8000/v1"),
        ("http://somewhere:1234", "unknown", "http://somewhere:1234"),
        ("  https://somewhere/ ", "unknown", "https://somewhere"),
        ("tgi+http://[::1]:8080", "tgi", "http://[::1]:8080"),
    ],
)
def test_urls(url: str, kind: str, base: str):
    assert parse(url) == (kind, base)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tgi",
        "tgi+ftp://x",
        "vllm+http://x",
        "http://",
        "http://:80",
        "http://host:port",
        "http://host:99999",
        "http://host:0",
        "http://ho st",
        "http://host/?key=1",
        "http://[::1",
        "localhost:8080",
        "http://host..lan:8080",
        "http://.:8080",
        "http://host\\path",
        "http://<your-host>:8080",
        f"http://{'x' * 64}:8080",
    ],
)
def test_malformed_urls_say_what_is_taken(url: str):
    with pytest.raises(SettingsError, match=r"^ENGINE_URL: takes .*tgi\+http://host:port"):
        parse(url)


def test_a_password_in_the_url_is_not_repeated():
    with pytest.raises(SettingsError, match="ENGINE_API_KEY") as caught:
        parse("http://user:hunter2@host")
    assert "hunter2" not in str(caught.value)


async def test_named_kinds_are_not_probed(tmp_path: Path):
    tgi = await connect("tgi+http://127.0.0.1:1", data_dir=tmp_path)
    openai = await connect("openai+http://127.0.0.1:1/v1", data_dir=tmp_path)
    assert isinstance(tgi, TgiEngine)
    assert isinstance(openai, OpenAIEngine)


async def test_finds_tgi(tmp_path: Path):
    async with (
        TgiStandIn() as tgi,
        aclosing(await connect(tgi.url, data_dir=tmp_path, limits=QUICK)) as engine,
    ):
        assert (await engine.describe()).kind == "tgi"
        assert (await read(engine, ask()))[1].reason == "stop"
        assert tgi.generations[0].path == "/generate_stream"
        assert await engine.count_tokens("a b") == 2


@pytest.mark.parametrize("with_path", [True, False])
async def test_finds_openai(tmp_path: Path, with_path: bool):
    async with OpenAIStandIn() as server:
        url = server.url if with_path else server.url.removesuffix("/v1")
        async with aclosing(await connect(url, data_dir=tmp_path, limits=QUICK)) as engine:
            assert (await engine.describe()).kind == "openai"


async def test_probes_again_until_the_engine_is_up(tmp_path: Path):
    tgi = TgiStandIn()
    await tgi.start()
    await tgi.stop()
    async with aclosing(await connect(tgi.url, data_dir=tmp_path, limits=QUICK)) as engine:
        assert isinstance(engine, ProbedEngine)
        _, error = await read_until_error(engine, ask())
        assert type(error) is EngineUnreachable
        with pytest.raises(EngineUnreachable):
            await engine.describe()
        async with tgi:
            assert (await read(engine, ask()))[1].reason == "stop"


async def test_something_else_answers(tmp_path: Path):
    async with OpenAIStandIn() as server:
        url = server.url.removesuffix("/v1") + "/elsewhere"
        async with aclosing(await connect(url, data_dir=tmp_path, limits=QUICK)) as engine:
            _, error = await read_until_error(engine, ask())
            assert type(error) is EngineRefused
            assert "ENGINE_URL" in error.detail


async def test_a_key_is_used_for_the_probed_engine(tmp_path: Path):
    async with TgiStandIn(api_key="k") as tgi:
        engine = await connect(tgi.url, data_dir=tmp_path, api_key="k", limits=QUICK)
        async with aclosing(engine):
            tgi.fault = Fault("overloaded", times=1)
            assert (await read(engine, ask()))[1].reason == "stop"


def test_tgi_does_not_load_llama_cpp():
    code = (
        "import sys, asyncio, pathlib; from bot.engine.connect import connect;"
        "asyncio.run(connect('http://127.0.0.1:1', data_dir=pathlib.Path('.')));"
        "print('bot.engine.tgi' in sys.modules, 'xllamacpp' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "True False"
