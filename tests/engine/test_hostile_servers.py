"""What no server should send: bodies without end, nests, halves of characters, no HTTP at all."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.ports import Engine
from bot.engine.connect import ProbedEngine
from bot.engine.limits import Limits
from bot.engine.openai import OpenAIEngine
from bot.engine.tgi import TgiEngine
from bot.errors import EngineError, EngineInterrupted, EngineRefused, EngineTimeout
from tests.engine.reading import QUICK, ask, read, read_until_error
from tests.stand_ins.raw import Answer, Part, RawStandIn, as_json, head, stream, whole
from tests.stand_ins.tgi import TgiStandIn

HURRIED = replace(QUICK, first_token=1.5, silence=1.0, question=1.0)


class Server(RawStandIn):
    """One that speaks like TGI and like vLLM, in the words of the tests."""

    def __init__(self, kind: str, **more: Any) -> None:
        super().__init__({"/v1/models": as_json({"data": [{"id": "m"}]})}, **more)
        self.is_tgi = kind == "tgi"

    def event(self, text: str, *, last: bool = False) -> bytes:
        """One event; characters beyond ASCII are escaped."""
        found: dict[str, Any] = {"choices": [{"text": text, "finish_reason": last and "stop"}]}
        if self.is_tgi:
            token = {"id": 7, "text": text, "special": False}
            found = {"token": token, "generated_text": "" if last else None}
        return f"data: {json.dumps(found)}\n\n".encode()

    def answer(self, answer: Answer | None) -> None:
        self.answers |= {"/generate_stream": answer, "/v1/completions": answer}

    def say(self, *parts: Part) -> None:
        self.answer(stream(*parts))

    def engine(self, limits: Limits = QUICK) -> Engine:
        if self.is_tgi:
            return TgiEngine(self.url, limits=limits)
        return OpenAIEngine(self.url + "/v1", limits=limits)


@pytest.fixture(params=["tgi", "openai"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    async with Server(request.param) as server:
        yield server


async def heard(server: Server, max_tokens: int = 200) -> str:
    async with aclosing(server.engine()) as engine:
        return (await read(engine, ask(max_tokens=max_tokens)))[0]


async def failed(server: Server, limits: Limits = QUICK) -> EngineError:
    async with aclosing(server.engine(limits)) as engine:
        return (await read_until_error(engine, ask()))[1]


# Time


async def test_headers_that_trickle_for_ever(server: Server):
    server.answer([b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n", 0.1] * 100])
    async with asyncio.timeout(8):
        assert type(await failed(server, HURRIED)) is EngineTimeout


async def test_headers_and_nothing_behind_them(server: Server):
    server.say(60.0)
    async with asyncio.timeout(8):
        assert type(await failed(server, HURRIED)) is EngineTimeout


async def test_answers_that_trickle_are_no_answers_to_a_small_question(server: Server):
    slow = [head(), *[b" ", 0.1] * 100]
    server.answers |= {"/info": slow, "/v1/models": slow}
    async with aclosing(server.engine(HURRIED)) as engine, asyncio.timeout(8):
        with pytest.raises(EngineTimeout):
            await engine.describe()


@pytest.mark.parametrize("early", [b"100 Continue", b"103 Early Hints", b"102 Processing"])
async def test_what_is_said_before_the_answer_is_none(server: Server, early: bytes):
    body = server.event("Hi", last=True)
    server.answer([b"HTTP/1.1 " + early + b"\r\n\r\n", head(Connection="close") + body])
    assert await heard(server) == "Hi"


# Size


async def test_a_refusal_without_end_costs_no_memory(server: Server):
    server.answer([head("400 Bad Request"), *[b"x" * 2**20] * 1500])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = await failed(server)
    assert type(error) is EngineRefused
    assert error.detail.startswith("HTTP 400: xxx")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 2**10


async def test_an_answer_without_end_to_a_small_question_costs_no_memory(server: Server):
    endless = [head(), b"[", *[b"1," * 2**19] * 1500]
    server.answers |= {"/info": endless, "/v1/models": endless, "/tokenize": endless}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for engine in (server.engine(), ProbedEngine(server.url, limits=QUICK)):
        async with aclosing(engine):
            with pytest.raises(EngineError):
                await engine.describe()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 2**10


# Shape


@pytest.mark.parametrize("nest", ["[", '{"a":'])
@pytest.mark.parametrize("line", ["data: {}\n\n", "{}\n", "error: {}\n\n"])
async def test_nests_in_a_stream(server: Server, nest: str, line: str):
    server.say(line.replace("{}", nest * 100_000).encode())
    assert type(await failed(server)) is EngineInterrupted


async def test_nests_in_all_other_answers(server: Server):
    nest = "[" * 100_000
    server.answer(whole(nest, "400 Bad Request"))
    assert type(await failed(server)) is EngineRefused
    server.answers |= dict.fromkeys(("/info", "/v1/models", "/tokenize", "/props"), whole(nest))
    for engine in (server.engine(), ProbedEngine(server.url, limits=QUICK)):
        async with aclosing(engine):
            with pytest.raises(EngineRefused):
                await engine.describe()


async def test_halves_of_characters_are_joined(server: Server):
    bird = ["\ud83e", "\udd9c", " and ", "\ud83e", "\udd9c!"]
    server.say(*[server.event(half, last=half == bird[-1]) for half in bird])
    assert await heard(server) == "🦜 and 🦜!"


async def test_halves_that_stay_alone_can_be_sent(server: Server):
    server.say(server.event("a\udd9c\ud83eb"), server.event("\ud83e"), server.event("c", last=True))
    assert await heard(server) == "a��b�c"
    server.say(server.event("a"), server.event("\ud83e", last=True))
    assert await heard(server) == "a"


async def test_bytes_that_are_no_characters(server: Server):
    event = server.event("a?b", last=True)
    odd = event.replace(b"?", b"\xff\xf0\x9f")
    cut = odd.index(b"\xf0") + 1
    server.say(odd[:cut], 0.15, odd[cut:])
    assert await heard(server) == "a��b"


async def test_a_count_beyond_all_reason_is_not_told(server: Server):
    event = server.event("Hi", last=True)[:-3]
    wrong = b', "details": {"generated_tokens": %b, "finish_reason": "stop"}' % (b"9" * 30)
    if not server.is_tgi:
        wrong = b', "usage": {"completion_tokens": %b, "prompt_tokens": 1e99}' % (b"9" * 30)
    server.say(event + wrong + b"}\n\n")
    async with aclosing(server.engine()) as engine:
        assert (await read(engine, ask()))[1].generated_tokens == 1


async def test_the_end_told_three_times(server: Server):
    server.say(*[server.event("Hi", last=True)] * 3)
    assert await heard(server) == "Hi"


async def test_tgi_goes_on_behind_the_tokens_that_were_asked_for():
    async with Server("tgi") as server, aclosing(server.engine()) as engine:
        server.say(*[server.event(" w")] * 500)
        text, end = await read(engine, ask(max_tokens=50))
        assert (text, end.reason, end.generated_tokens) == (" w" * 50, "length", 50)
        # The end may come behind the last of them.
        last = b'data: {"generated_text": "w", "details": {"finish_reason": "eos_token"}}\n\n'
        server.say(*[server.event(" w")] * 50, last)
        text, end = await read(engine, ask(max_tokens=50))
        assert (text, end.reason) == (" w" * 50, "stop")


async def test_another_answer_to_the_same_prompt_is_not_mixed_in():
    async with Server("openai") as server:
        other = b'data: {"choices": [{"index": 1, "text": "No", "finish_reason": "stop"}]}\n\n'
        server.say(other, server.event("Yes"), other, server.event("!", last=True))
        assert await heard(server) == "Yes!"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (
            "NousResearch/Hermes-3\nERROR all is lost\x1b[2J",
            "NousResearch/Hermes-3 ERROR all is lost [2J",
        ),
        ("half \ud83e", "half ?"),
        ("x" * 5_000_000, "x" * 200),
        (None, ""),
        ({"id": 5}, ""),
    ],
)
async def test_a_model_with_a_name_that_no_log_should_have(server: Server, told: Any, kept: str):
    server.answers |= {
        "/info": as_json({"model_id": told, "max_total_tokens": 512}),
        "/v1/models": as_json({"data": [{"id": told}]}),
    }
    async with aclosing(server.engine()) as engine:
        assert (await engine.describe()).model == kept


# No HTTP


@pytest.mark.parametrize("garbage", [b"\x15\x03\x01\x00\x02\x02\x46", b"SSH-2.0-OpenSSH_9\r\n"])
async def test_a_server_of_something_else_is_not_said_to_be_starting(
    server: Server, garbage: bytes
):
    server.answer([garbage])
    error = await failed(server)
    assert type(error) is EngineRefused
    assert error.detail.endswith("check ENGINE_URL")
    assert "\n" not in error.detail


async def test_https_to_a_server_of_http():
    async with TgiStandIn() as tgi:
        url = tgi.url.replace("http:", "https:")
        for engine in _three(url):
            async with aclosing(engine):
                _, error = await read_until_error(engine, ask())
                assert type(error) is EngineRefused
                assert "does not speak https; check ENGINE_URL" in error.detail


def _three(url: str) -> list[Engine]:
    return [
        TgiEngine(url, limits=QUICK),
        OpenAIEngine(url + "/v1", limits=QUICK),
        ProbedEngine(url, limits=QUICK),
    ]


_TALK = """
import asyncio, sys
from contextlib import aclosing
from tests.engine.test_hostile_servers import _three, ask, read
async def talk():
    for engine in _three(sys.argv[1]):
        async with aclosing(engine):
            print((await read(engine, ask()))[0])
