"""How freely a model writes, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.ports import Sampling
from bot.conversation.wishes import sampled
from bot.errors import SettingsError
from bot.models import catalogue
from bot.sampling import BOUNDS, EXAMPLE, fits, read, written
from bot.settings import load

NUMBERS = {
    name: st.floats(*bounds).map(lambda one: round(one, 3)) for name, bounds in BOUNDS.items()
}
SAMPLINGS = st.fixed_dictionaries({}, optional=NUMBERS | {"top_k": st.integers(1, 1000)})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("temperature=0.7", {"temperature": 0.7}),
        (" Temperature 1 ,top_p: .5 ;", {"temperature": 1, "top_p": 0.5}),
        ("top_k=40\nrepetition_penalty = 1.1", {"top_k": 40, "repetition_penalty": 1.1}),
    ],
)
def test_what_people_write_is_read(text: str, found: dict[str, float]):
    assert read(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "0.7",
        "hot",
        "min_p=0.1",
        "temperature=2.1",
        "temperature=-1",
        "temperature=1e3",
        "temperature=nan",
        "temperature=1 2",
        "top_p=0",
        "top_k=0",
        "top_k=1.5",
        "temperature=1, temperature=1",
        "temperature=٣",
    ],
)
def test_anything_else_is_not(text: str):
    with pytest.raises(ValueError, match=r"takes any of temperature=0\.7, "):
        read(text)


@given(SAMPLINGS.filter(bool))
def test_what_is_written_is_read_back(sampling: dict[str, float]):
    assert fits(sampling)
    assert read(written(sampling)) == sampling


def test_what_is_not_named_stays_the_cards():
    card = catalogue.named("Hermes-3-Llama-3.1-8B").sampling
    assert sampled(card, {"top_k": 40.0}) == Sampling(0.8, top_k=40, repetition_penalty=1.1)
    assert type(sampled(card, {"top_k": 40.0}).top_k) is int
    assert sampled(card, {}) == card


def test_the_setting_says_what_it_takes():
    assert load({"SAMPLING": EXAMPLE}).sampling == read(EXAMPLE)
    assert load({}).sampling is None
    with pytest.raises(
        SettingsError, match=r"^SAMPLING: takes any of temperature=0\.7, .*, not 'hot'"
    ):
        load({"SAMPLING": "hot"})
