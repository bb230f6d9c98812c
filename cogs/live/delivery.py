"""Shows one reply while it is written, and settles it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from math import isinf

from bot.conversation.reply import Reply
from bot.conversation.service import Conversations
from bot.errors import StoreUnavailable
from cogs.live.board import Board, OwnRemovals
from cogs.live.indicator import typing
from cogs.live.layout import Draft
from cogs.live.looks import Looks
from cogs.live.pace import Pace, Priority
from cogs.live.questions import question
from cogs.live.sending import Closed, Gone, Refused, Unfit
from cogs.live.target import Target
from cogs.live.wording import NO_LONGER_HERE, NOT_SAVED, Ending

log = logging.getLogger(__name__)

# A reply that is complete this soon after its first text is shown once, without an edit.
_FIRST_WORDS = 0.15

# Whoever waits in line for no longer than this never hears of the line, in seconds; the place that
# others see is renewed so often.
_UNSEEN_LINE = 1.5
_LINE_PACE = 3.0

# How long a preview waits when others need the requests more, or when Discord did not take it.
_BUSY_PAUSE = 0.5
_FAILED_PAUSE = 1.0

# When saving is tried again, in seconds after the first try.
_SAVE_AGAIN = (1.0, 4.0)


class Delivery:
    """One reply on its way to one target."""

    def __init__(
        self,
        reply: Reply,
        target: Target,
        pace: Pace,
        removals: OwnRemovals,
        notify_after: float = 0.0,
        *,
        controls: bool = False,
        thoughts: bool = False,
        conversations: Conversations | None = None,
    ) -> None:
        """`thoughts` says whether those of the reply that was there before are kept.

        `conversations` know whether another process has taken the reply over meanwhile.
        """
        self._conversations = conversations
        self._gaps = conversations.presence.gaps if conversations else 0
        self._looks = Looks(reply, target, controls=controls, thoughts=thoughts)
        self.reply = self._reply = reply
        self._target = target
        self._pace = pace
        self._board = Board(reply.id, target, pace, removals)
        self._not_before = 0.0
        self._notify_after = notify_after
        self._shown_since = _now() if target.standing else float("inf")
        self._line: Draft | None = None
        self._next_look = 0.0
        self._closed = False

    async def run(self) -> bool:
        """Show the reply from its first words to its end, and commit it; False if not saved."""
        with self._ending_in_time():
            return await self._run()

    async def _run(self) -> bool:
        try:
            async with typing(self._target, self._pace, unless=self._waits_in_line):
                await self._first_words()
                while not self._reply.done and not self._begun:
                    await self._show_first()
            while not self._reply.done:
                await self._show_more()
            return await self._finish()
        except Gone as gone:
            log.info("reply %s: its message was taken away: %s", self._reply.id, gone)
            return await self._withdraw()
        except Refused as refused:
            log.warning("reply %s cannot be shown: %s", self._reply.id, refused)
            self._closed = isinstance(refused, Closed)
            return await self._leave(tell=isinstance(refused, Unfit))

    @contextmanager
    def _ending_in_time(self) -> Generator[None, None, None]:
        """End the reply before nothing of it can be shown any more."""
        left = self._target.closes_in()
        if isinf(left):
            yield
            return
        timer = asyncio.get_running_loop().call_later(left, self._run_out_of_time)
        try:
            yield
        finally:
            timer.cancel()

    def _run_out_of_time(self) -> None:
        if not self._reply.done:
            self._reply.notices.append(NO_LONGER_HERE)
            self._reply.stop()

    @property
    def unseen(self) -> bool:
        """Whether nothing of it is to be seen, since the bot may not write there."""
        return self._closed and not self._begun

    def lose(self, messages: Collection[str]) -> None:
        """Messages were taken away: a reply of which one is missing goes as a whole."""
        if self._board.lose(messages):
            self._reply.withdraw()

    async def _first_words(self) -> None:
        """Wait until there is something to read, and a moment longer for the rest of it."""
        while not self._reply.done and not self._looks.now():
            await self._reply.changed()
            if self._waits_in_line():
                await self._show_line()
        await self._done_before(_now() + _FIRST_WORDS)

    async def _show_line(self) -> None:
        """Show the place in the line until the turn has come; a short wait is not worth a word."""
        # A busy engine that is tried again in between does not make the wait begin anew.
        self._next_look = self._next_look or _now() + _UNSEEN_LINE
        while self._waits_in_line():
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_look):
                    while self._waits_in_line():
                        await self._reply.changed()
            if self._reply.place is not None:
                self._next_look = _now() + await self._show_place(self._reply.place)

    async def _show_place(self, place: int) -> float:
        """Show a place in the line if the load allows it; returns when to look again (seconds)."""
        draft = self._looks.in_line(place)
        if self._board.shows([draft]):
            return _LINE_PACE
        edits = self._pace.channel(self._target.key)
        if edits.next_preview() > _now() or (self._target.metered and not self._pace.spare()):
            return _BUSY_PAUSE
        if not await self._board.try_to_show([draft]):
            return _FAILED_PAUSE
        self._line = draft
        # That message is the one that pings; the answer comes into it by edits.
        self._shown_since = min(self._shown_since, _now())
        return _LINE_PACE

    def _waits_in_line(self) -> bool:
        return self._reply.place is not None

    @property
    def _begun(self) -> bool:
        """Whether anything of the reply itself is to be seen."""
        return self._board.used and not self._stands_in_line

    @property
    def _stands_in_line(self) -> bool:
        """Whether nothing is to be seen but the place in the line."""
        return self._line is not None and self._board.shows([self._line])

    async def _show_first(self) -> None:
        """Show the first words when it is their turn. Late ones bring all that there is by then."""
        if await self._done_before(self._not_before):
            return
        if self._target.metered:
            with self._pace.queue(Priority.FIRST) as ticket:
                while not ticket.take():
                    if await self._done_before(ticket.due()):
                        return
        await self._show_now()

    async def _show_more(self) -> None:
        """Show the newest text when the channel's pace and the load allow it."""
        await self._reply.changed()
        edits = self._pace.channel(self._target.key)
        if await self._done_before(max(edits.next_preview(), self._not_before)):
            return
        if edits.next_preview() > _now():
            return  # Another reply of this channel was quicker.
        if self._board.shows(self._looks.now()):
            return
        if self._target.metered and not self._pace.spare():
            self._not_before = _now() + _BUSY_PAUSE
            await self._done_before(self._not_before)
            return
        await self._show_now()

    async def _is_ours(self) -> bool:
        """Whether the reply is still this process's; if not, it shows nothing of it any more."""
        if self._conversations is None:
            return not self._reply.left
        gaps = self._conversations.presence.gaps
        if not await self._conversations.handover.is_ours(self._reply, self._gaps):
            self._reply.leave()
            return False
        self._gaps = gaps
        return True

    async def _show_now(self) -> None:
        if not await self._is_ours():
            return
        if await self._board.try_to_show(self._looks.now()):
            self._shown_since = min(self._shown_since, _now())
        else:
            self._not_before = _now() + _FAILED_PAUSE

    async def _finish(self) -> bool:
        """Show the end at once and make the reply part of the conversation."""
        if self._reply.left or not await self._is_ours():
            return await self._hand_over()
        if self._reply.withdrawn:
            return await self._withdraw()
        ending = Ending(self._reply)
        silent = self._nothing_to_say(ending)
        await self._board.show([] if silent else self._looks.final(ending))
        saved = await self._saved()
        if self._reply.withdrawn and self._reply.turn is None:
            await self._board.show([])  # While it was being saved.
            return saved
        if not saved and self._board.used:
            self._reply.notices.append(NOT_SAVED)
            self._looks.without_controls()
            await self._board.show(self._looks.final(ending))
        if not ending.retry:
            # Retry would have the model ask for the same once more.
            await self._ask_to_confirm()
        if self._is_noticed_late() and not self._reply.unasked:
            await self._board.call_asker()
        return saved

    async def _hand_over(self) -> bool:
        """Say that somebody else goes on with the reply, if it was broken off for that; one try.

        Whoever has taken it over already speaks for himself, in the same messages.
        """
        if not self._reply.taken:
            await self._board.try_to_show(self._looks.left())
        return False

    def _is_noticed_late(self) -> bool:
        """Whether it came by edits for so long that its asker may look elsewhere by now."""
        # The message that shows the first words pings; a short answer ends soon after that.
        late = bool(self._notify_after) and _now() - self._shown_since > self._notify_after
        return late and self._board.used and not self._reply.stopped

    async def _ask_to_confirm(self) -> None:
        """Ask below the reply for what it may only do when its asker has confirmed it."""
        for step in self._reply.steps:
            for run in step.runs:
                if run.action:
                    await self._board.post_below(question(run), run.action)

    async def _withdraw(self) -> bool:
        """Let nothing of the reply be seen or kept, unless it is part of the conversation."""
        self._reply.withdraw()
        await self._reply.finished()
        if self._reply.withdrawn:
            await self._board.show([])
        return await self._saved()

    async def _leave(self, *, tell: bool) -> bool:
        """Settle a reply that cannot be shown (any more); `tell` its asker, if that can be."""
        self._reply.stop()
        await self._reply.finished()
        if tell and not self._reply.withdrawn and (self._board.used or not self._target.standing):
            with suppress(Gone, Refused):
                taken = [] if self._stands_in_line else self._board.drafts
                await self._board.try_to_show(self._looks.unfit(taken))
        return await self._saved()

    async def _saved(self) -> bool:
        """Make the reply part of the conversation; a store that is away is asked again."""
        for pause in (*_SAVE_AGAIN, None):
            try:
                await self._reply.commit(self._board.ids)
            except StoreUnavailable as error:
                log.warning("reply %s is not saved: %s", self._reply.id, error)
                if pause is not None:
                    await asyncio.sleep(pause)
            else:
                return True
        return False

    def _nothing_to_say(self, ending: Ending) -> bool:
        """Whether it was stopped before there was anything to see, where silence is fine."""
        if not ending.stopped or self._target.standing or self._reply.text.strip():
            return False
        return self._stands_in_line or (self._target.silent_end and not self._board.used)

    async def _done_before(self, due: float) -> bool:
        """Wait until `due` (event loop time), or until the reply is done: then True at once."""
        if due > _now():
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._reply.finished()
        return self._reply.done


def _now() -> float:
    return asyncio.get_running_loop().time()
