"""Which engine's choice holds in a place, and whose token counts hold for an engine."""

from __future__ import annotations

import pytest

from bot.conversation import context
from bot.conversation.choices import Choice, nearest
from bot.conversation.model import Model
from bot.conversation.models import DEFAULT, Models, Served
from bot.conversation.turns import State, Turn
from tests.stand_ins.engine import ScriptedEngine

THREAD, CHANNEL, SERVER = "discord:3", "discord:2", "server:1"
CASCADE = (THREAD, CHANNEL, SERVER)


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, Choice()),
        ({SERVER: "big"}, Choice("big", SERVER)),
        ({SERVER: "big", CHANNEL: "fast"}, Choice("fast", CHANNEL)),
        ({SERVER: "big", CHANNEL: "fast", THREAD: "default"}, Choice("default", THREAD)),
        ({"discord:9": "big", "server:9": "big"}, Choice()),
    ],
)
def test_the_narrowest_choice_holds(chosen: dict[str, str], found: Choice):
    assert nearest(chosen, CASCADE) == found


def served(name: str) -> Served:
    engine = ScriptedEngine()
    return Served(name, engine, Model(engine, None, 1024))


def test_an_unknown_name_is_the_default_and_logged_once(caplog: pytest.LogCaptureFixture):
    models = Models(served(DEFAULT), served("big"))
    first, big = models
    assert (first.name, big.name) == (DEFAULT, "big")
    assert models.named("") is models.named(DEFAULT) is first
    assert models.named("big") is big
    assert models.named("gone") is models.named("gone") is first
    assert [
        record.getMessage() for record in caplog.records if "'gone'" in record.getMessage()
    ] == ["there is no engine 'gone' in ENGINES any more; the default answers"]


def test_counts_hold_for_the_engine_that_counted():
    turns = (
        Turn("1", 1, "user", "hi", tokens=5),
        Turn("2", 2, "assistant", "ho", tokens=7, counted_by="big"),
    )
    state = State(base_tokens=30, system="S", start=1)
    same, kept = context.counted_by("", turns, state)
    assert [turn.tokens for turn in same] == [5, 0]
    assert kept == state
    other, emptied = context.counted_by("big", turns, state)
    assert [turn.tokens for turn in other] == [0, 7]
    assert emptied == State(base_tokens=0, system="S", start=1, engine="big")
