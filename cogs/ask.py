"""`/ask`: a question by command, answered in the response."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from weakref import WeakValueDictionary

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.ask import Ask
from bot.conversation.facts import note_owners
from bot.errors import BadInput
from bot.language import later, tr
from cogs.live import live_of
from cogs.live.target import InteractionTarget
from cogs.opted_out import refuse_opted_out
from cogs.owners import owners
from cogs.places import (
    channel_here,
    conversation_here,
    conversation_in,
    engine_here,
    is_guest,
    private_conversation,
    response_origin,
    rules_here,
    story_origin,
    user_conversation,
    user_of,
)
from cogs.reading import text_for_ask
from cogs.reading.words import is_blank
from cogs.rounds import PAUSED, is_paused, play_round

_TOGETHER = later("I answer this together with the other questions here: see the next reply.")
_NEW_TALK = later(
    "This talk is yours alone and goes where you go. To begin a new one: /ask with fresh."
)
_FORGOTTEN = later("I have forgotten what we said before.")


class AskCommand(commands.Cog, name="Ask"):
    """Questions that work without a mention and without any permission of the bot."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @app_commands.command()
    @app_commands.describe(
        question="What do you want to know?",
        private="Only you see question and answer; a talk of its own, apart from the channel's",
        fresh="Forget our talk first: the private one, or yours where I am no member",
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ask(
        self,
        interaction: discord.Interaction[HermesBot],
        question: app_commands.Range[str, 1, 4000],
        private: bool = False,
        fresh: bool = False,
    ) -> None:
        """Ask me something, here or just between us"""
        refuse_opted_out(interaction)
        text = text_for_ask(interaction, question)
        if is_blank(text):
            raise BadInput(later("There is no question in that. Please write one."))
        response = await interaction.response.defer(ephemeral=private, thinking=True)
        conversation = _talk(interaction, private=private)
        forgotten = 0
        if fresh and conversation != conversation_here(interaction):
            forgotten = await self.bot.conversations.timeline.reset(conversation)
        ask = await ask_from(
            interaction,
            conversation,
            text,
            response=response.message_id if response else None,
            private=private,
        )
        await self.answer(interaction, ask, *([_FORGOTTEN] if forgotten else []))

    async def answer(
        self, interaction: discord.Interaction[HermesBot], ask: Ask, *notices: str
    ) -> None:
        """Answer in the response, which is deferred already; `notices` become its small print."""
        if user_of(ask.conversation) is None:
            await self._answer(interaction, ask, notices)
            return
        # One after the other: what is answered together would be answered in one place, and this
        # talk has places in many servers, some of them for its owner's eyes only.
        door = self._doors.get(ask.conversation) or asyncio.Lock()
        self._doors[ask.conversation] = door
        async with door:
            if not await self.bot.conversations.history(ask.conversation):
                notices = (*notices, _NEW_TALK)
            await self._answer(interaction, ask, notices)

    async def _answer(
        self, interaction: discord.Interaction[HermesBot], ask: Ask, notices: Sequence[str]
    ) -> None:
        async with self.bot.conversations.turn(ask) as reply:
            if reply is None:
                paused = await is_paused(self.bot, ask.conversation)
                await interaction.edit_original_response(
                    content=tr(PAUSED if paused else _TOGETHER)
                )
                return
            reply.notices += notices
            private = ask.origin.get("private") == "yes"
            await live_of(self.bot).deliver(reply, InteractionTarget(interaction, private=private))
        if interaction.channel_id and not is_guest(interaction):
            channel = channel_here(interaction)
            await play_round(self.bot, reply, channel)


def asking_of(bot: HermesBot) -> AskCommand:
    """The cog that answers questions in a response."""
    cog = bot.get_cog(AskCommand.__cog_name__)
    if not isinstance(cog, AskCommand):
        raise TypeError("the cog Ask is not loaded")
    return cog


async def ask_from(
    interaction: discord.Interaction[HermesBot],
    conversation: str,
    text: str,
    *,
    response: int | None,
    private: bool,
) -> Ask:
    """A question by command; `response` is the message that shows that the bot thinks."""
    user, guest = interaction.user, is_guest(interaction)
    shared = interaction.guild_id is not None and not private and not guest
    # Where a guest was asked is nobody's business afterwards; the token is all that is needed.
    place = (
        {}
        if guest
        else {
            "channel": str(interaction.channel_id or 0),
            "guild": str(interaction.guild_id or ""),
            **await rules_here(interaction, user),
            **note_owners(
                owners(
                    interaction.channel,
                    interaction.channel_id or 0,
                    interaction.guild_id,
                    user.id,
                    private=private,
                )
            ),
            **story_origin(interaction.guild_id, user.id, user),
        }
    )
    return Ask(
        conversation=conversation,
        id=str(interaction.id),
        author=str(user.id),
        speaker=user.display_name if shared else "",
        text=text,
        origin={
            "asker": str(user.id),
            **place,
            **response_origin(interaction, response, private=private),
        },
        engine=await engine_here(interaction),
    )


def _talk(interaction: discord.Interaction, *, private: bool) -> str:
    """The conversation that a question belongs to."""
    channel, user = interaction.channel_id or 0, interaction.user.id
    if private:
        return private_conversation(channel, user)
    return user_conversation(user) if is_guest(interaction) else conversation_in(channel)


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(AskCommand(bot))
