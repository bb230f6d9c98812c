"""Schemas from strangers: read, refused in words, never a trap for the bot itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.errors import BadInput
from bot.schemas import patterns, reading, short_form, validation


def schema(text: str) -> dict:
    return reading.read(text).document


def refusal(text: str) -> str:
    with pytest.raises(BadInput) as refused:
        reading.read(text)
    return refused.value.text


def with_field(**field: object) -> str:
    document = {"type": "object", "properties": {"a": field}, "required": ["a"]}
    return json.dumps(document)


class TestShortForm:
    """`name: type` lines."""

    def test_every_type(self) -> None:
        found = schema(
            "title: text\nscore: number?\nyear?: integer\nseen: boolean\nday: date\n"
            "genre: drama | comedy\nlevel: 1|2|3\ntags: list of text\nyears: list of integers\n"
            "moods: list of happy|sad\nnotes: text[]\nthings: list"
        )
        text, whole = {"type": "string"}, {"type": "integer"}
        assert found == {
            "type": "object",
            "properties": {
                "title": text,
                "score": {"type": "number"},
                "year": whole,
                "seen": {"type": "boolean"},
                "day": {"type": "string", "format": "date"},
                "genre": {"type": "string", "enum": ["drama", "comedy"]},
                "level": {"type": "integer", "enum": [1, 2, 3]},
                "tags": {"type": "array", "items": text},
                "years": {"type": "array", "items": whole},
                "moods": {"type": "array", "items": {"type": "string", "enum": ["happy", "sad"]}},
                "notes": {"type": "array", "items": text},
                "things": {"type": "array", "items": text},
            },
            "required": [name for name in found["properties"] if name not in ("score", "year")],
            "additionalProperties": False,
        }

    def test_one_line_with_commas_and_descriptions(self) -> None:
        found = schema("title: text - on the cover, if any, year: int # when, tags: list of text")
        assert found["properties"]["title"]["description"] == "on the cover, if any"
        assert found["properties"]["year"] == {"type": "integer", "description": "when"}
        assert list(found["properties"]) == ["title", "year", "tags"]

    def test_a_comma_in_a_lines_description_is_only_a_comma(self) -> None:
        found = schema("a: text # like this, b: that\nc: text, d: text")
        assert list(found["properties"]) == ["a", "c", "d"]

    def test_as_people_paste_it(self) -> None:
        found = schema(
            '```\n- "first name": text,\n* e-mail: string;\n\n# a remark\nÄlter: int\n```'
        )
        assert list(found["properties"]) == ["first name", "e-mail", "Älter"]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("a: foo", "“foo” is no type I know"),
            ("a:", "its type is missing"),
            ("a: text|number", "one type, not several"),
            ("a: x||y", "one of the choices is empty"),
            ("a: text\na: number", "two fields called “a”"),
            ("a: text\nnonsense", "cannot read “nonsense”"),
            ("\n".join(f"f{n}: text" for n in range(51)), "up to 50 fields, not 51"),
        ],
    )
    def test_what_it_cannot_read_is_named(self, text: str, words: str) -> None:
        assert words in refusal(text)

    @given(st.text(max_size=300))
    @example("a: list of list of list of a|b")
    @example("a: ((((")
    def test_any_text_is_a_schema_or_refused_in_words(self, text: str) -> None:
        with suppress(BadInput):
            found = short_form.parse(text)
            Draft202012Validator.check_schema(found)
            assert found["additionalProperties"] is False


class TestBadSchemas:
    """Each with a clear word."""

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "no schema in that"),
            ("hello", "not valid JSON"),
            ('{"type": "object",', "not valid JSON (Expecting property name"),
            ('{"a": NaN}', "NaN is no JSON"),
            (
                with_field(type="integer", minimum=0, maximum=7).replace("7", "1e999"),
                "not valid JSON",
            ),
            (with_field(enum=[7]).replace("7", "-1e999"), "not valid JSON"),
            ("[1, 2]", "has to be a JSON object at the top"),
            ('"text"', "has to be a JSON object at the top"),
            ('{"name": "string"}', "has to describe an object at the top"),
            ('{"type": "array", "items": {"type": "string"}}', "has to describe an object"),
            (with_field(type="strng"), "There is no type “strng” (in `properties/a`)"),
            ('{"type": "object", "properties": {"a": 7}}', "`properties/a` has to be an object"),
            ('{"type": "object", "required": "a"}', "That is no JSON Schema: in `required`"),
            (with_field(**{"$ref": "http://host/x"}), "only follow references inside the schema"),
            (with_field(**{"$ref": "#/$defs/x"}), "leads to nothing"),
            (with_field(**{"$ref": "#/properties/a"}), "refers to itself again and again"),
            ('{"$ref": "#"}', "refers to itself again and again"),
            ('{"allOf": [{"anyOf": [{"$ref": "#"}]}]}', "refers to itself again and again"),
            (with_field(patternProperties={"a": {}}), "cannot use `patternProperties`"),
            (with_field(**{"$dynamicRef": "#a"}), "cannot use `$dynamicRef`"),
            (with_field(**{"$schema": "http://json-schema.org/draft-04/schema#"}), "at the top"),
            (with_field(**{"$id": "http://host/"}), "at the top"),
            (with_field(type="string", pattern="(a"), "unclosed group"),
            (with_field(type="string", pattern="(?=a)"), "look-around"),
            (with_field(type="string", pattern="a" * 301), "can have 300 characters, not 301"),
            (with_field(type="string", pattern=r"\w{1000}"), "size limit"),
            ('{"a":' * 60 + "1" + "}" * 60, "nested too deeply"),
            ("[" * 20_000, "nested too deeply"),
            ('{"x": "' + "y" * 1_000_000 + '"}', "1,000 kB large; I can use up to 32 kB"),
            (json.dumps({"properties": {f"p{n}": {} for n in range(500)}}), "more than 500 parts"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_is_refused_with_its_reason(self, text: str, words: str) -> None:
        assert words in refusal(text)

    @pytest.mark.parametrize(
        ("field", "words"),
        [
            (False, "`properties/a` allows nothing"),
            ({"not": {}}, "forbids everything"),
            ({"type": "integer", "minimum": 5, "maximum": 2}, "no number is both"),
            ({"type": "number", "minimum": 2, "exclusiveMaximum": 2}, "no number is both"),
            ({"type": "integer", "minimum": 1.2, "maximum": 1.8}, "no whole number between"),
            ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}, "no whole number"),
            (
                {"type": "string", "minLength": 3, "maxLength": 2},
                "minLength 3 is above maxLength 2",
            ),
            ({"enum": []}, "is empty"),
            ({"type": "string", "enum": [1, 2]}, "no value that `properties/a` lists"),
            ({"type": "integer", "const": True}, "no value that `properties/a` lists"),
            ({"anyOf": [False, {"not": True}]}, "`properties/a/anyOf/0` allows nothing"),
            ({"type": "array", "minItems": 1, "items": False}, "`properties/a/items` allows"),
            ({"type": "object", "required": ["b"], "additionalProperties": False}, "forbids"),
            ({"type": "object", "required": ["b", "c"], "maxProperties": 1}, "requires more"),
        ],
    )
    def test_impossible(self, field: object, words: str) -> None:
        found = refusal(
            json.dumps({"type": "object", "properties": {"a": field}, "required": ["a"]})
        )
        assert found.startswith("Nothing can fit that schema: ")
        assert words in found

    @pytest.mark.parametrize(
        "text",
        [
            '{"type": "object", "properties": {"a": false}}',
            with_field(type="integer", minimum=2, maximum=2),
            with_field(type="integer", enum=[1.0]),
            with_field(anyOf=[False, {"type": "string"}]),
            with_field(type="array", items=False),
            '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": true}}',
            '{"allOf": [{"$ref": "#/definitions/x"}], "definitions": {"x": {"type": "object"}}}',
            '{"$ref": "#/$defs/a~1b%20c", "$defs": {"a/b c": {"type": "object"}}}',
        ],
    )
    def test_odd_but_possible(self, text: str) -> None:
        assert reading.read(text).text

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "type",
                            "properties",
                            "a",
                            "$ref",
                            "items",
                            "anyOf",
                            "not",
                            "enum",
                            "minimum",
                            "required",
                            "pattern",
                            "$defs",
                            "const",
                            "additionalProperties",
                        ]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        )
    )
    def test_any_json_is_usable_or_refused_in_words(self, document: object) -> None:
        with suppress(BadInput):
            usable = reading.of(document)
            validation.problems(usable.document, {"a": [1]})


class TestGuards:
    """What would hang or blow up the bot is cheap to meet."""

    def test_a_pattern_that_hangs_re(self) -> None:
        usable = reading.read(with_field(type="string", pattern="^(a+)+$"))
        begun = time.perf_counter()
        [problem] = validation.problems(usable.document, {"a": "a" * 50_000 + "b"})
        assert time.perf_counter() - begun < 10
        assert problem.path == "a"
        assert not validation.problems(usable.document, {"a": "aaa"})
        assert patterns.matches("b", "abc"), "found anywhere, as JSON Schema has it"

    def test_references_that_multiply(self) -> None:
        parts = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 3} for n in range(10)}
        document = {
            "$defs": {**parts, "a10": {"type": "integer"}},
            "type": "object",
            "properties": {"x": {"$ref": "#/$defs/a0"}},
        }
        usable = reading.of(document)
        assert usable.grammar is None
        begun = time.perf_counter()
        with pytest.raises(BadInput, match="too tangled"):
            validation.problems(usable.document, {"x": 1})
        assert time.perf_counter() - begun < 20

    def test_a_long_chain_of_references(self) -> None:
        chain = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(100)}
        document = {"$defs": {**chain, "a100": {"type": "object"}}, "$ref": "#/$defs/a0"}
        assert "refers on and on" in refusal(json.dumps(document))

    @pytest.mark.parametrize(
        "step",
        [
            lambda after: {"type": "object", "properties": {"a": after}, "required": ["a"]},
            lambda after: {"type": "array", "items": after, "minItems": 1},
            lambda after: {"additionalProperties": after},
        ],
    )
    def test_references_that_lead_from_part_to_part(self, step: Callable[[object], object]) -> None:
        parts = {f"a{n}": step({"$ref": f"#/$defs/a{n + 1}"}) for n in range(248)}
        document = {"$defs": {**parts, "a248": {"type": "string"}}, "type": "object"}
        assert reading.of({**document, "properties": {"x": {"$ref": "#/$defs/a0"}}})
        # Whether the whole is an object is asked of all that speaks of it.
        with suppress(BadInput):
            reading.of({"$defs": document["$defs"], "$ref": "#/$defs/a0"})

    def test_the_largest_schema_is_read_in_a_blink(self) -> None:
        document = {
            "type": "object",
            "properties": {f"p{n}": {"type": "string"} for n in range(498)},
        }
        begun = time.perf_counter()
        reading.of(document)
        assert time.perf_counter() - begun < 20

    def test_a_recursive_schema_is_checked_but_not_forced(self) -> None:
        usable = reading.read(
            '{"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#"}}, '
            '"n": {"type": "integer"}}}'
        )
        assert usable.grammar is None
        value: dict = {"n": "x"}
        for _ in range(14):
            value = {"kids": [value]}
        [problem] = validation.problems(usable.document, value)
        assert str(problem) == f"at `{'kids[0].' * 14}n`: 'x' is not of type 'integer'"

    def test_nothing_is_fetched_and_no_other_draft_slips_in(self) -> None:
        usable = reading.read(
            '{"$schema": "http://json-schema.org/draft-04/schema#", "$id": "http://127.0.0.1:1/", '
            '"type": "object", "properties": {"a": {"exclusiveMinimum": 1}}}'
        )
        assert "127.0.0.1" not in usable.text
        assert validation.problems(usable.document, {"a": 1})


class TestProblems:
    """What does not fit is said with its place."""

    def test_in_the_schemas_order_at_most_five(self) -> None:
        usable = reading.read(
            "title: text, day: date, films: list of integer, n: 1|2, m: int, o: int"
        )
        found = validation.problems(
            usable.document, {"title": 1, "day": "soon", "films": [1, "x"], "n": 3, "q": 0}
        )
        assert [str(one) for one in found] == [
            "at `title`: 1 is not of type 'string'",
            "at `day`: 'soon' is not a 'date'",
            "at `films[1]`: 'x' is not of type 'integer'",
            "at `n`: 3 is not one of [1, 2]",
            "'m' is a required property",
        ]

    def test_true_is_no_number_and_long_texts_are_cut(self) -> None:
        usable = reading.read("n: integer, t: integer")
        first, second = validation.problems(usable.document, {"n": True, "t": "x" * 9_000})
        assert first.message == "True is not of type 'integer'"
        assert len(second.message) == 300

    def test_multiples_are_reckoned_as_they_are_written(self) -> None:
        price = {"type": ["number", "null", "boolean"], "multipleOf": 0.01}
        usable = reading.of({"type": "object", "properties": {"price": price}})
        for fits in (19.99, 0.3, 7, 10**250, None, True):
            assert not validation.problems(usable.document, {"price": fits})
        [problem] = validation.problems(usable.document, {"price": 0.005})
        assert str(problem) == "at `price`: 0.005 is not a multiple of 0.01"


class TestGrammar:
    """The form that engines are given: shape only, small, or none at all."""

    def test_references_are_written_out_and_words_left_out(self) -> None:
        usable = reading.of(
            {
                "title": "T",
                "type": "object",
                "properties": {
                    "a": {"$ref": "#/$defs/A", "description": "d"},
                    "b": {"type": ["string", "null"], "default": None, "pattern": "x"},
                    "c": {"oneOf": [{"const": 1}, {"type": "number", "minimum": 0}]},
                },
                "required": ["a"],
                "$defs": {
                    "A": {
                        "properties": {"t": {"type": "string", "maxLength": 5000, "minLength": 2}},
                        "uniqueItems": True,
                    }
                },
            }
        )
        assert usable.grammar == {
            "type": "object",
            "properties": {
                "a": {
                    "type": "object",
                    "properties": {"t": {"type": "string", "minLength": 2}},
                    "required": [],
                    "additionalProperties": False,
                },
                "b": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "c": {"anyOf": [{"enum": [1]}, {"type": "number", "minimum": 0}]},
            },
            "required": ["a"],
            "additionalProperties": False,
        }

    @pytest.mark.parametrize(
        "field",
        [
            {},
            True,
            {"type": "object"},
            {"type": "array"},
            {"type": "object", "properties": {"b": {"type": "null"}}, "additionalProperties": True},
            {"type": "object", "properties": {"b": {"type": "null"}}, "required": ["c"]},
            {"type": "array", "prefixItems": [{"type": "string"}]},
            {"allOf": [{"type": "string"}, {"maxLength": 3}]},
            {"type": "object", "properties": {"b": {"type": "null"}}, "if": {}, "then": {}},
            {"enum": [{"an": "object"}]},
            {"enum": [f"choice {n}" for n in range(101)]},
        ],
    )
    def test_what_engines_may_choke_on_is_only_checked(self, field: object) -> None:
        assert reading.of({"type": "object", "properties": {"a": field}}).grammar is None

    def test_a_large_schema_is_only_checked(self) -> None:
        assert reading.read(", ".join(f"f{n}: text" for n in range(50))).grammar
        document = {"type": "object", "properties": {f"p{n}": {"type": "null"} for n in range(90)}}
        assert reading.of(document).grammar is None
