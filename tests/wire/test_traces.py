"""The traces of replies, as a collector on a real socket gets them from the bot's process."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot import __version__
from tests.stand_ins.collector import Collector, Seen
from tests.wire.conftest import STORY, House
from tests.wire.processes import ROOT, free_port
from tests.wire.test_metrics import EDIT, metrics, until
from tests.wire.test_tools import ROLL, finished


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with Collector() as running:
        yield running


async def start(house: House, url: str, **settings: str) -> None:
    await house.start_bot(
        OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_BSP_SCHEDULE_DELAY="50", LOG_FORMAT="json", **settings
    )


def names(spans: list[Seen]) -> list[str]:
    return [span.name for span in spans]


def only(spans: list[Seen], name: str) -> Seen:
    [found] = [span for span in spans if span.name == name]
    return found


async def test_a_reply_with_a_tool_is_one_tree(empty_house: House, collector: Collector) -> None:
    house = empty_house
    await start(house, collector.url)
    house.engine.say(ROLL, "There you go.")
    asked = house.ask("roll 3d6+2 for my birthday")
    await finished(house, asked, "There you go.")
    reply = await collector.reply()
    every, parts = collector.trace(reply), collector.within(reply)

    work = [name for name in names(parts) if not name.startswith(("discord", "redis"))]
    generation = "text_completion NousResearch/Hermes-2-Pro-Llama-3-8B"
    assert work == [
        *("turn", "load", "journal", "line", "prompt"),
        *(generation, "execute_tool roll_dice", generation, "commit"),
    ]
    for name in ("load", "journal", "commit"):
        within = collector.within(only(parts, name))
        assert names(within) == ["redis"]
        assert within[0].attributes["db.system.name"] == "redis"
        assert within[0].kind == "client"
    assert all(reply.began <= one.began <= one.ended <= reply.ended + 0.001 for one in every)
    assert not any(one.failed for one in every)

    assert reply.kind == "server"
    told = reply.attributes
    assert told["hermes.reply.id"] == f"r{asked}"
    assert told["hermes.front"] == "discord"
    assert told["hermes.reply.outcome"] == "done"
    assert told["hermes.engine"] == "default"
    assert told["gen_ai.provider.name"] == "tgi"
    assert told["gen_ai.request.model"] == generation.split()[1]
    assert told["gen_ai.response.finish_reasons"] == ["stop"]
    assert told["hermes.discord.rate_limited"] == 0
    sent = [one for one in every if one.name.startswith("discord")]
    assert told["hermes.discord.requests"] == len(sent) >= 2
    assert {"discord send", "discord edit"} <= set(names(sent))
    assert all(one.attributes["http.response.status_code"] in (200, 204) for one in sent)

    first, second = [one for one in parts if one.name == generation]
    assert first.kind == "client"
    assert first.events == second.events == ["first token"]
    assert 0.04 < first.attributes["gen_ai.response.time_to_first_chunk"] < 5
    assert first.attributes["gen_ai.operation.name"] == "text_completion"
    assert first.attributes["gen_ai.request.max_tokens"] == 1024
    tokens = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")
    counted = [sum(one.attributes[name] for one in (first, second)) for name in tokens]
    assert counted == [house.engine.prompt_tokens, house.engine.generated_tokens]
    prompt = only(parts, "prompt").attributes
    assert prompt["hermes.prompt.tokens"] > 0
    assert (prompt["hermes.prompt.turns"], prompt["hermes.prompt.cut_turns"]) == (1, 0)
    tool = only(parts, "execute_tool roll_dice").attributes
    assert tool["gen_ai.tool.name"] == "roll_dice"
    assert tool["hermes.tool.outcome"] == "done"

    assert reply.resource["service.name"] == "hermes-discord"
    assert reply.resource["service.version"] == __version__


async def test_the_engine_can_join_the_trace(empty_house: House, collector: Collector) -> None:
    house = empty_house
    await start(house, collector.url)
    await house.say_and_hear("Hello", "Hello.")
    reply = await collector.reply()
    [generation] = [s for s in collector.within(reply) if s.name.startswith("text_completion")]
    # 1: it is kept; 2: its id is random.
    joined = f"00-{reply.trace}-{generation.id}-03"
    assert house.engine.last.headers["traceparent"] == joined


async def test_nobody_is_to_be_found_in_a_trace(empty_house: House, collector: Collector) -> None:
    house = empty_house
    await start(house, collector.url)
    await house.settled()
    house.engine.say(ROLL, ROLL.replace("roll_dice", "rob_the_bank"), "The heron rolled it.")
    asked = house.ask("roll 3d6+2 for my birthday")
    await finished(house, asked, "The heron rolled it.")
    house.engine.say(STORY, fault="dies", after=5)
    await house.retry_offered(house.ask("Tell me of my birthday"))
    await collector.reply(2)
    written = "\n".join(f"{span.said}\n{span.resource}" for span in collector.spans)
    assert f"r{asked}" in written
    for word in ("alice", "Home", "general", "heron", "birthday", "3d6", "rob_the_bank", "Once"):
        assert word not in written
    for place in (house.channel, house.guild, house.alice):
        assert str(place) not in written
    assert "execute_tool unknown" in names(collector.spans)


async def test_places_are_told_where_that_is_wanted(
    empty_house: House, collector: Collector
) -> None:
    house = empty_house
    await start(house, collector.url, TRACE_IDS="true", OTEL_SERVICE_NAME="hermes-two")
    await house.say_and_hear("Hello", "Hello.")
    reply = await collector.reply()
    assert str(house.channel) in reply.attributes["gen_ai.conversation.id"]
    assert reply.attributes["hermes.guild.id"] == str(house.guild)
    assert reply.resource["service.name"] == "hermes-two"


async def test_log_metrics_and_trace_speak_of_the_same_reply(
    empty_house: House, collector: Collector
) -> None:
    house = empty_house
    await start(house, collector.url)
    house.engine.say(STORY, fault="dies", after=3)
    asked = house.ask("Tell me a story")
    await house.retry_offered(asked)
    reply = await collector.reply()
    assert reply.attributes["hermes.reply.id"] == f"r{asked}"
    lines = [json.loads(line) for line in house.bot.log.splitlines() if line.startswith("{")]
    [said] = [line for line in lines if "broke off" in line["message"]]
    assert said["reply"] == reply.attributes["hermes.reply.id"]
    error = reply.attributes["error.type"]
    assert error == "engine_interrupted"
    assert (await metrics(house))("hermes_replies_total", outcome="failed", error=error) == 1
    assert reply.attributes["hermes.reply.outcome"] == "failed"
    assert reply.failed
    [broken] = [s for s in collector.within(reply) if s.name.startswith("text_completion")]
    assert broken.failed
    assert broken.attributes["error.type"] == error


async def test_the_playground_is_traced_too(empty_house: House, collector: Collector) -> None:
    house = empty_house
    house.bot = house.make_bot(
        DISCORD_TOKEN="", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="50"
    )
    house.bot.command = ("-m", "bot", "play", "--no-browser")
    house.engine.say("Hello.")
    await house.bot.start()
    said = re.compile(r"Playground: (http://\S+)")
    await house.discord.until(lambda: said.search(house.bot.log), 20)
    page = said.findall(house.bot.log)[0]
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{page}/api/messages", json={"text": "Hello?"}) as answer,
    ):
        assert answer.status == 202, await answer.text()
    reply = await collector.reply()
    assert reply.attributes["hermes.front"] == "playground"
    assert reply.attributes["hermes.reply.outcome"] == "done"
    assert "hermes.discord.requests" not in reply.attributes
    assert "Hello?" not in "".join(span.said for span in collector.spans)


async def test_what_was_too_much_for_discord_and_for_the_engine(
    empty_house: House, collector: Collector
) -> None:
    house = empty_house
    await start(house, collector.url)
    house.discord.fault(*EDIT, status=429, retry_after=0.3, times=2)
    await house.say_and_hear("Tell me a story", STORY, 20)
    reply = await collector.reply()
    assert reply.attributes["hermes.discord.rate_limited"] == 2
    refused = [one for one in collector.trace(reply) if one.failed]
    assert [one.attributes["error.type"] for one in refused] == ["429", "429"]
    assert set(names(refused)) == {"discord edit"}

    house.engine.fail_always("overloaded")
    house.engine.say("Hello.")
    asked = house.ask("Hello")
    await until(house, lambda seen: seen("hermes_engine_refusals_total") > 0)
    house.engine.recover()
    await house.reply_to(asked, "Hello.")
    reply = await collector.reply(2)
    [generation] = [s for s in collector.within(reply) if s.name.startswith("text_completion")]
    assert {*generation.events[:-1]} == {"busy"}
    assert generation.events[-1] == "first token"
    assert not generation.failed


async def test_the_end_of_the_process_hands_over_what_is_left(
    empty_house: House, collector: Collector
) -> None:
    house = empty_house
    await house.start_bot(
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20collectors-key",
    )
    await house.say_and_hear("Hello", "Hello.")
    await house.bot.stop()
    assert len(collector.replies()) == 1
    assert collector.headers[0]["authorization"] == "Bearer collectors-key"
    assert "collectors-key" not in house.bot.log


@pytest.mark.parametrize("hangs", [False, True], ids=["away", "silent"])
async def test_a_collector_that_does_not_take_them_costs_no_reply(
    empty_house: House, hangs: bool
) -> None:
    house = empty_house
    async with Collector(hangs=True) as silent:
        url = silent.url if hangs else f"http://127.0.0.1:{free_port()}"
        sizes = {"OTEL_BSP_MAX_QUEUE_SIZE": "16", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8"}
        await start(house, url, **sizes, OTEL_EXPORTER_OTLP_TIMEOUT="60")
        await house.settled()
        for number in range(4):
            asked = time.monotonic()
            await house.say_and_hear(f"Hello {number}", f"Hello {number}.")
            assert time.monotonic() - asked < 20
        ended = time.monotonic()
        await house.bot.stop()
        assert time.monotonic() - ended < 25
    log = house.bot.log
    assert log.count("traces go to 127.0.0.1") == 1
    complaints = [line for line in log.splitlines() if '"opentelemetry.' in line]
    assert len(complaints) <= 2, complaints
    assert "Traceback" not in "".join(complaints)
    if not hangs:
        assert complaints


async def test_without_the_extra_one_line_says_so(empty_house: House, tmp_path: Path) -> None:
    house = empty_house
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import sys\n"
        "for name in ('opentelemetry.sdk', 'opentelemetry.exporter'):\n"
        "    sys.modules[name] = None\n"
    )
    await start(house, "http://127.0.0.1:4318", PYTHONPATH=f"{hidden}:{ROOT}")
    await house.say_and_hear("Hello", "Hello.")
    said = [line for line in house.bot.log.splitlines() if re.search("otel|opentel", line, re.I)]
    assert len(said) == 1
    assert "no traces are sent: OpenTelemetry is not installed" in said[0]
