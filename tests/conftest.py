"""What all tests share: one real Valkey server per worker, swept clean for each test."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import aclosing

import pytest
import pytest_asyncio
import redis
from hypothesis import settings

from bot.store.embedded import EmbeddedValkey
from bot.store.history import RedisStore
from tests.wire.processes import free_port

# How long an example takes says more about the machine than about the code. What a run says of a
# change must not depend on its luck; FUZZ=1 tries other examples.
settings.register_profile("any-machine", deadline=None, derandomize="FUZZ" not in os.environ)
settings.load_profile("any-machine")


_LONGEST_SECONDS = 60  # on a busy machine
_WORKERS = 8


def pytest_xdist_auto_num_workers() -> int:
    """Most tests wait (for sockets, timers, other processes): two of them share a core."""
    cores = os.cpu_count() or 1
    return max(cores, min(2 * cores, _WORKERS))


@pytest.fixture
def one_hour() -> None:
    """For tests of what is counted by the hour or the day: neither ends while they run."""
    left = 3_600 - time.time() % 3_600
    if left < _LONGEST_SECONDS:
        time.sleep(left + 0.1)


@pytest.fixture
def unused_tcp_port() -> int:
    """A port where nobody listens, and no other test's server will meanwhile."""
    return free_port()


@pytest.fixture(scope="session")
def _valkey(tmp_path_factory: pytest.TempPathFactory):
    server = EmbeddedValkey(tmp_path_factory.mktemp("data"))
    asyncio.run(server.start())
    with redis.Redis.from_url(server.url) as client:
        yield server.url, client
    asyncio.run(server.stop())


@pytest.fixture
def valkey_url(_valkey: tuple[str, redis.Redis]) -> str:
    """The URL of a real, empty server; each test has it for itself."""
    url, client = _valkey
    client.flushall()
    return url


@pytest_asyncio.fixture
async def store(valkey_url: str):
    """A store on the real, empty server."""
    async with aclosing(RedisStore(valkey_url)) as store:
        yield store
