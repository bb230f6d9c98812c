"""The OpenAI engine against servers that answer as TGI, vLLM, SGLang and llama.cpp do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import aclosing

import pytest

from bot.conversation.ports import End, EngineInfo, Sampling
from bot.engine.limits import Limits
from bot.engine.openai import OpenAIEngine
from bot.errors import (
    EngineBusy,
    EngineInterrupted,
    EngineRefused,
    EngineTimeout,
    EngineUnreachable,
    PromptTooLong,
)
from tests.engine.reading import QUICK, ask, read, read_until_error, until
from tests.stand_ins.openai import DONE, OpenAIStandIn, event, usage
from tests.stand_ins.tgi import Fault, TgiStandIn

WHOLE = [event("Hi"), event(" there"), event("", "stop"), usage(7, 3, 5), DONE]
LLAMA = {"id": "tiny", "owned_by": "llamacpp", "meta": {"n_ctx": 2048, "n_ctx_train": 4096}}


@pytest.fixture
async def server():
    async with OpenAIStandIn(WHOLE) as server:
        yield server


@pytest.fixture
async def engine(server: OpenAIStandIn):
    async with aclosing(OpenAIEngine(server.url, limits=QUICK)) as engine:
        yield engine


@pytest.fixture
async def tgi():
    async with TgiStandIn() as tgi:
        yield tgi


@pytest.fixture
async def on_tgi(tgi: TgiStandIn):
    async with aclosing(OpenAIEngine(tgi.url + "/v1", limits=QUICK)) as engine:
        yield engine


# What goes over the wire


async def test_streams_and_counts(server: OpenAIStandIn, engine: OpenAIEngine):
    assert await read(engine, ask()) == ("Hi there", End("stop", 7, 5, 3))
    (sent,) = server.completions
    assert sent["model"] == "hermes"
    assert sent["stream_options"] == {"include_usage": True}
    assert sent["skip_special_tokens"] is False
    assert sent["temperature"] == 0


async def test_asks_for_the_model_once(server: OpenAIStandIn, engine: OpenAIEngine):
    await read(engine, ask())
    await read(engine, ask())
    assert [path for path, _, _ in server.requests].count("/v1/models") == 1


async def test_finds_a_new_model_after_a_404(server: OpenAIStandIn, engine: OpenAIEngine):
    await read(engine, ask())
    server.models[0]["id"] = "another"
    server.status = 404
    await read_until_error(engine, ask())
    server.status = 200
    await read(engine, ask())
    assert server.completions[-1]["model"] == "another"


@pytest.mark.parametrize(
    ("owner", "name"),
    [("vllm", "repetition_penalty"), ("llamacpp", "repeat_penalty"), ("someone", None)],
)
async def test_extras_only_where_they_are_known(
    server: OpenAIStandIn, engine: OpenAIEngine, owner: str, name: str | None
):
    server.models[0]["owned_by"] = owner
    wanted = Sampling(temperature=0.5, top_p=0.9, top_k=20, repetition_penalty=1.1, seed=3)
    await read(engine, ask(sampling=wanted, stop=tuple("123456"), session="c1"))
    (sent,) = server.completions
    assert (sent["temperature"], sent["top_p"], sent["seed"]) == (0.5, 0.9, 3)
    if name is None:
        assert not {"top_k", "skip_special_tokens", "cache_prompt"} & sent.keys()
        assert len(sent["stop"]) == 4
    else:
        assert (sent["top_k"], sent[name], len(sent["stop"])) == (20, 1.1, 6)
    assert server.requests[-1][2]["X-Session-Id"] == "c1"


@pytest.mark.parametrize("owner", ["vllm", "sglang", "llamacpp", "someone"])
async def test_schemas(server: OpenAIStandIn, engine: OpenAIEngine, owner: str):
    server.models[0]["owned_by"] = owner
    schema = {"type": "object", "properties": {"a": {"default": None}}}
    await read(engine, ask(schema=schema))
    (sent,) = server.completions
    if owner == "llamacpp":
        assert schema.items() <= sent["json_schema"].items()
        assert sent["json_schema"]["x-guidance"]["whitespace_flexible"] is False
    elif owner == "someone":
        assert not {"json_schema", "response_format"} & sent.keys()
    else:
        assert sent["response_format"]["json_schema"]["schema"] == schema


# Streams


@pytest.mark.parametrize(
    ("lines", "text", "end"),
    [
        pytest.param(
            [
                event("Hi"),
                event(
                    "",
                    "length",
                    usage={"prompt_tokens": 4, "completion_tokens": 200},
                    timings={"cache_n": 3},
                ),
                DONE,
            ],
            "Hi",
            End("length", 4, 3, 200),
            id="llama.cpp puts usage and timings into the last chunk",
        ),
        pytest.param([event("Hi"), event("", "stop")], "Hi", End("stop", None, None, 1), id="bare"),
        pytest.param(
            [event("Hi", ""), event("<|im_end|>", "eos_token"), DONE],
            "Hi",
            End("stop", None, None, 2),
            id="TGI shows the end marker",
        ),
        pytest.param(
            [event("Hi"), event("<|im_end|>"), event("", "stop"), usage(3, 2), DONE],
            "Hi",
            End("stop", 3, None, 2),
            id="llama.cpp with special tokens shows it before the finish",
        ),
        pytest.param(
            [event("Hi"), event("</s>"), event(" rubbish")] + [event(" more")] * 9,
            "Hi",
            End("stop", None, None, 2),
            id="an end marker that the server does not know",
        ),
        pytest.param(
            ["data:" + WHOLE[0][6:], ": ping", *WHOLE[1:]],
            "Hi there",
            End("stop", 7, 5, 3),
            id="sse",
        ),
        pytest.param(
            [event("Hi"), DONE],
            "Hi",
            End("stop", None, None, 1),
            id="no reason, but the server says that this is all",
        ),
        pytest.param(
            [event("a\u2028b\u0085c\u2029"), event("", "stop"), DONE],
            "a\u2028b\u0085c\u2029",
            End("stop", None, None, 1),
            id="separators",
        ),
    ],
)
async def test_shapes_of_streams(
    server: OpenAIStandIn, engine: OpenAIEngine, lines: list[str], text: str, end: End
):
    server.lines = lines
    assert await read(engine, ask()) == (text, end)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([event("Hi")], EngineInterrupted),
        ([DONE], EngineInterrupted),
        ([event("Hi"), event("", "abort"), DONE], EngineInterrupted),
        ([event("Hi"), "data: {"], EngineInterrupted),
        ([event("Hi"), "data: null"], EngineInterrupted),
        ([event("Hi"), 'data: {"error": {"message": "boom", "code": 500}}'], EngineInterrupted),
        ([event("Hi"), 'error: {"code": 500, "message": "boom"}'], EngineInterrupted),
        # vLLM says so of everything that breaks while it writes.
        ([event("Hi"), 'data: {"error": {"message": "boom", "code": 400}}'], EngineInterrupted),
        (['data: {"error": {"message": "overloaded", "code": 429}}'], EngineBusy),
        (
            ['data: {"error": {"message": "exceeds the available context size", "code": 400}}'],
            PromptTooLong,
        ),
        (['data: {"error": "something else"}'], EngineRefused),
    ],
)
async def test_streams_that_fail(
    server: OpenAIStandIn, engine: OpenAIEngine, lines: list[str], expected: type
):
    server.lines = lines
    _, error = await read_until_error(engine, ask())
    assert type(error) is expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, "This model's maximum context length is 4096 tokens.", PromptTooLong),
        (
            400,
            '{"error": {"message": "x", "type": "exceed_context_size_error", "code": 400}}',
            PromptTooLong,
        ),
        (400, '{"object": "error", "message": "temperature must be non-negative"}', EngineRefused),
        (401, '{"error": {"message": "Invalid API Key"}}', EngineRefused),
        (429, "", EngineBusy),
        (503, '{"error": {"message": "Loading model", "code": 503}}', EngineUnreachable),
        (500, "Internal Server Error", EngineInterrupted),
    ],
)
async def test_statuses(
    server: OpenAIStandIn, engine: OpenAIEngine, status: int, body: str, expected: type
):
    server.status, server.body = status, body
    _, error = await read_until_error(engine, ask())
    assert type(error) is expected
    assert str(status) in error.detail


# Faults, on TGI's own /v1/completions


async def test_speaks_with_tgi_too(tgi: TgiStandIn, on_tgi: OpenAIEngine):
    text, end = await read(on_tgi, ask("one two"))
    assert text == "Well met, traveller! The tavern is warm, and the soup is hot."
    assert end == End("stop", 3, None, 17)
    assert await on_tgi.count_tokens("one two") == 2


async def test_a_stop_that_the_server_does_not_find(tgi: TgiStandIn, on_tgi: OpenAIEngine):
    tgi.tokens_per_second = 200
    tgi.reply = ["The", " Users", *[" rubbish"] * 500]
    text, end = await read(on_tgi, ask(stop=("User",)))
    assert (text, end.reason) == ("The ", "stop")
    await until(lambda: tgi.generations[0].left_early)


@pytest.mark.parametrize("kind", ["fin", "rst", "end"])
async def test_a_stream_that_breaks_off(tgi: TgiStandIn, on_tgi: OpenAIEngine, kind: str):
    tgi.fault = Fault(kind, after=3)
    text, error = await read_until_error(on_tgi, ask())
    assert (text, type(error)) == ("Well met,", EngineInterrupted)
    assert len(tgi.generations) == 1


async def test_overload_inside_of_a_200_is_asked_again(tgi: TgiStandIn, on_tgi: OpenAIEngine):
    tgi.fault = Fault("overloaded", times=2)
    assert (await read(on_tgi, ask()))[1].reason == "stop"
    assert len(tgi.generations) == 3


async def test_comments_are_no_sign_of_life(tgi: TgiStandIn):
    tgi.keep_alive = 0.03
    tgi.fault = Fault("hang", after=3)
    limits = Limits(silence=0.3)
    async with aclosing(OpenAIEngine(tgi.url + "/v1", limits=limits)) as engine:
        async with asyncio.timeout(20):
            text, error = await read_until_error(engine, ask())
    assert (text, type(error)) == ("Well met,", EngineTimeout)
    await until(lambda: tgi.generations[0].left_early)


@pytest.mark.parametrize("how", ["aclose", "cancel"])
async def test_leaving_frees_the_engine_at_once(tgi: TgiStandIn, on_tgi: OpenAIEngine, how: str):
    tgi.reply = [" w"] * 1000
    tgi.tokens_per_second = 2
    stream = on_tgi.stream(ask())
    await anext(stream)
    if how == "aclose":
        await stream.aclose()
    else:
        reading = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    await until(lambda: tgi.generations[0].left_early, 5)


async def test_one_connection_for_many_answers(tgi: TgiStandIn, on_tgi: OpenAIEngine):
    for _ in range(20):
        await read(on_tgi, ask())
    assert tgi.connections == 1


async def test_an_engine_that_is_down(unused_tcp_port: int):
    url = f"http://127.0.0.1:{unused_tcp_port}/v1"
    async with aclosing(OpenAIEngine(url, limits=QUICK)) as engine:
        _, error = await read_until_error(engine, ask())
        assert type(error) is EngineUnreachable
        with pytest.raises(EngineUnreachable):
            await engine.describe()


# Questions


async def test_describes_vllm(server: OpenAIStandIn, engine: OpenAIEngine):
    assert await engine.describe() == EngineInfo("openai", "hermes", 4096, 4095, True)


async def test_describes_one_slot_of_llama_cpp(server: OpenAIStandIn, engine: OpenAIEngine):
    server.models = [LLAMA]
    server.props = {"default_generation_settings": {"n_ctx": 512}, "total_slots": 3}
    assert await engine.describe() == EngineInfo("openai", "tiny", 512, 511, True, slots=3)
    server.props = None
    assert (await engine.describe()).context == 2048


@pytest.mark.parametrize(
    ("front", "kind"),
    [("Ollama is running", "ollama"), ("<!doctype html>", "openai"), (None, "openai")],
)
async def test_a_server_that_writes_around_the_prompt_is_recognised(
    server: OpenAIStandIn, engine: OpenAIEngine, front: str | None, kind: str
):
    server.models = [{"id": "hermes3:8b", "owned_by": "library"}]
    server.front = front
    assert (await engine.describe()).kind == kind


async def test_a_server_without_a_model(server: OpenAIStandIn, engine: OpenAIEngine):
    server.models.clear()
    with pytest.raises(EngineUnreachable):
        await engine.describe()


@pytest.mark.parametrize(
    ("owner", "answer", "count"),
    [
        ("vllm", {"count": 4, "tokens": [1, 2, 3, 4]}, 4),
        ("llamacpp", {"tokens": [1, 2, 3]}, 3),
        ("someone", {"unknown": True}, None),
        ("someone", None, None),
    ],
)
async def test_counts_tokens(
    server: OpenAIStandIn, engine: OpenAIEngine, owner: str, answer: object, count: int | None
):
    server.models[0]["owned_by"] = owner
    server.tokens = answer
    for _ in range(2):
        assert await engine.count_tokens("some text") == count
    asked = [body for path, body, _ in server.requests if path == "/tokenize"]
    # It remembers that it cannot.
    assert len(asked) == (1 if count is None else 2)
    if owner == "llamacpp":
        assert asked[0] == {"content": "some text", "add_special": False, "parse_special": True}


def test_does_not_load_other_engines_libraries():
    code = (
        "import sys, bot.engine.connect, bot.engine.openai, bot.engine.embedded;"
        "print({'huggingface_hub', 'httpx2', 'xllamacpp', 'discord'} & sys.modules.keys())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
