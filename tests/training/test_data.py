"""What the tiny model is trained on: only tools tell a pair apart, nothing held back is in it."""

from __future__ import annotations

import json
import re
from random import Random

from training.data import held, json_mode, mix
from training.sample import Calls, Reply, User

_MADE = 4000


def _pattern(sentence: str, slot: str) -> re.Pattern[str]:
    """A sentence of the evaluation, `slot` saying what its slots may hold."""
    parts = re.split(r"\{\w?\}", sentence)
    return re.compile(slot.join(map(re.escape, parts)), re.IGNORECASE)


def _asked(turns: list[mix.Turn]) -> list[str]:
    return [turn.text for turn in turns if isinstance(turn, User)]


def test_a_pair_differs_in_its_tools_alone() -> None:
    for seed in range(60):
        rng = Random(seed)
        offers = mix.halves(rng)
        assert not set(offers[0].known) & set(offers[1].known)
        samples = mix.pair(rng, *offers)
        assert _asked(samples[0].turns) == _asked(samples[1].turns)
        assert samples[0].system == samples[1].system
        called = [isinstance(sample.turns[-1], Calls) for sample in samples]
        assert sorted(called) == [False, True]


def test_a_pair_calls_only_what_is_offered() -> None:
    for seed in range(60):
        rng = Random(seed)
        offers = mix.halves(rng)
        for offered, sample in zip(offers, mix.pair(rng, *offers), strict=True):
            there = {tool["function"]["name"] for tool in offered.schemas}
            last = sample.turns[-1]
            if isinstance(last, Calls):
                assert {call.name for call in last.calls} <= there
            else:
                assert isinstance(last, Reply)
                assert last.instead


def test_no_sentence_of_the_evaluation_is_trained_on() -> None:
    rng = Random("held back")
    told = [_asked(json_mode.sample(rng).turns)[-1] for _ in range(_MADE)]
    for sentences in held.JSON_SENTENCES.values():
        for sentence in sentences:
            pattern = _pattern(sentence, ".+")
            assert not [text for text in told if pattern.search(text)], sentence


def test_no_request_of_the_evaluation_is_trained_on() -> None:
    rng = Random("held back")
    asked: list[str] = []
    while len(asked) < _MADE:
        offers = mix.halves(rng)
        for _ in range(40):
            asked += _asked(mix.pair(rng, *offers)[0].turns)[-1:]
    for name, requests in held.TOOL_ASKS.items():
        for request in requests:
            # One word: "time to roll a 2d6" is another way to ask than "time to roll 2d6".
            pattern = _pattern(request, r"\S+")
            assert not [text for text in asked if pattern.fullmatch(text)], (name, request)


def _texts(value: object) -> list[str]:
    """A value as it has to be read."""
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [] if isinstance(value, bool) else [str(value).casefold()]


def test_every_value_stands_in_the_words_that_tell_it() -> None:
    rng = Random("told")
    for _ in range(_MADE):
        asked, answer = json_mode.sample(rng).turns
        assert isinstance(asked, User)
        assert isinstance(answer, Reply)
        for value in json.loads(answer.text).values():
            for text in _texts(value):
                assert text in asked.text.casefold()
