"""`python -m bot eval`: measure the connected engine. See docs/eval.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from time import monotonic

from bot.conversation.model import Model, ModelInUse
from bot.conversation.ports import Engine
from bot.engine.connect import connect
from bot.engine.limits import Limits
from bot.errors import EngineError, EngineUnreachable, StartupError
from bot.evaluation import asking, cases, published
from bot.evaluation.cases import Case
from bot.evaluation.report import Report, key, resume
from bot.evaluation.runner import Result, Runner
from bot.settings import Settings

# A file of thousands of cases is not written anew for each of them.
_SAVE_EVERY = 2.0
_BAR = 30


async def evaluate(options: argparse.Namespace, settings: Settings) -> int:
    """Run the evaluation and print its table; return the exit code."""
    every = _load(options.cases)
    async with aclosing(await _connect(settings)) as engine:
        model = await _model(engine, settings)
        report = _report(options, every, model)
        wanted = [
            case
            for case in cases.chosen(every, options.only, options.limit)
            if asking.can_be_asked(case, model.profile)
        ]
        left = [case for case in wanted if key(case.category, case.id) not in report.results]
        _say_what(model, every, wanted, left)
        run = _Run(report, options.json, len(left))
        try:
            runner = Runner(engine, model, options.forced)
            await runner.run(left, run.add, concurrency=options.concurrency)
        except EngineUnreachable as error:
            raise StartupError(f"the engine is gone: {error}{run.kept}") from None
        except asyncio.CancelledError:
            _say(f"stopped{run.kept}")
            raise
        finally:
            run.close()
    shown = Report(report.subject)
    for case in wanted:
        shown.add(report.results[key(case.category, case.id)])
    print(shown.table())
    return 1 if options.at_least is not None and shown.rate < options.at_least else 0


class _Run:
    """Progress on the terminal, and the file that is kept up to date."""

    def __init__(self, report: Report, path: Path | None, total: int) -> None:
        self._report, self._path, self._total = report, path, total
        self._done = 0
        self._saved = monotonic()
        self._shows = sys.stderr.isatty()

    @property
    def kept(self) -> str:
        """The end of a sentence about a run that broke off."""
        return f"; {self._path} keeps what is done" if self._path else ""

    def add(self, result: Result) -> None:
        """Take a result."""
        self._report.add(result)
        self._done += 1
        if self._shows:
            full = _BAR * self._done // self._total
            bar = "#" * full + "." * (_BAR - full)
            print(f"\r[{bar}] {self._done}/{self._total}", end="", file=sys.stderr, flush=True)
        if self._path and monotonic() - self._saved > _SAVE_EVERY:
            self._report.save(self._path)
            self._saved = monotonic()

    def close(self) -> None:
        """Save, and leave the line of the bar."""
        if self._shows and self._done:
            _say("")
        if self._path:
            self._report.save(self._path)


def _load(path: Path | None) -> list[Case]:
    if path is None:
        return cases.own()
    loaded = published.load(path)
    for line in loaded.skipped:
        _say(f"skipped {line}")
    return loaded.cases


async def _connect(settings: Settings) -> Engine:
    return await connect(
        settings.engine_url,
        api_key=settings.engine_api_key.get_secret_value() if settings.engine_api_key else None,
        model_file=settings.model_file,
        data_dir=settings.data_dir,
        limits=Limits(first_token=settings.first_token_timeout, total=settings.reply_timeout),
    )


async def _model(engine: Engine, settings: Settings) -> ModelInUse:
    """The model in use, of an engine that does answer."""
    try:
        await engine.describe()
    except EngineError as error:
        raise StartupError(f"the engine cannot be asked: {error}") from None
    return await Model(engine, settings.model, settings.max_reply_tokens).current()


def _report(options: argparse.Namespace, every: Sequence[Case], model: ModelInUse) -> Report:
    subject = {
        "model": model.info.model if model.info else "",
        "profile": model.profile.name,
        "case set": cases.fingerprint(every),
        "way to ask": "forced" if options.forced else "free",
    }
    if options.json is None or options.fresh:
        return Report(subject)
    report, remark = resume(options.json, subject)
    if remark:
        _say(remark)
    return report


def _say_what(
    model: ModelInUse, every: Sequence[Case], wanted: Sequence[Case], left: Sequence[Case]
) -> None:
    served = model.info.model if model.info and model.info.model else "a model"
    done = len(wanted) - len(left)
    _say(
        f"{served} as {model.profile.name}: {len(left)} cases"
        + (f", {done} are done already" if done else "")
    )
    untrained = sum(not asking.can_be_asked(case, model.profile) for case in every)
    if untrained:
        _say(f"{model.profile.name} was not trained on tools: {untrained} cases are left out")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
