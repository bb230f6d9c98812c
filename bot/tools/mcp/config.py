"""The operator's file of servers: `{"mcpServers": {"name": {"command": …} or {"url": …}}}`.

It is the form that other programs use, so a server's own instructions can be copied. What cannot
be used is one line that names the file, the server and the key.
"""

from __future__ import annotations

import difflib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from bot import json_input
from bot.errors import SettingsError

DEFAULT_TIMEOUT = 30.0
MAX_TIMEOUT = 300.0

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_REFERENCE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_COMMON = ("type", "disabled", "timeout", "tools", "readOnly")
_LOCAL = ("command", "args", "env", "cwd")
_REMOTE = ("url", "headers")
_LOCAL_TYPES = ("stdio",)
_REMOTE_TYPES = ("http", "streamable-http", "streamableHttp")

# A value this short may stand in any text by chance.
_SHORTEST_SECRET = 6

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One server: a `command` that is started here, or the `url` of one that runs elsewhere.

    `tools` are the only ones to be offered (None: all), `read_only` those that change nothing
    although the server does not say so. `timeout` is that of one call, in seconds.
    """

    name: str
    command: str = ""
    args: tuple[str, ...] = field(default=(), repr=False)
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    cwd: str = ""
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    timeout: float = DEFAULT_TIMEOUT
    tools: tuple[str, ...] | None = None
    read_only: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it is, without what may be secret in an address."""
        if not self.url:
            return f"the command {self.command}"
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def without_secrets(self, text: str) -> str:
        """`text` for the log: values of `env`, `headers` and the address are left out."""
        address = urlsplit(self.url)
        values = {*self.env.values(), *self.headers.values(), self.url, address.query, address.path}
        words = {word for value in values for word in (value, *value.split())}
        for word in sorted(words, key=len, reverse=True):
            if len(word) >= _SHORTEST_SECRET:
                text = text.replace(word, "…")
        return text


class _Wrong(Exception):
    """What is wrong with the file, as the end of a sentence that names it."""


def read_config(path: Path, environ: Mapping[str, str] | None = None) -> tuple[ServerConfig, ...]:
    """The servers of a file; `${NAME}` in it is taken from `environ` (the process's own)."""
    try:
        document = _document(path)
        return _servers(document, os.environ if environ is None else environ)
    except _Wrong as wrong:
        raise SettingsError(f"MCP_CONFIG: {path}: {wrong}") from None


