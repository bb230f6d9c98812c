"""The page of all settings, from bot/settings.py and the order of .env.example."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bot.errors import SettingsError
from bot.settings import SECRETS, Settings, load

_HEAD = """\
# Settings

Everything that can be set from outside, written from `bot/settings.py` by `make reference`. To
begin, run `make setup` or copy [.env.example](../../.env.example); you need few of them.

- **Where:** in the environment, or in a file `.env` in the folder that the bot is started in. The
  environment wins. With docker compose it is `.env` beside `docker-compose.yml`.
- **When:** they are read at the start, so every change needs a restart: `docker compose up -d`,
  `systemctl restart hermes-discord`, or stop it and `make run`. That costs nobody an answer: what
  is being written is finished after it. What servers set with `/config` holds at once
  ([config.md](../config.md)).
- **Secrets** may stand in a file instead, whose name is in `NAME_FILE`; one of the two, not both.
- **A fault** (a wrong value, a name that looks like ours and is not) is one line that says which
  it is and what it takes, and exit code 78. An empty value counts as unset.
"""

# Which commands of `python -m bot` go by a setting; the others are for all that open the core.
_CORE = ("run", "play", "doctor")
_EVERY = ("run", "play", "doctor", "eval", "backup", "restore", "model")
USED_BY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("discord_token", "discord_api_url"), ("run", "doctor")),
    **dict.fromkeys(("alert_channel", "alert_after", "public_url"), ("run",)),
    **dict.fromkeys(("notify_after", "stop_after", "reply_controls", "answer_bots"), ("run",)),
    **dict.fromkeys(("allowed_users", "blocked_users", "answer_dms", "status_text"), ("run",)),
    **dict.fromkeys(("http_host", "http_port", "trace_ids"), ("run", "play")),
    **dict.fromkeys(("data_dir", "log_format", "log_level"), _EVERY),
    "redis_url": (*_CORE, "backup", "restore"),
    **dict.fromkeys(("engine_url", "engine_api_key", "model", "model_file"), (*_CORE, "eval")),
    **dict.fromkeys(("max_reply_tokens", "first_token_timeout", "reply_timeout"), (*_CORE, "eval")),
}

# A value that no setting with rules of its own takes.
_WRONG = "?"


def page(example: str) -> str:
    """The whole page, in the sections of .env.example."""
    parts = [_HEAD]
    for title, names in _sections(example):
        parts.append(f"## {title}\n")
        parts += [_entry(name) for name in names]
    return "\n".join(parts)


def _sections(example: str) -> list[tuple[str, list[str]]]:
    """The headings of .env.example with the settings below each, in its order."""
    found: list[tuple[str, list[str]]] = []
    for line in example.splitlines():
        if heading := re.match(r"# --- (.+?) -+$", line):
            found.append((heading[1], []))
        elif (name := re.match(r"#?([A-Z][A-Z_]*)=", line)) and found:
            field, there = name[1].lower(), found[-1][1]
            if field in Settings.model_fields and field not in there:
                there.append(field)
    return [(title, names) for title, names in found if names]


def _entry(name: str) -> str:
    field = Settings.model_fields[name]
    facts = {
        "takes": takes(name),
        "default": _default(field),
        "read by": _commands(USED_BY.get(name, _CORE)),
    }
    if name.upper() in SECRETS:
        facts["or from a file"] = f"`{name.upper()}_FILE`"
    lines = "\n".join(f"- {fact}: {said}" for fact, said in facts.items())
    return f"### `{name.upper()}`\n\n{field.description}\n\n{lines}\n"


def _commands(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is None or default == ():
        return "unset"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def takes(name: str) -> str:
    """What a setting may be, in plain words: its own error says so if it has rules of its own."""
    if own := _said_by_its_error(name):
        return own
    field = Settings.model_fields[name]
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,)]
    if choices := [kind for kind in kinds if isinstance(kind, str)]:
        return " or ".join(f"`{choice}`" for choice in choices)
    for kind, words in _KINDS.items():
        if kind in kinds:
            return words + _bounds(field)
    raise AssertionError(f"{name} has a type without a word: {field.annotation}")


_KINDS: Mapping[Any, str] = {
    bool: "`true` or `false`",
    int: "a whole number",
    float: "seconds",
    Path: "the name of a file or folder",
    SecretStr: "text that nobody else should see",
    tuple[str, ...]: "names, divided by commas",
    # `tuple[str, ...]` without a None beside it comes apart into these two.
    Ellipsis: "names, divided by commas",
    str: "text",
}


def _said_by_its_error(name: str) -> str:
    try:
        load({name.upper(): _WRONG}, dotenv=Path(os.devnull))
    except SettingsError as error:
        said = re.search(r": takes (.*?)(?:, not '\?')?$", str(error))
        return said[1] if said else ""
    return ""


def _bounds(field: FieldInfo) -> str:
    words = {"gt": "more than {:g}", "ge": "from {:g}", "le": "up to {:g}"}
    found = [
        words[bound].format(getattr(rule, bound))
        for rule in field.metadata
        for bound in words
        if getattr(rule, bound, None) is not None
    ]
    return "".join(f", {one}" for one in found)
