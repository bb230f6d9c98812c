"""`/tools`: what the bot can do here beside talking, who may have it done, and what was done."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.ports import LoggedCall
from bot.conversation.tool_rules import Standing
from bot.conversation.toolbox import Toolbox
from bot.errors import BadInput
from bot.language import later, tr
from bot.tools.tool import Tool
from cogs import suggestions
from cogs.live.questions import in_words
from cogs.live.split import split
from cogs.live.target import NOBODY
from cogs.live.traces import harmless
from cogs.places import (
    category_of,
    category_place,
    circles,
    conversation_here,
    engine_here,
    rule_places,
    server_place,
)
from cogs.reading.words import shortened

Where = Literal["this channel", "category", "server"]
Change = Literal["add", "remove"]
Interaction = discord.Interaction[HermesBot]

_LOGGED = 20
_LONGEST_ARGUMENTS = 150
_LONGEST_DESCRIPTION = 100
_LONGEST_LIST = 1_850

_NONE = later("This bot has no tools.")
_CANNOT = later(
    "⚠️ **{model}** answers here, and that model cannot call tools; it answers without them."
)
_CAN = later("**{model}** answers here and can call these tools by itself:")
_NO_SERVER = later("This is no server; choose “this channel”, and it holds for this conversation.")
_NO_CATEGORY = later("This channel is in no category; choose this channel, or the server.")
_NEEDS_CHANNEL = later("That is for those who have Manage Channels here, or Manage Server.")
_NEEDS_SERVER = later("That is for those who have Manage Server.")
_NO_CALLS = later("No tool was used here yet.")
_CHANGES = later("asks before it acts")
_REACHES_OUT = later("uses the internet")


class ToolsHere(
    commands.GroupCog,
    name="Tools",
    group_name="tools",
    group_description="What I can do here beside talking",
):
    """Shows and sets which tools may be used in a channel, a category or a server."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """Which tools I have, whether they are on here, and for whom"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        toolbox = self._toolbox()
        model = (await self.bot.conversations.model(await engine_here(interaction))).profile
        places = rule_places(interaction.channel, interaction.guild_id)
        lines = [tr(_CAN if model.tools else _CANNOT).format(model=model.name)]
        for tool in toolbox.tools.values():
            found = await toolbox.rules.of(tool, places)
            lines.append(_entry(tool, found, interaction))
        await _answer_long(interaction, "\n".join(lines))

    @app_commands.command()
    @app_commands.rename(where="for")
    @app_commands.describe(
        tool="Its name", on="May it be used?", where="Where that holds; the narrowest place counts"
    )
    async def switch(
        self, interaction: Interaction, tool: str, on: bool, where: Where = "this channel"
    ) -> None:
        """Switch a tool on or off: in this channel, its category, or the whole server"""
        found, place = await self._begin(interaction, tool, where)
        await self._toolbox().rules.switch(place, found.name, on)
        there = _told(where, interaction)
        said = tr("`{tool}` is off for {place} now.", tool=found.name, place=there)
        if on:
            said = tr("`{tool}` is on for {place} now.", tool=found.name, place=there)
        await self._done(interaction, found, said, Standing(on, place))

    @app_commands.command()
    @app_commands.rename(where="for")
    @app_commands.describe(
        tool="Its name",
        role="Who may use it; while no role is named, everybody may",
        change="Add the role, or remove it",
        where="Where that holds; the narrowest place counts",
    )
    async def roles(
        self,
        interaction: Interaction,
        tool: str,
        role: discord.Role,
        change: Change = "add",
        where: Where = "this channel",
    ) -> None:
        """Let only some roles use a tool"""
        found, place = await self._begin(interaction, tool, where)
        rules = self._toolbox().rules
        before = (await rules.of(found, [place])).roles or frozenset[str]()
        changed = {str(role.id)}
        after = before | changed if change == "add" else before - changed
        await rules.limit(place, found.name, after)
        there = _told(where, interaction)
        if after:
            said = tr(
                "`{tool}` is only for {roles} in {place} now.",
                tool=found.name,
                roles=_roles(after),
                place=there,
            )
        else:
            said = tr(
                "`{tool}` is limited to no role in {place} any more.",
                tool=found.name,
                place=there,
            )
        await self._done(interaction, found, said)

    @app_commands.command()
    @app_commands.rename(where="for")
    @app_commands.describe(tool="Its name", where="Which place's settings to take back")
    async def reset(
        self, interaction: Interaction, tool: str, where: Where = "this channel"
    ) -> None:
        """Take back what was set for a tool in a place"""
        found, place = await self._begin(interaction, tool, where)
        rules = self._toolbox().rules
        await rules.switch(place, found.name, None)
        await rules.limit(place, found.name, frozenset())
        there = _told(where, interaction)
        said = tr("Nothing is set for `{tool}` in {place}.", tool=found.name, place=there)
        await self._done(interaction, found, said)

    @app_commands.command()
    async def log(self, interaction: Interaction) -> None:
        """The newest calls of tools: who, what and when (for those who manage the server)"""
        if interaction.guild_id is not None and not _manages_server(interaction):
            raise BadInput(_NEEDS_SERVER)
        await interaction.response.defer(ephemeral=True, thinking=True)
        owner = str(interaction.guild_id or conversation_here(interaction))
        calls = await self.bot.store.logged_calls(owner, _LOGGED)
        await _answer_long(interaction, "\n".join(map(_logged, calls)) or tr(_NO_CALLS))

    @switch.autocomplete("tool")
    @roles.autocomplete("tool")
    @reset.autocomplete("tool")
    async def suggest(self, _: Interaction, current: str) -> list[app_commands.Choice[str]]:
        """The tools whose names hold what was typed."""
        typed = current.strip().casefold()
        toolbox = self.bot.conversations.toolbox
        names = [name for name in (toolbox.tools if toolbox else ()) if typed in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in names[: suggestions.MOST]]

    async def _begin(self, interaction: Interaction, name: str, where: Where) -> tuple[Tool, str]:
        """The tool and the place that are meant, if this person may change anything there."""
        place = _place(interaction, where)
        _check_rights(interaction, where)
        tools = self._toolbox().tools
        for tool in tools.values():
            if tool.name.casefold() == name.strip().casefold():
                await interaction.response.defer(thinking=True)
                return tool, place
        known = shortened(", ".join(f"`{one}`" for one in tools), _LONGEST_LIST)
        raise BadInput(later("There is no tool of that name. There are {tools}.", tools=known))

    async def _done(
        self, interaction: Interaction, tool: Tool, said: str, plain: Standing | None = None
    ) -> None:
        """Say what was changed, and what holds here if that is anything but `plain`."""
        places = rule_places(interaction.channel, interaction.guild_id)
        found = await self._toolbox().rules.of(tool, places)
        if found != plain:
            here = tr("Here: {standing}.", standing=_standing(found, interaction))
            said = f"{said}\n{here}"
        await interaction.edit_original_response(content=said[:2000], allowed_mentions=NOBODY)

    def _toolbox(self) -> Toolbox:
        toolbox = self.bot.conversations.toolbox
        if toolbox is None or not toolbox.tools:
            raise BadInput(_NONE)
        return toolbox


