"""What tools did, as quiet lines within a reply. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.conversation.reply import Trace
from bot.prompts.neutralise import GUARD
from cogs.live.markdown import close_fence
from cogs.live.wording import small

_LONGEST = 100

_MARKUP = re.compile(r"([\\`*_~|<>\[\]#])")
# Discord looks for these whatever stands before them: who is called, and what gets a preview.
_CALLS = re.compile(
    r"(?<=@)(?=everyone|here|[!&]?\d)|(?<=:)(?=//)|(?<=discord)(?=\.gg|\.com|app\.com)",
    re.IGNORECASE,
)


def rendered(parts: Sequence[str | Trace]) -> str:
    """A reply as it is shown: its text, and a line of small print where a tool ran.

    More parts, or more text in the last one, never change what stood before; so pages stay.
    """
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    last = len(parts) - 1
    return "\n".join(
        trace_line(part.line)
        if isinstance(part, Trace)
        # What a fence left open is not to swallow the line behind it.
        else (part if number == last else close_fence(part))
        for number, part in enumerate(parts)
    )


def trace_line(line: str) -> str:
    """One line of small print, short and without effect, whatever the model put into it."""
    text = " ".join(line.split())
    return small(harmless(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"))


def harmless(text: str) -> str:
    """A text in which nothing is Markdown, calls anybody, or gets a preview."""
    return _MARKUP.sub(r"\\\1", _CALLS.sub(GUARD, text))