def _document(path: Path) -> JsonObject:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise _Wrong(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _Wrong("is not UTF-8 text") from None
    try:
        document = json_input.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise _Wrong(f"is not JSON ({error.msg}, line {error.lineno})") from None
    except json_input.TooDeep:
        raise _Wrong("is nested too deeply") from None
    if not isinstance(document, dict):
        raise _Wrong('takes a JSON object: {"mcpServers": {…}}')
    return cast(JsonObject, document)


def _unique(pairs: list[tuple[str, Any]]) -> JsonObject:
    """An object; two servers of one name would silently be one."""
    found: JsonObject = {}
    for key, value in pairs:
        if key in found:
            raise _Wrong(f"has “{key}” twice")
        found[key] = value
    return found


def _servers(document: JsonObject, environ: Mapping[str, str]) -> tuple[ServerConfig, ...]:
    if "mcpServers" not in document:
        raise _Wrong('has no “mcpServers”; it takes {"mcpServers": {"name": {…}}}')
    given = document["mcpServers"]
    if not isinstance(given, dict):
        raise _Wrong("“mcpServers” takes an object of servers by name")
    servers: list[ServerConfig] = []
    for name, entry in cast(JsonObject, given).items():
        try:
            servers += _Entry(name, entry, environ).read()
        except _Wrong as wrong:
            raise _Wrong(f"server “{name}” {wrong}") from None
    _check_names([server.name for server in servers])
    return tuple(servers)


def _check_names(names: list[str]) -> None:
    """Two servers must not be able to give a tool the same name.

    Rules of a Discord server name tools: `a_b_c` must never become another server's tool because
    one of the two is away.
    """
    for name in names:
        for other in names:
            if other.startswith(f"{name}_"):
                raise _Wrong(
                    f"servers “{name}” and “{other}” could have tools of the same name; "
                    f"call the second one “{other.replace('_', '-')}”"
                )


class _Entry:
    """One server's entry, while it is read."""

    def __init__(self, name: str, entry: object, environ: Mapping[str, str]) -> None:
        if not _NAME.fullmatch(name):
            raise _Wrong("cannot have that name; use up to 32 letters, digits, _ and -")
        if not isinstance(entry, dict):
            raise _Wrong('takes an object such as {"command": "…"} or {"url": "…"}')
        self._name = name
        self._entry = cast(JsonObject, entry)
        self._environ = environ

    def read(self) -> Iterator[ServerConfig]:
        """The server, unless it is switched off."""
        self._check_keys()
        if self._entry.get("disabled") is True:
            return
        yield ServerConfig(
            self._name,
            command=self._text("command"),
            args=self._texts("args") or (),
            env=self._mapping("env"),
            cwd=self._text("cwd"),
            url=self._url(),
            headers=self._headers(),
            timeout=self._timeout(),
            tools=self._texts("tools"),
            read_only=self._texts("readOnly") or (),
        )

    def _check_keys(self) -> None:
        local, remote = "command" in self._entry, "url" in self._entry
        if local == remote:
            raise _Wrong("takes either a “command” or a “url”" + (", not both" if local else ""))
        known = _COMMON + (_LOCAL if local else _REMOTE)
        for key in self._entry:
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                hint = f"; did you mean “{close[0]}”?" if close else ""
                kind = "command" if local else "url"
                raise _Wrong(f"has an unknown key “{key}” beside “{kind}”{hint}")
        kind = self._entry.get("type")
        types = _LOCAL_TYPES if local else _REMOTE_TYPES
        if kind is not None and kind not in types:
            raise _Wrong(f"has the type “{kind}”; here it takes {' or '.join(types)}")

    def _url(self) -> str:
        url = self._text("url")
        try:
            parts = urlsplit(url)
            usable = not url or (parts.scheme in ("http", "https") and bool(parts.hostname))
        except ValueError:
            usable = False
        if not usable:
            raise _Wrong("has a “url” that is no address of the form http://host:port/path")
        return url

    def _headers(self) -> Mapping[str, str]:
        headers = self._mapping("headers")
        for key, value in headers.items():
            if not _HEADER.fullmatch(key):
                raise _Wrong(f"has a header “{key}” that is no header's name")
            if not value.isascii() or not value.isprintable():
                raise _Wrong(f"has a header “{key}” with line breaks or letters beyond ASCII")
        return headers

    def _timeout(self) -> float:
        value = self._entry.get("timeout", DEFAULT_TIMEOUT)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not 0 < value <= MAX_TIMEOUT:
            raise _Wrong(f"takes a “timeout” in seconds, up to {MAX_TIMEOUT:g}")
        return float(value)

    def _text(self, key: str) -> str:
        value = self._entry.get(key, "")
        if not isinstance(value, str) or "\0" in value or (key in self._entry and not value):
            raise _Wrong(f"takes a text as “{key}”")
        return self._filled(value, key)

    def _texts(self, key: str) -> tuple[str, ...] | None:
        if key not in self._entry:
            return None
        values: object = self._entry[key]
        if not isinstance(values, list):
            raise _Wrong(f"takes a list of texts as “{key}”")
        return tuple(self._item(value, key) for value in cast("list[object]", values))

    def _mapping(self, key: str) -> Mapping[str, str]:
        values: object = self._entry.get(key, {})
        if not isinstance(values, dict):
            raise _Wrong(f"takes an object of texts as “{key}”")
        items = cast(JsonObject, values).items()
        return {name: self._item(value, f"{key}.{name}") for name, value in items}

    def _item(self, value: object, key: str) -> str:
        if not isinstance(value, str) or "\0" in value:
            raise _Wrong(f"takes texts only in “{key}”")
        return self._filled(value, key)

    def _filled(self, text: str, key: str) -> str:
        def value(match: re.Match[str]) -> str:
            name, otherwise = match.groups()
            found = self._environ.get(name) or otherwise
            if found is None:
                raise _Wrong(f"names ${{{name}}} in “{key}”, which is not set")
            return found

        return _REFERENCE.sub(value, text)
