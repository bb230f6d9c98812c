"""Answers that are data: a question and a schema in, a value that fits the schema out.

The engine forces the schema where it can. That is not relied upon: every answer is read and
checked here, and one that does not fit is shown to the model with what is wrong with it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from bot.conversation import context
from bot.conversation.context import upper_bound
from bot.conversation.model import Model, ModelInUse
from bot.conversation.ports import End, Engine, Generation
from bot.errors import (
    AnswerUnfit,
    BadInput,
    EngineInterrupted,
    EngineRefused,
    EngineTimeout,
    PromptTooLong,
)
from bot.language import later
from bot.prompts.json_dialogue import Failed, messages
from bot.prompts.neutralise import restore
from bot.schemas import answers, grammar, validation
from bot.schemas.loose import Unreadable
from bot.schemas.reading import Usable
from bot.schemas.tree import Schema, grow
from bot.tools.run import Step

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)

TRIES = 3
"""How often the model is asked, at most."""

# A forced answer is one call to the engine: a call that goes on would begin a second object.
# TGI's calls have 1,024 tokens.
_LONGEST_FORCED = 1024

# For all tries together; a slash command can be answered for fifteen minutes.
_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """An answer that fits its schema.

    `value` is the data and `text` what the model wrote. `tries` counts the answers it took,
    `errors` is what was wrong with those before, one text each. `forced` tells whether the engine
    held the model to the schema's form; `note` is a sentence's worth about the model, or "".
    """

    value: Any
    text: str
    tries: int
    errors: tuple[str, ...] = ()
    forced: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an answer has to be. `check` gives the value and what is wrong with it."""

    text: str
    grammar: Schema | None
    check: Callable[[object], tuple[Any, Sequence[str]]]

    @property
    def fingerprint(self) -> str:
        """The schema's text in a few characters."""
        digest = hashlib.blake2b(self.text.encode("utf-8", "surrogatepass"), digest_size=8)
        return f"json-{digest.hexdigest()}"


@dataclass(slots=True)
class _Written:
    """What the engine makes of one prompt; `cut`: more would have come."""

    text: str = ""
    cut: bool = False
    forced: bool = False


class JsonMode:
    """Asks the model for data, beside all conversations: nothing is remembered."""

    def __init__(self, engine: Engine, model: Model) -> None:
        self._engine = engine
        self._model = model

    async def ask(
        self,
        schema: Usable,
        question: str,
        *,
        session: str = "",
        tries: int = TRIES,
        steps: Sequence[Step] = (),
    ) -> JsonAnswer:
        """Ask for an object that fits a schema, which `bot.schemas.reading.read` gives.

        `session` keeps the question on one engine of several; "" is the one that has had this
        schema before, and knows its prefix and its grammar. Raises `AnswerUnfit` if no answer
        fits, `PromptTooLong`, `BadInput` for a schema that takes too long to check, and the
        engine's errors. `steps` are rounds of tools that were made for the question.
        """

        def check(value: object) -> tuple[object, Sequence[str]]:
            return value, [str(one) for one in validation.problems(schema.document, value)]

        wanted = _Wanted(schema.text, schema.grammar, check)
        return await self._ask(wanted, question, session, tries, steps)

    async def ask_json(self, kind: type[M], question: str, *, session: str = "") -> M:
        """Ask for an instance of a pydantic model; errors as in `ask`."""
        answer = await self._ask(_wanted(kind), question, session, TRIES)
        return cast(M, answer.value)

    async def _ask(
        self,
        wanted: _Wanted,
        question: str,
        session: str,
        tries: int,
        steps: Sequence[Step] = (),
    ) -> JsonAnswer:
        failed: list[Failed] = []

        async def answer(model: ModelInUse) -> tuple[ModelInUse, _Written]:
            return model, await self._write(wanted, question, steps, failed, model, session)

        try:
            async with asyncio.timeout(_SECONDS):
                for attempt in range(1, tries + 1):
                    model, written = await self._model.written(answer)
                    value, problem = _judge(written, wanted)
                    if problem is None:
                        errors = tuple("; ".join(one.errors) for one in failed)
                        note = _note(model)
                        return JsonAnswer(
                            value, written.text, attempt, errors, written.forced, note
                        )
                    log.info("answer %d of %d does not fit: %s", attempt, tries, problem.errors[0])
                    failed.append(problem)
        except TimeoutError:
            raise EngineTimeout(detail=f"no fitting answer in {_SECONDS:g} s") from None
        raise _unfit(failed)

    async def _write(
        self,
        wanted: _Wanted,
        question: str,
        steps: Sequence[Step],
        failed: Sequence[Failed],
        model: ModelInUse,
        session: str,
    ) -> _Written:
        """One answer; an engine that cannot take the grammar is asked without."""
        prompt = await self._prompt(wanted, question, steps, failed, model)
        session = session or wanted.fingerprint
        if wanted.grammar is not None:
            written = _Written(forced=bool(model.info and model.info.forces_schema))
            try:
                await self._stream(written, prompt, wanted.grammar, model, session)
            except (EngineRefused, EngineInterrupted) as error:
                if written.text:
                    raise
                log.info("asking without the grammar: %s", error.detail or error)
            else:
                return written
        written = _Written()
        await self._stream(written, prompt, None, model, session)
        return written

    async def _stream(
        self,
        written: _Written,
        prompt: str,
        schema: Schema | None,
        model: ModelInUse,
        session: str,
    ) -> None:
        request = Generation(
            prompt=prompt,
            max_tokens=min(model.max_reply, _LONGEST_FORCED) if schema else model.max_reply,
            stop=model.profile.stop,
            sampling=model.sampling,
            session=session,
            schema=schema,
        )
        async with aclosing(self._engine.stream(request)) as events:
            async for event in events:
                if isinstance(event, End):
                    written.cut = event.reason == "length"
                else:
                    written.text += event.text

    async def _prompt(
        self,
        wanted: _Wanted,
        question: str,
        steps: Sequence[Step],
        failed: Sequence[Failed],
        model: ModelInUse,
    ) -> str:
        """The prompt with as many of the failed answers as fit into it, the newest first."""
        size = 0
        for first in range(len(failed) + 1):
            prompt = _render(wanted.text, question, steps, failed[first:], model)
            size = await self._size(prompt, model.prompt_limit)
            if size <= model.prompt_limit:
                return prompt
        raise PromptTooLong(
            later(
                "Schema and question are about {size:,} tokens together; this model can read "
                "{limit:,}. Please shorten them.",
                size=size,
                limit=model.prompt_limit,
            )
        )

    async def _size(self, prompt: str, limit: int) -> int:
        """Tokens of a prompt; the upper bound is good enough where it fits."""
        bound = upper_bound(prompt) + 1
        if bound <= limit:
            return bound
        # One more: BOS.
        return await self._model.count(prompt) + 1


