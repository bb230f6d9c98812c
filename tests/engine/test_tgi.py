"""The TGI engine against a stand-in that speaks TGI's wire format, over real sockets."""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.conversation.ports import End, Sampling, Text
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.errors import (
    EngineBusy,
    EngineError,
    EngineInterrupted,
    EngineRefused,
    EngineTimeout,
    EngineUnreachable,
    PromptTooLong,
)
from tests.engine.reading import QUICK, ask, read, read_until_error, until
from tests.stand_ins.tgi import Fault, TgiStandIn


@pytest.fixture
async def tgi():
    async with TgiStandIn() as tgi:
        yield tgi


@pytest.fixture
async def engine(tgi: TgiStandIn):
    async with aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine:
        yield engine


# What goes over the wire


async def test_streams_the_text_and_ends_with_the_counts(tgi: TgiStandIn, engine: TgiEngine):
    text, end = await read(engine, ask("one two three"))
    assert text == "Well met, traveller! The tavern is warm, and the soup is hot."
    assert end == End("stop", prompt_tokens=4, cached_tokens=None, generated_tokens=17)
    (seen,) = tgi.requests
    assert seen.path == "/generate_stream"
    assert seen.body["inputs"] == "one two three"
    assert seen.body["stream"] is True
    assert seen.parameters == {
        "details": True,
        "do_sample": False,
        "max_new_tokens": 200,
        "return_full_text": False,
    }


async def test_never_sends_what_tgi_refuses(tgi: TgiStandIn, engine: TgiEngine):
    wanted = Sampling(temperature=1.0, top_p=1.0, top_k=0, repetition_penalty=0.0, seed=7)
    await read(engine, ask(sampling=wanted))
    sent = tgi.generations[0].parameters
    assert sent["do_sample"] is True  # temperature 1.0 alone would be greedy
    assert sent["temperature"] == 1.0
    assert sent["seed"] == 7
    assert not {"top_p", "top_k", "repetition_penalty", "presence_penalty"} & sent.keys()


async def test_passes_sampling_on(tgi: TgiStandIn, engine: TgiEngine):
    wanted = Sampling(temperature=0.7, top_p=0.9, top_k=40, repetition_penalty=1.1)
    await read(engine, ask(sampling=wanted))
    sent = tgi.generations[0].parameters
    assert (sent["temperature"], sent["top_p"], sent["top_k"]) == (0.7, 0.9, 40)
    assert sent["repetition_penalty"] == 1.1


async def test_a_prompt_gets_one_bos_only(tgi: TgiStandIn, engine: TgiEngine):
    await read(engine, ask("<|begin_of_text|><|im_start|>user\nhi"))
    assert tgi.generations[0].body["inputs"] == "<|im_start|>user\nhi"


async def test_a_lone_surrogate_does_not_break_the_request(tgi: TgiStandIn, engine: TgiEngine):
    await read(engine, ask("half an emoji: \ud83d"))
    assert tgi.generations[0].body["inputs"] == "half an emoji: ?"


async def test_names_the_session_for_the_load_balancer(tgi: TgiStandIn, engine: TgiEngine):
    await read(engine, ask(session="channel-7"))
    await read(engine, ask())
    first, second = tgi.generations
    assert first.headers["x-session-id"] == "channel-7"
    assert "x-session-id" not in second.headers


@pytest.mark.parametrize("extra", [{}, {"default": None}])
async def test_a_schema_becomes_a_grammar_unchanged(
    tgi: TgiStandIn, engine: TgiEngine, extra: dict
):
    import json

    schema = {"type": "object", "properties": {"a": {"type": ["string", "null"], **extra}}}
    await read(engine, ask(schema=schema))
    grammar = tgi.generations[0].parameters["grammar"]
    assert grammar["type"] == "json"
    value = grammar["value"]
    # With a null inside it goes as JSON text: the library would drop the null.
    assert (json.loads(value) if isinstance(value, str) else value) == schema


async def test_a_schema_that_tgi_cannot_force_is_left_out(tgi: TgiStandIn, engine: TgiEngine):
    await read(engine, ask(schema={"type": "array"}))
    assert "grammar" not in tgi.generations[0].parameters


# Whose key, whose proxy


