"""Regular expressions in lorebooks, matched in linear time.

Files of strangers may hold expressions that never end in Python's `re`. pydantic brings Rust's
engine: no look-around, no back-references, and never longer than the text times the expression.
So that the latter stays short, repetitions are counted before one is compiled.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

LONGEST = 500
"""How long an expression can be, in characters."""

MOST_WEIGHT = 5_000
"""What an expression can weigh. The heaviest takes some 10 ms to compile."""

_WRITTEN = re.compile(r"/(.+)/([a-z]{0,8})\Z", re.DOTALL)
_COUNT = re.compile(r"\{(\d{1,9})(?:,(\d{0,9}))?\}")
# What JavaScript's flags are called here; `g`, `y`, `d` and `v` change nothing for a search.
_FLAGS = "ims"


def is_written(key: str) -> bool:
    """Whether a key says by its form that it is a regular expression: `/…/flags`."""
    return len(key) > 2 and key[0] == "/" and _WRITTEN.match(key) is not None


def source(key: str, *, ignore_case: bool) -> str:
    """The expression of a key for the engine; `ignore_case` where the key itself has no flags."""
    written = _WRITTEN.match(key) if key[:1] == "/" else None
    if written is None:
        return f"(?i){key}" if ignore_case else key
    flags = "".join(flag for flag in _FLAGS if flag in written[2])
    # Here a slash means nothing; JavaScript has it escaped.
    body = written[1].replace("\\/", "/")
    return f"(?{flags}){body}" if flags else body


def found(expression: str, text: str) -> bool | None:
    """Whether an expression is found in a text; None if the engine cannot use it."""
    compiled = _compiled(expression)
    return None if compiled is None else compiled.isinstance_python(text)


def weight(expression: str) -> int:
    """What an expression costs: its length times what all its `{n}` come to, multiplied."""
    product = len(expression)
    for count in _COUNT.finditer(expression):
        product *= max(int(count[2] or count[1]), 1)
    return product


@lru_cache(maxsize=512)
def _compiled(expression: str) -> SchemaValidator | None:
    if len(expression) > LONGEST or weight(expression) > MOST_WEIGHT:
        return None
    try:
        return SchemaValidator(core_schema.str_schema(pattern=expression))
    except SchemaError:
        return None
