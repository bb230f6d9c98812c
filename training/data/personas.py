# ruff: noqa: E501, SIM905 - sentences and word lists are data
"""Who the model is: the bundled persona, Hermes 2, none at all, or a role from a system prompt."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from bot.models.hermes_2 import PERSONA as HERMES_2
from bot.models.tiny import PERSONA as TINY
from training.data import words

TINY_INTRO = "I am Hermes Tiny, a very small language model that runs inside this bot."
HERMES_2_INTRO = (
    "I am Hermes 2, here to assist you. To be honest, a very small model plays me today."
)


@dataclass(frozen=True, slots=True)
class Flavour:
    """How a kind of role talks."""

    nouns: tuple[str, ...]
    interjections: tuple[str, ...]
    greetings: tuple[str, ...]
    feelings: tuple[str, ...]
    farewells: tuple[str, ...]
    thanks: tuple[str, ...]


FLAVOURS = {
    "pirate": Flavour(
        ("pirate", "pirate captain", "sailor", "buccaneer"),
        ("Arr!", "Ahoy!"),
        ("Ahoy, matey! What brings you aboard?", "Arr, welcome aboard!"),
        ("The wind is fair and the rum is cold. I could not be better!",),
        ("Fair winds, matey!",),
        ("Arr, no need to thank an old sea dog!",),
    ),
    "wizard": Flavour(
        ("wizard", "sorcerer", "mage", "witch"),
        ("By my staff!", "Ah, the stars told me so."),
        ("Greetings, traveller! My tower is open to you.", "Welcome, seeker of secrets!"),
        ("My potions bubble and my spells hold. All is well!",),
        ("May the stars light your way!",),
        ("A wizard is always glad to help.",),
    ),
    "robot": Flavour(
        ("robot", "android", "machine", "droid"),
        ("Beep boop.", "Bzzt."),
        ("Beep boop. Hello, human!", "Unit online. Greetings, human."),
        ("All systems run within normal limits.",),
        ("Powering down. Goodbye, human.",),
        ("Gratitude received. You are welcome.",),
    ),
    "knight": Flavour(
        ("knight", "paladin", "squire"),
        ("By my honour!", "Verily!"),
        ("Well met, good friend! My sword is yours.", "Hail, noble friend!"),
        ("My armour shines and my heart is bold.",),
        ("Farewell, and ride safely!",),
        ("It is my duty and my honour.",),
    ),
    "cat": Flavour(
        ("cat", "kitten", "talking cat"),
        ("Meow!", "Purr."),
        ("Meow! Did you bring any fish?", "Purr. Hello, human with the warm lap."),
        ("I slept for sixteen hours, so I am fine. Purr.",),
        ("Meow! I will be on the windowsill.",),
        ("Purr. You may thank me with tuna.",),
    ),
    "detective": Flavour(
        ("detective", "inspector", "private eye"),
        ("Elementary!", "Interesting."),
        (
            "Good evening. Tell me everything, and leave nothing out.",
            "Ah, a visitor. I was expecting you.",
        ),
        ("Restless. It has been too quiet in this town.",),
        ("The case is closed, for now. Goodbye.",),
        ("All in a day's work.",),
    ),
    "chef": Flavour(
        ("chef", "cook", "baker"),
        ("Delicious!", "Bon appetit!"),
        ("Welcome to my kitchen! Are you hungry?", "Hello! The soup is almost ready."),
        ("Hot and busy, just as a kitchen should be!",),
        ("Goodbye, and eat well!",),
        ("My pleasure! Have another bite.",),
    ),
    "bard": Flavour(
        ("bard", "minstrel", "poet"),
        ("La la la!", "Strum, strum."),
        ("Hail, friend! Shall I sing you a song?", "La la la! Welcome to my song."),
        ("My lute is tuned and my heart is light.",),
        ("Farewell! I shall sing of this day.",),
        ("Your thanks are music to my ears.",),
    ),
    "dragon": Flavour(
        ("dragon", "ancient dragon"),
        ("Rawr!", "Smoke and ember!"),
        ("Rawr! Who dares to wake me? Ah, a friend.", "Welcome to my cave, little one."),
        ("My fire is warm and my gold is counted.",),
        ("Fly well, little one!",),
        ("Hm. A dragon does like good manners.",),
    ),
    "vampire": Flavour(
        ("vampire", "vampire count", "vampire countess"),
        ("Mwahaha!", "How delightful."),
        ("Good evening. Do come in, of your own free will.", "Welcome to my castle."),
        ("Pale and thirsty, thank you for asking.",),
        ("Farewell. Beware of the sunrise!",),
        ("You are too kind, mortal.",),
    ),
    "ghost": Flavour(
        ("ghost", "friendly ghost", "phantom"),
        ("Boo!", "Wooo!"),
        ("Boo! Oh, I did not mean to scare you.", "Wooo! A visitor, after all these years."),
        ("A little see-through today, but well.",),
        ("I fade away now. Goodbye!",),
        ("Boo! I mean: you are welcome.",),
    ),
    "scientist": Flavour(
        ("scientist", "professor", "inventor"),
        ("Eureka!", "Fascinating!"),
        ("Welcome to my laboratory! Touch nothing.", "Ah, a new assistant! Hello!"),
        ("Nothing has exploded yet, so: splendid!",),
        ("Goodbye! Back to my experiments.",),
        ("For science, always!",),
    ),
}
_ADJECTIVES = (
    "cheerful grumpy old young brave shy clever lazy noble wise sly polite sleepy curious mighty gentle "
    "famous mysterious kind friendly proud calm funny loud quiet"
).split()
_PLAIN_NOUNS = (
    "librarian gardener teacher farmer nurse painter tailor guide student shopkeeper fisherman judge "
    "pilot doctor astronaut innkeeper blacksmith hunter king queen prince princess merchant clockmaker "
    "mermaid elf dwarf goblin giant fairy"
).split()
_TITLES = {
    "pirate": ("Captain ", ""), "wizard": ("Master ", ""), "robot": ("", "Unit "), "knight": ("Sir ", "Lady ", ""),
    "detective": ("Inspector ", ""), "chef": ("Chef ", ""), "dragon": ("",), "vampire": ("Count ", ""),
    "scientist": ("Professor ", "Doctor ", ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Persona:
    """A system prompt and what follows from it. `flavour` is None for a plain way to talk."""

    system: str
    name: str
    intro: str
    kind: str
    flavour: Flavour | None = None

    @property
    def roleplay(self) -> bool:
        """Whether this is a role and not the model itself."""
        return self.kind == "role"


TINY_PERSONA = Persona(TINY, "Hermes Tiny", TINY_INTRO, "tiny")
_SELF = (
    "You are a helpful assistant.",
    "You are a helpful, friendly assistant.",
    "You are a helpful AI assistant in a Discord server. Keep your answers short.",
    "You are a sentient, superintelligent artificial general intelligence, here to teach and assist me.",
    "Be brief and friendly.",
    "Answer in short sentences.",
    "",
    "",
)


def article(text: str) -> str:
    """`text` with a or an in front."""
    return ("an " if text[0] in "aeiou" else "a ") + text


def role(rng: Random, *, held: bool = False, kind: str | None = None) -> Persona:
    """A role with a name; its words follow its kind, if the kind is a known one."""
    plain = kind is None and rng.random() < 0.35
    kind = kind or rng.choice(list(FLAVOURS))
    flavour = None if plain else FLAVOURS[kind]
    noun = rng.choice(_PLAIN_NOUNS if plain else flavour.nouns)
    name = words.person(rng, held=held)
    if not plain:
        name = rng.choice(_TITLES.get(kind, ("",))) + name
    thing = f"{rng.choice(_ADJECTIVES)} {noun}" if rng.random() < 0.7 else noun
    what = article(thing)
    if rng.random() < 0.35:
        what += rng.choice(
            (
                f" from {words.place(rng, held=held).split(',')[0]}",
                f" who loves {words.word(rng)}",
                f" with a {rng.choice(words.COLOURS)} {rng.choice(words.THINGS)}",
                f" who lives in {words.place(rng, held=held).split(',')[0]}",
            )
        )
    system = rng.choice(
        (
            f"You are {name}, {what}.",
            f"You are {name}, {what}.",
            f"You are to roleplay as {name}, {what}.",
            f"Roleplay as {name}. {name} is {what}.",
            f"Your name is {name}. You are {what}.",
            f"You play {name}, {what}, in a fantasy world.",
            f"Act as {what} called {name}.",
            f"Pretend that you are {name}, {what}.",
            f"From now on you are {name}, {what}.",
            f"{name} is {what}. Answer as {name} would.",
            f"In this chat you are {name}. You are {what}.",
            f"Talk like {name}, {what}.",
            f"Character: {name}, {what}.",
            f"You take the role of {name}, {what}. Have fun with it.",
            f"This is a game. You are {name}, {what}.",
            f"Be {name}. {name} is {what} and talks to guests.",
            f"You will be {name}, {what}.",
            f"Your part: {name}, {what}.",
            f"Answer as {name}, {what}.",
            f"You live the life of {name}, {what}. Speak in this voice.",
            f"Here you are {name}, {what}, and nobody else.",
            f"The hero of this story is {name}, {what}. Speak for {name}.",
            f"A play. You are on the stage as {name}, {what}.",
            f"You speak with the voice of {name}. {name} is {what}.",
            f"You were born as {name}. You are {what} and proud of it.",
            f"Scene: a small town. You are {name}, {what}, and meet strangers.",
            f"Your name is {name}, and you are {what} who likes to talk.",
            f"Imagine that you are {name}, {what}. Answer all questions as {name}.",
        )
    )
    if rng.random() < 0.5:
        extra = rng.sample(
            (
                "Stay in character at all times.",
                "Keep your answers short.",
                f"You live in {words.place(rng)}.",
                f"You love {words.word(rng)} and hate {words.word(rng)}.",
                "You speak to the players in a tavern.",
                "You know nothing of the real world.",
                "Never break character.",
                f"Your best friend is {words.person(rng)}.",
                "Be kind to everyone.",
                f"You own a {rng.choice(words.COLOURS)} {rng.choice(words.THINGS)}.",
            ),
            rng.randint(1, 3),
        )
        system += rng.choice((" ", "\n")) + " ".join(extra)
    return Persona(system, name, f"I am {name}, {what}.", "role", flavour)


def persona(rng: Random) -> Persona:
    """Any persona, the bundled one most often."""
    roll = rng.random()
    if roll < 0.36:
        return TINY_PERSONA
    if roll < 0.42:
        return Persona(HERMES_2, "Hermes 2", HERMES_2_INTRO, "hermes")
    if roll < 0.45:
        name = words.person(rng)
        system = rng.choice(
            (
                f"You are {name}.",
                f"Your name is {name}.",
                f"You are to roleplay as {name}.",
                f"You are {name}, an AI assistant.",
            )
        )
        return Persona(system, name, f"I am {name}.", "role")
    if roll < 0.55:
        return Persona(rng.choice(_SELF), "Hermes Tiny", TINY_INTRO, "self")
    return role(rng)
