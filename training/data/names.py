# ruff: noqa: E501 - sentences and word lists are data
"""Things that people tell about themselves, and questions about them later."""

from __future__ import annotations

from random import Random

from training.data import words
from training.data.held import is_held
from training.data.phrases import Ways, opened, say
from training.data.smalltalk import casual

TELL_NAME = (
    "my name is {n}", "I'm {n}", "I am {n}", "call me {n}", "you can call me {n}", "{n} here", "this is {n}",
    "the name is {n}", "hi, I'm {n}", "hello, my name is {n}", "hey, I am {n}", "hello! I am called {n}", "people call me {n}",
    "my name is {n}, nice to meet you", "hi there, {n} here", "hi, my name is {n}. How are you?", "I go by {n}",
    "please call me {n}", "my friends call me {n}", "hello, this is {n} speaking", "my name's {n}", "name's {n}",
    "just so you know, my name is {n}", "remember, my name is {n}", "hi! My name is {n} and I like {w}",
    "I am {n} from {p}", "hello, I'm {n} and I come from {p}", "it's me, {n}", "they named me {n}",
    "good evening, my name is {n}", "by the way, I'm {n}", "actually, my name is {n}",
)  # fmt: skip
_MET = (
    "Nice to meet you, {n}!",
    "Hello {n}, nice to meet you!",
    "Nice to meet you, {n}! How can I help you?",
)
ASK_NAME = (
    "what is my name?", "what's my name?", "do you remember my name?", "who am I?", "do you know my name?",
    "say my name", "what was my name?", "tell me my name", "can you tell me my name?", "what am I called?",
    "what is my name again?", "do you still know my name?", "how am I called?", "you remember my name, right?",
    "what did I say my name was?", "did you forget my name?", "can you remember my name?", "and my name is?",
    "do you know who I am?", "have you forgotten who I am?", "my name?", "please tell me what my name is",
)  # fmt: skip
_NAMED = ("Your name is {n}.", "Your name is {n}.", "You are {n}.", "Your name is {n}, of course!")
NO_NAME = "You have not told me your name yet."

_FACTS = (
    ("my favourite colour is {c}", ("what is my favourite colour?", "which colour do I like best?", "do you remember my favourite colour?"), "Your favourite colour is {c}."),
    ("my cat is called {n}", ("what is my cat called?", "what's the name of my cat?", "do you remember my cat?"), "Your cat is called {n}."),
    ("my dog is called {n}", ("what is my dog called?", "what's the name of my dog?", "what is my dog's name?"), "Your dog is called {n}."),
    ("I live in {p}", ("where do I live?", "which town do I live in?", "do you remember where I live?"), "You live in {p}."),
    ("I am {a} years old", ("how old am I?", "what is my age?", "do you remember how old I am?"), "You are {a} years old."),
    ("my sister is called {n}", ("what is my sister called?", "what's my sister's name?", "who is my sister?"), "Your sister is called {n}."),
    ("my favourite food is {w}", ("what is my favourite food?", "what do I like to eat?", "which food do I like best?"), "Your favourite food is {w}."),
    ("my lucky number is {a}", ("what is my lucky number?", "do you remember my lucky number?", "which number is lucky for me?"), "Your lucky number is {a}."),
    ("the password is {w}", ("what is the password?", "do you remember the password?", "which password did I say?"), "The password is {w}."),
)  # fmt: skip
NO_FACT = "You have not told me that yet."


_OPENERS = (
    "hi, ",
    "hello, ",
    "hey, ",
    "well, ",
    "hi bot, ",
    "hey everyone, ",
    "good evening, ",
    "ok, ",
    "oh, ",
    "",
    "",
    "",
    "",
    "",
)
_TAILS = (
    ", nice to meet you", ", by the way", " and I like {w}", " and I live in {p}", ", how are you?", ", in case you wonder", " and I am happy",
    ", please remember that", " and you?", ". What can you do?", " and I come from {p}", ", just call me that", " and I have a question", ", how do you do?", " and I just joined", ", pleased to meet you", ". Remember it!",
    " and this is my first day", ", glad to be here", " and I like it here", ", what is yours?", ", as you may know", " and I need help", ", don't forget it", ", how are things?", "", "", "", "", "",
)  # fmt: skip
_CORES = (
    "I am {n}", "I'm {n}", "my name is {n}", "{n} is what they call me", "my name would be {n}", "everybody calls me {n}", "my nickname is {n}",
    "I was named {n}", "my first name is {n}", "you can use {n} as my name", "the name is {n}", "they know me as {n}", "I introduce myself as {n}",
    "they call me {n}", "{n} is my name", "I am known as {n}", "my parents named me {n}", "I'm called {n}", "{n} is the name", "I go by the name {n}", "please write down my name: {n}",
    "I would like to be called {n}", "address me as {n}", "{n} speaking", "it is {n} here", "this is {n}", "my real name is {n}", "I bear the name {n}", "you are talking to {n}",
    "the name I go by is {n}", "my friends say {n}", "call me {n}", "people say {n} to me", "my full name is {n}", "here is {n}", "it is me, {n}",
)  # fmt: skip


