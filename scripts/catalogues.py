"""Bring the catalogues of `bot/language` up to date with the code: `make catalogues`.

Reads every `tr(...)` and `later(...)` of `bot` and `cogs` and all commands, and writes
`hermes.pot` (what there is to translate), each language's `.po` (for translators: what is new is
empty, what is no more is dropped) and its `.mo` (what the bot reads). Commands are named in
English in the `.po`; the `.mo` has them by the names that people of that language see.
"""

from __future__ import annotations

import ast
import asyncio
import io
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bot import __version__
from bot.client.localise import Payload
from bot.commands.offline import offline_bot
from bot.language import CATALOGUES, LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = CATALOGUES / "hermes.pot"
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_CALLS = ("tr", "later")
_PATH = re.compile(r"(?<![\w/.<])/([\w-]+(?: [\w-]+){0,2})")
_OPTION = re.compile(r"`([\w-]+)`")
_COMMANDS = (1, 2)


def main() -> int:
    """Write all files; the exit code is 1 if a text has no translation yet."""
    commands = asyncio.run(every_command())
    template = found(commands)
    _write(TEMPLATE, template)
    missing = 0
    for language in LANGUAGES[1:]:
        path = CATALOGUES / f"{language}.po"
        catalogue = _read(path, language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.creation_date = _BEGINNING
        catalogue.obsolete.clear()
        _write(path, catalogue)
        path.with_suffix(".mo").write_bytes(compiled(catalogue, commands))
        lacking = [message for message in catalogue if message.id and not _done(message)]
        missing += len(lacking)
        print(f"{language}: {len(catalogue) - len(lacking)} of {len(catalogue)} translated")
    return 1 if missing else 0


async def every_command() -> list[Payload]:
    """The commands in English, as Discord hears of them."""
    async with offline_bot() as bot:
        return [command.to_dict(bot.tree) for command in bot.tree.get_commands(type=None)]


def found(commands: Iterable[Payload]) -> Catalog:
    """All that there is to translate, in English."""
    catalogue = _new()
    for path in sorted((*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py"))):
        where = path.relative_to(ROOT).as_posix()
        for message in texts(path.read_text(encoding="utf-8")):
            catalogue.add(message, locations=[(where, 0)])
    for command in commands:
        _add_command(catalogue, command, "command", f"/{command['name']}")
    return catalogue


def texts(source: str) -> Iterator[str | tuple[str, str]]:
    """The literals of the `tr` and `later` calls in a module, pairs for what is counted."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _name(node.func) in _CALLS:
            words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if words and len(words) == len(node.args):
                yield (words[0], words[1]) if len(words) > 1 else words[0]


def compiled(catalogue: Catalog, commands: Iterable[Payload]) -> bytes:
    """A catalogue as the bot reads it."""
    options = {path: own for command in commands for path, own in _paths(command, "")}
    names = {
        kind: {m.id: m.string for m in catalogue if m.context == kind and m.string}
        for kind in ("command", "option")
    }
    for message in catalogue:
        if message.context is None and message.id:
            said = message.string
            message.string = (
                tuple(_renamed(form, names, options) for form in said)
                if isinstance(said, tuple)
                else _renamed(said or "", names, options)
            )
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def _renamed(
    text: str,
    names: Mapping[str, Mapping[str, str]],
    options: Mapping[str, frozenset[str]],
) -> str:
    """A text in which commands, and their options in code marks, have that language's names."""
    meant: set[str] = set()

    def command(match: re.Match[str]) -> str:
        words = match[1].split(" ")
        for count in range(len(words), 0, -1):
            if (path := " ".join(words[:count])) in options:
                meant.update(options[path])
                said = [names["command"].get(word, word) for word in words[:count]]
                return "/" + " ".join(said + words[count:])
        return match[0]

    def option(match: re.Match[str]) -> str:
        word = match[1]
        return f"`{names['option'].get(word, word)}`" if word in meant else match[0]

    return _OPTION.sub(option, _PATH.sub(command, text))


def _paths(command: Payload, above: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The paths of a command and what is in it, each with the names of its own options."""
    path = f"{above} {command['name']}".strip()
    parts = command.get("options") or ()
    yield path, frozenset(one["name"] for one in parts if one.get("type") not in _COMMANDS)
    for part in parts:
        if part.get("type") in _COMMANDS:
            yield from _paths(part, path)


def _add_command(catalogue: Catalog, part: Payload, kind: str, where: str) -> None:
    catalogue.add(str(part["name"]), context=kind, locations=[(where, 0)])
    if part.get("description"):
        catalogue.add(str(part["description"]), locations=[(where, 0)])
    for option in part.get("options") or ():
        inner = "command" if option.get("type") in _COMMANDS else "option"
        _add_command(catalogue, option, inner, where)
    for choice in part.get("choices") or ():
        catalogue.add(str(choice["name"]), context="choice", locations=[(where, 0)])


def _done(message: Message) -> bool:
    said = message.string
    return all(said) if isinstance(said, (tuple, list)) else bool(said)


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return _new(language.replace("-", "_"))
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language.replace("-", "_"))
    catalogue.creation_date = catalogue.revision_date = _BEGINNING
    return catalogue


def _new(locale: str | None = None) -> Catalog:
    # The same code gives the same files, whenever and by whomever they are made.
    return Catalog(
        locale=locale,
        header_comment="# Texts of hermes-discord, made by `make catalogues`.",
        project="hermes-discord",
        version=__version__,
        msgid_bugs_address="CONTRIBUTING.md",
        last_translator="hermes-discord",
        language_team="hermes-discord",
        creation_date=_BEGINNING,
        revision_date=_BEGINNING,
        charset="utf-8",
        fuzzy=False,
    )


def _write(path: Path, catalogue: Catalog) -> None:
    file = io.BytesIO()
    write_po(file, catalogue, width=100, include_lineno=False)
    path.write_bytes(file.getvalue())


if __name__ == "__main__":
    sys.exit(main())
