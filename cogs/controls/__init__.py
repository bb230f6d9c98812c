"""Controls of replies: buttons under the newest one, and menus for all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.errors import BadInput, UserError
from bot.language import later, tr
from cogs.components import KnownButton, pressing, tell
from cogs.controls import actions, panel
from cogs.controls.form import EditForm
from cogs.controls.meant import Meant, find
from cogs.live.buttons import CONTROL, view_of
from cogs.places import channel_here, conversation_here
from cogs.replies import NOT_NEWEST, NOT_YOURS
from cogs.reports import report_button
from cogs.scenes import lines
from cogs.taking_back import show_newest
from cogs.voices.mine import is_mine

REGENERATE = "Regenerate"
CONTINUE = "Continue"
MANAGE = "Manage reply"

_ONLY_NEWEST = later("I can only go on with my newest reply here.")
_TAKING_BACK = later("I take them back and write it again.")
_DELETED = later("The reply is deleted.")
_REWOUND = later(
    "Done: the conversation ends with [this reply]({link}) now. /redo brings the rest again."
)

Interaction = discord.Interaction[HermesBot]


class ControlButton(KnownButton, template=CONTROL):
    """One of the buttons that do something with a reply: under it, or in what one person sees."""

    async def callback(self, interaction: Interaction) -> None:
        """Do it, if this person may and nothing else goes on there."""
        what = self.parts["what"]
        if what == "edit":
            # A form has to be the first response.
            meant = await self._meant(interaction)
            await interaction.response.send_modal(EditForm(meant, in_panel=self._in_panel))
        elif what == "branch":
            meant = await self._meant(interaction)
            message = await actions.message_of(interaction, meant).fetch()
            await panel.branch(interaction, message)
        else:
            await interaction.response.defer()
            with pressing(interaction.client, self.conversation):
                await self._do(what, interaction, await self._meant(interaction))

    async def _do(self, what: str, interaction: Interaction, meant: Meant) -> None:
        match what:
            case "previous":
                await self._leaf(interaction, meant, -1)
            case "next":
                await self._leaf(interaction, meant, 1)
            case "again":
                await actions.write(interaction, meant, "variant")
            case "continue":
                await actions.write(interaction, meant, "continue")
            case "delete":
                await actions.delete(interaction, meant)
                if self._in_panel:
                    await interaction.edit_original_response(content=tr(_DELETED), view=None)
            case "discard":
                await self._discard(interaction, meant)
            case "rewind":
                await self._rewind(interaction, meant)
            case _:
                raise BadInput(NOT_NEWEST)

    async def _leaf(self, interaction: Interaction, meant: Meant, steps: int) -> None:
        turn = await actions.leaf(interaction, meant, steps)
        if self._in_panel:
            await panel.refresh(interaction, meant, turn)

    async def _discard(self, interaction: Interaction, meant: Meant) -> None:
        if not panel.may_discard(interaction, meant):
            raise BadInput(NOT_YOURS)
        await interaction.edit_original_response(content=tr(_TAKING_BACK), view=None)
        await actions.take_back_after(interaction, meant)
        meant = await self._meant(interaction)
        await actions.write(interaction, meant, "variant", quiet=True)

    async def _rewind(self, interaction: Interaction, meant: Meant) -> None:
        if not panel.may_discard(interaction, meant):
            raise BadInput(NOT_YOURS)
        await actions.take_back_after(interaction, meant)
        meant = await self._meant(interaction)
        channel = channel_here(interaction)
        await show_newest(interaction.client, channel, self.conversation)
        link = actions.message_of(interaction, meant).jump_url
        await interaction.edit_original_response(content=tr(_REWOUND).format(link=link), view=None)

    async def _meant(self, interaction: Interaction) -> Meant:
        under = interaction.message.id if interaction.message else 0
        message = int(self.parts["message"]) or under
        return await find(interaction, self.conversation, message, self.asker)

    @property
    def _in_panel(self) -> bool:
        """Whether it is in what one person sees, and not under the reply itself."""
        return int(self.parts["message"]) != 0


class Controls(commands.Cog):
    """The menus of messages: what the buttons do, for older replies too."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._menus = [
            app_commands.ContextMenu(name=REGENERATE, callback=self.regenerate),
            app_commands.ContextMenu(name=CONTINUE, callback=self.go_on),
            app_commands.ContextMenu(name=MANAGE, callback=self.manage),
        ]

    async def cog_load(self) -> None:
        """Put the entries into the menu; unlike slash commands a cog cannot hold them."""
        for menu in self._menus:
            self.bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Take them out again."""
        for menu in self._menus:
            self.bot.tree.remove_command(menu.name, type=menu.type)

    async def regenerate(self, interaction: Interaction, message: discord.Message) -> None:
        """Write another text for a reply; what was said after it has to go first."""
        await self._with_reply(interaction, message, self._regenerate)

    async def go_on(self, interaction: Interaction, message: discord.Message) -> None:
        """Go on with a reply where it ends."""
        await self._with_reply(interaction, message, self._continue)

    async def manage(self, interaction: Interaction, message: discord.Message) -> None:
        """Show what can be done with a reply, or a line of a story; anybody may report either."""
        if message.author.bot and await lines.manage(interaction, message.id):
            return
        if is_mine(self.bot, message):
            await self._with_reply(interaction, message, self._manage, otherwise=self._only_report)
        else:
            await self._with_reply(interaction, message, self._manage)

    async def _with_reply(
        self,
        interaction: Interaction,
        message: discord.Message,
        act: Callable[[Interaction, Meant], Awaitable[None]],
        *,
        otherwise: Callable[[Interaction, discord.Message, BadInput], Awaitable[None]]
        | None = None,
    ) -> None:
        try:
            if not interaction.response.is_done():
                await interaction.response.defer(ephemeral=True, thinking=True)
            conversation = conversation_here(interaction)
            with pressing(self.bot, conversation):
                await act(interaction, await find(interaction, conversation, message.id))
        except BadInput as refusal:
            await (
                otherwise(interaction, message, refusal)
                if otherwise
                else tell(interaction, refusal)
            )
        except (UserError, *DISCORD_FAILURES) as error:
            await tell(interaction, error)

    async def _regenerate(self, interaction: Interaction, meant: Meant) -> None:
        if meant.later:
            await panel.ask_to_discard(interaction, meant)
        else:
            await actions.write(interaction, meant, "variant", quiet=True)

    async def _continue(self, interaction: Interaction, meant: Meant) -> None:
        if meant.later:
            raise BadInput(_ONLY_NEWEST)
        await actions.write(interaction, meant, "continue", quiet=True)

    async def _only_report(
        self, interaction: Interaction, message: discord.Message, refusal: BadInput
    ) -> None:
        """Say why somebody may not change a reply, and offer what everybody may do."""
        view = view_of([report_button(message.id)])
        await interaction.edit_original_response(content=tr(refusal.text), view=view)

    async def _manage(self, interaction: Interaction, meant: Meant) -> None:
        await panel.refresh(interaction, meant, meant.turn)


async def setup(bot: HermesBot) -> None:
    """Hear the buttons, also of messages that former processes sent, and offer the menus."""
    bot.add_dynamic_items(ControlButton)
    await bot.add_cog(Controls(bot))
