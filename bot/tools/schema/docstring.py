"""Docstrings in the styles of Google, NumPy and Sphinx: what a function, its arguments and its
result are.

A Google docstring gives what transformers reads out of it, so that the model sees the same text:
line breaks stay in the description and in `Returns`, and become spaces in `Args`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

Lines = Sequence[str]

# These end the description and each other. Any other heading above `Args` is description.
_ARGUMENTS = ("Args", "Arguments", "Parameters")
_RETURNS = ("Returns", "Return")
_SECTIONS = (*_ARGUMENTS, *_RETURNS, "Raises")
# What else may follow the arguments or the result.
_OTHERS = (
    *("Attributes", "Example", "Examples", "Note", "Notes", "Other Parameters", "References"),
    *("See Also", "Todo", "Warning", "Warnings", "Warns", "Yield", "Yields"),
)

_HEADING = re.compile(rf"(?P<name>{'|'.join((*_SECTIONS, *_OTHERS))}):(?P<rest>.*)")
_UNDERLINE = re.compile(r"-{3,}")
_GOOGLE_ENTRY = re.compile(r"\*{0,2}(?P<names>\w+)\s*(?:\(.*?\))?:(?P<text>.*)")
_NUMPY_ENTRY = re.compile(r"(?P<names>\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?(?P<text>)")
_SPHINX_FIELD = re.compile(
    r":(?P<kind>param|parameter|arg|argument|key|keyword|type|returns?|rtype|raises?)\b"
    r"(?P<subject>[^:]*):(?P<text>.*)"
)
_SPHINX_ARGUMENTS = ("param", "parameter", "arg", "argument", "key", "keyword")


@dataclass(frozen=True, slots=True)
class Docstring:
    """What a docstring says. `returns` is "" where it says nothing about the result."""

    description: str
    arguments: dict[str, str] = field(default_factory=dict[str, str])
    returns: str = ""


def read(text: str) -> Docstring:
    """Read a docstring of any of the three styles, as `inspect.getdoc` gives it.

    Not cleaned once more: behind a first line alone, that would take off what is meant.
    """
    lines = text.strip().split("\n")
    if any(_heading(line) in _ARGUMENTS for line in lines):
        return _google(lines)
    if any(_underlined(lines, at) for at in range(len(lines))):
        return _numpy(lines)
    if any(_SPHINX_FIELD.match(line.strip()) for line in lines):
        return _sphinx(lines)
    return _google(lines)


def _google(lines: Lines) -> Docstring:
    at = next((at for at, line in enumerate(lines) if _heading(line) in _SECTIONS), len(lines))
    description = "\n".join(lines[:at]).strip()
    arguments: dict[str, str] = {}
    returns = ""
    while at < len(lines):
        name, block = _heading(lines[at]), _block(lines, at)
        if name in _ARGUMENTS:
            arguments = _entries(block, _GOOGLE_ENTRY) | arguments
        elif name in _RETURNS:
            # As transformers reads it: an example below is part of what is said about the result.
            block = list(takewhile(lambda line: _heading(line) not in _SECTIONS, lines[at + 1 :]))
            returns = returns or "\n".join(block).strip()
        at += 1 + len(block)
    return Docstring(description, arguments, returns)


def _block(lines: Lines, at: int) -> Lines:
    """What belongs to the heading at `at`: all that is indented more, or all up to the next one."""
    following = lines[at + 1 :]
    edge = _indent(lines[at])
    first = next((line for line in following if line.strip()), "")
    if _indent(first) > edge:
        return list(takewhile(lambda line: not line.strip() or _indent(line) > edge, following))
    # Some people do not indent their sections at all.
    return list(takewhile(lambda line: not _heading(line), following))


def _numpy(lines: Lines) -> Docstring:
    starts = [at for at in range(len(lines)) if _underlined(lines, at)]
    description = "\n".join(lines[: starts[0]]).strip()
    arguments: dict[str, str] = {}
    returns = ""
    for at, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        name, block = lines[at].strip(), lines[at + 2 : end]
        if name in (*_ARGUMENTS, "Other Parameters"):
            arguments |= _entries(block, _NUMPY_ENTRY)
        elif name in _RETURNS:
            # The type stands first, and what it means below it.
            meaning = [line for line in block if _indent(line) > 0] or block
            returns = _joined(meaning)
    return Docstring(description, arguments, returns)


def _sphinx(lines: Lines) -> Docstring:
    def is_field(line: str) -> bool:
        return _SPHINX_FIELD.match(line.strip()) is not None

    description = "\n".join(takewhile(lambda line: not is_field(line), lines)).strip()
    arguments: dict[str, str] = {}
    returns = ""
    for at, line in enumerate(lines):
        found = _SPHINX_FIELD.match(line.strip())
        if found is None:
            continue
        more = takewhile(lambda line: line.strip() and not is_field(line), lines[at + 1 :])
        text = _joined([found["text"], *more])
        subject = found["subject"].split()
        if found["kind"] in _SPHINX_ARGUMENTS and subject:
            # The type may stand before the name.
            arguments[subject[-1].lstrip("*")] = text
        elif found["kind"] in ("return", "returns"):
            returns = text
    return Docstring(description, arguments, returns)


def _entries(block: Lines, entry: re.Pattern[str]) -> dict[str, str]:
    """The arguments of a section by name: each begins at the section's own indentation."""
    filled = [line for line in block if line.strip()]
    base = _indent(filled[0]) if filled else 0
    entries: dict[str, str] = {}
    names: list[str] = []
    texts: list[str] = []
    for line in filled:
        found = entry.fullmatch(line.strip()) if _indent(line) <= base else None
        if found:
            names, texts = re.findall(r"\w+", found["names"]), [found["text"]]
        else:
            texts.append(line)
        entries |= dict.fromkeys(names, _joined(texts))
    return entries


def _underlined(lines: Lines, at: int) -> bool:
    """Whether a NumPy section begins here: a heading with a line of dashes below."""
    known = lines[at].strip() in (*_SECTIONS, *_OTHERS)
    return known and at + 1 < len(lines) and bool(_UNDERLINE.fullmatch(lines[at + 1].strip()))


def _heading(line: str) -> str:
    """The name of the section that begins with this line, or ""."""
    found = _HEADING.fullmatch(line.strip())
    return found["name"] if found else ""


def _joined(lines: Iterable[str]) -> str:
    return " ".join(line.strip() for line in lines if line.strip())


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
