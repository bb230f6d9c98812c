# ruff: noqa: E501, SIM905 - sentences and word lists are data
"""JSON mode: a small schema in the system turn, a sentence, and the object that fits both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from training.data import words
from training.data.held import JSON_SENTENCES
from training.data.sentences import sentence
from training.data.told import told
from training.sample import Reply, Sample, User

_TITLES = {
    "person": ("Person", "Human", "User", "Profile", "Member"),
    "city": ("City", "Place", "Location", "Town"),
    "product": ("Product", "Item", "Article", "Offer"),
    "event": ("Event", "Meeting", "Appointment", "CalendarEntry"),
    "book": ("Book", "Novel", "Publication"),
    "pet": ("Pet", "Animal", "Companion"),
}


@dataclass(frozen=True, slots=True)
class Form:
    """A filled form: which kind, the values by field, the sentence that tells them."""

    kind: str
    values: dict[str, Any]
    text: str


def _person(rng: Random, held: bool) -> Form:
    name, age = words.person(rng, held=held), rng.randrange(1, 100)
    values: dict[str, Any] = {"name": name, "age": age}
    forms = [
        "{n} is {a} years old",
        "my friend {n} is {a}",
        "{n}, {a}",
        "name: {n}, age: {a}",
        "{n} turned {a} last week",
        "the user is called {n} and is {a} years old",
        "I am {n} and I am {a}",
        "at {a}, {n} is the youngest",
        "{n}'s age is {a}",
        "the age of {n} is {a}",
        "{a} year old {n}",
        "we know {n}, aged {a}",
        "there is somebody called {n} who is {a}",
        "{n} has lived for {a} years",
        "say hello to {n}, {a} years old",
        "{n} ({a})",
        "after {a} years {n} is still young",
        "a user named {n} who is {a} now",
    ]
    text = rng.choice(JSON_SENTENCES["person"] if held else forms).format(n=name, a=age)
    if rng.random() < 0.3:
        values["city"] = words.place(rng, held=held).split(",")[0]
        text += rng.choice((" and lives in {}", ", from {}", ", living in {}")).format(
            values["city"]
        )
    if rng.random() < 0.2:
        values["email"] = f"{words.invented(rng).lower()}@{words.word(rng)}.com"
        text += f", {rng.choice(('email', 'mail', 'write to'))} {values['email']}"
    return Form("person", values, text)


def _city(rng: Random, held: bool) -> Form:
    city = words.place(rng, held=held).split(",")[0]
    country = rng.choice(words.COUNTRIES) if rng.random() < 0.5 else words.invented(rng, held=held)
    values: dict[str, Any] = {"city": city, "country": country}
    forms = [
        "{c} is a city in {k}",
        "{c}, {k}",
        "I live in {c}, {k}",
        "we travelled to {c} in {k}",
        "city: {c}, country: {k}",
        "the town of {c} lies in {k}",
        "in {k} there is a town called {c}",
        "{c} belongs to {k}",
        "{k} has a city named {c}",
        "she was born in {c}, {k}",
        "the city {c} ({k})",
        "our shop is in {c}, a town in {k}",
        "they went to {k} and saw {c}",
        "letters from {c}, {k}",
        "he left {c} in {k}",
    ]
    text = rng.choice(JSON_SENTENCES["city"] if held else forms).format(c=city, k=country)
    if rng.random() < 0.3:
        values["population"] = words.number(rng, 7)
        text += rng.choice(
            (" with {} people", ", population {}", " and has {} inhabitants")
        ).format(values["population"])
    return Form("city", values, text)


def _product(rng: Random, held: bool) -> Form:
    product = rng.choice(
        (
            lambda: f"{rng.choice(words.COLOURS)} {rng.choice(words.THINGS)}",
            lambda: words.word(rng, held=held),
            lambda: f"{words.invented(rng, held=held)} {rng.randrange(1, 99)}",
        )
    )()
    whole = rng.random() < 0.4
    price: float | int = rng.randrange(1, 2000) if whole else round(rng.uniform(0.5, 999), 2)
    stock = rng.random() < 0.5
    values = {"product": product, "price": price, "in_stock": stock}
    yes, no = rng.choice(
        (
            ("is in stock", "is sold out"),
            ("is available", "is not available"),
            ("is in stock", "is out of stock"),
            ("can be bought", "cannot be bought"),
        )
    )
    forms = [
        "the {p} costs {m} euros and {s}",
        "{p}, {m} dollars, {s}",
        "{p} {s}, price {m}",
        "our {p} {s} and costs {m} dollars",
        "we sell the {p} for {m}, it {s}",
        "the price of the {p} is {m} and it {s}",
        "the {p} is sold for {m} euros, it {s}",
        "a {p}: {m}, {s}",
        "buy the {p} at {m} dollars, it {s}",
        "the {p} {s}. It is {m} euros",
        "news: the {p} {s}, costs {m}",
    ]
    return Form(
        "product",
        values,
        rng.choice(JSON_SENTENCES["product"] if held else forms).format(
            p=product, m=price, s=yes if stock else no
        ),
    )


def _event(rng: Random, held: bool) -> Form:
    title = rng.choice(
        (
            lambda: (
                f"{words.word(rng, held=held)} {rng.choice(('meeting', 'party', 'workshop', 'evening', 'club', 'show'))}"
            ),
            lambda: words.topic(rng, held=held),
        )
    )()
    date = f"{rng.randrange(2024, 2032)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
    people = [words.person(rng, held=held) for _ in range(rng.choice((1, 2, 2, 3, 3)))]
    said = people[0] if len(people) == 1 else f"{', '.join(people[:-1])} and {people[-1]}"
    forms = [
        "the {t} is on {d} with {w}",
        "{t} on {d}, attendees: {w}",
        "{w} come to the {t} on {d}",
        "on {d} there is the {t} with {w}",
        "plan the {t} for {d}, invite {w}",
        "event: {t}, date: {d}, people: {w}",
        "the {t} takes place on {d}, with {w}",
        "a {t} for {w} on {d}",
        "meet us on {d}: the {t} with {w}",
        "we have the {t}, date {d}, guests {w}",
        "{d}, {t}, {w}",
        "the guests {w} will be at the {t} on {d}",
    ]
    values: dict[str, Any] = {"title": title, "date": date, "attendees": people}
    return Form(
        "event",
        values,
        rng.choice(JSON_SENTENCES["event"] if held else forms).format(t=title, d=date, w=said),
    )


def _book(rng: Random, held: bool) -> Form:
    title = " ".join(
        words.word(rng, held=held and i == 0).capitalize() for i in range(rng.randint(1, 3))
    )
    author = (
        f"{words.person(rng, held=held)} {words.invented(rng)}"
        if rng.random() < 0.5
        else words.person(rng, held=held)
    )
    year = rng.randrange(1500, 2030)
    forms = [
        "{t} by {a}, {y}",
        "{a} wrote {t} in {y}",
        "the book {t} was written by {a} in {y}",
        "in {y} {a} published {t}",
        "{t} is a book by {a} from {y}",
        "{a} is the author of {t}, which came out in {y}",
        "I am reading {t} ({a}, {y})",
        "{t}, written by {a}, year {y}",
        "the novel {t} of {y}, author {a}",
    ]
    return Form(
        "book",
        {"title": title, "author": author, "year": year},
        rng.choice(JSON_SENTENCES["book"] if held else forms).format(t=title, a=author, y=year),
    )


def _pet(rng: Random, held: bool) -> Form:
    name, animal, colour = (
        words.person(rng, held=held),
        rng.choice(words.ANIMALS),
        rng.choice(words.COLOURS),
    )
    forms = [
        "my {c} {a} is called {n}",
        "{n} is a {c} {a}",
        "I have a {a} named {n}, it is {c}",
        "{n}, the {c} {a}",
        "a {a} called {n} which is {c}",
        "we call our {c} {a} {n}",
        "look, a {c} {a}! It is {n}",
        "{n} is our {a}, its colour is {c}",
        "the {a} is {c} and its name is {n}",
    ]
    return Form(
        "pet",
        {"name": name, "animal": animal, "colour": colour},
        rng.choice(JSON_SENTENCES["pet"] if held else forms).format(n=name, a=animal, c=colour),
    )


FORMS = {
    "person": _person,
    "city": _city,
    "product": _product,
    "event": _event,
    "book": _book,
    "pet": _pet,
}
_TYPES = {str: "string", int: "integer", bool: "boolean", float: "number"}
_DESCRIPTIONS = ("The {} of the {}.", "{} of the {}", "The {} as text, about the {}.")


def schema(rng: Random, form: Form, *, plain: bool = False) -> str:
    """The JSON Schema of a form as text, in varying order and wording."""
    properties: dict[str, Any] = {}
    for key, value in form.values.items():
        if isinstance(value, list):
            kind: dict[str, Any] = {"items": {"type": "string"}, "type": "array"}
        else:
            kind = {"type": "number" if key == "price" else _TYPES[type(value)]}
        if not plain and rng.random() < 0.5:
            kind = {"title": key.replace("_", " ").title(), **kind}
        if not plain and rng.random() < 0.2:
            kind["description"] = rng.choice(_DESCRIPTIONS).format(key, form.kind)
        properties[key] = kind
    title = _TITLES[form.kind][0] if plain else rng.choice(_TITLES[form.kind])
    parts: list[tuple[str, Any]] = [
        ("properties", properties),
        ("required", list(properties)),
        ("title", title),
        ("type", "object"),
    ]
    if rng.random() < 0.4:
        parts = [
            ("title", title),
            ("type", "object"),
            ("properties", properties),
            ("required", list(properties)),
        ]
    if rng.random() < 0.15:
        parts = [part for part in parts if part[0] != "title"]
    return json.dumps(dict(parts))


def form(rng: Random, kind: str, *, held: bool = False) -> Form:
    """A form of a kind, its fields in a random order."""
    return _arranged(rng, FORMS[kind](rng, held))


def _arranged(rng: Random, made: Form) -> Form:
    """The same form with its fields in a random order, sometimes one of them not asked for."""
    keys = list(made.values)
    if rng.random() < 0.4:
        rng.shuffle(keys)
    if len(keys) > 2 and rng.random() < 0.15:
        keys.remove(rng.choice(keys))
    return Form(made.kind, {key: made.values[key] for key in keys}, made.text)


_GENERIC = "title name colour place owner label code kind animal topic street room team game song drink tool city friend hero".split()


def _generic(rng: Random) -> Form:
    keys = rng.sample(_GENERIC, rng.randint(2, 4))
    values: dict[str, Any] = {}
    for key in keys:
        values[key] = (
            words.number(rng, 4)
            if key == "code"
            else rng.choice((words.person, words.word, words.place))(rng).split(",")[0]
        )
    link = rng.choice((": ", " is ", " = "))
    shown = list(keys)
    rng.shuffle(shown)
    text = ", ".join(
        f"{rng.choice(('', 'the ')) if link == ' is ' else ''}{key}{link}{values[key]}"
        for key in shown
    )
    return Form(rng.choice(list(_TITLES)), values, text)


def _in_parts(rng: Random) -> Form:
    """A form whose sentence is put together from parts."""
    kind = rng.choice(list(FORMS))
    made = form(rng, kind)
    said = _said(rng, made.values)
    if rng.random() < 0.4:
        rng.shuffle(keys := list(said))
        said = {key: said[key] for key in keys}
    return Form(kind, made.values, told(rng, kind, said))


def _in_a_sentence(rng: Random) -> Form:
    """A form told by a whole sentence with many words in the place of each other."""
    kind = rng.choice(list(FORMS))
    made = FORMS[kind](rng, False)
    text = sentence(rng, kind, _said(rng, made.values))
    return _arranged(rng, Form(kind, made.values, text))


def _said(rng: Random, values: Mapping[str, Any]) -> dict[str, str]:
    """The values as they stand in a sentence."""
    said: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, bool):
            said[key] = rng.choice(_IN_STOCK)[not value]
        elif isinstance(value, list):
            said[key] = ", ".join(value[:-1]) + " and " + value[-1] if value[1:] else value[0]
        else:
            said[key] = str(value)
    return said


_IN_STOCK = (
    ("is in stock", "is sold out"),
    ("is available", "is not available"),
    ("is in stock", "is out of stock"),
    ("can be bought", "cannot be bought"),
    ("is ready", "is gone"),
    ("is there", "is not there"),
)


def sample(rng: Random) -> Sample:
    """A conversation in JSON mode."""
    roll = rng.random()
    if roll < 0.12:
        made = _generic(rng)
    elif roll < 0.58:
        made = _in_a_sentence(rng)
    elif roll < 0.82:
        made = _in_parts(rng)
    else:
        made = form(rng, rng.choice(list(FORMS)))
    text = made.text
    if rng.random() < 0.4 and text[0].islower():
        text = text[0].upper() + text[1:]
    if rng.random() < 0.5:
        text += rng.choice((".", ".", "!"))
    if rng.random() < 0.25:
        text = (
            rng.choice(
                (
                    "Extract: ",
                    "Please fill this in: ",
                    "Turn this into JSON: ",
                    "Text: ",
                    "As JSON, please: ",
                    "Give me JSON for this: ",
                )
            )
            + text
        )
    answer = json.dumps(made.values, ensure_ascii=False)
    return Sample(schema=schema(rng, made), turns=[User(text), Reply(answer)])
