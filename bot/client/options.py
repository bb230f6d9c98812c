"""Whether the options of a command are what Discord was told that they can be.

A client that has not loaded the commands anew sends others, and discord.py (2.7.1) checks none of
choices, lengths and files.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

_FILE = discord.AppCommandOptionType.attachment
_TEXT = discord.AppCommandOptionType.string


def misfit(interaction: discord.Interaction[Any]) -> app_commands.Command[Any, ..., Any] | None:
    """The command that was sent something it cannot be given, None if all is well."""
    command = interaction.command
    if interaction.type is not discord.InteractionType.application_command:
        return None  # What is being typed need not fit yet.
    if not isinstance(command, app_commands.Command):
        return None
    given = dict(iter(interaction.namespace))
    fits = all(
        _fits(parameter, given[parameter.display_name])
        for parameter in command.parameters
        if parameter.display_name in given
    )
    return None if fits else command


def _fits(parameter: app_commands.Parameter, value: Any) -> bool:
    if parameter.type is _FILE:
        return isinstance(value, discord.Attachment)
    if parameter.choices:
        return any(choice.value == value for choice in parameter.choices)
    longest = parameter.max_value
    return not (parameter.type is _TEXT and longest is not None and len(str(value)) > longest)
