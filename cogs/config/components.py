"""What happens when something in the panel is used."""

from __future__ import annotations

import re
from typing import Any, Self, cast

import discord

from bot import sampling
from bot.client import HermesBot
from bot.conversation.administration import LONGEST_SYSTEM, NAMES
from bot.conversation.config import LIMITS
from bot.errors import BadInput
from bot.language import later, tr
from bot.sampling import EXAMPLE
from cogs.components import Told
from cogs.config import why
from cogs.config.levels import Level, Standpoint, check_changes, check_sees, standpoint
from cogs.config.panel import TITLES, Chosen, panel_of, shown
from cogs.forms import Form
from cogs.live.target import NOBODY

Interaction = discord.Interaction[HermesBot]

_PATTERN = re.compile(
    r"config:(?P<what>level|name|set|people|role|write|clear|why)"
    r":(?P<level>channel|parent|category|server):(?P<name>[a-z_]{0,30})"
)
_WORDS = {"yes": True, "no": False, "-": None}
_NUMBER = later("Please write a whole number, for example 20.")
_NO_SAMPLING = later(
    "Please write it like this, with what you want to set: `{example}`. What you leave out stays "
    "as suits the model.",
    example=EXAMPLE,
)
_LONGEST = {"system": LONGEST_SYSTEM, "sampling": 200}
_GONE = later("This panel is out of date. Please use `/config show` again.")


class PanelItem(Told, discord.ui.DynamicItem[discord.ui.Item[Any]], template=_PATTERN):
    """Any part of the panel; it works after a restart as well, since its id says what it does."""

    def __init__(self, item: discord.ui.Item[Any], what: str, chosen: Chosen) -> None:
        super().__init__(item)
        self.what = what
        self.chosen = chosen

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Read the id."""
        return cls(item, match["what"], Chosen(cast(Level, match["level"]), match["name"]))

    async def callback(self, interaction: Interaction) -> None:
        """Do what the part is for."""
        here, chosen = standpoint(interaction), self.chosen
        check_sees(interaction)
        values = _values(interaction)
        match self.what:
            case "why":
                await why.show_here(interaction)
            case "level":
                level = cast(Level, values[0])
                name = "" if chosen.name in LIMITS else chosen.name
                await _show(interaction, here, Chosen(level, name))
            case "name":
                await _show(interaction, here, Chosen(chosen.level, values[0]))
            case "write":
                check_changes(interaction, chosen.level)
                await interaction.response.send_modal(await _form(interaction, here, chosen))
            case "role":
                check_changes(interaction, chosen.level)
                form = await _form(interaction, here, chosen, values[0])
                await interaction.response.send_modal(form)
            case "set":
                value = values[0]
                changed = value if chosen.name in ("mode", "engine", "language") else _WORDS[value]
                await change(interaction, here, chosen, None if value == "-" else changed)
            case "people":
                await change(interaction, here, chosen, _people(interaction, values) or None)
            case _:
                await change(interaction, here, chosen, None)


class ValueForm(Form):
    """One field for a text or a number; `role` is the id of the one whose number it is."""

    def __init__(self, here: Standpoint, chosen: Chosen, present: str, role: str = "") -> None:
        super().__init__(title=tr(TITLES[chosen.name]))
        self._here = here
        self._role = role
        self._chosen = chosen
        long = chosen.name == "system"
        self.field: discord.ui.TextInput[ValueForm] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
            max_length=_LONGEST.get(chosen.name, 10),
            placeholder=EXAMPLE if chosen.name == "sampling" else None,
            default=present or None,
            required=False,
            custom_id="value",
        )
        self.add_field(
            self.field,
            label=tr("For {place}", place=here.title(chosen.level)),
            description=tr("Leave it empty, and the role is like everybody.")
            if role
            else tr("Leave it empty, and what is wider holds."),
        )

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Keep what was written."""
        text = self.field.value.strip()
        value = _read(self._chosen.name, text) if text else None
        if self._role:
            value = await self._with_role(cast(Interaction, interaction), value)
        await change(cast(Interaction, interaction), self._here, self._chosen, value)

    async def _with_role(self, interaction: Interaction, value: int | None) -> Any:
        """What is set for all roles, with what was written for one."""
        present = await _present(interaction, self._here, self._chosen) or {}
        others = {role: most for role, most in present.items() if role != self._role}
        return {**others, self._role: value} if value is not None else others or None


def _read(name: str, text: str) -> Any:
    """What was written into the form as a value of a setting; raises `BadInput`."""
    if name == "system":
        return text
    if name == "sampling":
        try:
            return sampling.read(text)
        except ValueError:
            raise BadInput(_NO_SAMPLING) from None
    if not (text.isascii() and text.isdecimal()):
        raise BadInput(_NUMBER)
    return int(text)


async def change(interaction: Interaction, here: Standpoint, chosen: Chosen, value: Any) -> None:
    """Change a setting at once, and show how things are now."""
    check_changes(interaction, chosen.level)
    bot, place = interaction.client, here.places.get(chosen.level)
    if place is None or chosen.name not in NAMES:
        raise BadInput(_GONE)
    await interaction.response.defer()
    author = str(interaction.user.id)
    changed = await bot.administration.change(author, here.server, place, chosen.name, value)
    said = tr("✅ Changed; it holds from now on.") if changed else tr("Nothing was different.")
    if changed and value is not None:
        said = tr(
            "✅ {setting} for {place}: {value}",
            setting=TITLES[chosen.name],
            place=here.title(chosen.level),
            value=shown(chosen.name, value),
        )
    view = await panel_of(bot, here, chosen, said)
    await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)


async def _show(interaction: Interaction, here: Standpoint, chosen: Chosen) -> None:
    if chosen.level not in here.places:
        raise BadInput(_GONE)
    await interaction.response.defer()
    view = await panel_of(interaction.client, here, chosen)
    await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)


async def _form(interaction: Interaction, here: Standpoint, chosen: Chosen, role: str = "") -> Form:
    value = await _present(interaction, here, chosen)
    if role:
        value = (value or {}).get(role)
    if chosen.name == "sampling" and value:
        value = sampling.written(value)
    return ValueForm(here, chosen, "" if value is None else str(value)[:LONGEST_SYSTEM], role)


async def _present(interaction: Interaction, here: Standpoint, chosen: Chosen) -> Any:
    """What is set now in the place itself."""
    place = here.places.get(chosen.level)
    if place is None or chosen.name not in NAMES:
        raise BadInput(_GONE)
    return (await interaction.client.administration.own([place]))[place].get(chosen.name)


def _values(interaction: Interaction) -> list[str]:
    data = cast("dict[str, Any]", interaction.data or {})
    return [str(value) for value in data.get("values", ())]


def _people(interaction: Interaction, chosen: list[str]) -> tuple[str, ...]:
    """Who was chosen; Discord tells apart what are roles and what are people."""
    data = cast("dict[str, Any]", interaction.data or {})
    roles = cast("dict[str, Any]", data.get("resolved", {})).get("roles", {})
    return tuple(f"{'role' if one in roles else 'user'}:{one}" for one in chosen)
