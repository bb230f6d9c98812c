"""Discord's markup as text that a model can read. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

Look = Callable[[int], str | None]

_MARKUP = re.compile(
    r"<@!?(?P<user>\d{1,20})>"
    r"|<@&(?P<role>\d{1,20})>"
    r"|<#(?P<channel>\d{1,20})>"
    r"|<a?:(?P<emoji>\w{1,32}):\d{1,20}>"
    r"|<t:(?P<time>-?\d{1,14})(?::(?P<style>[tTdDfFRsS]))?>"
    r"|</(?P<command>[-_\w ]{1,100}):\d{1,20}>"
)

_CODE = re.compile(r"```.*?```|(?<!`)(`{1,2})(?!`)(?:(?!\1).)+\1(?!`)", re.DOTALL)
# `>>> ` quotes all the rest.
_QUOTED = re.compile(r"^(?:>>> .*\Z|> [^\n]*)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Names:
    """Gives the name behind an id, or None where it is not known."""

    user: Look
    role: Look
    channel: Look


def readable(text: str, names: Names) -> str:
    """Mentions as names, custom emoji as `:name:`, timestamps as dates in UTC."""

    def written_out(match: re.Match[str]) -> str:
        kind = match.lastgroup if match.lastgroup != "style" else "time"
        value = match[kind or 0]
        match kind:
            case "user":
                return f"@{names.user(int(value)) or 'someone'}"
            case "role":
                return f"@{names.role(int(value)) or 'some role'}"
            case "channel":
                return f"#{names.channel(int(value)) or 'some channel'}"
            case "emoji":
                return f":{value}:"
            case "time":
                return _moment(int(value), match["style"] or "f") or match[0]
            case _:
                return f"/{value}"

    return _MARKUP.sub(written_out, text)


def without_mention(text: str, *ids: int) -> str:
    """Take the mentions of the bot (its own id, its role's) from the text's beginning and end."""
    own = "|".join(map(str, ids))
    mention = rf"<@[!&]?(?:{own})>"
    text = re.sub(rf"\A(?:\s*{mention}[\s,:]*)+", "", text)
    # Only where a blank begins: else a long one is gone through again and again.
    return re.sub(rf"(?<!\s)(?:\s*+{mention})+\s*\Z", "", text)


def first_mention(text: str) -> int | None:
    """The id of the person or role that the text begins with, if it begins with one."""
    match = re.match(r"\s*<@[!&]?(\d{1,20})>", text)
    return int(match[1]) if match else None


def own_words(text: str) -> str:
    """The text without its code and without the lines that it quotes."""
    return _QUOTED.sub(" ", _CODE.sub(" ", text))


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in a text (zero-width characters count as nothing)."""
    return all(c.isspace() or unicodedata.category(c)[0] in "CZ" for c in text)


def shortened(text: str, length: int) -> str:
    """At most `length` characters, the last of them "…" if something is missing."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def label(name: str) -> str:
    """A name that cannot break out of its brackets: one line, at most 100 characters."""
    visible = "".join(c for c in name if c.isspace() or unicodedata.category(c)[0] != "C")
    return shortened(" ".join(re.sub(r"[\[\]<>]", " ", visible).split()), 100) or "unnamed"


def _moment(seconds: int, style: str) -> str | None:
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    day, clock = f"{at.day} {at:%B} {at.year}", f"{at:%H:%M} UTC"
    if style in "tT":
        return clock
    return day if style in "dD" else f"{day}, {clock}"
