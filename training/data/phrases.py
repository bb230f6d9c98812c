# ruff: noqa: E501 - sentences are data
"""Many ways to say one thing: openers, politeness and statements around a few cores.

A model that has seen a request in a hundred frames reads it in the next one too. Frames that the
evaluation uses (`held`) never come out of here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from training.data.held import is_held

# Around a question in indirect order: "how warm it is in Oslo", "what my name is".
_AROUND_CLAUSE = (
    "can you tell me {}?", "tell me {}", "do you know {}?", "I would like to know {}", "I want to know {}", "I need to know {}", "I'd like to know {}",
    "please find out {}", "find out {}", "I wonder {}", "any idea {}?", "let me know {}", "can you check {}?", "check {}", "look up {}", "can you look up {}?",
    "do you happen to know {}?", "would you tell me {}?", "please tell me {}", "I'm curious {}", "could you say {}?", "would you know {}?",
    "my friend asks {}", "we want to know {}", "help me find out {}", "show me {}", "do you have any idea {}?", "may I ask {}?", "just tell me {}",
    "would you mind telling me {}?", "it would help to know {}", "tell us {}", "could you find out {}?", "I forgot {}", "go and check {}", "I have to know {}",
    "say {}", "are you able to tell me {}?", "would you check {}?", "could you let me know {}?", "everyone asks {}", "be so kind and tell me {}", "explain {}",
    "I am trying to find out {}", "somebody asked me {}", "what I want to know is {}", "now tell me {}", "once more, tell me {}",
)  # fmt: skip
# Around a thing: "the temperature in Oslo", "the fundamentals of TSLA".
_AROUND_NOUN = (
    "can you tell me {}?", "tell me {}", "do you know {}?", "I would like to know {}", "I want to know {}", "I need {}", "I'd like {}", "please find {}", "find {}",
    "give me {}", "let me know {}", "can you check {}?", "check {}", "look up {}", "can you look up {}?", "show me {}", "please show {}", "get {}", "get me {}",
    "fetch {}", "can you get {}?", "could you get {} for me?", "what about {}?", "how about {}?", "what is {}?", "what's {}?", "I am looking for {}",
    "{} please", "{}, please", "{}?", "I am interested in {}", "do you have {}?", "would you show me {}?", "could you give me {}?", "please give me {}",
    "pull up {}", "would you look at {}?", "have a look at {}", "can I have {}?", "I want to see {}", "let us see {}", "say {}", "what would be {}?",
    "could you check {} for me?", "please look at {}", "bring me {}", "report {}", "I have to know {}", "may I see {}?",
)  # fmt: skip
# Around something to do: "roll 2d6", "search the web for cheese".
_AROUND_DEED = (
    "{}", "{}", "{} please", "please {}", "can you {}?", "could you {}?", "will you {}?", "would you please {}?", "I want you to {}", "I need you to {}", "I'd like you to {}",
    "now {}", "go ahead and {}", "you should {}", "let's {}", "let us {}", "kindly {}", "be so kind and {}", "do me a favour and {}", "time to {}", "can you please {}?",
    "would you mind, {}", "I ask you to {}", "you have to {}", "just {}", "quickly {}", "next, {}", "then {}", "it is time to {}", "would you be able to {}?",
    "{} now", "{} for me", "{} for us", "may I ask you to {}?", "help me and {}", "you may {}", "start and {}", "we need you to {}", "{}, will you?", "{}, would you?",
    "{} if you can", "I beg you, {}", "my next wish: {}", "hurry and {}", "first {}", "all right, {}", "try to {}", "why don't you {}?", "go on and {}", "would you {}?",
    "do {}", "please do {}", "never mind, {}", "I cannot do it myself, {}", "we are waiting, {}", "it is your turn, {}",
)  # fmt: skip
_BEFORE = (
    "hey, ", "ok, ", "so ", "so, ", "hermes, ", "hi! ", "and now ", "well, ", "bot, ", "um, ", "next, ", "now, ", "quick one: ", "one question: ", "a question: ",
    "do me a favour, ", "for our trip: ", "hello! ", "good evening, ", "if you can, ", "my turn: ", "I need help: ", "thanks! ", "great, ", "for my story: ",
    "before I forget, ", "listen, ", "all right, ", "by the way, ", "excuse me, ", "sorry, ", "another thing: ", "for my boss: ", "short question: ", "help! ",
    "oh and ", "hm, ", "perhaps you know: ", "for school: ", "my mother asks: ", "tell me, ", "everyone wants to know: ", "we are playing. ", "I am bored. ",
    "that was nice. ", "I am back. ", "dear bot, ", "honestly, ", "you there, ", "I wonder, ",
)  # fmt: skip
_AFTER = (
    " today", " right now", " at the moment", " tonight", " this morning", " these days", " now", " please", " for me", " currently", ", please", " again",
    ", my friend", ", thanks", ", bot", " then", " by any chance", ", if you know", " at present", " just now",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ways:
    """The cores of a request, with slots: whole questions, clauses, nouns, deeds, and scenes.

    A scene is a statement with the place, and a question that refers back to it. `loose` tells
    whether words may follow the core (not where the argument reaches to the end of the text).
    """

    whole: Sequence[str] = ()
    clauses: Sequence[str] = ()
    nouns: Sequence[str] = ()
    deeds: Sequence[str] = ()
    scenes: tuple[Sequence[str], Sequence[str]] = ((), ())
    loose: bool = True


def _once(rng: Random, ways: Ways) -> str:
    kinds = [kind for kind in ("whole", "clauses", "nouns", "deeds") if getattr(ways, kind)]
    weights = [{"whole": 4, "clauses": 3, "nouns": 3, "deeds": 4}[kind] for kind in kinds]
    if ways.scenes[0]:
        kinds, weights = [*kinds, "scenes"], [*weights, 4]
    match rng.choices(kinds, weights)[0]:
        case "whole":
            text = rng.choice(ways.whole)
        case "clauses":
            text = rng.choice(_AROUND_CLAUSE).replace("{}", rng.choice(ways.clauses))
        case "nouns":
            text = rng.choice(_AROUND_NOUN).replace("{}", rng.choice(ways.nouns))
        case "deeds":
            around = rng.choice(_AROUND_DEED)
            while not ways.loose and not around.rstrip("?").endswith("{}"):
                around = rng.choice(_AROUND_DEED)
            text = around.replace("{}", rng.choice(ways.deeds))
        case _:
            scene, question = map(rng.choice, ways.scenes)
            return (
                f"{scene}{rng.choice((', ', ', ', '. ', ', so ', ' and I ask, ', ': '))}{question}"
            )
    mark = text[-1] if text[-1] in "?.!" else ""
    if ways.loose and rng.random() < 0.2:
        text = f"{text.removesuffix(mark)}{rng.choice(_AFTER)}{mark}"
    return text


def opened(rng: Random, text: str, share: float = 0.3) -> str:
    """`text`, often with a few words before it."""
    return rng.choice(_BEFORE) + text if rng.random() < share else text


def say(rng: Random, ways: Ways) -> str:
    """One way to say it, its slots still open."""
    while True:
        text = opened(rng, _once(rng, ways))
        if not is_held(text):
            return text
