# ruff: noqa: E501, SIM905 - sentences and word lists are data
"""The tools that the tiny model is trained on: canonical schemas, rewordings, invented results."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

Schema = dict[str, Any]


def tool(
    name: str, description: str, returned: tuple[str, str] | None = None, **args: Any
) -> Schema:
    """A schema whose arguments are all required strings; a value is a description or a schema."""
    properties = {
        key: {"type": "string", **({"description": value} if isinstance(value, str) else value)}
        for key, value in args.items()
    }
    function: Schema = {
        "name": name,
        "description": description,
        "parameters": {"type": "object", "properties": properties, "required": list(properties)},
    }
    if returned:
        function["return"] = {"type": returned[0], "description": returned[1]}
    return {"type": "function", "function": function}


_LOCATION = 'The location to get the temperature for, in the format "City, Country"'

TOOLS: dict[str, Schema] = {
    tool["function"]["name"]: tool
    for tool in (
        tool(
            "calculate",
            "Work out an arithmetic expression.",
            expression="The expression, such as (3 + 4) * 2.",
        ),
        tool("flip_coin", "Flip a coin."),
        tool(
            "get_current_temperature",
            "Get the current temperature at a location.",
            (
                "number",
                "The current temperature at the specified location in the specified units, "
                "as a float.",
            ),
            location=_LOCATION,
            unit={
                "enum": ["celsius", "fahrenheit"],
                "description": "The unit to return the temperature in.",
            },
        ),
        tool(
            "get_current_time",
            "Get the current date and time at a location.",
            location="A city or country.",
        ),
        tool(
            "get_current_wind_speed",
            "Get the current wind speed in km/h at a given location.",
            ("number", "The current wind speed at the given location in km/h, as a float."),
            location=_LOCATION,
        ),
        tool(
            "get_stock_fundamentals",
            "Get fundamental data for a stock symbol.",
            symbol="The stock symbol, such as TSLA.",
        ),
        tool("recall", "Look up what people asked you to remember.", query="What to look for."),
        tool("remember", "Keep a fact for later.", fact="The fact, in the user's own words."),
        tool("roll_dice", "Roll dice.", notation="The dice to roll, such as 2d6+1."),
        tool("web_search", "Search the web.", query="What to search for."),
    )
}

_WORDINGS: dict[str, tuple[str, ...]] = {
    "calculate": (
        "Calculate the value of an expression.",
        "Evaluate a mathematical expression exactly.",
    ),
    "flip_coin": ("Flip a coin: heads or tails.", "Toss a fair coin and tell the side."),
    "get_current_temperature": (
        "Tell how warm it is at a place now.",
        "The temperature at a location right now.",
    ),
    "get_current_time": ("Tell what time it is somewhere.", "The current local time of a place."),
    "get_current_wind_speed": (
        "Tell how strong the wind is at a place now.",
        "The wind speed at a location, in km/h.",
    ),
    "get_stock_fundamentals": (
        "Get fundamental data for a given stock symbol using yfinance API.",
        "Key figures of a company's stock.",
    ),
    "recall": ("Search the remembered facts.", "Find facts that were stored earlier."),
    "remember": (
        "Remember a fact for this server.",
        "Store a fact that someone asks you to remember.",
    ),
    "roll_dice": (
        "Roll dice in the usual notation and add them up.",
        "Throw dice, for example for a game.",
    ),
    "web_search": (
        "Search the internet and get the best results.",
        "Look something up on the web.",
    ),
}
_ARGUMENT_WORDINGS: dict[str, tuple[str, ...]] = {
    "expression": ("An arithmetic expression.", "What to calculate, for example 12 * 7."),
    "location": (
        "The city, or city and country.",
        "Where, for example Paris.",
        "The place to look up.",
    ),
    "symbol": ("The stock symbol.", "A ticker symbol."),
    "query": ("The words to look for.", "The search terms.", "What to find."),
    "fact": ("What to remember.", "The fact as one sentence."),
    "notation": ("Dice notation like 3d6.", "For example d20 or 4d8-2."),
    "unit": ("celsius or fahrenheit", "The unit of the answer."),
}


_OTHER_NAMES = {
    "calculate": "calculator compute evaluate_expression do_maths work_out math solve".split(),
    "flip_coin": "coin_flip toss_coin throw_coin coin_toss heads_or_tails".split(),
    "get_current_temperature": "temperature get_temperature current_temperature how_warm temperature_at".split(),
    "get_current_time": "time_now get_time local_time current_time clock world_clock".split(),
    "get_current_wind_speed": "wind_speed get_wind current_wind how_windy wind_at".split(),
    "get_stock_fundamentals": "stock_fundamentals fundamentals stock_data get_stock company_figures".split(),
    "recall": "look_up_facts get_notes search_memory find_facts read_notes".split(),
    "remember": "save_fact keep_fact store_note add_memory take_note".split(),
    "roll_dice": "dice dice_roll throw_dice roll cast_dice".split(),
    "web_search": "search_web search internet_search google search_online".split(),
}


def other_name(rng: Random, name: str) -> str:
    """A known tool's name, or what somebody else may call it."""
    return rng.choice(_OTHER_NAMES[name])


