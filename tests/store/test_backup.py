"""Backups for real: taken from a running server, put back, and what is refused."""

from __future__ import annotations

import asyncio
import stat
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from bot.conversation.turns import Pending, Turn
from bot.errors import StartupError
from bot.store import backup
from bot.store.embedded import EmbeddedValkey, server_binary
from bot.store.history import RedisStore
from tests.wire.processes import environment, free_port

PLACE = "discord:111"
QUIET = {"LOG_LEVEL": "error"}


async def command(data_dir: Path, *words: str, **settings: str) -> tuple[int, bytes, str]:
    """Run `python -m bot …`; exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *words),
        env=environment(DATA_DIR=str(data_dir), **QUIET, **settings),
        cwd=data_dir.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out, err.decode()


async def say(store: RedisStore, number: int) -> None:
    turn = Turn(str(number), number, "user", f"text {number} " + "é" * 5_000)
    await store.journal(PLACE, [turn], Pending(f"r{number}", number, (turn.id,), 5.0))


async def told(data_dir: Path) -> list[str]:
    async with (
        EmbeddedValkey(data_dir) as server,
        aclosing(RedisStore(server.url)) as store,
    ):
        return [turn.id for turn in (await store.load(PLACE)).turns]


async def test_a_copy_of_a_running_server_comes_back_elsewhere(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "all.rdb"
    async with EmbeddedValkey(data) as server, aclosing(RedisStore(server.url)) as store:
        for number in range(200):
            await say(store, number)
        writing = asyncio.create_task(_go_on(store))
        code, out, err = await command(data, "backup", str(copy))
        writing.cancel()
        assert (code, err) == (0, "")
        assert out.startswith(b"Saved 0.")
        # Nothing is left on the server's disk that would keep what somebody erases.
        assert not list((data / "valkey").glob("*.rdb"))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    other = tmp_path / "other"
    other.mkdir()
    code, out, err = await command(other, "restore", str(copy))
    assert (code, err) == (0, "")
    assert out.startswith(b"Restored ")
    restored = await told(other)
    assert restored[:200] == [str(number) for number in range(200)]
    # It is the copy of one moment: no turn is missing in between.
    assert restored == [str(number) for number in range(len(restored))]


async def _go_on(store: RedisStore) -> None:
    number = 200
    while True:
        await say(store, number)
        number += 1


async def test_what_was_there_before_is_moved_aside(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "all.rdb"
    async with EmbeddedValkey(data) as server, aclosing(RedisStore(server.url)) as store:
        await say(store, 1)
    # Nobody runs: the server is started for the copy.
    assert (await command(data, "backup", str(copy)))[0] == 0
    async with EmbeddedValkey(data) as server, aclosing(RedisStore(server.url)) as store:
        await say(store, 2)
    code, out, _ = await command(data, "restore", str(copy))
    assert code == 0
    assert b"appendonlydir.before-1" in out
    assert await told(data) == ["1"]
    aside = data / "valkey" / "appendonlydir.before-1"
    assert (aside / "appendonly.aof.manifest").exists()
    assert sorted(path.name for path in data.iterdir()) == ["valkey"]


async def test_a_running_server_is_never_overwritten(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "all.rdb"
    async with EmbeddedValkey(data) as server, aclosing(RedisStore(server.url)) as store:
        await say(store, 1)
        assert (await command(data, "backup", str(copy)))[0] == 0
        await say(store, 2)
        code, _, err = await command(data, "restore", str(copy))
        assert code == 69
        assert "stop the bot first" in err
        assert len((await store.load(PLACE)).turns) == 2
    assert await told(data) == ["1", "2"]


@pytest.mark.parametrize("damage", ["text", "cut", "missing"])
async def test_a_damaged_copy_changes_nothing(tmp_path: Path, damage: str) -> None:
    data, copy = tmp_path / "data", tmp_path / "all.rdb"
    async with EmbeddedValkey(data) as server, aclosing(RedisStore(server.url)) as store:
        await say(store, 1)
        await command(data, "backup", str(copy))
    whole = copy.read_bytes()
    copy.unlink()
    if damage != "missing":
        copy.write_bytes(b"no copy at all" if damage == "text" else whole[: len(whole) // 2])
    code, _, err = await command(data, "restore", str(copy))
    assert code == 69
    assert "Traceback" not in err
    assert await told(data) == ["1"]
    assert sorted(path.name for path in data.iterdir()) == ["valkey"]
    assert not list((data / "valkey").glob("*.before-*"))


async def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "all.rdb"
    copy.write_text("mine", "utf-8")
    code, _, err = await command(data, "backup", str(copy))
    assert (code, "there is nothing in" in err) == (69, True)
    async with EmbeddedValkey(data):
        code, _, err = await command(data, "backup", str(copy))
    assert (code, "is there already" in err) == (69, True)
    assert copy.read_text("utf-8") == "mine"


async def test_a_server_with_a_password_of_another_kind(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    data.mkdir()
    server = await asyncio.create_subprocess_exec(
        *(str(server_binary()), "--port", str(port), "--requirepass", "a b$c", "--save", ""),
        *("--dir", str(tmp_path), "--repl-diskless-sync", "no", "--bind", "127.0.0.1"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    url = f"redis://:a%20b$c@127.0.0.1:{port}/0"
    try:
        async with aclosing(RedisStore(url)) as store:
            await settled(store)
            await say(store, 1)
        code, out, err = await command(data, "backup", "-", REDIS_URL=url)
        assert (code, err) == (0, "")
        assert out.startswith((b"REDIS", b"VALKEY"))
        code, _, err = await command(data, "backup", "x", REDIS_URL=url.replace("b$c", "no"))
        assert (code, "refuses the password" in err) == (69, True)
        assert "no@" not in err
        code, _, err = await command(data, "restore", "x", REDIS_URL=url)
        assert (code, "REDIS_URL is set" in err) == (69, True)
    finally:
        server.kill()
        await server.wait()
    copy = tmp_path / "all.rdb"
    copy.write_bytes(out)
    await backup.restore(copy, data)
    assert await told(data) == ["1"]


async def settled(store: RedisStore) -> None:
    for _ in range(500):
        try:
            return await store.ping()
        except Exception:
            await asyncio.sleep(0.02)
    raise TimeoutError


async def test_no_server_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="cannot be reached"):
        await backup.take("redis://127.0.0.1:9/0", lambda _: None)
