"""What a fetch brought back."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot import json_input
from bot.net.errors import FetchError

Shape = TypeVar("Shape")

# Python knows codecs that are no encodings of text, and some that take minutes.
_ENCODINGS = re.compile(
    r"utf-8|utf-16(-[bl]e)?|ascii|iso8859-\d+|cp\d+|koi8-[rtu]|mac-roman|"
    r"big5|gb2312|gbk|gb18030|shift_jis|euc_jp|euc_kr|iso2022_jp"
)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: `url` is where it was found in the end, `body` its bytes."""

    status: int
    url: str
    content_type: str
    body: bytes
    charset: str = "utf-8"

    @property
    def text(self) -> str:
        """The body as text; what cannot be read becomes a replacement character."""
        return self.body.decode(self.charset, "replace")

    def json(self) -> Any:
        """The body as a JSON value; `FetchError` if it is none."""
        try:
            return json_input.loads(self.body.decode("utf-8-sig"))
        except ValueError as error:
            raise FetchError(
                "The server answered with something that is not JSON.", detail=str(error)[:200]
            ) from None

    def read_as(self, shape: type[Shape]) -> Shape:
        """The body as JSON of a certain shape, such as a pydantic model; else `FetchError`."""
        try:
            return TypeAdapter(shape).validate_python(self.json())
        except ValidationError as error:
            raise FetchError(
                "The server answered in a form that is not understood here.",
                detail=str(error)[:200],
            ) from None


def known_charset(name: str | None) -> str:
    """The charset that a server named, if it is one to read text with; else UTF-8."""
    try:
        found = codecs.lookup(name or "utf-8").name
    except (LookupError, ValueError):
        return "utf-8"
    return found if _ENCODINGS.fullmatch(found) else "utf-8"
