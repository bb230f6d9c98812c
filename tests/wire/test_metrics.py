"""What `/metrics` says after a real run: numbers that the other ends have counted, too."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable

import aiohttp
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot import __version__
from tests.structure.tree import ROOT
from tests.wire.conftest import STORY, House
from tests.wire.test_tools import ROLL, finished

# From TGI's own list: https://huggingface.co/docs/text-generation-inference/reference/metrics
OF_TGI = {
    "tgi_queue_size",
    "tgi_batch_current_size",
    "tgi_request_count",
    "tgi_request_mean_time_per_token_duration_sum",
    "tgi_request_mean_time_per_token_duration_count",
}
# A name to look up, nothing to draw.
UNSEEN = ("hermes_engine_info",)

EDIT = ("PATCH", "/channels/*/messages/*")


class Metrics:
    """One answer of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._samples = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of the samples of a name that have these labels; 0 if there are none."""
        return sum(
            one.value
            for one in self._samples
            if one.name == name and labels.items() <= one.labels.items()
        )

    def labels(self, name: str) -> list[dict[str, str]]:
        return [dict(one.labels) for one in self._samples if one.name == name]

    def values(self) -> list[str]:
        """The values of all labels."""
        return [value for one in self._samples for value in one.labels.values()]


async def get(house: House, path: str) -> tuple[int, str]:
    [address] = re.findall(r"health on (http://[\d.:]+)/", house.bot.log)[-1:]
    async with aiohttp.ClientSession() as http, http.get(address + path) as answer:
        return answer.status, await answer.text()


async def metrics(house: House) -> Metrics:
    status, text = await get(house, "/metrics")
    assert status == 200
    return Metrics(text)


async def until(house: House, found: Callable[[Metrics], bool], timeout: float = 10.0) -> Metrics:
    """Wait until the metrics say so: what is counted is counted a moment after it is seen."""
    deadline = time.monotonic() + timeout
    while True:
        seen = await metrics(house)
        if found(seen):
            return seen
        assert time.monotonic() < deadline, seen.text
        await asyncio.sleep(0.05)


def saved(count: int) -> Callable[[Metrics], bool]:
    """Whether so many replies are over."""
    return lambda seen: (
        seen("hermes_replies_total") == count and not seen("hermes_replies_in_progress")
    )


async def test_replies_are_counted_as_the_engine_and_discord_have_seen_them(house: House) -> None:
    await house.settled()
    await house.say_and_hear("Tell me a story", STORY)
    await house.say_and_hear("Another one", STORY)
    house.discord.send(house.channel, house.alice, "I was not talking to you")
    heard = "hermes_messages_total"
    seen = await until(house, lambda seen: saved(2)(seen) and seen(heard, decision="ignore") == 1)
    assert seen("hermes_replies_total", outcome="done", error="") == 2
    assert seen(heard, decision="answer", reason="mentions me") == 2
    assert seen(heard, decision="ignore", reason="not addressed to me") == 1

    engine = house.engine
    assert seen("hermes_prompt_tokens_total", engine="default") == engine.prompt_tokens > 0
    assert not seen.labels("hermes_prompt_cached_tokens_total"), "TGI does not tell"
    assert seen("hermes_generated_tokens_total", engine="default") == engine.generated_tokens > 0

    for name in ("hermes_reply_seconds", "hermes_reply_first_text_seconds"):
        assert seen(f"{name}_count") == 2
    # About three seconds of streaming each, and 50 ms to the first token.
    assert 4 < seen("hermes_reply_seconds_sum") < 40
    assert 0.1 <= seen("hermes_engine_first_token_seconds_sum") < 4
    assert seen("hermes_line_wait_seconds_count", engine="default") == 2
    assert seen("hermes_line_waiting") == 0

    answered = house.discord.messages(house.channel, bot_only=True)
    edits = sum(len(trail.revisions) - 1 for trail in answered)
    assert seen("hermes_discord_requests_total", kind="send", status="200") == len(answered)
    assert seen("hermes_discord_requests_total", kind="edit", status="200") >= edits > 0
    assert seen("hermes_discord_requests_total", status="429") == 0
    assert seen("hermes_discord_request_seconds_count", kind="send") == len(answered)

    assert seen("hermes_redis_calls_total", outcome="ok") >= 6
    assert seen("hermes_redis_calls_total", outcome="failed") == 0
    assert seen("hermes_engine_up", engine="default") == 1
    assert [one["kind"] for one in seen.labels("hermes_engine_info")] == ["tgi"]
    assert seen.labels("hermes_build_info")[0]["version"] == __version__
    assert seen("hermes_discord_shard_ready", shard="0") == 1
    assert seen("hermes_discord_servers") == 1
    assert seen("hermes_discord_rate") > 0
    assert seen("process_resident_memory_bytes") > 1e6
    # Nobody is to be found in it: no ids, no names, no words.
    assert not [value for value in seen.values() if re.search(r"\d{6}", value)]
    assert not [word for word in ("alice", "Home", "general", "heron") if word in seen.text]


async def test_the_dashboard_and_the_alerts_ask_for_what_there_is(house: House) -> None:
    await house.say_and_hear("Hello", "Hello.")
    seen = await until(house, saved(1))
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", seen.text, re.MULTILINE))
    known = {name for name, kind in kinds.items() if kind != "histogram"}
    for name, kind in kinds.items():
        if kind == "histogram":
            known |= {f"{name}{ending}" for ending in ("_bucket", "_sum", "_count")}
    queries = asked_by_the_dashboard() + asked_by_the_alerts()
    assert len(queries) > 40
    for query in queries:
        named = set(re.findall(r"\b(?:hermes|process)_\w+", query))
        assert named <= known, query
        assert named or re.search(r"\btgi_|\bup\b", query), query
        assert set(re.findall(r"\btgi_\w+", query)) <= OF_TGI
    # What is counted is looked at, too.
    assert {n for n in kinds if n.startswith("hermes_")} - set(UNSEEN) <= {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for query in queries
        for name in re.findall(r"\bhermes_\w+", query)
    }


def asked_by_the_dashboard() -> list[str]:
    text = (ROOT / "deploy/grafana/dashboards/hermes.json").read_text("utf-8")
    return [one["expr"] for panel in json.loads(text)["panels"] for one in panel.get("targets", ())]


def asked_by_the_alerts() -> list[str]:
    text = (ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8")
    return [rule["expr"] for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


async def test_failures_and_retries_are_counted_by_kind(house: House) -> None:
    house.engine.say(STORY, fault="dies", after=30)
    asked = house.ask("Tell me a story")
    broken = await house.retry_offered(asked)
    seen = await until(house, saved(1))
    assert seen("hermes_replies_total", outcome="failed", error="engine_interrupted") == 1
    assert seen("hermes_reply_seconds_count") == 0, "only what is done says how long that takes"
    house.engine.say(STORY)
    await house.press_retry(broken)
    await house.discord.until(lambda: STORY in house.text_after(asked), 15)
    seen = await until(house, saved(2))
    assert seen("hermes_replies_total", outcome="done") == 1

    house.engine.fail_always("overloaded")
    await house.retry_offered(house.ask("Hello"), 30)
    seen = await until(house, saved(3))
    assert seen("hermes_replies_total", outcome="failed", error="engine_busy") == 1
    assert seen("hermes_engine_refusals_total", engine="default") > 0


async def test_a_reply_that_is_stopped(house: House) -> None:
    house.engine.say(STORY)
    reply = await house.first_text(house.ask("Tell me a story"))
    house.discord.press(reply.id, house.alice, "stop")
    seen = await until(house, saved(1))
    assert seen("hermes_replies_total", outcome="stopped", error="") == 1


async def test_redis_that_is_away(house: House) -> None:
    await house.settled()
    await house.say_and_hear("Hello", "Hello.")
    await until(house, saved(1))
    await house.valkey.kill()
    asked = house.ask("Are you there?")
    await house.discord.until(lambda: "memory" in house.text_after(asked), 20)
    seen = await until(house, saved(2))
    assert seen("hermes_replies_total", outcome="failed", error="store_unavailable") == 1
    assert seen("hermes_redis_calls_total", outcome="failed") > 0
    assert seen("hermes_redis_retries_total") > 0
    status, body = await get(house, "/readyz")
    assert status == 503
    assert json.loads(body)["not_ready"] == ["redis"]


async def test_what_discord_refuses(house: House) -> None:
    house.engine.say(STORY)
    house.discord.fault(*EDIT, status=429, retry_after=0.3, times=2)
    house.discord.fault(*EDIT, drop=True, times=1)
    await house.reply_to(house.ask("Tell me a story"), STORY, 20)
    seen = await until(house, saved(1))
    assert seen("hermes_discord_requests_total", kind="edit", status="429") == 2
    assert seen("hermes_discord_requests_total", kind="edit", status="0") == 1


async def test_tools_are_counted_and_what_is_made_up_is_no_label(house: House) -> None:
    house.engine.say(ROLL, ROLL.replace("roll_dice", "rob_the_bank"), "There you go.")
    await finished(house, house.ask("roll 3d6+2"), "There you go.")
    seen = await until(house, saved(1))
    assert seen("hermes_tool_calls_total", tool="roll_dice", outcome="done") == 1
    assert seen("hermes_tool_calls_total", tool="unknown", outcome="failed") == 1
    assert seen("hermes_tool_seconds_count", tool="roll_dice") == 1
    assert "rob_the_bank" not in seen.text


async def test_what_is_not_ready_is_named(empty_house: House) -> None:
    house = empty_house
    await house.engine.stop()
    await house.start_bot()
    seen = await until(house, lambda seen: bool(seen.labels("hermes_engine_up")))
    assert seen("hermes_engine_up", engine="default") == 0
    status, body = await get(house, "/readyz")
    assert status == 503
    assert "engine" in json.loads(body)["not_ready"]
    await house.engine.start()
    await house.settled()

    house.discord.gateway.accepting = False
    house.discord.gateway.drop(4000)
    await until(house, lambda seen: not seen("hermes_discord_shard_ready"))
    status, body = await get(house, "/readyz")
    assert status == 503
    assert json.loads(body)["not_ready"] == ["discord"]
    assert (await get(house, "/healthz"))[0] == 200
    house.discord.gateway.accepting = True
    await house.settled(20)


async def test_one_reference_for_all_lines_about_a_reply(empty_house: House) -> None:
    house = empty_house
    await house.start_bot(LOG_FORMAT="json", LOG_LEVEL="debug")
    asked = house.ask("Tell me a story")
    house.engine.say(STORY, fault="dies", after=3)
    await house.retry_offered(asked)
    lines = [json.loads(line) for line in house.bot.log.splitlines() if line.startswith("{")]
    about = [line for line in lines if line.get("reply") == f"r{asked}"]
    assert any("broke off" in line["message"] for line in about)
    assert all(f"r{asked}" not in line["message"] or line in about for line in lines)


async def test_the_operator_is_told_in_discord_that_the_engine_is_away(empty_house: House) -> None:
    house = empty_house
    await house.engine.stop()
    await house.start_bot(ALERT_CHANNEL=str(house.channel), ALERT_AFTER="1")
    # The second look comes after fifteen seconds.
    told = "The model's engine does not answer"
    await house.discord.until(lambda: told in house.shown(house.channel), 30)
    assert house.shown(house.channel).count(told) == 1


async def test_an_engine_that_is_silent_about_itself_and_writes_is_not_away(
    empty_house: House,
) -> None:
    house = empty_house
    house.engine.silent = frozenset(["/info"])
    await house.start_bot(ALERT_CHANNEL=str(house.channel), ALERT_AFTER="1")
    await house.say_and_hear("Hello?", "I am here.")
    await house.settled()
    # Two looks of the watch.
    await until(house, lambda seen: seen("hermes_engine_up", engine="default") == 1, 20)
    await asyncio.sleep(17)
    assert "does not answer" not in house.shown(house.channel)
    assert (await metrics(house))("hermes_engine_up", engine="default") == 1


async def test_the_operator_is_told_that_an_engine_fails_with_every_answer(
    empty_house: House,
) -> None:
    house = empty_house
    await house.start_bot(ALERT_CHANNEL=str(house.channel), ALERT_AFTER="1")
    await house.settled()
    house.engine.fail_always("errors")
    for words in ("Hello?", "Anybody?"):
        await house.retry_offered(house.ask(words))
    assert (await get(house, "/readyz"))[0] == 200, "that may have many reasons"
    await house.retry_offered(house.ask("Really?"))
    status, body = await get(house, "/readyz")
    assert (status, json.loads(body)["not_ready"]) == (503, ["engine"])
    told = "The model's engine does not answer"
    await house.discord.until(lambda: told in house.shown(house.channel), 45)
    house.engine.recover()
    await house.say_and_hear("And now?", "I am here.")
    await house.settled()
