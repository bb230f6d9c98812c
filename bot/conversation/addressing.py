"""Whether a message wants an answer. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.conversation.config import Bar
from bot.language import later

# What people put before words that are not part of a story: ((brb)), // brb, OOC: brb.
# Possessive: else a long blank beginning is gone through again and again.
_ASIDE = re.compile(r"\s*+(?:\(\(|//|[(\[{]{0,2}\s*+ooc\b)", re.IGNORECASE)

RepliesTo = Literal["nobody", "me", "someone else", "unknown"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """What can be seen of a message without reading it.

    `from_machine`: a bot, a webhook or this bot itself wrote it. `ordinary`: written by a person,
    no notice such as "joined" or "pinned". `mentions_me` holds for a mention of the bot or of the
    role that Discord made for it in the writer's own words (not in a quote or in code), and for a
    reply that pings. `replies_to` is "unknown" for a reply to a message that is gone.
    `opens_with_other`: the text begins with a mention of another person or role. `always_on`:
    everything in this channel is meant for the bot. `readable`: Discord showed at least a part of
    what was written. `welcome_machine`: another machine, that the operator lets speak to the bot.
    `by_name`: it says a name that wakes somebody there, where names count.
    `aside`: it is marked as something that people say to each other beside a story.
    `calls_everyone`: it mentions @everyone or @here. `barred`: what the server has set against an
    answer to its author there.
    """

    from_machine: bool = False
    ordinary: bool = True
    direct: bool = False
    mentions_me: bool = False
    replies_to: RepliesTo = "nobody"
    opens_with_other: bool = False
    always_on: bool = False
    by_name: bool = False
    readable: bool = True
    welcome_machine: bool = False
    aside: bool = False
    calls_everyone: bool = False
    barred: Bar = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to answer, and why (or why not) in a few fixed words, for the log and to count."""

    answer: bool
    why: str


def is_aside(text: str) -> bool:
    """Whether a message begins as people begin what is not meant for a story's characters."""
    return _ASIDE.match(text) is not None


def decide(message: Incoming) -> Decision:
    """Answer what is meant for the bot and nothing else; the first rule that fits decides."""
    if message.from_machine and not message.welcome_machine:
        return Decision(False, later("written by a bot or a webhook"))
    if not message.ordinary:
        return Decision(False, later("a notice, not a message"))
    if message.barred:
        return Decision(False, message.barred)
    if message.direct:
        return Decision(message.readable, later("a direct message"))
    if message.mentions_me:
        return Decision(True, later("mentions me"))
    if message.opens_with_other:
        return Decision(False, later("begins with a mention of someone else"))
    if message.calls_everyone:
        return Decision(False, later("calls everyone"))
    if message.replies_to == "me":
        return Decision(True, later("a reply to me"))
    if message.from_machine:
        return Decision(False, later("written by a bot, and not addressed to me"))
    if not (message.always_on or message.by_name):
        return Decision(False, later("not addressed to me"))
    if message.replies_to == "someone else":
        return Decision(False, later("a reply to someone else"))
    if message.replies_to == "unknown":
        return Decision(False, later("a reply to a message that is gone"))
    if not message.readable:
        return Decision(False, later("Discord does not show me what it says"))
    if message.aside:
        return Decision(False, later("an aside among people"))
    if message.always_on:
        return Decision(True, later("in a channel where I answer everything"))
    return Decision(True, later("says a name"))
