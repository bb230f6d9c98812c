"""The page of all commands, from what Discord is told about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bot.commands.offline import offline_bot

if TYPE_CHECKING:
    from bot.client import HermesBot

_HEAD = """\
# Commands

Every command and every entry of Discord's menus, written from the bot itself by `make reference`.

- **For whom:** how Discord offers a command at first. Who manages a server can change that under
  *Server Settings*, *Integrations*. Some ask for a right beyond it, for a part of what they do:
  to switch a tool on, to take back what somebody else said. They say so when it is missing.
- **Where:** *servers* are those that have the bot; *everywhere with you* needs the bot installed to
  your own account ([how](../../README.md#take-it-along)).

What can be done by buttons, replies and edits is in the
[README](../../README.md#how-it-answers).
"""

_GROUPS = (1, 2)  # Discord's types of options: a subcommand, a group of them
_WORDS = {
    3: "text",
    4: "a whole number",
    5: "true or false",
    6: "a person",
    7: "a channel",
    8: "a role",
    9: "a person or a role",
    10: "a number",
    11: "a file",
}
_MENUS = {2: "in the menu of a person", 3: "in the menu of a message"}
_LENGTHS = {"min_length": "from {} characters", "max_length": "up to {} characters"}
_SIZES = {"min_value": "from {}", "max_value": "up to {}"}


async def page() -> str:
    """The whole page: slash commands by name, then menus."""
    async with offline_bot() as bot:
        return "\n".join(_parts(bot))


def _parts(bot: HermesBot) -> Iterator[str]:
    offered = sorted(
        ((command.to_dict(bot.tree), command) for command in bot.tree.get_commands(type=None)),
        key=lambda pair: (pair[0].get("type", 1), pair[0]["name"]),
    )
    slash = [(told, command) for told, command in offered if told.get("type", 1) == 1]
    yield _HEAD
    yield "## Slash commands\n"
    for told, command in slash:
        yield _command(told, _who(command.default_permissions))
    yield "## Menus\n\nUnder *Apps* in the menu of a message or a person.\n"
    for told, command in offered[len(slash) :]:
        where = f"{_MENUS[told['type']]}; {_where(told)}"
        yield f"### {told['name']}\n\nFor {_who(command.default_permissions)}; {where}.\n"


def _command(told: Mapping[str, Any], who: str) -> str:
    lines = [f"### `/{told['name']}`", "", f"{told['description']}.", ""]
    lines += [f"For {who}; {_where(told)}.", ""]
    options = told.get("options", [])
    parts = [option for option in options if option["type"] in _GROUPS]
    for part in parts:
        lines += [*_subcommand(f"/{told['name']}", part), ""]
    if own := [option for option in options if option["type"] not in _GROUPS]:
        lines += [*map(_option, own), ""]
    return "\n".join(lines)


def _subcommand(parent: str, told: Mapping[str, Any]) -> list[str]:
    name = f"{parent} {told['name']}"
    options = told.get("options", [])
    if told["type"] == _GROUPS[1]:
        return [line for option in options for line in _subcommand(name, option)]
    return [
        f"**`{name}`**: {told['description']}.",
        *(["", *map(_option, options)] if options else []),
    ]


def _option(told: Mapping[str, Any]) -> str:
    name = f"`{told['name']}`" + ("" if told.get("required") else ", optional")
    kind = _WORDS[told["type"]]
    limits = _LENGTHS if told["type"] == 3 else _SIZES
    bounds = [
        words.format(told[limit]) for limit, words in limits.items() if told.get(limit) is not None
    ]
    if choices := told.get("choices"):
        kind = "one of " + ", ".join(f"*{choice['name']}*" for choice in choices)
    facts = ", ".join([kind, *(bound for bound in bounds if bound != "from 1 characters")])
    return f"- {name}: {told['description']} ({facts})"


def _who(permissions: Any) -> str:
    """Who is offered a command at first: `permissions` are discord.py's, None for everybody."""
    if permissions is None:
        return "everybody"
    names = [name.replace("_", " ").title() for name, given in permissions if given]
    return f"those with *{'*, *'.join(names)}*" if names else "administrators"


def _where(told: Mapping[str, Any]) -> str:
    contexts, installs = told.get("contexts") or [0, 1, 2], told.get("integration_types") or [0]
    places = ["in servers"] if 0 in contexts else []
    places += ["in direct messages with the bot"] if 1 in contexts else []
    return " and ".join(places) + ("; everywhere with you" if 1 in installs else "")
