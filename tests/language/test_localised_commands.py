"""What Discord is told of the commands in other languages, by its own rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.client.localise import LOCALES
from bot.client.sync import canonical, plan, written
from bot.commands.offline import offline_bot

# Discord's reference, "Application Command Naming": `{1,32}` of letters, digits, - and _, no
# capitals; entries of menus may have capitals and spaces.
NAME = re.compile(r"[-_'\w]{1,32}")
SUBCOMMAND, GROUP = 1, 2
CODES = sorted(locale for locales in LOCALES.values() for locale in locales)


@pytest.fixture
async def commands() -> list[dict[str, Any]]:
    async with offline_bot() as bot:
        return [dict(command) for command in written(bot.tree)]


def parts(part: dict[str, Any], where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """A command with all that is in it, by path."""
    path = f"{where} {part['name']}".strip()
    yield path, part
    for inner in part.get("options", []):
        yield from parts(inner, path)


def every_part(commands: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for command in commands:
        yield from parts(command)


def is_menu(part: dict[str, Any]) -> bool:
    return "options" not in part and not part.get("description")


def forms(part: dict[str, Any], key: str) -> list[str]:
    """A name or description in all languages, English first."""
    return [part.get(key, ""), *part.get(f"{key}_localizations", {}).values()]


def said(part: dict[str, Any], locale: str) -> str:
    return part.get("name_localizations", {}).get(locale, part["name"])


def test_everything_is_described_in_every_language(commands) -> None:
    for path, part in every_part(commands):
        if part.get("description"):
            there = part.get("description_localizations", {})
            assert sorted(there) == CODES, f"{path} is not described in {set(CODES) - set(there)}"


def test_names_keep_discords_rules(commands) -> None:
    for path, part in every_part(commands):
        for name in forms(part, "name"):
            if is_menu(part):
                assert 1 <= len(name) <= 32, (path, name)
            else:
                assert NAME.fullmatch(name), (path, name)
                assert name == name.lower(), (path, name)


def test_descriptions_and_choices_fit(commands) -> None:
    for path, part in every_part(commands):
        assert all(len(text) <= 100 for text in forms(part, "description")), path
        for choice in part.get("choices", []):
            assert all(1 <= len(name) <= 100 for name in forms(choice, "name")), (path, choice)


def test_siblings_have_different_names_in_every_language(commands) -> None:
    groups = [("", commands), *((p, part.get("options", [])) for p, part in every_part(commands))]
    for path, siblings in groups:
        for locale in CODES:
            names = [
                (s.get("name_localizations", {}).get(locale, s["name"]), s.get("type", 1))
                for s in siblings
            ]
            assert len(set(names)) == len(names), (path, locale, names)
    for path, part in every_part(commands):
        for locale in CODES:
            labels = [said(choice, locale) for choice in part.get("choices", [])]
            assert len(set(labels)) == len(labels), (path, locale, labels)


def test_a_command_with_all_in_it_is_not_too_large(commands) -> None:
    # 8,000 characters over names, descriptions and values, of each the longest localisation.
    for command in commands:
        size = 0
        for _, part in parts(command):
            size += max(map(len, forms(part, "name"))) + max(map(len, forms(part, "description")))
            for choice in part.get("choices", []):
                size += max(map(len, forms(choice, "name"))) + len(str(choice["value"]))
        assert size <= 8_000, (command["name"], size)


def test_what_discord_has_already_is_not_written_again(commands) -> None:
    stored = [{**command, "id": str(n), "version": "1"} for n, command in enumerate(commands)]
    assert plan(commands, stored).changes == 0
    stored[0] = {**stored[0], "description_localizations": {"de": "Etwas anderes"}}
    assert [canonical(c)["name"] for c in plan(commands, stored).write] == [commands[0]["name"]]
