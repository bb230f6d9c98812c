"""A memory: what people ask the bot to keep about themselves, and what it may know of a place."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bot.conversation.facts import LONGEST_FACT, Fact, Owner, new_id, one_line
from bot.language import later
from bot.tools.context import ToolContext
from bot.tools.lexical import best
from bot.tools.run import ForAsker
from bot.tools.tool import ToolError, tool
from cogs.asker import client_of
from cogs.owners import owners
from cogs.tools import ToolCog

_MOST_FOUND = 10


class Memory(ToolCog):
    """Tools that keep facts and find them again; `/memory` shows them."""

    @tool(shows=later("remembering: {fact}"))
    async def remember(self, context: ToolContext, fact: str) -> object:
        """Keep a fact for later.

        Args:
            fact: The fact, in the user's own words.
        """
        fact = one_line(fact)
        if not fact:
            raise ToolError("There is nothing to remember.")
        if len(fact) > LONGEST_FACT:
            raise ToolError(
                f"That is too long to remember: {len(fact)} characters of {LONGEST_FACT}."
            )
        kept = Fact(fact, context.asker, context.name, time.time(), new_id())
        await self.kit.store.remember(self._owners(context)[0].name, kept)
        return {"saved": fact}

    @tool(shows=later("recalling: {query}"))
    async def recall(self, context: ToolContext, query: str) -> object:
        """Look up what people asked you to remember.

        Args:
            query: What to look for.
        """
        places = self._owners(context)
        told = await self.kit.store.facts_of([owner.name for owner in places])
        known = [(fact, owner) for owner in places for fact in told[owner.name]]
        known = _without_repetitions(sorted(known, key=lambda one: -one[0].at))
        found = best(query, [f"{fact.text} {fact.name}" for fact, _ in known])[:_MOST_FOUND]
        facts = {"facts": [_told(known[number][0]) for number in found]}
        if context.private or not context.server:
            return facts
        # Everybody in the channel reads on in this conversation; a person's facts are theirs.
        personal = any(known[number][1].scope == "person" for number in found)
        return ForAsker(facts) if personal else facts

    def _owners(self, context: ToolContext) -> tuple[Owner, ...]:
        """Whose facts apply; the first is where the asker's own are kept."""
        if not context.channel.isdecimal():
            return (Owner("channel", context.conversation),)
        number = int(context.channel)
        guild = int(context.server) if context.server.isdecimal() else None
        asker = int(context.asker) if context.asker.isdecimal() else 0
        return owners(
            client_of(self.kit).get_channel(number),
            number,
            guild,
            asker,
            private=context.private,
        )


def _told(fact: Fact) -> str:
    """A fact with who told it and when: whose dog "my dog" is, the model could not know."""
    day = time.strftime("%Y-%m-%d", time.gmtime(fact.at))
    return f"{fact.text} ({', '.join(part for part in (fact.name, day) if part)})"


def _without_repetitions(facts: Sequence[tuple[Fact, Owner]]) -> list[tuple[Fact, Owner]]:
    """Each fact once, as its owner told it last."""
    seen: dict[tuple[str, str], tuple[Fact, Owner]] = {}
    for fact, owner in facts:
        seen.setdefault((fact.asker, fact.text.casefold()), (fact, owner))
    return list(seen.values())
