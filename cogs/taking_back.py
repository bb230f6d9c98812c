"""What was taken back is marked so in its channel; what is brought back looks as it did before."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Sequence
from itertools import pairwise

import discord

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.conversation.questions import question_before
from bot.conversation.timeline import Check
from bot.conversation.turns import Turn
from bot.errors import BadInput
from bot.language import later, speaking, tr
from cogs.language import language_for
from cogs.live import live_of
from cogs.live.buttons import Button, question_of, view_of
from cogs.live.pace import Priority
from cogs.live.redraw import buttons_under, redraw, withdraw
from cogs.live.target import Channel
from cogs.live.traces import harmless
from cogs.live.wording import small
from cogs.own_threads.where import stands_in
from cogs.places import conversation_in
from cogs.voices import voices_of

log = logging.getLogger(__name__)

MARK = "↩️"
"""Stands under what people wrote and took back."""

_NOT_YOURS = later(
    "Only those whose questions these are can do that, or somebody who may manage messages here."
)
_NOT_YOUR_RESET = later(
    "There is nothing of yours to take back. What /reset has forgotten, only somebody who may "
    "manage messages here can bring back."
)
_FIRST_WORDS = 60


async def take_back(bot: HermesBot, channel: Channel, turns: Sequence[Turn], how: str) -> int:
    """Show that turns count no longer: replies become one line, questions get a mark.

    `how` is what did it, such as "/undo"; "" leaves it out. Returns how many questions could not
    be marked.
    """
    # It stands for all to read, whoever took it back.
    with speaking(language_for(bot, conversation_in(channel.id))):
        stub = small(_stub(how))
    unmarked = 0
    for turn in reversed(turns):
        if turn.role == "assistant":
            await withdraw(bot, channel, turn, stub)
        elif turn.id.isdecimal():
            place = stands_in(bot, channel, int(turn.id)) or channel
            mark = place.get_partial_message(int(turn.id)).add_reaction(MARK)
            unmarked += not await _reacted(bot, mark)
    return unmarked


def _stub(how: str) -> str:
    if how:
        return tr("Taken back with {command}. /redo brings it back.", command=how)
    return tr("Taken back. /redo brings it back.")


async def bring_back(
    bot: HermesBot, channel: Channel, conversation: str, turns: Sequence[Turn]
) -> None:
    """Show turns as they were before they were taken back, and remember where replies stand."""
    history = await bot.conversations.history(conversation)
    for turn in turns:
        if turn.role == "user" and turn.id.isdecimal() and bot.user:
            place = stands_in(bot, channel, int(turn.id)) or channel
            message = place.get_partial_message(int(turn.id))
            await _reacted(bot, message.remove_reaction(MARK, bot.user))
        elif turn.role == "assistant" and turn.shown:
            asker, others = _askers(history, turn)
            newest = turn.id in (last.id for last in history[-1:])
            shown = await redraw(
                bot,
                channel,
                turn,
                buttons=await _buttons(bot, conversation, asker, turn, newest=newest),
                others=others,
            )
            if shown:
                await bot.conversations.timeline.reshown(conversation, turn, shown)
    before = [turn for turn in history if turns and turn.n < turns[0].n]
    await _hang_buttons(bot, channel, conversation, before, newest=False)
    await _note_newest(bot, conversation, history)


async def show_newest(bot: HermesBot, channel: Channel, conversation: str) -> None:
    """Hang under the reply that is the newest now what can be done with the newest one."""
    history = await bot.conversations.history(conversation)
    await _note_newest(bot, conversation, history)
    await _hang_buttons(bot, channel, conversation, history, newest=True)


def is_taken_back(message: discord.Message) -> bool:
    """Whether a message carries the mark of what counts no longer."""
    return any(str(reaction.emoji) == MARK for reaction in message.reactions)


def stop_writing(bot: HermesBot, conversation: str, turns: Sequence[Turn]) -> None:
    """End a reply that is being written to questions among `turns`: it is to go as well."""
    reply = bot.conversations.writing(conversation)
    if reply and reply.answers and reply.answers <= {turn.id for turn in turns}:
        reply.stop()


def check_for(interaction: discord.Interaction[HermesBot]) -> Check:
    """Who may take back, or bring back: those who asked, and who may manage messages there."""
    everything = interaction.guild_id is None or interaction.permissions.manage_messages
    person = str(interaction.user.id)

    def check(turns: Sequence[Turn]) -> None:
        if everything:
            return
        if not turns:
            raise BadInput(_NOT_YOUR_RESET)
        if any(turn.role == "user" and turn.author != person for turn in turns):
            raise BadInput(_NOT_YOURS)

    return check


def exchanges(turns: Sequence[Turn]) -> int:
    """How many questions with their replies turns are, where those of several people are one."""
    before = ("assistant", *(turn.role for turn in turns))
    return sum(a != b == "user" for a, b in pairwise(before)) or 1


def first_words(turn: Turn) -> str:
    """How a turn begins, in quotation marks, without any effect."""
    text = " ".join(turn.text.split())
    short = text if len(text) <= _FIRST_WORDS else f"{text[: _FIRST_WORDS - 1].rstrip()}…"
    return f"“{harmless(short)}”"


def in_words(turns: Sequence[Turn]) -> str:
    """What turns are, in a few words."""
    words = first_words(turns[0])
    if (count := exchanges(turns)) > 1:
        return tr(
            "{n:,} exchange, from {words} on",
            "{n:,} exchanges, from {words} on",
            n=count,
            words=words,
        )
    asked = [turn for turn in turns if turn.role == "user"]
    if not asked:
        return tr("my message {words}", words=words)
    return _asked_in_words(first_words(asked[0]), len(asked) - 1, answered=len(turns) > len(asked))


def _asked_in_words(words: str, more: int, *, answered: bool) -> str:
    """A question that begins with `words` and has so many `more` messages."""
    if more and answered:
        return tr(
            "{words} and {n:,} more message and my reply",
            "{words} and {n:,} more messages and my reply",
            n=more,
            words=words,
        )
    if more:
        return tr(
            "{words} and {n:,} more message", "{words} and {n:,} more messages", n=more, words=words
        )
    return tr("{words} and my reply", words=words) if answered else words


def taken_back(turns: Sequence[Turn], unmarked: int) -> str:
    """The line that says what was taken back; `unmarked` questions do not show it."""
    lines = [tr("Taken back: {what}. /redo brings it back.", what=in_words(turns))]
    if unmarked:
        lines.append(
            tr(
                "I may not add reactions here: {n:,} message of yours no longer counts, without a "
                "mark.",
                "I may not add reactions here: {n:,} messages of yours no longer count, without a "
                "mark.",
                n=unmarked,
            )
        )
    return small(*lines)


async def _reacted(bot: HermesBot, request: Awaitable[None]) -> bool:
    """Make a request about a reaction; False if it is refused.

    A question by command is shown by no message, so it needs no mark.
    """
    await live_of(bot).pace.take(Priority.FOLLOW_UP)
    try:
        await request
    except discord.NotFound:
        return True
    except DISCORD_FAILURES as error:
        log.info("a reaction was not taken: %s", error)
        return False
    return True


async def _note_newest(bot: HermesBot, conversation: str, turns: Sequence[Turn]) -> None:
    """Tell who tidies up that the reply at the end is the newest one again."""
    if (tidier := live_of(bot).tidier) and turns and _is_answer(turns[-1]):
        asker, _ = _askers(turns, turns[-1])
        thoughts = turns[-1].id in await bot.conversations.thoughts(conversation)
        tidier.stands(conversation, turns[-1], asker, thoughts=thoughts)


async def _hang_buttons(
    bot: HermesBot, channel: Channel, conversation: str, turns: Sequence[Turn], *, newest: bool
) -> None:
    """Give the reply at the end its buttons anew; that this fails does not matter."""
    if not turns or not _is_answer(turns[-1]) or not turns[-1].shown:
        return
    reply = turns[-1]
    asker, _ = _askers(turns, reply)
    buttons = await _buttons(bot, conversation, asker, reply, newest=newest)
    message = voices_of(bot).message(channel, int(reply.shown[-1]), spoken=bool(reply.character))
    try:
        await live_of(bot).pace.take(Priority.FOLLOW_UP)
        await message.edit(view=view_of(buttons) if buttons else None)
    except DISCORD_FAILURES as error:
        log.info("message %s keeps its buttons: %s", message.id, error)


async def _buttons(
    bot: HermesBot, conversation: str, asker: int, turn: Turn, *, newest: bool
) -> tuple[Button, ...]:
    if not _is_answer(turn):
        return ()
    return await buttons_under(bot, conversation, asker, turn, newest=newest)


def _is_answer(turn: Turn) -> bool:
    """Whether a turn answers a question; the bot also posts what nobody asked for."""
    return turn.role == "assistant" and question_of(turn.id) != 0


def _askers(history: Sequence[Turn], reply: Turn) -> tuple[int, list[int]]:
    """Who asked last what a reply answers (0: nobody), and who asked beside them."""
    asked = question_before(history, reply)
    people = list(dict.fromkeys(int(turn.author) for turn in asked if turn.author.isdecimal()))
    asker = people[-1] if people else 0
    return asker, people[:-1]
