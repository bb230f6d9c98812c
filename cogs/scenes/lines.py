"""`/narrate` and `/as`: a narrator's line, and what somebody says who is no character."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.characters.naming import named
from bot.characters.scene import awake
from bot.characters.stage import Stage
from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.conversation.turns import Turn
from bot.errors import BadInput, UserError
from bot.language import later, tr
from bot.prompts.speakers import clean_name
from cogs.characters.shelf import Interaction
from cogs.components import KnownButton, tell
from cogs.forms import Form
from cogs.live import live_of
from cogs.live.buttons import Button, view_of
from cogs.live.target import NOBODY
from cogs.live.traces import harmless
from cogs.opted_out import refuse_opted_out
from cogs.places import conversation_here
from cogs.policy import check_text
from cogs.reading import text_for_ask
from cogs.reading.words import is_blank
from cogs.replies import origin_of
from cogs.reports import report_button
from cogs.rounds import line_target, play_round
from cogs.scenes.place import stage_here
from cogs.scenes.posting import (
    LONGEST_LINE,
    NARRATOR,
    NOT_REMEMBERED,
    line_of,
    narrate,
    post,
    remember,
    rewrite,
    take_back,
    writable_channel,
)

LINE = re.compile(r"line-(?P<what>edit|delete):(?P<message>\d{1,20})")

# Discord refuses webhooks whose name has one of these in it.
_NOT_AS_NAME = ("clyde", "discord")

_EMPTY = later("There is no text in that. Please write some.")
_DONE = later("Done: {link}. All characters read it.")
_IS_NARRATOR = later("What the narrator says is for `/narrate`.")
_TAKEN_BACK = later("That line is gone, from the channel and from the story.")
_YOURS = later("A line of the story. What is to become of it?")
_CHANGED = later("That line is changed, in the channel and in the story.")


class LineForm(Form):
    """One field with the text of a line."""

    def __init__(self, message: int, text: str) -> None:
        super().__init__(title=tr("Change this line"))
        self._message = message
        self._text: discord.ui.TextInput[LineForm] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=text[:LONGEST_LINE],
            max_length=LONGEST_LINE,
            custom_id="text",
        )
        self.add_field(self._text, label=tr("What it shall say"))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Put the text in place of the one that stood there."""
        await interaction.response.defer()
        await rewrite(interaction, self._message, await _read(interaction, self._text.value))
        await interaction.edit_original_response(content=tr(_CHANGED))


class LineButton(KnownButton, template=LINE):
    """Changes a line, or takes it back; hangs under what only its writer sees."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Do what the button says, if this person may."""
        message = int(self.parts["message"])
        if self.parts["what"] == "edit":
            turn = await line_of(interaction, message)
            await interaction.response.send_modal(LineForm(message, turn.text))
            return
        await interaction.response.defer()
        await take_back(interaction, message)
        await interaction.edit_original_response(content=tr(_TAKEN_BACK), view=None)


