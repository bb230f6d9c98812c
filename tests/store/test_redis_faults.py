"""What happens when Redis is wrong, away, full, slow or cut off: an error with words, no harm."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import redis

from bot.checks.store import findings
from bot.conversation.turns import Pending, Snapshot, State, Turn
from bot.errors import SettingsError, StoreUnavailable, explain
from bot.store import embedded, keys
from bot.store.embedded import EmbeddedValkey
from bot.store.history import RedisStore
from tests.store.conftest import Line
from tests.structure.tree import ROOT
from tests.wire.processes import free_port

PLACE = "discord:111:222"
ASK = Turn("1", 1, "user", "Hail!")
OWED = Pending("r1", 2, ("1",), 5.0)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis:///3",
        "redis://hunter2@host:port",
        "redis://user:hunter2@host:99999",
        "redis://:hunter2@[::1",
        "redis://me:hunter2#x@host",
        "redis://:hunter2/x@host",
        "redis://me:6379/hunter2@host/0",
        "redis://me:hunter2",
        "redis://:hunter2@host/first",
        "redis://host/1/2",
        "redis://:hunter2@host?db=first",
        "redis://:hunter2@host?sokcet_timeout=5",
        "redis://:hunter2@host?socket_timeout=soon",
        "unix://",
    ],
)
def test_a_malformed_url_is_named(url: str):
    with pytest.raises(SettingsError) as caught:
        RedisStore(url)
    words = str(caught.value)
    assert "REDIS_URL" in words
    assert "\n" not in words
    assert "hunter2" not in words


@pytest.mark.parametrize("sign", "#/?")
def test_a_sign_that_takes_a_password_apart_is_explained(sign: str):
    with pytest.raises(SettingsError, match="in a password write %23 for #"):
        RedisStore(f"redis://me:hunter2{sign}x@host:6379/0")


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://:p%40ss@[::1]:6380/3",
        "rediss://me:pw@host/1?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=2",
        "redis://host/0?socket_timeout=9",
    ],
)
async def test_other_urls_are_taken(url: str):
    await RedisStore(url).aclose()


async def test_nobody_listens():
    async with aclosing(RedisStore(f"redis://:hunter2@127.0.0.1:{free_port()}")) as store:
        with pytest.raises(StoreUnavailable) as caught:
            await store.load(PLACE)
    assert "ConnectionError" in caught.value.detail
    assert "hunter2" not in str(caught.value)
    assert explain(caught.value).retry


async def test_every_method_says_unavailable(tmp_path):
    async with aclosing(RedisStore(f"unix://{tmp_path}/none")) as store:
        calls = (
            store.load(PLACE),
            store.journal(PLACE, [ASK], OWED),
            store.commit(PLACE, "r1", None, State()),
            store.save_state(PLACE, State()),
            store.clear(PLACE),
            store.last_prompt(PLACE),
            store.owed(),
            store.always_on(),
            store.set_always_on(PLACE, True),
            store.engines(),
            store.set_engine(PLACE, "big"),
            store.active(0),
            store.last_heard(),
            store.say_heard(1),
            store.ping(),
        )
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, StoreUnavailable)


async def test_tcp_passwords_and_database_numbers(own_server):
    port = free_port()
    with redis.Redis.from_url(own_server.url, db=3, decode_responses=True) as raw:
        raw.config_set("port", port)
        raw.execute_command("ACL", "SETUSER", "hermes", "on", ">p@ss", "~*", "+@all")
        async with aclosing(RedisStore(f"redis://hermes:p%40ss@127.0.0.1:{port}/3")) as store:
            await store.journal(PLACE, [ASK], OWED)
            assert len((await store.load(PLACE)).turns) == 1
        assert raw.dbsize() == 5
        for wrong in (f"redis://hermes:nope@127.0.0.1:{port}", f"rediss://127.0.0.1:{port}"):
            async with aclosing(RedisStore(wrong, connect_timeout=0.3)) as store:
                with pytest.raises(StoreUnavailable):
                    await store.ping()
        raw.execute_command("ACL", "SETUSER", "hermes", "-@all", "+client")
        async with aclosing(RedisStore(f"redis://hermes:p%40ss@127.0.0.1:{port}/0")) as store:
            with pytest.raises(StoreUnavailable) as caught:
                await store.ping()
            assert "NoPermission" in caught.value.detail


async def test_the_rights_that_the_page_asks_for_are_enough(own_server):
    page = (ROOT / "docs/redis.md").read_text("utf-8")
    (keys, rights) = re.findall(r"the user needs `(\S+)` and `([^`]+)`", page)[0]
    port = free_port()
    with redis.Redis.from_url(own_server.url, decode_responses=True) as raw:
        raw.config_set("port", port)
        raw.execute_command("ACL", "SETUSER", "bot", "on", ">pass", keys, *rights.split())
        async with aclosing(RedisStore(f"redis://bot:pass@127.0.0.1:{port}")) as store:
            await store.journal(PLACE, [ASK], OWED)
            assert len((await store.load(PLACE)).turns) == 1
            assert [one.check for one in await findings(store, "Redis")] == [
                "store.reachable",
                "store.persistence",
                "store.memory",
            ]
            # Without INFO the bot works all the same, so that is no more than a warning.
            raw.execute_command("ACL", "SETUSER", "bot", "-info")
            for private in (False, True):
                (told,) = await findings(store, "Redis", private=private)
                assert told.state == "warning"
                assert str(told.text) == "Redis does not let the bot ask INFO"


@pytest.mark.parametrize(
    ("breaks", "mends", "says"),
    [
        (("CONFIG", "SET", "maxmemory", 1), ("CONFIG", "SET", "maxmemory", 0), "OutOfMemory"),
        (("REPLICAOF", "127.0.0.1", 1), ("REPLICAOF", "NO", "ONE"), "ReadOnly"),
        (
            ("CONFIG", "SET", "min-replicas-to-write", 1),
            ("CONFIG", "SET", "min-replicas-to-write", 0),
            "NOREPLICAS",
        ),
    ],
)
async def test_a_server_that_takes_no_writes(breaks, mends, says, store: RedisStore, raw):
    await store.journal(PLACE, [ASK], OWED)
    before = await store.load(PLACE)
    raw.execute_command(*breaks)
    try:
        for write in (
            store.journal(PLACE, [replace(ASK, id="2")], replace(OWED, reply="r2")),
            store.commit(PLACE, "r1", replace(ASK, id="r1"), State(start=9), dropped=["1"]),
            store.save_state(PLACE, State(start=9)),
        ):
            with pytest.raises(StoreUnavailable) as caught:
                await write
            assert says in caught.value.detail
    finally:
        raw.execute_command(*mends)
    assert await store.load(PLACE) == before, "all or nothing"
    assert await store.journal(PLACE, [replace(ASK, id="2")], replace(OWED, reply="r2"))


async def test_a_failover_that_leaves_connections_open(
    tmp_path: Path, socket_dir: Path, line: Line, store: RedisStore, raw: redis.Redis
):
    async with EmbeddedValkey(tmp_path) as heir, aclosing(RedisStore(line.url)) as distant:
        assert await distant.journal(PLACE, [ASK], OWED)
        await asyncio.gather(*(distant.ping() for _ in range(200)))  # over several connections
        raw.execute_command("REPLICAOF", "127.0.0.1", 1)
        try:
            line.lead_to(unquote(urlsplit(heir.url).path))
            assert await distant.journal(PLACE, [ASK], OWED), "the new master has nothing yet"
            writes = (distant.save_state(f"discord:{n}", State(start=n)) for n in range(200))
            await asyncio.gather(*writes)
            assert (await distant.load("discord:199")).state.start == 199
        finally:
            raw.execute_command("REPLICAOF", "NO", "ONE")


async def test_a_foreign_value_in_our_place(store: RedisStore, raw):
    raw.set(keys.ConversationKeys.of(PLACE).turns, "mine")
    with pytest.raises(StoreUnavailable) as caught:
        await store.load(PLACE)
    assert "WRONGTYPE" in caught.value.detail


async def test_an_answer_lost_on_the_way_changes_nothing(line, store: RedisStore, raw):
    async with aclosing(RedisStore(line.url)) as distant:
        await distant.journal("warm", [], OWED)
        line.lose_answers = 1
        assert await distant.journal(PLACE, [ASK], OWED), "it is ours although we asked twice"
        assert not await distant.journal(PLACE, [ASK], OWED)
        line.lose_answers = 2
        await distant.commit(PLACE, "r1", None, State(start=2), dropped=["1"], prompt="p")
    assert await store.load(PLACE) == Snapshot((), State(start=2), ())
    assert raw.zcard(keys.ConversationKeys.of(PLACE).archive) == 1


async def test_a_request_lost_on_the_way_is_sent_again(line, store: RedisStore):
    async with aclosing(RedisStore(line.url)) as distant:
        await distant.ping()
        line.lose_requests = 1
        assert await distant.journal(PLACE, [ASK], OWED)
        line.lose_requests = 99
        with pytest.raises(StoreUnavailable):
            await distant.commit(PLACE, "r1", None, State())
        line.lose_requests = 0
        await distant.commit(PLACE, "r1", None, State())
    assert (await store.load(PLACE)).turns == (ASK,)


async def test_a_server_that_forgot_the_scripts(store: RedisStore, raw):
    assert await store.journal(PLACE, [ASK], OWED)
    raw.script_flush()
    assert not await store.journal(PLACE, [ASK], OWED)
    raw.script_flush()
    await store.commit(PLACE, "r1", None, State(start=1))
    raw.script_flush()
    assert await store.clear(PLACE) == 1


async def test_a_bot_that_stood_still_while_it_connected_connects_again(
    own_server, monkeypatch: pytest.MonkeyPatch
):
    connect = asyncio.open_unix_connection
    stalls = [0.8, 0.8]

    async def stalled(*args, **kwargs):
        connection = asyncio.ensure_future(connect(*args, **kwargs))
        if stalls:
            asyncio.get_running_loop().call_soon(time.sleep, stalls.pop())
            await asyncio.sleep(0.1)
        return await connection

    monkeypatch.setattr(asyncio, "open_unix_connection", stalled)
    async with aclosing(RedisStore(own_server.url, connect_timeout=0.5)) as store:
        assert await store.load(PLACE) == Snapshot()
    assert not stalls


async def test_a_server_that_hangs_is_given_up_in_time(own_server):
    store = RedisStore(own_server.url, connect_timeout=1.0, timeout=2.0)
    async with aclosing(store):
        await store.ping()
        os.kill(own_server.process_id, signal.SIGSTOP)
        try:
            began = time.monotonic()
            results = await asyncio.gather(
                *(store.load(PLACE) for _ in range(50)), return_exceptions=True
            )
            assert all(isinstance(result, StoreUnavailable) for result in results)
            assert time.monotonic() - began < 6.0
        finally:
            os.kill(own_server.process_id, signal.SIGCONT)
        assert await store.load(PLACE) == Snapshot()


async def test_a_server_that_is_still_reading_its_data(
    tmp_path: Path, socket_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    async with EmbeddedValkey(tmp_path) as server, aclosing(RedisStore(server.url)) as store:
        await store.journal(PLACE, [ASK], OWED)
        with redis.Redis.from_url(server.url) as raw, raw.pipeline(transaction=False) as pipe:
            for _ in range(25_000):  # it looks up from its reading after every 1,024 commands
                pipe.incr("n")
            pipe.execute()
    slow = tmp_path / "slow"
    slow.write_text(f'#!/bin/sh\nexec {embedded.server_binary()} "$@" --key-load-delay 1\n')
    slow.chmod(0o700)
    monkeypatch.setattr(embedded, "server_binary", lambda: slow)
    server = EmbeddedValkey(tmp_path)
    start = asyncio.create_task(server.start())
    reasons: set[str] = set()
    while not start.done():
        await asyncio.sleep(0.01)
        async with aclosing(RedisStore(server.url or f"unix://{slow}")) as store:
            try:
                await store.ping()
            except StoreUnavailable as error:
                reasons.add(error.detail)
    await start
    assert any("loading" in reason for reason in reasons), reasons
    async with aclosing(RedisStore(server.url)) as store:
        assert (await store.load(PLACE)).turns == (ASK,)
    await server.stop()


async def test_a_server_that_went_and_came_back(own_server):
    async with aclosing(RedisStore(own_server.url)) as store:
        await store.journal(PLACE, [ASK], OWED)
        await own_server.stop()
        with pytest.raises(StoreUnavailable):
            await store.load(PLACE)
        await own_server.start()
        assert (await store.load(PLACE)).turns == (ASK,)
        results = await asyncio.gather(*(store.load(PLACE) for _ in range(40)))
        assert len(results) == 40
