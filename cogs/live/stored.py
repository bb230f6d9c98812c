"""What a stored reply looks like: its messages, and the buttons under them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.reply import parts_of
from bot.conversation.turns import Turn
from bot.conversation.variants import count
from cogs.live.buttons import (
    Button,
    details_button,
    question_of,
    retry_button,
    thoughts_button,
)
from cogs.live.controls import controls
from cogs.live.layout import Draft, when_done
from cogs.live.split import MESSAGE_LIMIT, split
from cogs.live.traces import rendered
from cogs.live.wording import BROKEN_OFF, STOPPED, also_for

_STATUS = {"stopped": STOPPED, "interrupted": BROKEN_OFF}


def drafts_of(
    turn: Turn,
    *,
    buttons: Sequence[Button] = (),
    small_print: Sequence[str] = (),
    others: Sequence[int] = (),
    room: int = 0,
) -> list[Draft]:
    """The messages; `others` are the people whom the reply answers beside its asker.

    `room` is what the target writes above the first one.
    """
    text = "\n".join(filter(None, (also_for(others), rendered(parts_of(turn)))))
    status = (_STATUS[turn.status],) if turn.status else ()
    return when_done(
        text,
        split(text, limit=MESSAGE_LIMIT - room),
        (*small_print, *status),
        buttons=tuple(buttons),
        cut_short=bool(turn.status),
        room=room,
    )


def buttons_of(conversation: str, asker: int, turn: Turn, *, thoughts: bool) -> tuple[Button, ...]:
    """The buttons of the newest reply; `thoughts` says whether what it thought is kept."""
    broken = turn.status == "interrupted"
    retry = retry_button(conversation, asker, question_of(turn.id))
    return controls(
        conversation,
        asker,
        [*([retry] if broken else []), *lasting_buttons(conversation, asker, turn, thoughts)],
        variant=turn.variant,
        count=count(turn),
        again=not broken,
    )


def lasting_buttons(
    conversation: str, asker: int, turn: Turn, thoughts: bool
) -> tuple[Button, ...]:
    """What stays under a reply when newer ones come."""
    return (
        *([details_button(conversation, asker, turn.id)] if turn.steps else []),
        *([thoughts_button(conversation, asker, turn.id)] if thoughts else []),
    )
