"""What can be done with a reply: write it again, go on, leaf, edit, take back, delete."""

from __future__ import annotations

import logging
from contextlib import suppress

import discord

from bot.client import HermesBot
from bot.conversation.reply import Reply
from bot.conversation.turns import Replacing, Turn
from bot.errors import BadInput
from bot.language import later, speaking
from cogs.admission import refuse_barred
from cogs.controls.meant import Meant
from cogs.language import language_for
from cogs.live import live_of
from cogs.live.buttons import Button, question_of, stop_button, view_of
from cogs.live.redraw import redraw, take_away
from cogs.live.sending import FAILURES, note_refusal
from cogs.places import channel_here
from cogs.policy import check_text
from cogs.replies import NOT_NEWEST, OPTED_OUT, origin_of
from cogs.taking_back import check_for, take_back
from cogs.voices import voices_of

log = logging.getLogger(__name__)

_NOTHING_ADDED = later("I have nothing to add to that.")


async def write(
    interaction: discord.Interaction[HermesBot],
    meant: Meant,
    how: Replacing,
    *,
    quiet: bool = False,
) -> None:
    """Have a reply written once more in its messages, or gone on with; it has to be the newest.

    With `quiet` the response to the interaction goes away as soon as the writing begins.
    """
    bot, conversation = interaction.client, meant.conversation
    if bot.opt_outs.ignores(str(meant.asker)):
        raise BadInput(OPTED_OUT)
    refuse_barred(interaction)
    origin = await origin_of(interaction, conversation, question_of(meant.turn.id), meant.asker)
    again = bot.conversations.again(conversation, origin, how, str(meant.message))
    async with again as reply:
        if reply is None:
            raise BadInput(NOT_NEWEST)
        if quiet:
            with suppress(*FAILURES):
                await interaction.delete_original_response()
        if how != "continue":
            # What goes on is shown at once, with its own; another text only with its first words.
            with speaking(language_for(bot, conversation)):
                stop = _stop(meant, reply)
            await put_buttons(bot, interaction, meant, (stop,))
        await live_of(bot).deliver(reply, meant.target(interaction))
    if how == "continue" and _added_nothing(reply, meant.turn):
        raise BadInput(_NOTHING_ADDED)


async def leaf(interaction: discord.Interaction[HermesBot], meant: Meant, steps: int) -> Turn:
    """Show another text of a reply, so many steps further on."""
    timeline = interaction.client.conversations.timeline
    turn = await timeline.show(meant.conversation, str(meant.message), steps)
    await show(interaction, meant, turn)
    return turn


async def rewrite(interaction: discord.Interaction[HermesBot], meant: Meant, text: str) -> Turn:
    """Give a reply another text by hand."""
    await check_text(interaction, text)
    timeline = interaction.client.conversations.timeline
    turn = await timeline.rewrite(meant.conversation, str(meant.message), text)
    await show(interaction, meant, turn)
    return turn


async def show(interaction: discord.Interaction[HermesBot], meant: Meant, turn: Turn) -> None:
    """Bring the messages of a reply up to what is stored of it now."""
    bot = interaction.client
    shown = await redraw(
        bot,
        channel_here(interaction),
        turn,
        buttons=await meant.buttons(bot, turn),
        others=meant.others,
    )
    await bot.conversations.timeline.reshown(meant.conversation, turn, shown)


async def delete(interaction: discord.Interaction[HermesBot], meant: Meant) -> None:
    """Forget a reply and delete its messages."""
    bot = interaction.client
    target = await live_of(bot).spoken(meant.turn, meant.target(interaction))
    shown = [str(message) for message in meant.shown]
    await bot.conversations.timeline.remove(meant.conversation, shown)
    for message in meant.shown:
        await take_away(bot, target, message)


async def take_back_after(interaction: discord.Interaction[HermesBot], meant: Meant) -> int:
    """Take back all that was said after a reply; returns how many messages that are.

    /redo brings them again.
    """
    bot = interaction.client
    step = await bot.conversations.timeline.rewind(
        meant.conversation, str(meant.message), check_for(interaction)
    )
    await take_back(bot, channel_here(interaction), step.turns, "")
    return len(step.turns)


def message_of(interaction: discord.Interaction[HermesBot], meant: Meant) -> discord.PartialMessage:
    """The message by which a reply was meant."""
    return channel_here(interaction).get_partial_message(meant.message)


async def put_buttons(
    bot: HermesBot,
    interaction: discord.Interaction[HermesBot],
    meant: Meant,
    buttons: tuple[Button, ...],
) -> None:
    """Hang other buttons under the last message of a reply; that this fails does not matter."""
    live, last = live_of(bot), meant.shown[-1]
    view = view_of(buttons) if buttons else None
    pressed = interaction.message
    try:
        if pressed is not None and pressed.id == last:
            await interaction.edit_original_response(view=view)
        else:
            live.pace.channel(interaction.channel_id or 0).tidied()
            spoken = bool(meant.turn.character)
            message = voices_of(bot).message(channel_here(interaction), last, spoken=spoken)
            await message.edit(view=view)
    except FAILURES as error:
        note_refusal(error, live.pace)
        log.info("message %s keeps its buttons: %s", last, error)


def _stop(meant: Meant, reply: Reply) -> Button:
    return stop_button(meant.conversation, meant.asker, reply.id)


def _added_nothing(reply: Reply, before: Turn) -> bool:
    """Whether a reply that was to go on came to its end as it was."""
    failed = reply.error or reply.defect or reply.stopped
    return not failed and reply.text.strip() == before.text.strip()
