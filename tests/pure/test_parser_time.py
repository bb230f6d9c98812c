"""The parser's time grows as its text does, whatever the text says."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bot.tools.parsing.parser import parse
from tests.pure.tool_calls import STD, pieces, streamed

TIME = '{"name": "get_time", "arguments": {}}'

# Texts of about the given length; what is repeated is an opening without its end, mostly.
HOSTILE: dict[str, Callable[[int], str]] = {
    text[:24]: lambda size, text=text: text * (size // len(text))
    for text in (
        *("<", "`", "</s>", "</s>x", "` </s>", "`<tool_call>", "<tool_call>", "<tool_call>x"),
        *("<tool_call>{", '<tool_call>{"', '<tool_call>{"a": "b</tool_call>', "<think>"),
        *(
            "<think><tool_call>{}</tool_call>",
            f"{TIME}<think>",
            f"{TIME}<think>a</think>",
            '<scratch_pad><think><tool_call>{"name":"a"}',
        ),
        *('{"', '{"a":', '{"a": 1} ', "{\"{'", f"{TIME} ", "<tool>", f"<tool>{TIME}</tool>x"),
        *(f"```json\n{TIME}\n```\n", "<function=get_time>", "[\"<tool_call>['"),
        *('{"a":' * 120 + '"' + "x" * 500 + '" !', "The quick brown fox. "),
    )
} | {
    "prose, closed once": lambda size: "<tool_call>x" * (size // 12) + "</tool_call>",
    "prose, then the end": lambda size: "<tool_call>x" * (size // 12) + "<|im_end|>",
    "blanks": lambda size: f"a{' ' * size}b",
    "blanks in a call": lambda size: f"<tool_call>{' ' * size}",
    "blanks in a block": lambda size: f"```{' ' * size}<tool_call>",
    "digits": lambda size: f'<tool_call>{{"a": {"9" * size}',
    "backslashes": lambda size: f'<tool_call>{{"a": "{chr(92) * size}',
    "quotes": lambda size: '<tool_call>{"a": """' + '""x' * (size // 3),
    "brackets": lambda size: f"<tool_call>{'[' * size}",
    "closed too often": lambda size: f"<tool_call>{TIME}{'}' * size}",
    "items": lambda size: f"<tool_call>[{'1,' * (size // 2)}",
    "arguments": lambda size: TIME.replace("{}", f'{{"a": "{"x" * size}"}}'),
    "encoded twice": lambda size: TIME.replace("{}", f'"{{\\"a\\": \\"{"x" * size}\\"}}"'),
    "calls without tags": lambda size: "[" + f"{TIME}," * (size // 38) + "]",
}


def seconds(work: Callable[[], object]) -> float:
    """CPU time of this thread, so that other processes and threads do not count."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("piece", [None, 3])
def test_time_is_linear(text: Callable[[int], str], piece: int | None):
    def work(size: int) -> float:
        whole = text(size)
        if piece is None:
            return seconds(lambda: parse(whole, STD))
        chunks = pieces(whole, piece)
        return seconds(lambda: streamed(chunks, STD))

    # Four times the text: quadratic would be sixteen times the time. A millisecond is noise, and
    # so is one slow run of three.
    assert any(work(48_000) <= 9 * work(12_000) + 0.001 for _ in range(3))


@pytest.mark.parametrize("unit", ["{'", "<{'", "{'\"", '{"a', "[{", '{"a":', "`", "<function="])
def test_200_kb_of_beginnings_take_less_than_a_second(unit: str):
    whole = unit * (200_000 // len(unit))
    # A busy machine may need longer once.
    assert any(seconds(lambda: parse(whole, STD)) < 1 for _ in range(3))


def test_100_kb_of_arguments_in_small_pieces_take_less_than_a_second():
    text = "<tool_call>" + HOSTILE["arguments"](100_000) + "</tool_call>"
    chunks = pieces(text, 4)
    assert any(seconds(lambda: streamed(chunks, STD)) < 1 for _ in range(3))
