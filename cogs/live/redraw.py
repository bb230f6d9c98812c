"""Shows a stored reply again in its messages, or takes it out of sight."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from bot.client import HermesBot
from bot.conversation.turns import Turn
from bot.conversation.variants import count
from bot.language import speaking
from cogs.language import language_for
from cogs.live import live_of
from cogs.live.board import Board
from cogs.live.buttons import Button, question_of, retry_button
from cogs.live.controls import has_controls
from cogs.live.layout import Draft
from cogs.live.pace import Pace, Priority
from cogs.live.sending import Gone, Refused, TooOldToEdit, insist
from cogs.live.stored import buttons_of, drafts_of, lasting_buttons
from cogs.live.target import Channel, ChannelTarget, Target
from cogs.places import conversation_in
from cogs.voices import voices_of

log = logging.getLogger(__name__)


async def redraw(
    bot: HermesBot,
    channel: Channel,
    turn: Turn,
    *,
    buttons: Sequence[Button] = (),
    small_print: Sequence[str] = (),
    others: Sequence[int] = (),
) -> tuple[str, ...]:
    """Show a stored reply in its messages again; what is missing is posted without a ping.

    `others` are the people whom it answers beside its asker. Returns the ids of the messages that
    show it now, also when Discord refused some of it, which is logged.
    """
    # Nobody is called: who asked was, when the reply came.
    live = live_of(bot)
    target = await live.spoken(
        turn,
        ChannelTarget(
            channel, reply_to=question_of(turn.id) or None, asker=None, standing=_ids(turn)
        ),
    )
    # Another name each time: Discord gives the message of before for a name that it knows.
    board = Board(f"{turn.id}/{time.time_ns():x}", target, live.pace, live.removals)
    # It stands for all to read, whoever has pressed something.
    with speaking(language_for(bot, conversation_in(channel.id))):
        drafts = drafts_of(
            turn, buttons=buttons, small_print=small_print, others=others, room=target.room
        )
    try:
        await board.show(drafts)
    except (Gone, Refused) as error:
        log.info("reply %s could not be shown again: %s", turn.id, error)
    return board.ids


async def buttons_under(
    bot: HermesBot, conversation: str, asker: int, turn: Turn, *, newest: bool
) -> tuple[Button, ...]:
    """What is to hang under a stored reply; the newest one has the controls."""
    # Thoughts are kept of the text that was written last.
    written_last = turn.variant == count(turn) - 1
    thoughts = written_last and turn.id in await bot.conversations.thoughts(conversation)
    with speaking(language_for(bot, conversation)):
        return _buttons(bot, conversation, asker, turn, thoughts=thoughts, newest=newest)


def _buttons(
    bot: HermesBot, conversation: str, asker: int, turn: Turn, *, thoughts: bool, newest: bool
) -> tuple[Button, ...]:
    lasting = lasting_buttons(conversation, asker, turn, thoughts)
    if not newest or not has_controls(conversation):
        return lasting
    if bot.settings.reply_controls:
        return buttons_of(conversation, asker, turn, thoughts=thoughts)
    broken = turn.status == "interrupted"
    retry = retry_button(conversation, asker, question_of(turn.id))
    return (retry, *lasting) if broken else lasting


async def withdraw(bot: HermesBot, channel: Channel, turn: Turn, stub: str) -> tuple[str, ...]:
    """Show only `stub` in the first message of a reply, and delete its other ones.

    Nothing is posted where no message is left. Returns the ids of the messages that stay.
    """
    place = ChannelTarget(channel, reply_to=None, asker=None)
    target = await live_of(bot).spoken(turn, place)
    stays: list[str] = []
    for message in _ids(turn):
        reduced = not stays and await _reduce(target, message, stub, live_of(bot).pace)
        if reduced or not await take_away(bot, target, message):
            stays.append(str(message))
    return tuple(stays)


async def _reduce(target: Target, message: int, stub: str, pace: Pace) -> bool:
    """Leave nothing but `stub` in a message; False if that cannot be."""
    pace.channel(target.key).edited()
    await pace.take(Priority.FINAL)
    try:
        await insist(lambda: target.edit(message, Draft(stub), first=True), pace)
    except (Gone, Refused, TooOldToEdit) as error:
        log.info("message %s keeps its text: %s", message, error)
        return False
    return True


async def take_away(bot: HermesBot, target: Target, message: int) -> bool:
    """Delete a message; that it is gone then changes nothing about the talk. Whether it is gone."""
    live = live_of(bot)

    async def delete() -> None:
        if isinstance(target, ChannelTarget):
            # It may be a character's: then only its webhook is sure to be allowed to.
            await voices_of(bot).message(target.channel, message).delete()
        else:
            await target.delete(message)

    await live.removals.tell(message)
    await live.pace.take(Priority.FOLLOW_UP)
    try:
        await insist(delete, live.pace)
    except Gone:
        return True
    except (Refused, TooOldToEdit) as error:
        log.info("message %s stays: %s", message, error)
        return False
    return True


def _ids(turn: Turn) -> tuple[int, ...]:
    return tuple(int(message) for message in turn.shown if message.isdecimal())
