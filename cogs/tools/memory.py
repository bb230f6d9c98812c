"""A memory: what people ask the bot to keep, for those who could have read it being said."""

from __future__ import annotations

import time
from collections.abc import Sequence

import discord

from bot.conversation.ports import Fact
from bot.tools.context import ToolContext
from bot.tools.lexical import best
from bot.tools.tool import ToolError, tool
from cogs.asker import client_of
from cogs.tools import ToolCog

_LONGEST = 500
_MOST_FOUND = 10


class Memory(ToolCog):
    """Tools that keep facts and find them again."""

    @tool(shows="remembering: {fact}")
    async def remember(self, context: ToolContext, fact: str) -> object:
        """Keep a fact for later.

        Args:
            fact: The fact, in the user's own words.
        """
        fact = " ".join(fact.split())
        if not fact:
            raise ToolError("There is nothing to remember.")
        if len(fact) > _LONGEST:
            raise ToolError(f"That is too long to remember: {len(fact)} characters of {_LONGEST}.")
        kept = Fact(fact, context.asker, context.name, time.time())
        await self.kit.store.remember(self._owner(context), kept)
        return {"saved": fact}

    @tool(shows="recalling: {query}")
    async def recall(self, context: ToolContext, query: str) -> object:
        """Look up what people asked you to remember.

        Args:
            query: What to look for.
        """
        said = list(await self.kit.store.facts(context.conversation))
        if context.server:
            said += await self.kit.store.facts(_server(context))
        facts = _without_repetitions(sorted(said, key=lambda fact: -fact.at))
        found = best(query, [f"{fact.text} {fact.name}" for fact in facts])
        return {"facts": [_told(facts[number]) for number in found[:_MOST_FOUND]]}

    def _owner(self, context: ToolContext) -> str:
        """Whose memory it is: the server's, or the conversation's that not everybody can read."""
        shared = context.server and not context.private and self._is_open(context)
        return _server(context) if shared else context.conversation

    def _is_open(self, context: ToolContext) -> bool:
        """Whether every member of the server can read the channel, as far as is known."""
        channel = client_of(self.kit).get_channel(int(context.channel or 0))
        if isinstance(channel, discord.Thread):
            channel = None if channel.is_private() else channel.parent
        if not isinstance(channel, discord.abc.GuildChannel):
            return False
        return channel.permissions_for(channel.guild.default_role).view_channel


def _server(context: ToolContext) -> str:
    return f"discord:server:{context.server}"


def _told(fact: Fact) -> str:
    """A fact with who told it and when: whose dog "my dog" is, the model could not know."""
    day = time.strftime("%Y-%m-%d", time.gmtime(fact.at))
    return f"{fact.text} ({', '.join(part for part in (fact.name, day) if part)})"


def _without_repetitions(facts: Sequence[Fact]) -> list[Fact]:
    """Each fact once, as its owner told it last."""
    seen: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        seen.setdefault((fact.asker, fact.text.casefold()), fact)
    return list(seen.values())