async def test_sends_the_api_key():
    async with (
        TgiStandIn(api_key="secret") as tgi,
        aclosing(TgiEngine(tgi.url, api_key="secret", limits=QUICK)) as engine,
    ):
        assert (await read(engine, ask()))[1].reason == "stop"
        assert await engine.count_tokens("hi") == 1
        assert tgi.generations[0].headers["authorization"] == "Bearer secret"


async def test_a_wrong_key_is_refused_with_a_hint_for_the_operator():
    async with (
        TgiStandIn(api_key="secret") as tgi,
        aclosing(TgiEngine(tgi.url, api_key="wrong", limits=QUICK)) as engine,
    ):
        _, error = await read_until_error(engine, ask())
        assert type(error) is EngineRefused
        assert "ENGINE_API_KEY" in error.detail
        assert len(tgi.generations) == 1


async def test_a_stored_login_is_not_sent_and_a_proxy_not_used(
    tgi: TgiStandIn, engine: TgiEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_TOKEN", "hf_private")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    await read(engine, ask())
    await engine.describe()
    assert all("authorization" not in seen.headers for seen in tgi.requests)


async def test_works_while_the_hub_is_offline(
    tgi: TgiStandIn, engine: TgiEngine, monkeypatch: pytest.MonkeyPatch
):
    from huggingface_hub import constants
    from huggingface_hub.errors import OfflineModeIsEnabled
    from huggingface_hub.utils import get_async_session

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert (await read(engine, ask()))[1].reason == "stop"
    assert (await engine.describe()).context == 8192
    # Others in this process still get what they asked for.
    async with get_async_session() as theirs:
        with pytest.raises(OfflineModeIsEnabled):
            await theirs.get(tgi.url)


# Tokens, stops, ends


async def test_separators_inside_of_a_token_survive(tgi: TgiStandIn, engine: TgiEngine):
    tokens = ["a\u2028b", "\u2029", "\u0085", "\x0b\x0c\x1c\x1d\x1e", "\r", "\n", "end"]
    tgi.reply = tokens
    assert (await read(engine, ask()))[0] == "".join(tokens)


async def test_an_incomplete_character_is_no_text(tgi: TgiStandIn, engine: TgiEngine):
    tgi.reply = ["ok ", "", "", "🦜", "!"]
    text, end = await read(engine, ask())
    assert text == "ok 🦜!"
    assert end.generated_tokens == 6


async def test_special_tool_tokens_are_text_and_end_markers_are_not(
    tgi: TgiStandIn, engine: TgiEngine
):
    tgi.reply = ["<tool_call>", '{"name": "roll"}', "</tool_call>"]
    text, end = await read(engine, ask())
    assert text == '<tool_call>{"name": "roll"}</tool_call>'
    assert end.reason == "stop"


async def test_an_end_marker_that_the_server_does_not_know_ends_the_answer(
    tgi: TgiStandIn, engine: TgiEngine
):
    tgi.tokens_per_second = 200
    tgi.reply = ["done", "<|eot_id|>", *[" rubbish"] * 500]
    text, end = await read(engine, ask())
    assert (text, end.reason) == ("done", "stop")
    await until(lambda: tgi.generations[0].left_early)


async def test_an_end_marker_as_the_last_allowed_token_is_a_stop(
    tgi: TgiStandIn, engine: TgiEngine
):
    tgi.reply = ["a", "b"]
    assert await read(engine, ask(max_tokens=3)) == ("ab", End("stop", 3, None, 3))


async def test_length(tgi: TgiStandIn, engine: TgiEngine):
    text, end = await read(engine, ask(max_tokens=3))
    assert (text, end) == ("Well met,", End("length", 3, None, 3))


async def test_a_stop_text_that_the_server_leaves_in_is_not_shown(
    tgi: TgiStandIn, engine: TgiEngine
):
    tgi.reply = ["Hi", ".", "\n", "User", ":", " no"]
    text, end = await read(engine, ask(stop=("\nUser:",)))
    assert (text, end) == ("Hi.", End("stop", 3, None, 5))
    assert tgi.generations[0].done


async def test_a_stop_inside_of_a_token_is_found_here(tgi: TgiStandIn, engine: TgiEngine):
    tgi.tokens_per_second = 200
    tgi.reply = ["The", " Users", *[" rubbish"] * 500]
    text, end = await read(engine, ask(stop=("User",)))
    assert (text, end.reason, end.generated_tokens) == ("The ", "stop", 2)
    await until(lambda: tgi.generations[0].left_early)


async def test_more_stops_than_the_server_takes(tgi: TgiStandIn, engine: TgiEngine):
    text, end = await read(engine, ask(stop=("v", "w", "x", "y", "soup", "tavern")))
    assert (text, end.reason) == ("Well met, tra", "stop")
    assert tgi.generations[0].parameters["stop"] == ["v", "w", "x", "y"]


@pytest.mark.parametrize("limit", [0, 2])
async def test_learns_how_many_stops_the_server_takes(limit: int):
    async with (
        TgiStandIn(max_stop_sequences=limit) as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
    ):
        for _ in range(2):
            text, _ = await read(engine, ask(stop=("#", "@", "soup")))
            assert text.endswith("the ")
        sent = [len(seen.parameters.get("stop", [])) for seen in tgi.generations]
        assert sent == [3, limit, limit]


async def test_asks_info_for_the_number_of_stops():
    async with (
        TgiStandIn(max_stop_sequences=8) as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
    ):
        await engine.describe()
        await read(engine, ask(stop=tuple("123456789")))
        assert len(tgi.generations[0].parameters["stop"]) == 8


async def test_goes_on_beyond_what_one_call_gives(tgi: TgiStandIn, engine: TgiEngine):
    words = [f" w{n}" for n in range(2500)]
    tgi.reply = words
    text, end = await read(engine, ask("Go", max_tokens=2300))
    assert text == "".join(words[:2300])
    assert end == End("length", 2, None, 2300)
    first, second, third = tgi.generations
    sent = [seen.parameters["max_new_tokens"] for seen in (first, second, third)]
    assert sent == [1024, 1024, 252]
    assert second.body["inputs"] == "Go" + "".join(words[:1024])
    assert tgi.connections == 1


async def test_a_stop_across_two_calls_is_found(tgi: TgiStandIn, engine: TgiEngine):
    tgi.reply = [*[" w"] * 1023, " ST", "OP", " more"]
    text, end = await read(engine, ask(max_tokens=2000, stop=("STOP",)))
    assert text == " w" * 1023 + " "
    assert end.reason == "stop"


async def test_an_answer_that_fills_the_context_ends_by_length():
    async with (
        TgiStandIn([" w"] * 3000, max_total_tokens=1200) as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
    ):
        text, end = await read(engine, ask("Go", max_tokens=3000))
        assert (text, end.reason, end.generated_tokens) == (" w" * 1024, "length", 1024)


async def test_a_continuation_is_asked_again_too(tgi: TgiStandIn, engine: TgiEngine):
    """Nothing of it was shown yet, so nothing can be said twice."""
    tgi.reply = [f" w{n}" for n in range(1500)]
    tgi.fault = Fault("overloaded", skip=1, times=1)
    text, end = await read(engine, ask(max_tokens=3000))
    assert text == "".join(tgi.reply)
    assert end.generated_tokens == 1501


async def test_a_continuation_that_fails_is_an_interruption(tgi: TgiStandIn, engine: TgiEngine):
    tgi.reply = [" w"] * 3000
    tgi.fault = Fault("overloaded", skip=1)
    text, error = await read_until_error(engine, ask(max_tokens=3000))
    assert text == " w" * 1024
    assert type(error) is EngineInterrupted


# Refusals and faults


async def test_a_busy_engine_is_asked_again(tgi: TgiStandIn, engine: TgiEngine):
    tgi.fault = Fault("overloaded", times=2)
    assert (await read(engine, ask()))[1].reason == "stop"
    assert len(tgi.generations) == 3


async def test_but_not_for_ever(tgi: TgiStandIn, engine: TgiEngine):
    tgi.fault = Fault("overloaded")
    text, error = await read_until_error(engine, ask())
    assert (text, type(error)) == ("", EngineBusy)
    assert len(tgi.generations) == 3


async def test_patience_bounds_the_time_too(tgi: TgiStandIn):
    tgi.fault = Fault("overloaded")
    limits = Limits(attempts=100, backoff=0.05, patience=0.3)
    async with aclosing(TgiEngine(tgi.url, limits=limits)) as engine:
        async with asyncio.timeout(20):
            _, error = await read_until_error(engine, ask())
    assert type(error) is EngineBusy
    assert len(tgi.generations) < 10


async def test_the_concurrency_limit_of_the_server():
    patient = replace(QUICK, attempts=1000, patience=20.0)
    async with (
        TgiStandIn(max_concurrent_requests=2, tokens_per_second=400) as tgi,
        aclosing(TgiEngine(tgi.url, limits=patient)) as engine,
    ):
        answers = await asyncio.gather(*(read(engine, ask()) for _ in range(4)))
        assert len({text for text, _ in answers}) == 1
        assert tgi.most_running == 2


@pytest.mark.parametrize(
    ("status", "text", "expected", "asked"),
    [
        (429, '{"error": "Model is overloaded", "error_type": "overloaded"}', EngineBusy, 3),
        (429, "<html>slow down</html>", EngineBusy, 3),
        (502, "<html>Bad Gateway</html>", EngineUnreachable, 3),
        (503, "", EngineUnreachable, 3),
        (504, "", EngineTimeout, 1),
        (522, "<html>Connection timed out</html>", EngineUnreachable, 3),
        (524, "<html>A timeout occurred</html>", EngineTimeout, 1),
        (529, "", EngineBusy, 3),
        (404, "", EngineRefused, 1),
        (403, "", EngineRefused, 1),
        (413, "", PromptTooLong, 1),
        (424, '{"error": "CUDA error", "error_type": "generation"}', EngineInterrupted, 3),
        (500, '{"error": "x", "error_type": "incomplete_generation"}', EngineInterrupted, 3),
    ],
)
async def test_statuses(
    tgi: TgiStandIn, engine: TgiEngine, status: int, text: str, expected: type, asked: int
):
    tgi.fault = Fault("status", status=status, text=text)
    _, error = await read_until_error(engine, ask())
    assert type(error) is expected
    assert str(status) in error.detail
    assert len(tgi.generations) == asked


async def test_a_redirect_is_not_followed_but_told(tgi: TgiStandIn, engine: TgiEngine):
    tgi.fault = Fault("status", status=308, headers={"Location": "https://elsewhere/"})
    _, error = await read_until_error(engine, ask())
    assert type(error) is EngineRefused
    assert "https://elsewhere/" in error.detail


async def test_wrong_json_types_are_refused_with_the_servers_words(
    tgi: TgiStandIn, engine: TgiEngine
):
    _, error = await read_until_error(engine, ask(sampling=Sampling(temperature=True)))
    assert type(error) is EngineRefused
    assert "422" in error.detail
    assert "temperature" in error.detail


@pytest.mark.parametrize("long", ["context", "input"])
async def test_a_prompt_that_is_too_long(long: str):
    limits = {"context": {"max_total_tokens": 100}, "input": {"max_input_tokens": 20}}[long]
    async with (
        TgiStandIn(**limits) as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
    ):
        _, error = await read_until_error(engine, ask("word " * 60, max_tokens=60))
        assert type(error) is PromptTooLong
        assert len(tgi.generations) == 1


async def test_other_validation_errors_are_the_operators_business(
    tgi: TgiStandIn, engine: TgiEngine
):
    _, error = await read_until_error(engine, ask(""))
    assert type(error) is EngineRefused
    assert "`inputs` cannot be empty" in error.detail


async def test_an_engine_that_is_down(unused_tcp_port: int):
    async with aclosing(TgiEngine(f"http://127.0.0.1:{unused_tcp_port}", limits=QUICK)) as engine:
        _, error = await read_until_error(engine, ask())
        assert type(error) is EngineUnreachable
        with pytest.raises(EngineUnreachable):
            await engine.describe()


async def test_an_engine_that_comes_up_while_it_is_asked():
    tgi = TgiStandIn()
    await tgi.start()
    await tgi.stop()
    limits = Limits(attempts=20, backoff=0.02, patience=5)
    async with aclosing(TgiEngine(tgi.url, limits=limits)) as engine:
        reading = asyncio.create_task(read(engine, ask()))
        await asyncio.sleep(0.05)
        await tgi.start()
        assert (await reading)[1].reason == "stop"
    await tgi.stop()


@pytest.mark.parametrize("kind", ["fin", "rst", "end", "error"])
async def test_a_stream_that_breaks_off(tgi: TgiStandIn, engine: TgiEngine, kind: str):
    tgi.fault = Fault(kind, after=3)
    text, error = await read_until_error(engine, ask())
    assert (text, type(error)) == ("Well met,", EngineInterrupted)
    assert error.detail
    assert len(tgi.generations) == 1


@pytest.mark.parametrize("kind", ["fin", "rst", "end", "error"])
async def test_a_stream_that_breaks_before_its_first_text_is_asked_anew(
    tgi: TgiStandIn, engine: TgiEngine, kind: str
):
    tgi.fault = Fault(kind, after=0, times=1)
    text, end = await read(engine, ask())
    assert (text[:4], end.reason) == ("Well", "stop")
    assert len(tgi.generations) == 2


@pytest.mark.parametrize("error_type", ["incomplete_generation_stream", "healthcheck"])
async def test_unknown_error_events(tgi: TgiStandIn, engine: TgiEngine, error_type: str):
    tgi.fault = Fault("error", after=1, error_type=error_type, text="Incomplete generation")
    text, error = await read_until_error(engine, ask())
    assert (text, type(error)) == ("Well", EngineInterrupted)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: <html>\n\n", EngineInterrupted),
        ('data: {"index": 4, "to', EngineInterrupted),
        ('data: {"id": "x", "choices": []}\n\n', EngineRefused),
        ("data: null\n\n", EngineInterrupted),
        ("data: []\n\n", EngineInterrupted),
        ('data: {"token": "text"}\n\n', EngineRefused),
    ],
)
async def test_garbage_in_the_stream(tgi: TgiStandIn, engine: TgiEngine, text: str, expected: type):
    tgi.fault = Fault("raw", after=3, text=text)
    shown, error = await read_until_error(engine, ask())
    assert (shown, type(error)) == ("Well met,", expected)


