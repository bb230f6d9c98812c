"""`/config`: what holds in a channel and why, changed in one panel, as a file, and with a log."""

from __future__ import annotations

import io
import re

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.config import Change
from bot.errors import BadInput
from bot.language import later, tr
from cogs.components import KnownButton
from cogs.config import files, why
from cogs.config.components import PanelItem
from cogs.config.levels import Standpoint, check_changes, check_sees, standpoint
from cogs.config.panel import TITLES, Chosen, panel_of
from cogs.live.buttons import Button, view_of
from cogs.live.split import split
from cogs.live.target import NOBODY
from cogs.live.traces import harmless

Interaction = discord.Interaction[HermesBot]

_LOGGED = 100
_SHOWN = 25
_VALUE_SHOWN = 60
_CHANGES_SHOWN = 1_500

_EMPTY_LOG = later("Nobody has changed any setting of this server yet.")
_TOO_LARGE = later(
    "That file is too large. A file of settings has {size} kB at most.",
    size=files.LARGEST // 1024,
)
_EXPORTED = later(
    "All settings of this server, its categories, channels and threads. `/config import` reads "
    "such a file; what is not in it stays as it is, and `null` clears a setting."
)
_NO_DIFFERENCE = later("Everything is as in that file already. Nothing was changed.")
_FORGOTTEN = later("I do not remember that file any more. Please use `/config import` again.")
_KEPT = later("Nothing was changed.")
_NO_GUILD = later("I cannot see this server just now. Please try again in a moment.")


class ImportButton(
    KnownButton,
    template=re.compile(r"config-import:(?P<what>apply|cancel):(?P<key>\d{1,20})"),
):
    """Applies what a file would change, or leaves everything as it is."""

    async def callback(self, interaction: Interaction) -> None:
        """Apply it, or do not."""
        here = standpoint(interaction)
        check_changes(interaction, "server")
        cog = interaction.client.get_cog("Config")
        found = cog.waiting.take(self.parts["key"]) if isinstance(cog, Config) else None
        if self.parts["what"] == "cancel":
            await interaction.response.edit_message(content=tr(_KEPT), view=None)
            return
        if found is None:
            raise BadInput(_FORGOTTEN)
        await interaction.response.edit_message(content="…", view=None)
        administration = interaction.client.administration
        author = str(interaction.user.id)
        done = 0
        for place, name, _, value in found:
            done += await administration.change(author, here.server, place, name, value)
        told = tr("✅ {n} setting changed.", "✅ {n} settings changed.", n=done)
        await interaction.edit_original_response(content=told)


