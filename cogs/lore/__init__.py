"""`/lore`: lorebooks of the libraries, and what of them counts in a channel."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.characters.stage import Stage
from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters.bringing import library_for
from cogs.characters.forms import FileForm
from cogs.characters.leading import check_lead
from cogs.characters.rights import may_lead
from cogs.characters.shelf import Interaction, shown_name, worlds_here
from cogs.live.target import NOBODY
from cogs.lore import keeping, shelved, showing, testing
from cogs.lore.shelved import Shelved, stage_here
from cogs.opted_out import refuse_opted_out
from cogs.places import conversation_here

Where = Literal["server", "only me"]

_BOOK = "A lorebook, or a character on stage for the one within its card"
_WHERE = "Whose it is: all in this server find it, or only you, in every server"
_FORM_TITLE = later("Bring a lorebook")
_FORM_KINDS = later("A world file, a lorebook_v3, or a card that has one")

_NOT_LEADING = later(
    "A story is under way here. Only who leads it, or somebody who may manage channels, can change "
    "what is known in it."
)
_NOTE = later("Characters who speak here know it.")
_NOTE_EMPTY = later("Nobody is on stage here yet; who is brought in will know it.")


class Lore(
    commands.GroupCog, group_name="lore", group_description="What characters know of their world"
):
    """Brings lorebooks, shows them, and switches them on and off in a channel."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command(name="list")
    async def list_(self, interaction: Interaction) -> None:
        """Show the lorebooks that you can use here, and which are on"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        stage = await stage_here(interaction)
        within: dict[str, int] = {}
        for member in stage.cast:
            try:
                opened = await shelved.open_book(self.bot, shelved.of_member(member))
            except BadInput:
                continue
            within[member.name] = len(opened.book.entries)
        text = showing.listed(await worlds_here(interaction), within, stage)
        await interaction.edit_original_response(content=text, allowed_mentions=NOBODY)

    @app_commands.command()
    @app_commands.describe(book=_BOOK, entry="One entry, whole", page="Which page")
    async def show(
        self,
        interaction: Interaction,
        book: str,
        entry: str | None = None,
        page: app_commands.Range[int, 1, 999] = 1,
    ) -> None:
        """Show what stands in a lorebook"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        opened = await shelved.open_book(self.bot, await shelved.find(interaction, book))
        text = showing.page_of(opened, await stage_here(interaction), page)
        files: list[discord.File] = []
        if entry:
            found = opened.entry(entry)
            text = tr("**{entry}** is attached.", entry=shown_name(shelved.title_of(found)))
            whole = showing.whole(found).encode("utf-8", "replace")
            files.append(discord.File(io.BytesIO(whole), "entry.txt"))
        await interaction.edit_original_response(
            content=text, attachments=files, allowed_mentions=NOBODY
        )

    @app_commands.command(name="import")
    @app_commands.rename(where="for")
    @app_commands.describe(file=_FORM_KINDS, link="The address of such a file", where=_WHERE)
    async def import_(
        self,
        interaction: Interaction,
        file: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, 1000] | None = None,
        where: Where | None = None,
    ) -> None:
        """Bring a lorebook; without options a form asks for it"""
        refuse_opted_out(interaction)
        private = None if where is None else where == "only me"
        submit = partial(keeping.bring, private=private)
        if file or link:
            await submit(interaction, file, "", link=link or "")
            return
        await library_for(interaction, private)
        await interaction.response.send_modal(FileForm(tr(_FORM_TITLE), tr(_FORM_KINDS), submit))

    @app_commands.command()
    @app_commands.describe(book=_BOOK, on="Is it known here?", entry="Only this entry of it")
    async def switch(
        self, interaction: Interaction, book: str, on: bool, entry: str | None = None
    ) -> None:
        """Switch a lorebook, or one entry of it, on or off in this channel"""
        refuse_opted_out(interaction)
        await interaction.response.defer(thinking=True)
        found = await shelved.find(interaction, book)
        stage = await stage_here(interaction)
        if stage.cast:
            await check_lead(interaction, stage, _NOT_LEADING)
        if entry:
            text = await self._switch_entry(interaction, found, entry, on)
        else:
            text = await self._switch_book(interaction, found, on)
        await interaction.edit_original_response(content=text, allowed_mentions=NOBODY)

    @app_commands.command()
    @app_commands.describe(
        text="What somebody might say now", book="Try this one alone, whoever is on stage"
    )
    async def test(
        self,
        interaction: Interaction,
        text: app_commands.Range[str, 1, 2000],
        book: str | None = None,
    ) -> None:
        """Show what would be told now, and why"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await testing.test(interaction, text, book or "")

    @app_commands.command()
    @app_commands.describe(book=_BOOK)
    async def export(self, interaction: Interaction, book: str) -> None:
        """Give me a lorebook as a file, for other programs too"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await keeping.export(interaction, book)

    @app_commands.command()
    @app_commands.describe(book="A lorebook")
    async def delete(self, interaction: Interaction, book: str) -> None:
        """Delete a lorebook"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await keeping.ask_to_delete(interaction, book)

    @show.autocomplete("book")
    @switch.autocomplete("book")
    @test.autocomplete("book")
    @export.autocomplete("book")
    async def suggest_book(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The lorebooks that have what was typed."""
        return await shelved.suggest_books(interaction, current)

    @delete.autocomplete("book")
    async def suggest_own(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Those that are not within cards."""
        return await shelved.suggest_books(interaction, current, cards=False)

    @show.autocomplete("entry")
    @switch.autocomplete("entry")
    async def suggest_entry(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The entries of the book that was chosen."""
        book = getattr(interaction.namespace, "book", None) or ""
        return await shelved.suggest_entries(interaction, book, current) if book else []

    async def _switch_book(self, interaction: Interaction, found: Shelved, on: bool) -> str:
        name = shown_name(found.name)
        if found.world is None:
            raise BadInput(
                later(
                    "The lorebook within the card of **{name}** is a part of the character. "
                    "Single entries can be switched off: choose one with the option `entry`.",
                    name=name,
                )
            )
        mark = (found.world.library, found.world.id)

        def switched(stage: Stage) -> Stage:
            _check(interaction, stage)
            others = tuple(one for one in stage.lore if one != mark)
            return replace(stage, lore=(*others, mark) if on else others)

        stage = await self.bot.conversations.stages.change(conversation_here(interaction), switched)
        if not on:
            return tr("**{name}** is off here now.", name=name)
        note = _NOTE if stage.cast else _NOTE_EMPTY
        return tr("**{name}** is on here now. {note}", name=name, note=note)

    async def _switch_entry(
        self, interaction: Interaction, found: Shelved, named: str, on: bool
    ) -> str:
        opened = await shelved.open_book(self.bot, found)
        entry = opened.entry(named)
        mark = f"{found.id}/{entry.id}"

        def switched(stage: Stage) -> Stage:
            _check(interaction, stage)
            others = tuple(one for one in stage.lore_off if one != mark)
            return replace(stage, lore_off=others if on else (*others, mark))

        await self.bot.conversations.stages.change(conversation_here(interaction), switched)
        title, name = shown_name(shelved.title_of(entry)), shown_name(found.name)
        if on:
            return tr(
                "The entry **{entry}** of **{name}** is on here again.", entry=title, name=name
            )
        return tr("The entry **{entry}** of **{name}** is off here now.", entry=title, name=name)


def _check(interaction: Interaction, stage: Stage) -> None:
    if stage.cast and not may_lead(interaction, stage):
        raise BadInput(_NOT_LEADING)


async def setup(bot: HermesBot) -> None:
    """Add the cog, and hear its buttons."""
    bot.add_dynamic_items(keeping.DeleteButton)
    await bot.add_cog(Lore(bot))
