"""The levels on which something can be set, seen from a channel, and who may do so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import discord

from bot.errors import BadInput
from bot.language import Text, later
from cogs.places import category_of, category_place, conversation_in, is_guest, server_place

Level = Literal["channel", "parent", "category", "server"]

NO_SERVER = later(
    "This is no server. Settings are for servers; here there are `/system` and `/model`."
)
_NEEDS_CHANNEL = later("That is for those who have Manage Server, or Manage Channels here.")
_NEEDS_SERVER = later(
    "That is for those who have Manage Server. Who may manage this channel can set things for it."
)


@dataclass(frozen=True, slots=True)
class Standpoint:
    """A channel with everything it lies in: the places by level, the narrowest first."""

    guild: int
    channel: int
    places: dict[Level, str]
    thread: bool = False

    @property
    def server(self) -> str:
        """The place of the whole server."""
        return self.places["server"]

    @property
    def all(self) -> tuple[str, ...]:
        """All places, the narrowest first."""
        return tuple(self.places.values())

    def name(self, place: str) -> Text:
        """What a place is called from here; "" is the default."""
        for level, here in self.places.items():
            if here == place:
                return self.title(level)
        return later("default")

    def title(self, level: Level) -> Text:
        """What a level is called from here."""
        match level:
            case "channel":
                return later("this thread") if self.thread else later("this channel")
            case "parent":
                return later("the thread's channel")
            case "category":
                return later("category")
            case "server":
                return later("server")


def standpoint(interaction: discord.Interaction[Any]) -> Standpoint:
    """From where somebody sets something; raises `BadInput` outside of servers."""
    if interaction.guild_id is None or is_guest(interaction):
        raise BadInput(NO_SERVER)
    return standpoint_in(interaction.channel, interaction.channel_id or 0, interaction.guild_id)


def standpoint_in(channel: object, channel_id: int, guild_id: int) -> Standpoint:
    """The same for a channel that is known."""
    places: dict[Level, str] = {"channel": conversation_in(channel_id)}
    thread = isinstance(channel, discord.Thread)
    if isinstance(channel, discord.Thread):
        places["parent"] = conversation_in(channel.parent_id)
    if category := category_of(channel):
        places["category"] = category_place(category)
    places["server"] = server_place(guild_id)
    return Standpoint(guild_id, channel_id, places, thread)


def manages_server(interaction: discord.Interaction[Any]) -> bool:
    """Whether somebody has Manage Server."""
    return interaction.permissions.manage_guild


def check_sees(interaction: discord.Interaction[Any]) -> None:
    """Raise `BadInput` for who manages neither the server nor this channel."""
    if not (manages_server(interaction) or interaction.permissions.manage_channels):
        raise BadInput(_NEEDS_CHANNEL)


def check_changes(interaction: discord.Interaction[Any], level: Level) -> None:
    """Raise `BadInput` for who may not set anything on a level.

    A group's commands share their visibility on Discord, so this is checked here.
    """
    check_sees(interaction)
    if level != "channel" and not manages_server(interaction):
        raise BadInput(_NEEDS_SERVER)