def _say_name(rng: Random) -> str:
    while True:
        text = rng.choice(TELL_NAME)
        if rng.random() < 0.7:
            text = opened(rng, rng.choice(_CORES) + rng.choice(_TAILS), 0.25)
            if rng.random() < 0.5:
                text = rng.choice(_OPENERS) + text
        if not is_held(text):
            return text


_ASKING = Ways(
    whole=(
        *ASK_NAME, "which name is mine?", "what name do I go by?", "which name did I tell you?", "what did I call myself?", "how do people call me?",
        "what do people call me?", "what name did I say?", "what was the name I told you?", "what should you call me?", "do you recall my name?",
        "surely you remember my name?", "you know my name, don't you?", "is my name still in your head?", "what have I told you about my name?",
        "can you say what my name was?", "have I told you my name?", "under which name do you know me?", "what's the name I gave you?", "my name is what?",
        "how did I introduce myself?", "what do they call me?", "what name is mine?", "did you keep my name?", "and who am I?", "whose name did I tell you?",
    ),
    clauses=(
        "what my name is", "what I am called", "who I am", "what name I have", "which name I told you", "how I am called", "what I call myself", "what they call me",
        "what my name was", "which name is mine", "if you remember my name", "whether you know my name", "how I introduced myself", "what name I gave",
    ),
    nouns=("my name", "my name", "my own name", "the name that I told you", "the name I gave you"),
    deeds=("say my name", "repeat my name", "tell me my name", "remember my name", "say what I am called", "tell me who I am", "call me by my name"),
)  # fmt: skip


def tell_name(rng: Random, name: str) -> tuple[str, str]:
    """Someone says their name."""
    text = _say_name(rng).format(n=name, w=words.word(rng), p=words.place(rng).split(",")[0])
    return casual_name(rng, text, name), rng.choice(_MET).format(n=name)


def casual_name(rng: Random, text: str, name: str) -> str:
    """`casual`, but the name keeps its letters."""
    changed = casual(rng, text)
    return changed if name in changed else text


def ask_name(rng: Random, name: str | None) -> tuple[str, str]:
    """Someone asks for their name, which may be unknown."""
    answer = rng.choice(_NAMED).format(n=name) if name else NO_NAME
    return casual(rng, say(rng, _ASKING)), answer


def new_fact(rng: Random) -> tuple[int, dict[str, str]]:
    """Something to tell: which fact, and its words."""
    slots = {
        "c": rng.choice(words.COLOURS), "n": words.person(rng), "p": words.place(rng).split(",")[0],
        "a": str(rng.randrange(3, 100)), "w": words.word(rng),
    }  # fmt: skip
    return rng.randrange(len(_FACTS)), slots


def tell_fact(rng: Random, fact: tuple[int, dict[str, str]]) -> tuple[str, str]:
    """Someone tells something about themselves."""
    number, slots = fact
    text = _FACTS[number][0].format(**slots)
    answer = rng.choice(("I will keep that in mind.", "Good to know! I will keep that in mind."))
    return text if rng.random() < 0.5 else text[0].upper() + text[1:] + ".", answer


def ask_fact(rng: Random, fact: tuple[int, dict[str, str]] | None) -> tuple[str, str]:
    """Someone asks for what they told, or for something that they never told."""
    if fact is None:
        return casual(rng, rng.choice(_FACTS[rng.randrange(len(_FACTS))][1])), NO_FACT
    number, slots = fact
    _, asks, answer = _FACTS[number]
    return casual(rng, rng.choice(asks)), answer.format(**slots)
