"""Writing one reply: fit the prompt, ask the engine, run tools, settle the counts, commit."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from bot import metrics, tracing
from bot.characters.part import Part
from bot.characters.speech import stop_strings
from bot.conversation import context, recalling
from bot.conversation.likeness import Likeness
from bot.conversation.listening import Listener
from bot.conversation.model import ModelInUse
from bot.conversation.models import Served
from bot.conversation.own_lines import OwnLines
from bot.conversation.ports import LONGEST_THOUGHT, End, Generation, Spending, Store, Text
from bot.conversation.prompting import Prompting
from bot.conversation.queue import Ticket
from bot.conversation.recalling import Memory
from bot.conversation.reply import Event, InLine, Reply, Trace
from bot.conversation.statistics import Use
from bot.conversation.tooling import Rounds
from bot.conversation.turns import Pending, State, Status, Turn, Usage
from bot.conversation.usage import use_of
from bot.conversation.variants import in_place, joined
from bot.conversation.wishes import NO_WISHES, Wishes, sampled
from bot.errors import (
    EngineBusy,
    EngineChanged,
    EngineInterrupted,
    EngineUnreachable,
    PromptTooLong,
)
from bot.language import later, tr
from bot.prompts.neutralise import restore
from bot.tools.run import is_for_asker, kept

# A prompt that the engine finds too long after all is cut to this share and sent once more.
_SECOND_TRY = 0.75

# A model that makes up a tool's answer is not listened to any further.
_MADE_UP = "<tool_response>"

# How often a character is asked who says nothing but other people's lines.
_TRIES = 2

_NO_ANSWER = later("I have used my tools, but could not make an answer of what they gave.")


class Writer:
    """The work behind one `Reply`. `turns` are all that may be sent, the question last.

    `asked` is how many of them are the question; `older` is the reply that was there before, if
    any, and `owed.how` what becomes of it. `rounds` runs the tools that are offered. `memory` has
    the facts that apply, `likeness` tells which are near to the question. `ticket` is
    for the line in front of the engine. `recap` tells what was said before `turns`, `part` is what
    the model plays, `persona` the system prompt that holds instead of the conversation's own.
    `wishes` are what the place wants of its answers. `spend` says for whom the tokens that are
    written count.
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
        older: Turn | None = None,
        rounds: Rounds,
        ticket: Ticket,
        memory: Memory,
        likeness: Likeness,
        recap: str = "",
        part: Part | None = None,
        persona: str = "",
        wishes: Wishes = NO_WISHES,
        spend: Callable[[int], Spending | None] = lambda _: None,
    ) -> None:
        self._ticket = ticket
        self._wishes = wishes
        self._engine = served.engine
        self._engine_name = served.name
        self._model = served.model
        self._mark = served.mark
        self._store = store
        self._conversation = conversation
        self._owed = owed
        self._part = part
        self._older = older
        self._begun_text = older if older and owed.how == "continue" else None
        self._begun = False
        self._rounds = rounds
        self._prompt = Prompting(
            served,
            turns=turns,
            state=state,
            asked=asked,
            memory=memory,
            likeness=likeness,
            recap=recap,
            part=part,
            begun=self._begun_text,
            persona=persona,
            thinks=wishes.thinks,
        )
        self._ends: list[End] = []
        self._spend = spend
        self._written = 0
        self._uncounted = ""
        self._lines = self._own_lines()

    @property
    def state(self) -> State:
        """The state with what this reply has cut from the window."""
        window = self._prompt.window
        return window.state if window else self._prompt.state

    async def events(self) -> AsyncGenerator[Event, None]:
        """The engine's answer to the prompt that fits, when it is its turn."""
        with self._ticket:
            async for place in self._ticket.wait():
                yield InLine(place)
            metrics.LINE_SECONDS.labels(self._engine_name).observe(self._ticket.waited)
            tracing.waited_in_line(self._ticket.waited)
            async with aclosing(self._in_turn()) as events:
                async for event in events:
                    yield event

    async def _in_turn(self) -> AsyncGenerator[Event, None]:
        try:
            async for event in self._answer(await self._model.ready(), None):
                yield event
        except PromptTooLong:
            window = self._prompt.window
            if self._begun or window is None:
                raise
            # The engine was restarted with less room, or counts more tokens than we did.
            self._model.forget()
            limit = int(window.tokens * _SECOND_TRY)
            async for event in self._answer(await self._model.ready(), limit):
                yield event
        except EngineChanged:
            self._model.forget()
            if self._begun:
                raise
            async for event in self._answer(await self._model.ready(), None):
                yield event
        except (EngineUnreachable, EngineInterrupted):
            self._model.forget()
            raise

    async def _answer(self, model: ModelInUse, limit: int | None) -> AsyncGenerator[Event, None]:
        await self._rounds.settle()
        tools = self._rounds.tools if model.profile.tools else ()
        await self._build(model, limit, self._rounds.text if tools else "")
        begun = self._begun_text is not None
        schemas = [tool.schema for tool in tools]
        listener = Listener(model.profile, schemas, midway=begun)
        tries = _TRIES if self._part else 1
        while True:
            request = self._request(model)
            about = model.name, request.max_tokens, request.sampling.temperature
            try:
                with tracing.generation(*about):
                    async with aclosing(self._heard(request, listener)) as events:
                        async for event in events:
                            yield event
            except PromptTooLong:
                if not self._rounds.steps or self._uncounted:
                    raise
                if not await self._prompt.squeeze(self._rounds):
                    break
                continue
            tries -= 1
            if self._lines.cut:
                if self._lines.said or self._rounds.steps or not tries:
                    break
                # It has spoken for others only; asked again, most find their own words.
                self._ends.clear()
                self._lines = self._own_lines()
                listener = Listener(model.profile, schemas, midway=begun)
                continue
            answer = listener.answer()
            if answer is None or self._rounds.over or begun:
                break
            self._lines.go_on()
            for line in self._rounds.lines(answer):
                yield Trace(line)
            yield await self._rounds.run(answer, listener.written)
            if not await self._prompt.go_on(self._rounds):
                break
        if self._rounds.steps and not self._lines.said:
            yield Text(tr(_NO_ANSWER))
        yield self._ends[-1]

    async def _build(self, model: ModelInUse, limit: int | None, offer: str) -> None:
        """Make the prompt that fits."""
        tracing.answered_by(self._engine_name, model.info.kind if model.info else "", model.name)
        with tracing.step("prompt"):
            await self._prompt.build(model, limit, offer)
            if window := self._prompt.window:
                tracing.prompt_fits(window.tokens, len(window.turns), len(window.dropped))

    async def _heard(self, request: Generation, listener: Listener) -> AsyncGenerator[Event, None]:
        """One generation, as far as it is the part's own."""
        async with aclosing(self._stream(request)) as events:
            async for event in events:
                if isinstance(event, InLine):
                    yield event
                    continue
                self._begun = True
                if isinstance(event, Text):
                    self._uncounted += event.text
                for heard in self._lines.pass_on(listener.hear(event)):
                    yield heard
                if isinstance(event, End):
                    self._ends.append(event)
                    self._count(event)
                    for heard in self._lines.end(event):
                        yield heard
                elif self._lines.cut:
                    self._ends.append(self._lines.broken_off())
                    return

    def _own_lines(self) -> OwnLines:
        return OwnLines(self._part, self._begun_text.text if self._begun_text else "")

    async def _stream(self, request: Generation) -> AsyncGenerator[Text | End | InLine, None]:
        """What the engine makes of a request; one that is busy is waited for."""
        while True:
            async for place in self._ticket.wait():
                yield InLine(place)
            asked, heard = time.monotonic(), False
            try:
                async with aclosing(self._engine.stream(request)) as events:
                    async for event in events:
                        if not heard:
                            heard = True
                            self._note_first(time.monotonic() - asked)
                        yield event
                return
            except EngineBusy as busy:
                metrics.ENGINE_REFUSALS.labels(self._engine_name).inc()
                tracing.engine_busy()
                self._ticket.refused(busy)

    def _note_first(self, seconds: float) -> None:
        self._ticket.accepted()
        metrics.ENGINE_FIRST_TOKEN.labels(self._engine_name).observe(seconds)
        tracing.first_token(seconds)

    def _count(self, end: End) -> None:
        self._written += end.generated_tokens or self._model.estimate(self._uncounted)
        self._uncounted = ""
        engine = self._engine_name
        metrics.PROMPT_TOKENS.labels(engine).inc(end.prompt_tokens or 0)
        if end.cached_tokens is not None:
            metrics.CACHED_TOKENS.labels(engine).inc(end.cached_tokens)
        metrics.GENERATED_TOKENS.labels(engine).inc(end.generated_tokens)
        tracing.generated(end.reason, end.prompt_tokens, end.cached_tokens, end.generated_tokens)

    async def commit(self, reply: Reply, shown: tuple[str, ...]) -> Turn | None:
        """Store the reply, what it taught about token counts, and the prompt it came from.

        Returns what is stored of the reply; None if it brought nothing, if its question was taken
        away, or if the conversation was forgotten meanwhile.
        """
        window = self._prompt.window
        if window is None or reply.withdrawn:
            return await self._leave(reply)
        turns, state = window.turns, window.state
        first = self._ends[0] if self._ends else None
        end = self._ends[-1] if self._ends else None
        if first and first.prompt_tokens and self._begun_text is None:
            turns, state = self._prompt.settle(first.prompt_tokens)
        usage = Usage(
            prompt=end.prompt_tokens or window.tokens if end else window.tokens,
            cached=end.cached_tokens if end else None,
            generated=sum(one.generated_tokens for one in self._ends),
            limit=self._model.supposed().prompt_limit,
            cut=len(window.dropped),
            recalled=self._prompt.recalled(self._rounds.steps),
            sent=recalling.mark_of(self._prompt.text),
        )
        before = {turn.id: turn for turn in self._prompt.turns}
        turn = self._reply_turn(reply, shown) if reply.text.strip() or reply.steps else None
        stored = await self._store.commit(
            self._conversation,
            self._owed.reply,
            turn,
            replace(state, usage=usage, timers=self._part.timers if self._part else state.timers),
            counted=[turn for turn in turns if before[turn.id] != turn],
            dropped=window.dropped,
            replaced=self._older.id if self._older else "",
            # What people have deleted meanwhile is not to be found in /context either.
            prompt=None if reply.reads_lost else self._prompt.text,
            thoughts=context.shorten(restore(reply.reasoning).strip(), LONGEST_THOUGHT),
            use=self._use(reply),
            spent=self._spent(),
        )
        return turn if stored else None

    async def _leave(self, reply: Reply) -> None:
        """Settle a reply of which nothing is kept."""
        await self._store.commit(
            self._conversation,
            self._owed.reply,
            None,
            self._prompt.state,
            use=self._use(reply),
            spent=self._spent(),
        )
        if reply.withdrawn and self._older:
            # Its messages were those of the reply that is withdrawn.
            await self._store.remove(self._conversation, [self._older.id])

    def _use(self, reply: Reply) -> Use | None:
        return use_of(reply, self._ends, self._owed.origin.get("guild", ""))

    def _spent(self) -> Spending | None:
        # The engine counts what came to its end; of what was stopped the text has to tell.
        rest = self._model.estimate(self._uncounted) if self._uncounted else 0
        return self._spend(self._written + rest)

    def _reply_turn(self, reply: Reply, shown: tuple[str, ...]) -> Turn:
        status: Status = ""
        if reply.stopped:
            status = "stopped"
        elif reply.error or reply.defect:
            status = "interrupted"
        tokens = self._cost(reply)
        turn = Turn(
            id=self._owed.reply,
            n=self._owed.n,
            role="assistant",
            text=reply.text.rstrip(),
            tokens=tokens,
            shown=shown,
            status=status,
            counted_by=self._mark,
            # As the prompt had them; those of a reply that this one goes on with as they were.
            steps=tuple(map(kept, self._rounds.steps or reply.steps)),
            speaker=self._part.name if self._part else "",
            character=self._part.character if self._part else "",
        )
        if self._older is None:
            return turn
        join = joined if self._owed.how == "variant" else in_place
        return join(turn, self._older)

    def _cost(self, reply: Reply) -> int:
        """What the reply's turn costs in later prompts, 0 if the engine's counts do not tell."""
        # The engine counted what was thought, too, or said for others: that is no part of the turn.
        if (
            reply.end is None
            or reply.reasoning
            or self._lines.changed
            or self._begun_text is not None
            or self._prompt.left_out
        ):
            return 0
        if any(map(is_for_asker, reply.steps)):
            return 0
        first, last = self._ends[0], self._ends[-1]
        if first.prompt_tokens is None or last.prompt_tokens is None or not last.generated_tokens:
            return 0
        before = last.prompt_tokens - first.prompt_tokens
        prefill = self._model.estimate(self._part.prefill) if self._part else 0
        return before + last.generated_tokens + self._prompt.form.overhead + prefill

    def _request(self, model: ModelInUse) -> Generation:
        made_up = (_MADE_UP,) if self._rounds.tools and model.profile.tools else ()
        return Generation(
            prompt=self._prompt.text,
            max_tokens=min(model.max_reply, self._wishes.reply_tokens or model.max_reply),
            stop=(*model.profile.stop, *made_up),
            sampling=sampled(model.sampling, self._wishes.sampling),
            session=self._conversation,
            hints=stop_strings(self._part.name, self._part.others) if self._part else (),
        )
