"""What day it is, in system prompts. Pure.

Only what changes once a day: the engine reads again whatever follows a byte that has changed.
"""

from __future__ import annotations

import re
from datetime import datetime

from bot.characters.macros import Values, expand

_DAY = re.compile(r"\{\{\s*(?:date|weekday)\s*\}\}", re.IGNORECASE)


def dated(text: str, now: datetime) -> str:
    """A system prompt with `{{date}}` and `{{weekday}}` said; all other braces stay as they are."""
    return _DAY.sub(lambda macro: expand(macro[0], Values(now=now)), text)
