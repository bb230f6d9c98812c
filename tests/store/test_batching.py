"""Calls of one moment share a round trip, and nothing else: on a real Valkey."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import aclosing

import pytest_asyncio
import redis

from bot.errors import StoreUnavailable
from bot.store import scripts
from bot.store.connection import Connection, call
from bot.store.keys import ConversationKeys
from tests.store.conftest import Line


def connected(url: str, timeout: float = 3.0) -> Connection:
    return Connection(url, connect_timeout=1.0, timeout=timeout, max_connections=8)


@pytest_asyncio.fixture
async def calls(valkey_url: str):
    async with aclosing(connected(valkey_url)) as connection:
        yield connection


async def test_each_gets_its_own_answers(calls: Connection) -> None:
    sets = (calls.run(("SET", f"k{n}", n), ("STRLEN", f"k{n}")) for n in range(100))
    assert await asyncio.gather(*sets) == [[True, len(str(n))] for n in range(100)]
    gets = await asyncio.gather(*(calls.run(("GET", f"k{n}")) for n in range(100)))
    assert gets == [[str(n).encode()] for n in range(100)]


async def test_a_hundred_calls_of_one_moment_are_four_trips(line: Line) -> None:
    async with aclosing(connected(line.url)) as calls:
        await asyncio.gather(*(calls.run(("PING",)) for _ in range(100)))  # connects
        before = line.round_trips
        await asyncio.gather(*(calls.run(("INCR", "n")) for _ in range(100)))
        assert line.round_trips - before == 4
        before = line.round_trips
        for _ in range(5):
            await calls.run(("INCR", "n"))
        assert line.round_trips - before == 5, "who calls alone waits for nobody"
        assert await calls.run(("GET", "n")) == [b"105"]


async def test_what_is_refused_is_nobody_elses_trouble(calls: Connection) -> None:
    await calls.run(("SET", "text", "words"))
    answers = await asyncio.gather(
        *(calls.run(("INCR", "n"), ("INCR", "text" if n == 3 else "m")) for n in range(6)),
        return_exceptions=True,
    )
    assert [isinstance(one, StoreUnavailable) for one in answers] == [n == 3 for n in range(6)]
    assert await calls.run(("GET", "n"), ("GET", "m")) == [b"6", b"5"]


async def test_who_no_longer_waits_disturbs_nobody(calls: Connection) -> None:
    tasks = [asyncio.create_task(calls.run(("INCR", "n"))) for _ in range(5)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers.pop(2), asyncio.CancelledError)
    assert answers == [[1], [2], [4], [5]], "it was on its way already"


async def test_scripts_are_taught_again_in_the_middle_of_a_crowd(
    calls: Connection, valkey_url: str
) -> None:
    with redis.Redis.from_url(valkey_url) as raw:
        raw.script_flush()
    loads = (call(scripts.LOAD, ConversationKeys.of(f"c{n}").kept) for n in range(40))
    answers = await asyncio.gather(*(calls.run(("INCR", "n"), load) for load in loads))
    assert [answer[1] for answer in answers] == [[[], [], [], 0]] * 40


async def test_a_server_that_says_nothing_costs_all_of_them_the_same_time() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        async with aclosing(connected(url, timeout=0.3)) as calls:
            began = time.monotonic()
            answers = await asyncio.gather(
                *(calls.run(("PING",)) for _ in range(400)), return_exceptions=True
            )
            # One after another, over as many connections as there may be, it would be 15 s.
            assert 0.25 < time.monotonic() - began < 8
            assert all(isinstance(one, StoreUnavailable) for one in answers)
