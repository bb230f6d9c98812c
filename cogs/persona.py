"""`/persona`: who somebody is in the stories of a server, or of their direct messages."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.client.failures import answer
from bot.conversation.library import Persona
from bot.errors import UserError
from bot.language import later, tr
from cogs.characters.forms import PersonaForm
from cogs.characters.shelf import Interaction, home_library, shown_name
from cogs.live.target import NOBODY
from cogs.opted_out import refuse_opted_out
from cogs.reading.words import is_blank
from cogs.system import quoted

# A modal has to be shown within three seconds; what is not known by then is left blank.
_FORM_SECONDS = 1.5
_SHOWN = 1_500
_LONGEST_NAME = 32

_WHERE = later("in this server")
_WHERE_DIRECT = later("in our direct messages")
_ATTACHED = later("Your text is attached, so that it is not lost.")


class Personas(
    commands.GroupCog,
    group_name="persona",
    group_description="Who you are in stories here: what characters call you and know of you",
):
    """Everybody's own; nobody sets another one's."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def set(self, interaction: Interaction) -> None:
        """Say who you are here: a name, and what characters should know of you"""
        refuse_opted_out(interaction)
        present = Persona()
        with suppress(asyncio.TimeoutError, UserError):
            async with asyncio.timeout(_FORM_SECONDS):
                present = await _of(interaction) or Persona()
        await interaction.response.send_modal(PersonaForm(present.name, present.text, _store))

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """Show who you are here"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        persona = await _of(interaction)
        text = tr(
            "You have no persona {where}: characters know you by the name that you have here. "
            "`/persona set` gives you one.",
            where=_where(interaction),
        )
        if persona is not None:
            name = shown_name(persona.name or interaction.user.display_name)
            text = tr("**Who you are {where}:** {name}", where=_where(interaction), name=name)
            text += f"\n{quoted(persona.text, _SHOWN)}" if persona.text else ""
        await interaction.edit_original_response(content=text, allowed_mentions=NOBODY)

    @app_commands.command()
    async def clear(self, interaction: Interaction) -> None:
        """Be known by your name here again, and by nothing else"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        person = str(interaction.user.id)
        await self.bot.store.set_persona(home_library(interaction), person, None)
        await interaction.edit_original_response(content=_cleared(interaction))


async def _store(interaction: discord.Interaction[Any], written: Mapping[str, str]) -> None:
    """Keep what was written; if that is refused, nothing that was typed is lost."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    name = " ".join(written["name"].split())[:_LONGEST_NAME]
    text = written["text"].strip()
    nothing = is_blank(name) and is_blank(text)
    try:
        await interaction.client.store.set_persona(
            home_library(interaction),
            str(interaction.user.id),
            None if nothing else Persona("" if is_blank(name) else name, text),
        )
    except UserError as error:
        if is_blank(text):
            raise
        file = discord.File(io.BytesIO(text.encode("utf-8", "replace")), "persona.txt")
        await answer(interaction, f"{tr(error.text)} {tr(_ATTACHED)}", file=file)
        return
    called = shown_name(name if not is_blank(name) else interaction.user.display_name)
    await interaction.edit_original_response(
        content=_cleared(interaction) if nothing else _kept(interaction, called, text),
        allowed_mentions=NOBODY,
    )


def _kept(interaction: discord.Interaction[Any], name: str, text: str) -> str:
    where = _where(interaction)
    if text:
        return tr(
            "Characters {where} know you as **{name}** from now on, and what you wrote of "
            "yourself.",
            where=where,
            name=name,
        )
    return tr("Characters {where} know you as **{name}** from now on.", where=where, name=name)


def _cleared(interaction: discord.Interaction[Any]) -> str:
    return tr(
        "Characters {where} know you by the name that you have here, and nothing else.",
        where=_where(interaction),
    )


async def _of(interaction: Interaction) -> Persona | None:
    person = str(interaction.user.id)
    found = await interaction.client.store.personas(home_library(interaction), [person])
    return found.get(person)


def _where(interaction: discord.Interaction[Any]) -> str:
    return _WHERE_DIRECT if interaction.guild_id is None else _WHERE


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Personas(bot))
