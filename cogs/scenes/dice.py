"""`/roll`, and what the dice within messages came to."""

from __future__ import annotations

import logging
from collections import OrderedDict
from random import SystemRandom

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.errors import BadInput, StoreUnavailable, UserError
from bot.language import tr
from bot.prompts.speakers import clean_name
from bot.tools.dice import Rolled, roll
from bot.tools.dice.inline import in_words
from bot.tools.tool import ToolError
from cogs.again import chat_of
from cogs.characters.shelf import Interaction, home_library
from cogs.live.target import NOBODY
from cogs.live.traces import harmless
from cogs.live.wording import small
from cogs.opted_out import refuse_opted_out
from cogs.places import schema_owner
from cogs.reading import text_for_ask
from cogs.reading.words import shortened
from cogs.rolls import dice_in
from cogs.scenes.posting import NOT_REMEMBERED, remember

log = logging.getLogger(__name__)

_LUCK = SystemRandom()
_LONGEST_REASON = 100

# Of how many messages it is remembered how many of their dice were told of.
_REMEMBERED = 1_000


class Dice(commands.Cog, name="SceneDice"):
    """Luck that the story knows of."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._told: OrderedDict[int, int] = OrderedDict()

    @app_commands.command()
    @app_commands.describe(
        dice="What to roll, such as 2d6+1, d20+5 >= 15 or 4d6kh3",
        reason="What it is for, such as: lockpicking",
    )
    async def roll(
        self,
        interaction: Interaction,
        dice: app_commands.Range[str, 1, 200],
        reason: app_commands.Range[str, 1, _LONGEST_REASON] = "",
    ) -> None:
        """Roll dice; I know how they fell, and so do the characters of a scene"""
        refuse_opted_out(interaction)
        try:
            rolled = roll(dice, _LUCK)
        except ToolError as error:
            raise BadInput(error.text) from None
        await interaction.response.defer(thinking=True)
        reason = " ".join(text_for_ask(interaction, reason).split())
        name = await self._name(home_library(interaction), interaction.user)
        text = told_of(name, rolled, reason)
        content = shortened(f"🎲 {harmless(text)}", 2_000)
        message = await interaction.edit_original_response(content=content, allowed_mentions=NOBODY)
        if not await remember(self.bot, message, str(interaction.user.id), text):
            await interaction.followup.send(tr(NOT_REMEMBERED), ephemeral=True)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Show what the dice of a message came to."""
        await self._show(message)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Show what dice came to that were added to a message."""
        if "content" in payload.data:
            await self._show(payload.message)

    async def _show(self, message: discord.Message) -> None:
        by_person = not message.author.bot and message.webhook_id is None
        if not by_person or self.bot.opt_outs.ignores(str(message.author.id)):
            return
        try:
            results = (await dice_in(self.bot, message)).results
            if len(results) <= self._told.get(message.id, 0):
                return
            self._told[message.id] = len(results)
            if len(self._told) > _REMEMBERED:
                self._told.popitem(last=False)
            shown = await message.reply(
                small(*(f"🎲 {harmless(result)}" for result in results)),
                silent=True,
                mention_author=False,
                allowed_mentions=NOBODY,
            )
            if not (await chat_of(self.bot).judge(message)).answer:
                # The characters do not read the message, yet they saw the dice fall.
                author, guild = message.author, message.guild
                library = schema_owner(guild.id if guild else None, author.id)
                text = f"{await self._name(library, author)} rolls {'; '.join(results)}"
                await remember(self.bot, shown, str(author.id), text)
        except (UserError, *DISCORD_FAILURES) as error:
            log.info("the dice of message %s are not shown: %s", message.id, error)

    async def _name(self, library: str, user: discord.User | discord.Member) -> str:
        """What somebody is called in the stories of a place."""
        person = str(user.id)
        try:
            persona = (await self.bot.store.personas(library, [person])).get(person)
        except StoreUnavailable:
            persona = None
        return clean_name((persona and persona.name) or user.display_name)


def told_of(name: str, rolled: Rolled, reason: str = "") -> str:
    """A roll as the story tells it: `Ada rolls 2d6+1 (lockpicking): [4, 4] + 1 = 9`."""
    words = in_words(rolled)
    what = rolled.rolls[0].notation if len(rolled.rolls) == 1 else rolled.notation
    if len(rolled.rolls) == 1:
        words = words.removeprefix(f"{what}: ")
    return f"{name} rolls {what}{f' ({reason})' if reason else ''}: {words}"


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Dice(bot))
