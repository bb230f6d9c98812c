"""What is kept of a server that the bot has left: noted, undone, erased."""

from __future__ import annotations

from bot.conversation.departures import Departure
from bot.conversation.facts import Fact
from bot.conversation.library import Character
from bot.conversation.turns import Pending, State, Turn
from bot.store import keys
from bot.store.history import RedisStore

LEFT, STAYS = "111", "1112"
_OF_ALL = (keys.CHANGES, keys.LEFT, keys.ACTIVE, keys.ALIVE)


def character(library: str) -> Character:
    return Character("c1", library, "Mira", "42", "9f3c")


async def fill(store: RedisStore, server: str, channel: str) -> None:
    """Something of each kind that does not expire by itself, and some that does."""
    library, talk = f"discord:server:{server}", f"discord:{channel}"
    await store.save_character(character(library), b"{}")
    await store.save_schema(library, "film", "title: text")
    for owner in (library, f"{library}:user:42", talk):
        await store.remember(owner, Fact("tea", "42", "Ada", 1.0, "f1"))
    for place in (f"server:{server}", f"category:{channel}", talk):
        await store.set_config(place, "{}")
        await store.set_always_on(place, True)
        await store.set_engine(place, "big")
        await store.set_tool_rules(place, "{}")
    await store.set_policy(server, "{}")
    await store.set_retention(server, 9)
    for conversation in (talk, f"{talk}:42"):
        await store.save_state(conversation, State(system="You are a bard."))
    # In a thread that was archived when the bot left, so that nobody knew it.
    asked = Turn("t1", 1, "user", "Hail!", author="42")
    owed = Pending("r1", 2, ("t1",), 1.0, {"guild": server})
    await store.journal(f"discord:9{channel}", [asked], owed)
    await store.commit(f"discord:9{channel}", "r1", None, State(system="You are a rook."))


def held(raw) -> dict[str, object]:
    """All that is kept, without what other processes are told."""
    kinds = {"hash": raw.hgetall, "set": raw.smembers, "zset": lambda k: raw.zrange(k, 0, -1)}
    return {key: kinds[raw.type(key)](key) for key in raw.scan_iter() if key not in _OF_ALL}


async def test_a_server_goes_wholly_and_nothing_else(store: RedisStore, raw) -> None:
    await fill(store, STAYS, "2222")
    for of_a_person in ("discord:user:42", "discord:5"):
        await store.save_character(character(of_a_person), b"{}")
    before = held(raw)
    await fill(store, LEFT, "222")
    departure = Departure(5.0, (f"server:{LEFT}", "category:222", "discord:222"))
    await store.note_departure(LEFT, Departure(1.0))
    await store.note_departure(LEFT, departure)
    assert await store.departures() == {LEFT: departure}
    assert await store.erase_server(LEFT, departure.places) > 6
    assert held(raw) == before
    assert await store.departures() == {}
    assert await store.erase_server(LEFT, departure.places) == 0, "it may be done again"


async def test_who_comes_back_has_not_left(store: RedisStore, raw, caplog) -> None:
    for server in (LEFT, STAYS):
        await store.note_departure(server, Departure(1.0))
    await store.forget_departure(LEFT)
    assert await store.departures() == {STAYS: Departure(1.0)}
    raw.hset(keys.LEFT, STAYS, "{")
    assert await store.departures() == {}
    assert "damaged" in caplog.text
