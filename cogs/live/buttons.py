"""The buttons under a reply. All they need to work, also after a restart, is in their ids."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import discord

from bot.language import tr

STOP = re.compile(r"stop:(?P<conversation>.{1,50}):(?P<asker>\d{1,20}):(?P<reply>[0-9a-f]{12})")
RETRY = re.compile(r"retry:(?P<conversation>.{1,50}):(?P<asker>\d{1,20}):(?P<question>\d{1,20})")
DETAILS = re.compile(
    r"details:(?P<conversation>.{1,50}):(?P<asker>\d{1,20}):(?P<reply>[0-9a-f]{12})"
)
THOUGHTS = re.compile(
    r"thoughts:(?P<conversation>.{1,50}):(?P<asker>\d{1,20}):(?P<reply>[0-9a-f]{12})"
)
CONFIRM = re.compile(r"confirm:(?P<action>[0-9a-f]{16})")
CANCEL = re.compile(r"cancel:(?P<action>[0-9a-f]{16})")
CONTROL = re.compile(
    r"control:(?P<what>[a-z]{1,8}):(?P<conversation>.{1,40}):(?P<asker>\d{1,20})"
    r":(?P<message>\d{1,20})"
)

_IN_A_ROW = 5


@dataclass(frozen=True, slots=True)
class Button:
    """A button as data, so that it can be compared with the one that is shown.

    It has a label, an emoji, or both. `row` counts from 0.
    """

    label: str
    custom_id: str
    style: discord.ButtonStyle = discord.ButtonStyle.secondary
    emoji: str = ""
    disabled: bool = False
    row: int = 0

    def make(self) -> discord.ui.Button[discord.ui.View]:
        """The button itself."""
        return discord.ui.Button(
            style=self.style,
            label=self.label or None,
            custom_id=self.custom_id,
            emoji=self.emoji or None,
            disabled=self.disabled,
            row=self.row,
        )


def view_of(buttons: Sequence[Button]) -> discord.ui.View:
    """A view with only these buttons.

    It is stopped from the start: cogs hear all buttons by their ids, so discord.py need not keep a
    view for each message.
    """
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button.make())
    view.stop()
    return view


def stop_button(conversation: str, asker: int, reply: str) -> Button:
    """Ends one reply: another one that is written there later is not meant."""
    return Button(tr("Stop"), f"stop:{conversation}:{asker}:{fingerprint(reply)}")


def retry_button(conversation: str, asker: int, question: int) -> Button:
    """Answers one question again, for as long as it is the newest."""
    return Button(tr("Retry"), f"retry:{conversation}:{asker}:{question}")


def details_button(conversation: str, asker: int, reply: str) -> Button:
    """Shows what tools did for one reply."""
    return Button(tr("Details"), f"details:{conversation}:{asker}:{fingerprint(reply)}")


def thoughts_button(conversation: str, asker: int, reply: str) -> Button:
    """Shows what the model thought before it wrote one reply."""
    return Button(tr("Thoughts"), f"thoughts:{conversation}:{asker}:{fingerprint(reply)}")


def control_button(
    what: str,
    conversation: str,
    asker: int,
    *,
    message: int = 0,
    emoji: str = "",
    label: str = "",
    disabled: bool = False,
) -> Button:
    """One of the controls of a reply; `message` shows it, 0 is the one that the button is under."""
    custom_id = f"control:{what}:{conversation}:{asker}:{message}"
    return Button(label, custom_id, emoji=emoji, disabled=disabled)


def in_rows(*rows: Sequence[Button]) -> tuple[Button, ...]:
    """Buttons in rows of their own; what is too much for one goes on in the next."""
    pieces = [row[at : at + _IN_A_ROW] for row in rows for at in range(0, len(row), _IN_A_ROW)]
    return tuple(replace(button, row=n) for n, piece in enumerate(pieces) for button in piece)


def decision_buttons(action: str) -> tuple[Button, ...]:
    """The answers to the question whether something is to be done."""
    return (
        Button(tr("Confirm"), f"confirm:{action}", discord.ButtonStyle.success),
        Button(tr("Cancel"), f"cancel:{action}"),
    )


def fingerprint(reply: str) -> str:
    """A reply's id in 12 characters."""
    return hashlib.blake2b(reply.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def question_of(reply: str) -> int:
    """The id of the message that a reply answers: replies are named `r<message>[.<retry>]`."""
    found = re.match(r"r(\d{1,20})", reply)
    return int(found[1]) if found else 0
