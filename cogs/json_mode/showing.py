"""Answers and failures as they stand in a message."""

from __future__ import annotations

import io
from dataclasses import dataclass

import discord

from bot.conversation.structured import JsonAnswer
from bot.errors import AnswerUnfit, UserError
from bot.language import tr
from bot.schemas import answers
from cogs.json_mode.request import FILE_NAME, Request
from cogs.reading.words import shortened

_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Shown:
    """The content of a message and its files, by name."""

    content: str
    files: tuple[tuple[str, bytes], ...] = ()

    def attachments(self) -> list[discord.File]:
        """The files to send; new ones with every call, since they can be sent once."""
        return [discord.File(io.BytesIO(data), name) for name, data in self.files]


def answer(found: JsonAnswer, name: str) -> Shown:
    """The value in a code block, or in a file where that does not hold it."""
    text, line = answers.write(found.value), f"-# {_how(found, name)}"
    whole = f"{block(text, 'json')}\n{line}"
    if fits(text) and len(whole) <= _LONGEST:
        return Shown(whole)
    return Shown(line, (("answer.json", text.encode()),))


def failure(error: UserError, text: str, request: Request) -> Shown:
    """What went wrong, the answer that did not fit, and what the Retry button needs."""
    files = [(FILE_NAME, request.dump())]
    content = f"⚠️ {shortened(text, 1_500)}"
    if isinstance(error, AnswerUnfit) and error.answer:
        files.insert(0, ("answer.txt", error.answer.encode("utf-8", "replace")))
        content += "\n-# " + tr("answer.txt is what the model wrote last.")
    return Shown(content, tuple(files))


def block(text: str, language: str) -> str:
    """A code block."""
    return f"```{language}\n{text}\n```"


def fits(text: str) -> bool:
    """Whether a code block can hold a text without ending inside of it."""
    return "```" not in text and not text.endswith("`")


def _how(found: JsonAnswer, name: str) -> str:
    parts = [tr("Schema `{name}`", name=name)] if name else []
    parts.append(tr("first try", "{n} tries", n=found.tries))
    if found.forced:
        parts.append(tr("the engine forced the form"))
    else:
        parts.append(tr("the form was checked, not forced"))
    parts.append(tr(found.note))
    text = " · ".join(part for part in parts if part)
    return text[0].upper() + text[1:]
