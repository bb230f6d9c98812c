"""`/character`: the library of characters, and who of them is on stage."""

from __future__ import annotations

from functools import partial
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.language import tr
from cogs import suggestions
from cogs.characters import bringing, editing, entering, entries, listing, managing, telling
from cogs.characters.forms import CharacterForm, FileForm
from cogs.characters.shelf import Interaction, characters_here, suggest
from cogs.components import KnownButton
from cogs.opted_out import refuse_opted_out

Where = Literal["server", "only me"]

_WHERE = "Whose it is: all in this server find it, or only you, in every server"


class Characters(
    commands.GroupCog,
    group_name="character",
    group_description="Characters that I play: bring, make, change and use them",
):
    """Everything about characters but what they say."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    # ------------------------------------------------------------------ bringing

    @app_commands.command()
    @app_commands.rename(where="for")
    @app_commands.describe(where=_WHERE, adult="It plays in age-restricted channels only")
    async def create(
        self, interaction: Interaction, where: Where | None = None, adult: bool = False
    ) -> None:
        """Make a new character in a form"""
        refuse_opted_out(interaction)
        private = _private(where)
        await bringing.library_for(interaction, private)
        submit = partial(bringing.from_form, private=private, adult=adult)
        await interaction.response.send_modal(CharacterForm(submit))

    @app_commands.command(name="import")
    @app_commands.rename(where="for")
    @app_commands.describe(
        file="A card: PNG, JSON or CHARX",
        link="The address of such a file",
        where=_WHERE,
        adult="It plays in age-restricted channels only",
    )
    async def import_(
        self,
        interaction: Interaction,
        file: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, 1000] | None = None,
        where: Where | None = None,
        adult: bool = False,
    ) -> None:
        """Bring a character from a card; without options a form asks for it"""
        refuse_opted_out(interaction)
        private = _private(where)
        submit = partial(bringing.from_file, private=private, adult=adult)
        if file or link:
            await submit(interaction, file, "", link=link or "")
            return
        await bringing.library_for(interaction, private)
        form = FileForm(tr(bringing.FORM_TITLE), tr(bringing.FORM_KINDS), submit)
        await interaction.response.send_modal(form)

    # ------------------------------------------------------------------ seeing

    @app_commands.command(name="list")
    @app_commands.describe(
        search="Words of names and tags", tag="A tag that they have", page="Which page"
    )
    async def list_(
        self,
        interaction: Interaction,
        search: app_commands.Range[str, 1, 40] | None = None,
        tag: app_commands.Range[str, 1, 30] | None = None,
        page: app_commands.Range[int, 1, 99] = 1,
    ) -> None:
        """Show the characters that you can use here"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await listing.show(interaction, search or "", tag or "", page)

    @app_commands.command()
    @app_commands.describe(character="Its name", everybody="All here see it, not only you")
    async def show(self, interaction: Interaction, character: str, everybody: bool = False) -> None:
        """Show a character's card: picture, notes, greeting, what it costs"""
        await interaction.response.defer(ephemeral=not everybody, thinking=True)
        await managing.show(interaction, character, everybody=everybody)

    @app_commands.command()
    @app_commands.rename(form="format")
    @app_commands.describe(character="Its name", form="png has the picture too")
    async def export(
        self, interaction: Interaction, character: str, form: managing.Format = "png"
    ) -> None:
        """Give me a character's card as a file, for other programs too"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await managing.export(interaction, character, form)

    # ------------------------------------------------------------------ changing

    @app_commands.command()
    @app_commands.describe(
        character="Its name",
        part="What is to be changed",
        file="Its new text, if it is too long for a form, the new lorebook, or the new picture",
        entry="Of the lore: which entry; left out, a new one",
    )
    @app_commands.choices(
        part=[app_commands.Choice(name=name.capitalize(), value=name) for name in editing.CHOICES]
    )
    async def edit(
        self,
        interaction: Interaction,
        character: str,
        part: str,
        file: discord.Attachment | None = None,
        entry: str = "",
    ) -> None:
        """Change a part of a character's card"""
        refuse_opted_out(interaction)
        await editing.edit(interaction, character, part, entry, file)

    @app_commands.command()
    @app_commands.rename(where="for")
    @app_commands.describe(character="Its name", name="What the copy is called", where=_WHERE)
    async def duplicate(
        self,
        interaction: Interaction,
        character: str,
        name: app_commands.Range[str, 1, 80] | None = None,
        where: Where = "only me",
    ) -> None:
        """Make a copy of a character, to change it"""
        refuse_opted_out(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await managing.duplicate(interaction, character, name or "", where == "only me")

    @app_commands.command()
    @app_commands.rename(where="for")
    @app_commands.describe(character="Its name", where="Who finds and uses it from now on")
    async def share(
        self, interaction: Interaction, character: str, where: Where = "server"
    ) -> None:
        """Give a character of yours to this server, or take it back"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        visibility = "private" if where == "only me" else "server"
        await managing.share(interaction, character, visibility)

    @app_commands.command()
    @app_commands.describe(character="Its name")
    async def delete(self, interaction: Interaction, character: str) -> None:
        """Delete a character"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await managing.ask_to_delete(interaction, character)

    # ------------------------------------------------------------------ on stage

    @app_commands.command()
    @app_commands.describe(character="Its name")
    async def use(self, interaction: Interaction, character: str) -> None:
        """Bring a character on stage here, with its greeting"""
        refuse_opted_out(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await entering.use(interaction, character)

    @app_commands.command()
    @app_commands.describe(character="Its name, if several are on stage")
    async def leave(self, interaction: Interaction, character: str = "") -> None:
        """Take a character off the stage"""
        await interaction.response.defer(thinking=True)
        await entering.leave(interaction, character)

    # ------------------------------------------------------------------ suggestions

    @use.autocomplete("character")
    @show.autocomplete("character")
    @export.autocomplete("character")
    @edit.autocomplete("character")
    @duplicate.autocomplete("character")
    @share.autocomplete("character")
    @delete.autocomplete("character")
    async def suggest_character(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The characters whose names or tags have what was typed."""
        return await suggest(characters_here(interaction), current)

    @edit.autocomplete("entry")
    async def suggest_entry(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The entries of the character's lorebook."""
        return await entries.suggest(interaction, interaction.namespace.character, current)

    @leave.autocomplete("character")
    async def suggest_cast(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Who is on stage."""
        return await suggestions.in_time(entering.suggest_cast(interaction, current)) or []

    @list_.autocomplete("tag")
    async def suggest_tag(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The tags that there are."""
        every = await suggestions.in_time(characters_here(interaction)) or []
        return listing.tags_in(every, current)


class CharacterButton(KnownButton, template=telling.PRESS):
    """Shows a character, or brings it on stage."""

    async def callback(self, interaction: Interaction) -> None:
        """Do what the button says, for who has pressed it."""
        refuse_opted_out(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        do = entering.use if self.parts["what"] == "use" else managing.show
        await do(interaction, self.parts["character"])


def _private(where: Where | None) -> bool | None:
    return None if where is None else where == "only me"


async def setup(bot: HermesBot) -> None:
    """Add the cog, and hear its buttons, also of messages that former processes sent."""
    bot.add_dynamic_items(
        CharacterButton, entering.EnterButton, listing.PageButton, managing.DeleteButton
    )
    await bot.add_cog(Characters(bot))
