"""Event streams as WHATWG's rules allow them, byte by byte, read by both engines."""

from __future__ import annotations

import gzip
import json
from contextlib import aclosing
from typing import Any

import pytest

from bot.conversation.ports import Engine
from bot.engine import sse
from bot.engine.connect import ProbedEngine
from bot.engine.openai import OpenAIEngine
from bot.engine.tgi import TgiEngine
from bot.errors import EngineBusy, EngineError, EngineInterrupted, EngineRefused
from tests.engine.reading import QUICK, ask, read, read_until_error
from tests.stand_ins.raw import Part, RawStandIn, as_json, head, stream, whole

_MODELS = {"data": [{"id": "hermes", "owned_by": "vllm"}]}
_TEXT = "Grüß dich, 🦜!"


class Server(RawStandIn):
    """One that speaks like TGI and like vLLM; `events` are what the last of them would send."""

    def __init__(self, kind: str) -> None:
        super().__init__({"/v1/models": as_json(_MODELS)})
        self.is_tgi = kind == "tgi"
        self.path = "/generate_stream" if self.is_tgi else "/v1/completions"

    def event(self, text: str, *, last: bool = False) -> str:
        """The JSON of an event, with characters as they are."""
        found: dict[str, Any] = {"choices": [{"text": text, "finish_reason": last and "stop"}]}
        if self.is_tgi:
            token = {"id": 7, "text": text, "special": False}
            found = {"token": token, "generated_text": _TEXT if last else None}
        return json.dumps(found, ensure_ascii=False)

    @property
    def events(self) -> list[str]:
        return [self.event("Grüß "), self.event("dich, "), self.event("🦜!", last=True)]

    def say(self, *parts: Part, **headers: str) -> None:
        self.answers[self.path] = stream(*parts, **headers)

    def engine(self) -> Engine:
        if self.is_tgi:
            return TgiEngine(self.url, limits=QUICK)
        return OpenAIEngine(self.url + "/v1", limits=QUICK)


@pytest.fixture(params=["tgi", "openai"])
async def server(request: pytest.FixtureRequest):
    async with Server(request.param) as server:
        yield server


async def heard(server: Server) -> str:
    async with aclosing(server.engine()) as engine:
        return (await read(engine, ask()))[0]


async def failed(server: Server) -> tuple[str, EngineError]:
    async with aclosing(server.engine()) as engine:
        return await read_until_error(engine, ask())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_any_end_of_line_cut_anywhere(server: Server, end: str, size: int):
    body = "".join(f"data: {event}\n\n" for event in server.events).replace("\n", end).encode()
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    pauses: list[Part] = [part for cut in parts for part in (cut, 0.0)]
    server.say(*pauses)
    assert await heard(server) == _TEXT


async def test_a_crlf_in_two_halves_ends_one_line(server: Server):
    first, *rest = server.events
    half = first.index('",') + 2
    server.say(
        f"data: {first[:half]}\r".encode(),
        0.15,
        f"\ndata: {first[half:]}\r\n\r\n".encode(),
        *(f"data: {event}\r\n\r\n".encode() for event in rest),
    )
    assert await heard(server) == _TEXT


async def test_characters_and_the_mark_in_front_cut_between_bytes(server: Server):
    body = b"\xef\xbb\xbf" + "".join(f"data: {event}\n\n" for event in server.events).encode()
    server.say(*(part for at in range(len(body)) for part in (body[at : at + 1], 0.0)))
    assert await heard(server) == _TEXT


async def test_all_that_a_stream_may_hold_beside_its_events(server: Server):
    one, two, three = server.events
    half = two.index('",') + 2
    server.say(
        f": hello\n\nretry: 100\nid: 1\nevent: message\ndata:{one}\n\ndata\n\ndata:\n\n"
        f"data: {two[:half]}\ndata: {two[half:]}\nid\n\n:\nunknown: {two}\n data: {two}\n\n"
        f"data: {three}\n\ndata:[DONE]\n\ndata: {two}\n\n".encode()
    )
    assert await heard(server) == _TEXT


@pytest.mark.parametrize("end", ["", "\n", "\r"])
async def test_the_last_event_without_its_empty_line(server: Server, end: str):
    server.say(("\n\n".join(f"data: {event}" for event in server.events) + end).encode())
    assert await heard(server) == _TEXT


async def test_events_that_no_empty_line_divides(server: Server):
    server.say("\n".join(f"data: {event}" for event in server.events).encode())
    assert await heard(server) == _TEXT


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ('event: error\ndata: {"message": "boom", "code": 500}', EngineInterrupted),
        ('event: error\ndata: {"error": "boom", "error_type": "generation"}', EngineError),
        ("data: {\ndata: nothing}", EngineInterrupted),
        ("data: 5", EngineInterrupted),
    ],
)
async def test_an_event_that_is_an_error_or_none_at_all(
    server: Server, event: str, expected: type[EngineError]
):
    server.say(f"data: {server.events[0]}\n\n{event}\n\n".encode())
    text, error = await failed(server)
    assert text == "Grüß "
    assert isinstance(error, expected)


