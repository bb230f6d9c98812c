"""`@tool`: what a method has to be, what it is called with, and what is said when it cannot be."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from bot.errors import UserError, explain
from bot.tools.context import ToolContext
from bot.tools.tool import Tool, ToolDefinitionError, ToolError, tool, tools_of

HERE = ToolContext(conversation="1", asker="7", name="Ada")


class Unit(Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


class Place(BaseModel):
    city: str
    country: str = "France"


class Weather:
    """Like a cog: some methods are tools, and nothing else is."""

    degrees = 21

    @tool
    async def warmth(self, city: str, days: int = 1) -> int:
        """Say how warm it is.

        Args:
            city: Where.
            days: How many.
        """
        return self.degrees * days

    @tool(reaches_out=True, shows="weather: {city} in {unit}", timeout=5, name="get-weather")
    async def _report(self, context: ToolContext, city: str, unit: Unit | None = None) -> str:
        """Report the weather.

        Args:
            city: Where.
            unit: In which unit.
        """
        if city == "Atlantis":
            raise ToolError("There is no place called Atlantis.")
        return f"{context.name} asks for {city} in {unit}"

    @tool(changes=True, needs_discord=True)
    async def travel(
        self,
        stops: list[Place],
        pair: tuple[int, str],
        price: float = 1.0,
        seats: Annotated[int, Field(ge=1)] = 1,
        level: Literal[1, 2] = 1,
        notes: dict[str, Any] | None = None,
    ) -> str:
        """Book a journey.

        Args:
            stops: All places.
            pair: Two things.
            price: In euros.
            seats: How many.
            level: First or second.
            notes: Anything.
        """
        return repr((stops, pair, price, seats, level, notes))

    @property
    def careful(self) -> str:
        raise RuntimeError("nobody asked")

    async def helper(self, x: int) -> int:
        return x


def named(name: str, owner: object | None = None) -> Tool:
    return {one.name: one for one in tools_of(owner or Weather())}[name]


def test_marked_methods_are_tools_sorted_by_name():
    assert [one.name for one in tools_of(Weather())] == ["get-weather", "travel", "warmth"]
    assert tools_of(object()) == ()


def test_what_the_decorator_says_is_kept():
    report, travel, warmth = tools_of(Weather())
    assert (report.reaches_out, report.changes, report.needs_discord) == (True, False, False)
    assert (travel.reaches_out, travel.changes, travel.needs_discord) == (False, True, True)
    assert (report.timeout, warmth.timeout) == (5, 20)


def test_the_schema_names_the_tool_and_leaves_the_context_out():
    schema = named("get-weather").schema
    assert schema["type"] == "function"
    assert schema["function"]["name"] == "get-weather"
    assert list(schema["function"]["parameters"]["properties"]) == ["city", "unit"]
    assert schema["function"]["parameters"]["required"] == ["city"]


def test_the_schema_is_the_same_text_each_time():
    first, second = ([one.schema for one in tools_of(Weather())] for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


async def test_a_marked_method_is_still_a_method():
    assert await Weather().warmth("Paris", 2) == 42


async def test_a_call_binds_by_name_and_leaves_defaults_alone():
    warmth = named("warmth")
    assert await warmth.call(HERE, {"days": 2, "city": "Paris"}) == 42
    assert await warmth.call(HERE, {"city": "Paris"}) == 21


async def test_the_method_knows_who_asks_and_gets_members_of_its_enum():
    report = named("get-weather")
    answer = await report.call(HERE, {"city": "Paris", "unit": "f"})
    assert answer == "Ada asks for Paris in Unit.FAHRENHEIT"
    assert await report.call(HERE, {"city": "Paris", "unit": None}) == "Ada asks for Paris in None"


async def test_models_and_tuples_arrive_as_what_the_hints_say():
    given = {"stops": [{"city": "Lyon"}], "pair": [1, "a"], "notes": {"a": [1.5, None]}}
    answer = await named("travel").call(HERE, given)
    stops = [Place(city="Lyon", country="France")]
    assert answer == repr((stops, (1, "a"), 1.0, 1, 1, {"a": [1.5, None]}))


async def test_a_whole_number_with_a_fraction_of_zero_is_a_whole_number():
    answer = await named("warmth").call(HERE, {"city": "Paris", "days": 2.0})
    assert (answer, type(answer)) == (42, int)


async def test_large_numbers_stay_exact():
    assert await named("warmth").call(HERE, {"city": "x", "days": 2**60 + 1}) == 21 * (2**60 + 1)


TRIP: dict[str, Any] = {"stops": [], "pair": [1, "a"]}


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("warmth", {}, "The argument “city” is missing."),
        ("warmth", {"city": "a", "town": "b"}, "no argument “town”. It takes “city”, “days”."),
        ("warmth", {"city": 5}, "“city” does not fit: Input should be a valid string."),
        ("warmth", {"city": "a", "days": "2"}, "“days” does not fit"),
        ("warmth", {"city": "a", "days": True}, "“days” does not fit"),
        ("warmth", {"city": "a", "days": 1.5}, "“days” does not fit"),
        ("warmth", {"city": "a", "days": None}, "“days” does not fit"),
        ("warmth", {"city": "a", "self": 1}, "no argument “self”"),
        ("get-weather", {"city": "a", "context": {}}, "no argument “context”"),
        ("get-weather", {"city": "a", "unit": "kelvin"}, "should be 'c' or 'f'"),
        ("travel", {**TRIP, "stops": [{"city": 1}]}, "“stops.0.city” does not fit"),
        ("travel", {**TRIP, "pair": [1]}, "“pair.1” does not fit"),
        ("travel", {**TRIP, "seats": 0}, "“seats” does not fit"),
        ("travel", {**TRIP, "level": 3}, "“level” does not fit"),
        ("travel", {**TRIP, "price": "1"}, "“price” does not fit"),
    ],
)
async def test_a_call_that_does_not_fit_is_refused_in_words(
    name: str, given: dict[str, Any], says: str
):
    with pytest.raises(ToolError) as caught:
        await named(name).call(HERE, given)
    assert f"“{name}” cannot be called like that." in caught.value.text
    assert says in caught.value.text


async def test_a_tools_own_words_reach_the_user():
    with pytest.raises(UserError) as caught:
        await named("get-weather").call(HERE, {"city": "Atlantis"})
    assert explain(caught.value).text == "There is no place called Atlantis."


@pytest.mark.parametrize(
    ("name", "arguments", "line"),
    [
        ("warmth", {"city": "Paris"}, "warmth"),
        ("get-weather", {"city": "Paris", "unit": "c"}, "weather: Paris in c"),
        ("get-weather", {"city": "Paris", "unit": None}, "weather: Paris in"),
        ("get-weather", {}, "weather: in"),
        ("get-weather", {"city": ["a", "b"], "unit": 5}, "weather: a, b in 5"),
        ("get-weather", {"city": "a\n\n{unit}", "unit": "\t"}, "weather: a {unit} in"),
    ],
)
def test_the_line_while_it_runs(name: str, arguments: dict[str, Any], line: str):
    assert named(name).line(arguments) == line


def test_the_line_stays_short_and_is_never_empty():
    assert len(named("get-weather").line({"city": "x" * 5000})) <= 120
    made = Tool("look_up", {}, named("warmth").call, shows="{what}")
    assert made.line({}) == "look up"
    assert made.line({"what": "stars"}) == "stars"


class Faulty:
    """Each of these is wrong in one way, or is marked in a wrong way."""

    async def silent(self, x: int) -> int: ...

    async def unhinted(self, x):
        """Do it.

        Args:
            x: This.
        """

    async def undocumented(self, x: int):
        """Do it."""

    def blocking(self):
        """Do it."""

    async def anything(self, **options: int):
        """Do it.

        Args:
            options: These.
        """

    async def positional(self, x: int, /):
        """Do it.

        Args:
            x: This.
        """

    async def fine(self, x: int):
        """Do it.

        Args:
            x: This.
        """


@pytest.mark.parametrize(
    ("method", "options", "says"),
    [
        ("silent", {}, "has no docstring. Say in one what it does"),
        ("unhinted", {}, "“x” has no type hint. Write `x: str`"),
        ("undocumented", {}, "does not describe “x”. Below `Args:` write `x: `"),
        ("blocking", {}, "has to be async. Write `async def`"),
        ("anything", {}, "“options” stands for any arguments. Name each"),
        ("positional", {}, "“x” is only taken by position. Leave out the `/`"),
        ("fine", {"name": "two words"}, "“two words” cannot be a tool's name. Use"),
        ("fine", {"shows": "{y}"}, "field “y” that is no argument's plain name"),
        ("fine", {"shows": "{x.real}"}, "field “x.real”"),
        ("fine", {"shows": "{x:>9}"}, "field “x”"),
        ("fine", {"shows": "{"}, "cannot be read"),
        ("fine", {"timeout": 0}, "timeout of 0 seconds"),
    ],
)
def test_a_wrong_definition_says_where_and_what_to_do(
    method: str, options: dict[str, Any], says: str
):
    marked = tool(**options)(getattr(Faulty, method))
    owner = type("Marked", (), {method: marked})()
    with pytest.raises(ToolDefinitionError) as caught:
        tools_of(owner)
    assert str(caught.value).startswith(f"Faulty.{method}: ")
    assert says in str(caught.value)


def test_two_tools_of_one_name_are_refused():
    class Twice:
        @tool
        async def look(self):
            """Look."""

        @tool(name="look")
        async def see(self):
            """See."""

    with pytest.raises(ToolDefinitionError, match=r"Twice\.see: .*two tools called “look”"):
        tools_of(Twice())


def test_hints_under_type_checking_are_named():
    class Hidden:
        @tool
        async def look(self, where: Elsewhere):  # noqa: F821
            """Look.

            Args:
                where: There.
            """

    with pytest.raises(ToolDefinitionError, match=r"Hidden\.look: .*“Elsewhere”.*TYPE_CHECKING"):
        tools_of(Hidden())
