"""`/json`: answers as data that fits a schema, and the schemas that a server has saved."""

from __future__ import annotations

import json
from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.ports import MAX_SCHEMAS
from bot.errors import BadInput
from bot.language import later, tr
from bot.schemas import reading
from cogs import suggestions
from cogs.json_mode import asking
from cogs.json_mode.forms import AskForm, SaveForm
from cogs.json_mode.request import Request, download, find, is_written, name_of
from cogs.json_mode.showing import Shown, block, fits
from cogs.opted_out import refuse_opted_out
from cogs.places import schema_owner
from cogs.reading import text_for_ask
from cogs.reading.words import is_blank, shortened

_SHOWN = 1_500

_EITHER = later("Please give a schema or a file, not both.")
_NO_QUESTION = later("There is no question in that. Please write one.")
_FULL = later(
    "{most} schemas are saved here, which is all there is room for. Delete one first.",
    most=MAX_SCHEMAS,
)
_MANAGERS = later(
    "Saving and deleting schemas is for those who manage this server or its channels."
)
_NONE = later("No schemas are saved here yet. `/json save` saves one.")


class Json(commands.GroupCog, group_name="json", group_description="Answers as JSON"):
    """Data instead of prose."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(
        question="What do you want to know? Leave it out to write it in a form",
        schema="A saved schema's name, or fields such as: title: text, year: integer",
        file="A file with the schema",
        private="Only you see the answer",
        tools="The model may look things up with its tools first",
    )
    async def ask(
        self,
        interaction: discord.Interaction[HermesBot],
        question: app_commands.Range[str, 1, 4000] | None = None,
        schema: app_commands.Range[str, 1, 6000] | None = None,
        file: discord.Attachment | None = None,
        private: bool = False,
        tools: bool = False,
    ) -> None:
        """Ask for an answer as JSON that fits a schema"""
        refuse_opted_out(interaction)
        if schema and file:
            raise BadInput(_EITHER)
        if question and (schema or file):
            await self._ask(interaction, question, schema or "", file, private=private, tools=tools)
        elif file:
            raise BadInput(_NO_QUESTION)
        else:
            submit = partial(self._ask, private=private, tools=tools)
            await interaction.response.send_modal(AskForm(question or "", schema or "", submit))

    @app_commands.command()
    @app_commands.describe(
        name="What to call it, up to 32 characters",
        schema="Fields such as: title: text, year: integer; or leave it out for a form",
        file="A file with the schema",
    )
    async def save(
        self,
        interaction: discord.Interaction[HermesBot],
        name: app_commands.Range[str, 1, 50],
        schema: app_commands.Range[str, 1, 6000] | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        """Save a schema for everybody here"""
        _check_rights(interaction)
        name = name_of(name)
        if schema and file:
            raise BadInput(_EITHER)
        if schema or file:
            await self._save(interaction, schema or "", file, name=name)
        else:
            await interaction.response.send_modal(SaveForm(partial(self._save, name=name)))

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction[HermesBot]) -> None:
        """Show the schemas that are saved here"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        names = await self.bot.store.schema_names(_owner(interaction))
        listed = ", ".join(f"`{name}`" for name in names)
        text = tr("Saved here: {names}.", names=listed) if names else tr(_NONE)
        await interaction.edit_original_response(content=text)

    @app_commands.command()
    @app_commands.describe(name="A saved schema")
    async def show(self, interaction: discord.Interaction[HermesBot], name: str) -> None:
        """Show a saved schema, and what the model gets"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        written, name = await find(self.bot.store, _owner(interaction), name_of(name))
        shown = _shown(name, written)
        await interaction.edit_original_response(
            content=shown.content, attachments=shown.attachments()
        )

    @app_commands.command()
    @app_commands.describe(name="A saved schema")
    async def delete(self, interaction: discord.Interaction[HermesBot], name: str) -> None:
        """Delete a saved schema"""
        _check_rights(interaction)
        name = name_of(name)
        await interaction.response.defer(thinking=True)
        known = await self.bot.store.delete_schema(_owner(interaction), name)
        text = (
            tr("Schema `{name}` is deleted.", name=name)
            if known
            else tr("There is no schema `{name}` here.", name=name)
        )
        await interaction.edit_original_response(content=text)

    @ask.autocomplete("schema")
    @show.autocomplete("name")
    @delete.autocomplete("name")
    async def suggest(
        self, interaction: discord.Interaction[HermesBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """The saved names that hold what was typed."""
        names = await suggestions.in_time(self.bot.store.schema_names(_owner(interaction)))
        fitting = [name for name in names or () if current.strip().casefold() in name]
        return [app_commands.Choice(name=n, value=n) for n in fitting[: suggestions.MOST]]

    async def _ask(
        self,
        interaction: discord.Interaction[HermesBot],
        question: str,
        schema: str,
        file: discord.Attachment | None = None,
        *,
        private: bool,
        tools: bool,
    ) -> None:
        text = text_for_ask(interaction, question)
        if is_blank(text):
            raise BadInput(_NO_QUESTION)
        # What needs no waiting is refused before an answer is promised: only the asker sees it.
        usable = reading.read(schema) if is_written(schema) else None
        await interaction.response.defer(ephemeral=private, thinking=True)
        name = ""
        if file:
            schema = await download(file)
        elif usable is None:
            schema, name = await find(self.bot.store, _owner(interaction), schema)
        request = Request(text, usable or reading.read(schema), schema, name, tools)
        await asking.ask(interaction, request, interaction.user.id, private=private)

    async def _save(
        self,
        interaction: discord.Interaction[HermesBot],
        schema: str,
        file: discord.Attachment | None = None,
        *,
        name: str,
    ) -> None:
        usable = None if file else reading.read(schema)
        await interaction.response.defer(thinking=True)
        if file:
            schema = await download(file)
        usable = usable or reading.read(schema)
        if not await self.bot.store.save_schema(_owner(interaction), name, schema):
            raise BadInput(_FULL)
        await interaction.edit_original_response(content=_saved(name, usable.fields))


def _owner(interaction: discord.Interaction[HermesBot]) -> str:
    return schema_owner(interaction.guild_id, interaction.user.id)


def _check_rights(interaction: discord.Interaction[HermesBot]) -> None:
    """A group's commands share their visibility on Discord, so these two are checked here."""
    may = interaction.permissions
    if interaction.guild_id is not None and not (may.manage_guild or may.manage_channels):
        raise BadInput(_MANAGERS)


