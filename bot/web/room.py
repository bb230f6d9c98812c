"""The playground's one conversation: what is asked and written there.

Replies are written here and not in the browser's requests, so a page that is closed, reloaded or
opened twice loses nothing: it gets the whole state, and then what changes.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.conversation.ask import Ask
from bot.conversation.reply import Reply
from bot.conversation.report import ContextReport
from bot.conversation.service import Conversations
from bot.conversation.turns import Pending, Turn
from bot.errors import Explanation, StoreUnavailable, explain
from bot.tools.run import Step
from bot.web.audience import Audience, Event, Listener

log = logging.getLogger(__name__)

CONVERSATION = "play:default"

# How long to wait for a store that is away at the start (seconds).
_STORE_PAUSE = 3.0

# Text is sent at most so often (seconds); the end of a reply never waits for it.
_PACE = 0.03


@dataclass(slots=True)
class _Writing:
    """The reply that is being written; `again` if it comes in place of the one before.

    `shown` is the part of its text that the pages have been told, `tools` what they were told
    of its tools, `place` its place in the line.
    """

    reply: Reply
    again: bool
    shown: str = ""
    tools: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    place: int | None = None


class Room:
    """One conversation that any number of pages watch and write to."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self._audience = Audience()
        self._tasks: dict[asyncio.Task[None], Ask | None] = {}
        self._asked: dict[str, Ask] = {}  # waiting: not in the store yet
        self._missed: dict[str, Ask] = {}  # failed before they reached the store
        self._writing: _Writing | None = None
        self._retrying = False
        self._trouble: Explanation | None = None
        self._version = 0

    def ask(self, text: str) -> str:
        """Say something; the answer reaches all pages. Returns the message's id."""
        self._ask_missed()
        ask = Ask(CONVERSATION, uuid.uuid4().hex, "you", text)
        self._start(ask)
        return ask.id

    def retry(self) -> None:
        """Answer the newest question again, unless an answer is already on its way."""
        if self._asked or self._writing or self._retrying:
            return
        if not self._ask_missed():
            self._retrying = True
            self._spawn(self._answer_again())

    def stop(self) -> None:
        """End the reply that is being written."""
        if self._writing:
            self._writing.reply.stop()

    async def reset(self) -> int:
        """Forget what was said, also what still waits for an answer."""
        for task, ask in list(self._tasks.items()):
            if ask and ask.id in self._asked:
                task.cancel()
        self._asked, self._missed = {}, {}
        forgotten = await self._conversations.timeline.reset(CONVERSATION)
        self._trouble = None
        await self._tell_state()
        return forgotten

    async def set_system(self, text: str | None) -> None:
        """Give the conversation a system prompt of its own, or None for the model's default."""
        await self._conversations.set_system(CONVERSATION, text)
        await self._tell_state()

    async def report(self) -> ContextReport:
        """What the model was last sent."""
        return await self._conversations.report(CONVERSATION)

    async def state(self) -> dict[str, Any]:
        """Everything that a page shows: messages, what is being written, what went wrong."""
        turns, report = await self._read()
        writing, trouble = self._writing, self._trouble
        return {
            "messages": self._messages(turns),
            "writing": {"id": writing.reply.id, "place": writing.place} if writing else None,
            "busy": bool(self._asked or writing or self._retrying),
            "trouble": _told(trouble) if trouble else None,
            "system": {"text": report.system, "own": report.own_system},
        }

    @asynccontextmanager
    async def listen(self) -> AsyncGenerator[Listener, None]:
        """A queue that gives the whole state, and then every event that changes it."""
        state = await self.state()
        with self._audience.join(Event("state", state)) as listener:
            yield listener

    def finish_owed(self) -> None:
        """Write the replies that a former process owed here."""
        self._spawn(self._finish_owed())

    async def close(self) -> None:
        """Break off what is being written (it stays owed), and let the pages go."""
        self._audience.dismiss()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, ask: Ask) -> None:
        self._asked[ask.id] = ask
        self._trouble = None
        self._tell("asked", {"id": ask.id, "text": ask.text})
        self._spawn(self._answer(ask), ask)

    def _ask_missed(self) -> bool:
        """Ask again what never reached the store."""
        missed, self._missed = self._missed, {}
        for ask in missed.values():
            self._start(ask)
        return bool(missed)

    async def _answer(self, ask: Ask) -> None:
        try:
            await self._write(self._conversations.turn(ask))
        finally:
            # Still there if nobody could write it down, also where another question's turn tried.
            if self._asked.pop(ask.id, None):
                self._missed[ask.id] = ask

    async def _answer_again(self) -> None:
        try:
            # A reply that could not be stored is still owed; the new one takes its place.
            for owed in await self._owed():
                await self._conversations.forgive(CONVERSATION, owed)
            await self._write(self._conversations.again(CONVERSATION, {}), again=True)
        finally:
            self._retrying = False

    async def _finish_owed(self) -> None:
        while True:
            try:
                for owed in await self._owed():
                    await self._write(self._conversations.resume(CONVERSATION, owed))
                return
            except StoreUnavailable as error:
                # No page asked for this, so none is told; it sees that the store is away anyhow.
                log.warning("replies that are owed have to wait: %s", error)
                await asyncio.sleep(_STORE_PAUSE)

    async def _owed(self) -> list[Pending]:
        every = await self._conversations.owed()
        return [owed for conversation, owed in every if conversation == CONVERSATION]

    async def _write(
        self, turn: AbstractAsyncContextManager[Reply | None], *, again: bool = False
    ) -> None:
        async with turn as reply:
            if reply is None:
                return
            for ask in reply.asks:
                self._asked.pop(ask.id, None)
            self._writing = _Writing(reply, again)
            self._trouble = None
            self._tell("writing", {"id": reply.id, "again": again})
            try:
                await self._show(self._writing)
                await reply.commit()
            finally:
                self._writing = None
            self._tell("done", _finished(reply))
        if broken := reply.error or reply.defect:
            self._tell_trouble(broken)

    async def _show(self, writing: _Writing) -> None:
        """Pass the text on as it grows, until its end."""
        reply, done = writing.reply, False
        while not done:
            await reply.changed()
            done, text, tools = reply.done, reply.text, _tools(reply.steps, reply.running)
            if reply.place != writing.place:
                writing.place = reply.place
                self._tell("place", {"id": reply.id, "place": reply.place})
            if tools != writing.tools:
                self._tell("tools", {"id": reply.id, "tools": tools})
                writing.tools = tools
            if text != writing.shown:
                grown = text.startswith(writing.shown)
                piece = {"add": text[len(writing.shown) :]} if grown else {"text": text}
                self._tell("text", {"id": reply.id, **piece})
                writing.shown = text
            with suppress(TimeoutError):
                async with asyncio.timeout(_PACE):
                    await reply.finished()

    def _spawn(self, work: Coroutine[Any, Any, None], ask: Ask | None = None) -> None:
        task = asyncio.create_task(work, name="playground")
        self._tasks[task] = ask
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()):
            self._tell_trouble(error)

    def _tell_trouble(self, error: BaseException) -> None:
        trouble = explain(error)
        if trouble.reference:
            log.error("the playground failed, ref %s", trouble.reference, exc_info=error)
        else:
            log.warning("the playground: %s", error)
        if not trouble.retry:
            self._missed = {}  # the same words would fail again
        self._trouble = trouble
        self._tell("failed", _told(trouble))

    async def _tell_state(self) -> None:
        self._tell("state", await self.state())

    def _tell(self, name: str, data: dict[str, Any]) -> None:
        # Growing text changes nothing that is stored, so it makes no reading of the store stale.
        self._version += name != "text"
        self._audience.tell(Event(name, data))

    async def _read(self) -> tuple[Sequence[Turn], ContextReport]:
        """The stored part of the state, read again if something happened meanwhile."""
        while True:
            version = self._version
            turns = await self._conversations.history(CONVERSATION)
            report = await self.report()
            if version == self._version:
                return turns, report

    def _messages(self, turns: Sequence[Turn]) -> list[dict[str, Any]]:
        writing = self._writing
        told = [turn for turn in turns if not writing or turn.id != writing.reply.id]
        if writing and writing.again and told and told[-1].role == "assistant":
            told.pop()
        messages = [
            _message(turn.id, turn.role, turn.text, turn.status, _tools(turn.steps))
            for turn in told
        ]
        if writing:
            messages.append(
                _message(writing.reply.id, "assistant", writing.shown, tools=writing.tools)
            )
        known = {message["id"] for message in messages}
        waiting = (*self._missed.values(), *self._asked.values())
        messages.extend(_message(a.id, "user", a.text) for a in waiting if a.id not in known)
        return messages


def _message(
    message_id: str,
    role: str,
    text: str,
    status: str = "",
    tools: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    return {"id": message_id, "role": role, "text": text, "status": status, "tools": [*tools]}


def _tools(steps: Sequence[Step], running: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What the page shows of a reply's tools: those that ran, then those that run."""
    ran = [
        {
            "line": run.line or run.name or "a call that could not be read",
            "name": run.name,
            "arguments": run.arguments,
            "content": run.content,
            "seconds": run.seconds,
            "failed": run.failed,
        }
        for step in steps
        for run in step.runs
    ]
    return [*ran, *({"line": line, "running": True} for line in running)]


def _told(trouble: Explanation) -> dict[str, Any]:
    return {"text": trouble.text, "retry": trouble.retry}


def _finished(reply: Reply) -> dict[str, Any]:
    status = "stopped" if reply.stopped else "interrupted" if reply.error or reply.defect else ""
    return {
        "id": reply.id,
        "text": reply.text,
        "status": status,
        "tools": _tools(reply.steps),
        "notices": reply.notices,
        "usage": asdict(reply.end) if reply.end else None,
    }
