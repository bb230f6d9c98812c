"""`python -m tests.stand_ins.discord`: the stand-in as a process, with a JSON control endpoint.

Prints one JSON line with its addresses. `POST /_control/METHOD` with a JSON object calls a method
of `DiscordStandIn` with those keyword arguments, for example
`curl -d '{"name": "Home"}' http://127.0.0.1:PORT/_control/add_guild`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

from aiohttp import web

from .interactions import Invocation
from .server import DiscordStandIn
from .world import Trail

METHODS = frozenset(
    (
        *("add_guild", "add_channel", "add_user", "add_thread", "dm", "send", "edit", "delete"),
        *("press", "slash", "messages", "trail", "replies", "count", "typed_in", "calls", "info"),
        *("fault", "heal", "drop", "forget", "invalidate", "accept"),
    )
)


class Control:
    """The control endpoint: methods by name, JSON in, JSON out."""

    def __init__(self, discord: DiscordStandIn) -> None:
        self.discord = discord

    def register(self, app: web.Application) -> None:
        app.router.add_post("/_control/{method}", self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        if name not in METHODS:
            return web.json_response({"error": f"unknown method {name}"}, status=404)
        arguments = json.loads(await request.read() or b"{}")
        try:
            answer = self._call(name, arguments)
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        return web.json_response(_plain(answer))

    def _call(self, name: str, arguments: dict[str, Any]) -> Any:
        discord = self.discord
        if name in ("drop", "forget", "invalidate"):
            return getattr(discord.gateway, name)(**arguments)
        if name == "accept":
            discord.gateway.accepting = bool(arguments["value"])
            return None
        if name == "calls":
            return dict(discord.rest.counts())
        if name == "info":
            return {"bot": discord.bot_id, "connected": discord.gateway.connected}
        if name == "fault":
            discord.fault(**arguments)
            return None
        if name == "slash":
            options = arguments.pop("options", {})
            return discord.slash(
                arguments["channel"], arguments["user"], arguments["name"], **options
            )
        return getattr(discord, name)(**arguments)


def _plain(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_plain(item) for item in answer]
    if isinstance(answer, Invocation):
        return {"responded": answer.responded, "text": answer.text}
    if isinstance(answer, Trail):
        return {
            "id": answer.id,
            "author": answer.author_id,
            "content": answer.content,
            "buttons": answer.labels,
            "revisions": [[r.at, r.content] for r in answer.revisions],
        }
    return answer


async def serve(options: argparse.Namespace) -> None:
    discord = DiscordStandIn(
        port=options.port,
        limits=not options.no_limits,
        global_limit=options.global_limit,
        latency=options.latency,
    )
    discord.extra_routes = (Control(discord).register,)
    async with discord:
        addresses = {"url": discord.url, "api": discord.api, "gateway": discord.gateway.url}
        print(json.dumps(addresses | {"bot": discord.bot_id}), flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.stand_ins.discord")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--global-limit", type=int, default=None)
    parser.add_argument("--no-limits", action="store_true")
    try:
        asyncio.run(serve(parser.parse_args()))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
