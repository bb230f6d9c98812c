"""`/context`: what the model was sent last, exactly."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.report import ContextReport, Whose
from bot.language import Text, later, tr
from cogs import summary
from cogs.live.target import NOBODY
from cogs.live.traces import harmless
from cogs.places import conversation_in, engine_here, places_of, private_conversation
from cogs.system import quoted

_SYSTEM_SHOWN = 400
_FACT_SHOWN = 160
_FACTS_SHOWN = 700

_WHOSE: Mapping[Whose, Text] = {
    "channel": later("**System prompt** (this channel's own)"),
    "server": later("**System prompt** (the server's own default)"),
    "operator": later("**System prompt** (my operator's default)"),
    "model": later("**System prompt** (the model's default)"),
}
_HIDDEN = later("You may not read this channel's history, so I do not show you what was sent.")


class Context(commands.Cog):
    """Nothing about the model's context is a secret of the bot."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(private="Your private talk in this channel instead (/ask with private)")
    async def context(
        self, interaction: discord.Interaction[HermesBot], private: bool = False
    ) -> None:
        """Show what I was sent last: turns, tokens, and the exact prompt as a file"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        channel = interaction.channel_id or 0
        own = private_conversation(channel, interaction.user.id)
        conversation = own if private else conversation_in(channel)
        report = await self.bot.conversations.report(
            conversation,
            await engine_here(interaction),
            viewer=str(interaction.user.id),
            places=places_of(interaction.channel),
        )
        hidden = interaction.guild_id is not None and not (
            private or interaction.permissions.read_message_history
        )
        text, files = described(report, hidden=hidden), []
        if hidden:
            text += f"\n{tr(_HIDDEN)}"
        elif report.prompt is not None:
            files.append(discord.File(io.BytesIO(report.prompt.encode()), "prompt.txt"))
            text += "\n" + tr("The exact prompt of the last request is attached.")
        else:
            text += "\n" + tr("No prompt has been sent in the last day.")
        await interaction.edit_original_response(
            content=text, attachments=files, allowed_mentions=NOBODY
        )
        if not hidden:
            await summary.show(interaction, conversation)


def described(report: ContextReport, *, hidden: bool = False) -> str:
    """The figures of a report, one a line; `hidden`: without what was said to the model."""
    usage = report.usage
    lines = [tr("**Model** {model}", model=report.model)]
    if usage.prompt:
        lines.append(_last_prompt(report))
        lines.append(tr("**Last answer** {tokens:,} tokens", tokens=usage.generated))
    else:
        lines.append(tr("**Room** {tokens:,} tokens for a prompt", tokens=report.limit))
    lines.append(_turns(report))
    if report.facts and not hidden:
        lines += [tr("**Memory** in the last prompt, and why"), *_facts(report.facts)]
    lines.append(tr(_WHOSE[report.whose]))
    lines.append(quoted(report.system, _SYSTEM_SHOWN))
    return "\n".join(lines)


def _last_prompt(report: ContextReport) -> str:
    usage = report.usage
    limit = usage.limit or report.limit
    if usage.cached is None:
        return tr("**Last prompt** {used:,} of {limit:,} tokens", used=usage.prompt, limit=limit)
    return tr(
        "**Last prompt** {used:,} of {limit:,} tokens, {share:.0%} of them from the engine's cache",
        used=usage.prompt,
        limit=limit,
        share=min(usage.cached / usage.prompt, 1),
    )


def _facts(told: Sequence[str]) -> list[str]:
    """As many as there is room for; the attached prompt has them all, and whole."""
    lines = [f"- {harmless(_middle_out(line, _FACT_SHOWN))}" for line in told]
    fitting = [n for n in range(len(lines) + 1) if len("\n".join(lines[:n])) <= _FACTS_SHOWN][-1]
    left = len(lines) - fitting
    more = [tr("- and {count} more", count=left)] if left else []
    return lines[:fitting] + more


def _middle_out(text: str, length: int) -> str:
    """The beginning and the end, where the reason stands."""
    if len(text) <= length:
        return text
    half = (length - 3) // 2
    return f"{text[:half]} … {text[len(text) - half :]}"


def _turns(report: ContextReport) -> str:
    if not report.kept and not report.cut:
        return tr("**Messages** none yet")
    if not report.cut:
        return tr("**Messages** all {kept:,} are in view", kept=report.kept)
    every = report.kept + report.cut
    return tr(
        "**Messages** the last {kept:,} of {every:,} are in view; older ones were cut",
        kept=report.kept,
        every=every,
    )


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Context(bot))
