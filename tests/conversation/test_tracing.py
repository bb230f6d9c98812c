"""Traces of the conversation's core: what each end of a reply looks like, and what is left out."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from bot import tracing
from bot.conversation.ask import Ask
from bot.conversation.limits import ReplyLimits
from bot.conversation.model import Model
from bot.conversation.service import Conversations
from bot.engine.limits import Limits
from bot.engine.openai import OpenAIEngine
from bot.engine.tgi import TgiEngine
from bot.errors import LimitReached, StoreUnavailable
from bot.store.history import RedisStore
from bot.tracing.export import exporting
from tests.conversation.conftest import PLACE, Talk
from tests.stand_ins.collector import Collector, Seen
from tests.stand_ins.openai import OpenAIStandIn
from tests.stand_ins.tgi import TgiStandIn
from tests.structure.tree import ROOT

# redis-py loads a part of the SDK of its own accord, wherever it is installed.
SENDING = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "google.protobuf")


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    """A collector that gets this process's traces."""
    async with Collector() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
        with exporting("playground"):
            yield running
        # The last thread has to let go of the port.
        await asyncio.sleep(0)


def outcome(reply: Seen) -> str:
    return reply.attributes["hermes.reply.outcome"]


def names(spans: list[Seen]) -> list[str]:
    return [span.name for span in spans]


async def test_a_plain_reply(talk: Talk, collector: Collector):
    said = await talk.say("Hello")
    reply = await collector.reply()
    assert reply.attributes["hermes.reply.id"] == said.id
    assert reply.attributes["hermes.front"] == "playground"
    assert outcome(reply) == "done"
    assert "gen_ai.conversation.id" not in reply.attributes
    assert names(collector.trace(reply)).count("redis") == 3, "as many round trips as there are"


async def test_a_reply_that_is_stopped_and_one_that_is_withdrawn(
    talk: Talk, tgi: TgiStandIn, collector: Collector
):
    tgi.tokens_per_second = 20
    for number, end in enumerate(("stop", "withdraw"), 1):
        async with talk.conversations.turn(talk.ask("Hello")) as reply:
            assert reply is not None
            await reply.changed()
            getattr(reply, end)()
            await reply.finished()
            await reply.commit(())
        seen = await collector.reply(number)
        assert outcome(seen) == {"stop": "stopped", "withdraw": "withdrawn"}[end]
        assert not any(span.failed for span in collector.trace(seen))


async def test_one_trace_for_what_is_answered_together(talk: Talk, collector: Collector):
    first, second = talk.ask("Hello"), talk.ask("And you?", author="8")

    async def answer(ask: Ask) -> bool:
        async with talk.conversations.turn(ask) as reply:
            if reply is None:
                return False
            await reply.finished()
            await reply.commit((ask.id,))
            return True

    third = talk.ask("Well?", author="9")
    answered = await asyncio.gather(*map(answer, (first, second, third)))
    assert sum(answered) == 2
    await collector.reply(2)
    await asyncio.sleep(0.1)
    replies = sorted(collector.replies(), key=lambda span: span.began)
    assert [outcome(one) for one in replies] == ["done", "done"]
    # The second one has waited for the first.
    [waited] = [span for span in collector.within(replies[1]) if span.name == "turn"]
    assert waited.ended >= replies[0].ended - 0.05


@pytest.mark.usefixtures("one_hour")
async def test_nothing_to_say_and_too_much_asked(
    store: RedisStore, tgi: TgiStandIn, collector: Collector
):
    engine = TgiEngine(tgi.url, limits=Limits(attempts=1))
    async with aclosing(engine):
        limits = ReplyLimits(per_user=1)
        conversations = Conversations(engine, store, Model(engine, None, 64), limits=limits)
        talk = Talk(conversations)
        async with conversations.again(PLACE, {}) as reply:
            assert reply is None
        assert outcome(await collector.reply()) == "none"
        await talk.say("Hello")
        with pytest.raises(LimitReached):
            async with conversations.again(PLACE, {}) as reply:
                pass
        seen = await collector.reply(3)
        assert outcome(seen) == "refused"
        assert not seen.failed


