"""Commands in the languages that have catalogues, as Discord wants to hear of them.

Names, too: Discord shows a person the names of their own language and sends back the English ones
(reference "Localization" of application commands).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.language import LANGUAGES, Language, name_of, speaking, tr

Payload = Mapping[str, Any]

# Which of Discord's locales a catalogue serves.
LOCALES: Final[Mapping[Language, tuple[str, ...]]] = {
    language: ("es-ES", "es-419") if language == "es" else (language,)
    for language in LANGUAGES
    if language != "en"
}

# Types of options that are commands themselves: a subcommand, a group of them.
_COMMANDS = (1, 2)


def localised(command: Payload) -> dict[str, Any]:
    """Add to a command as discord.py writes it its names and descriptions in each language.

    Names are looked up as what they are ("command", "option" or "choice"), for the same word is
    translated differently as each. Where a language has the English words, nothing is added.
    """
    return _localised(command, "command")


def _localised(part: Payload, kind: str) -> dict[str, Any]:
    name, description = str(part["name"]), str(part.get("description", ""))
    added = {
        "name_localizations": _differing(name, {at: name_of(name, kind, at) for at in LOCALES}),
        "description_localizations": _differing(
            description, {at: _in(at, description) for at in LOCALES}
        ),
        "options": [_localised(option, _kind(option)) for option in part.get("options") or ()],
        "choices": [_localised(choice, "choice") for choice in part.get("choices") or ()],
    }
    return {**part, **{key: value for key, value in added.items() if value}}


def _kind(option: Payload) -> str:
    return "command" if option.get("type") in _COMMANDS else "option"


def _in(language: Language, text: str) -> str:
    with speaking(language):
        return tr(text) if text else ""


def _differing(text: str, words: Mapping[Language, str]) -> dict[str, str]:
    return {
        locale: said
        for language, said in words.items()
        if said != text
        for locale in LOCALES[language]
    }
