"""What the bot is allowed to do in Discord: its permissions, its intents, the invitation.

Bits and names are those of Discord's documentation ("Permissions", "Application", "Gateway").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

from bot.language import later

PORTAL = "https://discord.com/developers/applications"
INVITE = "https://discord.com/oauth2/authorize"
SCOPES = ("bot", "applications.commands")

ADMINISTRATOR = 1 << 3
ADD_REACTIONS = 1 << 6
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_HISTORY = 1 << 16
MANAGE_WEBHOOKS = 1 << 29
CREATE_THREADS = 1 << 35
SEND_IN_THREADS = 1 << 38
CREATE_POLLS = 1 << 49
PIN_MESSAGES = 1 << 51

PERMISSIONS: Mapping[int, str] = {
    VIEW_CHANNEL: later("View Channels"),
    SEND_MESSAGES: later("Send Messages"),
    SEND_IN_THREADS: later("Send Messages in Threads"),
    READ_HISTORY: later("Read Message History"),
    EMBED_LINKS: later("Embed Links"),
    ATTACH_FILES: later("Attach Files"),
    ADD_REACTIONS: later("Add Reactions"),
    CREATE_THREADS: later("Create Public Threads"),
    MANAGE_WEBHOOKS: later("Manage Webhooks"),
    PIN_MESSAGES: later("Pin Messages"),
    CREATE_POLLS: later("Create Polls"),
}
"""Every permission that the bot has a use for, by its bit, with Discord's name for it."""

# Without these the bot is mute in a place, or does not see what a reply answers.
_NEEDED = (VIEW_CHANNEL, SEND_MESSAGES, READ_HISTORY)
_NEEDED_IN_THREAD = (VIEW_CHANNEL, SEND_IN_THREADS, READ_HISTORY)
_USEFUL = (SEND_IN_THREADS, EMBED_LINKS, ATTACH_FILES)

_ALL = (1 << 63) - 1
_MESSAGE_CONTENT = (1 << 18) | (1 << 19)
_OTHER_INTENTS = {
    "Presence Intent": (1 << 12) | (1 << 13),
    "Server Members Intent": (1 << 14) | (1 << 15),
}

CONTENT_INTENT = 1 << 15
INTENTS = (1 << 0) | (1 << 9) | (1 << 12) | CONTENT_INTENT
"""What the bot asks the gateway for: guilds, messages of servers and of DMs, their content."""


def invite_link(application: int | str) -> str:
    """The address that brings the bot into a server, with all that it has a use for."""
    wanted = sum(PERMISSIONS)
    query = {"client_id": application, "permissions": wanted, "scope": " ".join(SCOPES)}
    return f"{INVITE}?{urlencode(query)}"


def reads_content(flags: int) -> bool:
    """Whether an application's flags say that Message Content is on."""
    return bool(flags & _MESSAGE_CONTENT)


def unused_intents(flags: int) -> list[str]:
    """The privileged intents that are on without a use for them."""
    return [name for name, bits in _OTHER_INTENTS.items() if flags & bits]


def names(permissions: Iterable[int]) -> str:
    """Permissions in words."""
    return ", ".join(PERMISSIONS[bit] for bit in permissions)


def lacking(
    allowed: int, *, thread: bool = False, characters: bool = False, threads: bool = False
) -> tuple[list[int], list[int]]:
    """What is missing in a place: what nothing works without, and what is only useful.

    `characters` speak there, so that Manage Webhooks is of use; `threads` are made for questions.
    """
    needed = _NEEDED_IN_THREAD if thread else _NEEDED
    useful = [
        *_USEFUL,
        *([CREATE_THREADS] if threads and not thread else []),
        *([MANAGE_WEBHOOKS] if characters else []),
    ]
    missing = [bit for bit in needed if not allowed & bit]
    return missing, [bit for bit in useful if not allowed & bit and bit not in missing]


def permissions_in(
    guild: Mapping[str, Any], member: Mapping[str, Any], overwrites: Sequence[Mapping[str, Any]]
) -> int:
    """A member's permissions in a channel, as Discord computes them.

    Takes the objects of Discord's API: the guild with its roles, the member with user and roles,
    the channel's overwrites.
    """
    user = str(member["user"]["id"])
    if str(guild.get("owner_id")) == user:
        return _ALL
    mine = {str(role) for role in cast("list[object]", member.get("roles") or [])}
    everyone = str(guild["id"])
    allowed = 0
    for role in cast("list[dict[str, Any]]", guild.get("roles") or []):
        if str(role["id"]) in {*mine, everyone}:
            allowed |= int(role["permissions"])
    if allowed & ADMINISTRATOR:
        return _ALL
    # First what holds for everybody, then for all roles together, then for the member alone.
    for which in ({everyone}, mine, {user}):
        found = [one for one in overwrites if str(one["id"]) in which]
        for one in found:
            allowed &= ~int(one["deny"])
        for one in found:
            allowed |= int(one["allow"])
    return allowed
