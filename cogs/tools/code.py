"""Running code, in a sandbox that the operator runs: never in the bot."""

from __future__ import annotations

import re
from typing import Any, cast

from bot.language import later
from bot.tools.tool import ToolError, tool
from cogs.tools import ToolCog

_MOST = 4_000
_MILLISECONDS = 10_000

# Models that learnt to hand over Markdown put the program into a code block.
_FENCED = re.compile(r"\s*(?P<marks>`{3,})[^\n`]*\n(?P<code>.*?)\n?[ \t]*(?P=marks)\s*", re.DOTALL)

_NO_SANDBOX = "Code cannot be run here: the bot's operator has set up no sandbox (SANDBOX_URL)."


class Code(ToolCog):
    """Tools that run what the model wrote."""

    @tool(reaches_out=True, shows=later("running Python"), timeout=30.0)
    async def run_python(self, code: str) -> object:
        """Run a Python program in a sandbox without network, and get what it prints.

        Args:
            code: The whole program; it has to print its result.
        """
        base = self.kit.services.sandbox.rstrip("/")
        if not base:
            raise ToolError(_NO_SANDBOX)
        answer = await self.kit.fetch.post(
            f"{base}/api/v2/execute",
            {
                "language": "python",
                "version": "*",
                "files": [{"name": "main.py", "content": _unfenced(code)}],
                "run_timeout": _MILLISECONDS,
            },
            timeout=25.0,
        )
        body = answer.json()
        run = body.get("run") if isinstance(body, dict) else None
        if not isinstance(run, dict):
            raise ToolError("The sandbox gave an answer that cannot be read.")
        return _told(cast("dict[str, Any]", run))


def _unfenced(code: str) -> str:
    """The program within a code block, if that is all there is."""
    fenced = _FENCED.fullmatch(code)
    return fenced["code"] if fenced else code


def _told(run: dict[str, Any]) -> dict[str, Any]:
    """What a program printed, and how it ended."""
    found: dict[str, Any] = {"output": str(run.get("stdout") or "")[:_MOST]}
    if errors := str(run.get("stderr") or ""):
        found["errors"] = errors[-_MOST:]
    if run.get("signal"):
        found["ended"] = f"stopped by the sandbox ({run['signal']})"
    elif run.get("code"):
        found["ended"] = f"exit code {run['code']}"
    return found
