"""Writing one reply: fit the prompt, ask the engine, settle the token counts, commit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from bot.conversation import context
from bot.conversation.model import ModelInUse
from bot.conversation.models import Served
from bot.conversation.ports import End, Generation, Store, Text
from bot.conversation.reply import Reply, Thought
from bot.conversation.turns import Pending, State, Status, Turn, Usage
from bot.errors import EngineInterrupted, EngineUnreachable, PromptTooLong
from bot.prompts.chatml import CHATML
from bot.prompts.reasoning import ReasoningSplitter

# A prompt that the engine finds too long after all is cut to this share and sent once more.
_SECOND_TRY = 0.75


def head_of(turns: Sequence[Turn], state: State, model: ModelInUse) -> str:
    """What stands before the first turn: the same bytes for as long as nothing is changed."""
    named = any(turn.speaker for turn in turns)
    return model.profile.format.head(state.system or model.profile.persona, named=named)


class Writer:
    """The work behind one `Reply`. `turns` are all that may be sent, the question last.

    `asked` is how many of them are the question; `replaced` is the id of an older reply in whose
    place this one comes.
    """

    def __init__(
        self,
        served: Served,
        store: Store,
        *,
        conversation: str,
        owed: Pending,
        turns: Sequence[Turn],
        state: State,
        asked: int,
        replaced: str = "",
    ) -> None:
        self._engine = served.engine
        self._model = served.model
        self._count = served.count
        self._mark = served.mark
        self._store = store
        self._conversation = conversation
        self._owed = owed
        self._turns, self._state = context.counted_by(served.mark, turns, state)
        self._asked = asked
        self._replaced = replaced
        self._format = CHATML
        self._head = ""
        self._begun = False
        self._window: context.Window | None = None

    async def events(self) -> AsyncGenerator[Text | Thought | End, None]:
        """The engine's answer to the prompt that fits."""
        try:
            async for event in self._answer(await self._model.current(), None):
                yield event
        except PromptTooLong:
            if self._begun or self._window is None:
                raise
            # The engine was restarted with less room, or counts more tokens than we did.
            self._model.forget()
            limit = int(self._window.tokens * _SECOND_TRY)
            async for event in self._answer(await self._model.current(), limit):
                yield event
        except (EngineUnreachable, EngineInterrupted):
            self._model.forget()
            raise

    async def _answer(
        self, model: ModelInUse, limit: int | None
    ) -> AsyncGenerator[Text | Thought | End, None]:
        self._format = model.profile.format
        self._head = head_of(self._turns, self._state, model)
        window = await self._fit(min(limit or model.prompt_limit, model.prompt_limit))
        splitter = ReasoningSplitter(model.profile.reasoning)
        async with aclosing(self._engine.stream(self._request(window, model))) as events:
            async for event in events:
                self._begun = True
                end = isinstance(event, End)
                thought, said = splitter.finish() if end else splitter.feed(event.text)
                if thought:
                    yield Thought(thought)
                if said:
                    yield Text(said)
                if end:
                    yield event

    async def commit(self, reply: Reply, shown: tuple[str, ...]) -> None:
        """Store the reply, what it taught about token counts, and the prompt it came from."""
        window = self._window
        if window is None:
            await self._store.commit(self._conversation, self._owed.reply, (), self._state)
            return
        turns, state, end = window.turns, window.state, reply.end
        if end and end.prompt_tokens:
            self._model.learn(window.prompt, end.prompt_tokens)
            turns, state = context.settle(self._format, window, self._head, end.prompt_tokens)
        model = await self._model.current()
        usage = Usage(
            prompt=end.prompt_tokens or window.tokens if end else window.tokens,
            cached=end.cached_tokens if end else None,
            generated=end.generated_tokens if end else 0,
            limit=model.prompt_limit,
            cut=len(window.dropped),
        )
        before = {turn.id: turn for turn in self._turns}
        written = [turn for turn in turns if before[turn.id] != turn]
        dropped = window.dropped
        if reply.text.strip():
            written.append(self._reply_turn(reply, shown))
            # Only now: an attempt that brought nothing must not cost the reply before it.
            dropped += (self._replaced,) if self._replaced else ()
        await self._store.commit(
            self._conversation,
            self._owed.reply,
            written,
            replace(state, usage=usage),
            dropped=dropped,
            prompt=window.prompt,
        )

    def _reply_turn(self, reply: Reply, shown: tuple[str, ...]) -> Turn:
        status: Status = ""
        if reply.stopped:
            status = "stopped"
        elif reply.error or reply.defect:
            status = "interrupted"
        # What was thought is not stored, so the engine's count says nothing about the turn.
        generated = reply.end.generated_tokens if reply.end and not reply.reasoning else 0
        return Turn(
            id=self._owed.reply,
            n=self._owed.n,
            role="assistant",
            text=reply.text.rstrip(),
            tokens=generated + self._format.overhead if generated else 0,
            shown=shown,
            status=status,
            counted_by=self._mark,
        )

    def _request(self, window: context.Window, model: ModelInUse) -> Generation:
        return Generation(
            prompt=window.prompt,
            max_tokens=model.max_reply,
            stop=model.profile.stop,
            sampling=model.profile.sampling,
            session=self._conversation,
        )

    async def _fit(self, limit: int) -> context.Window:
        turns, state = self._turns, self._state
        if context.total(self._format, self._head, turns, state) > limit:
            # The upper bounds do not fit: now it is worth to count what was never counted.
            turns = tuple([await self._counted(turn) for turn in turns])
            if not state.base_tokens:
                base = await self._count(self._head + self._format.opening) + 1
                state = replace(state, base_tokens=base)
        self._window = context.fit(self._format, self._head, turns, state, limit, keep=self._asked)
        return self._window

    async def _counted(self, turn: Turn) -> Turn:
        if turn.tokens:
            return turn
        return replace(turn, tokens=await self._count(context.block(self._format, turn)))
