"""A round: after a character has spoken, the others whose turn it is speak as well."""

from __future__ import annotations

import logging

from bot.client import HermesBot
from bot.conversation.reply import Reply
from bot.errors import StoreUnavailable, UserError
from bot.language import later
from cogs.live import live_of
from cogs.live.target import Channel, ChannelTarget

log = logging.getLogger(__name__)

MOST_LINES = 30
"""No round has more lines than this, whatever a scene is set to."""

# What an origin notes of the response to a command: only the first line stands in it.
_OF_A_RESPONSE = ("interaction", "application", "given", "response", "private")


PAUSED = later("The scene is paused, so nobody answers. `/scene resume` lets it go on.")


async def is_paused(bot: HermesBot, conversation: str) -> bool:
    """Whether a scene is paused there; False if that cannot be known now."""
    try:
        stage = await bot.conversations.stages.get(conversation)
    except StoreUnavailable:
        return False
    return stage is not None and stage.paused


async def play_round(bot: HermesBot, reply: Reply, channel: Channel) -> None:
    """Let the others speak who are due after a reply, one after the other.

    Nothing happens if its character is alone, or if the reply did not come to its end. A round
    ends when something else is said, when the scene is paused, and when a line is stopped or
    fails: the next message begins another one.
    """
    origin = {name: told for name, told in reply.origin.items() if name not in _OF_A_RESPONSE}
    answers = reply.answers
    for _ in range(MOST_LINES):
        if not _goes_on(reply):
            return
        try:
            async with bot.conversations.speak(
                reply.conversation, origin, answers=answers
            ) as following:
                if following is None:
                    return
                reply = following
                await live_of(bot).deliver(reply, line_target(channel, reply))
        except UserError as error:
            # Who asked has had an answer; what comes of itself is not worth an excuse.
            log.info("a round in %s ends: %s", reply.conversation, error)
            return


def line_target(channel: Channel, reply: Reply) -> ChannelTarget:
    """Where a line goes that answers nobody by name: it pings nobody either."""
    asker = reply.origin.get("asker", "")
    number = int(asker) if asker.isdecimal() else None
    return ChannelTarget(channel, reply_to=None, asker=number, mention=False)


def _goes_on(reply: Reply) -> bool:
    """Whether a reply was said to its end by a character that is not alone."""
    failed = reply.error or reply.defect or reply.stopped or reply.withdrawn
    return bool(reply.part and reply.part.shared and reply.turn and not failed)
