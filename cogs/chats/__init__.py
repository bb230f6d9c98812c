"""`/chat`: what was said here as a file, and a talk out of a file brought here."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters.forms import FileForm
from cogs.chats import bringing, taking
from cogs.chats.buttons import CancelButton, ImportButton
from cogs.live.target import NOBODY
from cogs.opted_out import refuse_opted_out
from cogs.places import conversation_in, private_conversation

Interaction = discord.Interaction[HermesBot]

_FORM_TITLE = later("Bring a chat")
_FORM_KINDS = later("A chat of SillyTavern, of /chat export, or a list of messages as JSON")
_EXAMPLE = '[{"role": "user", "content": "Hail!"}, {"role": "assistant", "content": …}]'
_HIDDEN = later("You may not read this channel's history, so I do not give you its talk.")


class Chats(
    commands.GroupCog,
    name="Chats",
    group_name="chat",
    group_description="What was said here, as a file: to keep, to take along, to bring here",
):
    """Takes talks out of channels and into them."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(private="Your private talk in this channel instead (/ask with private)")
    async def export(self, interaction: Interaction, private: bool = False) -> None:
        """Give me what was said here as a file, for SillyTavern or another channel"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        channel = interaction.channel_id or 0
        if private:
            conversation = private_conversation(channel, interaction.user.id)
        elif interaction.guild_id is None or interaction.permissions.read_message_history:
            conversation = conversation_in(channel)
        else:
            raise BadInput(_HIDDEN)
        text, file = await taking.exported(interaction, conversation, private=private)
        await interaction.edit_original_response(
            content=text, attachments=[file], allowed_mentions=NOBODY
        )

    @app_commands.command(name="import")
    @app_commands.describe(
        file="A chat: SillyTavern's or mine (.jsonl), or a list of messages (.json); I ask first",
        link="The address of such a file",
    )
    async def import_(
        self,
        interaction: Interaction,
        file: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, 1000] | None = None,
    ) -> None:
        """Bring a talk out of a file here (for those who manage messages); I ask first"""
        refuse_opted_out(interaction)
        bringing.check_may(interaction)
        if file or link:
            await bringing.ask(interaction, file, "", link=link or "")
            return
        form = FileForm(tr(_FORM_TITLE), tr(_FORM_KINDS), bringing.ask, _EXAMPLE)
        await interaction.response.send_modal(form)


async def setup(bot: HermesBot) -> None:
    """Add the cog, and hear its buttons also after a restart."""
    await bot.add_cog(Chats(bot))
    bot.add_dynamic_items(ImportButton, CancelButton)
