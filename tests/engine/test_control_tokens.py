"""With a real tokenizer: the control tokens of a prompt are the format's own, whatever is said.

By text, and for the vocabularies of all models, `tests/pure/test_formats.py` shows the same.
"""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Callable

import pytest
import xllamacpp
from hypothesis import given, settings

from bot.engine.embedded import BUNDLED
from bot.engine.tokens import plain_prompt
from bot.prompts.alpaca import ALPACA
from bot.prompts.chatml import CHATML
from bot.prompts.format import Format
from bot.prompts.llama3 import LLAMA3
from bot.prompts.speakers import clean_name, spoken
from tests.pure.control_strings import TEXTS, TOKENS

Tokenize = Callable[[str], list[int]]


@pytest.fixture(scope="module")
def tokenize() -> Tokenize:
    params = xllamacpp.CommonParams()
    params.model.path = str(BUNDLED)
    params.n_ctx = 512
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.verbosity = -1
    server = xllamacpp.Server(params)

    def ids(text: str) -> list[int]:
        body = {"content": plain_prompt(text), "add_special": True, "parse_special": True}
        request = urllib.request.Request(
            server.listening_address + "/tokenize",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["tokens"]

    return ids


@pytest.fixture(scope="module")
def control(tokenize: Tokenize) -> set[int]:
    """The ids of all control tokens and tags that this vocabulary has; one of them is BOS."""
    found = {ids[1] for token in TOKENS if len(ids := tokenize(token)) == 2}
    return found | set(tokenize("")[:1])


def test_the_vocabulary_has_control_tokens_to_be_kept_from(control: set[int]):
    assert len(control) >= 10


@pytest.mark.parametrize("form", [CHATML, ALPACA, LLAMA3], ids=lambda form: form.name)
def test_no_text_becomes_a_control_token(form: Format, tokenize: Tokenize, control: set[int]):
    def counted(text: str, system: str, answer: str, name: str) -> Counter[int]:
        prompt = (
            form.head(system, named=True)
            + form.block("user", spoken(name, text))
            + form.block("assistant", answer)
            + form.block("user", text)
            + form.opening
        )
        return Counter(token for token in tokenize(prompt) if token in control)

    plain = counted("a", "b", "c", "d")

    @settings(max_examples=60, deadline=None)
    @given(TEXTS, TEXTS, TEXTS, TEXTS)
    def check(text: str, system: str, answer: str, name: str) -> None:
        # An empty system prompt still has the sentence about the speakers.
        assert counted(text, system, answer, clean_name(name)) == plain

    check()


@pytest.mark.parametrize("token", TOKENS)
def test_each_control_string_alone(token: str, tokenize: Tokenize, control: set[int]):
    for form in (CHATML, ALPACA, LLAMA3):
        hostile, harmless = (tokenize(form.block("user", text)) for text in (token, "a"))
        assert [one for one in hostile if one in control] == [
            one for one in harmless if one in control
        ]
