"""Whether calls are checked against the tools as JSON Schema says, with a code for each problem."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.tools.parsing import Call, validate


def problems(schema: Any, value: object) -> list[tuple[str, str]]:
    parameters = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    return [(one.code, one.path) for one in validate([Call("f", {"x": value})], [tool])]


scalars = st.sampled_from(
    [None, True, False, 0, 1, -1, 2, 6.0, 0.5, 1e300, 10**20, "", "a", "é😀", "ab"]
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
)
types = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
sizes = st.integers(0, 3)


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": types | st.lists(types, min_size=1, max_size=3, unique=True),
            "enum": st.lists(values, min_size=1, max_size=3),
            "const": values,
            "minimum": st.sampled_from([0, 1, 0.5]),
            "exclusiveMaximum": st.sampled_from([1, 2, 10]),
            "multipleOf": st.sampled_from([2, 0.5]),
            "minLength": sizes,
            "maxLength": sizes,
            "pattern": st.sampled_from(["a", "^b", "é$"]),
            "minItems": sizes,
            "uniqueItems": st.booleans(),
            "prefixItems": several,
            "items": inner,
            "minProperties": sizes,
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "additionalProperties": inner,
            "allOf": several,
            "anyOf": several,
            "oneOf": several,
            "not": inner,
        },
    )


schemas = st.recursive(st.booleans() | st.just({}), keywords, max_leaves=8)


@settings(max_examples=600, deadline=None)
@given(schemas, values)
def test_what_fits_is_what_jsonschema_says(schema: Any, value: object):
    expected = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (problems(schema, value) == []) == expected


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["type", "enum", "items", "anyOf", "$ref", "required",
    "properties", "pattern", "minimum", "multipleOf", "nullable", "additionalProperties"]),
    values | st.sampled_from(["any", "#", "#/nowhere", "(", "integer", float("nan")])), values,
)  # fmt: skip
def test_a_schema_that_makes_no_sense_is_no_reason_to_fail(schema: Any, value: object):
    problems(schema, value)
    validate([Call("f", {"x": value})], [{"name": "f", "parameters": schema}, schema])


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, 6.0, []),
        ({"type": "integer"}, True, [("wrong_type", "x")]),
        ({"type": "integer"}, "6", [("wrong_type", "x")]),
        ({"type": "number"}, 10**30, []),
        ({"type": ["integer", "null"]}, None, []),
        ({"type": "string", "nullable": True}, None, []),
        ({"type": "integer", "minimum": 2}, 1, [("constraint", "x")]),
        ({"multipleOf": 0.1}, 0.3, []),
        ({"enum": ["a"]}, "A", [("enum_mismatch", "x")]),
        ({"type": "array", "items": {"type": "string"}}, ["a", 1], [("wrong_type", "x[1]")]),
        ({"properties": {"a": {}}, "required": ["a"]}, {"b": 1}, [("missing_required", "x.a")]),
        ({"additionalProperties": False}, {"b": 1}, [("unexpected_argument", "x.b")]),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, [("wrong_type", "x")]),
        ({"anyOf": [{"minimum": 2}, {"type": "null"}]}, 1, [("constraint", "x")]),
        ({"$ref": "#/properties/x"}, 1, [("constraint", "x")]),
    ],
)
def test_codes_and_places(schema: Any, value: object, expected: list[tuple[str, str]]):
    assert problems(schema, value) == expected


def test_the_model_is_told_what_and_where_and_which_tools_there_are():
    tool = {"name": "dice", "parameters": {"properties": {"sides": {"type": "integer"}}}}
    calls = [Call("dice", {"sides": "6", "count": 2}), Call("dices", {})]
    assert [problem.message for problem in validate(calls, [tool])] == [
        "dice, at `count`: there is no such argument",
        "dice, at `sides`: this has to be of type integer",
        "dices: there is no such tool; there are: dice",
    ]


def test_references_that_multiply_take_no_longer_than_they_may():
    twice = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    schema = {"properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": twice}
    found = validate([Call("f", {"x": 1})], [{"name": "f", "parameters": schema}])
    assert {problem.code for problem in found} == {"constraint"}
