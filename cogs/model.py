"""`/model`: which model answers in a place, what it can do, and the choice of another one."""

from __future__ import annotations

import asyncio
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.choices import Choice
from bot.conversation.life import answers
from bot.conversation.model import ModelInUse
from bot.conversation.models import Served
from bot.errors import BadInput, EngineUnreachable
from bot.language import Text, later, tr
from cogs import suggestions
from cogs.places import conversation_here, model_places, server_of, server_place

Scope = Literal["channel", "server"]

# Autocompletion has three seconds, and is better without the models' names than late.
_SUGGEST_SECONDS = 1.5

_FORMATS = {"chatml": "ChatML", "alpaca": "Alpaca", "llama3": "Llama 3"}
_HERE = later("Choosing a model is for those who manage channels here.")
_IN_SERVER = later("Choosing a model is for those who manage channels in this whole server.")
_NO_SERVER = later(
    "This is no server; leave the scope out, and the choice holds for this conversation."
)
_SERVER = later("this server")
_KEPT = later("What was said here stays known; a model that reads less is shown less of it.")


class ModelChoice(
    commands.GroupCog,
    name="Model",
    group_name="model",
    group_description="Which model answers here",
):
    """Shows and chooses the model of a channel or a server, never of anything else."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[HermesBot]) -> None:
        """Which model answers here, why that one, and what it can do"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        choice = await self._choice(interaction)
        served = self.bot.conversations.models.named(choice.engine)
        present = await answers(served)
        model = await served.model.current()
        lines = [_answers(model.profile.name, choice, interaction)]
        if choice.engine and choice.engine not in self.bot.conversations.models:
            lines.append(
                tr(
                    "⚠️ `{engine}` was chosen here, but the operator has taken it away; so the "
                    "default answers.",
                    engine=choice.engine,
                )
            )
        lines += _abilities(model)
        lines.append(tr("**Engine** answers right now") if present else _away())
        if others := [one for one in self.bot.conversations.models if one is not served]:
            titles = await asyncio.gather(*map(_title, others))
            lines.append(tr("**Others** {names} (`/model use`)", names=", ".join(titles)))
        await interaction.edit_original_response(content="\n".join(lines)[:2000])

    @app_commands.command()
    @app_commands.describe(
        name="Its name; suggested with the model",
        scope="channel: only here; server: where no channel has its own choice",
    )
    async def use(
        self, interaction: discord.Interaction[HermesBot], name: str, scope: Scope = "channel"
    ) -> None:
        """Choose the model that answers in this channel, or in this server"""
        _check_rights(interaction, scope)
        models = self.bot.conversations.models
        if len(models) == 1:
            model = await self.bot.conversations.model()
            await interaction.response.send_message(
                tr(
                    "There is only one model here, **{model}**. The bot's operator can add more "
                    "engines with the setting ENGINES; then `/model use` chooses among them, for "
                    "a channel or for a server.",
                    model=model.profile.name,
                ),
                ephemeral=True,
            )
            return
        name = name.strip().casefold()
        if name not in models:
            known = ", ".join(f"`{served.name}`" for served in models)
            raise BadInput(later("There is no model of that name. There are {known}.", known=known))
        await interaction.response.defer(thinking=True)
        await self._choose(interaction, scope, name)
        await interaction.edit_original_response(
            content=await self._chosen(interaction, models.named(name), scope)
        )

    @app_commands.command()
    @app_commands.describe(scope="Whose choice to take back: this channel's or this server's")
    async def reset(
        self, interaction: discord.Interaction[HermesBot], scope: Scope = "channel"
    ) -> None:
        """Take the choice of a model back"""
        _check_rights(interaction, scope)
        await interaction.response.defer(thinking=True)
        await self._choose(interaction, scope, None)
        choice = await self._choice(interaction)
        model = await self.bot.conversations.model(choice.engine)
        where = _here(interaction) if scope == "channel" else _SERVER
        gone = tr("No model is chosen for {where} any more.", where=where)
        answers = _answers(model.profile.name, choice, interaction)
        await interaction.edit_original_response(content=f"{gone} {answers}")

    @use.autocomplete("name")
    async def suggest(
        self, _: discord.Interaction[HermesBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """The names that hold what was typed, each with the model behind it."""
        models = list(self.bot.conversations.models)
        titles = await asyncio.gather(*map(_plain_title, models))
        return [
            app_commands.Choice(name=title[: suggestions.LONGEST], value=served.name)
            for served, title in zip(models, titles, strict=True)
            if current.strip().casefold() in title.casefold()
        ][: suggestions.MOST]

    async def _choose(
        self, interaction: discord.Interaction[HermesBot], scope: Scope, name: str | None
    ) -> None:
        place, author = _place(interaction, scope), str(interaction.user.id)
        await self.bot.administration.change(author, server_of(interaction), place, "engine", name)

    async def _choice(self, interaction: discord.Interaction[HermesBot]) -> Choice:
        return await self.bot.engines.at(*model_places(interaction.channel, interaction.guild_id))

    async def _chosen(
        self, interaction: discord.Interaction[HermesBot], served: Served, scope: Scope
    ) -> str:
        """What changes by a choice, and what does not."""
        title = await _title(served)
        if scope == "channel":
            where = _here(interaction)
            lines = [
                tr(
                    "From now on {model} answers in {where}, and only here.",
                    model=title,
                    where=where,
                ),
                tr(_KEPT),
            ]
        else:
            lines = [
                tr(
                    "From now on {model} answers in this server, where no channel has a model of "
                    "its own. Other servers are not affected.",
                    model=title,
                )
            ]
            choice = await self._choice(interaction)
            if choice.place != _place(interaction, "server"):
                why = _why(choice, interaction)
                lines.append(tr("Here nothing changes: {why}.", why=why))
        if not await answers(served):
            lines.append(_away())
        return "\n".join(lines)


def _away() -> str:
    return f"⚠️ {tr(EngineUnreachable.text)}"


def _answers(model: str, choice: Choice, interaction: discord.Interaction[HermesBot]) -> str:
    """Which model answers where a command was used, and why that one."""
    why = _why(choice, interaction)
    return tr("**{model}** answers here: {why}.", model=model, why=why)


def _abilities(model: ModelInUse) -> list[str]:
    profile = model.profile
    format_name = _FORMATS.get(profile.format.name, profile.format.name)
    lines = [
        tr("**Format** {name}", name=format_name),
        tr(
            "**Context** {context:,} tokens, up to {reply:,} of them for an answer",
            context=model.context,
            reply=model.max_reply,
        ),
        tr("**Tools** yes") if profile.tools else tr("**Tools** no"),
        _json(trained=profile.json_mode, forced=bool(model.info and model.info.forces_schema)),
        tr("**Reasoning** thinks before it answers")
        if profile.reasoning
        else tr("**Reasoning** no"),
    ]
    return [*lines, tr(profile.note)] if profile.note else lines


def _json(*, trained: bool, forced: bool) -> str:
    if trained:
        return (
            tr("**JSON** trained for it, forced by the engine")
            if forced
            else tr("**JSON** trained for it")
        )
    return (
        tr("**JSON** not trained for it, forced by the engine")
        if forced
        else tr("**JSON** not trained for it")
    )


def _why(choice: Choice, interaction: discord.Interaction[HermesBot]) -> Text:
    """Where a choice comes from."""
    if not choice.place:
        return later("it is the default")
    if choice.place == conversation_here(interaction):
        return _chosen_for(choice.engine, _here(interaction))
    server = interaction.guild_id and choice.place == server_place(interaction.guild_id)
    category = choice.place.startswith("category:")
    wide = later("this category") if category else later("the channel of this thread")
    return _chosen_for(choice.engine, _SERVER if server else wide)


def _chosen_for(engine: str, where: Text) -> Text:
    return later("`{engine}` was chosen for {where}", engine=engine, where=where)


def _here(interaction: discord.Interaction[HermesBot]) -> Text:
    if interaction.guild_id is None:
        return later("this conversation")
    thread = isinstance(interaction.channel, discord.Thread)
    return later("this thread") if thread else later("this channel")


def _place(interaction: discord.Interaction[HermesBot], scope: Scope) -> str:
    if scope == "channel":
        return conversation_here(interaction)
    if interaction.guild_id is None:
        raise BadInput(_NO_SERVER)
    return server_place(interaction.guild_id)


def _check_rights(interaction: discord.Interaction[HermesBot], scope: Scope) -> None:
    """A group's commands share their visibility on Discord, so this is checked here."""
    member = interaction.user
    if interaction.guild_id is None or not isinstance(member, discord.Member):
        return
    # Who may manage one channel only must not choose for the whole server.
    whole = scope == "server"
    may = member.guild_permissions if whole else interaction.permissions
    if not (may.manage_guild or may.manage_channels):
        raise BadInput(_IN_SERVER if whole else _HERE)


async def _title(served: Served) -> str:
    """An engine's name and what it serves, for people to read."""
    model = await _model_in_time(served)
    return f"`{served.name}`" + (f" (**{model}**)" if model else "")


async def _plain_title(served: Served) -> str:
    model = await _model_in_time(served)
    return f"{served.name}: {model}" if model else served.name


async def _model_in_time(served: Served) -> str:
    """The model of an engine, "" if it cannot be asked within a moment."""
    try:
        async with asyncio.timeout(_SUGGEST_SECONDS):
            model = await served.model.current()
    except TimeoutError:
        return ""
    # Of an engine that is away only the name is known, unless the operator gave its profile.
    return model.profile.name if model.info or model.profile.repository else ""


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(ModelChoice(bot))
