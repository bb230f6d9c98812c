"""What the bot may do in a channel: Discord's own rule, and what the bot makes of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simcord.backend import Backend
from simcord.backend.models import Overwrite

from bot.checks import access

VIEW, SEND, HISTORY = access.VIEW_CHANNEL, access.SEND_MESSAGES, access.READ_HISTORY
BITS = (VIEW, SEND, HISTORY, access.MANAGE_WEBHOOKS)
ME, EVERYONE, ROLE, OTHER = "9", "1", "2", "3"

permissions = st.sets(st.sampled_from(BITS)).map(sum)
overwrites = st.lists(
    st.tuples(st.sampled_from([ME, EVERYONE, ROLE, OTHER]), permissions, permissions),
    unique_by=lambda one: one[0],
)


def guild(everyone: int, mine: int, other: int = 0, owner: str = "8") -> dict[str, Any]:
    roles = ((EVERYONE, everyone), (ROLE, mine), (OTHER, other))
    return {
        "id": EVERYONE,
        "owner_id": owner,
        "roles": [{"id": number, "permissions": str(bits)} for number, bits in roles],
    }


def member(*roles: str) -> dict[str, Any]:
    return {"user": {"id": ME}, "roles": list(roles)}


def over(number: str, allow: int = 0, deny: int = 0) -> dict[str, Any]:
    return {"id": number, "allow": str(allow), "deny": str(deny)}


@pytest.mark.parametrize(
    ("where", "who", "overs", "sends"),
    [
        (guild(SEND, 0), member(), [], True),
        (guild(0, SEND), member(), [], False),
        (guild(0, SEND), member(ROLE), [], True),
        (guild(SEND, 0), member(ROLE), [over(EVERYONE, deny=SEND)], False),
        (guild(SEND, 0), member(ROLE), [over(EVERYONE, deny=SEND), over(ROLE, SEND)], True),
        (guild(SEND, 0), member(), [over(EVERYONE, deny=SEND), over(ROLE, SEND)], False),
        (guild(0, 0), member(ROLE, OTHER), [over(ROLE, deny=SEND), over(OTHER, SEND)], True),
        (guild(SEND, 0), member(ROLE), [over(ROLE, SEND), over(ME, deny=SEND)], False),
        (guild(access.ADMINISTRATOR, 0), member(), [over(ME, deny=SEND)], True),
        (guild(0, 0, owner=ME), member(), [over(EVERYONE, deny=SEND)], True),
    ],
)
def test_who_may_send(where: dict[str, Any], who: dict[str, Any], overs: list[Any], sends: bool):
    assert bool(access.permissions_in(where, who, overs) & SEND) is sends


@given(permissions, permissions, permissions, overwrites, st.booleans())
def test_it_agrees_with_a_rule_that_was_written_by_others(
    everyone: int, mine: int, other: int, overs: list[Any], has_role: bool
):
    # simcord computes in its own world: the same roles and overwrites there.
    backend = Backend()
    world = backend.create_guild("Home")
    world.roles[world.id].permissions = everyone
    role = backend.create_role(world.id, "mine", permissions=mine)
    elsewhere = backend.create_role(world.id, "other", permissions=other)
    me = backend.make_user("me")
    backend.add_member(world.id, me.id, roles=[role.id] if has_role else [])
    ids = {ME: me.id, EVERYONE: world.id, ROLE: role.id, OTHER: elsewhere.id}
    channel = backend.create_channel(world.id, "general")
    for number, allow, deny in overs:
        kind = 1 if number == ME else 0
        backend.set_overwrite(channel.id, Overwrite(ids[number], kind, allow, deny & ~allow))
    expected = backend.compute_permissions(world.id, me.id, channel.id)
    found = access.permissions_in(
        guild(everyone, mine, other),
        member(*([ROLE] if has_role else [])),
        [over(number, allow, deny & ~allow) for number, allow, deny in overs],
    )
    # Who cannot see a channel can do nothing there; the doctor names only the cause.
    assert found & VIEW == expected & VIEW
    if found & VIEW:
        assert found & sum(BITS) == expected & sum(BITS)


def test_what_is_needed_and_what_is_useful():
    everything = sum(access.PERMISSIONS)
    assert access.lacking(everything, characters=True) == ([], [])
    assert access.lacking(everything & ~SEND) == ([SEND], [])
    assert access.lacking(everything & ~SEND, thread=True) == ([], [])
    muted = everything & ~access.SEND_IN_THREADS
    assert access.lacking(muted, thread=True) == ([access.SEND_IN_THREADS], [])
    assert access.lacking(muted) == ([], [access.SEND_IN_THREADS])
    no_webhooks = everything & ~access.MANAGE_WEBHOOKS
    assert access.lacking(no_webhooks) == ([], [])
    assert access.lacking(no_webhooks, characters=True) == ([], [access.MANAGE_WEBHOOKS])


def test_the_invitation():
    parts = urlsplit(access.invite_link(42))
    query = parse_qs(parts.query)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == access.INVITE
    assert query["client_id"] == ["42"]
    assert query["scope"] == ["bot applications.commands"]
    assert int(query["permissions"][0]) == sum(access.PERMISSIONS)
    assert not int(query["permissions"][0]) & access.ADMINISTRATOR
