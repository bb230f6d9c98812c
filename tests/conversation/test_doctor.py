"""What `python -m bot doctor` says of a model and an engine that do not fit together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bot import doctor
from bot.checks.finding import Finding
from bot.engine.limits import Limits
from bot.settings import load
from tests.stand_ins.raw import RawStandIn, stream
from tests.stand_ins.tgi import Fault, TgiStandIn


@pytest.fixture
def look(tgi: TgiStandIn, valkey_url: str, tmp_path: Path) -> Callable[..., object]:
    async def findings(**more: str) -> list[Finding]:
        environment = {
            "ENGINE_URL": f"tgi+{tgi.url}",
            "REDIS_URL": valkey_url,
            "DATA_DIR": str(tmp_path),
            **more,
        }
        settings = load(environment, tmp_path / "none")
        return [finding async for finding in doctor.findings(settings)]

    return findings


async def test_all_is_well(tgi: TgiStandIn, look):
    found = {finding.subject: finding for finding in await look()}
    assert found["model"].text == "Hermes-2-Pro-Llama-3-8B"
    assert found["context"].text == "8,192 tokens, 1,024 of them for a reply"
    assert not found["model"].advice
    assert not found["context"].advice


async def test_another_model_than_is_set_and_a_foreign_tokenizer(tgi: TgiStandIn, look):
    tgi.model_id = "teknium/OpenHermes-2-Mistral-7B"
    faults = [
        str(one) for one in await look(MODEL="Nous-Hermes-Llama2-13b") if one.state == "problem"
    ]
    told = "\n".join(faults)
    assert "MODEL is Nous-Hermes-Llama2-13b, but the engine serves teknium/OpenHermes-2" in told
    # The stand-in's tokenizer is Llama 3's.
    assert "puts no <s> (id 1) in front of a prompt" in told
    assert "docs/models.md" in told


async def test_what_the_engine_allows_and_how_fast_it_is(tgi: TgiStandIn, look):
    found = {finding.check: finding for finding in await look()}
    assert found["engine.stops"].state == "warning"
    assert "MAX_STOP_SEQUENCES=16" in found["engine.stops"].advice
    assert found["engine.generates"].state == "ok"
    assert "after 0." in found["engine.generates"].text
    tgi.max_stop_sequences = 16
    found = {finding.check: finding for finding in await look()}
    assert found["engine.stops"].state == "ok"


async def test_an_engine_that_writes_nothing_is_a_problem(tgi: TgiStandIn, look):
    tgi.fault = Fault("overloaded")
    found = {finding.check: finding for finding in await look(FIRST_TOKEN_TIMEOUT="1")}
    assert found["engine.reachable"].state == "ok"
    assert found["engine.generates"].state == "problem"
    assert found["engine.generates"].text.startswith("there is none: The model is busy")


async def test_an_engine_that_is_there_but_silent_about_itself(
    tgi: TgiStandIn, look, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.core.Limits", partial(Limits, question=0.3))
    tgi.silent = frozenset(["/info"])
    found = {finding.check: finding for finding in await look()}
    assert found["engine.reachable"].state == "warning"
    assert "does not say what it serves" in found["engine.reachable"].text
    assert found["engine.generates"].state == "ok"


async def test_an_engine_whose_proxy_hides_what_it_serves(look):
    said = stream(b'data: {"token": {"text": "Hi"}, "generated_text": "Hi"}\n\n')
    async with RawStandIn({"/generate_stream": said}) as server:
        found = {one.check: one for one in await look(ENGINE_URL=f"tgi+{server.url}")}
        assert found["engine.reachable"].state == "warning"
        assert found["engine.generates"].state == "ok"
        server.answers.clear()
        found = {one.check: one for one in await look(ENGINE_URL=f"tgi+{server.url}")}
        assert found["engine.reachable"].state == "problem"
        assert "correct ENGINE_URL" in found["engine.reachable"].advice


async def test_a_smaller_context_is_told_but_no_fault(tgi: TgiStandIn, look):
    tgi.model_id, tgi.max_total_tokens = "NousResearch/Hermes-3-Llama-3.1-405B", 2048
    found = {finding.subject: finding for finding in await look()}
    assert "could read 131,072 tokens, the engine gives it 2,048" in found["context"].text
    assert "a reply has 512, not 1,024" in found["context"].text
    assert not found["context"].advice


async def test_every_engine_is_looked_at(tgi: TgiStandIn, look):
    async with TgiStandIn(model_id="NousResearch/Hermes-3-Llama-3.1-8B") as other:
        profile = "Hermes-4-14B"
        found = await look(ENGINES=f"big={other.url}|{profile}, gone=tgi+http://127.0.0.1:9")
    told = {finding.subject: finding for finding in found}
    assert told["model"].text == "Hermes-2-Pro-Llama-3-8B"
    assert told["engine big"].text == "tgi serves NousResearch/Hermes-3-Llama-3.1-8B"
    assert told["engine gone"].text == "tgi+http://127.0.0.1:9 does not answer"
    assert "correct ENGINES" in told["engine gone"].advice
    faults = [finding.text for finding in found if finding.subject == "model big"]
    assert any(fault.startswith("ENGINES' profile of big is Hermes-4-14B") for fault in faults)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("a=http://a b", "ENGINES: takes tgi+http://host:port"),
        ("a=http://me:secret@b", "ENGINES: takes no user or password"),
        ("a=http://a|Hermes-9", "ENGINES' profile of a: there is no profile 'Hermes-9'"),
    ],
)
async def test_a_wrong_engine_is_one_line_that_names_the_setting(look, value: str, says: str):
    [fault] = [one for one in await look(ENGINES=value) if one.state == "problem"][-1:]
    assert fault.check == "settings"
    assert fault.text.startswith(says)
    assert "\n" not in fault.text
