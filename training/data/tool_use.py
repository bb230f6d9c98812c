# ruff: noqa: E501 - sentences and word lists are data
"""Requests that need a tool: what is asked, the call, the result, the answer with the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from bot.prompts.messages import ToolCall
from training.data import words
from training.data.asking import WAYS
from training.data.held import TOOL_ASKS
from training.data.phrases import say
from training.data.smalltalk import casual


@dataclass(frozen=True, slots=True)
class Request:
    """One request for one tool. `missing` is the honest answer where the tool is not offered."""

    ask: str
    call: ToolCall
    content: Any
    answer: str
    missing: str


ERRORS = (
    "not found", "timed out", "service unavailable", "rate limited", "unknown location", "no data",
    "connection refused", "invalid notation", "division by zero", "permission denied", "quota exceeded", "not available",
)  # fmt: skip


def _ask(rng: Random, name: str, held: bool) -> str:
    """A way to ask for a tool, its slots still open."""
    return rng.choice(TOOL_ASKS[name]) if held else say(rng, WAYS[name])


def _place(rng: Random, held: bool) -> str:
    return words.place(rng, held=True) if held else words.hard_place(rng)


def _dice(rng: Random, held: bool) -> Request:
    count = rng.choice((1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 12))
    sides = rng.choice((4, 6, 6, 8, 10, 12, 20, 20, 100, rng.randrange(2, 200)))
    bonus = rng.choice((0, 0, 0, rng.randrange(1, 20), -rng.randrange(1, 10)))
    notation = f"{count if count > 1 or rng.random() < 0.6 else ''}d{sides}" + (
        f"{bonus:+d}" if bonus else ""
    )
    rolls = [rng.randint(1, sides) for _ in range(count)]
    total = sum(rolls) + bonus
    ask = _ask(rng, "roll_dice", held).format(notation)
    if not held and rng.random() < 0.15:
        count, sides, bonus = rng.randint(1, 4), rng.choice((4, 6, 6, 6, 8, 10, 12, 20)), 0
        die = "dice" if count > 1 else "die"
        number = ("a", "two", "three", "four")[count - 1]
        plain = {
            6: "",
            4: "four-sided ",
            8: "eight-sided ",
            10: "ten-sided ",
            12: "twelve-sided ",
            20: "twenty-sided ",
        }[sides]
        ask = rng.choice(
            ("roll {}", "roll {} please", "can you roll {}?", "throw {}", "please roll {} for me")
        ).format(f"{number} {plain}{die}")
        if count == 1 and sides == 6 and rng.random() < 0.5:
            ask = rng.choice(
                ("roll the dice", "roll the die", "throw the dice", "roll dice", "roll a dice")
            )
        notation = f"{count}d{sides}"
        rolls = [rng.randint(1, sides) for _ in range(count)]
        total = sum(rolls)
    content: Any = {"notation": notation, "rolls": rolls, "total": total}
    if rng.random() < 0.15:
        content = rng.choice((total, {"total": total}, {"rolls": rolls, "total": total}))
    answer = f"You rolled {notation} and got {total}."
    return Request(
        ask, ToolCall("roll_dice", {"notation": notation}), content, answer,
        "I cannot roll dice here: I have no tool for that.",
    )  # fmt: skip


_OPERATORS = (
    ("+", ("plus", "and")),
    ("-", ("minus",)),
    ("*", ("times", "multiplied by")),
    ("/", ("divided by", "over")),
)


def _number(rng: Random) -> str:
    return words.money(rng) if rng.random() < 0.15 else str(words.number(rng, 4))


def _calculate(rng: Random, held: bool) -> Request:
    roll = rng.random() if held or rng.random() < 0.8 else rng.choice((0.0, 0.92, 0.97, 0.97))
    a, b = _number(rng), _number(rng)
    sign, names = rng.choice(_OPERATORS)
    if roll < 0.4:
        expression, said = (
            f"{a} {sign} {b}",
            f"{a} {rng.choice(names[:1] if held else names[:1] * 3 + names)} {b}",
        )
        if said.split()[1] == "and":
            said = f"the sum of {a} and {b}"
    elif roll < 0.6:
        said = expression = f"{a} {sign} {b}" if rng.random() < 0.6 else f"{a}{sign}{b}"
    elif roll < 0.9:
        parts, depth = [_number(rng)], rng.randint(1, 3)
        gap = rng.choice(("", " "))
        for _ in range(depth):
            parts.append(f"{gap}{rng.choice('+-*/')}{gap}{_number(rng)}")
        if depth > 1 and rng.random() < 0.6:
            parts[0] = "(" + parts[0]
            parts[1] += ")"
        said = expression = "".join(parts)
    elif roll < 0.95:
        expression, said = f"sqrt({a})", f"the square root of {a}"
    else:
        expression, said = f"{b} * {a} / 100", f"{a} percent of {b}"
    result = rng.choice(
        (
            str(words.number(rng, 6)),
            f"{words.number(rng, 4)}.{words.number(rng, 4)}",
            f"-{words.number(rng, 4)}",
        )
    )
    content: Any = {
        "expression": expression,
        "result": float(result) if "." in result else int(result),
    }
    result = str(content["result"])
    if rng.random() < 0.2:
        content = content["result"]
    return Request(
        _ask(rng, "calculate", held).format(said), ToolCall("calculate", {"expression": expression}), content, f"{expression} is {result}.",
        "That is too much for me without a calculator tool.",
    )  # fmt: skip


def _temperature(rng: Random, held: bool) -> Request:
    place = _place(rng, held)
    unit = "fahrenheit" if rng.random() < 0.3 else "celsius"
    said = {
        "celsius": rng.choice(("", "", "", " in celsius", " in degrees celsius")),
        "fahrenheit": rng.choice((" in fahrenheit", " in degrees fahrenheit", " in Fahrenheit")),
    }[unit]
    value = round(rng.uniform(-30, 45), 1) if rng.random() < 0.8 else rng.randrange(-20, 110)
    content: Any = (
        {"location": place, "temperature": value, "unit": unit} if rng.random() < 0.7 else value
    )
    return Request(
        _ask(rng, "get_current_temperature", held).format(p=place, u=said),
        ToolCall("get_current_temperature", {"location": place, "unit": unit}), content,
        f"It is {value} degrees {unit.capitalize()} in {place}.", "I cannot look up temperatures here: I have no tool for that.",
    )  # fmt: skip


def _wind(rng: Random, held: bool) -> Request:
    place = _place(rng, held)
    value = round(rng.uniform(0, 120), 1) if rng.random() < 0.8 else rng.randrange(120)
    content: Any = rng.choice(
        (
            value,
            {"location": place, "wind_speed": value, "unit": "km/h"},
            {"location": place, "wind_speed": value},
        )
    )
    return Request(
        _ask(rng, "get_current_wind_speed", held).format(p=place), ToolCall("get_current_wind_speed", {"location": place}), content,
        f"The wind in {place} blows at {value} km/h.", "I cannot look up the wind here: I have no tool for that.",
    )  # fmt: skip


def _time(rng: Random, held: bool) -> Request:
    place = _place(rng, held)
    time = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}"
    date = f"{rng.randrange(2024, 2032)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
    content: Any = {"location": place, "time": time, "date": date}
    if rng.random() < 0.3:
        content = rng.choice(
            (
                time,
                {"location": place, "time": time},
                {"location": place, "time": time, "date": date, "timezone": "UTC"},
            )
        )
    return Request(
        _ask(rng, "get_current_time", held).format(p=place), ToolCall("get_current_time", {"location": place}), content,
        f"It is {time} in {place}.", "I cannot look up the time here: I have no tool for that.",
    )  # fmt: skip


_SECTORS = (
    "Technology",
    "Energy",
    "Healthcare",
    "Utilities",
    "Basic Materials",
    "Consumer Cyclical",
    "Financial Services",
    "Real Estate",
    "Industrials",
)


def _stock(rng: Random, held: bool) -> Request:
    symbol = "".join(
        rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(rng.choice((1, 2, 3, 3, 4, 4, 5)))
    )
    if not held and rng.random() < 0.2:
        symbol = rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    company = words.invented(rng, held=held) + rng.choice(
        (", Inc.", " Inc.", " Corp", " Group", " AG", " Ltd", " Holdings", "")
    )
    ratio = round(rng.uniform(2, 120), rng.randint(1, 4))
    cap = rng.randrange(10**6, 10 ** rng.randint(8, 13))
    sector = rng.choice(_SECTORS)
    content: dict[str, Any] = {"symbol": symbol, "company_name": company, "sector": sector}
    if rng.random() < 0.6:
        content["industry"] = (
            f"{words.word(rng).capitalize()} {rng.choice(('Makers', 'Services', 'Software', 'Retail'))}"
        )
    content |= {"market_cap": cap, "pe_ratio": ratio}
    if rng.random() < 0.6:
        content |= {
            "pb_ratio": round(rng.uniform(0, 30), 3), "dividend_yield": rng.choice((None, round(rng.uniform(0, 0.1), 4))),
            "eps": round(rng.uniform(-5, 20), 2), "beta": round(rng.uniform(0, 3), 3),
            "52_week_high": round(rng.uniform(100, 400), 2), "52_week_low": round(rng.uniform(5, 100), 2),
        }  # fmt: skip
    return Request(
        _ask(rng, "get_stock_fundamentals", held).format(symbol, c=company), ToolCall("get_stock_fundamentals", {"symbol": symbol}), content,
        f"{company} ({symbol}): sector {sector}, market cap {cap}, P/E ratio {ratio}.",
        "I cannot look up stocks here: I have no tool for that.",
    )  # fmt: skip


def _search(rng: Random, held: bool) -> Request:
    query = words.topic(rng, held=held)
    if not held and rng.random() < 0.3:
        query = f"{words.hard_word(rng)} {words.hard_word(rng)}"
    title = " ".join(words.word(rng) for _ in range(rng.randint(2, 4))).capitalize()
    url = f"https://{words.word(rng)}.{rng.choice(('com', 'org', 'net', 'example'))}/{words.word(rng)}"
    snippet = rng.choice(
        (
            "A short guide to {}.", "All about {} in one place.", "{} was first seen in {p}.", "Learn {} from {n}.", "People in {p} love {}.",
            "In {y} the first {} came to {p}.", "{n} writes about {} every week.", "Why {} matters to {p}.",
        )
    ).format(words.topic(rng), p=words.place(rng), n=words.person(rng), y=rng.randrange(1500, 2026))  # fmt: skip
    first = {"title": title, "url": url, "snippet": snippet}
    results = [first]
    for _ in range(rng.choice((0, 0, 1, 2))):
        other = f"https://{words.word(rng)}.org/{words.word(rng)}"
        results.append(
            {
                "title": words.topic(rng).capitalize(),
                "url": other,
                "snippet": f"More about {words.word(rng)}.",
            }
        )
    content: Any = (
        {"query": query, "results": results} if rng.random() < 0.3 else {"results": results}
    )
    return Request(
        _ask(rng, "web_search", held).format(query), ToolCall("web_search", {"query": query}), content,
        f"I found this: {title}. {snippet} ({url})", "I cannot search the web here: I have no tool for that.",
    )  # fmt: skip


def a_fact(rng: Random, held: bool = False) -> str:
    """Something worth remembering, in the words of its owner."""
    pick = rng.choice
    return pick(
        (
            "my {h} is {c}", "I live in {p}", "my sister is called {n}", "my birthday is on {d} May", "I like {w}", "the meeting is on {day}",
            "{n} likes {w}", "we play {w} on {day}", "{n} owes me {m} euros", "the password for the {h} is {w}", "I parked in row {d}",
            "our {a} is called {n}", "the train to {p} leaves at {d}:30", "my favourite {h} is {c}", "{n} is allergic to {w}",
            "I have a {a} called {n}", "the {h} is under the {h2}", "dinner is at {d} on {day}", "the code is {d}{m}",
        )
    ).format(
        h=pick(words.THINGS), h2=pick(words.THINGS), c=pick(words.COLOURS), p=words.place(rng, held=held).split(",")[0], n=words.person(rng, held=held),
        d=rng.randrange(1, 29), w=words.word(rng, held=held), m=rng.randrange(2, 500), a=pick(words.ANIMALS),
        day=pick(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")),
    )  # fmt: skip


def _remember(rng: Random, held: bool) -> Request:
    fact = a_fact(rng, held)
    content = rng.choice(
        ({"saved": fact}, {"saved": True}, {"remembered": fact}, {"ok": True}, "saved")
    )
    return Request(
        _ask(rng, "remember", held).format(fact), ToolCall("remember", {"fact": fact}), content, f"I will remember: {fact}.",
        "I will keep that in mind.",
    )  # fmt: skip


def _recall(rng: Random, held: bool) -> Request:
    query = rng.choice(
        (
            words.word(rng, held=held),
            words.person(rng, held=held),
            f"my {rng.choice(words.THINGS)}",
            words.word(rng, held=held),
        )
    )
    if not held and rng.random() < 0.4:
        query = words.hard_word(rng)
    facts = [a_fact(rng, held) for _ in range(rng.choice((1, 1, 2)))]
    return Request(
        _ask(rng, "recall", held).format(query), ToolCall("recall", {"query": query}), {"facts": facts},
        f"I remember: {'; '.join(facts)}.", "You have not told me that yet.",
    )  # fmt: skip


def _coin(rng: Random, held: bool) -> Request:
    side = rng.choice(("heads", "tails"))
    content = rng.choice(({"result": side}, {"side": side}, side))
    return Request(
        _ask(rng, "flip_coin", held),
        ToolCall("flip_coin", {}),
        content,
        f"The coin shows {side}.",
        "I have no coin here: I have no tool for that.",
    )


MAKERS: dict[str, Callable[[Random, bool], Request]] = {
    "calculate": _calculate,
    "flip_coin": _coin,
    "get_current_temperature": _temperature,
    "get_current_time": _time,
    "get_current_wind_speed": _wind,
    "get_stock_fundamentals": _stock,
    "recall": _recall,
    "remember": _remember,
    "roll_dice": _dice,
    "web_search": _search,
}


# Requests that lack a place: asked back where the tool is offered.
VAGUE = {
    "get_current_time": (
        "what time is it?",
        "what's the time?",
        "tell me the time",
        "what time is it now?",
        "how late is it?",
    ),
    "get_current_temperature": (
        "what's the temperature?",
        "how warm is it?",
        "is it cold outside?",
        "what's the weather?",
        "how is the weather?",
        "what is the weather like?",
    ),
    "get_current_wind_speed": (
        "how windy is it?",
        "is it windy?",
        "what is the wind speed?",
        "how strong is the wind?",
    ),
}
WHICH_PLACE = "For which place?"


def request(rng: Random, name: str, *, held: bool = False) -> Request:
    """A request for a canonical tool; `held` takes ways to ask and arguments kept from training."""
    made = MAKERS[name](rng, held)
    if held:
        return made
    ask = made.ask
    loud = any(
        isinstance(value, str) and value[:1] != ask[:1] for value in made.call.arguments.values()
    )
    if rng.random() < 0.5 and (loud or not made.call.arguments) and ask[:1].islower():
        ask = ask[0].upper() + ask[1:]
    roll = rng.random()
    if roll < 0.15:
        ask = ask.rstrip("?")
    elif roll < 0.22 and ask[-1].isalnum():
        ask += rng.choice(("!", "."))
    return Request(ask, made.call, made.content, made.answer, made.missing)


def invented_request(rng: Random, name: str, argument: str, asks: tuple[str, ...]) -> Request:
    """A request for a tool outside the canonical ones."""
    value = rng.choice((words.hard_word, words.person, words.hard_place, words.topic))(rng)
    content = rng.choice(
        ({"status": "done"}, {"result": words.topic(rng)}, words.topic(rng), {"ok": True})
    )
    found = content.get("result") if isinstance(content, dict) else content
    answer = f"Here is the result: {found}." if found else "Done."
    return Request(
        casual(rng, rng.choice(asks).format(x=value))
        if rng.random() < 0.3
        else rng.choice(asks).format(x=value),
        ToolCall(name, {argument: value}),
        content,
        answer,
        "I have no tool for that.",
    )
