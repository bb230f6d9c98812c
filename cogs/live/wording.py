"""What stands under a reply: notices, and how it ended. Pure but for the log."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bot.conversation.reply import Reply
from bot.errors import explain
from bot.language import Text, later, tr

log = logging.getLogger(__name__)

STOPPED = later("stopped")
BROKEN_OFF = later("broken off here")
CUT = later("cut off here: an answer can be no longer")
_EMPTY = later("The model answered with nothing at all.")
REST_IN_FILE = later("The rest of this answer is in the file.")
NO_FILE = later(
    "The rest of this answer is too long for messages, and I may not attach files here."
)
NO_LONGER_HERE = later(
    "Discord lets me write here for 15 minutes after a question, so I had to end. Ask me to go on."
)
BACK_SOON = later("Back in a moment: I am being restarted, and then go on with this.")
UNFIT = later("Discord does not let me post this answer, perhaps for a word or a link in it.")
NOT_SAVED = later("My memory cannot be reached right now, so I will not remember this answer.")


def small(*lines: str) -> str:
    """Lines in Discord's small print, in the language of the running task."""
    return "\n".join(f"-# {' '.join(tr(line).split())}" for line in lines)


def also_for(people: Sequence[int]) -> str:
    """The line that says whom else a reply answers, "" if nobody."""
    if not people:
        return ""
    return small(later("also for {people}", people=" ".join(f"<@{one}>" for one in people)))


def in_line(place: int) -> str:
    """What stands in place of a reply that waits for the engine; 1 is the next one."""
    if place == 1:
        return small(later("You are next in line."))
    return small(later("You are {place} in line.", place=ordinal(place)))


def done(link: str) -> str:
    """The line that tells who asked where the finished answer is."""
    return small(later("Done: {link}", link=link))


def ordinal(number: int) -> Text:
    """1st, 2nd, 3rd, 4th and so on."""
    ending = 0 if number % 100 in (11, 12, 13) else number % 10
    match ending:
        case 1:
            return later("{number:,}st", number=number)
        case 2:
            return later("{number:,}nd", number=number)
        case 3:
            return later("{number:,}rd", number=number)
        case _:
            return later("{number:,}th", number=number)


class Ending:
    """How a finished reply ended, in words.

    `words` is a sentence for the asker if something went wrong, else empty; `retry` whether asking
    again may help. `stopped` and `cut` tell that a person, or the longest length, ended it. A
    defect is logged under the reference that the words name.
    """

    def __init__(self, reply: Reply) -> None:
        self.words = ""
        self.retry = False
        self.stopped = reply.stopped
        self.cut = bool(reply.end and reply.end.reason == "length")
        if failure := reply.error or reply.defect:
            told = explain(failure)
            self.words, self.retry = told.text, told.retry
            if told.reference:
                log.error("ref %s: reply %s failed", told.reference, reply.id, exc_info=failure)
        elif not reply.text.strip() and not reply.stopped:
            self.words, self.retry = tr(_EMPTY), True

    def lines(self, notices: list[str], *, with_words: bool) -> list[str]:
        """The small print; where there is no text above it, the words stand there instead."""
        if self.stopped:
            return [*notices, STOPPED]
        if self.cut:
            return [*notices, CUT]
        return [*notices, f"⚠ {self.words}"] if self.words and with_words else notices
