"""Dropping the sentence that a model was cut off in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.characters.sentences import whole_sentences


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Hello there. I was going to", "Hello there."),
        ("Hello there! I was going to", "Hello there!"),
        ("Fine... and then", "Fine..."),
        ("Fine… and then", "Fine…"),
        ("Really?! I was", "Really?!"),
        ("你好。我正在", "你好。"),
        ("本当に？そう", "本当に？"),
        ("「はい。それは", "「はい。」"),
        ("नमस्ते। मैं", "नमस्ते।"),
        ("ماذا؟ أنا", "ماذا؟"),
        ('He said: "Come." And then', 'He said: "Come."'),
        ('"I was there. And then I wen', '"I was there."'),
        ("“I was there. And then I wen", "“I was there.”"),
        ("«J'y étais. Et pui", "«J'y étais.»"),
        ("„Ich war da. Und dan", "„Ich war da.“"),
        ("*smiles warmly* I was", "*smiles warmly*"),
        ("*She nods. And then she w", "*She nods.*"),
        ("**Stop. Now", "**Stop.**"),
        ("Yes. *waves* And th", "Yes. *waves*"),
        ("She said *no* and", "She said *no* and"),
        ("I met Mr. Smith. He wa", "I met Mr. Smith."),
        ("I met Mr. Smi", "I met Mr. Smi"),
        ("It is 3.5 of them. Or", "It is 3.5 of them."),
        ("My list.\n1. First thing.\n2. Seco", "My list.\n1. First thing."),
        ("a line\nanother li", "a line"),
        ("*smiles*\n\nI was goi", "*smiles*"),
        # What is whole, and what would be nothing.
        ("Done.", "Done."),
        ("Done. *waves*", "Done. *waves*"),
        ('"Done."', '"Done."'),
        ("One sentence that does not", "One sentence that does not"),
        ("Here. ```py\nx = 1. Or", "Here. ```py\nx = 1. Or"),
        ("", ""),
    ],
)
def test_an_unfinished_sentence_is_dropped(text: str, kept: str):
    assert whole_sentences(text) == kept


@given(st.text("ab .!?*\"“”。\n'`1", max_size=60))
def test_it_never_drops_everything(text: str):
    kept = whole_sentences(text)
    assert bool(kept) == bool(text.strip())
    assert text.startswith(kept.rstrip('*"”'))


@pytest.mark.parametrize("text", ["*", '"', ".", " ", "a\n", "*a ", "Mr. ", "“", "1. ", "a. "])
def test_it_takes_long_texts(text: str):
    whole_sentences(text * (200_000 // len(text)) + "x")
