"""Which buttons hang under a finished reply. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from cogs.live.buttons import Button, control_button, in_rows
from cogs.places import channel_of, conversation_in


def has_controls(conversation: str) -> bool:
    """Whether replies there can be reached by the bot at any time: all in a channel's own talk.

    What only one person sees is reached by a command's token alone, and for minutes.
    """
    channel = channel_of(conversation)
    return channel is not None and conversation == conversation_in(channel)


def controls(
    conversation: str,
    asker: int,
    more: Sequence[Button],
    *,
    variant: int,
    count: int,
    again: bool = True,
) -> tuple[Button, ...]:
    """All that can be done with the newest reply, and `more` that hangs under it anyway.

    `variant` of `count` texts is seen, from 0. `again` is off where Retry does the same.
    """

    def control(what: str, emoji: str) -> Button:
        return control_button(what, conversation, asker, emoji=emoji)

    every = [
        *([control("again", "🔁")] if again else []),
        control("continue", "⏩"),
        control("edit", "✏️"),
        control("delete", "🗑️"),
        *more,
    ]
    return in_rows(variant_buttons(conversation, asker, variant, count), every)


def variant_buttons(
    conversation: str, asker: int, variant: int, count: int, message: int = 0
) -> tuple[Button, ...]:
    """The way through the texts of a reply; nothing if there is only one."""
    if count < 2:
        return ()
    where = f"{variant + 1}/{count}"
    return (
        control_button("previous", conversation, asker, message=message, emoji="◀️"),
        control_button("variant", conversation, asker, message=message, label=where, disabled=True),
        control_button("next", conversation, asker, message=message, emoji="▶️"),
    )
