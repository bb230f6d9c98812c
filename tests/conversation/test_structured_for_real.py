"""Answers as data from the bundled model: real inference, a real grammar."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.conversation.model import Model
from bot.conversation.structured import JsonMode
from bot.engine.embedded import EmbeddedEngine
from bot.schemas import reading, validation


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture
async def json_mode(tmp_path: Path):
    async with aclosing(await EmbeddedEngine.start(None, tmp_path)) as engine:
        yield JsonMode(engine, Model(engine, None, 512))


async def test_it_fills_the_forms_that_it_was_trained_on(json_mode: JsonMode) -> None:
    person = await json_mode.ask_json(Person, "Maria is 31 years old")
    assert person == Person(name="Maria", age=31)
    answer = await json_mode.ask(reading.read("city: text, country: text"), "Lisbon, Portugal")
    assert answer.forced
    assert answer.tries == 1
    assert set(answer.value) == {"city", "country"}


@pytest.mark.parametrize(
    "written",
    [
        "mood: happy | sad, stars: 1|2|3, seen: boolean, day: date?",
        '{"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "required": ["a"], '
        '"$defs": {"a": {"type": "object", "properties": {"b": {"type": ["integer", "null"]}}, '
        '"required": ["b"]}}}',
        '{"type": "object", "properties": {"tags": {"type": "array", "items": {"enum": [1, 2]}, '
        '"minItems": 1, "maxItems": 3}}, "required": ["tags"]}',
        '{"type": "object", "properties": {"age": {"type": "integer", "minimum": 200}}, '
        '"required": ["age"]}',
    ],
)
async def test_what_is_forced_fits_whatever_is_asked(json_mode: JsonMode, written: str) -> None:
    schema = reading.read(written)
    assert schema.grammar is not None
    answer = await json_mode.ask(schema, "Maria is 31 years old and happy")
    assert answer.forced
    assert validation.problems(schema.document, answer.value) == []
