"""A program in a terminal of its own (a pty), and a person who reads and types."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import sys
import time
from pathlib import Path

from tests.wire.processes import environment


class Person:
    """Somebody in front of `python -m bot …` in a real terminal."""

    def __init__(self, directory: Path, *arguments: str, **settings: str) -> None:
        self._directory = directory
        self._arguments = arguments
        self._settings = settings
        self._master = -1
        self._pid = 0
        self._read_to = 0
        self.screen = ""

    async def __aenter__(self) -> Person:
        env = environment(**self._settings)
        command = [sys.executable, "-m", "bot", *self._arguments]
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            # Who runs the tests in a shell's background ignores Ctrl+C, and would hand that down.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(self._directory)
            os.execve(command[0], command, env)
        os.set_blocking(self._master, False)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._ended(0)
        os.close(self._master)

    async def reads(self, pattern: str, timeout: float = 60.0) -> None:
        """Wait until the screen shows a pattern behind all that was read before."""
        deadline = time.monotonic() + timeout
        while not (found := re.search(pattern, self.screen[self._read_to :])):
            assert time.monotonic() < deadline, f"{pattern!r} never came: {self.screen}"
            if not self._read():
                await asyncio.sleep(0.02)
        self._read_to += found.end()

    def types(self, text: str) -> None:
        """Type a line."""
        os.write(self._master, f"{text}\n".encode())

    def presses_ctrl_c(self) -> None:
        """Interrupt the program."""
        os.write(self._master, b"\x03")

    async def leaves(self, timeout: float = 60.0) -> int:
        """Wait for the end of the program; its exit code."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._read()
            code = self._ended(os.WNOHANG)
            if code is not None:
                self._read()
                return code
            await asyncio.sleep(0.02)
        raise AssertionError(f"it does not end: {self.screen}")

    def _ended(self, how: int) -> int | None:
        pid, status = os.waitpid(self._pid, how)
        if not pid:
            return None
        self._pid = 0
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> str:
        try:
            fresh = os.read(self._master, 65_536).decode("utf-8", "replace")
        except (BlockingIOError, OSError):
            return ""
        self.screen += fresh
        return fresh
