"""The button Details under a reply: what its tools were given, and what they gave."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import discord

from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later, tr
from bot.tools.run import Step, ToolRun
from cogs.components import KnownButton
from cogs.live.buttons import DETAILS, fingerprint
from cogs.live.questions import code
from cogs.live.split import MESSAGE_LIMIT, units
from cogs.live.traces import harmless
from cogs.replies import NOT_YOURS, may_press

_GONE = later("I do not have that any more: this part of the conversation is forgotten.")
_IN_FILE = later("The details are in the file.")
_UNREADABLE = later("not readable as a call")


class DetailsButton(KnownButton, template=DETAILS):
    """Shows, to whoever pressed it, the calls behind the reply that it hangs under."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Show the calls, if they are still known and this person may see them."""
        if not may_press(interaction, self.asker):
            raise BadInput(NOT_YOURS)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await _show(interaction, await self._steps(interaction.client))

    async def _steps(self, bot: HermesBot) -> Sequence[Step]:
        for turn in await bot.conversations.history(self.conversation):
            if fingerprint(turn.id) == self.parts["reply"] and turn.steps:
                return turn.steps
        raise BadInput(_GONE)


async def _show(interaction: discord.Interaction[Any], steps: Sequence[Step]) -> None:
    text = "\n".join(
        line for number, run, raw in _numbered(steps) for line in _in_words(number, run, raw)
    )
    if units(text) <= MESSAGE_LIMIT:
        await interaction.edit_original_response(content=text)
        return
    data = io.BytesIO(text.encode("utf-8", "replace"))
    await interaction.edit_original_response(
        content=tr(_IN_FILE), attachments=[discord.File(data, "details.md")]
    )


def _numbered(steps: Sequence[Step]) -> Iterator[tuple[int, ToolRun, str]]:
    """Every call, in order, with what the model wrote where that could not be read."""
    every = [(run, step.raw) for step in steps for run in step.runs]
    for number, (run, raw) in enumerate(every, 1):
        yield number, run, raw


def _in_words(number: int, run: ToolRun, raw: str) -> Iterator[str]:
    yield f"**{number}. {harmless(run.name) or tr(_UNREADABLE)}** · {_how(run)}"
    yield code(_json(run.arguments), "json") if run.name else code(raw)
    yield tr("Result") if not run.failed else tr("Error")
    yield code(_json(run.content), "json")


def _how(run: ToolRun) -> str:
    if run.action:
        return tr("waits for confirmation")
    took = tr("{seconds:.2f} s", seconds=run.seconds)
    return " · ".join([took, tr("failed")]) if run.failed else took


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


async def setup(bot: HermesBot) -> None:
    """Hear the button, also under messages that former processes sent."""
    bot.add_dynamic_items(DetailsButton)
