"""`/system`: the system prompt of a channel, that is who the model is there."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.errors import UserError
from bot.language import tr
from cogs.forms import Form
from cogs.places import conversation_here, engine_here, places_of, server_of
from cogs.reading.words import is_blank, shortened

# A modal has to be shown within three seconds; what is not known by then is left blank.
_PREFILL_SECONDS = 1.5
_FIELD = 4_000
_SHOWN = 1_500


class SystemForm(Form):
    """One long text field."""

    def __init__(self, bot: HermesBot, present: str) -> None:
        super().__init__(title=tr("System prompt of this channel"))
        self.bot = bot
        self.text: discord.ui.TextInput[SystemForm] = discord.ui.TextInput(
            label=tr("Who am I here, and how do I talk?"),
            style=discord.TextStyle.paragraph,
            placeholder=tr("You are a patient chess teacher. Answer in two sentences at most."),
            default=present[:_FIELD],
            max_length=_FIELD,
        )
        self.add_item(self.text)

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Store what was written."""
        await _store(self.bot, interaction, self.text.value)


@app_commands.default_permissions(manage_channels=True)
class System(
    commands.GroupCog,
    group_name="system",
    group_description="Who I am in this channel: its system prompt",
):
    """View, set and clear the system prompt."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def view(self, interaction: discord.Interaction[HermesBot]) -> None:
        """Show the system prompt that this channel uses"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        report = await self.bot.conversations.report(
            conversation_here(interaction),
            await engine_here(interaction),
            places=places_of(interaction.channel),
        )
        match report.whose:
            case "channel":
                whose = tr("This channel has its own:")
            case "server":
                whose = tr("The server's own default:")
            case "operator":
                whose = tr("My operator's default:")
            case "model":
                whose = tr("The default of {model}:", model=report.model)
        text = f"{whose}\n{quoted(report.system, _SHOWN)}"
        files = []
        if len(report.system) > _SHOWN:
            files.append(discord.File(io.BytesIO(report.system.encode()), "system-prompt.txt"))
        await interaction.edit_original_response(content=text, attachments=files)

    @app_commands.command()
    @app_commands.describe(text="The new system prompt; leave it out to write it in a form")
    async def set(
        self,
        interaction: discord.Interaction[HermesBot],
        text: app_commands.Range[str, 1, 6000] | None = None,
    ) -> None:
        """Give this channel a system prompt of its own"""
        if text is None:
            await interaction.response.send_modal(
                SystemForm(self.bot, await self._present(interaction))
            )
        else:
            await _store(self.bot, interaction, text)

    @app_commands.command()
    async def clear(self, interaction: discord.Interaction[HermesBot]) -> None:
        """Go back to the model's default system prompt"""
        await interaction.response.defer(thinking=True)
        await self.bot.administration.set_system(
            str(interaction.user.id), server_of(interaction), conversation_here(interaction), None
        )
        await interaction.edit_original_response(
            content=tr("This channel has no system prompt of its own now; the default holds.")
        )

    async def _present(self, interaction: discord.Interaction[HermesBot]) -> str:
        """The channel's own prompt, to edit it; blank if it is not known in time."""
        with suppress(asyncio.TimeoutError, UserError):
            async with asyncio.timeout(_PREFILL_SECONDS):
                report = await self.bot.conversations.report(
                    conversation_here(interaction), await engine_here(interaction)
                )
                return report.system if report.own_system else ""
        return ""


def quoted(text: str, length: int) -> str:
    """A text as a quote of at most `length` characters, without formatting surprises."""
    safe = discord.utils.escape_markdown(shortened(text, length), ignore_links=False)
    return shortened("\n".join(f"> {line}" for line in safe.splitlines()), length + 300)


async def _store(bot: HermesBot, interaction: discord.Interaction[Any], text: str) -> None:
    if is_blank(text):
        await interaction.response.send_message(
            tr("That is an empty system prompt. `/system clear` goes back to the default."),
            ephemeral=True,
        )
        return
    await interaction.response.defer(thinking=True)
    engine = await engine_here(interaction)
    await bot.administration.set_system(
        str(interaction.user.id),
        server_of(interaction),
        conversation_here(interaction),
        text.strip(),
        engine,
    )
    await interaction.edit_original_response(
        content=tr("From now on, in this channel:\n{prompt}", prompt=quoted(text.strip(), _SHOWN))
    )


async def setup(bot: HermesBot) -> None:
    """Add the cog; in a server its commands are for those who manage channels."""
    await bot.add_cog(System(bot))
