"""Editing a `.env` file: some settings change, every other line stays as it is."""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.errors import StartupError

# What neither a shell, nor Docker Compose, nor systemd reads as anything but itself.
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=|-][A-Za-z0-9_./:@%+,=|\- ]*")


def read(path: Path) -> str:
    """The file's text with its line ends, "" if there is none; a `StartupError` if unreadable."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise StartupError(f"{path} is not UTF-8 text; move it away, or mend it") from None
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}") from None


def values(text: str) -> dict[str, str]:
    """The settings that a file makes; of a name that comes twice the last counts."""
    return {one.key: one.value or "" for one in _bindings(text) if one.key}


def edited(text: str, changes: Mapping[str, str | None]) -> str:
    """The text with other values; None takes a setting back, by making its line a comment.

    A setting that is new stands where a comment shows it (`#NAME=`), else at the end.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [one.original.string for one in _bindings(text)]
    keys = [one.key for one in _bindings(text)]
    for name, value in changes.items():
        at = max((n for n, key in enumerate(keys) if key == name), default=None)
        if at is not None:
            lines[at] = (
                _commented(lines[at]) if value is None else _replaced(lines[at], name, value)
            )
        elif value is not None:
            place = next((n for n, line in enumerate(lines) if _shows(line, name)), None)
            at = len(lines) if place is None else place + 1
            if at and not lines[at - 1].endswith("\n"):
                lines[at - 1] += end
            lines.insert(at, _assignment(name, value) + end)
            keys.insert(at, name)
        # An earlier line of the same name would count again once the last is a comment.
        for n, key in enumerate(keys):
            if key == name and value is None and not lines[n].lstrip().startswith("#"):
                lines[n] = _commented(lines[n])
    return "".join(lines)


def write(path: Path, text: str) -> Path | None:
    """Replace the file as a whole, for its owner's eyes only; returns the copy of the old one.

    A `StartupError` says what stands in the way; then nothing has changed.
    """
    path = path.resolve()
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    copy: Path | None = None
    try:
        _write_private(draft, text)
        _give(draft, path)
        copy = _copy(path)
        draft.replace(path)
    except OSError as error:
        _remove(copy)
        raise StartupError(
            f"{path} cannot be written ({error.strerror or error}); nothing was changed. "
            "Choose another place with --env FILE, or run this as who owns the folder"
        ) from None
    finally:
        _remove(draft)
    return copy


def _copy(path: Path) -> Path | None:
    """Copy the old file to a name that is free; None if there is no old file."""
    if not path.exists():
        return None
    number = 1
    while (copy := path.with_name(f"{path.name}.backup-{number}")).exists():
        number += 1
    _write_private(copy, read(path))
    _give(copy, path)
    return copy


def _give(file: Path, like: Path) -> None:
    """Let a file belong to whom another one does: with sudo, the owner has to read it still."""
    if hasattr(os, "chown") and like.exists():
        with contextlib.suppress(OSError):
            found = like.stat()
            os.chown(file, found.st_uid, found.st_gid)


def _remove(path: Path | None) -> None:
    if path is not None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(opened, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _bindings(text: str) -> list[Binding]:
    return list(parse_stream(io.StringIO(text, newline="")))


def _assignment(name: str, value: str) -> str:
    if not value or _PLAIN.fullmatch(value):
        return f"{name}={value}"
    if "'" in value or "\n" in value:
        raise StartupError(f"{name}: takes no quotation marks and no line breaks")
    return f"{name}='{value}'"


def _replaced(line: str, name: str, value: str) -> str:
    """A line of the file with another value; blank lines before it and `export` stay."""
    before = re.match(r"\s*(?:export[ \t]+)?", line)
    ending = re.search(r"\r?\n?\Z", line)
    start, end = before[0] if before else "", ending[0] if ending else ""
    return f"{start}{_assignment(name, value)}{end}"


def _commented(line: str) -> str:
    return re.sub(r"^(?=[^\S\r\n]*[^\s#])", "#", line, flags=re.MULTILINE)


def _shows(line: str, name: str) -> bool:
    return re.search(rf"^[ \t]*#[ \t]*{name}=", line, re.MULTILINE) is not None
