"""The private server: one per directory, gone with the bot, back when it is needed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import aclosing, suppress
from pathlib import Path

import psutil
import pytest
import redis

from bot.conversation.turns import Pending, State, Turn
from bot.errors import StartupError, StoreUnavailable
from bot.store import embedded
from bot.store.embedded import EmbeddedValkey
from bot.store.history import RedisStore
from tests.store.settling import settle

ROOT = Path(__file__).parents[2]
PLACE = "c"
ASK = Turn("1", 1, "user", "Hail!")
OWED = Pending("r1", 2, ("1",), 5.0)

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent death signal")


class Bot:
    """Another bot process on the same data directory; it runs until it is told to end."""

    def __init__(self, data_dir: Path, *, before: str = "") -> None:
        code = f"""
            import asyncio, sys
            from pathlib import Path
            from bot.conversation.turns import Pending, Turn
            from bot.store import embedded
            from bot.store.embedded import EmbeddedValkey
            from bot.store.history import RedisStore
            {before}

            async def main():
                async with EmbeddedValkey(Path({str(data_dir)!r})) as server:
                    store = RedisStore(server.url, revive=server.ensure)
                    await store.journal("c", [Turn("1", 1, "user", "Hail!")],
                                        Pending("r1", 2, ("1",), 5.0))
                    print(server.process_id, flush=True)
                    loop = asyncio.get_running_loop()
                    while await loop.run_in_executor(None, sys.stdin.readline):
                        print(len((await store.load("c")).turns), server.process_id, flush=True)
                    await store.aclose()

            asyncio.run(main())
        """
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Bot:
        self.server = self.process.stdout.readline().strip()
        assert self.server, "it did not start"
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.leave()

    def look(self) -> list[str]:
        """Read the conversation: the number of turns, and the server if it is this bot's own."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def leave(self) -> None:
        self.process.stdin.close()
        assert self.process.wait(60) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)


def socket_of(server: EmbeddedValkey) -> Path:
    return Path(server.url.removeprefix("unix://"))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def gone(pid: int, seconds: float = 20.0) -> bool:
    """Does the process end in time?"""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def servers_on(data_dir: Path) -> list[int]:
    """The processes that hold the directory's append-only file open."""
    if not Path("/proc").exists():
        pytest.skip("looks at open files through /proc")
    return [
        int(proc.name)
        for proc in Path("/proc").glob("[0-9]*")
        if any(link.startswith(str(data_dir)) and "appendonly" in link for link in open_files(proc))
    ]


def open_files(proc: Path) -> Iterator[str]:
    """What a process holds open now; a file that it closes meanwhile says nothing of the rest."""
    with suppress(OSError):  # the process is gone, or somebody else's
        for fd in (proc / "fd").iterdir():
            with suppress(OSError):
                yield os.readlink(fd)


@pytest.fixture
def data_dir(tmp_path: Path, socket_dir: Path) -> Path:
    return tmp_path / "data"


async def wrote(server: EmbeddedValkey) -> bool:
    async with aclosing(RedisStore(server.url)) as store:
        return await store.journal(PLACE, [ASK], OWED)


async def remembers(server: EmbeddedValkey) -> bool:
    async with aclosing(RedisStore(server.url)) as store:
        return (await store.load(PLACE)).turns == (ASK,)


async def test_data_outlives_a_clean_stop(data_dir: Path):
    async with EmbeddedValkey(data_dir) as server:
        pid = server.process_id
        assert await wrote(server)
    assert gone(pid, 0.5)
    async with EmbeddedValkey(data_dir) as server:
        assert await remembers(server)


async def test_it_is_private(data_dir: Path):
    async with EmbeddedValkey(data_dir) as server:
        with redis.Redis.from_url(server.url, decode_responses=True) as raw:
            assert raw.config_get("port", "save", "appendfsync", "maxmemory-policy") == {
                "port": "0",
                "save": "",
                "appendfsync": "everysec",
                "maxmemory-policy": "noeviction",
            }
        where = socket_of(server)
        assert [mode(path) for path in (where, where.parent, data_dir / "valkey")] == [0o700] * 3
        assert os.getsid(server.process_id) != os.getsid(0), "Ctrl-C does not reach it"


def on_disk(server: EmbeddedValkey) -> None:
    """Wait until all that was written is; with `everysec` a slow disk may be two seconds late."""
    with redis.Redis.from_url(server.url) as raw:
        assert raw.waitaof(1, 0, 10_000)[0] == 1


