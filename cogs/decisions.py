"""The buttons under a question for confirmation: only who asked may press them, and only once.

Their ids say all that is needed, so that they work after a restart as well.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES, answer
from bot.conversation.ports import Action
from bot.conversation.toolbox import Toolbox
from bot.errors import BadInput, StoreUnavailable
from bot.language import later, speaking, tr
from bot.tools.run import ToolRun
from cogs.components import KnownButton
from cogs.language import language_for
from cogs.live import live_of
from cogs.live.buttons import CANCEL, CONFIRM
from cogs.live.questions import cancelled, outcome, working
from cogs.live.sending import Gone, Refused, TooOldToEdit, insist

log = logging.getLogger(__name__)

Interaction = discord.Interaction[HermesBot]

_TOO_LATE = later("This can no longer be confirmed.")
_NOT_YOURS = later("Only who asked can decide that.")
_NOT_ALLOWED = later("It is switched off here by now, or not for you any more.")
_NOT_REMEMBERED = later(
    "My memory cannot be reached right now, so I will not remember how that ended."
)
_CANCELLED = {"status": "cancelled by the user"}


class ConfirmButton(KnownButton, template=CONFIRM):
    """Has done what waits for it."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Do it, and say in the question's place what came of it."""
        await _decide(interaction, self.parts["action"], _confirmed)


class CancelButton(KnownButton, template=CANCEL):
    """Calls off what waits for confirmation."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Say in the question's place that nothing is done."""
        await _decide(interaction, self.parts["action"], _cancelled)


async def _decide(
    interaction: Interaction,
    action_id: str,
    carry_out: Callable[[Interaction, Toolbox, Action], Awaitable[ToolRun]],
) -> None:
    """Settle the question if this person may and nobody has; the conversation learns of it."""
    bot = interaction.client
    toolbox = bot.conversations.toolbox
    # At once: the store may be slow, and Discord waits for three seconds only.
    await interaction.response.defer()
    action = await bot.store.action(action_id)
    if action is None or toolbox is None:
        raise BadInput(_TOO_LATE)
    if str(interaction.user.id) != action.context.asker:
        raise BadInput(_NOT_YOURS)
    if not await bot.store.take_action(action_id):
        raise BadInput(_TOO_LATE)
    # What comes of it stands where everybody reads it.
    with speaking(language_for(bot, action.context.conversation)):
        run = await carry_out(interaction, toolbox, action)
    await _remember(interaction, action, run)


async def _remember(interaction: Interaction, action: Action, run: ToolRun) -> None:
    try:
        await interaction.client.conversations.settle_action(action, run)
    except StoreUnavailable as error:
        log.warning(
            "action %s is settled, but the conversation does not know: %s", action.id, error
        )
        await answer(interaction, tr(_NOT_REMEMBERED))


async def _confirmed(interaction: Interaction, toolbox: Toolbox, action: Action) -> ToolRun:
    try:
        await interaction.edit_original_response(
            content=working(_what(toolbox, action)), attachments=[], view=None
        )
    except DISCORD_FAILURES as error:
        log.info("action %s: that it begins could not be shown: %s", action.id, error)
    run = await _run(toolbox, action)
    await _show(interaction, action, outcome(run))
    return run


async def _cancelled(interaction: Interaction, toolbox: Toolbox, action: Action) -> ToolRun:
    await _show(interaction, action, cancelled(_what(toolbox, action)))
    return ToolRun(action.tool, action.arguments, _CANCELLED)


async def _run(toolbox: Toolbox, action: Action) -> ToolRun:
    """Do it, unless somebody has forbidden it since it was asked for."""
    tool, context = toolbox.tools.get(action.tool), action.context
    if tool and not (await toolbox.rules.of(tool, context.places)).allows(context.roles):
        content = {"error": _NOT_ALLOWED}
        return ToolRun(
            tool.name, action.arguments, content, tool.line(action.arguments), failed=True
        )
    return await toolbox.confirmed(action)


async def _show(interaction: Interaction, action: Action, text: str) -> None:
    """Say what became of it, however long it takes: it cannot be asked for a second time."""

    async def show() -> None:
        await interaction.edit_original_response(content=text, attachments=[], view=None)

    try:
        await insist(show, live_of(interaction.client).pace)
    except (Gone, Refused, TooOldToEdit) as error:
        log.warning("action %s: what came of it could not be shown: %s", action.id, error)


def _what(toolbox: Toolbox, action: Action) -> str:
    tool = toolbox.tools.get(action.tool)
    return tool.line(action.arguments) if tool else action.tool.replace("_", " ")


async def setup(bot: HermesBot) -> None:
    """Hear the buttons, also of messages that former processes sent."""
    bot.add_dynamic_items(ConfirmButton, CancelButton)
