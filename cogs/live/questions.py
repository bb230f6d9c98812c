"""What is asked before a tool changes something, and what came of it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.conversation.ports import ACTION_DAYS
from bot.language import later, tr
from bot.prompts.neutralise import GUARD
from bot.tools.run import ToolRun
from cogs.live.buttons import decision_buttons
from cogs.live.layout import Draft
from cogs.live.split import MESSAGE_LIMIT, units
from cogs.live.traces import harmless
from cogs.live.wording import small

_WHO = later(
    "Only who asked can decide, within a day.",
    "Only who asked can decide, within {n} days.",
    n=ACTION_DAYS,
)
_IN_FILE = later("All that would be used is in the file.")
_UNKNOWN = later("It failed.")


def question(run: ToolRun) -> Draft:
    """The message that asks for confirmation. It shows everything: nothing is done unseen."""
    asked = tr("Shall I do this? **{what}**", what=harmless(run.line or run.name))
    who = small(_WHO)
    buttons = decision_buttons(run.action)
    given = in_words(run.arguments)
    content = "\n".join([asked, *([code(given)] if given else []), who])
    if units(content) <= MESSAGE_LIMIT:
        return Draft(content, buttons)
    return Draft(f"{asked}\n{tr(_IN_FILE)}\n{who}", buttons, given, "arguments.txt")


def working(what: str) -> str:
    """What stands there while it is done."""
    return tr("I am at it: **{what}**", what=harmless(what))


def cancelled(what: str) -> str:
    """What stands there when it was called off."""
    return tr("Cancelled: **{what}**", what=harmless(what))


def outcome(run: ToolRun) -> str:
    """What came of it: done, or not and why."""
    what = harmless(run.line or run.name.replace("_", " "))
    if not run.failed:
        return tr("✅ Done: **{what}**", what=what)
    content: object = run.content
    why = content.get("error") if isinstance(content, dict) else None
    # What a tool says is English for the model, and known in other languages here.
    said = tr(why if isinstance(why, str) and why else _UNKNOWN)
    return tr("⚠️ Not done: **{what}**\n{why}", what=what, why=harmless(said)[:1_000])


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
