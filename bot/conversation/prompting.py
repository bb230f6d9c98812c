"""The prompt of one reply: what is said early, among the turns and late, and what has room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.characters.part import Injection, Part
from bot.conversation import context, recalling
from bot.conversation.likeness import Likeness
from bot.conversation.model import ModelInUse
from bot.conversation.models import Served
from bot.conversation.recalling import Memory, Note
from bot.conversation.tooling import Rounds
from bot.conversation.turns import Recalled, State, Turn
from bot.prompts.chatml import CHATML
from bot.prompts.neutralise import neutralise
from bot.tools import runner
from bot.tools.run import Step

# What is kept free for calls and results where tools are offered, as a share of the prompt.
_TOOLS_SHARE = 0.2

# Of what a part says within the history, and how much room one cut of its examples makes.
_LATE_SHARE = 0.4
_EXAMPLES_STEP = 0.15


def head_of(
    turns: Sequence[Turn],
    state: State,
    model: ModelInUse,
    offer: str = "",
    recap: str = "",
    part: Part | None = None,
    persona: str = "",
    *,
    thinks: bool = False,
) -> str:
    """What stands before the first turn: the same bytes for as long as nothing is changed.

    `offer` is the text that offers tools, `recap` tells what was said before the first turn, `part`
    is what the model plays, `persona` the system prompt that holds instead of the conversation's
    own. `thinks`: it is asked to think before it answers, unless it plays.
    """
    form = model.profile.script
    named = any(turn.speaker for turn in turns if turn.role == "user")
    if part is None:
        system = persona or state.system or model.profile.persona
        thinking = model.profile.thinking_text(tools=bool(offer)) if thinks else ""
        return form.head(system, named=named, tool_text=offer, recap=recap, thinking=thinking)
    # Who speaks, and for whom nobody else does, is said by the part itself.
    head = form.head(part.system, tool_text=offer, recap=recap)
    blocks = part.examples if state.examples < 0 else part.examples[: state.examples]
    return head + "".join(map(form.script, blocks))


class Prompting:
    """Makes the prompt for a reply. `turns` are all that may be sent, the question last.

    `asked` is how many of them are the question. `memory` has the facts that apply, `likeness`
    tells which are near to it. `recap` tells what was said before `turns`, `part` is what the model
    plays, `begun` the reply that this one goes on with, `persona` the system prompt that holds
    instead of the conversation's own. `thinks`: the model is asked to think first. After `build`,
    `text` is the prompt, `window` what it was made of, and `form` its format; `left_out` tells that
    some calls of tools had no room in it.
    """

    def __init__(
        self,
        served: Served,
        *,
        turns: Sequence[Turn],
        state: State,
        asked: int,
        memory: Memory,
        likeness: Likeness,
        recap: str = "",
        part: Part | None = None,
        begun: Turn | None = None,
        persona: str = "",
        thinks: bool = False,
    ) -> None:
        self._model = served.model
        self._count = served.count
        self.turns, self.state = context.counted_by(
            served.mark, turns, state, recap, part, persona, thinks=thinks
        )
        self._asked = asked
        self._memory = memory
        self._likeness = likeness
        self._recap = recap
        self._part = part
        self._persona = persona
        self._thinks = thinks
        self._begun = begun
        self.form = CHATML
        self.text = ""
        self.window: context.Window | None = None
        self.left_out = False
        self._is_counted = False
        self._limit = 0
        self._offer = ""
        self._head = ""
        self._note = Note()
        self._late = context.NOTHING_LATE

    async def build(self, model: ModelInUse, limit: int | None, offer: str = "") -> None:
        """Write the prompt, with at most `limit` tokens; `offer` is the text that offers tools."""
        self.form = model.profile.script
        self._offer = offer
        self._head = self._head_with(self.turns, self.state, model)
        self._limit = min(limit or model.prompt_limit, model.prompt_limit)
        begun = self._text_begun()
        room = int(self._limit * (1 - _TOOLS_SHARE)) if offer else self._limit
        room -= self._model.estimate(begun) if begun else 0
        self._note = await self._noted(room)
        self._late = await self._said_late(room)
        self.window = window = await self._fit(room, model)
        self.text = window.prompt
        if begun:
            self.text = window.prompt.removesuffix(self._opening) + begun

    async def go_on(self, rounds: Rounds) -> bool:
        """Put the rounds of tools so far behind the question; False if not even one call fits.

        Long results lose their ends. Where that is not enough, the model has to answer now, and
        nothing is said of what it called first.
        """
        steps, most = rounds.steps, runner.MAX_RESULT
        while not await self._have_room(steps):
            if most <= runner.SHORTEST_RESULT:
                rounds.end()
                break
            most //= 2
            steps[:] = [runner.shortened(step, most) for step in steps]
        said: Sequence[Step] = steps
        while said and not await self._have_room(said):
            said = context.without_first_call(said)
            self.left_out = True
        exchange, opening = context.exchange(self.form, said, answered=False), self._opening
        self.text = self._built.prompt.removesuffix(opening) + exchange + opening
        return bool(said)

    async def squeeze(self, rounds: Rounds) -> bool:
        """The same in half the room: the engine has counted more tokens than were expected."""
        self._limit -= max(self._limit - self._built.tokens, 0) // 2
        return await self.go_on(rounds)

    async def _have_room(self, steps: Sequence[Step]) -> bool:
        """Whether rounds of tools fit behind the question."""
        exchange = context.exchange(self.form, steps, answered=False)
        if await self._fits(exchange, self._limit - self._built.tokens):
            return True
        if self._is_counted:
            return False
        # Its upper bound leaves too little: now it is worth to count what stands before them.
        self._is_counted = True
        tokens = await self._count(self._built.prompt) + 1
        self.window = replace(self._built, tokens=min(self._built.tokens, tokens))
        return await self._fits(exchange, self._limit - self._built.tokens)

    async def _fits(self, text: str, room: int) -> bool:
        if context.upper_bound(text) <= room:
            return True
        # Counted where it may fit: figures and the like are far more tokens than prose.
        return self._model.estimate(text) <= 2 * room and await self._count(text) <= room

    def settle(self, prompt_tokens: int) -> tuple[tuple[Turn, ...], State]:
        """Turns and state with counts that add up to what the engine counted in the prompt."""
        window = self._built
        self._model.learn(window.prompt, prompt_tokens)
        counted = max(prompt_tokens - self._late.tokens, 1)
        return context.settle(self.form, window, self._head, counted, self._part)

    def recalled(self, steps: Sequence[Step]) -> tuple[Recalled, ...]:
        """Where the prompt holds memories, and whose they are; `steps` are its rounds of tools."""
        window = self._built
        found = recalling.places(self.text, self._note, window.note_at)
        behind = len(window.prompt) - len(self._opening)
        results = [context.response(run) for step in steps for run in step.runs if run.for_asker]
        return found + recalling.results(self.text, results, behind, self._memory.person)

    @property
    def _built(self) -> context.Window:
        if self.window is None:
            raise RuntimeError("the prompt was not built")
        return self.window

    @property
    def _opening(self) -> str:
        return context.opening(self.form, self._part)

    def _head_with(self, turns: Sequence[Turn], state: State, model: ModelInUse) -> str:
        return head_of(
            turns,
            state,
            model,
            self._offer,
            self._recap,
            self._part,
            self._persona,
            thinks=self._thinks,
        )

    def _text_begun(self) -> str:
        """What the reply goes on with, as it stands in the prompt: its turn is not closed yet."""
        turn = self._begun
        if turn is None:
            return ""
        rounds = context.exchange(self.form, turn.steps, answered=True)
        gap = " " if self._part and self._part.prefill else ""
        return rounds + self._opening + gap + neutralise(turn.text)

    async def _fit(self, limit: int, model: ModelInUse) -> context.Window:
        turns, state = self.turns, self.state
        room = limit - self._late.tokens
        if context.total(self.form, self._head, turns, state, self._part) > room:
            # The upper bounds do not fit: now it is worth to count what was never counted.
            turns = tuple([await self._counted(turn) for turn in turns])
            if not state.base_tokens:
                base = await self._count(self._head + self._opening) + 1
                state = replace(state, base_tokens=base)
            state = await self._without_examples(turns, state, room)
            self._head = self._head_with(turns, state, model)
        return context.fit(
            self.form,
            self._head,
            turns,
            state,
            limit,
            keep=self._asked,
            late=self._late,
            part=self._part,
        )

    async def _without_examples(self, turns: Sequence[Turn], state: State, limit: int) -> State:
        """The state with as few blocks of example dialogue as leave the history its room.

        They go before any of what was really said, the last ones first, and a few at a time:
        with each step the engine reads everything anew.
        """
        part, form = self._part, self.form
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
            written = form.script(part.examples[left])
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
        tokens = await self._count("".join(late.texts(self.form)))
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
        most, form = recalling.room_of(limit), self.form
        question = recalling.question_of(self.turns, self._asked)
        alike = await self._likeness.of(question, self._memory.texts)
        facts = recalling.choose(
            self._memory,
            self.turns,
            self._asked,
            lambda text: self._model.estimate(text) <= most,
            alike,
        )
        if not facts:
            return Note()
        # Counted, since it is no turn: the engine's count of the prompt has to add up without it.
        tokens = await self._count("".join(form.around_question(Note(facts).text)))
        asked = self.turns[len(self.turns) - self._asked :]
        least = self.state.base_tokens or self._model.estimate(self._head)
        least += sum(turn.tokens or self._model.estimate(turn.text) for turn in asked)
        return Note(facts, tokens) if least + tokens <= limit else Note()

    async def _counted(self, turn: Turn) -> Turn:
        if turn.tokens:
            return turn
        written = context.block(self.form, turn, self._part)
        return replace(turn, tokens=await self._count(written))