@pytest.mark.parametrize(
    "last",
    [
        '"generated_text": "Well met, all", "details": null',
        '"generated_text": null, "details": {"finish_reason": "eos_token"}',
    ],
)
async def test_a_last_event_with_fewer_details(tgi: TgiStandIn, engine: TgiEngine, last: str):
    token = '{"id": 1, "text": " all", "logprob": null, "special": false}'
    tgi.fault = Fault("raw", after=3, text=f'data: {{"token": {token}, {last}}}\n\n')
    assert await read(engine, ask()) == ("Well met, all", End("stop", None, None, 4))


async def test_a_token_without_text_is_no_text(tgi: TgiStandIn, engine: TgiEngine):
    event = '{"token": {"id": 1, "text": null, "special": true}, "generated_text": "Well met,"}'
    tgi.fault = Fault("raw", after=3, text=f"data: {event}\n\n")
    assert await read(engine, ask()) == ("Well met,", End("stop", None, None, 4))


# Time


async def test_comments_are_no_sign_of_life_before_the_first_token(tgi: TgiStandIn):
    tgi.keep_alive = 0.03
    tgi.fault = Fault("hang")
    async with aclosing(TgiEngine(tgi.url, limits=Limits(first_token=0.3))) as engine:
        async with asyncio.timeout(20):
            text, error = await read_until_error(engine, ask())
    assert (text, type(error)) == ("", EngineTimeout)
    await until(lambda: tgi.generations[0].left_early)


