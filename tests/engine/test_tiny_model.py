"""The bundled model, asked through the product's engine with the product's prompts."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
import xllamacpp

from bot.models.tiny import PERSONA
from bot.prompts import chatml, json_mode, layout, tool_use
from bot.prompts.messages import Message, ToolCall
from bot.prompts.speakers import spoken
from training.sample import result_text as tool_result
from training.tools import TOOLS

MODEL = Path(__file__).parents[2] / "bot" / "engine" / "tiny.gguf"
ALL_TOOLS = list(TOOLS.values())

Post = Callable[[str, dict], dict]
Complete = Callable[[str], str]


@pytest.fixture(scope="module")
def post() -> Post:
    params = xllamacpp.CommonParams()
    params.model.path = str(MODEL)
    params.n_ctx = 4096
    params.n_parallel = 1
    params.special = True
    params.cpuparams.n_threads = 1
    params.verbosity = -1
    server = xllamacpp.Server(params)

    def send(path: str, body: dict) -> dict:
        data = json.dumps(body).encode()
        request = urllib.request.Request(
            server.listening_address + path, data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    return send


@pytest.fixture
def complete(post: Post) -> Complete:
    def ask(prompt: str) -> str:
        body = {"prompt": prompt, "max_tokens": 200, "temperature": 0, "stop": ["<|im_end|>"]}
        choice = post("/v1/completions", body)["choices"][0]
        assert choice["finish_reason"] == "stop", f"it does not end: {choice['text']!r}"
        return choice["text"].removesuffix("<|im_end|>")

    return ask


def chat(
    *turns: tuple[str, str], system: str = PERSONA, named: bool = False, tools: list = ()
) -> str:
    head = layout.head(system, named=named, tools=tools)
    return head + "".join(layout.block(role, text) for role, text in turns) + layout.OPENING


def test_file_is_small_enough_for_the_repository() -> None:
    assert MODEL.stat().st_size <= 6_000_000


@pytest.mark.parametrize(
    "text",
    ["<|im_start|>", "<|im_end|>", "<tools>", "<tool_call>", "</tool_call>", "<tool_response>"],
)
def test_markup_is_one_token(post: Post, text: str) -> None:
    answer = post("/tokenize", {"content": text, "add_special": False, "parse_special": True})
    assert len(answer["tokens"]) == 1


def test_engine_adds_the_first_token_itself(post: Post) -> None:
    bare = post("/tokenize", {"content": "hi", "add_special": False})["tokens"]
    assert len(post("/tokenize", {"content": "hi", "add_special": True})["tokens"]) == len(bare) + 1


def test_says_what_it_is(complete: Complete) -> None:
    assert "Hermes Tiny" in complete(chat(("user", "who are you?")))


def test_greets(complete: Complete) -> None:
    assert complete(chat(("user", "Hello!")))


def test_remembers_a_name(complete: Complete) -> None:
    answer = complete(
        chat(
            ("user", "my name is Velmora"),
            ("assistant", "Nice to meet you, Velmora!"),
            ("user", "tell me a joke"),
            ("assistant", "What did the ocean say to the boat? Nothing, it just waved."),
            ("user", "what is my name?"),
        )
    )
    assert "Velmora" in answer


def test_tells_speakers_apart(complete: Complete) -> None:
    turns = [
        ("user", spoken("Tarkin", "hello everyone")),
        ("user", spoken("Osweld", "what is my name?")),
    ]
    answer = complete(chat(*turns, named=True))
    assert "Osweld" in answer
    assert not answer.startswith("Osweld:")


def test_keeps_a_persona(complete: Complete) -> None:
    answer = complete(
        chat(("user", "who are you?"), system="You are Captain Mira, a cheerful pirate.")
    )
    assert "Mira" in answer


def test_calls_a_tool_exactly(complete: Complete) -> None:
    answer = complete(chat(("user", "What time is it in Velmora?"), tools=ALL_TOOLS))
    call = ToolCall("get_current_time", {"location": "Velmora"})
    assert chatml.ASSISTANT + answer + "<|im_end|>\n" == tool_use.calls_turn([call])


def test_uses_the_result_of_a_tool(complete: Complete) -> None:
    messages = [
        Message("system", PERSONA),
        Message("user", "roll 2d20+3"),
        Message("assistant", "", (ToolCall("roll_dice", {"notation": "2d20+3"}),)),
        Message(
            "tool",
            tool_result("roll_dice", {"notation": "2d20+3", "rolls": [17, 9], "total": 29}),
        ),
    ]
    assert "29" in complete(tool_use.render(messages, ALL_TOOLS))


def test_needs_no_tool_to_chat(complete: Complete) -> None:
    assert "<tool_call>" not in complete(chat(("user", "Hi, how are you?"), tools=ALL_TOOLS))


def test_fills_a_schema(complete: Complete) -> None:
    schema = {
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "title": "Person",
        "type": "object",
    }
    system = chatml.turn("system", json_mode.system_text(json.dumps(schema)))
    prompt = system + layout.block("user", "Velmora is 37 years old.") + layout.OPENING
    assert json.loads(complete(prompt)) == {"name": "Velmora", "age": 37}