async def test_the_next_operation_restarts_a_killed_server(own_server):
    async with aclosing(RedisStore(own_server.url, revive=own_server.ensure)) as store:
        await store.journal(PLACE, [ASK], OWED)
        await asyncio.to_thread(on_disk, own_server)
        os.kill(own_server.process_id, signal.SIGKILL)
        results = await asyncio.gather(*(store.load(PLACE) for _ in range(20)))
        assert all(result.turns == (ASK,) for result in results)
        assert not await store.journal(PLACE, [ASK], OWED)


async def test_data_outlives_the_death_of_bot_and_server(data_dir: Path):
    with Bot(data_dir) as bot:
        server = int(bot.server)
        bot.kill()
        os.kill(server, signal.SIGKILL)
    async with EmbeddedValkey(data_dir) as server:
        assert await remembers(server)


@linux
async def test_the_server_dies_with_the_bot(data_dir: Path):
    with Bot(data_dir) as bot:
        assert servers_on(data_dir) == [int(bot.server)]
        bot.kill()
        assert gone(int(bot.server))
    async with EmbeddedValkey(data_dir) as server:
        assert await remembers(server)


async def test_a_second_bot_shares_the_server(data_dir: Path):
    with Bot(data_dir) as first:
        async with EmbeddedValkey(data_dir) as second:
            assert second.process_id is None
            assert await remembers(second)
            assert servers_on(data_dir) == [int(first.server)]
        assert first.look() == ["1", first.server], "it lives on when the second one leaves"


async def test_who_shares_survives_the_owner(data_dir: Path):
    with Bot(data_dir) as first:
        second = EmbeddedValkey(data_dir)
        async with second, aclosing(RedisStore(second.url, revive=second.ensure)) as store:
            await store.ping()
            first.kill()
            assert (await store.load(PLACE)).turns == (ASK,)
            # The owner's server may have given that answer, and be on its way out.
            async with asyncio.timeout(20):
                while servers_on(data_dir) != [second.process_id]:
                    await asyncio.sleep(0.05)
                    await store.ping()
    assert not servers_on(data_dir)


async def test_who_shares_survives_the_owner_s_leaving(data_dir: Path):
    with Bot(data_dir) as first, Bot(data_dir) as second, Bot(data_dir) as third:
        assert (second.server, third.server) == ("None", "None")
        first.leave()
        turns, owner = second.look()
        assert (turns, owner) == ("1", str(servers_on(data_dir)[0]))
        assert third.look() == ["1", "None"]
        second.kill()
        assert third.look()[0] == "1"
    # That answer may have come from the second one's server, on its way out.
    async with asyncio.timeout(20):
        while servers_on(data_dir):  # noqa: ASYNC110 - the system tells nobody
            await asyncio.sleep(0.05)


async def test_many_starts_at_once_make_one_server(data_dir: Path):
    many = [EmbeddedValkey(data_dir) for _ in range(8)]
    await asyncio.gather(*(one.start() for one in many))
    assert sum(one.process_id is not None for one in many) == 1
    assert len(servers_on(data_dir)) == 1
    await asyncio.gather(*(one.stop() for one in many))
    assert not servers_on(data_dir)


async def test_an_orphan_is_adopted_and_ended(data_dir: Path):
    no_signal = "embedded._dying_with_this_process = lambda: None"
    with Bot(data_dir, before=no_signal) as bot:
        bot.kill()
    orphan = int(bot.server)
    assert not gone(orphan, 0.3)
    async with EmbeddedValkey(data_dir) as server:
        assert server.process_id is None
        assert await remembers(server)
        assert servers_on(data_dir) == [orphan]
    assert gone(orphan)


async def test_a_stop_leaves_another_bot_s_server_alone(data_dir: Path):
    async with EmbeddedValkey(data_dir) as first:
        with Bot(data_dir) as second:
            os.kill(first.process_id, signal.SIGKILL)
            owner = second.look()[1]
            await first.stop()
            assert servers_on(data_dir) == [int(owner)]


async def test_a_server_out_of_reach_is_named(data_dir: Path, monkeypatch):
    async with EmbeddedValkey(data_dir) as first:
        monkeypatch.setattr(embedded, "_START_SECONDS", 0.2)
        where = socket_of(first)
        hidden = where.with_suffix(".hidden")
        os.rename(where, hidden)
        with pytest.raises(StartupError, match=f"process {os.getpid()} runs.*REDIS_URL"):
            await EmbeddedValkey(data_dir).start()
        assert len(servers_on(data_dir)) == 1
        os.rename(hidden, where)


