"""Which reply a press or a menu is about, and what stands around it."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.client import HermesBot
from bot.conversation.questions import question_before
from bot.conversation.timeline import NO_REPLY
from bot.conversation.turns import Turn
from bot.errors import BadInput
from bot.language import later
from cogs.live.buttons import Button, question_of
from cogs.live.redraw import buttons_under
from cogs.live.target import ChannelTarget
from cogs.places import channel_here
from cogs.replies import NOT_YOURS, may_press

_OUT_OF_REACH = later("I cannot see this channel any more, so I cannot change my messages here.")


@dataclass(frozen=True, slots=True)
class Meant:
    """A stored reply: the question before it, and all that was said after it.

    `message` is one of the messages that show it.
    """

    conversation: str
    message: int
    turn: Turn
    asked: tuple[Turn, ...]
    later: tuple[Turn, ...]

    @property
    def asker(self) -> int:
        """Who asked last."""
        author = self.asked[-1].author if self.asked else ""
        return int(author) if author.isdecimal() else 0

    @property
    def others(self) -> tuple[int, ...]:
        """Who asked beside them."""
        # Lines that somebody had posted (a narrator's, dice) are no questions.
        asks = (t for t in self.asked if not t.shown)
        authors = dict.fromkeys(int(t.author) for t in asks if t.author.isdecimal())
        return tuple(author for author in authors if author != self.asker)

    @property
    def shown(self) -> tuple[int, ...]:
        """The messages that show it, in order."""
        return tuple(int(message) for message in self.turn.shown) or (self.message,)

    def target(self, interaction: discord.Interaction[HermesBot]) -> ChannelTarget:
        """Its messages, for a reply that comes in its place."""
        return ChannelTarget(
            channel_here(interaction),
            reply_to=question_of(self.turn.id) or None,
            asker=self.asker,
            standing=self.shown,
        )

    async def buttons(self, bot: HermesBot, turn: Turn) -> tuple[Button, ...]:
        """What is to hang under it, when it is as `turn` now."""
        return await buttons_under(bot, self.conversation, self.asker, turn, newest=not self.later)


async def find(
    interaction: discord.Interaction[HermesBot], conversation: str, message: int, asker: int = 0
) -> Meant:
    """The reply that a message shows, for somebody who may change it; else a `BadInput`.

    `asker` is somebody who may, beside those whose questions it answers.
    """
    turns = await interaction.client.conversations.history(conversation)
    shows = (t for t in turns if str(message) in t.shown and t.role == "assistant")
    turn = next(shows, None)
    if turn is None:
        raise BadInput(NO_REPLY)
    meant = Meant(
        conversation,
        message,
        turn,
        tuple(question_before(turns, turn)),
        tuple(one for one in turns if one.n > turn.n),
    )
    if not may_press(interaction, asker or meant.asker, *(t.author for t in meant.asked)):
        raise BadInput(NOT_YOURS)
    if interaction.guild_id and not interaction.app_permissions.view_channel:
        raise BadInput(_OUT_OF_REACH)
    return meant