async def test_nor_between_tokens(tgi: TgiStandIn):
    tgi.keep_alive = 0.03
    tgi.fault = Fault("hang", after=3)
    async with aclosing(TgiEngine(tgi.url, limits=Limits(silence=0.3))) as engine:
        async with asyncio.timeout(20):
            text, error = await read_until_error(engine, ask())
    assert (text, type(error)) == ("Well met,", EngineTimeout)
    await until(lambda: tgi.generations[0].left_early)


async def test_a_whole_answer_has_a_limit(tgi: TgiStandIn):
    tgi.reply = [" w"] * 1000
    tgi.tokens_per_second = 50
    async with aclosing(TgiEngine(tgi.url, limits=Limits(total=0.3))) as engine:
        async with asyncio.timeout(20):
            text, error = await read_until_error(engine, ask())
    assert text.startswith(" w")
    assert type(error) is EngineTimeout


async def test_headers_that_never_come(tgi: TgiStandIn):
    tgi.fault = Fault("slow", seconds=60)
    async with aclosing(TgiEngine(tgi.url, limits=Limits(first_token=0.3))) as engine:
        async with asyncio.timeout(20):
            _, error = await read_until_error(engine, ask())
    assert type(error) is EngineTimeout


async def test_an_address_that_swallows_everything():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        limits = Limits(question=0.2, first_token=0.2)
        async with aclosing(TgiEngine(url, limits=limits)) as engine, asyncio.timeout(20):
            with pytest.raises(EngineTimeout):
                await engine.describe()
            _, error = await read_until_error(engine, ask())
            assert type(error) is EngineTimeout


