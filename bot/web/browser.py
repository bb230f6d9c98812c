"""Opening the visitor's browser, where there is one to open."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
_REMOTE = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1], new=2))"


def can_open(environ: Mapping[str, str] | None = None, platform: str | None = None) -> bool:
    """Whether a browser would appear in front of the person who started the bot.

    Not in CI, not over SSH, not on a Linux without a screen. Whoever sets `BROWSER` has one
    (editors that work over SSH do, to open pages at the near end).
    """
    environ = os.environ if environ is None else environ
    platform = sys.platform if platform is None else platform
    if environ.get("CI"):
        return False
    if environ.get("BROWSER"):
        return True
    if any(environ.get(name) for name in _REMOTE):
        return False
    has_own_screen = platform == "darwin" or platform.startswith("win")
    return has_own_screen or any(environ.get(name) for name in _DISPLAYS)


async def open_page(address: str) -> bool:
    """Open `address` in the browser, quietly; return whether that worked."""
    # A process of its own: browsers write to the terminal, and some block until they are closed.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", _OPEN, address),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    return await process.wait() == 0
