"""Data from people is never markup.

An engine's tokenizer turns `<|im_end|>` into the real control token wherever it stands in the
prompt, also inside a chat message. `neutralise` puts a zero-width space behind the first
character of everything that a Hermes prompt format gives a meaning to, so that a reader sees the
same text and the tokenizer sees ordinary characters. `restore` undoes it in text that comes back.
"""

from __future__ import annotations

import re
from typing import TypeVar, cast

Value = TypeVar("Value")

GUARD = "\u200b"

# Control tokens of the Llama, Mistral and ChatML vocabularies, and the tags of Hermes' own formats.
_TAGS = r"tool_call|tool_response|tools|scratch_pad|think|schema|s|unk|pad|mask"

# What a model may take for the beginning of a line, and blanks, some of them invisible. Without
# newlines, so that a run of blanks is read once.
_LINE = r"(?:^|[\r\v\f\x1c-\x1e\x85\u2028\u2029])"
_BLANK = r"[ \t\u00a0\u00ad\u1680\u2000-\u200f\u202f\u205f\u2060-\u2064\u3000\ufeff]*"

_FIRST = ("<", "[", "#", "USER", "ASSISTANT")
_MARKUP = re.compile(
    r"<(?=\|[\w.:\-]{1,64}\|>)"  # <|im_end|>, <|eot_id|>, <|reserved_special_token_7|>
    rf"|<(?=/?(?:{_TAGS})\s*/?>)"  # </tool_call>, <s>, <think>
    r"|<(?=<SYS>>|</SYS>>)"
    r"|\[(?=/?(?:INST|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS)\])"
    # Vicuna's names; in small letters they are nothing.
    rf"|{_LINE}{_BLANK}(?-i:[UA](?=(?:SER|SSISTANT):))"
    rf"|{_LINE}{_BLANK}#+(?=##{_BLANK}(?:Instruction|Input|Response|System)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_GUARDED = re.compile(
    rf"([<\[#UA]){GUARD}"
    rf"(?=\|[\w.:\-]{{1,64}}\|>|/?(?:{_TAGS})\s*/?>|</?SYS>>|/?(?:INST|TOOL_|AVAILABLE_)|##"
    r"|(?-i:SER|SSISTANT):)",
    re.IGNORECASE,
)


def neutralise(text: str) -> str:
    """Make every control string in `text` plain text; what a reader sees stays the same."""
    if not any(first in text for first in _FIRST):
        return text  # Nearly all texts, and looking for a letter is quick.
    return _MARKUP.sub(lambda match: match[0] + GUARD, text)


def restore(text: str) -> str:
    """Take the guards out again, for text that the model quotes back to a person."""
    return _GUARDED.sub(r"\1", text) if GUARD in text else text


def restore_within(value: Value) -> Value:
    """The same for all texts in a value of JSON, names of its keys included."""
    found: object = value
    if isinstance(found, str):
        found = restore(found)
    elif isinstance(found, list):
        found = [restore_within(one) for one in cast("list[object]", found)]
    elif isinstance(found, dict):
        pairs = cast("dict[str, object]", found).items()
        found = {restore(key): restore_within(one) for key, one in pairs}
    return cast(Value, found)
