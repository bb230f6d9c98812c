"""Health: whether the process lives, and whether everything that it needs answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bot.errors import UserError

Check = Callable[[], Awaitable[object]]
"""Returns if its part answers; raises a `UserError` if it does not."""

_PATIENCE = 5.0
_OK = "ok"


def add_health(app: web.Application, checks: Mapping[str, Check]) -> None:
    """Serve `/healthz` (the process lives) and `/readyz` (every one of `checks` passes).

    Where one does not, `/readyz` answers 503, with the names of those in `not_ready`.
    """

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"status": _OK})

    async def ready(_request: web.Request) -> web.Response:
        answers = await asyncio.gather(*(_ask(check) for check in checks.values()))
        found = dict(zip(checks, answers, strict=True))
        missing = [name for name, answer in found.items() if answer != _OK]
        body = {"ready": not missing, "not_ready": missing, "checks": found}
        return web.json_response(body, status=503 if missing else 200)

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)


async def _ask(check: Check) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            await check()
    except UserError as error:
        return error.text
    except TimeoutError:
        return f"No answer within {_PATIENCE:g} seconds."
    return _OK
