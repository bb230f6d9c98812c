"""What a server allows, in words. Pure."""

from __future__ import annotations

from bot.characters.blocklist import Blocklist
from bot.characters.policy import LONGEST_WORD, MAX_WORDS, Policy
from bot.errors import BadInput
from cogs.live.traces import harmless
from cogs.reading.words import shortened

_SHOWN = 600

_ADULT = {
    "age-restricted": "play in age-restricted channels only",
    "never": "do not play in this server at all",
}
_IMPORTS = {
    "managers": "who may manage the server or its channels",
    "everyone": "everybody",
}
_NO_REPORTS = "nowhere yet: `/safety channel` says where"

_TOO_MANY = f"That is more than {MAX_WORDS} words and phrases. Please leave some out."
_TOO_LONG = f"One of those is too long: a phrase can have {LONGEST_WORD} characters."
_ALWAYS = (
    "That nothing sexual involves anybody under 18 stands in every character's instructions and "
    "cannot be switched off. No list of words and no instruction catches everything: people see "
    "more, and **Manage reply** in a message's menu has *Report*."
)


def shown(policy: Policy) -> str:
    """All that is set, within one message."""
    lines = [
        "**What I keep to in this server**",
        f"- Characters for adults {_ADULT[policy.adult]}.",
        f"- Elsewhere characters {'stay suitable for all ages' if policy.mild else 'are free'}.",
        f"- Into the library that all share, characters are brought by {_IMPORTS[policy.imports]}.",
        f"- Reports go to {_channel(policy)}.",
        f"- Blocked characters: {_listed([one.name or one.id for one in policy.blocked])}",
        f"- Blocked words: {_hidden(policy.words)}",
        f"-# {_ALWAYS}",
    ]
    return "\n".join(lines)


def changes(before: Policy, after: Policy) -> str:
    """What is another way now, as a sentence or more; "" if nothing is."""
    told: list[str] = []
    if before.adult != after.adult:
        told.append(f"Characters for adults {_ADULT[after.adult]} now.")
    if before.mild != after.mild:
        how = "stay suitable for all ages" if after.mild else "need not be suitable for all ages"
        told.append(f"In channels that are not age-restricted characters {how} now.")
    if before.imports != after.imports:
        told.append(f"Characters for all are brought in by {_IMPORTS[after.imports]} now.")
    return " ".join(told)


def read_words(text: str) -> tuple[str, ...]:
    """The words and phrases of a form, one a line; each once. Raises `BadInput`."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    words = tuple({line.casefold(): line for line in lines if Blocklist([line])}.values())
    if len(words) > MAX_WORDS:
        raise BadInput(_TOO_MANY)
    if any(len(word) > LONGEST_WORD for word in words):
        raise BadInput(_TOO_LONG)
    return words


def _channel(policy: Policy) -> str:
    return f"<#{policy.report_channel}>" if policy.report_channel else _NO_REPORTS


def _listed(names: list[str]) -> str:
    return shortened(harmless(", ".join(names)), _SHOWN) or "none"


def _hidden(words: tuple[str, ...]) -> str:
    """Words that nobody has to read who does not want to."""
    if not words:
        return "none"
    return f"{len(words)}, ||{_listed(list(words))}||"