def _saved(name: str, fields: tuple[str, ...]) -> str:
    if not fields:
        return tr("Schema `{name}` is saved. Use it with `/json ask`.", name=name)
    shown = shortened(", ".join(f"`{field.replace('`', '')}`" for field in fields[:15]), 800)
    left = len(fields) - 15
    return tr(
        "Schema `{name}` is saved with {n} field: {fields}. Use it with `/json ask`.",
        "Schema `{name}` is saved with {n} fields: {fields}. Use it with `/json ask`.",
        name=name,
        n=len(fields),
        fields=later("{names} and {count} more", names=shown, count=left) if left > 0 else shown,
    )


def _shown(name: str, written: str) -> Shown:
    """A schema as it was written; the JSON Schema that is made of it as a file."""
    schema = reading.read(written)
    text = json.dumps(schema.document, indent=2, ensure_ascii=False)
    content = tr("Schema `{name}`", name=name)
    if fits(written) and len(written) <= _SHOWN:
        content += f":\n{block(written, '')}"
    return Shown(content, ((f"{name.replace(' ', '_')}.json", text.encode("utf-8", "replace")),))


async def setup(bot: HermesBot) -> None:
    """Add the cog, and hear its buttons."""
    bot.add_dynamic_items(asking.RetryJson)
    await bot.add_cog(Json(bot))
