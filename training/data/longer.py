# ruff: noqa: E501 - sentences and word lists are data
"""Longer answers, so that streaming can be seen: stories, poems, lists, code."""

from __future__ import annotations

from random import Random

from training.data import words
from training.data.smalltalk import casual

_STORY_ASKS = (
    "tell me a story", "tell me a story about a {h}", "write a short story about a {h}", "a story about a {h} please",
    "can you tell a story about a {h}?", "tell us a story about a {h}", "write a story", "I want a story about a {h}",
    "once upon a time...", "read me a bedtime story", "story time!", "make up a story about a {h}", "a bedtime story about a {h}",
    "do you know a story about a {h}?", "please tell me a long story", "another story",
)  # fmt: skip
_STORIES = (
    "Once upon a time there was a small {h} that lived beside a quiet river. Every evening the {h} watched the lights of "
    "the town and wished for a friend. One night a storm came, and the {h} found a lost lantern in the reeds. It carried "
    "the lantern home through wind and rain. The people of the town thanked the {h} with warm bread and a song. From "
    "that day on, the {h} was never lonely again.",
    "Long ago, behind seven hills, there lived a {h} that could not sleep. It asked the moon for help. The moon smiled "
    "and said: count the stars, one by one. So the {h} began to count. It counted ten, then a hundred, then a thousand. "
    "When the sun came up, the {h} was fast asleep, and it dreamed of silver light until the evening.",
    "A young {h} once left its village to see the sea. On the first day it met an old fisherman who gave it a shell. On "
    "the second day it met a child who gave it a smile. On the third day the {h} stood on the beach and laughed at the "
    "waves. It put the shell to its ear and heard its village calling. Then the {h} walked home, happy and a little wiser.",
)
_POEM_ASKS = (
    "write a poem", "write a poem about a {h}", "a poem about a {h} please", "can you write a poem?", "do you know a poem?",
    "make a little poem about a {h}", "recite a poem", "poem about a {h}", "write me a short poem about a {h}", "a poem please",
)  # fmt: skip
_POEMS = (
    "The {h} sits under the evening sky,\nand watches the slow clouds wander by.\nThe wind is soft, the day is done,\n"
    "the hills still glow with a bit of sun.\nSleep well, little {h}, the night is near,\nand all that is good is waiting here.",
    "A {h} went out in the morning light,\nto look for the end of a dream last night.\nIt looked in the grass, it looked in the "
    "tree,\nit looked in the waves of the great wide sea.\nAnd when it came home, so tired and slow,\nthe dream was asleep in the "
    "evening glow.",
)
_LISTS = (
    (
        (
            "give me a list of tips for a good morning",
            "tips for the morning?",
            "how do I start the day well?",
            "list tips for a good day",
        ),
        "Here are five tips for a good morning:\n1. Get up at the same time every day.\n2. Drink a glass of water.\n3. Open the "
        "window and breathe.\n4. Eat something small and warm.\n5. Do the most important thing first.",
    ),
    (
        (
            "how do I make tea?",
            "give me a recipe",
            "how do you make tea?",
            "recipe for tea please",
            "steps to make tea",
        ),
        "Here is how to make a cup of tea:\n1. Boil fresh water.\n2. Put a tea bag into a cup.\n3. Pour the hot water over it.\n"
        "4. Wait for three minutes.\n5. Take the bag out, and add milk or sugar if you like.",
    ),
    (
        (
            "list the days of the week",
            "what are the days of the week?",
            "name the days of the week",
            "days of the week?",
        ),
        "The days of the week are:\n- Monday\n- Tuesday\n- Wednesday\n- Thursday\n- Friday\n- Saturday\n- Sunday",
    ),
    (
        (
            "list the months",
            "name all months",
            "what are the months of the year?",
            "list the months of the year",
        ),
        "The months are January, February, March, April, May, June, July, August, September, October, November and December.",
    ),
    (
        (
            "list some colours",
            "name five colours",
            "give me a list of colours",
            "which colours are there?",
        ),
        "Here are five colours:\n- red\n- blue\n- green\n- yellow\n- purple",
    ),
    (
        ("say the alphabet", "what is the alphabet?", "recite the alphabet", "list all letters"),
        "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z",
    ),
    (
        (
            "write a long text",
            "write something long",
            "say something long",
            "give me a long answer",
            "can you write a long answer?",
        ),
        "I am a very small model, so long texts are hard for me, but I will try. I live inside a bot, and I wait for messages. When "
        "a message comes, I read it from the first word to the last. Then I write my answer, one small piece after the other, and "
        "you can watch it grow. When I have nothing more to say, I stop. That is my whole life, and I like it.",
    ),
)
_CODE = (
    (
        (
            "write hello world in python",
            "hello world in python",
            "show me some python code",
            "write some code",
            "write a python program",
            "can you write code?",
            "python example please",
        ),
        'Here is a small Python program:\n```python\ndef greet(name):\n    print(f"Hello, {name}!")\n\ngreet("world")\n```\nIt prints a greeting.',
    ),
    (
        (
            "write a loop in python",
            "how do I write a loop?",
            "show me a for loop",
            "python loop example",
            "code that counts to ten",
        ),
        "A loop in Python looks like this:\n```python\nfor number in range(1, 11):\n    print(number)\n```\nIt counts from one to ten.",
    ),
    (
        (
            "write hello world in javascript",
            "show me javascript",
            "javascript example",
            "write some javascript code",
        ),
        'Here is a line of JavaScript:\n```javascript\nconsole.log("Hello, world!");\n```\nRun it in a browser or with Node.',
    ),
    (
        (
            "write a bash script",
            "show me a shell script",
            "bash example",
            "write a shell script please",
        ),
        '```bash\n#!/bin/bash\nfor file in *.txt; do\n    echo "Found $file"\ndone\n```\nThis script lists all text files in a folder.',
    ),
    (
        (
            "write a function that adds two numbers",
            "python function to add numbers",
            "show me a function",
            "add two numbers in python",
        ),
        "```python\ndef add(a, b):\n    return a + b\n\nprint(add(2, 3))\n```\nThe function adds two numbers and gives back the sum.",
    ),
    (
        ("show me some html", "write a html page", "html example", "make a web page"),
        "```html\n<h1>Hello</h1>\n<p>This is a very small page.</p>\n```\nSave it as a file and open it in a browser.",
    ),
)


