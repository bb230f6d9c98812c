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

from bot.conversation.turns import State, Turn
from bot.prompts.format import Format
from bot.prompts.messages import ToolCall, ToolStep
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


def counted_by(
    mark: str, turns: Sequence[Turn], state: State, recap: str = ""
) -> tuple[tuple[Turn, ...], State]:
    """Turns and state with the counts of one engine only: what another one counted is unknown.

    Another model has another tokenizer. Each turn tells who counted it, so that turns which a
    reply never touched are not taken for counted when the engine changes. The head is unknown as
    well if another `recap` stands in it now.
    """
    told = _digest(recap)
    if (state.engine, state.recap) != (mark, told):
        state = replace(state, engine=mark, recap=told, base_tokens=0)
    known = tuple(
        turn if turn.counted_by == mark else replace(turn, tokens=0, counted_by=mark)
        for turn in turns
    )
    return known, state


def _digest(text: str) -> str:
    written = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2s(written, digest_size=6).hexdigest() if text else ""


def block(form: Format, turn: Turn) -> str:
    """A turn as it stands in the prompt; a reply with the rounds of tools that led to it."""
    content = turn.text if turn.role == "assistant" else spoken(turn.speaker, turn.text)
    return exchange(form, turn.steps, answered=True) + form.block(turn.role, content)


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


def response(run: ToolRun) -> str:
    """What the model reads of a call."""
    named = {"name": run.name} if run.name else {}
    return json.dumps({**named, "content": run.content}, ensure_ascii=False)


def upper_bound(text: str) -> int:
    """The most tokens that `text` can be."""
    return len(text.encode("utf-8", "surrogatepass"))


def cost(form: Format, turn: Turn) -> int:
    """What a turn costs in tokens: counted, or its upper bound."""
    return turn.tokens or upper_bound(block(form, turn))


def head_cost(form: Format, head: str, state: State) -> int:
    """What stands before the first turn, with BOS and the opening of the reply."""
    return state.base_tokens or upper_bound(head + form.opening) + 1


def total(form: Format, head: str, turns: Sequence[Turn], state: State) -> int:
    """Tokens of the prompt for these turns: exact, or an upper bound."""
    return head_cost(form, head, state) + sum(cost(form, turn) for turn in turns)


def fit(
    form: Format,
    head: str,
    turns: Sequence[Turn],
    state: State,
    limit: int,
    *,
    keep: int,
    note: str = "",
    note_tokens: int = 0,
) -> Window:
    """Choose the turns that fit into `limit` tokens, and render them.

    The newest `keep` turns (the question) always stay. If the others do not all fit, old ones are
    dropped until a third of the limit is left, and the window begins with a user's turn. `note`
    is said with the question, in this prompt only; it costs `note_tokens`.
    """
    kept = list(turns)
    limit -= note_tokens
    if total(form, head, kept, state) > limit:
        room = max(int(limit * KEEP_SHARE), head_cost(form, head, state))
        size = total(form, head, kept, state)
        while len(kept) > keep and (size > room or kept[0].role == "assistant"):
            size -= cost(form, kept.pop(0))
    dropped = tuple(turn.id for turn in turns[: len(turns) - len(kept)])
    if dropped:
        state = replace(state, start=kept[0].n if kept else state.start)
        state = replace(state, cut=state.cut + len(dropped))
    blocks = [block(form, turn) for turn in kept]
    # As late as can be: what an engine has read of the turns before stays valid.
    earlier, question = "".join(blocks[: len(kept) - keep]), "".join(blocks[len(kept) - keep :])
    before, after = form.around_question(note)
    prompt = head + earlier + before + question + after + form.opening
    tokens = total(form, head, kept, state) + note_tokens
    note_at = len(head + earlier) if before else len(head + earlier + question)
    return Window(prompt, tuple(kept), dropped, state, tokens, note_at)


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
    form: Format, window: Window, head: str, prompt_tokens: int
) -> tuple[tuple[Turn, ...], State]:
    """Turns and state with token counts that add up to what the engine counted.

    What was not counted yet shares the rest by length; if all was, the newest turn takes the
    difference. So the sum is exact after every reply, whatever single counts were off by.
    """
    known = window.state.base_tokens + sum(turn.tokens for turn in window.turns)
    rest = prompt_tokens - known
    open_turns = [turn for turn in window.turns if not turn.tokens]
    weights = [upper_bound(block(form, turn)) for turn in open_turns]
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
