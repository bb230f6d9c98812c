"""The buttons under a reply. All they need to work, also after a restart, is in their ids."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import discord

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


@dataclass(frozen=True, slots=True)
class Button:
    """A button as data, so that it can be compared with the one that is shown."""

    label: str
    custom_id: str
    style: discord.ButtonStyle = discord.ButtonStyle.secondary

    def make(self) -> discord.ui.Button[discord.ui.View]:
        """The button itself."""
        return discord.ui.Button(style=self.style, label=self.label, custom_id=self.custom_id)


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
    return Button("Stop", f"stop:{conversation}:{asker}:{fingerprint(reply)}")


def retry_button(conversation: str, asker: int, question: int) -> Button:
    """Answers one question again, for as long as it is the newest."""
    return Button("Retry", f"retry:{conversation}:{asker}:{question}")


def details_button(conversation: str, asker: int, reply: str) -> Button:
    """Shows what tools did for one reply."""
    return Button("Details", f"details:{conversation}:{asker}:{fingerprint(reply)}")


def thoughts_button(conversation: str, asker: int, reply: str) -> Button:
    """Shows what the model thought before it wrote one reply."""
    return Button("Thoughts", f"thoughts:{conversation}:{asker}:{fingerprint(reply)}")


def decision_buttons(action: str) -> tuple[Button, ...]:
    """The answers to the question whether something is to be done."""
    return (
        Button("Confirm", f"confirm:{action}", discord.ButtonStyle.success),
        Button("Cancel", f"cancel:{action}"),
    )


def fingerprint(reply: str) -> str:
    """A reply's id in 12 characters."""
    return hashlib.blake2b(reply.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def question_of(reply: str) -> int:
    """The id of the message that a reply answers: replies are named `r<message>[.<retry>]`."""
    found = re.match(r"r(\d{1,20})", reply)
    return int(found[1]) if found else 0