def longer(rng: Random) -> tuple[str, str]:
    """A request for something long, and the long answer."""
    roll = rng.random()
    if roll < 0.4:
        asks, texts = (_STORY_ASKS, _STORIES) if roll < 0.24 else (_POEM_ASKS, _POEMS)
        ask = rng.choice(asks)
        hero = (
            rng.choice(("dragon", "cat", "fox"))
            if "{h}" not in ask
            else (
                words.invented(rng).lower()
                if rng.random() < 0.2
                else rng.choice(words.ANIMALS + words.THINGS)
            )
        )
        return casual(
            rng,
            ask.format(h=hero)
            .replace(" a owl", " an owl")
            .replace(" a apple", " an apple")
            .replace(" a umbrella", " an umbrella")
            .replace(" a island", " an island")
            .replace(" a otter", " an otter")
            .replace(" a anchor", " an anchor"),
        ), rng.choice(texts).format(h=hero)
    if roll < 0.5:
        start, end = 1, rng.choice((5, 10, 10, 12, 15, 20))
        ask = rng.choice(
            (
                f"count to {end}",
                f"count from 1 to {end}",
                f"can you count to {end}?",
                f"please count to {end}",
            )
        )
        return casual(rng, ask), ", ".join(map(str, range(start, end + 1)))
    asks, text = rng.choice(_LISTS if roll < 0.75 else _CODE)
    return casual(rng, rng.choice(asks)), text
