"""Who asked for a tool, and where: what a tool may know beside its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SERVER, _CHANNEL, _MESSAGE = "guild", "channel", "message"
_ROLES, _PLACES, _PRIVATE, _GUEST = "roles", "places", "private", "guest"


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The question behind a call.

    All ids are the front's own, as text, and "" where there is none (the playground has no
    server, a DM has none either). `asker` is who asked the question and `name` how they are
    called there; `roles` are those of their roles that any rule about tools, or any limit, names.
    `message` is the question itself. `places` are where rules may be set, the narrowest first.
    `private`: the answer is for the asker alone. `guest`: only the asker has brought the bot along,
    so that it can do nothing in that place but answer.
    """

    conversation: str
    asker: str = ""
    name: str = ""
    server: str = ""
    channel: str = ""
    message: str = ""
    roles: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()
    private: bool = False
    guest: bool = False

    @classmethod
    def of(
        cls, conversation: str, origin: Mapping[str, str], *, asker: str, name: str
    ) -> ToolContext:
        """The context of a reply, from what its front noted for a restart."""
        return cls(
            conversation=conversation,
            asker=asker,
            name=name,
            server=origin.get(_SERVER, ""),
            channel=origin.get(_CHANNEL, ""),
            message=origin.get(_MESSAGE, ""),
            roles=roles_in(origin),
            places=places_in(origin),
            private=origin.get(_PRIVATE) == "yes",
            guest=origin.get(_GUEST) == "yes",
        )


def places_in(origin: Mapping[str, str]) -> tuple[str, ...]:
    """Where a reply is asked for, the narrowest place first, from what its front noted."""
    return tuple(origin.get(_PLACES, "").split())


def roles_in(origin: Mapping[str, str]) -> frozenset[str]:
    """The asker's roles that any rule or limit names, from what its front noted."""
    return frozenset(origin.get(_ROLES, "").split())


def origin_of_rules(places: tuple[str, ...], roles: frozenset[str]) -> dict[str, str]:
    """What a front adds to a reply's origin, so that rules about tools hold after a restart."""
    noted = {_PLACES: " ".join(places), _ROLES: " ".join(sorted(roles))}
    return {key: value for key, value in noted.items() if value}
