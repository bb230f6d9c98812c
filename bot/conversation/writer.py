"""Writing one reply: fit the prompt, ask the engine, run tools, settle the counts, commit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from bot.characters.part import Injection, Part
from bot.characters.speech import stop_strings
from bot.conversation import context, recalling
from bot.conversation.likeness import Likeness
from bot.conversation.listening import Listener
from bot.conversation.model import ModelInUse
from bot.conversation.models import Served
from bot.conversation.own_lines import OwnLines
from bot.conversation.ports import LONGEST_THOUGHT, End, Generation, Store, Text
from bot.conversation.queue import Ticket
from bot.conversation.recalling import Memory, Note
from bot.conversation.reply import Event, InLine, Reply, Trace
from bot.conversation.tooling import Rounds
from bot.conversation.turns import Pending, Recalled, State, Status, Turn, Usage
from bot.conversation.variants import in_place, joined
from bot.errors import EngineBusy, EngineInterrupted, EngineUnreachable, PromptTooLong
from bot.prompts.chatml import CHATML
from bot.prompts.neutralise import neutralise, restore
from bot.tools import runner
from bot.tools.run import is_for_asker, kept

# A prompt that the engine finds too long after all is cut to this share and sent once more.
_SECOND_TRY = 0.75


# What is kept free for calls and results where tools are offered, as a share of the prompt.
_TOOLS_SHARE = 0.2

# Of what a part says within the history, and how much room one cut of its examples makes.
_LATE_SHARE = 0.4
_EXAMPLES_STEP = 0.15

# A model that makes up a tool's answer is not listened to any further.
_MADE_UP = "<tool_response>"

# Results are not trimmed below so many characters.
_SHORTEST_RESULT = 200

# How often a character is asked who says nothing but other people's lines.
_TRIES = 2

_NO_ANSWER = "I have used my tools, but could not make an answer of what they gave."


def head_of(
    turns: Sequence[Turn],
    state: State,
    model: ModelInUse,
    offer: str = "",
    recap: str = "",
    part: Part | None = None,
) -> str:
    """What stands before the first turn: the same bytes for as long as nothing is changed.

    `offer` is the text that offers tools, `recap` tells what was said before the first turn, `part`
    is what the model plays.
    """
    form = model.profile.script
    named = any(turn.speaker for turn in turns if turn.role == "user")
    if part is None:
        persona = state.system or model.profile.persona
        return form.head(persona, named=named, tool_text=offer, recap=recap)
    # Who speaks, and for whom nobody else does, is said by the part itself.
    head = form.head(part.system, tool_text=offer, recap=recap)
    blocks = part.examples if state.examples < 0 else part.examples[: state.examples]
    return head + "".join(form.block(line.role, line.content) for one in blocks for line in one)


class Writer:
    """The work behind one `Reply`. `turns` are all that may be sent, the question last.

    `asked` is how many of them are the question; `older` is the reply that was there before, if
    any, and `owed.how` what becomes of it. `rounds` runs the tools that are offered. `memory` has
    the facts that apply, `likeness` tells which are near to the question. `ticket` is
    for the line in front of the engine. `recap` tells what was said before `turns`, `part` is what
    the model plays.
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
    ) -> None:
        self._ticket = ticket
        self._engine = served.engine
        self._model = served.model
        self._count = served.count
        self._mark = served.mark
        self._store = store
        self._conversation = conversation
        self._owed = owed
        self._turns, self._state = context.counted_by(served.mark, turns, state, recap, part)
        self._recap = recap
        self._part = part
        self._asked = asked
        self._older = older
        self._begun_text = older if older and owed.how == "continue" else None
        self._format = CHATML
        self._head = ""
        self._offer = ""
        self._begun = False
        self._window: context.Window | None = None
        self._rounds = rounds
        self._memory = memory
        self._likeness = likeness
        self._note = Note()
        self._late = context.NOTHING_LATE
        self._prompt = ""
        self._ends: list[End] = []
        self._lines = self._own_lines()

    @property
    def state(self) -> State:
        """The state with what this reply has cut from the window."""
        return self._window.state if self._window else self._state

    async def events(self) -> AsyncGenerator[Event, None]:
        """The engine's answer to the prompt that fits, when it is its turn."""
        with self._ticket:
            async for place in self._ticket.wait():
                yield InLine(place)
            async with aclosing(self._in_turn()) as events:
                async for event in events:
                    yield event

    async def _in_turn(self) -> AsyncGenerator[Event, None]:
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

    async def _answer(self, model: ModelInUse, limit: int | None) -> AsyncGenerator[Event, None]:
        self._format = model.profile.script
        tools = self._rounds.tools if model.profile.tools else ()
        offer = self._rounds.text if tools else ""
        self._offer = offer
        self._head = head_of(self._turns, self._state, model, offer, self._recap, self._part)
        limit = min(limit or model.prompt_limit, model.prompt_limit)
        begun = self._text_begun()
        room = int(limit * (1 - _TOOLS_SHARE)) if tools else limit
        room -= self._model.estimate(begun) if begun else 0
        self._note = await self._noted(room)
        self._late = await self._said_late(room)
        window = await self._fit(room, model)
        self._prompt = window.prompt
        if begun:
            self._prompt = window.prompt.removesuffix(self._opening) + begun
        schemas = [tool.schema for tool in tools]
        listener = Listener(model.profile, schemas, midway=bool(begun))
        tries = _TRIES if self._part else 1
        while True:
            async with aclosing(self._heard(self._request(model), listener)) as events:
                async for event in events:
                    yield event
            tries -= 1
            if self._lines.cut:
                if self._lines.said or self._rounds.steps or not tries:
                    break
                # It has spoken for others only; asked again, most find their own words.
                self._ends.clear()
                self._lines = self._own_lines()
                listener = Listener(model.profile, schemas, midway=bool(begun))
                continue
            answer = listener.answer()
            if answer is None or self._rounds.over or begun:
                break
            self._lines.go_on()
            for line in self._rounds.lines(answer):
                yield Trace(line)
            yield await self._rounds.run(answer, listener.written)
            self._go_on(window, limit)
        if self._rounds.steps and not self._lines.said:
            yield Text(_NO_ANSWER)
        yield self._ends[-1]

    async def _heard(self, request: Generation, listener: Listener) -> AsyncGenerator[Event, None]:
        """One generation, as far as it is the part's own."""
        async with aclosing(self._stream(request)) as events:
            async for event in events:
                if isinstance(event, InLine):
                    yield event
                    continue
                self._begun = True
                for heard in self._lines.pass_on(listener.hear(event)):
                    yield heard
                if isinstance(event, End):
                    self._ends.append(event)
                    for heard in self._lines.end(event):
                        yield heard
                elif self._lines.cut:
                    self._ends.append(self._lines.broken_off())
                    return

    def _own_lines(self) -> OwnLines:
        return OwnLines(self._part, self._begun_text.text if self._begun_text else "")

    @property
    def _opening(self) -> str:
        return context.opening(self._format, self._part)

    def _text_begun(self) -> str:
        """What the reply goes on with, as it stands in the prompt: its turn is not closed yet."""
        turn = self._begun_text
        if turn is None:
            return ""
        rounds = context.exchange(self._format, turn.steps, answered=True)
        gap = " " if self._part and self._part.prefill else ""
        return rounds + self._opening + gap + neutralise(turn.text)

    async def _stream(self, request: Generation) -> AsyncGenerator[Text | End | InLine, None]:
        """What the engine makes of a request; one that is busy is waited for."""
        while True:
            async for place in self._ticket.wait():
                yield InLine(place)
            try:
                async with aclosing(self._engine.stream(request)) as events:
                    async for event in events:
                        self._ticket.accepted()
                        yield event
                return
            except EngineBusy as busy:
                self._ticket.refused(busy)

    def _go_on(self, window: context.Window, limit: int) -> None:
        """Put the rounds so far behind the question; long results lose their ends."""
        form, steps = self._format, self._rounds.steps
        room = limit - window.tokens
        most = runner.MAX_RESULT
        exchange = context.exchange(form, steps, answered=False)
        while self._model.estimate(exchange) > room and most > _SHORTEST_RESULT:
            most //= 2
            steps[:] = [runner.shortened(step, most) for step in steps]
            exchange = context.exchange(form, steps, answered=False)
        opening = self._opening
        self._prompt = window.prompt.removesuffix(opening) + exchange + opening

    async def commit(self, reply: Reply, shown: tuple[str, ...]) -> Turn | None:
        """Store the reply, what it taught about token counts, and the prompt it came from.

        Returns what is stored of the reply; None if it brought nothing, if its question was taken
        away, or if the conversation was forgotten meanwhile.
        """
        window = self._window
        if window is None:
            return await self._leave(reply)
        model = await self._model.current()
        if reply.withdrawn:
            return await self._leave(reply)
        turns, state = window.turns, window.state
        first = self._ends[0] if self._ends else None
        end = self._ends[-1] if self._ends else None
        if first and first.prompt_tokens and self._begun_text is None:
            self._model.learn(window.prompt, first.prompt_tokens)
            counted = max(first.prompt_tokens - self._late.tokens, 1)
            turns, state = context.settle(self._format, window, self._head, counted, self._part)
        usage = Usage(
            prompt=end.prompt_tokens or window.tokens if end else window.tokens,
            cached=end.cached_tokens if end else None,
            generated=sum(one.generated_tokens for one in self._ends),
            limit=model.prompt_limit,
            cut=len(window.dropped),
            recalled=self._recalled(window),
            sent=recalling.mark_of(self._prompt),
        )
        before = {turn.id: turn for turn in self._turns}
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
            prompt=None if reply.reads_lost else self._prompt,
            thoughts=context.shorten(restore(reply.reasoning).strip(), LONGEST_THOUGHT),
        )
        return turn if stored else None

    async def _leave(self, reply: Reply) -> None:
        """Settle a reply of which nothing is kept."""
        await self._store.commit(self._conversation, self._owed.reply, None, self._state)
        if reply.withdrawn and self._older:
            # Its messages were those of the reply that is withdrawn.
            await self._store.remove(self._conversation, [self._older.id])

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
            steps=tuple(map(kept, reply.steps)),
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
        ):
            return 0
        if any(map(is_for_asker, reply.steps)):
            return 0
        first, last = self._ends[0], self._ends[-1]
        if first.prompt_tokens is None or last.prompt_tokens is None or not last.generated_tokens:
            return 0
        before = last.prompt_tokens - first.prompt_tokens
        prefill = self._model.estimate(self._part.prefill) if self._part else 0
        return before + last.generated_tokens + self._format.overhead + prefill

    def _request(self, model: ModelInUse) -> Generation:
        made_up = (_MADE_UP,) if self._rounds.tools and model.profile.tools else ()
        return Generation(
            prompt=self._prompt,
            max_tokens=model.max_reply,
            stop=(*model.profile.stop, *made_up),
            sampling=model.profile.sampling,
            session=self._conversation,
            hints=stop_strings(self._part.name, self._part.others) if self._part else (),
        )

    async def _fit(self, limit: int, model: ModelInUse) -> context.Window:
        turns, state = self._turns, self._state
        room = limit - self._late.tokens
        if context.total(self._format, self._head, turns, state, self._part) > room:
            # The upper bounds do not fit: now it is worth to count what was never counted.
            turns = tuple([await self._counted(turn) for turn in turns])
            if not state.base_tokens:
                base = await self._count(self._head + self._opening) + 1
                state = replace(state, base_tokens=base)
            state = await self._without_examples(turns, state, room)
            self._head = head_of(turns, state, model, self._offer, self._recap, self._part)
        self._window = context.fit(
            self._format,
            self._head,
            turns,
            state,
            limit,
            keep=self._asked,
            late=self._late,
            part=self._part,
        )
        return self._window

    async def _without_examples(self, turns: Sequence[Turn], state: State, limit: int) -> State:
        """The state with as few blocks of example dialogue as leave the history its room.

        They go before any of what was really said, the last ones first, and a few at a time:
        with each step the engine reads everything anew.
        """
        part, form = self._part, self._format
        left = len(part.examples) if part and state.examples < 0 else state.examples
        if (
            part is None
            or left <= 0
            or context.total(form, self._head, turns, state, part) <= limit
        ):
            return state
        room = int(limit * (1 - _EXAMPLES_STEP))
        while left > 0 and context.total(form, self._head, turns, state, part) > room:
            left -= 1
            written = "".join(form.block(one.role, one.content) for one in part.examples[left])
            cheaper = max(state.base_tokens - await self._count(written), 1)
            state = replace(state, base_tokens=cheaper, examples=left)
        return state

    async def _said_late(self, limit: int) -> context.Late:
        """What stands near the end of this prompt, and what that costs."""
        injections = self._injections(int(limit * _LATE_SHARE))
        if not injections:
            return context.Late(self._note.text, tokens=self._note.tokens)
        late = context.Late(self._note.text, injections)
        # Counted, since none of it is a turn: the engine's count has to add up without it.
        tokens = await self._count("".join(late.texts(self._format)))
        return replace(late, tokens=tokens)

    def _injections(self, room: int) -> tuple[Injection, ...]:
        """What the part says within the history, as far as there is room for it."""
        if self._part is None:
            return ()
        # What stands last matters most.
        wanted = [*self._part.injections]
        if self._part.last:
            wanted.append(Injection(self._part.last, depth=0))
        kept: list[Injection] = []
        for one in reversed(wanted):
            room -= self._model.estimate(one.text)
            if room >= 0:
                kept.insert(0, one)
        return tuple(kept)

    async def _noted(self, limit: int) -> Note:
        """What the memory has for the question, unless the question needs the room itself."""
        most, form = recalling.room_of(limit), self._format
        question = recalling.question_of(self._turns, self._asked)
        alike = await self._likeness.of(question, self._memory.texts)
        facts = recalling.choose(
            self._memory,
            self._turns,
            self._asked,
            lambda text: self._model.estimate(text) <= most,
            alike,
        )
        if not facts:
            return Note()
        # Counted, since it is no turn: the engine's count of the prompt has to add up without it.
        tokens = await self._count("".join(form.around_question(Note(facts).text)))
        asked = self._turns[len(self._turns) - self._asked :]
        least = self._state.base_tokens or self._model.estimate(self._head)
        least += sum(turn.tokens or self._model.estimate(turn.text) for turn in asked)
        return Note(facts, tokens) if least + tokens <= limit else Note()

    def _recalled(self, window: context.Window) -> tuple[Recalled, ...]:
        """Where the prompt holds memories, and whose they are."""
        found = recalling.places(self._prompt, self._note, window.note_at)
        behind = len(window.prompt) - len(self._opening)
        results = [
            context.response(run)
            for step in self._rounds.steps
            for run in step.runs
            if run.for_asker
        ]
        return found + recalling.results(self._prompt, results, behind, self._memory.person)

    async def _counted(self, turn: Turn) -> Turn:
        if turn.tokens:
            return turn
        written = context.block(self._format, turn, self._part)
        return replace(turn, tokens=await self._count(written))
