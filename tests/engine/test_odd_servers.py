"""Servers that do what no proper one does: silent, exchanged, untrusted, or odd in their words."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.ports import Engine
from bot.engine import connect as connecting
from bot.engine import hub, openai, wires
from bot.engine.connect import ProbedEngine, parse
from bot.engine.openai import OpenAIEngine
from bot.engine.tgi import TgiEngine
from bot.errors import (
    EngineBusy,
    EngineChanged,
    EngineError,
    EngineRefused,
    EngineTimeout,
    EngineUnreachable,
    SettingsError,
)
from tests.engine.reading import QUICK, ask, read, read_until_error, until
from tests.stand_ins.openai import DONE, OpenAIStandIn, event
from tests.stand_ins.raw import RawStandIn, as_json, head, stream, whole
from tests.stand_ins.tgi import TgiStandIn

_MODELS: Any = {"data": [{"id": "hermes", "owned_by": "vllm", "max_model_len": 4096}]}
_WHOLE = stream(f"{event('Hi', 'stop')}\n\n{DONE}\n\n".encode())


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "_MOMENT", 0.3)
    monkeypatch.setattr(connecting, "_MOMENT", 0.3)


# Silence


async def test_a_text_does_not_wait_for_a_list_of_models_that_never_comes():
    answers = {"/v1/models": None, "/v1/completions": _WHOLE}
    async with (
        RawStandIn(answers) as server,
        aclosing(OpenAIEngine(server.url + "/v1", limits=QUICK)) as engine,
    ):
        async with asyncio.timeout(10):
            for _ in range(3):
                assert (await read(engine, ask()))[0] == "Hi"
        assert b'"model"' not in server.asked[-1][1]
        # As soon as it is told, it is named.
        server.answers["/v1/models"] = as_json(_MODELS)
        await read(engine, ask())
        assert b'"model": "hermes"' in server.asked[-1][1]
        await until(lambda: server.open == 0)


async def test_what_is_known_stands_while_the_models_are_asked_for_again():
    async with (
        RawStandIn({"/v1/models": as_json(_MODELS), "/v1/completions": _WHOLE}) as server,
        aclosing(OpenAIEngine(server.url + "/v1", limits=QUICK)) as engine,
    ):
        await engine.describe()
        server.answers["/v1/models"] = None
        asking = asyncio.create_task(engine.describe())
        await until(lambda: server.paths("/v1/models") == 2)
        assert (await read(engine, ask()))[0] == "Hi"
        assert server.paths("/v1/models") == 2
        asking.cancel()


async def test_a_server_that_does_not_say_what_it_is_is_spoken_to_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
):
    async with TgiStandIn() as tgi, aclosing(ProbedEngine(tgi.url, limits=QUICK)) as engine:
        tgi.silent = frozenset(["/info"])
        async with asyncio.timeout(10):
            assert (await read(engine, ask()))[1].reason == "stop"
        monkeypatch.setattr(connecting, "_MOMENT", 15.0)
        asking = asyncio.create_task(engine.describe())
        await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            await read(engine, ask())
        tgi.silent = frozenset()
        await asking
        assert (await engine.describe()).kind == "tgi"
        await read(engine, ask())
        paths = [seen.path for seen in tgi.generations]
        assert paths == ["/v1/completions", "/v1/completions", "/generate_stream"]


async def test_an_old_tgi_that_does_not_say_what_it_is():
    token = {"id": 1, "text": "Hi", "special": False}
    said = as_json({"token": token, "generated_text": "Hi"})
    async with (
        RawStandIn({"/info": None, "/generate_stream": said}) as server,
        aclosing(ProbedEngine(server.url, limits=QUICK)) as engine,
    ):
        assert (await read(engine, ask()))[0] == "Hi"


async def test_a_server_that_says_nothing_at_all_is_told_of_soon():
    async with (
        RawStandIn({"/info": None, "/v1/models": None}) as server,
        aclosing(ProbedEngine(server.url, limits=QUICK)) as engine,
        asyncio.timeout(15),
    ):
        _, error = await read_until_error(engine, ask())
        assert error.retry


async def test_a_refusal_whose_words_never_come(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(openai, "REFUSAL_SECONDS", 0.1)
    monkeypatch.setattr(hub, "REFUSAL_SECONDS", 0.1)
    slow = [head("400 Bad Request", Content_Length="1000"), b"Your", 60.0]
    answers = {"/generate_stream": slow, "/v1/models": as_json(_MODELS), "/v1/completions": slow}
    async with RawStandIn(answers) as server, asyncio.timeout(20):
        for engine in _engines(server.url)[:2]:
            async with aclosing(engine):
                _, error = await read_until_error(engine, ask())
                assert (type(error), error.detail) == (EngineRefused, "HTTP 400")


async def test_a_name_that_is_looked_up_for_ever(monkeypatch: pytest.MonkeyPatch):
    async def hang(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)
    quick = replace(QUICK, connect=0.2)
    async with asyncio.timeout(20):
        for made in (TgiEngine, OpenAIEngine, ProbedEngine):
            async with aclosing(made("http://engine.test:8080", limits=quick)) as engine:
                _, error = await read_until_error(engine, ask())
                assert type(error) is EngineUnreachable


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux can")
async def test_connections_notice_that_the_machine_at_their_other_end_is_gone(
    monkeypatch: pytest.MonkeyPatch,
):
    """Lost packets cannot be had without a second machine, so the sockets are looked at."""
    made: list[socket.socket] = []
    make = wires._made
    monkeypatch.setattr(wires, "_made", lambda address: made.append(make(address)) or made[-1])
    async with RawStandIn({"/generate_stream": None, "/v1/models": None}) as server:
        for engine in _engines(server.url)[:2]:
            asking = asyncio.create_task(read(engine, ask()))
            await until(lambda: server.open)
            (wire,) = made
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            asking.cancel()
            await engine.aclose()
            await until(lambda: not server.open)
            made.clear()


# Exchange


async def test_another_model_behind_the_same_address_is_noticed():
    async with (
        OpenAIStandIn(models=[{"id": "old", "owned_by": "vllm"}]) as server,
        aclosing(OpenAIEngine(server.url, limits=QUICK)) as engine,
    ):
        await engine.describe()
        server.models = [{"id": "new", "owned_by": "vllm"}]
        server.status, server.body = 404, '{"message": "The model `old` does not exist."}'
        _, error = await read_until_error(engine, ask())
        assert type(error) is EngineChanged
        assert error.retry
        assert "'new' now, not 'old'" in error.detail
        server.status, server.lines = 200, [event("Hi", "stop"), DONE]
        assert (await read(engine, ask()))[0] == "Hi"


async def test_another_kind_of_server_behind_the_same_address(unused_tcp_port: int):
    async with aclosing(ProbedEngine(f"http://127.0.0.1:{unused_tcp_port}", limits=QUICK)) as one:
        async with TgiStandIn(port=unused_tcp_port):
            assert (await one.describe()).kind == "tgi"
        answers = {"/v1/models": as_json(_MODELS), "/v1/completions": _WHOLE}
        async with RawStandIn(answers, port=unused_tcp_port):
            assert (await read(one, ask()))[0] == "Hi"
            assert (await one.describe()).kind == "openai"


async def test_a_refusal_does_not_make_another_server_of_it():
    async with TgiStandIn() as tgi, aclosing(ProbedEngine(tgi.url, limits=QUICK)) as engine:
        await engine.describe()
        _, error = await read_until_error(engine, ask(""))
        assert type(error) is EngineRefused
        assert [seen.path for seen in tgi.requests].count("/info") == 2


async def test_a_server_that_counts_again_is_asked_again():
    async with (
        RawStandIn({"/info": as_json({"model_id": "x", "max_total_tokens": 8})}) as server,
        aclosing(TgiEngine(server.url, limits=QUICK)) as engine,
    ):
        assert await engine.count_tokens("one two") is None
        server.answers["/tokenize"] = as_json([{"id": 1, "start": 0, "stop": 3}] * 2)
        assert await engine.count_tokens("one two") is None
        await engine.describe()
        assert await engine.count_tokens("one two") == 2


async def test_a_server_that_takes_no_stops_is_believed():
    async with (
        TgiStandIn(max_stop_sequences=0) as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
    ):
        await engine.describe()
        await read(engine, ask(stop=("#",)))
        assert ["stop" in seen.parameters for seen in tgi.generations] == [False]


# Secrets, certificates, pages


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """Of a server that nobody vouches for but itself."""
    key, cert = tmp_path / "key", tmp_path / "cert"
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert]
    name = ["-days", "2", "-subj", "/CN=localhost"]
    subprocess.run(["openssl", "req", "-x509", *made, *name], check=True, capture_output=True)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(cert, key)
    return tls


def _engines(url: str, api_key: str | None = None) -> list[Engine]:
    return [
        TgiEngine(url, api_key=api_key, limits=QUICK),
        OpenAIEngine(url + "/v1", api_key=api_key, limits=QUICK),
        ProbedEngine(url, api_key=api_key, limits=QUICK),
    ]


async def test_a_certificate_that_nobody_vouches_for(certificate: ssl.SSLContext):
    async with RawStandIn(tls=certificate) as server:
        for engine in _engines(server.url):
            async with aclosing(engine):
                _, error = await read_until_error(engine, ask())
                assert type(error) is EngineRefused, "it is not starting, and will not be there"
                assert "SSL_CERT_FILE" in error.detail


async def test_a_page_in_place_of_an_answer():
    page = whole("<html>Please log in</html>", Content_Type="text/html; charset=utf-8")
    paths = ("/generate_stream", "/v1/models", "/v1/completions", "/info", "/tokenize")
    async with RawStandIn(dict.fromkeys(paths, page)) as server:
        for engine in _engines(server.url):
            async with aclosing(engine):
                _, error = await read_until_error(engine, ask())
                assert type(error) is EngineRefused
                assert "ENGINE_URL" in error.detail


async def test_a_key_that_a_server_repeats_is_not_logged():
    wrong = whole('{"error": {"message": "Unknown key: hunter2"}}', "401 Unauthorized")
    paths = ("/generate_stream", "/v1/models", "/info")
    async with RawStandIn(dict.fromkeys(paths, wrong)) as server:
        for engine in _engines(server.url, api_key="hunter2"):
            async with aclosing(engine):
                _, error = await read_until_error(engine, ask())
                assert "Unknown key: …; check ENGINE_API_KEY" in error.detail


async def test_a_key_that_a_stream_repeats_is_not_logged():
    said = stream(b'data: {"error": "no such key: hunter2", "error_type": "odd"}\n\n')
    answers = {"/generate_stream": said, "/v1/completions": said, "/v1/models": as_json(_MODELS)}
    async with RawStandIn(answers) as server:
        for engine in _engines(server.url, api_key="hunter2")[:2]:
            async with aclosing(engine):
                _, error = await read_until_error(engine, ask())
                assert "no such key: …" in str(error)
                assert "hunter2" not in str(error)


async def test_a_redirect_is_told_without_what_is_secret_in_it():
    there = whole("", "307 Temporary Redirect", Location="https://me:hunter2@there/x?token=hunter2")
    paths = ("/generate_stream", "/v1/models", "/v1/completions")
    async with RawStandIn(dict.fromkeys(paths, there)) as server:
        for engine in _engines(server.url)[:2]:
            async with aclosing(engine):
                _, error = await read_until_error(engine, ask())
                assert "https://there/x" in error.detail
                assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://me:hunter2@there",
        "me:hunter2@there:8080",
        "http://there/?token=hunter2",
        "http://there/#hunter2",
        "tgi+http://me:hunter2@there:99999",
    ],
)
def test_an_address_is_refused_without_what_is_secret_in_it(url: str):
    with pytest.raises(SettingsError) as refused:
        parse(url)
    assert "hunter2" not in str(refused.value)


async def test_an_address_of_the_sixth_version():
    said = stream(b'data: {"token": {"text": "Hi"}, "generated_text": "Hi"}\n\n')
    async with (
        RawStandIn({"/generate_stream": said}, host="::1") as server,
        aclosing(TgiEngine(server.url, limits=QUICK)) as engine,
    ):
        assert (await read(engine, ask()))[0] == "Hi"


# What they say of themselves


@pytest.mark.parametrize(
    "models",
    [
        {"data": [None]},
        {"data": "hermes"},
        {"data": [{"id": None, "owned_by": None, "max_model_len": "4096", "meta": 5}]},
        {"data": [{"id": "m", "owned_by": "llamacpp", "meta": []}]},
        [],
        None,
    ],
)
async def test_lists_of_models_of_any_shape(models: Any):
    answers = {"/v1/models": as_json(models), "/v1/completions": _WHOLE, "/props": as_json([])}
    async with (
        RawStandIn(answers) as server,
        aclosing(OpenAIEngine(server.url + "/v1", limits=QUICK)) as engine,
    ):
        for asked in (engine.describe(), read(engine, ask())):
            with suppress(EngineError):
                await asked


@pytest.mark.parametrize(
    "props",
    [
        {"default_generation_settings": None, "total_slots": None},
        {"default_generation_settings": {"n_ctx": "many"}, "total_slots": "4"},
        5,
    ],
)
async def test_properties_of_any_shape(props: Any):
    models = {"data": [{"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx": 512}}]}
    async with (
        RawStandIn({"/v1/models": as_json(models), "/props": as_json(props)}) as server,
        aclosing(OpenAIEngine(server.url + "/v1", limits=QUICK)) as engine,
    ):
        info = await engine.describe()
        assert (info.context, info.max_prompt, info.slots) == (512, 511, None)


@pytest.mark.parametrize(
    "tokens",
    [[], [None], [1, 2], [[1, 2]], {"tokens": None}, {"tokens": 5}, {"count": "3"}, None, "x"],
)
async def test_counts_of_any_shape(tokens: Any):
    answers = {"/tokenize": as_json(tokens), "/v1/models": as_json(_MODELS)}
    async with RawStandIn(answers) as server:
        for engine in _engines(server.url)[:2]:
            async with aclosing(engine):
                assert await engine.count_tokens("Hi there") is None
                ids = await engine.tokenize("Hi there")  # pyright: ignore[reportAttributeAccessIssue]
                assert ids in (None, [1, 2])


@pytest.mark.parametrize(
    "last",
    [
        '"generated_text": "Hi", "details": "none"',
        '"generated_text": "Hi", "details": {"generated_tokens": null, "input_length": "7"}',
        '"generated_text": "Hi", "details": {"finish_reason": "a_new_one"}',
    ],
)
async def test_last_events_of_any_shape(last: str):
    said = f'data: {{"token": {{"text": "Hi"}}, {last}}}\n\n'
    async with (
        RawStandIn({"/generate_stream": stream(said.encode())}) as server,
        aclosing(TgiEngine(server.url, limits=QUICK)) as engine,
    ):
        text, end = await read(engine, ask())
        assert (text, end.reason, end.generated_tokens, end.prompt_tokens) == (
            "Hi",
            "stop",
            1,
            None,
        )


async def test_a_last_event_without_a_token():
    token = '{"token": {"id": 1, "text": "Hi", "logprob": -1, "special": false}}'
    said = f'data: {token}\n\ndata: {{"generated_text": "Hi", "details": null}}\n\n'
    async with (
        RawStandIn({"/generate_stream": stream(said.encode())}) as server,
        aclosing(TgiEngine(server.url, limits=QUICK)) as engine,
    ):
        assert (await read(engine, ask()))[0] == "Hi"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('{"choices": null}', None),
        ('{"choices": [null, 5]}', None),
        ('{"choices": {}, "usage": "none", "timings": []}', None),
        ('{"choices": [], "usage": {"completion_tokens": null, "prompt_tokens": "7"}}', None),
        ('{"choices": [{"text": 5, "finish_reason": {}}]}', None),
        ('{"object": "error", "message": "boom", "code": 400}', EngineRefused),
        ('{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}', EngineBusy),
        ('{"error": {"message": "slow down", "code": "429"}}', EngineBusy),
        ('{"error": {"message": null, "code": 408}}', EngineTimeout),
    ],
)
async def test_events_of_any_shape(said: str, expected: type[EngineError] | None):
    lines = ["data: " + said, event("Hi"), event("", "stop"), DONE]
    async with (
        OpenAIStandIn(lines) as server,
        aclosing(OpenAIEngine(server.url, limits=QUICK)) as engine,
    ):
        if expected is None:
            assert (await read(engine, ask()))[0] == "Hi"
        else:
            _, error = await read_until_error(engine, ask())
            assert type(error) is expected


async def test_an_error_behind_the_finish_takes_nothing_away():
    lines = [event("Hi"), event("", "stop"), 'data: {"error": {"message": "boom", "code": 500}}']
    async with (
        OpenAIStandIn(lines) as server,
        aclosing(OpenAIEngine(server.url, limits=QUICK)) as engine,
    ):
        assert (await read(engine, ask()))[0] == "Hi"
