"""Saved schemas in a real Valkey."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from bot.conversation.ports import MAX_SCHEMAS
from bot.errors import StoreUnavailable
from bot.store import keys
from bot.store.history import RedisStore

OWNER = "discord:server:1"


async def test_saved_schemas_come_back_as_written(store: RedisStore, raw) -> None:
    assert await store.schema_names(OWNER) == []
    assert await store.schema(OWNER, "film") is None
    written = "title: text # “Ran”\nhalf: \ud800"
    assert await store.save_schema(OWNER, "film", written)
    assert await store.save_schema(OWNER, "a b", "x: text")
    assert await store.schema(OWNER, "film") == written
    assert await store.schema_names(OWNER) == ["a b", "film"]
    assert await store.schema_names("discord:user:1") == []
    [key] = raw.scan_iter()
    assert key == keys.schemas(OWNER) == "hermes:1:{discord:server:1}:schemas"
    assert raw.ttl(key) == -1, "a setting stays"


async def test_saving_again_replaces_and_deleting_leaves_nothing(store: RedisStore, raw) -> None:
    for text in ("x: text", "y: text"):
        assert await store.save_schema(OWNER, "s", text)
    assert await store.schema(OWNER, "s") == "y: text"
    assert await store.delete_schema(OWNER, "s")
    assert not await store.delete_schema(OWNER, "s")
    assert list(raw.scan_iter()) == []


async def test_an_owner_has_room_for_so_many(store: RedisStore, raw) -> None:
    for n in range(MAX_SCHEMAS):
        assert await store.save_schema(OWNER, f"s{n}", "x: text")
    assert not await store.save_schema(OWNER, "one more", "x: text")
    assert await store.save_schema(OWNER, "s7", "y: text"), "in place of another"
    assert raw.hlen(keys.schemas(OWNER)) == MAX_SCHEMAS
    assert await store.save_schema("discord:server:2", "one more", "x: text")


async def test_a_damaged_record_is_none(store: RedisStore, raw, caplog) -> None:
    raw.hset(keys.schemas(OWNER), mapping={"a": "{", "b": '{"saved": 1}', "c": '{"text": 7}'})
    assert [await store.schema(OWNER, name) for name in "abc"] == [None] * 3
    assert caplog.text.count("damaged") == 3
    raw.hset(keys.schemas(OWNER), "d", '{"text": "x: text", "later": true}')
    assert await store.schema(OWNER, "d") == "x: text", "a newer release's field is ignored"


async def test_each_is_one_round_trip_and_may_be_repeated(line) -> None:
    async with aclosing(RedisStore(line.url)) as counted:
        await counted.save_schema("warm", "s", "x: text")
        for one in (
            counted.save_schema(OWNER, "s", "x: text"),
            counted.schema(OWNER, "s"),
            counted.schema_names(OWNER),
            counted.delete_schema(OWNER, "s"),
        ):
            before = line.round_trips
            await one
            assert line.round_trips - before == 1
        line.lose_answers = 1
        assert await counted.save_schema(OWNER, "s", "x: text")
        assert await counted.schema_names(OWNER) == ["s"]


async def test_a_server_that_is_down_is_told(unused_tcp_port: int) -> None:
    async with aclosing(RedisStore(f"redis://127.0.0.1:{unused_tcp_port}")) as store:
        with pytest.raises(StoreUnavailable):
            await store.save_schema(OWNER, "s", "x: text")
