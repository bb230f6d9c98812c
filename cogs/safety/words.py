"""What a server allows, in words. Pure."""

from __future__ import annotations

from bot.characters.blocklist import Blocklist
from bot.characters.policy import LONGEST_WORD, MAX_WORDS, Policy
from bot.errors import BadInput
from bot.language import later, tr
from cogs.live.traces import harmless
from cogs.reading.words import shortened

_SHOWN = 600

_ADULT = {
    "age-restricted": later("Characters for adults play in age-restricted channels only."),
    "never": later("Characters for adults do not play in this server at all."),
}
_ADULT_NOW = {
    "age-restricted": later("Characters for adults play in age-restricted channels only now."),
    "never": later("Characters for adults do not play in this server at all now."),
}
_MILD_NOW = later(
    "In channels that are not age-restricted characters stay suitable for all ages now."
)
_FREE_NOW = later(
    "In channels that are not age-restricted characters need not be suitable for all ages now."
)
_IMPORTS = {
    "managers": later(
        "Into the library that all share, characters are brought by who may manage the server or "
        "its channels."
    ),
    "everyone": later("Into the library that all share, characters are brought by everybody."),
}
_IMPORTS_NOW = {
    "managers": later(
        "Characters for all are brought in by who may manage the server or its channels now."
    ),
    "everyone": later("Characters for all are brought in by everybody now."),
}

_TOO_MANY = later(
    "That is more than {most} words and phrases. Please leave some out.", most=MAX_WORDS
)
_TOO_LONG = later(
    "One of those is too long: a phrase can have {most} characters.", most=LONGEST_WORD
)
_ALWAYS = later(
    "That nothing sexual involves anybody under 18 stands in every character's instructions and "
    "cannot be switched off. No list of words and no instruction catches everything: people see "
    "more, and **Manage reply** in a message's menu has *Report*."
)


def shown(policy: Policy) -> str:
    """All that is set, within one message."""
    mild = tr("Elsewhere characters are free.")
    if policy.mild:
        mild = tr("Elsewhere characters stay suitable for all ages.")
    names = _listed([one.name or one.id for one in policy.blocked])
    blocked = tr("Blocked characters: {names}", names=names)
    words = tr("Blocked words: {words}", words=_hidden(policy.words))
    lines = [
        tr("**What I keep to in this server**"),
        f"- {tr(_ADULT[policy.adult])}",
        f"- {mild}",
        f"- {tr(_IMPORTS[policy.imports])}",
        f"- {_reports(policy)}",
        f"- {blocked}",
        f"- {words}",
        f"-# {tr(_ALWAYS)}",
    ]
    return "\n".join(lines)


def changes(before: Policy, after: Policy) -> str:
    """What is another way now, as a sentence or more; "" if nothing is."""
    told: list[str] = []
    if before.adult != after.adult:
        told.append(tr(_ADULT_NOW[after.adult]))
    if before.mild != after.mild:
        told.append(tr(_MILD_NOW if after.mild else _FREE_NOW))
    if before.imports != after.imports:
        told.append(tr(_IMPORTS_NOW[after.imports]))
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


def _reports(policy: Policy) -> str:
    if policy.report_channel:
        return tr("Reports go to {channel}.", channel=f"<#{policy.report_channel}>")
    return tr("Reports go nowhere yet: `/safety channel` says where.")


def _listed(names: list[str]) -> str:
    return shortened(harmless(", ".join(names)), _SHOWN) or tr("none")


def _hidden(words: tuple[str, ...]) -> str:
    """Words that nobody has to read who does not want to."""
    if not words:
        return tr("none")
    return f"{len(words)}, ||{_listed(list(words))}||"
