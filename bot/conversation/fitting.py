"""Questions that are longer than the model can read lose their middle."""

from __future__ import annotations

from dataclasses import replace

from bot.characters.part import Part
from bot.conversation import context
from bot.conversation.models import Served
from bot.conversation.prompting import head_of
from bot.conversation.turns import Snapshot, Turn
from bot.errors import PromptTooLong
from bot.language import later
from bot.prompts.format import Format

# The least share of the prompt that has to be left for a question.
_QUESTION_SHARE = 0.1


async def fitting(
    served: Served,
    turns: tuple[Turn, ...],
    snapshot: Snapshot,
    offer: str = "",
    recap: str = "",
    part: Part | None = None,
    *,
    thinks: bool = False,
) -> tuple[Turn, ...]:
    """The questions, shortened where the prompt could not hold them even alone."""
    model = await served.model.current()
    limit = model.prompt_limit
    known, state = context.counted_by(served.mark, turns, snapshot.state, recap, part)
    head = head_of((*snapshot.turns, *turns), state, model, offer, recap, part, thinks=thinks)
    if context.total(model.profile.script, head, known, state, part) <= limit:
        return turns
    room = limit - await served.count(head)
    if room < limit * _QUESTION_SHARE:
        raise PromptTooLong(
            later("The system prompt here leaves no room for a question. Please set a shorter one.")
        )
    form = model.profile.script
    return tuple([await _shortened(served, form, turn, room // len(turns)) for turn in turns])


async def _shortened(served: Served, form: Format, turn: Turn, room: int) -> Turn:
    size = await served.count(context.block(form, turn))
    while size > room and len(turn.text) > 1:
        characters = int(len(turn.text) * room / size * 0.9)
        turn = replace(turn, text=context.shorten(turn.text, characters))
        size = await served.count(context.block(form, turn))
    return turn
