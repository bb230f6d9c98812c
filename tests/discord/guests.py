"""Places where only the asker has installed the app: the bot is no member and may do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import discord
import pytest
from simcord import interactions
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from simcord.gateway import FakeGateway
from simcord.results import InteractionResult

from tests.discord.conftest import Stage

GUILD, BOT_DM, PRIVATE_CHANNEL = 0, 1, 2


@dataclass(frozen=True)
class Elsewhere:
    """A server that the bot is not in, and two of its members; the first has the app."""

    guild: GuildHandle
    channel: ChannelHandle
    guest: MemberActor
    other: MemberActor


class Installed:
    """Makes interactions say by whose installation they came, as Discord does."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stage = stage
        self._foreign: set[int] = set()
        self._forced: dict[str, Any] = {}
        made = interactions.base_payload

        def base_payload(backend: Any, **given: Any) -> Any:
            record, payload = made(backend, **given)
            user, guild = given["user_id"], given["guild_id"]
            if guild in self._foreign:
                payload["authorizing_integration_owners"] = {"1": str(user)}
                payload["guild"] = {"id": str(guild), "locale": "en-US", "features": []}
            elif guild is not None:
                payload["authorizing_integration_owners"] = {"0": str(guild)}
            else:
                payload["authorizing_integration_owners"] = {"0": "0", "1": str(user)}
            return record, payload | self._forced

        monkeypatch.setattr(interactions, "base_payload", base_payload)
        heard = FakeGateway.feed

        def feed(gateway: FakeGateway, event: str, payload: Any) -> None:
            guild = payload.get("id" if event == "GUILD_CREATE" else "guild_id")
            # Discord tells an app of such a place by the commands that are used there alone.
            if event == "INTERACTION_CREATE" or int(guild or 0) not in self._foreign:
                heard(gateway, event, payload)

        monkeypatch.setattr(FakeGateway, "feed", feed)

    def elsewhere(self, person: MemberActor, name: str = "Elsewhere") -> Elsewhere:
        """A server of which the bot has heard nothing; what it tries to do there is refused."""
        env = self._stage.env
        guild = env.create_guild(name)
        channel = guild.create_text_channel("lounge")
        guest = guild.add_member(person.user)
        other = guild.add_member(env.create_user("carol", global_name="Carol"))
        self._foreign.add(guild.id)
        env.backend.emit("GUILD_DELETE", {"id": str(guild.id)})
        env.inject_error(
            "*", f"/channels/{channel.id}*", status=403, code=50001, message="x", times=None
        )
        return Elsewhere(guild, channel, guest, other)

    @contextmanager
    def in_a_group(self, person: MemberActor) -> Iterator[None]:
        """The person's commands come from a group of friends instead of the bot's direct messages.

        The simulation knows no groups: answers are stored in the direct messages all the same.
        """
        channel = person.user.dm_channel.id
        self._forced = {
            "authorizing_integration_owners": {"1": str(person.id)},
            "context": PRIVATE_CHANNEL,
            "channel": {"id": str(channel), "type": 3, "recipients": [], "owner_id": "1"},
        }
        try:
            yield
        finally:
            self._forced = {}


def touched(stage: Stage, channel: ChannelHandle | int) -> list[str]:
    """What the bot asked of a channel; its answers to commands do not go there."""
    number = channel if isinstance(channel, int) else channel.id
    return [
        f"{request.method} {request.path}"
        for request in stage.env.http_requests
        if request.path.startswith(f"/channels/{number}")
    ]


def shown(result: InteractionResult) -> discord.Message:
    """The one message that answers a command."""
    assert result.response is not None
    assert result.followups == []
    return result.response.message
