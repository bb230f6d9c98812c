"""The line above what a character says to somebody: webhooks cannot reply. Pure."""

from __future__ import annotations

import re

ROOM = 192
"""How much longer a message gets, at most, by what stands above it, in UTF-16 units."""

_LINK = r"\[↪\]\(https://discord\.com/channels/\d+/\d+/(?P<question>\d+)\)"
# The second one is a mention that was written out.
_WHO = r"(?:<@\d+>|@[^\n]{1,80})"
_HEAD = re.compile(rf"-# (?:{_LINK}(?: {_WHO})?|{_WHO})(?:\n|$)")


def head(question: str, asker: int) -> str:
    """A line of small print: the link to the `question` and a mention of the `asker`.

    Either may be missing ("" and 0); without both there is no line.
    """
    parts = [*([f"[↪]({question})"] if question else []), *([f"<@{asker}>"] if asker else [])]
    return f"-# {' '.join(parts)}\n" if parts else ""


def question_in(content: str) -> int | None:
    """The id of the message that a line at the beginning of `content` links to."""
    found = _HEAD.match(content)
    return int(found["question"]) if found and found["question"] else None


def without_head(content: str) -> str:
    """What a character said, without the line above it."""
    return _HEAD.sub("", content, count=1)