def _entry(tool: Tool, found: Standing, interaction: Interaction) -> str:
    """A tool, what it is for, and what holds for it here."""
    described = str(tool.schema["function"].get("description", "")).split("\n")[0]
    about = harmless(shortened(described, _LONGEST_DESCRIPTION))
    marks = [tr(_REACHES_OUT)] * tool.reaches_out + [tr(_CHANGES)] * tool.changes
    notes = "; ".join([_standing(found, interaction), *marks])
    return f"{'🟢' if found.on else '⚪'} `{tool.name}` {about}\n-# {notes}"


def _standing(found: Standing, interaction: Interaction) -> str:
    source = _source(found.place, interaction)
    state = tr("on ({source})", source=source) if found.on else tr("off ({source})", source=source)
    if found.roles is None:
        return state
    return tr(
        "{state}, only for {roles} ({source})",
        state=state,
        roles=_roles(found.roles),
        source=_source(found.roles_place, interaction),
    )


def _source(place: str, interaction: Interaction) -> str:
    """Where a rule comes from."""
    if not place:
        return tr("the default")
    if place == conversation_here(interaction):
        return tr("set for {place}", place=_told("this channel", interaction))
    if place in circles(interaction.channel):
        return tr("set for the channel of this thread")
    where: Where = "server" if place.startswith("server") else "category"
    return tr("set for {place}", place=_told(where, interaction))


def _told(where: Where, interaction: Interaction) -> str:
    if where == "server":
        return tr("this server")
    if where == "category":
        return tr("this category")
    if interaction.guild_id is None:
        return tr("this conversation")
    in_thread = isinstance(interaction.channel, discord.Thread)
    return tr("this thread") if in_thread else tr("this channel")


def _roles(roles: frozenset[str]) -> str:
    return ", ".join(f"<@&{role}>" for role in sorted(roles))


def _place(interaction: Interaction, where: Where) -> str:
    if where == "this channel":
        return conversation_here(interaction)
    if interaction.guild_id is None:
        raise BadInput(_NO_SERVER)
    if where == "server":
        return server_place(interaction.guild_id)
    if category := category_of(interaction.channel):
        return category_place(category)
    raise BadInput(_NO_CATEGORY)


def _check_rights(interaction: Interaction, where: Where) -> None:
    """A group's commands share their visibility on Discord, so this is checked here."""
    if interaction.guild_id is None or _manages_server(interaction):
        return
    if where != "this channel":
        raise BadInput(_NEEDS_SERVER)
    if not interaction.permissions.manage_channels:
        raise BadInput(_NEEDS_CHANNEL)


def _manages_server(interaction: Interaction) -> bool:
    member = interaction.user
    return isinstance(member, discord.Member) and member.guild_permissions.manage_guild


def _logged(call: LoggedCall) -> str:
    who = f"<@{call.asker}>" if call.asker.isdecimal() else tr("somebody")
    given = " ".join(in_words(call.arguments).split())
    did = f"`{call.tool}` {harmless(shortened(given, _LONGEST_ARGUMENTS))}".rstrip()
    when = f"<t:{int(call.at)}:R>"
    if not call.channel.isdecimal():
        return tr("{when} {who}: {call}", when=when, who=who, call=did)
    channel = f"<#{call.channel}>"
    return tr("{when} {who} in {channel}: {call}", when=when, who=who, channel=channel, call=did)


async def _answer_long(interaction: Interaction, text: str) -> None:
    """Answer in as many messages as it takes, none of which calls anybody."""
    first, *others = [page.text for page in split(text)]
    await interaction.edit_original_response(content=first, allowed_mentions=NOBODY)
    for page in others:
        await interaction.followup.send(page, ephemeral=True, allowed_mentions=NOBODY)


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(ToolsHere(bot))
