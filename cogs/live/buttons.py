"""The buttons under a reply. All they need to work, also after a restart, is in their ids."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import discord

STOP = re.compile(r"stop:(?P<conversation>.{1,50}):(?P<asker>\d{1,20}):(?P<reply>[0-9a-f]{12})")
RETRY = re.compile(r"retry:(?P<conversation>.{1,50}):(?P<asker>\d{1,20}):(?P<question>\d{1,20})")


@dataclass(frozen=True, slots=True)
class Button:
    """A button as data, so that it can be compared with the one that is shown."""

    label: str
    custom_id: str

    def make(self) -> discord.ui.Button[discord.ui.View]:
        """The button itself."""
        return discord.ui.Button(
            style=discord.ButtonStyle.secondary, label=self.label, custom_id=self.custom_id
        )

    def view(self) -> discord.ui.View:
        """A view with only this button.

        It is stopped from the start: `cogs.replies` hears all buttons by their ids, so discord.py
        need not keep a view for each message.
        """
        view = discord.ui.View(timeout=None)
        view.add_item(self.make())
        view.stop()
        return view


def stop_button(conversation: str, asker: int, reply: str) -> Button:
    """Ends one reply: another one that is written there later is not meant."""
    return Button("Stop", f"stop:{conversation}:{asker}:{fingerprint(reply)}")


def retry_button(conversation: str, asker: int, question: int) -> Button:
    """Answers one question again, for as long as it is the newest."""
    return Button("Retry", f"retry:{conversation}:{asker}:{question}")


def fingerprint(reply: str) -> str:
    """A reply's id in 12 characters."""
    return hashlib.blake2b(reply.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def question_of(reply: str) -> int:
    """The id of the message that a reply answers: replies are named `r<message>[.<retry>]`."""
    found = re.match(r"r(\d{1,20})", reply)
    return int(found[1]) if found else 0
