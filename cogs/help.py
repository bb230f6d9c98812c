"""`/help`: what the bot is and how to talk to it."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.errors import EngineUnreachable
from bot.language import later, tr
from cogs.live.split import MESSAGE_LIMIT, units
from cogs.own_threads.where import answers_everything
from cogs.places import engine_here, is_guest

_COMMANDS = later("""\
**Commands**
`/ask` a question by command, privately if you like
*Ask about this*, in a message's menu under *Apps*: a question about it, answered to you alone
`/json` an answer as data: JSON that fits a schema
`/memory` what I remember about you, this channel and this server
`/character` `/persona` `/lore` whom I play, and who you are there
`/context` what I was sent last, token for token
`/system` who I am in this channel
`/model` which model answers here, and what it can do
`/tools` what I can do beside talking, and who may use it
`/report` tell the moderators
`/say` post something in my name
`/channel` when I answer here: if mentioned, by name, always
`/config` `/usage` what holds here, what you used, why I did not answer
`/safety` words and characters that are not allowed
`/undo` `/redo` `/rewind` take back what was said, or bring it again
`/branch` `/chat` go on in a thread; take the talk along as a file
`/scene` `/narrate` `/as` `/note` stories with several characters; `/roll` rolls dice
`/reset` forget what was said here
`/stats` `/doctor` how much I am used here, and what is wrong, for those who manage the server
`/privacy` what I keep about you; erase it, or have me leave you alone
🔁 another answer, ⏩ go on, ✏️ edit, 🗑️ delete: for older answers, in their menu""")

_AS_GUEST = later("""\
**Talk to me** with `/ask`, or choose *Apps*, *Ask about this* in the menu of a message.

You have installed me to your account, so I come along wherever you go. I am no member here: I see \
your questions, the messages that you ask about, and nothing else. What we say is one talk of your \
own; it comes along too. `/ask` with `fresh` begins a new one, `/ask` with `private` keeps a \
question apart, for your eyes only. `/privacy` shows and erases what I keep about you.""")

_BLIND = later(
    "⚠️ The Message Content intent is off: I only see messages that mention me, replies to me with "
    "the ping on, and direct messages. The bot's operator can switch it on in Discord's Developer "
    "Portal (page Bot)."
)


class Help(commands.Cog):
    """One short page."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def help(self, interaction: discord.Interaction[HermesBot]) -> None:
        """What I am, how to talk to me, and what I can do"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        parts = [await self._who(await engine_here(interaction))]
        if is_guest(interaction):
            parts.append(tr(_AS_GUEST))
        else:
            parts += [await self._how(interaction), tr(_COMMANDS)]
            if not self.bot.reads_everything:
                parts.append(tr(_BLIND))
        first, *others = pages(parts)
        await interaction.edit_original_response(content=first)
        for page in others:
            await interaction.followup.send(page, ephemeral=True)

    async def _who(self, engine: str) -> str:
        model = await self.bot.conversations.model(engine)
        lines = [
            tr(
                "I am a bot that brings a Hermes language model into Discord, hosted by its "
                "operator. The model is **{model}**. What I say can be wrong.",
                model=model.profile.name,
            )
        ]
        if model.profile.note:
            lines.append(tr(model.profile.note))
        if model.info is None:
            lines.append(f"⚠️ {tr(EngineUnreachable.text)}")
        return "\n".join(lines)

    async def _how(self, interaction: discord.Interaction[HermesBot]) -> str:
        if interaction.guild_id is None:
            return tr("**Talk to me** by just writing here.")
        name = self.bot.user.mention if self.bot.user else later("me")
        if await answers_everything(self.bot, interaction.channel):
            return tr("**Talk to me** by just writing in this channel; I answer everything here.")
        return tr(
            "**Talk to me** by mentioning {name}, by replying to me, or in a direct message.",
            name=name,
        )


def pages(parts: Sequence[str]) -> list[str]:
    """Paragraphs as messages: in one, if it holds them, since some languages take more room."""
    found: list[str] = []
    for part in parts:
        joined = f"{found[-1]}\n\n{part}" if found else part
        if found and units(joined) > MESSAGE_LIMIT:
            found.append(part)
        else:
            found[-1:] = [joined]
    return found


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Help(bot))
