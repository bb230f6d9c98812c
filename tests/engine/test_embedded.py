"""The embedded engine with real inference: llama.cpp and the bundled model, nothing scripted."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest

from bot.conversation.ports import End, Text
from bot.engine.connect import connect
from bot.engine.embedded import BUNDLED, EmbeddedEngine, Slots
from bot.errors import EngineError, EngineInterrupted, PromptTooLong, SettingsError, StartupError
from tests.engine.reading import QUICK, ask, read, read_until_error, until

SYSTEM = "<|im_start|>system\nYou are Hermes Tiny, a friendly assistant.<|im_end|>\n"
HELLO = "<|im_start|>user\nHello! Who are you?<|im_end|>\n<|im_start|>assistant\n"
PROMPT = SYSTEM + HELLO

# An answer that no model can end early: forced JSON with many numbers.
ENDLESS = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": {"type": "integer"}, "minItems": 2000}},
    "required": ["a"],
}


@pytest.fixture
async def engine(tmp_path: Path):
    engine = await EmbeddedEngine.start(None, tmp_path, limits=QUICK)
    async with aclosing(engine):
        yield engine


async def busy_slots(engine: EmbeddedEngine) -> int:
    assert engine._client is not None
    async with (
        aiohttp.ClientSession(headers=engine._client._headers) as http,
        http.get(engine._client._root + "/slots") as response,
    ):
        return sum(slot["is_processing"] for slot in await response.json())


async def test_writes_text(engine: EmbeddedEngine):
    text, end = await read(engine, ask(PROMPT, 60))
    assert text
    assert "<|im_end|>" not in text
    assert end.prompt_tokens
    assert end.generated_tokens > 0
    assert (await read(engine, ask(PROMPT, 60)))[0] == text  # greedy


async def test_questions_in_a_row_are_each_asked_once(
    engine: EmbeddedEngine, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    for _ in range(5):
        await read(engine, ask(PROMPT, 20))
    assert "asking again" not in caplog.text


async def test_describes_itself(engine: EmbeddedEngine):
    info = await engine.describe()
    assert (info.kind, info.model) == ("embedded", "Hermes-Tiny")
    assert info.context
    assert info.context >= 1024
    assert info.slots == 4
    assert await engine.count_tokens("<|im_start|>") == 1
    assert await engine.count_tokens("") == 0


async def test_is_the_engine_without_a_url(tmp_path: Path):
    async with aclosing(await connect(None, data_dir=tmp_path)) as engine:
        assert (await engine.describe()).kind == "embedded"


async def test_counts_fit_the_prompt(engine: EmbeddedEngine):
    """The prompt is what count_tokens says, and one BOS."""
    count = await engine.count_tokens(PROMPT)
    _, end = await read(engine, ask(PROMPT, 4))
    assert count is not None
    assert end.prompt_tokens in (count, count + 1)


async def test_stop_strings(engine: EmbeddedEngine):
    whole, _ = await read(engine, ask(PROMPT, 60))
    stop = whole[5:9]
    text, end = await read(engine, ask(PROMPT, 60, stop=("never said", stop, *"@#~^")))
    assert text == whole[: whole.index(stop)]
    assert end.reason == "stop"


async def test_length(engine: EmbeddedEngine):
    text, end = await read(engine, ask(PROMPT, 3))
    assert text
    assert (end.reason, end.generated_tokens) == ("length", 3)


async def test_a_second_turn_reuses_the_first(engine: EmbeddedEngine):
    text, first = await read(engine, ask(PROMPT, 60))
    again = PROMPT + text + "<|im_end|>\n" + HELLO
    _, second = await read(engine, ask(again, 60))
    assert first.prompt_tokens
    assert second.cached_tokens is not None
    assert second.cached_tokens >= first.prompt_tokens - 2


async def test_forced_json(engine: EmbeddedEngine):
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["good", "bad"]}, "loud": {"type": "boolean"}},
        "required": ["mood", "loud"],
        "additionalProperties": False,
    }
    text, _ = await read(engine, ask(PROMPT, 200, schema=schema))
    found = json.loads(text)
    assert found["mood"] in ("good", "bad")
    assert isinstance(found["loud"], bool)


async def test_a_prompt_that_is_too_long(engine: EmbeddedEngine):
    _, error = await read_until_error(engine, ask("one two three " * 4000, 60))
    assert type(error) is PromptTooLong


async def test_an_answer_that_fills_the_context_ends_by_length(tmp_path: Path):
    slots = Slots(count=1, context=512)
    engine = await EmbeddedEngine.start(None, tmp_path, limits=QUICK, slots=slots)
    async with aclosing(engine):
        _, end = await read(engine, ask(PROMPT, 4000, schema=ENDLESS))
        assert end.reason == "length"
        assert end.generated_tokens < 512


async def test_answers_are_written_side_by_side(engine: EmbeddedEngine):
    alone, _ = await read(engine, ask(PROMPT, 40))
    answers = await asyncio.gather(*(read(engine, ask(PROMPT, 40)) for _ in range(6)))
    assert len(answers) == 6
    assert all(text for text, _ in answers)
    assert alone in {text for text, _ in answers}


@pytest.mark.parametrize("how", ["aclose", "cancel"])
async def test_leaving_frees_the_slots(engine: EmbeddedEngine, how: str):
    streams = [engine.stream(ask(PROMPT, 1500, schema=ENDLESS)) for _ in range(4)]
    await asyncio.gather(*map(anext, streams))
    assert await busy_slots(engine) == 4
    if how == "aclose":
        await asyncio.gather(*(stream.aclose() for stream in streams))
    else:
        reading = [asyncio.ensure_future(anext(stream)) for stream in streams]
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    async with asyncio.timeout(2):
        while await busy_slots(engine):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    assert isinstance((await read(engine, ask(PROMPT, 4)))[1], End)


async def test_stopping_with_a_stream_in_flight(tmp_path: Path):
    engine = await EmbeddedEngine.start(None, tmp_path, limits=QUICK)
    stream = engine.stream(ask(PROMPT, 1500, schema=ENDLESS))
    assert isinstance(await anext(stream), Text)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await engine.aclose()
    # In this process llama.cpp would have waited for half a minute.
    assert loop.time() - begun < 10
    with pytest.raises(EngineError):
        async for _ in stream:
            pass
    await engine.aclose()


async def test_a_server_that_dies_is_started_anew(engine: EmbeddedEngine):
    stream = engine.stream(ask(PROMPT, 1500, schema=ENDLESS))
    await anext(stream)
    process = engine._process
    assert process is not None
    process.kill()
    with pytest.raises(EngineInterrupted):
        async for _ in stream:
            pass
    process.wait()
    assert (await read(engine, ask(PROMPT, 4)))[1].generated_tokens == 4


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
async def test_the_server_ends_with_its_parent():
    """Even if the bot is killed and has no time to stop it."""
    code = f"""if True:
        import asyncio, os, pathlib
        from bot.engine.embedded import EmbeddedEngine
        engine = asyncio.run(EmbeddedEngine.start({str(BUNDLED)!r}, pathlib.Path(".")))
        print(engine._process.pid, flush=True)
        os.kill(os.getpid(), 9)
    """
    command = [sys.executable, "-c", code]
    found = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
    server = Path(f"/proc/{int(found.stdout)}/cmdline")
    await until(lambda: not server.exists() or not server.read_bytes())


async def test_nobody_else_can_use_the_server(engine: EmbeddedEngine):
    assert engine._client is not None
    async with (
        aiohttp.ClientSession() as http,
        http.post(engine._client._base + "/completions", json={"prompt": "x"}) as response,
    ):
        assert response.status == 401


def test_llama_cpp_prints_nothing():
    code = f"""if True:
        import asyncio, pathlib
        from contextlib import aclosing
        from bot.engine.embedded import EmbeddedEngine
        from tests.engine.reading import ask, read, read_until_error
        async def main():
            engine = await EmbeddedEngine.start({str(BUNDLED)!r}, pathlib.Path("."))
            async with aclosing(engine):
                await read(engine, ask("hello", 5))
                await read_until_error(engine, ask("one two three " * 4000, 60))
        asyncio.run(main())
    """
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (found.stdout, found.stderr) == ("", "")


async def test_a_missing_file(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"MODEL_FILE: there is no file .*no\.gguf"):
        await EmbeddedEngine.start(str(tmp_path / "no.gguf"), tmp_path)


async def test_a_file_of_another_kind(tmp_path: Path):
    (tmp_path / "page.gguf").write_text("<html>Not Found</html>")
    with pytest.raises(StartupError, match="is not a GGUF file"):
        await EmbeddedEngine.start(str(tmp_path / "page.gguf"), tmp_path)


@pytest.mark.parametrize("part", [0.5, 0.01])
async def test_a_truncated_file(tmp_path: Path, part: float):
    whole = BUNDLED.read_bytes()
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(StartupError, match="incomplete, damaged"):
        await EmbeddedEngine.start(str(broken), tmp_path)


async def test_a_file_on_which_llama_cpp_aborts_does_not_take_the_bot_along(tmp_path: Path):
    # Two equal tokens in the vocabulary: an assertion of llama.cpp's.
    whole = BUNDLED.read_bytes()
    twice = _length_and(b"<|im_start|>")
    assert twice in whole
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(whole.replace(_length_and(b"</tool_call>"), twice, 1))
    with pytest.raises(StartupError, match="GGML_ASSERT"):
        await EmbeddedEngine.start(str(broken), tmp_path)


def _length_and(text: bytes) -> bytes:
    return len(text).to_bytes(8, "little") + text
