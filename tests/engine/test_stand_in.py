"""The TGI stand-in says on the wire what TGI says: other tests and the benchmarks build on it."""

from __future__ import annotations

import asyncio
import json
import sys

import aiohttp
import pytest

from tests.stand_ins.tgi import PrefixCache, TgiStandIn, tokenize


@pytest.fixture
async def tgi():
    async with TgiStandIn(["Hi", "<tool_call>", " you"]) as tgi:
        yield tgi


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as http:
        yield http


@pytest.mark.parametrize(
    "text", ["", "Well met, traveller!", "<|im_start|>user\n  ä🦜\u2028\n<tool_call>{}</tool_call>"]
)
def test_tokens_make_the_text_again(text: str):
    assert "".join(tokenize(text)) == text


def test_control_tokens_stay_whole():
    assert tokenize("<|im_start|>user") == ["<|im_start|>", "user"]


async def test_the_framing_of_a_stream(tgi: TgiStandIn, http: aiohttp.ClientSession):
    body = {"inputs": "one two", "parameters": {"details": True, "max_new_tokens": 9}}
    async with http.post(tgi.url + "/generate_stream", json=body) as response:
        raw = await response.text()
    assert response.content_type == "text/event-stream"
    *events, rest = raw.split("\n\n")
    assert rest == ""
    assert all(event.startswith("data: {") for event in events)
    found = [json.loads(event[6:]) for event in events]
    assert [event["index"] for event in found] == [1, 2, 3, 4]
    assert [event["token"]["special"] for event in found] == [False, True, False, True]
    assert found[-1]["token"]["text"] == "<|im_end|>"
    assert found[-1]["generated_text"] == "Hi you"  # without special tokens
    assert found[-1]["details"] == {
        "finish_reason": "eos_token",
        "generated_tokens": 4,
        "seed": None,
        "input_length": 3,
    }
    assert all(event["details"] is None for event in found[:-1])


async def test_a_whole_answer(tgi: TgiStandIn, http: aiohttp.ClientSession):
    async with http.post(tgi.url + "/generate", json={"inputs": "x"}) as response:
        assert await response.json() == {"generated_text": "Hi you"}


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"top_p": 1.0}, "Input validation error: `top_p` must be > 0.0 and < 1.0"),
        ({"temperature": 0.0}, "Input validation error: `temperature` must be strictly positive"),
        (
            {"stop": list("12345")},
            "Input validation error: `stop` supports up to 4 stop sequences. Given: 5",
        ),
        (
            {"max_new_tokens": 8192},
            None,  # only the first 1,024 count
        ),
    ],
)
async def test_validation_is_an_event_inside_of_a_200(
    tgi: TgiStandIn, http: aiohttp.ClientSession, parameters: dict, text: str | None
):
    body = {"inputs": "x", "parameters": parameters}
    async with http.post(tgi.url + "/generate_stream", json=body) as response:
        assert response.status == 200
        first = json.loads((await response.text()).split("\n\n")[0][6:])
    if text is None:
        assert "token" in first
    else:
        assert first == {"error": text, "error_type": "validation"}
        async with http.post(tgi.url + "/generate", json=body) as response:
            assert (response.status, await response.json()) == (422, first)


async def test_wrong_types_are_plain_text(tgi: TgiStandIn, http: aiohttp.ClientSession):
    body = {"inputs": "x", "parameters": {"temperature": "hot"}}
    async with http.post(tgi.url + "/generate_stream", json=body) as response:
        assert (response.status, response.content_type) == (422, "text/plain")
        assert 'temperature: invalid type: string "hot", expected f32' in await response.text()


async def test_counts_what_the_prefix_cache_saves(tgi: TgiStandIn, http: aiohttp.ClientSession):
    for prompt in ("a b c", "a b c d e", "x y"):
        async with http.post(tgi.url + "/generate", json={"inputs": prompt}) as response:
            await response.read()
    assert [seen.cached_tokens for seen in tgi.generations] == [0, 4, 0]
    assert (tgi.prompt_tokens, tgi.cached_tokens) == (4 + 6 + 3, 4)
    async with http.get(tgi.url + "/metrics") as response:
        assert "standin_cached_tokens_total 4\n" in await response.text()


def test_the_cache_forgets_the_oldest_branch():
    cache = PrefixCache(6)
    cache.insert("abc")
    cache.insert("abd")
    cache.insert("xyz")
    assert cache.size <= 6
    assert cache.match("xyz") == 3
    assert cache.match("abd") == 3
    assert cache.match("abc") == 2


async def test_runs_as_a_process():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.stand_ins.tgi", "--ttft", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        async with aiohttp.ClientSession() as http, http.get(url + "/info") as response:
            assert (await response.json())["max_stop_sequences"] == 4
    finally:
        process.kill()
        await process.wait()
