"""What a function's schema is: as transformers makes it, and what this project adds to that."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType

from bot.prompts import tool_use
from bot.schemas import validation
from bot.tools.schema import ToolDefinitionError, schema_of

GOLDEN = Path(__file__).with_name("golden") / "function_schemas.json"
CASES = json.loads(GOLDEN.read_text("utf-8"))["cases"]

# Where transformers is not followed, and what is done instead.
WITHOUT_RETURN = "return_none"  # a "null" makes the official template run for ever
REFUSED = "var_kwargs"  # one argument called "kwargs" is not what was meant


def answer(function: Any) -> dict[str, Any]:
    try:
        return {"schema": schema_of(function)}
    except ToolDefinitionError as error:
        return {"error": str(error)}


def parameters(function: Any) -> dict[str, Any]:
    return schema_of(function)["function"]["parameters"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_golden(case: dict[str, Any]):
    names: dict[str, Any] = {}
    exec(case["python_source"], names)
    found = answer(eval(case["expression"], names))
    expected = case["expected"]
    if case["id"] == WITHOUT_RETURN:
        del expected["schema"]["function"]["return"]
    if case["id"] == REFUSED:
        assert "“kwargs” stands for any arguments" in found["error"]
    elif "error" in found:
        assert "error" in expected
    else:
        assert found in (expected, case.get("accept_also"))


GOOGLE = """Say how warm it is.

    Longer words about it.

    Args:
        city (str, optional): Where, with the
            country behind it.
        days: How many days:
            at most ten.

    Returns:
        int: degrees
        in the shade

    Raises:
        ValueError: never
    """
NUMPY = """Say how warm it is.

    Longer words about it.

    Parameters
    ----------
    city : str, optional
        Where, with the
        country behind it.
    days : {1, 2}
        How many days:
        at most ten.

    Returns
    -------
    int
        degrees in the shade

    Raises
    ------
    ValueError
        never
    """
SPHINX = """Say how warm it is.

    Longer words about it.

    :param str city: Where, with the
        country behind it.
    :type city: str
    :param days: How many days: at most ten.
    :raises ValueError: never
    :returns: degrees in the shade
    :rtype: int
    """


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_the_three_styles_of_docstrings_say_the_same(text: str):
    def warmth(city: str, days: int = 1) -> int: ...

    warmth.__doc__ = text
    made = schema_of(warmth)["function"]
    assert made["description"] == "Say how warm it is.\n\nLonger words about it."
    properties = made["parameters"]["properties"]
    assert properties["city"]["description"] == "Where, with the country behind it."
    assert properties["days"]["description"] == "How many days: at most ten."
    assert "degrees" in made["return"]["description"]
    assert "in the shade" in made["return"]["description"]
    assert "never" not in json.dumps(made)
    assert made["parameters"]["required"] == ["city"]


def test_numpy_arguments_may_share_a_description():
    def move(x: int, y: int):
        """Move.

        Parameters
        ----------
        x, y : int
            Steps.
        """

    properties = parameters(move)["properties"]
    assert properties["x"] == properties["y"] == {"type": "integer", "description": "Steps."}


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("Move.\n\nArgs:\nx: Steps.\nReturns:\nWhere.", "Steps."),
        ("Move.\n\nArgs:\n    x: Steps.\n\nThat was all.", "Steps."),
        ("Move.\n\nReturns:\n    Where.\n\nArgs:\n    x: Steps.", "Steps."),
        (
            "Move.\n\nArgs:\n    x: One of:\n        near: 1\n        far: 2",
            "One of: near: 1 far: 2",
        ),
        ("Move.\n\nArgs:\n    x:\n        Steps.", "Steps."),
        ("Move.\n\nArgs:\n    x: Steps.\n    other: Not there.", "Steps."),
        ("Move.\n\nArgs:\n    x: Steps.\n\nExample:\n    move(1)", "Steps."),
        ("Move.\n\nArgs:\n    x: Steps.\n\nExamples\n--------\nmove(1)", "Steps."),
        ("Move.\n\nArguments:\n    x : Steps.", "Steps."),
        ("Move.\n\n:param x: Steps.\n\nThat was all.", "Steps."),
    ],
)
def test_docstrings_as_people_write_them(text: str, described: str):
    def move(x: int) -> int: ...

    move.__doc__ = text
    made = schema_of(move)["function"]
    assert made["description"] == "Move."
    assert made["parameters"]["properties"]["x"]["description"] == described


def test_what_stands_below_the_result_is_said_about_it():
    def move() -> int:
        """Move.

        Returns:
            Where.

        Example:
            move()

        Raises:
            ValueError: never
        """

    assert schema_of(move)["function"]["return"]["description"] == "Where.\n\nExample:\n    move()"


def test_a_description_keeps_its_indentation():
    def move():
        """Move:
        - a step
          at least
        """

    def rest():
        """
        Rest:
          one hour
        """

    assert schema_of(move)["function"]["description"] == "Move:\n- a step\n  at least"
    assert schema_of(rest)["function"]["description"] == "Rest:\n  one hour"


class Unit(Enum):
    """Never shown: the docstring of the function says it."""

    CELSIUS = "c"
    FAHRENHEIT = "f"


class Day(BaseModel):
    """One day."""

    title: str
    unit: Unit = Unit.CELSIUS
    rain: float | None = Field(None, ge=0, description="In litres.")


class Journey(BaseModel):
    days: list[Day]
    kind: Literal["business"]
    first: Day | None = None


class Chain(BaseModel):
    inner: list[Chain]


HINTS: list[tuple[Any, dict[str, Any]]] = [
    (Unit, {"type": "string", "enum": ["c", "f"]}),
    (Unit | None, {"type": "string", "enum": ["c", "f"], "nullable": True}),
    (Literal["a", 1], {"type": ["string", "integer"], "enum": ["a", 1]}),
    (Literal["a", None], {"type": "string", "enum": ["a", None], "nullable": True}),
    (Literal["a"] | int, {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "integer"}]}),
    (bool | int | str | None, {"type": ["boolean", "integer", "string"], "nullable": True}),
    (TypeAliasType("Near", Literal["a", "b"]), {"type": "string", "enum": ["a", "b"]}),
    (list | tuple, {"type": "array"}),
    (list | tuple | dict | None, {"type": ["array", "object"], "nullable": True}),
    (list, {"type": "array"}),
    (dict, {"type": "object"}),
    (Annotated[int, Field(ge=1, le=9)], {"type": "integer", "minimum": 1, "maximum": 9}),
    (
        Annotated[float, Field(gt=0, lt=1)],
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    ),
    (
        Annotated[str, Field(min_length=1, max_length=5)],
        {"type": "string", "minLength": 1, "maxLength": 5},
    ),
    (Annotated[str, Field(pattern="^a")], {"type": "string", "pattern": "^a"}),
    (
        Annotated[list[str], Field(min_length=2)],
        {"type": "array", "items": {"type": "string"}, "minItems": 2},
    ),
    (Annotated[int | None, Field(ge=1)], {"type": "integer", "nullable": True, "minimum": 1}),
    (Annotated[int, Field(ge=1)] | None, {"type": "integer", "minimum": 1, "nullable": True}),
    (
        list[Annotated[str, Field(max_length=3, description="One of them.")]],
        {
            "type": "array",
            "items": {"type": "string", "maxLength": 3, "description": "One of them."},
        },
    ),
]


@pytest.mark.parametrize(("hint", "expected"), HINTS, ids=[str(hint) for hint, _ in HINTS])
def test_hints_beyond_the_golden_ones(hint: Any, expected: dict[str, Any]):
    def take(x: int):
        """Take it.

        Args:
            x: This.
        """

    take.__annotations__["x"] = hint
    assert parameters(take)["properties"]["x"] == {**expected, "description": "This."}


def test_a_model_is_written_out_without_references_titles_and_defaults():
    def plan(journey: Journey):
        """Plan it.

        Args:
            journey: All of it.
        """

    day = {
        "description": "One day.",
        "properties": {
            "title": {"type": "string"},
            "unit": {"description": Unit.__doc__, "enum": ["c", "f"], "type": "string"},
            "rain": {
                "type": "number",
                "minimum": 0,
                "nullable": True,
                "description": "In litres.",
            },
        },
        "required": ["title"],
        "type": "object",
    }
    assert parameters(plan)["properties"]["journey"] == {
        "properties": {
            "days": {"items": day, "type": "array"},
            "kind": {"enum": ["business"], "type": "string"},
            "first": {**day, "nullable": True},
        },
        "required": ["days", "kind"],
        "type": "object",
        "description": "All of it.",
    }


def test_a_field_may_describe_an_argument_instead_of_the_docstring():
    def take(x: Annotated[int, Field(description="How many.")], y: Annotated[int, Field(ge=1)]):
        """Take it.

        Args:
            y: This.
        """

    properties = parameters(take)["properties"]
    assert properties["x"] == {"type": "integer", "description": "How many."}
    assert properties["y"] == {"type": "integer", "minimum": 1, "description": "This."}


@pytest.mark.parametrize(
    ("hint", "text", "expected"),
    [
        (
            str,
            'Pick. (choices: ["a", " b (c) "])',
            {"enum": ["a", "b (c)"], "description": "Pick."},
        ),
        (int, "Pick. (choices: [1, 2])", {"enum": [1, 2], "description": "Pick."}),
        (str | None, 'Pick. (Choices:["a"])', {"enum": ["a"], "description": "Pick."}),
        (str, '(choices: ["a"])', {"enum": ["a"], "description": ""}),
        (str, 'Pick (choices: ["a"]) one.', {"description": 'Pick (choices: ["a"]) one.'}),
    ],
)
def test_choices_at_the_end_of_a_description(hint: Any, text: str, expected: dict[str, Any]):
    def take(x: str): ...

    take.__doc__ = f"Take it.\n\nArgs:\n    x: {text}"
    take.__annotations__["x"] = hint
    found = parameters(take)["properties"]["x"]
    assert {key: found[key] for key in found if key not in ("type", "nullable")} == expected


@pytest.mark.parametrize(
    ("hint", "text", "says"),
    [
        (str, "Pick. (choices: [])", "no JSON list"),
        (str, 'Pick. (choices: {"a": 1})', "no JSON list"),
        (str, "Pick. (choices: [1, 2])", "not of its type"),
        (list[str], 'Pick. (choices: ["a"])', "not of its type"),
        (int, "", "does not describe “x”"),
        (Chain, "It.", "Chain contains itself"),
        (bytes, "It.", "nothing like bytes"),
        (set[str], "It.", "nothing like set[str]"),
        (tuple[int, ...], "It.", "write list[...]"),
        (Literal[b"a"], "It.", "not text, numbers or booleans"),
        (Annotated[str, Field(pattern="(?=a)")], "It.", "look-around"),
        ("Missing", "It.", "“Missing”, which is not known"),
    ],
)
def test_what_cannot_be_described_is_refused_with_what_to_do(hint: Any, text: str, says: str):
    def take(x: str): ...

    take.__doc__ = f"Take it.\n\nArgs:\n    x: {text}"
    take.__annotations__["x"] = hint
    with pytest.raises(ToolDefinitionError, match=r"^take: ") as caught:
        schema_of(take)
    assert says in str(caught.value)


def test_a_field_as_default_is_refused():
    def take(x: int = Field(3, ge=1)):
        """Take it.

        Args:
            x: This.
        """

    with pytest.raises(ToolDefinitionError, match="Write `x: Annotated"):
        schema_of(take)


def test_a_result_that_json_does_not_know_is_not_promised():
    def give() -> set[int]:
        """Give it."""

    assert "return" not in schema_of(give)["function"]


def everything(
    text: str,
    unit: Unit,
    day: Day,
    days: list[Day],
    scores: dict[str, int],
    pair: tuple[int, str],
    either: int | str,
    often: Annotated[int, Field(ge=1)] = 1,
    size: Literal["s", "m"] | None = None,
) -> dict[str, float]:
    """Take all.

    Args:
        text: A.
        unit: B.
        day: C.
        days: D.
        scores: E.
        pair: F.
        either: G.
        often: H.
        size: I.
    """
    raise NotImplementedError


def test_schemas_are_rendered_for_the_model_the_same_each_time():
    text = tool_use.system_text([schema_of(everything)])
    assert tool_use.system_text([schema_of(everything)]) == text
    (signature, _) = text.split(" - Take all.", 1)
    assert signature.endswith(
        "everything(text: str, unit: str, day: dict, days: list[Union[]], scores: dict[str, int], "
        "pair: list[Union[]], either: Union[int,str], often: int, size: str) -> dict[str, float]"
    )
    assert "Any" not in text
    assert list(parameters(everything)) == ["type", "properties", "required"]
    assert list(parameters(everything)["properties"]["size"]) == [
        *("type", "enum", "nullable", "description")
    ]


def test_schemas_are_json_schemas_that_values_can_be_checked_against():
    schema = parameters(everything)
    validation.check_schema(schema)
    value = {
        "text": "a",
        "unit": "c",
        "day": {"title": "Monday"},
        "days": [],
        "scores": {"a": 1},
        "pair": [1, "a"],
        "either": "a",
    }
    assert validation.problems(schema, value) == []
    wrong = {**value, "unit": "x", "often": 0, "day": {"unit": "c"}}
    assert [one.path for one in validation.problems(schema, wrong)] == ["unit", "day", "often"]
