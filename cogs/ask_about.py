"""The menu of a message, *Ask about this*: a question about what somebody wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later, tr
from cogs.ask import ask_from, asking_of
from cogs.forms import Form
from cogs.opted_out import LEFT_ALONE, refuse_opted_out
from cogs.places import is_guest, private_conversation, user_conversation
from cogs.reading import quote_about, text_for_ask
from cogs.reading.files import read_files
from cogs.reading.words import is_blank

NAME = "Ask about this"

_DEFAULT = later("What is this about?")
_LONGEST = 2_000

_NOTHING = later("There is nothing in that message that I can read.")


class QuestionForm(Form):
    """One field. Holds what was quoted until it is sent, and nothing else of the message."""

    def __init__(self, quote: str, attachments: Sequence[discord.Attachment]) -> None:
        super().__init__(title=tr("Ask about this message"))
        self.question: discord.ui.Label[QuestionForm] = discord.ui.Label(
            text=tr("Your question"),
            description=tr("Only you see the answer."),
            component=discord.ui.TextInput(
                style=discord.TextStyle.paragraph,
                placeholder=tr(_DEFAULT),
                required=False,
                max_length=_LONGEST,
            ),
        )
        self.add_item(self.question)
        self._quote = quote
        self._attachments = attachments

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Answer for the asker alone."""
        field = self.question.component
        assert isinstance(field, discord.ui.TextInput)
        response = await interaction.response.defer(ephemeral=True, thinking=True)
        asked = text_for_ask(interaction, field.value)
        files = await read_files(self._attachments)
        text = self._quote + "\n".join([_DEFAULT if is_blank(asked) else asked, *files])
        ask = await ask_from(
            interaction,
            _talk(interaction),
            text,
            response=response.message_id if response else None,
            private=True,
        )
        await asking_of(interaction.client).answer(interaction, ask)


class AskAbout(commands.Cog):
    """Questions about one message, for whoever asks."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._menu = app_commands.ContextMenu(
            name=NAME,
            callback=self.ask_about,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
        )

    async def cog_load(self) -> None:
        """Put the entry into the menu; unlike slash commands a cog cannot hold one."""
        self.bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take it out again."""
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def ask_about(
        self, interaction: discord.Interaction[HermesBot], message: discord.Message
    ) -> None:
        """Show the form."""
        refuse_opted_out(interaction)
        if self.bot.opt_outs.ignores(str(message.author.id)):
            raise BadInput(LEFT_ALONE)
        quote = quote_about(message, self.bot.user)
        if not quote:
            raise BadInput(_NOTHING)
        await interaction.response.send_modal(QuestionForm(quote, message.attachments))


def _talk(interaction: discord.Interaction) -> str:
    """Where only the asker sees the answer: his own talk, or his private one in this channel."""
    user = interaction.user.id
    if is_guest(interaction):
        return user_conversation(user)
    return private_conversation(interaction.channel_id or 0, user)


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(AskAbout(bot))