@app_commands.guild_only()
class Config(
    commands.GroupCog,
    name="Config",
    group_name="config",
    group_description="What holds here, where it was set, and why I do or do not answer",
):
    """Settings of a server, its categories and its channels."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self.waiting = files.Waiting()

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """See and change what holds in this channel (for those who manage it)"""
        here = standpoint(interaction)
        check_sees(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        view = await panel_of(self.bot, here, Chosen())
        await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)

    @app_commands.command()
    @app_commands.describe(message="The link of a message; leave it out to ask about this channel")
    async def why(
        self, interaction: Interaction, message: app_commands.Range[str, 1, 200] | None = None
    ) -> None:
        """Why I do or do not answer here, or why a message got no answer"""
        standpoint(interaction)
        if message is None:
            await why.show_here(interaction)
        else:
            await why.show_message(interaction, message)

    @app_commands.command()
    async def export(self, interaction: Interaction) -> None:
        """Get all settings of this server as a file (for those who manage the server)"""
        check_changes(interaction, "server")
        await interaction.response.defer(ephemeral=True, thinking=True)
        data = await files.exported(self.bot, _guild(interaction))
        file = discord.File(io.BytesIO(data), f"config-{interaction.guild_id}.json")
        await interaction.edit_original_response(content=tr(_EXPORTED), attachments=[file])

    @app_commands.command(name="import")
    @app_commands.describe(file="A file that /config export made; I show first what it changes")
    async def import_(self, interaction: Interaction, file: discord.Attachment) -> None:
        """Read settings from a file (for those who manage the server)"""
        check_changes(interaction, "server")
        if file.size > files.LARGEST:
            raise BadInput(_TOO_LARGE)
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild = _guild(interaction)
        found = await files.differences(self.bot, guild, await file.read())
        if not found:
            await interaction.edit_original_response(content=tr(_NO_DIFFERENCE))
            return
        key = str(interaction.id)
        self.waiting.keep(key, found)
        text = files.described(found, files.places_in(guild))
        buttons = (
            Button(tr("Apply"), f"config-import:apply:{key}", discord.ButtonStyle.primary),
            Button(tr("Cancel"), f"config-import:cancel:{key}"),
        )
        long = len(harmless(text)) > _CHANGES_SHOWN
        shown = _too_long(len(found)) if long else _these(len(found))
        attached = [discord.File(io.BytesIO(text.encode("utf-8", "replace")), "changes.txt")]
        await interaction.edit_original_response(
            content=shown if long else f"{shown}\n{harmless(text)}",
            attachments=attached if long else [],
            view=view_of(buttons),
            allowed_mentions=NOBODY,
        )

    @app_commands.command()
    async def log(self, interaction: Interaction) -> None:
        """The newest changes of settings: who, when, what (for those who manage the server)"""
        here = standpoint(interaction)
        check_changes(interaction, "server")
        await interaction.response.defer(ephemeral=True, thinking=True)
        changes = await self.bot.store.changes(here.server, _LOGGED)
        lines = [_logged(change, here) for change in changes[:_SHOWN]]
        pages = [page.text for page in split("\n".join(lines) or tr(_EMPTY_LOG))]
        every = "\n".join(_plain(change) for change in changes).encode("utf-8", "replace")
        more = [discord.File(io.BytesIO(every), "changes.txt")] if len(changes) > _SHOWN else []
        await interaction.edit_original_response(
            content=pages[0], attachments=more, allowed_mentions=NOBODY
        )
        for page in pages[1:]:
            await interaction.followup.send(page, ephemeral=True, allowed_mentions=NOBODY)


def _these(count: int) -> str:
    return tr("That file changes {n} setting:", "That file changes {n} settings:", n=count)


def _too_long(count: int) -> str:
    return tr(
        "That file changes {n} setting, all of them in this file.",
        "That file changes {n} settings, all of them in this file.",
        n=count,
    )


def _guild(interaction: Interaction) -> discord.Guild:
    guild = interaction.client.get_guild(interaction.guild_id or 0)
    if guild is None:
        raise BadInput(_NO_GUILD)
    return guild


def _logged(change: Change, here: Standpoint) -> str:
    who = f"<@{change.author}>" if change.author.isdecimal() else tr("somebody")
    before, after = (
        harmless(files.said(words)[:_VALUE_SHOWN]) for words in (change.before, change.after)
    )
    title = tr(TITLES[change.field]) if change.field in TITLES else change.field
    where = f"<t:{int(change.at)}:R> {who}, {_place(change.place, here)}"
    return f"{where}: **{title}** {before} → {after}"


def _place(place: str, here: Standpoint) -> str:
    kind, _, number = place.partition(":")
    if place == here.server or not number.isdecimal():
        return tr("the server")
    channel = f"<#{number}>"
    return channel if kind == "discord" else tr("category {name}", name=channel)


def _plain(change: Change) -> str:
    return "\t".join(
        (f"{change.at:.0f}", change.author, change.place, change.field, change.before, change.after)
    )


async def setup(bot: HermesBot) -> None:
    """Add the cog, and hear its panels, also those that former processes sent."""
    bot.add_dynamic_items(PanelItem, ImportButton)
    await bot.add_cog(Config(bot))