asyncio.run(talk())
"""


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """Of a server by the name of localhost, which nobody vouches for but itself."""
    key, cert = tmp_path / "key", tmp_path / "cert"
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(["openssl", "req", "-x509", *made, *name], check=True, capture_output=True)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(cert, key)
    return cert, tls


async def test_a_certificate_that_is_named_is_trusted(certificate: tuple[Path, ssl.SSLContext]):
    cert, tls = certificate
    async with Server("tgi", tls=tls) as server:
        tokens = server.event("Hi", last=True)
        server.answers |= {
            "/info": as_json({"model_id": "m", "max_total_tokens": 512}),
            "/generate_stream": stream(tokens),
            "/v1/completions": stream(b'data: {"choices": [{"text": "Hi"}]}\n\ndata: [DONE]\n\n'),
        }
        url = server.url.replace("127.0.0.1", "localhost")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _TALK, url),
            env={**os.environ, "SSL_CERT_FILE": str(cert)},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        assert said.decode().split() == ["Hi", "Hi", "Hi"]


# Names


@pytest.mark.parametrize("dead", ["refuses", "swallows"])
async def test_a_name_of_two_machines_of_which_one_is_dead(
    dead: str, monkeypatch: pytest.MonkeyPatch
):
    async with Server("tgi", host="127.0.0.2") as server:
        server.say(server.event("Hi", last=True))
        port = int(server.url.rpartition(":")[2])
        with socket.socket() as hole:
            if dead == "swallows":
                # Nobody accepts, and there is no room to wait for it.
                hole.bind(("127.0.0.3", port))
                hole.listen(0)
                filling = [socket.socket() for _ in range(3)]
                for one in filling:
                    one.setblocking(False)
                    one.connect_ex(("127.0.0.3", port))

            async def found(*_: object, **__: object) -> list[Any]:
                return [
                    (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))
                    for host in ("127.0.0.3", "127.0.0.2")
                ]

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
            async with aclosing(TgiEngine(f"http://x.test:{port}", limits=QUICK)) as engine:
                async with asyncio.timeout(6):
                    assert (await read(engine, ask()))[0] == "Hi"
            if dead == "swallows":
                for one in filling:
                    one.close()
