"""Slash commands are synced by difference: an unchanged bot writes nothing when it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from discord import app_commands
from discord.http import HTTPClient, Route

from bot.client.localise import Payload, localised
from bot.client.steady import UnreadableAnswer
from bot.language import forget_catalogues

# Kinds of commands that the tree knows: slash, user menu, message menu. Discord itself may have
# put others there (the entry point of an Activity), which stay as they are.
_OURS = (1, 2, 3)

# What Discord adds to a stored command, and what `contexts` has replaced.
_NOT_SET_BY_US = {
    *("id", "application_id", "version", "guild_id", "dm_permission", "handler"),
    *("name_localized", "description_localized"),
}
_UNORDERED = ("contexts", "integration_types", "channel_types")


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be written so that Discord has the wanted commands.

    `write` are new and changed commands, `delete` the ids of commands that are no more. `foreign`
    are commands of a kind that is not ours; a bulk write has to repeat them.
    """

    write: tuple[Payload, ...] = ()
    delete: tuple[str, ...] = ()
    foreign: tuple[Payload, ...] = ()

    @property
    def changes(self) -> int:
        """How many commands differ."""
        return len(self.write) + len(self.delete)


def plan(wanted: Sequence[Payload], present: Sequence[Payload]) -> Plan:
    """Compare what the code declares with what Discord has."""
    stored = {_key(command): command for command in present if command.get("type", 1) in _OURS}
    names = {_key(command) for command in wanted}
    return Plan(
        write=tuple(c for c in wanted if canonical(stored.get(_key(c), {})) != canonical(c)),
        delete=tuple(str(c["id"]) for key, c in stored.items() if key not in names),
        foreign=tuple(c for c in present if c.get("type", 1) not in _OURS),
    )


def canonical(command: Payload) -> dict[str, Any]:
    """A command or option with only what was set: no defaults, no order where there is none."""
    kept: dict[str, Any] = {}
    for name, value in command.items():
        if name in _NOT_SET_BY_US:
            continue
        if name == "options":
            value = [canonical(option) for option in value or ()]
        elif name == "choices":
            value = [canonical(choice) for choice in value or ()]
        elif name in _UNORDERED and value:
            value = sorted(value)
        elif name == "default_member_permissions" and value is not None:
            value = str(value)
        # A least value of 0 is set, although it equals False.
        if name == "value" or not (value is None or value is False or value in ([], {}, "")):
            kept[name] = value
    if "type" not in kept and "value" not in kept:
        kept["type"] = 1
    return kept


async def sync(http: HTTPClient, application: int, tree: app_commands.CommandTree[Any]) -> int:
    """Bring the global commands up to date with at most one write; returns the changes.

    HTTP failures are discord.py's own, and `UnreadableAnswer`.
    """
    wanted, present = written(tree), await _present(http, application)
    try:
        found = plan(wanted, present)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableAnswer(
            f"what stands for the commands is no list of them: {error}"
        ) from error
    if found.changes > 1:
        every: list[Any] = [*wanted, *map(_writable, found.foreign)]
        await http.bulk_upsert_global_commands(application, every)
        return found.changes
    for command in found.write:
        # A POST overwrites the command of that name and keeps its id; discord.py's edit would
        # leave out permissions and contexts.
        one: Any = command
        await http.upsert_global_command(application, one)
    for command_id in found.delete:
        await http.delete_global_command(application, int(command_id))
    return found.changes


def written(tree: app_commands.CommandTree[Any]) -> list[Payload]:
    """The global commands as Discord hears of them, in all languages."""
    found: list[Payload] = [
        localised(command.to_dict(tree)) for command in tree.get_commands(guild=None, type=None)
    ]
    forget_catalogues()  # Few bots meet people of all languages.
    return found


async def _present(http: HTTPClient, application: int) -> list[Payload]:
    # Without being asked for them, Discord leaves out the localisations, and all would differ.
    route = Route("GET", "/applications/{application_id}/commands", application_id=application)
    return await http.request(route, params={"with_localizations": "true"})


def _key(command: Payload) -> tuple[str, int]:
    return str(command["name"]), int(command.get("type", 1))


def _writable(command: Payload) -> dict[str, Any]:
    return {name: value for name, value in command.items() if name != "version"}