class Lines(commands.Cog):
    """Words that people put into a story in another name than their own."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(text="What happens, as a narrator would tell it")
    async def narrate(
        self, interaction: Interaction, text: app_commands.Range[str, 1, LONGEST_LINE]
    ) -> None:
        """Tell what happens in the scene; all characters read it"""
        await self._post(interaction, None, text)

    @app_commands.command(name="as")
    @app_commands.describe(
        name="Who speaks: somebody in the story who is no character on stage",
        text="What they say or do",
    )
    async def speak_as(
        self,
        interaction: Interaction,
        name: app_commands.Range[str, 1, 80],
        text: app_commands.Range[str, 1, LONGEST_LINE],
    ) -> None:
        """Speak as somebody else in the scene: a guard, a shopkeeper, a voice in the dark"""
        await self._post(interaction, name, text)

    async def _post(self, interaction: Interaction, wanted: str | None, text: str) -> None:
        """Post what somebody says, None for the narrator."""
        refuse_opted_out(interaction)
        text = await _read(interaction, text)
        await interaction.response.defer(ephemeral=True, thinking=True)
        stage = await stage_here(interaction)
        name = NARRATOR
        if wanted is not None:
            await check_text(interaction, wanted)
            turns = await self.bot.conversations.history(conversation_here(interaction))
            name = checked_name(interaction, wanted, stage, turns)
        channel = writable_channel(interaction)
        if wanted is None:
            message = await narrate(channel, text)
        else:
            message = await post(self.bot, channel, name, text)
        author = str(interaction.user.id)
        known = await remember(self.bot, message, author, text, speaker=name)
        told = tr(_DONE).format(link=message.jump_url) if known else tr(NOT_REMEMBERED)
        view = view_of(buttons(message.id)) if known else None
        await interaction.edit_original_response(content=told, view=view)
        if known and named(text, awake(stage)):
            await self._answer(interaction, channel)

    async def _answer(self, interaction: Interaction, channel: discord.PartialMessageable) -> None:
        """Whoever is called by name in a line answers it."""
        conversation = conversation_here(interaction)
        origin = await origin_of(interaction, conversation, 0, interaction.user.id)
        async with self.bot.conversations.speak(conversation, origin) as reply:
            if reply is None:
                return
            await live_of(self.bot).deliver(reply, line_target(channel, reply))
        await play_round(self.bot, reply, channel)


async def manage(interaction: Interaction, message: int) -> bool:
    """Offer what can be done with a line that somebody had posted; False if it is none.

    The response is deferred then. Who may not change the line is told so.
    """
    try:
        await interaction.response.defer(ephemeral=True, thinking=True)
        timeline = interaction.client.conversations.timeline
        turn = await timeline.find(conversation_here(interaction), str(message))
        if turn is None or turn.role != "user" or not turn.speaker:
            return False
        await line_of(interaction, message)
    except BadInput as refusal:
        # Who may not change it may still report it.
        await interaction.edit_original_response(
            content=tr(refusal.text), view=view_of([report_button(message)])
        )
        return True
    except (UserError, *DISCORD_FAILURES) as error:
        await tell(interaction, error)
        return True
    try:
        await interaction.edit_original_response(
            content=tr(_YOURS), view=view_of(buttons(message)), allowed_mentions=NOBODY
        )
    except (UserError, *DISCORD_FAILURES) as error:
        await tell(interaction, error)
    return True


def buttons(message: int) -> tuple[Button, ...]:
    """What whoever wrote a line can do with it."""
    return (
        Button(tr("Edit"), f"line-edit:{message}"),
        Button(tr("Delete"), f"line-delete:{message}", discord.ButtonStyle.danger),
    )


def checked_name(interaction: Interaction, name: str, stage: Stage, turns: Sequence[Turn]) -> str:
    """A name that nobody else has, without anything that could be taken for markup."""
    name = clean_name(name)
    folded, me = name.casefold(), interaction.client.user
    others = {
        turn.speaker.casefold()
        for turn in turns
        if turn.role == "user" and turn.author != str(interaction.user.id) and not turn.is_brought
    }
    shown, refused = harmless(name), ""
    if folded == NARRATOR.casefold():
        refused = _IS_NARRATOR
    elif named(name, stage.cast) or any(
        folded == clean_name(one.name).casefold() for one in stage.cast
    ):
        refused = later("“{name}” is a character on stage, and speaks for itself.", name=shown)
    elif folded in others:
        refused = later("“{name}” is somebody else here. Please choose another name.", name=shown)
    elif any(word in folded for word in _NOT_AS_NAME):
        refused = later("Discord does not allow “{name}” as a name there.", name=shown)
    elif me and folded == me.name.casefold():
        refused = later("“{name}” is me. `/say` has me post something.", name=shown)
    if refused:
        raise BadInput(refused)
    return name


async def _read(interaction: discord.Interaction[HermesBot], text: str) -> str:
    text = text_for_ask(interaction, text)
    if is_blank(text):
        raise BadInput(_EMPTY)
    await check_text(interaction, text)
    return text
