"""Using tools before an answer of a given form: what they find stands in its prompt."""

from __future__ import annotations

from contextlib import aclosing

from bot.conversation import context
from bot.conversation.listening import Listener
from bot.conversation.model import ModelInUse
from bot.conversation.models import Served
from bot.conversation.ports import Generation
from bot.conversation.tooling import Rounds
from bot.prompts.format import Format
from bot.prompts.neutralise import neutralise
from bot.tools import runner
from bot.tools.run import Step

# Rounds of tools take at most this share of what the model can read.
_SHARE = 0.5


async def gather(served: Served, rounds: Rounds, question: str, *, session: str = "") -> None:
    """Let the model call tools for a question until it wants no more; `rounds` has the results.

    What it says meanwhile counts for nothing. The engine's errors are raised.
    """
    await served.model.written(lambda model: _gather(served, rounds, question, session, model))


async def _gather(
    served: Served, rounds: Rounds, question: str, session: str, model: ModelInUse
) -> None:
    await rounds.settle()
    if not model.profile.tools or not rounds.tools:
        return
    schemas = [tool.schema for tool in rounds.tools]
    form = model.profile.script
    head = form.head(model.profile.persona, tool_text=rounds.text)
    head += form.turn("user", neutralise(question))
    listener = Listener(model.profile, schemas)
    left = model.prompt_limit - await served.count(head + form.opening)
    room = min(left, int(model.prompt_limit * _SHARE))
    while not rounds.over:
        exchange = context.exchange(form, rounds.steps, answered=False)
        request = _request(head + exchange + form.opening, model, session)
        async with aclosing(served.engine.stream(request)) as events:
            async for event in events:
                for _ in listener.hear(event):
                    pass
        answer = listener.answer()
        if answer is None:
            return
        await rounds.run(answer, listener.written)
        if not await _shorten(rounds.steps, served, form, room):
            return


async def _shorten(steps: list[Step], served: Served, form: Format, room: int) -> bool:
    """Have long results lose their ends until all have room; False if that does not help."""
    most = runner.MAX_RESULT
    while not await _fits(context.exchange(form, steps, answered=False), served, room):
        if most <= runner.SHORTEST_RESULT:
            return False
        most //= 2
        steps[:] = [runner.shortened(step, most) for step in steps]
    return True


async def _fits(text: str, served: Served, room: int) -> bool:
    return context.upper_bound(text) <= room or await served.count(text) <= room


def _request(prompt: str, model: ModelInUse, session: str) -> Generation:
    return Generation(
        prompt=prompt,
        max_tokens=model.max_reply,
        stop=(*model.profile.stop, "<tool_response>"),
        sampling=model.sampling,
        session=session,
    )
