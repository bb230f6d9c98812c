"""What is asked in a conversation: its turns, who answers them, and what is owed for them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.ask import Ask
from bot.conversation.models import Served
from bot.conversation.turns import Pending, Replacing, Snapshot, Turn
from bot.prompts.speakers import unique_name
from bot.tools.run import ToolRun

ENGINE = "engine"
"""The field of a reply's origin that names its engine; the default is not named."""


def turns_of(asks: Sequence[Ask], snapshot: Snapshot) -> tuple[Turn, ...]:
    """The questions as turns, each speaker with a name that nobody else there has.

    Names out of a file are free: who has one of them goes on with what was said under it.
    """
    said = (turn for turn in snapshot.turns if turn.speaker and not turn.is_brought)
    names = {turn.speaker: turn.author for turn in said}
    turns: list[Turn] = []
    for n, ask in enumerate(asks, next_number(snapshot)):
        speaker = unique_name(ask.speaker, ask.author, names) if ask.speaker else ""
        if speaker:
            names[speaker] = ask.author
        turns.append(Turn(ask.id, n, "user", ask.text, speaker=speaker, author=ask.author))
    return tuple(turns)


def without_owed(snapshot: Snapshot) -> tuple[Turn, ...]:
    """The turns but for questions that another reply, which is still owed, will answer.

    A former process began that reply, or it could not be stored. Whoever reads its questions as
    open ones answers them, too, and they are answered twice.
    """
    open_ones = {ask for owed in snapshot.pending if not owed.replaces for ask in owed.asks}
    return tuple(turn for turn in snapshot.turns if turn.id not in open_ones)


def next_number(snapshot: Snapshot) -> int:
    """The number of the next turn."""
    # Behind what was cut as well, also where nothing else is left.
    n = max((turn.n for turn in snapshot.turns), default=max(snapshot.state.start - 1, 0))
    return max(n, max((owed.n for owed in snapshot.pending), default=0)) + 1


def settled(turn: Turn, action: str, run: ToolRun) -> Turn:
    """A reply in which nothing waits for this confirmation any more; its cost is unknown again."""
    steps = tuple(
        replace(
            step,
            runs=tuple(_result(one, run) if one.action == action else one for one in step.runs),
        )
        for step in turn.steps
    )
    return replace(turn, steps=steps, tokens=0)


def _result(waiting: ToolRun, run: ToolRun) -> ToolRun:
    return replace(waiting, content=run.content, seconds=run.seconds, failed=run.failed, action="")


def last_question(turns: Sequence[Turn]) -> list[Turn]:
    """The user's turns at the end, that no reply stands behind."""
    asked: list[Turn] = []
    for turn in reversed(turns):
        if turn.role != "user":
            break
        asked.insert(0, turn)
    return asked


def newest_question(turns: Sequence[Turn]) -> list[Turn]:
    """The user's turns that were asked last; what characters have said since counts as nothing."""
    end = len(turns)
    while end and turns[end - 1].role == "assistant" and turns[end - 1].character:
        end -= 1
    return last_question(turns[:end])


def answered_by(turns: Sequence[Turn], asks: Sequence[str]) -> tuple[str, ...]:
    """Who wrote the questions with these ids, each once."""
    return tuple(dict.fromkeys(turn.author for turn in turns if turn.id in asks))


def answers_same(one: Turn, other: Turn) -> bool:
    """Whether two replies answer the same question, as those of several characters do."""
    asked, asked_too = (turn.id.partition(".")[0] for turn in (one, other))
    return one.role == other.role == "assistant" and asked == asked_too and not one.is_brought


def question_before(turns: Sequence[Turn], reply: Turn) -> list[Turn]:
    """The user's turns that a reply answers."""
    return newest_question([turn for turn in turns if turn.n < reply.n])


def engine_of(asked: Sequence[Turn], snapshot: Snapshot) -> str:
    """The engine that answered a question, or should have; told by the journal or the state."""
    asks = {turn.id for turn in asked}
    for owed in snapshot.pending:
        if asks & set(owed.asks):
            return owed.origin.get(ENGINE, "")
    return snapshot.state.engine


def reply_id(question: str, *, again: bool = False) -> str:
    """Name a reply after the newest message that it answers; another one `again` is told apart."""
    return f"r{question}.{time.time_ns():x}" if again else f"r{question}"


def owed_for(
    reply: str,
    asked: Sequence[Turn],
    origin: dict[str, str],
    served: Served,
    *,
    older: Turn | None = None,
    how: Replacing = "",
    n: int | None = None,
) -> Pending:
    """The journal's entry for a reply to questions, in the stead of an `older` one if given.

    `n` is the number of its turn, where that does not come right behind the questions.
    """
    if n is None:
        n = asked[-1].n + 1
    return Pending(
        reply=reply,
        n=older.n if older else n,
        asks=tuple(turn.id for turn in asked),
        since=time.time(),
        # Retry and the next process ask the same engine, whatever is chosen by then.
        origin={**origin, ENGINE: served.name} if served.mark else origin,
        replaces=older.id if older else "",
        how=how,
    )
