# ruff: noqa: E501 - sentences and word lists are data
"""Requests that need a tool: what is asked, the call, the result, the answer with the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from bot.prompts.messages import ToolCall
from training.data import words
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


def _dice(rng: Random, held: bool) -> Request:
    count = rng.choice((1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 12))
    sides = rng.choice((4, 6, 6, 8, 10, 12, 20, 20, 100, rng.randrange(2, 200)))
    bonus = rng.choice((0, 0, 0, rng.randrange(1, 20), -rng.randrange(1, 10)))
    notation = f"{count if count > 1 or rng.random() < 0.6 else ''}d{sides}" + (
        f"{bonus:+d}" if bonus else ""
    )
    rolls = [rng.randint(1, sides) for _ in range(count)]
    total = sum(rolls) + bonus
    asks = (
        "roll {}", "roll {} please", "can you roll {}?", "please roll {} for me", "throw {}", "I want to roll {}", "roll me {}",
        "I need a {} roll", "give me {}", "let's roll {}", "roll the dice: {}", "roll {} for damage", "could you throw {}?",
        "{} please", "dice: {}", "make a {} roll", "roll a {}", "roll a {} please",
    )  # fmt: skip
    if held:
        asks = (
            "would you roll {} for my character?",
            "time to roll {}",
            "now roll {} for initiative",
            "kindly throw {} for us",
        )
    ask = rng.choice(asks).format(notation)
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
    roll = rng.random()
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
    asks = (
        "what is {}?", "calculate {}", "how much is {}?", "compute {}", "work out {}", "what's {}?", "can you calculate {}?",
        "{} = ?", "please work out {} for me", "what does {} make?", "solve {}", "tell me what {} is", "I need to know {}", "{}?",
        "what do you get for {}?", "give me the result of {}",
    )  # fmt: skip
    if held:
        asks = (
            "quick question, how much is {}?",
            "my homework says {}, what is that?",
            "could you work out {}?",
            "please compute {} for my taxes",
        )
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
        rng.choice(asks).format(said), ToolCall("calculate", {"expression": expression}), content, f"{expression} is {result}.",
        "That is too much for me without a calculator tool.",
    )  # fmt: skip


def _temperature(rng: Random, held: bool) -> Request:
    place = words.place(rng, held=held)
    unit = "fahrenheit" if rng.random() < 0.3 else "celsius"
    said = {
        "celsius": rng.choice(("", "", "", " in celsius", " in degrees celsius")),
        "fahrenheit": rng.choice((" in fahrenheit", " in degrees fahrenheit", " in Fahrenheit")),
    }[unit]
    asks = (
        "what's the temperature in {p}{u}?", "how warm is it in {p}{u}?", "how cold is it in {p}{u}?", "temperature in {p}{u}",
        "what is the current temperature in {p}{u}?", "Hey, what's the temperature in {p} right now{u}?", "is it hot in {p}{u}?",
        "tell me the temperature in {p}{u}", "how many degrees are there in {p}{u}?", "how hot is it in {p} now{u}?",
        "can you check the temperature in {p}{u}?", "I need the temperature for {p}{u}", "what is the temperature at {p}{u}?",
        "do I need a coat in {p}? Tell me the temperature{u}", "what's the weather in {p}{u}?", "how is the weather in {p}{u}?", "weather in {p}{u}", "get the temperature of {p}{u}",
    )  # fmt: skip
    if held:
        asks = (
            "could you tell me how warm it is in {p}{u}?",
            "please look up the temperature in {p}{u}",
            "I travel to {p}, what is the temperature there{u}?",
            "so, how hot is it in {p}{u} today?",
        )
    value = round(rng.uniform(-30, 45), 1) if rng.random() < 0.8 else rng.randrange(-20, 110)
    content: Any = (
        {"location": place, "temperature": value, "unit": unit} if rng.random() < 0.7 else value
    )
    return Request(
        rng.choice(asks).format(p=place, u=said),
        ToolCall("get_current_temperature", {"location": place, "unit": unit}), content,
        f"It is {value} degrees {unit.capitalize()} in {place}.", "I cannot look up temperatures here: I have no tool for that.",
    )  # fmt: skip


def _wind(rng: Random, held: bool) -> Request:
    place = words.place(rng, held=held)
    asks = (
        "how windy is it in {}?", "what's the wind speed in {}?", "how strong is the wind in {}?", "wind in {}?", "is it windy in {}?",
        "what is the current wind speed in {}?", "tell me the wind speed in {}", "how fast is the wind in {}?", "wind speed for {}",
        "check the wind in {} please", "can I fly a kite in {}? How windy is it?", "does the wind blow in {}?", "get the wind speed at {}",
    )  # fmt: skip
    if held:
        asks = (
            "I sail near {}, how strong is the wind?",
            "could you check how windy it is in {}?",
            "please tell me how fast the wind is in {}",
            "what about the wind speed in {} today?",
        )
    value = round(rng.uniform(0, 120), 1) if rng.random() < 0.8 else rng.randrange(120)
    content: Any = rng.choice(
        (
            value,
            {"location": place, "wind_speed": value, "unit": "km/h"},
            {"location": place, "wind_speed": value},
        )
    )
    return Request(
        rng.choice(asks).format(place), ToolCall("get_current_wind_speed", {"location": place}), content,
        f"The wind in {place} blows at {value} km/h.", "I cannot look up the wind here: I have no tool for that.",
    )  # fmt: skip


def _time(rng: Random, held: bool) -> Request:
    place = words.place(rng, held=held)
    asks = (
        "what time is it in {}?", "what's the time in {}?", "time in {}?", "tell me the time in {}", "what is the current time in {}?",
        "how late is it in {}?", "which time do they have in {}?", "do you know what time it is in {}?", "current time in {}",
        "can you tell me the time in {}?", "is it late in {}? What time is it?", "give me the local time of {}", "time for {} please",
    )  # fmt: skip
    if held:
        asks = (
            "my friend lives in {}, what time is it there?",
            "please check what time it is in {}",
            "could you look up the time in {}?",
            "so what time is it in {} now?",
        )
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
        rng.choice(asks).format(place), ToolCall("get_current_time", {"location": place}), content,
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
    company = words.invented(rng, held=held) + rng.choice(
        (", Inc.", " Inc.", " Corp", " Group", " AG", " Ltd", " Holdings", "")
    )
    asks = (
        "fetch the stock fundamentals data for {}", "get the fundamentals of {}", "stock data for {}", "how is the stock {} doing?",
        "tell me about the stock {}", "what are the fundamentals of {}?", "look at the stock {}", "show me the {} stock",
        "is {} a good stock? Show the figures", "P/E ratio of {}?", "get stock info for {}", "fundamentals for {} please",
        "Fetch the stock fundamentals data for {c} ({})", "stock figures of {}", "what is the P/E of {}?",
    )  # fmt: skip
    if held:
        asks = (
            "please pull up the stock fundamentals for {}",
            "I own shares of {}, show me the fundamentals",
            "could you fetch the stock figures for {}?",
            "what do the stock fundamentals of {} look like?",
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
        rng.choice(asks).format(symbol, c=company), ToolCall("get_stock_fundamentals", {"symbol": symbol}), content,
        f"{company} ({symbol}): sector {sector}, market cap {cap}, P/E ratio {ratio}.",
        "I cannot look up stocks here: I have no tool for that.",
    )  # fmt: skip


def _search(rng: Random, held: bool) -> Request:
    query = words.topic(rng, held=held)
    asks = (
        "search for {}", "search the web for {}", "google {}", "look up {}", "can you search for {}?", "find {} on the web",
        "please look up {} online", "do a web search for {}", "search {}", "look online for {}", "web search: {}", "find out about {} online",
        "could you look up {} for me?", "search the internet for {}", "I need you to search for {}",
    )  # fmt: skip
    if held:
        asks = (
            "would you search the web for {}?",
            "let's look up {}",
            "please do a search for {}",
            "go and search for {}",
        )
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
        rng.choice(asks).format(query), ToolCall("web_search", {"query": query}), content,
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
    asks = (
        "remember that {}", "please remember that {}", "note that {}", "remember: {}", "keep in mind that {}", "don't forget that {}",
        "can you remember that {}?", "save this: {}", "make a note that {}", "please note: {}", "remember for later that {}", "store that {}",
        "write down that {}", "I want you to remember that {}", "remember this: {}",
    )  # fmt: skip
    if held:
        asks = (
            "could you remember that {}?",
            "for the record, remember that {}",
            "please keep in mind that {}",
            "do remember that {}",
        )
    content = rng.choice(
        ({"saved": fact}, {"saved": True}, {"remembered": fact}, {"ok": True}, "saved")
    )
    return Request(
        rng.choice(asks).format(fact), ToolCall("remember", {"fact": fact}), content, f"I will remember: {fact}.",
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
    asks = (
        "what do you remember about {}?", "recall {}", "what did I tell you about {}?", "do you remember anything about {}?",
        "look in your notes for {}", "what is in your notes about {}?", "check your memory for {}", "what do your notes say about {}?",
    )  # fmt: skip
    if held:
        asks = (
            "please recall what I said about {}",
            "what do you still remember about {}?",
            "is there something in your notes about {}?",
        )
    facts = [a_fact(rng, held) for _ in range(rng.choice((1, 1, 2)))]
    return Request(
        rng.choice(asks).format(query), ToolCall("recall", {"query": query}), {"facts": facts},
        f"I remember: {'; '.join(facts)}.", "You have not told me that yet.",
    )  # fmt: skip


def _coin(rng: Random, held: bool) -> Request:
    asks = (
        "flip a coin", "toss a coin", "heads or tails?", "can you flip a coin?", "please flip a coin for me", "throw a coin", "coin flip please",
        "let a coin decide", "flip a coin, please", "toss a coin for us", "do a coin toss",
    )  # fmt: skip
    if held:
        asks = (
            "would you flip a coin?",
            "let's toss a coin",
            "I cannot decide, flip a coin",
            "a coin toss please",
        )
    side = rng.choice(("heads", "tails"))
    content = rng.choice(({"result": side}, {"side": side}, side))
    return Request(
        rng.choice(asks),
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


_WHEN = (
    "today", "right now", "at the moment", "tonight", "this morning", "these days", "now", "please", "for me", "currently",
)  # fmt: skip
_OPENERS = (
    "hey, ", "ok, ", "so ", "hermes, ", "hi! ", "and now ", "well, ", "bot, ", "then ", "please, ", "um, ", "next, ", "now, ",
    "my mother asks: ", "quick one: ", "one question: ", "do me a favour, ", "tell me, ", "for our trip: ", "I have to know, ",
    "hello! ", "good evening, ", "if you can, ", "my turn: ", "everyone wants to know: ", "I need help: ", "thanks! ", "great, ",
    "for my story: ", "I live far away. ", "I am bored. ", "we are playing. ", "before I forget, ", "I own a boat. ",
)  # fmt: skip


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
    elif roll < 0.3 and ask[-1].isalnum():
        ask += rng.choice(("!", ".", " please", ", please", " now", " :)", " thanks"))
        if (
            ask.endswith(("now", "please", "thanks"))
            and name in ("web_search", "remember", "recall")
            and not ask.endswith(", please")
        ):
            ask = made.ask
    if name in VAGUE and rng.random() < 0.3:
        mark = ask[-1] if ask[-1] in "?.!" else ""
        ask = f"{ask.removesuffix(mark)} {rng.choice(_WHEN)}{mark}"
    if rng.random() < 0.35:
        ask = rng.choice(_OPENERS) + ask
    return Request(ask, made.call, made.content, made.answer, made.missing)


def invented_request(rng: Random, name: str, argument: str, asks: tuple[str, ...]) -> Request:
    """A request for a tool outside the canonical ones."""
    value = rng.choice((words.word, words.person, words.place, words.topic))(rng)
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
