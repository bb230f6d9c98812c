"""Watching a reply being written, on simcord's virtual clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
import pytest
from simcord import Env

VIRTUAL = pytest.mark.simcord(horizon=0.8)
"""For tests that live by `play`: all pauses of the engine pass on the virtual clock."""


@dataclass(frozen=True)
class Request:
    """One request of the bot, `at` seconds after the watch began."""

    at: float
    kind: str
    content: str
    body: dict[str, Any]


class Watch:
    """What a bot sends to channels, with times."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._begun = env.now()
        self.requests: list[Request] = []
        original = env.bot.http.request

        async def request(route: Any, **more: Any) -> Any:
            body = _body(more)
            at = (env.now() - self._begun).total_seconds()
            kind = _kind(route)
            if kind:
                self.requests.append(Request(round(at, 3), kind, body.get("content") or "", body))
            return await original(route, **more)

        env.bot.http.request = request

    def of(self, kind: str) -> list[Request]:
        return [request for request in self.requests if request.kind == kind]

    def times(self, kind: str) -> list[float]:
        return [request.at for request in self.of(kind)]

    @property
    def kinds(self) -> list[str]:
        return [request.kind for request in self.requests]


def _kind(route: Any) -> str:
    path = str(route.path)
    if path.endswith("/typing"):
        return "typing"
    if path.endswith("/messages/{message_id}"):
        return {"PATCH": "edit", "DELETE": "delete"}.get(route.method, "")
    if path.endswith("/messages") and route.method == "POST":
        return "send"
    return ""


def _body(more: dict[str, Any]) -> dict[str, Any]:
    if more.get("json"):
        return dict(more["json"])
    for part in more.get("form") or ():
        if part["name"] == "payload_json":
            return discord.utils._from_json(part["value"])
    return {}


async def play(env: Env, seconds: float, step: float = 0.25) -> None:
    """Let time pass."""
    for _ in range(round(seconds / step)):
        await env.advance_time(step)


def speech(words: int, pause: float, *, first: float = 1.0, word: str = "word ") -> list[Any]:
    """An answer of so many words, a pause (seconds) before each; the first waits for `first`.

    `first` is longer than the simulation's settle timeout, so that asking returns at once.
    """
    return [first, word, *[piece for _ in range(words - 1) for piece in (pause, word)]]


def labels(message: discord.Message) -> list[str]:
    """The buttons with words under a message."""
    return [item.label for item in _buttons(message) if item.label]


def controls(message: discord.Message) -> list[str]:
    """The controls under a message: its buttons without words, in order."""
    return [str(item.emoji) for item in _buttons(message) if not item.label]


def _buttons(message: discord.Message) -> list[discord.Button]:
    return [item for row in message.components for item in row.children]