def _wanted(kind: type[BaseModel]) -> _Wanted:
    """What a pydantic model wants. It checks answers itself: it may know more than a schema."""
    document = kind.model_json_schema()
    try:
        form = grammar.form(document, grow(document))
    except BadInput:
        # Not fit to be forced; what a programmer wrote is not refused for that.
        form = None
    return _Wanted(json.dumps(document, ensure_ascii=False), form, _checker(kind))


def _checker(kind: type[BaseModel]) -> Callable[[object], tuple[Any, Sequence[str]]]:
    def check(value: object) -> tuple[Any, Sequence[str]]:
        try:
            # As JSON, where a date is a text even for a strict model.
            return kind.model_validate_json(json.dumps(value)), ()
        except ValidationError as error:
            found = [
                validation.Problem(validation.path_of(one["loc"]), one["msg"])
                for one in error.errors(include_url=False, include_input=False)
            ]
            return None, [str(one) for one in found[:5]]

    return check


def _render(
    schema: str,
    question: str,
    steps: Sequence[Step],
    failed: Sequence[Failed],
    model: ModelInUse,
) -> str:
    tools, form = model.profile.tools is not None, model.profile.script
    asked = messages(schema, question, tools=tools)
    exchange = context.exchange(form, steps, answered=False)
    complaints = messages(schema, question, failed, tools=tools)[len(asked) :]
    return form.render(asked, add_generation_prompt=False) + exchange + form.render(complaints)


def _judge(written: _Written, wanted: _Wanted) -> tuple[Any, Failed | None]:
    """The value of an answer, or what is wrong with it."""
    text = written.text = restore(written.text.strip())
    try:
        value = answers.read(text)
    except Unreadable as error:
        cut = later("it was cut off because it is too long")
        told = cut if written.cut else error.text
        return None, Failed(text, readable=False, errors=(told,))
    value, errors = wanted.check(value)
    return value, Failed(text, readable=True, errors=tuple(errors)) if errors else None


def _unfit(failed: Sequence[Failed]) -> AnswerUnfit:
    last = failed[-1]
    tries, error = len(failed), last.errors[0]
    if last.readable:
        text = later(
            "After one try the model's answer does not fit the schema: {error}.",
            "After {n} tries the model's answer does not fit the schema: {error}.",
            n=tries,
            error=error,
        )
    else:
        text = later(
            "After one try the model's answer does not give readable JSON: {error}.",
            "After {n} tries the model's answer does not give readable JSON: {error}.",
            n=tries,
            error=error,
        )
    return AnswerUnfit(
        text,
        answer=last.answer,
        errors=tuple("; ".join(one.errors) for one in failed),
    )


def _note(model: ModelInUse) -> str:
    if model.profile.json_mode:
        return ""
    return later("{model} was not trained to answer in JSON", model=model.profile.name)
