"""What is kept about a person, as files for them: JSON, and the same as readable text."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord

from bot.characters import picture
from bot.conversation.people import Held
from bot.conversation.turns import is_brought
from bot.language import later, tr

# Discord takes files of 10 MiB from bots.
LIMIT = 10 * 1024 * 1024

NAME = "my-data"

# What an archive says of a file that is in it.
_PER_FILE = 400

# What only tells how a turn is counted and filed.
_INNER = ("role", "author", "tokens", "counted_by", "n")

# The settings of the JSON file, to read.
_SETTINGS = {"opted_out": later("opted out"), "kept_days": later("kept days")}

# Who said a message, as the JSON file tells it, to read.
_WHO = {"you": later("You"), "bot": later("Bot"), "file": later("A file that you brought")}

Files = list[tuple[str, bytes]]


def messages_of(held: Held, head: Mapping[str, Any], limit: int = LIMIT) -> list[Files]:
    """The files, by the messages that they are sent with; large ones are packed and divided.

    `head` is what stands at the beginning of each: whose it is, when it was made, settings.
    """
    files, pictures = _files(held, head), list(_pictures(held, limit))
    if all(len(data) <= limit for _, data in files):
        return [files, *_numbered("pictures", pictures)]
    packed = list(_packed(held, head, limit))
    return [*_numbered("data", packed), *_numbered("pictures", pictures)]


def data_of(held: Held, head: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of the JSON file; docs/privacy.md describes it."""
    return {
        **head,
        "conversations": [
            {"conversation": name, "messages": [_message(turn) for turn in turns]}
            for name, turns in held.conversations.items()
        ],
        "facts": [_timed(fact, "at") for fact in held.facts],
        "reminders": [_timed(one, "at", "due") for one in held.reminders],
        "schemas": held.schemas,
        "system_prompts": held.system_prompts,
        "tool_calls": [_timed(call, "at") for call in held.tool_calls],
        "characters": [_timed(one, "created", "updated") for one in held.characters],
        "lorebooks": held.lorebooks,
        "personas": held.personas,
        "other": held.other,
    }


def text_of(data: Mapping[str, Any]) -> str:
    """The same to read."""
    lines = [tr("# What the bot keeps about you ({made})", made=data["made"]), ""]
    settings: Mapping[str, object] = data["settings"]
    lines += [f"- {tr(_SETTINGS.get(name, name))}: {value}" for name, value in settings.items()]
    for talk in data["conversations"]:
        lines += ["", tr("## Conversation {name}", name=talk["conversation"])]
        for message in talk["messages"]:
            who = tr(_WHO[message["from"]])
            when = f" ({message['time']})" if "time" in message else ""
            lines += ["", f"**{who}**{when}: {message.get('text', '')}"]
    lines += _section(tr("Facts you asked me to remember"), data["facts"], "text")
    lines += _section(tr("Reminders"), data["reminders"], "due", "text")
    used = data["tool_calls"]
    lines += _section(tr("Tools that were used for you"), used, "at", "tool", "arguments")
    lines += _section(tr("Your characters"), data["characters"], "name", "place", "created")
    lines += _section(tr("Your lorebooks"), data["lorebooks"], "name", "place")
    lines += _section(tr("Who you are in stories"), data["personas"], "name", "text", "place")
    lines += _named(tr("Your schemas"), data["schemas"])
    lines += _named(tr("Your system prompts"), data["system_prompts"])
    if data["other"]:
        lines += ["", tr("## Other"), ""]
        lines += [f"- {json.dumps(one, ensure_ascii=False)}" for one in data["other"]]
    return "\n".join(lines) + "\n"


def _files(held: Held, head: Mapping[str, Any]) -> Files:
    data = data_of(held, head)
    return [
        (f"{NAME}.json", _encoded(json.dumps(data, ensure_ascii=False, indent=1))),
        (f"{NAME}.md", _encoded(text_of(data))),
    ]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _packed(held: Held, head: Mapping[str, Any], limit: int) -> Iterator[bytes]:
    """Archives of at most `limit` bytes; a single message is never divided."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _files(held, head):
            archive.writestr(name, data)
    brought = len(held.characters) + len(held.lorebooks)
    if packed.tell() <= limit or (held.turns + held.replies < 2 and brought < 2):
        yield packed.getvalue()
        return
    for half in _halves(held):
        yield from _packed(half, head, limit)


def _pictures(held: Held, limit: int) -> Iterator[bytes]:
    """Archives of pictures, each of about `limit` bytes at most; one picture is never divided."""
    left = list(held.pictures.items())
    while left:
        packed, room = io.BytesIO(), limit
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            while left and (room == limit or len(left[0][1]) + _PER_FILE <= room):
                name, data = left.pop(0)
                archive.writestr(f"{name}.{_kind(data)}", data)
                room -= len(data) + _PER_FILE
        yield packed.getvalue()


def _kind(data: bytes) -> str:
    seen = picture.look_at(data)
    return seen.kind if seen else "bin"


def _numbered(what: str, archives: list[bytes]) -> list[Files]:
    return [[(f"my-{what}-{n}-of-{len(archives)}.zip", data)] for n, data in enumerate(archives, 1)]


def _halves(held: Held) -> tuple[Held, Held]:
    """The older messages with everything else, and the newer ones.

    Where there are no more messages to be divided, what was brought into libraries is.
    """
    if held.turns + held.replies < 2:
        return _halved(held)
    every = [(name, turn) for name, turns in held.conversations.items() for turn in turns]
    middle = len(every) // 2
    return (
        replace(held, conversations=_grouped(every[:middle])),
        Held(conversations=_grouped(every[middle:])),
    )


def _halved(held: Held) -> tuple[Held, Held]:
    characters, books = len(held.characters) // 2, len(held.lorebooks) // 2
    if len(held.characters) + len(held.lorebooks) == 2 and len(held.characters) == 1:
        books = 1
    first = replace(held, characters=held.characters[:characters], lorebooks=held.lorebooks[:books])
    rest = Held(characters=held.characters[characters:], lorebooks=held.lorebooks[books:])
    return first, rest


def _grouped(turns: list[tuple[str, dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for name, turn in turns:
        grouped.setdefault(name, []).append(turn)
    return grouped


def _message(turn: Mapping[str, Any]) -> dict[str, Any]:
    told = {"from": "you" if turn["role"] == "user" else "bot"}
    if is_brought(str(turn["id"])):
        told["from"] = "file"
    if str(turn["id"]).isdecimal():
        written = discord.utils.snowflake_time(int(turn["id"]))
        told["time"] = f"{written:%Y-%m-%d %H:%M:%S} UTC"
    return told | {name: value for name, value in turn.items() if name not in _INNER}


def _timed(record: Mapping[str, Any], *fields: str) -> dict[str, Any]:
    return {name: _moment(v) if name in fields else v for name, v in record.items()}


def _moment(at: object) -> object:
    if not isinstance(at, (int, float)):
        return at
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, OSError, ValueError):
        return at


def _section(title: str, records: list[dict[str, Any]], *fields: str) -> list[str]:
    told = [", ".join(str(record.get(field, "")) for field in fields) for record in records]
    return ["", f"## {title}", "", *(f"- {line}" for line in told)] if told else []


def _named(title: str, texts: Mapping[str, str]) -> list[str]:
    if not texts:
        return []
    told = [line for name, text in texts.items() for line in (f"- {name}:", "", text, "")]
    return ["", f"## {title}", "", *told]