async def test_a_deleted_socket_is_made_again(own_server):
    async with aclosing(RedisStore(own_server.url, revive=own_server.ensure)) as store:
        await store.journal(PLACE, [ASK], OWED)
        os.unlink(socket_of(own_server))
        async with aclosing(RedisStore(own_server.url, revive=own_server.ensure)) as fresh:
            assert (await fresh.load(PLACE)).turns == (ASK,)
        assert (await store.load(PLACE)).turns == (ASK,)


async def test_a_given_up_start_can_be_resumed(data_dir: Path):
    server = EmbeddedValkey(data_dir)
    for _ in range(5):
        start = asyncio.create_task(server.start())
        await asyncio.sleep(0.004)
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
    async with server:
        assert await wrote(server)
        assert servers_on(data_dir) == [server.process_id]
    assert not servers_on(data_dir)


async def test_an_unusable_data_directory(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError) as caught:
        await EmbeddedValkey(tmp_path / "file").start()
    words = str(caught.value)
    assert "Not a directory" in words
    assert "set REDIS_URL" in words
    assert "\n" not in words


async def test_no_server_for_this_system(data_dir: Path, monkeypatch):
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    with pytest.raises(StartupError, match="set REDIS_URL"):
        await EmbeddedValkey(data_dir).start()


async def test_damaged_data_is_reported_and_not_touched(data_dir: Path):
    async with EmbeddedValkey(data_dir) as server:
        await wrote(server)
    (journal,) = (data_dir / "valkey" / "appendonlydir").glob("*.incr.aof")
    whole = journal.read_bytes()
    journal.write_bytes(b"*3\r\nnonsense" + whole)
    with pytest.raises(StartupError, match=r"valkey\.log") as caught:
        await EmbeddedValkey(data_dir).start()
    assert "Bad file format" in str(caught.value)
    journal.write_bytes(whole + b"*3\r\n$3\r\nSET\r\n$9\r\nhalf a com")
    async with EmbeddedValkey(data_dir) as server:
        assert await remembers(server), "the half command of a crash is left out"


async def test_a_stranger_s_directory_is_not_used(data_dir: Path, socket_dir: Path):
    planted = socket_dir / f"hermes-discord-{os.getuid()}"
    planted.mkdir(mode=0o755)
    planted.chmod(0o755)
    async with EmbeddedValkey(data_dir) as server:
        assert not server.url.startswith(f"unix://{socket_dir}")
        assert await wrote(server)


async def test_a_socket_in_a_stranger_s_directory_is_not_asked(data_dir: Path, socket_dir: Path):
    asked: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(9))
        writer.write(b"+PONG\r\n")
        writer.close()

    planted = socket_dir / "planted"
    planted.mkdir()
    planted.chmod(0o777)
    trap = await asyncio.start_unix_server(listen, planted / "s")
    (data_dir / "valkey").mkdir(parents=True)
    (data_dir / "valkey" / "lock").write_text(f'{{"pid":1,"socket":"{planted}/s"}}')
    async with EmbeddedValkey(data_dir) as server:
        assert await wrote(server)
    trap.close()
    assert asked == []


async def test_a_long_temporary_directory(data_dir: Path, short_tmp: Path, monkeypatch):
    deep = short_tmp / ("d" * 90)
    deep.mkdir(exist_ok=True)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    async with EmbeddedValkey(data_dir) as server:
        assert await wrote(server)


async def test_the_path_survives_odd_characters(tmp_path: Path, short_tmp: Path, monkeypatch):
    odd = short_tmp / "a b%20?#ü"
    odd.mkdir(exist_ok=True)
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    async with EmbeddedValkey(tmp_path / "d a%t#a?ü") as server:
        assert await wrote(server)


async def test_a_server_that_cannot_come_back_says_why(own_server, monkeypatch):
    def refuse(name: str) -> None:
        return None

    async with aclosing(RedisStore(own_server.url, revive=own_server.ensure)) as store:
        await store.ping()
        os.kill(own_server.process_id, signal.SIGKILL)
        monkeypatch.setattr(embedded, "find_spec", refuse)
        with pytest.raises(StoreUnavailable) as caught:
            await settle(store, PLACE, "r", [], State())
        assert "no embedded Redis" in caught.value.detail
        monkeypatch.undo()
        await store.ping()
