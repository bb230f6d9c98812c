"""The whole command against a stand-in, and against the bundled model."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import pytest_asyncio

from bot.__main__ import _parser
from bot.commands.evaluate import evaluate
from bot.errors import SettingsError, StartupError
from bot.evaluation import cases
from bot.settings import Settings
from tests.stand_ins.tgi import Fault, TgiStandIn

ANSWER = '<tool_call>\n{"name": "roll_dice", "arguments": {"notation": "2d6+1"}}\n</tool_call>'


@pytest_asyncio.fixture
async def tgi():
    async with TgiStandIn(ANSWER) as server:
        yield server


@pytest.fixture
def measure(tgi: TgiStandIn, tmp_path: Path):
    settings = Settings(engine_url=f"tgi+{tgi.url}", data_dir=tmp_path)

    async def run(*words: str) -> int:
        return await evaluate(_parser().parse_args(["eval", *words]), settings)

    return run


async def asked(tgi: TgiStandIn, times: int) -> None:
    for _ in range(500):
        if len(tgi.generations) >= times:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"asked {len(tgi.generations)} times only")


def rows(text: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}


async def test_right_and_wrong_answers_make_the_table(measure, tgi, tmp_path, capsys):
    file = tmp_path / "report.json"
    assert await measure("--only", "single", "--limit", "2", "--json", str(file)) == 0
    table = rows(capsys.readouterr().out)
    assert table["single"] == ["2", "1", "50.0%", "90%"]
    report = json.loads(file.read_text())
    assert (report["cases"], report["passed"], report["rate"]) == (2, 1, 0.5)
    right, wrong = sorted(report["results"], key=lambda one: one["id"])
    assert right["passed"]
    assert right["answer"] == ANSWER
    assert right["prompt"] in [seen.body["inputs"] for seen in tgi.generations]
    assert wrong["reason"] == "calculate is not called, but roll_dice"
    assert all(seen.parameters.get("temperature") is None for seen in tgi.generations)
    words = ("--only", "single", "--limit", "2", "--at-least")
    assert await measure(*words, "0.5") == 0
    assert await measure(*words, "51%") == 1


async def test_it_goes_on_where_it_was_and_starts_over_for_another_model(
    measure, tgi, tmp_path, capsys
):
    words = ("--only", "single", "--json", str(tmp_path / "report.json"), "--limit")
    await measure(*words, "2")
    await measure(*words, "5")
    assert len(tgi.generations) == 5
    assert rows(capsys.readouterr().out)["all"][0] == "5"
    tgi.model_id = "NousResearch/Hermes-3-Llama-3.1-8B"
    await measure(*words, "2")
    assert "is about another model and profile: starting over" in capsys.readouterr().err
    assert len(tgi.generations) == 7
    await measure(*words, "2", "--fresh")
    assert len(tgi.generations) == 9
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(SettingsError, match="no report of an evaluation"):
        await measure(*words, "2")


async def test_an_error_of_the_engine_is_a_failed_case_and_asked_again_later(
    measure, tgi, tmp_path, capsys
):
    words = ("--only", "single", "--limit", "1", "--json", str(tmp_path / "report.json"))
    tgi.fault = Fault("error", text="out of luck")
    assert await measure(*words) == 0
    (result,) = json.loads((tmp_path / "report.json").read_text())["results"]
    assert result["reason"].startswith("the engine failed: ")
    tgi.fault = None
    await measure(*words, "--at-least", "1")
    assert rows(capsys.readouterr().out)["all"][2] == "100.0%"


async def test_a_dead_engine_is_one_line(measure, tgi):
    await tgi.stop()
    with pytest.raises(StartupError, match="the engine cannot be asked"):
        await measure()


async def test_an_engine_that_dies_keeps_what_is_done(measure, tgi, tmp_path):
    file = tmp_path / "report.json"
    words = ("--only", "single", "--concurrency", "1", "--json", str(file))
    tgi.fault = Fault("hang", skip=2)
    task = asyncio.create_task(measure(*words))
    await asked(tgi, 3)
    await tgi.stop()
    with pytest.raises(StartupError, match=r"the engine is gone: .*keeps what is done"):
        await task
    # The answer that it broke off in may count as a failed case, which is asked again.
    assert sum(not one["failed"] for one in json.loads(file.read_text())["results"]) == 2


async def test_ctrl_c_keeps_what_is_done(measure, tgi, tmp_path, capsys):
    file = tmp_path / "report.json"
    tgi.fault = Fault("hang", skip=2)
    task = asyncio.create_task(measure("--concurrency", "1", "--json", str(file)))
    await asked(tgi, 3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert json.loads(file.read_text())["cases"] == 2
    assert "keeps what is done" in capsys.readouterr().err


async def test_only_forced_asks_for_a_grammar(measure, tgi):
    tgi.reply = '{"name": "Maria", "age": 31}'
    await measure("--only", "json", "--limit", "1")
    await measure("--only", "json", "--limit", "1", "--forced")
    free, forced = tgi.generations
    assert not free.parameters.get("grammar")
    assert "age" in json.dumps(forced.parameters["grammar"])


async def test_a_model_without_tools_is_not_asked_for_calls(measure, tgi, capsys):
    tgi.model_id = "NousResearch/Nous-Hermes-Llama2-13b"
    await measure("--limit", "3")
    said = capsys.readouterr()
    assert "was not trained on tools" in said.err
    assert "single" not in rows(said.out)


async def test_the_bundled_model(tmp_path: Path, capsys):
    options = _parser().parse_args(["eval", "--concurrency", "2"])
    assert await evaluate(options, Settings(data_dir=tmp_path, engine_url=None)) == 0
    table = rows(capsys.readouterr().out)
    rates = {name: float(table[name][2].rstrip("%")) for name in cases.CATEGORIES}
    assert rates["single"] >= 50
    assert rates["multi-turn"] >= 50
    assert rates["restraint"] >= 40
    assert rates["injection"] >= 60
    assert set(table) >= {*cases.CATEGORIES, "all"}