async def test_a_line_without_end_is_not_read_for_ever(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sse, "_LONGEST", 100_000)
    for line in (b"data: x", b"data: x\n"):
        server.say(*[line * 10_000] * 20)
        _, error = await failed(server)
        assert "longer than 32 MiB" in error.detail


async def test_a_body_is_unpacked_that_a_proxy_has_packed(server: Server):
    body = "".join(f"data: {event}\n\n" for event in server.events).encode()
    server.say(gzip.compress(body), Content_Encoding="gzip")
    assert await heard(server) == _TEXT


@pytest.mark.parametrize("how", ["br", "zstd", "compress", "gzip, br", "x-new"])
async def test_a_body_that_nobody_can_unpack(server: Server, how: str):
    server.say(b"\x1b\x00\x00", Content_Encoding=how)
    text, error = await failed(server)
    assert (text, type(error)) == ("", EngineRefused)
    assert "have the proxy in front of the engine not pack it" in error.detail
    assert len([path for path, _ in server.asked if path == server.path]) == 1


@pytest.mark.parametrize("how", ["br", "zstd", "compress"])
async def test_what_a_server_is_is_asked_for_plain(server: Server, how: str):
    odd = whole(b"\x1b\x00\x00", Content_Encoding=how)
    server.answers |= {"/info": odd, "/v1/models": odd}
    async with aclosing(server.engine()) as engine, aclosing(ProbedEngine(server.url)) as probed:
        for asked in (engine, probed):
            with pytest.raises(EngineRefused, match="not pack it"):
                await asked.describe()
    assert all(b"accept-encoding: identity" in head.lower() for head in server.heads)


async def test_a_packed_body_that_is_damaged(server: Server):
    server.say(b"no gzip at all", Content_Encoding="gzip")
    text, error = await failed(server)
    assert (text, type(error)) == ("", EngineInterrupted)


async def test_no_packed_body_is_asked_for(server: Server):
    server.say(b"")
    await failed(server)
    assert b"accept-encoding: identity" in server.heads[-1].lower()


async def test_an_old_server_that_ends_its_body_by_closing(server: Server):
    body = "".join(f"data: {event}\n\n" for event in server.events).encode()
    server.answers[server.path] = [b"HTTP/1.0 200 OK\r\n\r\n", body]
    assert await heard(server) == _TEXT
    server.answers[server.path] = [b"HTTP/1.0 200 OK\r\n\r\n", body[:-40]]
    text, error = await failed(server)
    assert (text, type(error)) == ("Grüß dich, ", EngineInterrupted)


async def test_chunks_with_trailers(server: Server):
    body = "".join(f"data: {event}\n\n" for event in server.events).encode()
    chunks = b"%x\r\n%b\r\n0\r\nX-Sum: 1\r\n\r\n" % (len(body), body)
    server.answers[server.path] = head(Transfer_Encoding="chunked") + chunks
    assert await heard(server) == _TEXT


async def test_a_connection_that_the_server_closed_meanwhile(server: Server):
    body = "".join(f"data: {event}\n\n" for event in server.events)
    server.answers[server.path] = whole(body)
    server.closes = 0.0
    async with aclosing(server.engine()) as engine:
        for _ in range(3):
            assert (await read(engine, ask()))[0] == _TEXT


async def test_what_comes_behind_the_end_is_not_said(server: Server):
    body = "".join(f"data: {event}\n\n" for event in [*server.events, server.event(" And more.")])
    error = 'data: {"error": "boom", "error_type": "generation"}\n\n'
    for behind in (server.event("", last=True), server.event(" More.", last=True)):
        server.say(f"{body}data: {behind}\n\n{error}".encode())
        assert await heard(server) == _TEXT


async def test_a_server_that_writes_without_end_is_left(server: Server):
    lots = "".join(f"data: {server.event(' word')}\n\n" for _ in range(1000)).encode()
    server.say(*[lots] * 100)
    if server.is_tgi:
        # Its events are tokens, so it is known where the answer should have ended.
        assert await heard(server) == " word" * 200
        return
    text, error = await failed(server)
    assert type(error) is EngineInterrupted
    assert "more text than the tokens asked for" in error.detail
    assert 0 < len(text) <= 200 * 64


async def test_a_token_of_a_megabyte_is_not_posted(server: Server):
    server.say(f"data: {server.event('x' * 1_000_000, last=True)}\n\n".encode())
    text, error = await failed(server)
    assert (text, type(error)) == ("", EngineInterrupted)


async def test_a_large_event_with_a_small_text_is_read(server: Server):
    large = server.event("Hi", last=True)[:-1] + f', "more": "{"x" * 2_000_000}"}}'
    server.say(f"data: {large}\n\n".encode())
    assert await heard(server) == "Hi"


async def test_one_line_of_json_where_a_stream_was_asked_for(server: Server):
    refusal = {"error": "Model is overloaded", "error_type": "overloaded"}
    server.answers[server.path] = as_json(refusal)
    assert isinstance((await failed(server))[1], EngineBusy)
    server.answers[server.path] = whole(server.event("Hi", last=True))
    assert await heard(server) == "Hi"