async def test_a_store_that_is_away(tgi: TgiStandIn, collector: Collector):
    async with aclosing(TgiEngine(tgi.url, limits=Limits(attempts=1))) as engine:
        away = RedisStore("redis://127.0.0.1:1/0")
        with pytest.raises(StoreUnavailable):
            await Talk(Conversations(engine, away, Model(engine, None, 64))).say("Hello?")
        await away.aclose()
    seen = await collector.reply()
    assert outcome(seen) == "failed"
    failed = [span for span in collector.trace(seen) if span.failed]
    assert {span.name for span in failed} == {"reply", "load", "redis"}
    assert {span.attributes["error.type"] for span in failed} == {"store_unavailable"}


async def test_the_other_protocol_carries_the_trace_too(store: RedisStore, collector: Collector):
    lines = ('data: {"choices": [{"text": "Hi.", "finish_reason": "stop"}]}', "data: [DONE]")
    async with OpenAIStandIn(lines) as server, aclosing(OpenAIEngine(server.url)) as engine:
        await Talk(Conversations(engine, store, Model(engine, None, 64))).say("Hello")
    reply = await collector.reply()
    assert reply.attributes["gen_ai.provider.name"] == "openai"
    [headers] = [given for path, _, given in server.requests if path == "/v1/completions"]
    assert headers["traceparent"].split("-")[1] == reply.trace


async def test_what_comes_after_the_reply_is_no_part_of_it(talk: Talk, collector: Collector):
    late = asyncio.Event()

    async def afterwards() -> dict[str, str]:
        await late.wait()
        await talk.conversations.history(PLACE)
        return tracing.context_headers()

    async with talk.conversations.turn(talk.ask("Hello")) as reply:
        assert reply is not None
        task = asyncio.create_task(afterwards())
        await reply.finished()
        await reply.commit(("m",))
    late.set()
    assert await task == {}
    seen = await collector.reply()
    await asyncio.sleep(0.1)
    assert max(span.ended for span in collector.trace(seen)) <= seen.ended


async def test_the_process_ends_in_the_middle_of_a_reply(
    talk: Talk, tgi: TgiStandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    tgi.tokens_per_second = 20
    async with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        # Its end waits for the collector, which lives in this loop here.
        export = exporting("playground")
        await asyncio.to_thread(export.__enter__)
        async with talk.conversations.turn(talk.ask("Hello")) as reply:
            assert reply is not None
            await reply.changed()
            await asyncio.to_thread(export.__exit__, None, None, None)
        assert [outcome(one) for one in collector.replies()] == ["abandoned"]
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318", "OTEL_SDK_DISABLED": "true"}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318", "OTEL_TRACES_EXPORTER": "none"}, ""),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL takes http/protobuf",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318", "OTEL_TRACES_EXPORTER": "zipkin"},
            "OTEL_TRACES_EXPORTER takes otlp or none",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:1", "OTEL_BSP_MAX_QUEUE_SIZE": "100"},
            "no traces are sent: max_export_batch_size",
        ),
    ],
)
def test_what_is_set_decides(
    given: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with caplog.at_level(logging.INFO), exporting("playground"), tracing.reply(0):
        assert tracing.context_headers() == {}
    own = [record.getMessage() for record in caplog.records if record.name == "bot.tracing.export"]
    assert len(own) == bool(said)
    assert said in "".join(own)


def test_an_address_with_a_password_is_not_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:hidden@127.0.0.1:1/x?key=hidden")
    with caplog.at_level(logging.DEBUG), exporting("playground"):
        pass
    assert "traces go to 127.0.0.1" in caplog.text
    assert "hidden" not in caplog.text


def test_nothing_of_it_is_loaded_unless_it_is_set():
    code = (
        "import sys, bot.app\n"
        "from bot.tracing.export import exporting\n"
        "with exporting('playground'): pass\n"
        f"print([name for name in sys.modules if name.startswith({SENDING!r})])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env={}, check=True
    )
    assert done.stdout == "[]\n"


async def test_without_it_a_reply_is_as_it_was(
    make: Callable[..., tuple[Conversations, TgiEngine]], tgi: TgiStandIn
):
    conversations, engine = make()
    async with aclosing(engine):
        await Talk(conversations).say("Hello")
    assert "traceparent" not in tgi.generations[-1].headers
