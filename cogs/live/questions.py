"""What is asked before a tool changes something, and what came of it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.conversation.ports import ACTION_DAYS
from bot.prompts.neutralise import GUARD
from bot.tools.run import ToolRun
from cogs.live.buttons import decision_buttons
from cogs.live.layout import Draft
from cogs.live.split import MESSAGE_LIMIT, units
from cogs.live.traces import harmless
from cogs.live.wording import small

_ASKED = "Shall I do this? **{what}**"
_WHO = "Only who asked can decide, {when}."
_IN_FILE = "All that would be used is in the file."
_WORKING = "I am at it: **{what}**"
_DONE = "✅ Done: **{what}**"
_FAILED = "⚠️ Not done: **{what}**\n{why}"
_CANCELLED = "Cancelled: **{what}**"
_UNKNOWN = "It failed."

_WHEN = "within a day" if ACTION_DAYS == 1 else f"within {ACTION_DAYS} days"


def question(run: ToolRun) -> Draft:
    """The message that asks for confirmation. It shows everything: nothing is done unseen."""
    asked, who = _ASKED.format(what=harmless(run.line or run.name)), small(_WHO.format(when=_WHEN))
    buttons = decision_buttons(run.action)
    given = in_words(run.arguments)
    content = "\n".join([asked, *([code(given)] if given else []), who])
    if units(content) <= MESSAGE_LIMIT:
        return Draft(content, buttons)
    return Draft(f"{asked}\n{_IN_FILE}\n{who}", buttons, given, "arguments.txt")


def working(what: str) -> str:
    """What stands there while it is done."""
    return _WORKING.format(what=harmless(what))


def cancelled(what: str) -> str:
    """What stands there when it was called off."""
    return _CANCELLED.format(what=harmless(what))


def outcome(run: ToolRun) -> str:
    """What came of it: done, or not and why."""
    what = harmless(run.line or run.name.replace("_", " "))
    if not run.failed:
        return _DONE.format(what=what)
    content: object = run.content
    why = content.get("error") if isinstance(content, dict) else None
    return _FAILED.format(what=what, why=harmless(str(why or _UNKNOWN))[:1_000])


def in_words(arguments: Mapping[str, Any]) -> str:
    """Arguments one below the other, as a person would write them."""
    return "\n".join(f"{name}: {_value(value)}" for name, value in arguments.items())


def code(text: str, language: str = "") -> str:
    """A code block that ends where it should, whatever stands in it."""
    return f"```{language}\n{text.replace('``', f'`{GUARD}`')}\n```"


def _value(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)
