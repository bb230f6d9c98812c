"""Running code in a sandbox that speaks Piston's API; this one is made by hand."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.net.fetch import Fetcher, FetchError
from bot.settings import load
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.services import Services
from bot.tools.tool import ToolError, tools_of
from cogs.tools.code import Code

ASKED = ToolContext("play:default")


async def run(sandbox: str, code: str) -> Any:
    services = Services(sandbox=sandbox)
    async with Fetcher(allow=services.overridden()) as fetch:
        (tool,) = tools_of(Code(Kit(load({}), fetch, None, services=services)))
        return await tool.call(ASKED, {"code": code})


async def serve(answer: Any, status: int = 200):
    seen: list[Any] = []

    async def execute(request: web.Request) -> web.Response:
        seen.append(await request.json())
        return web.json_response(answer, status=status, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_post("/api/v2/execute", execute)
    server = TestServer(app)
    await server.start_server()
    return server, seen


async def test_what_a_program_prints():
    server, seen = await serve({"run": {"stdout": "42\n", "stderr": "", "code": 0, "signal": None}})
    async with server:
        assert await run(str(server.make_url("")), "print(6 * 7)") == {"output": "42\n"}
    assert seen[0]["language"] == "python"
    assert seen[0]["files"] == [{"name": "main.py", "content": "print(6 * 7)"}]


@pytest.mark.parametrize(
    ("code", "run_as"),
    [
        ("```python\nprint(1)\n```", "print(1)"),
        ("\n```py\n\nfor n in 1, 2:\n    print(n)\n```\n", "\nfor n in 1, 2:\n    print(n)"),
        ("````\nprint('```')\n````", "print('```')"),
        ("print('no block: ```')", "print('no block: ```')"),
        ("```python\nprint(1)", "```python\nprint(1)"),
    ],
)
async def test_a_program_in_a_code_block(code, run_as):
    server, seen = await serve({"run": {"stdout": "", "stderr": "", "code": 0, "signal": None}})
    async with server:
        await run(str(server.make_url("")), code)
    assert seen[0]["files"][0]["content"] == run_as


async def test_a_program_that_fails_or_is_stopped():
    answer = {"run": {"stdout": "", "stderr": "ZeroDivisionError", "code": 1, "signal": None}}
    server, _ = await serve(answer)
    async with server:
        told = await run(str(server.make_url("")), "1 / 0")
    assert told == {"output": "", "errors": "ZeroDivisionError", "ended": "exit code 1"}
    server, _ = await serve(
        {"run": {"stdout": "", "stderr": "", "code": None, "signal": "SIGKILL"}}
    )
    async with server:
        told = await run(str(server.make_url("")), "while True: pass")
    assert "SIGKILL" in told["ended"]


@pytest.mark.parametrize(("answer", "status"), [([], 200), ({"run": 1}, 200)])
async def test_an_answer_that_is_none(answer, status):
    server, _ = await serve(answer, status)
    async with server:
        with pytest.raises(ToolError):
            await run(str(server.make_url("")), "print()")


@pytest.mark.parametrize("status", [302, 307, 400, 503])
async def test_a_sandbox_that_refuses_or_sends_on(status):
    server, seen = await serve({}, status)
    async with server:
        with pytest.raises(FetchError):
            await run(str(server.make_url("")), "print()")
    assert len(seen) == 1


async def test_without_a_sandbox_nothing_runs():
    with pytest.raises(ToolError, match="SANDBOX_URL"):
        await run("", "print()")