def reworded(rng: Random, tool: Schema) -> Schema:
    """A tool as it is, or described in other words, so that wording may change later."""
    tool = copy.deepcopy(tool)
    function = tool["function"]
    if rng.random() < 0.5:
        return tool
    if rng.random() < 0.7:
        function["description"] = rng.choice(
            _WORDINGS.get(function["name"], (function["description"],))
        )
    if rng.random() < 0.5:
        function.pop("return", None)
    for key, value in function["parameters"]["properties"].items():
        if rng.random() < 0.5 and key in _ARGUMENT_WORDINGS:
            value["description"] = rng.choice(_ARGUMENT_WORDINGS[key])
    return tool


# Tools that nobody knows: verb, noun, argument, description, two ways to ask.
_INVENTED = (
    ("play", "song", "title", "Play a song.", ("play the song {x}", "please play {x}")),
    (
        "translate",
        "word",
        "word",
        "Translate a word.",
        ("translate the word {x}", "please translate {x}"),
    ),
    (
        "find",
        "recipe",
        "dish",
        "Find a recipe for a dish.",
        ("find a recipe for {x}", "how do I cook {x}? find a recipe"),
    ),
    (
        "set",
        "lamp_colour",
        "colour",
        "Set the colour of the lamp.",
        ("set the lamp to {x}", "make the lamp {x}"),
    ),
    (
        "order",
        "pizza",
        "topping",
        "Order a pizza.",
        ("order a pizza with {x}", "I want a pizza with {x}"),
    ),
    (
        "open",
        "door",
        "room",
        "Open the door of a room.",
        ("open the door of the {x}", "open the {x} door"),
    ),
    (
        "get",
        "definition",
        "term",
        "Get the definition of a term.",
        ("define {x}", "what is the definition of {x}?"),
    ),
    (
        "create",
        "poll",
        "question",
        "Create a poll.",
        ("create a poll about {x}", "start a poll: {x}"),
    ),
    (
        "send",
        "message",
        "person",
        "Send a message to a person.",
        ("send a message to {x}", "write a message to {x}"),
    ),
    (
        "book",
        "table",
        "restaurant",
        "Book a table.",
        ("book a table at {x}", "reserve a table at {x}"),
    ),
    (
        "show",
        "picture",
        "subject",
        "Show a picture of something.",
        ("show me a picture of {x}", "show a picture of {x}"),
    ),
    ("start", "timer", "label", "Start a timer.", ("start a timer for {x}", "start the {x} timer")),
    (
        "get",
        "train_times",
        "station",
        "Get the next trains at a station.",
        ("when do trains leave {x}?", "next trains at {x}"),
    ),
    (
        "get",
        "player_stats",
        "player",
        "Get the figures of a player.",
        ("show the stats of {x}", "get player stats for {x}"),
    ),
    (
        "rate",
        "film",
        "film",
        "Get the rating of a film.",
        ("how good is the film {x}?", "rate the film {x}"),
    ),
    ("feed", "pet", "pet", "Feed a pet.", ("feed {x}", "please feed my pet {x}")),
)


_VERBS = (
    "paint clean lift count weigh sell buy sketch polish wash repair move lock measure name rent "
    "borrow fold throw bake mix test sort label pack watch ride build hide wrap"
).split()
_NOUNS = (
    "chair bottle engine basket carpet guitar bucket ticket tower tunnel fountain statue ladder "
    "camera sofa cupboard wagon tent barrel candle kite scarf puzzle drawer fence piano garage "
    "shelf lantern sledge harbour stage"
).split()
_ARGUMENTS = "label size place colour reason day maker style room target model".split()
_MADE_ASKS = (
    "{v} the {n} {{x}}", "please {v} {{x}}", "{v} {{x}}", "can you {v} the {n} {{x}}?", "{v} a {n} for {{x}}", "I want you to {v} {{x}}", "{v} me a {n}: {{x}}", "would you {v} the {n} of {{x}}?",
    "{n} {{x}}: {v} it", "my {n} is {{x}}, {v} it please",
)  # fmt: skip


def _made(rng: Random) -> tuple[str, str, str, str, tuple[str, ...]]:
    """A tool that exists nowhere: its block has to be read."""
    verb, noun, argument = rng.choice(_VERBS), rng.choice(_NOUNS), rng.choice(_ARGUMENTS)
    description = rng.choice(("{} a {}.", "{} the {}.", "{} a {} for somebody."))
    asks = rng.sample(_MADE_ASKS, 3)
    return (
        verb,
        noun,
        argument,
        description.format(verb.capitalize(), noun),
        tuple(ask.format(v=verb, n=noun) for ask in asks),
    )


def invented(rng: Random) -> tuple[Schema, str, tuple[str, ...]]:
    """A tool outside the canonical ones: its schema, its argument, and ways to ask for it."""
    known = rng.random() < 0.7
    verb, noun, argument, description, asks = rng.choice(_INVENTED) if known else _made(rng)
    name = rng.choice(
        (f"{verb}_{noun}", f"{noun}_{verb}", f"{verb}_the_{noun}", f"my_{noun}_{verb}")
    )
    return tool(name, description, **{argument: f"The {argument}."}), argument, asks
