"""Which setting holds where, and who is answered."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.addressing import Incoming, decide
from bot.conversation.config import (
    NOTHING,
    PlaceConfig,
    allowed,
    bar,
    fits,
    limited_roles,
    read,
    source,
    written,
)

PLACES = ("discord:9", "discord:3", "category:2", "server:1")

VALUES = {
    "mode": st.sampled_from(["mention", "always"]),
    "answers": st.booleans(),
    "age_restricted_only": st.booleans(),
    "allow": st.lists(st.sampled_from(["role:1", "user:2", "user:3"])).map(tuple),
    "deny": st.lists(st.sampled_from(["role:1", "user:2", "user:3"])).map(tuple),
    "system": st.text("ab ✨\n", min_size=1).filter(str.strip),
    "language": st.sampled_from(["en", "de", "zh-TW"]),
    "thinks": st.booleans(),
    "sampling": st.dictionaries(
        st.sampled_from(["temperature", "repetition_penalty"]), st.floats(0.5, 2), min_size=1
    ),
    "reply_tokens": st.integers(16, 16_384),
    "replies_per_user": st.integers(0, 100),
    "replies_per_server": st.integers(0, 100),
    "tokens_per_user": st.integers(0, 10**9),
    "calls_per_server": st.integers(0, 100),
    "replies_per_role": st.dictionaries(st.sampled_from(["5", "6"]), st.integers(0, 100)),
    "calls_per_role": st.dictionaries(st.sampled_from(["5", "6"]), st.integers(0, 100)),
}
CONFIGS = st.builds(PlaceConfig, **{name: st.none() | kind for name, kind in VALUES.items()})


def barred(configs: dict[str, PlaceConfig], **who: object) -> tuple[str, str]:
    asked = {"person": "2", "roles": [], "age_restricted": False} | who
    return bar(PLACES, configs, **asked)  # type: ignore[arg-type]


@given(st.dictionaries(st.sampled_from(PLACES), CONFIGS))
def test_the_narrowest_place_that_says_anything_decides(configs: dict[str, PlaceConfig]):
    for one in fields(PlaceConfig):
        value, place = source(PLACES, configs, one.name)
        narrower = PLACES[: PLACES.index(place)] if place else PLACES
        assert all(getattr(configs.get(n, NOTHING), one.name) is None for n in narrower)
        assert value == (getattr(configs[place], one.name) if place else None)


@given(CONFIGS)
def test_what_is_stored_is_read_back(config: PlaceConfig):
    text = written(config)
    assert read("server:1", text) == config if text else config == NOTHING


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"allow": "role:1"}', '{"answers": "no"}', '{"system": " "}']
)
def test_what_is_damaged_is_as_if_nothing_was_set(text: str):
    assert read("server:1", text) == NOTHING


def test_a_damaged_setting_does_not_take_the_others_along():
    read_back = read("server:1", '{"answers": 1, "mode": "mention", "future": 5}')
    assert read_back == PlaceConfig(mode="mention")


def test_of_who_was_erased_a_list_has_only_the_gap():
    stored = '{"allow": ["user:[…]"], "deny": ["role:5", "user:[…]"]}'
    assert read("server:1", stored) == PlaceConfig(allow=(), deny=("role:5",))


def test_the_most_generous_of_several_roles_counts():
    own = PlaceConfig(
        replies_per_user=10, replies_per_server=99, replies_per_role={"5": 3, "6": 30}
    )
    found = [allowed(own, "replies", roles)[0] for roles in ((), ("5",), ("5", "6"), ("7",))]
    assert found == [10, 3, 30, 10]
    assert allowed(own, "tokens", ("5",)) == (0, 0)
    assert allowed(own, "replies", ()) == (10, 99)
    assert limited_roles(own) == {"5", "6"}


@pytest.mark.parametrize("value", [{"5": -1}, {"5": True}, {"five": 1}, {5: 1}, [5], 5])
def test_what_is_no_limit_of_roles_is_refused(value: object):
    assert not fits("tokens_per_role", value)


def test_a_number_is_no_boolean():
    assert not fits("replies_per_user", True)
    assert not fits("answers", 1)
    assert not fits("language", "tlh")
    assert fits("sampling", {"top_k": 40})
    assert not any(fits("sampling", bad) for bad in ({}, {"temperature": 3}, {"min_p": 1}, "hot"))
    assert not any(fits("reply_tokens", bad) for bad in (15, 16_385, 20.5, True))
    assert not fits("colour", "red")


def test_where_nothing_is_set_everybody_is_answered():
    assert barred({}) == ("", "")


def test_a_channel_can_be_switched_on_in_a_server_that_is_off():
    off = {"server:1": PlaceConfig(answers=False)}
    assert barred(off) == ("switched off", "server:1")
    assert barred({**off, "discord:3": PlaceConfig(answers=True)}) == ("", "")


def test_only_age_restricted_channels():
    only = {"server:1": PlaceConfig(age_restricted_only=True)}
    assert barred(only) == ("age-restricted only", "server:1")
    assert barred(only, age_restricted=True) == ("", "")


def test_whom_a_server_shuts_out_no_channel_lets_in():
    configs = {
        "server:1": PlaceConfig(deny=("user:2",)),
        "discord:9": PlaceConfig(allow=("user:2",), deny=()),
    }
    assert barred(configs) == ("denied", "server:1")
    assert barred(configs, person="5") == ("not allowed", "discord:9")


def test_roles_count_like_people():
    configs = {"server:1": PlaceConfig(allow=("role:7",), deny=("role:8",))}
    assert barred(configs, roles=["7"]) == ("", "")
    assert barred(configs, roles=["7", "8"]) == ("denied", "server:1")
    assert barred(configs, person="7") == ("not allowed", "server:1")


def test_who_is_left_of_an_empty_list_is_nobody():
    assert barred({"server:1": PlaceConfig(allow=())}) == ("not allowed", "server:1")


@pytest.mark.parametrize("kind", ["switched off", "age-restricted only", "denied", "not allowed"])
def test_who_is_barred_is_not_answered_whatever_they_write(kind: str):
    wanted = Incoming(mentions_me=True, always_on=True, replies_to="me")
    assert decide(wanted).answer
    refused = decide(replace(wanted, barred=kind))  # type: ignore[arg-type]
    assert (refused.answer, refused.why) == (False, kind)
