"""Discord's own polls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import discord

from bot.client.failures import DISCORD_FAILURES
from bot.language import later
from bot.tools.context import ToolContext
from bot.tools.tool import ToolError, tool
from cogs.tools import ToolCog

# Discord's limits.
_LONGEST_QUESTION = 300
_LONGEST_ANSWER = 55
_MOST_ANSWERS = 10
_MOST_HOURS = 32 * 24


class Polls(ToolCog):
    """Tools that ask everybody."""

    @tool(shows=later("poll: {question}"), changes=True, needs_discord=True)
    async def create_poll(
        self,
        context: ToolContext,
        question: str,
        answers: list[str],
        hours: int = 24,
        several: bool = False,
    ) -> object:
        """Post a poll in this channel.

        Args:
            question: What everybody is asked.
            answers: The answers to choose from, 2 to 10.
            hours: How long the poll is open.
            several: Whether people may choose several answers.
        """
        poll = poll_of(question, answers, hours, several)
        channel = await self._channel(context)
        try:
            message = await channel.send(poll=poll, allowed_mentions=discord.AllowedMentions.none())
        except discord.Forbidden:
            raise ToolError(later("I am not allowed to create polls in this channel.")) from None
        except DISCORD_FAILURES as error:
            raise ToolError(later("Discord did not take the poll."), detail=str(error)) from None
        return {"question": poll.question, "hours": hours, "link": message.jump_url}

    async def _channel(self, context: ToolContext) -> discord.abc.Messageable:
        client: discord.Client | None = self.kit.discord
        if client is None or not context.channel.isdecimal():
            raise ToolError(later("There is no Discord channel here to post a poll in."))
        number = int(context.channel)
        try:
            channel = client.get_channel(number) or await client.fetch_channel(number)
        except DISCORD_FAILURES as error:
            raise ToolError(later("I cannot see this channel."), detail=str(error)) from None
        if not isinstance(channel, discord.abc.Messageable):
            raise ToolError(later("A poll cannot be posted in this channel."))
        return channel


def poll_of(question: str, answers: Sequence[str], hours: int, several: bool) -> discord.Poll:
    """A poll that Discord takes; `ToolError` says what it would refuse."""
    question = question.strip()
    given = [answer.strip() for answer in answers]
    if not 1 <= len(question) <= _LONGEST_QUESTION:
        raise ToolError(
            later("The question of a poll has 1 to {most} characters.", most=_LONGEST_QUESTION)
        )
    if not 2 <= len(given) <= _MOST_ANSWERS:
        raise ToolError(
            later(
                "A poll has 2 to {most} answers, not {count}.", most=_MOST_ANSWERS, count=len(given)
            )
        )
    for answer in given:
        if not 1 <= len(answer) <= _LONGEST_ANSWER:
            raise ToolError(
                later(
                    "Each answer of a poll has 1 to {most} characters, unlike `{answer}`.",
                    most=_LONGEST_ANSWER,
                    answer=answer[:_LONGEST_ANSWER],
                )
            )
    if len({answer.casefold() for answer in given}) < len(given):
        raise ToolError(later("Two answers of the poll are the same."))
    if not 1 <= hours <= _MOST_HOURS:
        raise ToolError(
            later(
                "A poll is open for 1 to {most} hours, not {hours}.", most=_MOST_HOURS, hours=hours
            )
        )
    poll = discord.Poll(question, timedelta(hours=hours), multiple=several)
    for answer in given:
        poll.add_answer(text=answer)
    return poll
