"""Which turns are sent to the model, and what they cost. Pure.

A turn's cost is known once an engine has counted a prompt that holds it. Until then its length in
UTF-8 bytes bounds it from above: no byte-level tokenizer makes more tokens than bytes. While the
bound fits, nothing has to be counted at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.characters.part import Injection, Part
from bot.conversation.turns import State, Turn
from bot.prompts.format import Format
from bot.prompts.messages import ToolCall, ToolStep
from bot.prompts.neutralise import neutralise
from bot.prompts.speakers import spoken
from bot.tools.run import Step, ToolRun

# When the window is full it is cut down to this share of the limit in one step. Each cut makes
# the engine read the kept part again, so a smaller share is cut less often; a larger one
# remembers more. See "Prefix-stable prompts" in docs/decisions.md for the figures.
KEEP_SHARE = 1 / 3

_LEFT_OUT = "\n[… {count} characters left out …]\n"


@dataclass(frozen=True, slots=True)
class Window:
    """The turns that are sent and the prompt that says them.

    `dropped` are the ids of turns that were cut in this step; `state` already begins behind them.
    `tokens` is the expected cost of the prompt: exact, or an upper bound. `note_at` is where the
    note stands in it that was given along, if one was.
    """

    prompt: str
    turns: tuple[Turn, ...]
    dropped: tuple[str, ...]
    state: State
    tokens: int
    note_at: int = 0


@dataclass(frozen=True, slots=True)
class Late:
    """What stands near the end of one prompt only, and what that costs in tokens.

    `note` is said with the question; `injections` stand among the turns, by their depth.
    """

    note: str = ""
    injections: tuple[Injection, ...] = ()
    tokens: int = 0

    def texts(self, form: Format) -> list[str]:
        """All of it as it is written in a prompt, in no order that would matter."""
        if form.remark is not None:
            return [text for text in form.around_question(self._remark()) if text]
        blocks = [form.block(one.role, one.text) for one in self.injections]
        return [text for text in (*form.around_question(self.note), *blocks) if text]

    def _remark(self) -> str:
        """Everything that a format without system turns says behind the question."""
        deepest_first = sorted(self.injections, key=lambda one: -one.depth)
        return "\n\n".join(filter(None, (self.note, *(one.text for one in deepest_first))))

    def around(self, form: Format) -> tuple[str, str]:
        """What stands before and behind the question."""
        return form.around_question(self._remark() if form.remark else self.note)

    def among(self, form: Format, turns: int) -> dict[int, str]:
        """What stands before a turn, by its number; behind the last one, by how many there are."""
        found: dict[int, str] = {}
        if form.remark is None:
            for one in self.injections:
                at = max(turns - one.depth, 0)
                found[at] = found.get(at, "") + form.block(one.role, one.text)
        return found


NOTHING_LATE = Late()


def counted_by(
    mark: str,
    turns: Sequence[Turn],
    state: State,
    recap: str = "",
    part: Part | None = None,
    persona: str = "",
    *,
    thinks: bool = False,
) -> tuple[tuple[Turn, ...], State]:
    """Turns and state with the counts of one engine only: what another one counted is unknown.

    Another model has another tokenizer. Each turn tells who counted it, so that turns which a
    reply never touched are not taken for counted when the engine changes. The head is unknown as
    well if another `recap`, `part` or `persona` (inherited, or of another day) stands in it now, or
    it asks the model to think and did not before.
    """
    inherited = f"\0{persona}" if persona and not part else ""
    asked = "\0\0" if thinks and not part else ""
    told = _digest(recap + _head_of(part) + inherited + asked)
    if (state.engine, state.recap) != (mark, told):
        state = replace(state, engine=mark, recap=told, base_tokens=0, examples=-1)
    known = tuple(
        turn if turn.counted_by == mark else replace(turn, tokens=0, counted_by=mark)
        for turn in turns
    )
    return known, state


def _head_of(part: Part | None) -> str:
    if part is None:
        return ""
    lines = (line.content for block in part.examples for line in block)
    return "\n".join(("", part.system, *lines))


def _digest(text: str) -> str:
    written = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2s(written, digest_size=6).hexdigest() if text else ""


def block(form: Format, turn: Turn, part: Part | None = None) -> str:
    """A turn as it stands in the prompt; a reply with the rounds of tools that led to it.

    `part` is what the model plays, if anything: what another character said is somebody else's
    line, unless several share the stage, where each one's line begins with its name.
    """
    shared = part is not None and part.shared
    own = not turn.character or (part is not None and part.character == turn.character)
    if turn.role == "assistant" and not own and not shared:
        return form.block("user", spoken(turn.speaker, turn.text))
    named = turn.role == "user" or shared
    content = spoken(turn.speaker, turn.text) if named else turn.text
    rounds = exchange(form, turn.steps, answered=True)
    if rounds and not turn.text:
        # Broken off behind its tools: an empty turn would be an example of saying nothing.
        return rounds
    return rounds + form.block(turn.role, content)


def exchange(form: Format, steps: Sequence[Step], *, answered: bool) -> str:
    """Rounds of tools as they stand in the prompt; `answered`: the answer stands behind them."""
    return form.steps(
        [
            ToolStep(
                tuple(ToolCall(run.name, run.arguments) for run in step.runs if run.name),
                tuple(response(run) for run in step.runs),
                step.raw,
            )
            for step in steps
        ],
        answered=answered,
    )


def without_first_call(steps: Sequence[Step]) -> Sequence[Step]:
    """Rounds of tools without the call that was made first."""
    first, *others = steps
    left = first.runs[1:]
    return [replace(first, runs=left), *others] if left else others


def response(run: ToolRun) -> str:
    """What the model reads of a call."""
    named = {"name": run.name} if run.name else {}
    return json.dumps({**named, "content": run.content}, ensure_ascii=False)


def upper_bound(text: str) -> int:
    """The most tokens that `text` can be."""
    return len(text.encode("utf-8", "surrogatepass"))


def cost(form: Format, turn: Turn, part: Part | None = None) -> int:
    """What a turn costs in tokens: counted, or its upper bound."""
    return turn.tokens or upper_bound(block(form, turn, part))


def head_cost(form: Format, head: str, state: State) -> int:
    """What stands before the first turn, with BOS and the opening of the reply."""
    return state.base_tokens or upper_bound(head + form.opening) + 1


def total(
    form: Format, head: str, turns: Sequence[Turn], state: State, part: Part | None = None
) -> int:
    """Tokens of the prompt for these turns: exact, or an upper bound."""
    return head_cost(form, head, state) + sum(cost(form, turn, part) for turn in turns)


def fit(
    form: Format,
    head: str,
    turns: Sequence[Turn],
    state: State,
    limit: int,
    *,
    keep: int,
    late: Late = NOTHING_LATE,
    part: Part | None = None,
) -> Window:
    """Choose the turns that fit into `limit` tokens, and render them.

    The newest `keep` turns (the question) always stay. If the others do not all fit, old ones are
    dropped until a third of the limit is left, and the window begins with a user's turn. What is
    `late` is said in this prompt only. The reply is opened as `part` wants it.
    """
    kept = list(turns)
    limit -= late.tokens
    if total(form, head, kept, state, part) > limit:
        room = max(int(limit * KEEP_SHARE), head_cost(form, head, state))
        size = total(form, head, kept, state, part)
        while len(kept) > keep and (size > room or kept[0].role == "assistant"):
            size -= cost(form, kept.pop(0), part)
    dropped = tuple(turn.id for turn in turns[: len(turns) - len(kept)])
    if dropped:
        state = replace(state, start=kept[0].n if kept else state.start)
        state = replace(state, cut=state.cut + len(dropped))
    written, note_at = _written(form, [block(form, turn, part) for turn in kept], keep, late)
    prompt = head + written + opening(form, part)
    tokens = total(form, head, kept, state, part) + late.tokens
    return Window(prompt, tuple(kept), dropped, state, tokens, len(head) + note_at)


def _written(form: Format, blocks: Sequence[str], keep: int, late: Late) -> tuple[str, int]:
    """The turns with what stands late among them, and where the note stands in that."""
    # As late as can be: what an engine has read of the turns before stays valid.
    before, after = late.around(form)
    among = late.among(form, len(blocks))
    text, note_at = "", 0
    for number, turn in enumerate((*blocks, "")):
        text += among.get(number, "") if number < len(blocks) else ""
        if number == len(blocks) - keep:
            note_at = len(text)
            text += before
        text += turn
    if after:
        note_at = len(text)
    return text + after + among.get(len(blocks), ""), note_at


def opening(form: Format, part: Part | None) -> str:
    """What the model goes on from: the opening of its turn, and how its reply begins."""
    return form.opening + (neutralise(part.prefill) if part else "")


def shorten(text: str, characters: int) -> str:
    """Leave out the middle of `text` and say so in it; at most `characters` come out.

    Where that leaves no room for the remark, only the beginning stays.
    """
    if len(text) <= characters:
        return text
    remark = _LEFT_OUT.format(count=len(text) - characters)
    room = characters - len(remark)
    if room < len(remark):
        return text[:characters]
    back = room // 3
    return text[: room - back] + remark + text[len(text) - back :]


def settle(
    form: Format, window: Window, head: str, prompt_tokens: int, part: Part | None = None
) -> tuple[tuple[Turn, ...], State]:
    """Turns and state with token counts that add up to what the engine counted.

    What was not counted yet shares the rest by length; if all was, the newest turn takes the
    difference. So the sum is exact after every reply, whatever single counts were off by.
    """
    known = window.state.base_tokens + sum(turn.tokens for turn in window.turns)
    rest = prompt_tokens - known
    open_turns = [turn for turn in window.turns if not turn.tokens]
    weights = [upper_bound(block(form, turn, part)) for turn in open_turns]
    base_weight = 0 if window.state.base_tokens else upper_bound(head + form.opening)
    whole = sum(weights) + base_weight
    if not whole:
        newest = window.turns[-1]
        adjusted = replace(newest, tokens=max(newest.tokens + rest, 1))
        return (*window.turns[:-1], adjusted), window.state
    shares = {
        turn.id: max(round(rest * weight / whole), 1)
        for turn, weight in zip(open_turns, weights, strict=True)
    }
    turns = tuple(
        replace(turn, tokens=shares[turn.id]) if turn.id in shares else turn
        for turn in window.turns
    )
    state = window.state
    if base_weight:
        state = replace(state, base_tokens=max(rest - sum(shares.values()), 1))
    return turns, state
