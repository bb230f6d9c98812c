"""A short connection to Discord's gateway: does it give the bot what it asks for?"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp

from bot.checks import access
from bot.doctor.api import Api, Unreachable

READY = 0
"""In place of a close code: Discord let the bot in."""

WRONG_TOKEN, REFUSED_INTENTS = 4004, 4014

_SECONDS = 10.0
_FORM = {"v": "10", "encoding": "json"}
_HELLO, _IDENTIFY, _INVALID = 10, 2, 9


async def identify(api: Api) -> int:
    """Connect as the bot does; the close code that Discord answers with, or `READY`.

    It costs one of the 1,000 connections of a day. Raises `Unreachable`.
    """
    answer = await api.get("/gateway/bot")
    url = answer.body.get("url")
    if not answer.ok or not isinstance(url, str):
        raise Unreachable(f"/gateway/bot answers with HTTP {answer.status}")
    shards = int(answer.body.get("shards") or 1)
    try:
        async with (
            asyncio.timeout(_SECONDS),
            api.http.ws_connect(url, params=_FORM, max_msg_size=0) as socket,
        ):
            return await _talk(socket, api.token, shards)
    except TimeoutError:
        raise Unreachable("the gateway does not answer") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Unreachable(f"the gateway: {error or type(error).__name__}") from error


async def _talk(socket: aiohttp.ClientWebSocketResponse, token: str, shards: int) -> int:
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.TEXT:
            continue
        said: dict[str, Any] = json.loads(message.data)
        if said.get("op") == _HELLO:
            await socket.send_json({"op": _IDENTIFY, "d": _identity(token, shards)})
        elif said.get("op") == _INVALID:
            raise Unreachable("the gateway takes no new connection just now")
        elif said.get("t") == "READY":
            return READY
    return socket.close_code or -1


def _identity(token: str, shards: int) -> dict[str, Any]:
    return {
        "token": token,
        "intents": access.INTENTS,
        "properties": {"os": "any", "browser": "hermes-discord", "device": "hermes-discord"},
        "shard": [0, shards],
    }
