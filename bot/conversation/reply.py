"""A reply while it is being written."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Literal

from bot import metrics, tracing
from bot.characters.part import Part
from bot.conversation.ask import Ask
from bot.conversation.ports import End, Text
from bot.conversation.turns import Replacing, Turn
from bot.errors import UserError
from bot.log import about_reply
from bot.prompts.neutralise import restore
from bot.tools.run import Step

log = logging.getLogger(__name__)

Outcome = Literal["done", "stopped", "withdrawn", "failed", "abandoned"]

Commit = Callable[["Reply", tuple[str, ...]], Awaitable[Turn | None]]


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of what the model thinks before it answers; no part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A tool begins to run: the quiet line that says which."""

    line: str


@dataclass(frozen=True, slots=True)
class InLine:
    """A new place in the line in front of the engine, 1 for the next one; None: it is its turn."""

    place: int | None


@dataclass(frozen=True, slots=True)
class Trimmed:
    """All that was said since the last tool, without a last sentence that is not finished."""

    text: str


Event = Text | Thought | Trace | Step | End | InLine | Trimmed


def parts_of(turn: Turn) -> list[str | Trace]:
    """The text of a reply that was stored, with the traces of its tools before it."""
    traces = [Trace(run.line) for step in turn.steps for run in step.runs if run.line]
    return [*traces, turn.text] if turn.text else [*traces]


