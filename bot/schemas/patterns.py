"""Regular expressions of strangers, matched in linear time.

Python's `re` may take for ever on `(a+)+$`, and neither a thread nor a call of it can be stopped.
pydantic brings Rust's regex engine: it has no look-around and no back-references, bounds the
memory that an expression compiles to, and never takes longer than the text is long.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import SchemaError

from bot.errors import BadInput
from bot.language import later

# Longest expression in characters, and how many a schema may have: compiling one that is at the
# engine's memory limit takes a tenth of a second.
LONGEST = 300
MOST = 10


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> TypeAdapter[str]:
    return TypeAdapter(Annotated[str, Field(pattern=pattern)])


def check(pattern: str) -> None:
    """Refuse an expression that the engine cannot use."""
    if len(pattern) > LONGEST:
        raise BadInput(
            later(
                "A `pattern` can have {most} characters, not {count:,}.",
                most=LONGEST,
                count=len(pattern),
            )
        )
    try:
        _compiled(pattern)
    except SchemaError as error:
        reason = str(error).strip().splitlines()[-1].removeprefix("error: ").strip()
        raise BadInput(
            later(
                "I cannot use the pattern `{pattern}`: {reason}",
                pattern=pattern[:80],
                reason=reason,
            )
        ) from None


def matches(pattern: str, text: str) -> bool:
    """Whether the expression is found anywhere in the text."""
    try:
        _compiled(pattern).validate_python(text)
    except ValidationError:
        return False
    return True
