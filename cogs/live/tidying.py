"""Takes the controls from under a reply when a newer one stands: at leisure, or not at all."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass

from bot.client import HermesBot
from bot.conversation.questions import question_before
from bot.conversation.reply import Reply
from bot.conversation.turns import Turn
from bot.errors import UserError
from cogs.live.buttons import view_of
from cogs.live.controls import has_controls
from cogs.live.pace import Pace
from cogs.live.sending import FAILURES, note_refusal
from cogs.live.stored import lasting_buttons
from cogs.places import channel_of
from cogs.voices import voices_of

log = logging.getLogger(__name__)

# When it is tried, in seconds after the newer reply stands and after each other.
_PAUSES = (2.0, 3.0, 5.0, 10.0)

# Of how many conversations it is remembered what hangs under the newest reply.
_REMEMBERED = 5_000

# So many wait for a quiet moment at the same time, at most.
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest reply of a conversation: its id, its asker, and whether it can show thoughts."""

    reply: str
    asker: int
    thoughts: bool


class Tidier:
    """Remembers which reply is the newest one, and tidies up under the one before."""

    def __init__(self, bot: HermesBot, pace: Pace) -> None:
        self._bot = bot
        self._pace = pace
        self._newest: OrderedDict[str, _Newest] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def has_thoughts(self, conversation: str, reply: str) -> bool:
        """Whether the newest reply is that one and has thoughts to show, as far as is known."""
        newest = self._newest.get(conversation)
        return newest is not None and newest.reply == reply and newest.thoughts

    def stands(self, conversation: str, reply: Turn, asker: int, *, thoughts: bool) -> None:
        """A reply is the newest of its conversation, maybe once more."""
        self._newest[conversation] = _Newest(reply.id, asker, thoughts)
        self._newest.move_to_end(conversation)
        if len(self._newest) > _REMEMBERED:
            self._newest.popitem(last=False)

    def finished(self, reply: Reply, asker: int) -> None:
        """A reply is the newest now: have the one before it tidied up, without waiting."""
        if reply.turn is None or not has_controls(reply.conversation):
            return
        before = self._newest.get(reply.conversation)
        self.stands(reply.conversation, reply.turn, asker, thoughts=bool(reply.reasoning.strip()))
        # One that came in the place of an older one has the same one before it, tidied long ago.
        # In a rush nothing is quiet enough to be tidied up: who waits for that only takes memory.
        if len(self._tasks) >= _AT_ONCE:
            return
        if reply.before and reply.before.shown and reply.older is None:
            tidying = self._tidy(reply.conversation, reply.before, before)
            task = asyncio.create_task(tidying, name="tidying")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Leave the rest as it is."""
        for task in self._tasks:
            task.cancel()

    async def _tidy(self, conversation: str, before: Turn, known: _Newest | None) -> None:
        """Take the controls away in a quiet moment; leave it if none comes soon."""
        channel = channel_of(conversation) or 0
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            now = self._newest.get(conversation)
            if now is not None and now.reply == before.id:
                return  # It is the newest again.
            if self._is_quiet(conversation, channel):
                break
        else:
            return
        try:
            if known is None or known.reply != before.id:
                known = await self._look_up(conversation, before)
            buttons = lasting_buttons(conversation, known.asker, before, known.thoughts)
            place = self._bot.get_partial_messageable(channel)
            spoken = bool(before.character)
            message = voices_of(self._bot).message(place, int(before.shown[-1]), spoken=spoken)
            self._pace.channel(self._key(channel)).tidied()
            await message.edit(view=view_of(buttons) if buttons else None)
        except UserError as error:
            log.info("reply %s keeps its controls: %s", before.id, error)
        except FAILURES as error:
            note_refusal(error, self._pace)
            log.info("reply %s keeps its controls: %s", before.id, error)

    async def _look_up(self, conversation: str, reply: Turn) -> _Newest:
        """What a former process knew."""
        asked = question_before(await self._bot.conversations.history(conversation), reply)
        thoughts = await self._bot.conversations.thoughts(conversation)
        asker = asked[-1].author if asked else ""
        return _Newest(reply.id, int(asker) if asker.isdecimal() else 0, reply.id in thoughts)

    def _key(self, channel: int) -> int:
        """Whose limit counts there: the webhook's, where characters speak by one."""
        voice = voices_of(self._bot).webhooks.known(channel)
        return voice.webhook.id if voice else channel

    def _is_quiet(self, conversation: str, channel: int) -> bool:
        """Whether nothing is shown or written there; takes a slot for one request then."""
        if self._bot.conversations.writing(conversation):
            return False
        now = asyncio.get_running_loop().time()
        return self._pace.channel(self._key(channel)).next_preview() <= now and self._pace.idle()