class Reply:
    """One answer: its text so far, whether it is done, and how to stop it.

    A front reads `text` whenever `changed` returns, shows it, and in the end calls `commit` with
    the ids of the messages that show it. A reply that is never committed stays owed: whoever
    starts next finishes it. `error` is what broke it off, if anything did; `text` is then what
    had come so far. `reasoning` is what the model thought first, if it is one that does; it is not
    part of `text` and kept for a short while only. `asks` are the messages that it answers, oldest
    first; `askers` the ids of who wrote them (`unasked`: none of them waits for this one),
    `answers` those of their turns, which are known after a restart, too. `steps` are the rounds of
    tools so far, `running` the lines of those that run right now; `parts` is the text with the
    traces of tools where they stand in it. `begun` is the reply that this one goes on with, if it
    does; `before` the one that was the newest until now.
    `older` is what was there in its place before, if anything, `replaces` its id ("" if nothing),
    and `how` what becomes of that. `part` is the character that says it, None for the bot itself;
    `origin` is what the front noted about its place.
    `asked_at`, `first_text_at` and `ended_at` are `time.monotonic()`, 0 until then; `begun_at` is
    the Unix time at which it was asked for.
    `turn` is what was stored: None if there was nothing to keep, or if what it answers has been
    forgotten. `withdrawn` tells that nothing of it is kept or shown, `reads_lost` that something
    that it was written from was deleted. `place` is the place in the line while it waits for the
    engine, 1 for the next one, else None. `left` tells that this process has given it out of its
    hands, `taken` that another one has it already.
    """

    def __init__(
        self,
        reply_id: str,
        conversation: str,
        asks: tuple[Ask, ...],
        commit: Commit,
        *,
        answers: Sequence[str] = (),
        begun: Turn | None = None,
        before: Turn | None = None,
        older: Turn | None = None,
        how: Replacing = "",
        part: Part | None = None,
    ) -> None:
        self.id = reply_id
        self.conversation = conversation
        self.asks = asks
        self.askers: tuple[str, ...] = ()
        self.unasked = False
        self.notices: list[str] = []
        self.error: UserError | None = None
        self.defect: Exception | None = None
        self.end: End | None = None
        self.stopped = False
        self.reasoning = ""
        self.asked_at = 0.0
        self.begun_at = 0.0
        self.ended_at = 0.0
        self.first_text_at = 0.0
        self.steps: list[Step] = []
        self.running: list[str] = []
        self.answers = frozenset(answers)
        self.begun = begun
        self.before = before
        self.older = older
        self.how: Replacing = how
        self.part = part
        self.origin: dict[str, str] = {}
        self.turn: Turn | None = None
        self.withdrawn = False
        self.left = False
        self.taken = False
        self.reads_lost = False
        self.place: int | None = None
        self._before: list[str | Trace] = []
        self._raw = ""
        if begun is not None:
            self.steps += begun.steps
            self._before += (part for part in parts_of(begun) if isinstance(part, Trace))
            self._raw = begun.text
        self._commit = commit
        self._settled = False
        self._changed = asyncio.Event()
        self._finished = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    @property
    def replaces(self) -> str:
        """The id of the reply in whose messages this one is shown, "" if there is none."""
        return self.older.id if self.older else ""

    @property
    def text(self) -> str:
        """What has been written so far, as a person should read it."""
        if not self._before:
            return restore(self._raw.lstrip())
        said = [part for part in self._before if isinstance(part, str)]
        return restore("\n".join(filter(None, (*said, self._raw.lstrip()))))

    @property
    def parts(self) -> list[str | Trace]:
        """The same, with what tools did where they did it."""
        said = (*self._before, self._raw.lstrip())
        return [restore(part) if isinstance(part, str) else part for part in said if part]

    @property
    def outcome(self) -> Outcome:
        """How it ended; "abandoned" is for what a former process left, or this one leaves."""
        if self.withdrawn:
            return "withdrawn"
        if self.stopped:
            return "stopped"
        if self.error or self.defect:
            return "failed"
        return "done" if self.end else "abandoned"

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self._finished.is_set()

    async def changed(self) -> None:
        """Wait for more text, another place in the line, or the end."""
        await self._changed.wait()
        if not self.done:
            self._changed.clear()

    async def finished(self) -> None:
        """Wait for the end."""
        await self._finished.wait()

    def stop(self) -> None:
        """End the reply here; the engine's connection closes at once."""
        if not self.done:
            self.stopped = True
            if self._pump:
                self._pump.cancel()

    def leave(self) -> None:
        """End the writing here, and leave the reply to another process; it stays owed.

        Nothing of it is stored any more.
        """
        self.left = True
        if self._pump and not self.done:
            self._pump.cancel()

    def withdraw(self) -> None:
        """End the reply, since its question or it itself is gone: nothing is kept or shown.

        That does nothing any more once it is stored.
        """
        if not self._settled:
            self.withdrawn = True
            self.stop()

    def lose(self, messages: Collection[str]) -> None:
        """Messages of the conversation are gone; with the last of its questions the reply goes."""
        self.reads_lost = True
        if self.answers & set(messages):
            self.answers -= set(messages)
            if not self.answers:
                self.withdraw()

    async def commit(self, shown: tuple[str, ...] = ()) -> None:
        """Make the reply part of the conversation; `shown` are the messages that show it."""
        if not self._settled:
            with tracing.step("commit"):
                self.turn = await self._commit(self, shown)
            self._settled = True

    def start(self, events: AsyncGenerator[Event, None]) -> None:
        """Begin to read the engine's answer."""
        self.asked_at, self.begun_at = time.monotonic(), time.time()
        metrics.REPLIES_IN_PROGRESS.inc()
        tracing.reply_begun(self.id, self.conversation, self.origin)
        with about_reply(self.id):
            own = contextvars.copy_context()
        self._pump = asyncio.create_task(self._read(events), name=f"reply {self.id}", context=own)
        # Not at the end of `_read`: a task that is cancelled before its first step never runs.
        self._pump.add_done_callback(self._end)

    async def close(self) -> None:
        """Stop reading without counting as stopped by a person (the front has gone)."""
        if self._pump and not self._pump.done():
            self._pump.cancel()
            with suppress(asyncio.CancelledError):
                await self._pump

    async def _read(self, events: AsyncGenerator[Event, None]) -> None:
        try:
            async with aclosing(events):
                async for event in events:
                    self._take(event)
        except UserError as error:
            log.warning("reply %s: %s", self.id, error)
            self.error = error
        except asyncio.CancelledError:
            if not self.stopped:
                raise
        except Exception as error:  # kept for the front, which tells the asker and logs it
            self.defect = error

    def _take(self, event: Event) -> None:
        match event:
            case Text():
                self.first_text_at = self.first_text_at or time.monotonic()
                self._raw += event.text
                self._changed.set()
            case Trimmed():
                self._raw = event.text
                self._changed.set()
            case Thought():
                self.reasoning += event.text
            case Trace():
                if said := self._raw.strip():
                    self._before.append(said)
                self._before.append(event)
                self.running.append(event.line)
                self._raw = ""
                self._changed.set()
            case Step():
                self.steps.append(event)
                self.running.clear()
                self._changed.set()
            case InLine():
                self.place = event.place
                self._changed.set()
            case End():
                self.end = event

    def _end(self, _: asyncio.Task[None]) -> None:
        self.place = None
        self.ended_at = time.monotonic()
        self._count()
        self._finished.set()
        self._changed.set()

    def _count(self) -> None:
        metrics.REPLIES_IN_PROGRESS.dec()
        failure = (self.error or self.defect) if self.outcome == "failed" else None
        error = metrics.kind_of(failure) if failure else ""
        metrics.REPLIES.labels(self.outcome, error).inc()
        tracing.reply_ended(self.outcome, error, self.end.reason if self.end else None)
        if self.first_text_at:
            metrics.REPLY_FIRST_TEXT.observe(self.first_text_at - self.asked_at)
        if self.outcome == "done":
            metrics.REPLY_SECONDS.observe(self.ended_at - self.asked_at)
