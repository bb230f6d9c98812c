"""`/privacy`: what is kept about a person, theirs to see, to take along and to erase."""

from __future__ import annotations

import io
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.errors import BadInput, UserError
from bot.language import tr
from cogs.components import KnownButton
from cogs.live.buttons import Button, view_of
from cogs.places import conversation_in, engine_here, is_guest
from cogs.privacy import export, words
from cogs.voices import voices_of

Interaction = discord.Interaction[HermesBot]


class EraseButton(KnownButton, template=r"privacy:erase:(?P<asker>\d{1,20})"):
    """Erases everything about who pressed it."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Erase, and say what is gone."""
        _check_whose(interaction, self.asker)
        await interaction.response.edit_message(content=tr(words.ERASING), view=None)
        await self._erase(interaction)

    async def _erase(self, interaction: Interaction) -> None:
        user = interaction.user
        try:
            held = await interaction.client.conversations.erase(str(user.id), await _own(user))
        except UserError:
            # What failed may pass: the button comes back.
            await interaction.edit_original_response(view=_choice(user.id))
            raise
        pictures = [str(character.get("picture", "")) for character in held.characters]
        await voices_of(interaction.client).forget(pictures)
        await interaction.edit_original_response(content=words.erased(held))


class KeepButton(KnownButton, template=r"privacy:keep:(?P<asker>\d{1,20})"):
    """Changes one's mind."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Say that nothing happens."""
        _check_whose(interaction, self.asker)
        await interaction.response.edit_message(content=tr(words.KEPT), view=None)


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class Privacy(
    commands.GroupCog,
    group_name="privacy",
    group_description="What I keep about you, and your say in it",
):
    """Everybody's own data."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """Show what I keep about you, where, and for how long"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        person = str(interaction.user.id)
        held = await self.bot.store.about(person, await _own(interaction.user))
        model = await self.bot.conversations.model(await engine_here(interaction))
        text = words.shown(
            held,
            days=self.bot.settings.history_days,
            here=await self._own_days(interaction),
            model=model.profile.name,
            opted_out=await self.bot.opt_outs.covers(person),
        )
        await interaction.edit_original_response(content=text)

    @app_commands.command()
    async def export(self, interaction: Interaction) -> None:
        """Get everything I keep about you as files, by direct message"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        user = interaction.user
        held = await self.bot.store.about(str(user.id), await _own(user), files=True)
        head = {
            "person": str(user.id),
            "made": f"{discord.utils.utcnow():%Y-%m-%d %H:%M} UTC",
            "settings": {
                "opted_out": await self.bot.opt_outs.covers(str(user.id)),
                "kept_days": self.bot.settings.history_days,
            },
        }
        messages = export.messages_of(held, head)
        try:
            for files in messages:
                await user.send(files=_attached(files))
        except discord.Forbidden:
            await interaction.edit_original_response(content=tr(words.NO_DIRECT))
            for files in messages:
                await interaction.followup.send(files=_attached(files), ephemeral=True)
        else:
            await interaction.edit_original_response(content=tr(words.SENT))

    @app_commands.command()
    async def erase(self, interaction: Interaction) -> None:
        """Erase everything I keep about you (I ask first)"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        user = interaction.user
        held = await self.bot.store.about(str(user.id), await _own(user))
        await interaction.edit_original_response(
            content=words.question(held), view=_choice(user.id)
        )

    @app_commands.command(name="opt-out")
    async def opt_out(self, interaction: Interaction) -> None:
        """Have me leave you alone: I read, keep and answer nothing you write"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        person = str(interaction.user.id)
        await self.bot.opt_outs.switch(person, True)
        self.bot.conversations.let_go(person)
        await interaction.edit_original_response(content=tr(words.OUT))

    @app_commands.command(name="opt-in")
    async def opt_in(self, interaction: Interaction) -> None:
        """Let me read and answer you again"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.bot.opt_outs.switch(str(interaction.user.id), False)
        await interaction.edit_original_response(content=tr(words.IN))

    @app_commands.command()
    @app_commands.describe(days="Days after the last message; leave it out to see how it is now")
    async def retention(
        self, interaction: Interaction, days: app_commands.Range[int, 1, 36500] | None = None
    ) -> None:
        """Choose how long this server's talks are kept (for those who manage it)"""
        if interaction.guild_id is None or is_guest(interaction):
            raise BadInput(words.NEEDS_SERVER)
        most = self.bot.settings.history_days
        if days is not None and not interaction.permissions.manage_guild:
            raise BadInput(words.NEEDS_RIGHT)
        if days is not None and days > most:
            raise BadInput(words.too_long(most))
        await interaction.response.defer(ephemeral=days is None, thinking=True)
        if days is None:
            text = words.retention(most, await self._own_days(interaction))
        else:
            own = days if days < most else None
            gone = await self.bot.store.set_retention(
                str(interaction.guild_id), own, _channels(self.bot, interaction.guild_id)
            )
            text = words.changed(most, own, gone)
        await interaction.edit_original_response(content=text)

    async def _own_days(self, interaction: Interaction) -> int | None:
        """The server's own retention, if it has one that counts."""
        if interaction.guild_id is None or is_guest(interaction):
            return None
        return await self.bot.store.retention(str(interaction.guild_id))


def _channels(bot: HermesBot, guild_id: int) -> list[str]:
    """The conversations of a server's channels and threads, as far as they are known."""
    guild = bot.get_guild(guild_id)
    places = (*guild.channels, *guild.threads) if guild else ()
    return [conversation_in(place.id) for place in places]


async def _own(user: discord.User | discord.Member) -> list[str]:
    """The conversation of the direct messages with somebody: no key names whose it is."""
    try:
        channel = user.dm_channel or await user.create_dm()
    except DISCORD_FAILURES:
        return []  # Then it is found by who wrote in it.
    return [conversation_in(channel.id)]


def _choice(person: int) -> discord.ui.View:
    erase = Button(tr("Erase everything"), f"privacy:erase:{person}", discord.ButtonStyle.danger)
    return view_of([erase, Button(tr("Cancel"), f"privacy:keep:{person}")])


def _check_whose(interaction: discord.Interaction[Any], person: int) -> None:
    if interaction.user.id != person:
        raise BadInput(words.NOT_YOURS)


def _attached(files: export.Files) -> list[discord.File]:
    return [discord.File(io.BytesIO(data), name) for name, data in files]


async def setup(bot: HermesBot) -> None:
    """Add the cog, and hear its buttons, also of messages that former processes sent."""
    bot.add_dynamic_items(EraseButton, KeepButton)
    await bot.add_cog(Privacy(bot))