async def test_a_slow_reader_is_not_a_silent_engine(tgi: TgiStandIn):
    async with aclosing(TgiEngine(tgi.url, limits=Limits(silence=0.6))) as engine:
        text = ""
        async for part in engine.stream(ask(max_tokens=3)):
            await asyncio.sleep(0.7)
            text += getattr(part, "text", "")
    assert text == "Well met,"


# Leaving


@pytest.mark.parametrize("how", ["aclose", "cancel", "break", "engine"])
async def test_leaving_frees_the_engine_at_once(tgi: TgiStandIn, engine: TgiEngine, how: str):
    tgi.reply = [" w"] * 1000
    tgi.tokens_per_second = 2
    stream = engine.stream(ask())
    first = await anext(stream)
    assert isinstance(first, Text)
    loop = asyncio.get_running_loop()
    left = loop.time()
    if how == "aclose":
        await stream.aclose()
    elif how == "break":
        async for _ in stream:
            break
        del stream
    elif how == "cancel":
        reading = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    else:
        reading = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.01)
        await engine.aclose()
        with pytest.raises(EngineError):
            await reading
    await until(lambda: tgi.generations[0].left_early)
    assert loop.time() - left < 5.0
    await until(lambda: tgi.running == 0)


@pytest.mark.parametrize("stage", ["headers", "first token"])
async def test_cancelling_while_nothing_has_come(tgi: TgiStandIn, engine: TgiEngine, stage: str):
    if stage == "headers":
        tgi.fault = Fault("slow", seconds=60)
    else:
        tgi.ttft = 60
    reading = asyncio.create_task(read(engine, ask()))
    await until(lambda: tgi.generations)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await until(lambda: tgi.generations[0].left_early)


