"""`make backup` and `make restore` with docker compose: Docker is a script here, Valkey is real."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from bot.conversation.turns import Pending, Turn
from bot.errors import StoreUnavailable
from bot.store.embedded import server_binary
from bot.store.history import RedisStore
from tests.structure.tree import ROOT
from tests.wire.processes import free_port

PLACE = "discord:111"

# It knows the five commands that the script uses; /data of the container is a folder here.
DOCKER = """#!/bin/sh
echo "$*" >>"$FAKE/calls"
shift
case "$*" in
"ps --all --quiet redis") echo 4711 ;;
"run --rm --no-deps -T bot backup -") cd "$FAKE" && exec "$PYTHON" -m bot backup - ;;
"stop bot redis") ;;
"start redis bot") ;;
"run --rm --no-deps -T --entrypoint sh redis -c "*)
    while [ "$1" != -c ]; do shift; done
    sh -c "$(printf '%s' "$2" | sed "s|^cd /data|cd '$FAKE/data'|")" ;;
*) exit 125 ;;
esac
"""


class Machine:
    """A machine with Docker, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir()
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        programs = folder / "bin"
        programs.mkdir()
        (programs / "docker").write_text(DOCKER, "utf-8")
        (programs / "docker").chmod(0o755)
        # Called by this name, the server checks a file.
        (programs / "valkey-check-rdb").symlink_to(server_binary())

    @asynccontextmanager
    async def valkey(self) -> AsyncIterator[RedisStore]:
        """The compose file's Valkey, until the end of the block."""
        server = await asyncio.create_subprocess_exec(
            *(str(server_binary()), "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--dir", str(self.data), "--appendonly", "yes", "--save", ""),
            *("--repl-diskless-sync-delay", "0"),
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            async with aclosing(RedisStore(self.url)) as store:
                await _answers(store)
                yield store
        finally:
            server.terminate()
            await server.wait()

    async def run(self, action: str, file: str) -> tuple[int, str]:
        """Run the script; its exit code and what it says."""
        environment = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "FAKE": str(self.folder),
            "PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": self.url,
            "LOG_LEVEL": "error",
        }
        process = await asyncio.create_subprocess_exec(
            *("sh", str(ROOT / "scripts/backup.sh"), action, file),
            env=environment,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


async def _answers(store: RedisStore) -> None:
    for _ in range(500):
        try:
            return await store.ping()
        except StoreUnavailable:
            await asyncio.sleep(0.02)
    raise TimeoutError


async def _say(store: RedisStore, name: str) -> None:
    await store.journal(PLACE, [Turn(name, 1, "user", "Hi")], Pending("r", 2, (name,), 5.0))


async def _told(store: RedisStore) -> list[str]:
    return [turn.id for turn in (await store.load(PLACE)).turns]


async def test_there_and_back(machine: Machine) -> None:
    async with machine.valkey() as store:
        await _say(store, "first")
        code, said = await machine.run("backup", "all.rdb")
        assert code == 0, said
        assert "to all.rdb" in said
        await _say(store, "second")
    code, said = await machine.run("restore", "all.rdb")
    assert code == 0, said
    assert "appendonlydir.before-N" in said
    async with machine.valkey() as store:
        assert await _told(store) == ["first"]
    calls = (machine.folder / "calls").read_text("utf-8")
    assert calls.index("stop bot redis") < calls.index("--entrypoint sh redis")
    assert calls.rstrip().endswith("compose start redis bot")


@pytest.mark.parametrize("damage", ["text", "cut"])
async def test_a_damaged_copy_changes_nothing(machine: Machine, damage: str) -> None:
    async with machine.valkey() as store:
        await _say(store, "first")
        assert (await machine.run("backup", "all.rdb"))[0] == 0
    copy = machine.folder / "all.rdb"
    whole = copy.read_bytes()
    copy.write_bytes(b"no copy at all" if damage == "text" else whole[: len(whole) // 2])
    code, said = await machine.run("restore", "all.rdb")
    assert code == 1
    assert "nothing was changed" in said
    # The bot comes back all the same.
    assert (machine.folder / "calls").read_text("utf-8").rstrip().endswith("start redis bot")
    async with machine.valkey() as store:
        assert await _told(store) == ["first"]
    assert not (machine.data / "new.rdb").exists()


async def test_what_is_refused(machine: Machine) -> None:
    code, said = await machine.run("backup", "")
    assert (code, "name the file: make backup FILE=" in said) == (1, True)
    (machine.folder / "mine").write_text("mine", "utf-8")
    code, said = await machine.run("backup", "mine")
    assert (code, "is there already" in said) == (1, True)
    code, said = await machine.run("restore", "gone")
    assert (code, "cannot be read" in said) == (1, True)
    # No server: no file that looks like a copy.
    code, said = await machine.run("backup", "all.rdb")
    assert (code, "no copy was made" in said) == (1, True)
    assert not (machine.folder / "all.rdb").exists()
    assert not (machine.folder / "all.rdb.part").exists()