async def test_a_stream_that_is_never_read_asks_nothing(tgi: TgiStandIn, engine: TgiEngine):
    stream = engine.stream(ask())
    await stream.aclose()
    assert not tgi.requests


async def test_a_closed_engine_says_so(tgi: TgiStandIn, engine: TgiEngine):
    await read(engine, ask())
    await engine.aclose()
    _, error = await read_until_error(engine, ask())
    assert type(error) is EngineUnreachable


# Questions


async def test_describe(tgi: TgiStandIn, engine: TgiEngine):
    info = await engine.describe()
    assert info.kind == "tgi"
    assert info.model == "NousResearch/Hermes-2-Pro-Llama-3-8B"
    assert (info.context, info.max_prompt) == (8192, 8191)


async def test_describes_what_a_sparing_server_tells(
    tgi: TgiStandIn, engine: TgiEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tgi, "max_stop_sequences", None)
    monkeypatch.setattr(tgi, "max_total_tokens", 0)
    info = await engine.describe()
    assert (info.max_stops, info.context, info.max_prompt) == (4, None, 8191)


async def test_counts_tokens_without_bos(engine: TgiEngine):
    assert await engine.count_tokens("one two three") == 3
    assert await engine.count_tokens("<|im_start|>user") == 2
    assert await engine.count_tokens("") == 0


async def test_remembers_that_it_cannot_count():
    async with (
        TgiStandIn(tokenize_route=False) as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
    ):
        assert await engine.count_tokens("one") is None
        await tgi.stop()
        assert await engine.count_tokens("two") is None
