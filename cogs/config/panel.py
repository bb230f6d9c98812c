"""The panel of `/config`: every setting, where it comes from, and what changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.client import HermesBot
from bot.conversation.administration import MOST_NAMED, NAMES
from bot.language import NAMES as LANGUAGE_NAMES
from cogs.config.levels import Level, Standpoint
from cogs.live.traces import harmless
from cogs.reading.words import shortened

Items = list[discord.ui.Item[Any]]

TITLES: Mapping[str, str] = {
    "mode": "When I answer",
    "engine": "Model",
    "system": "System prompt",
    "language": "Language",
    "answers": "Answers at all",
    "age_restricted_only": "Only in age-restricted channels",
    "allow": "Only for",
    "deny": "Not for",
    "replies_per_user": "Answers to one person in an hour",
    "replies_per_server": "Answers in the server in an hour",
}
"""The settings in words."""

_DEFAULTS = {
    "mode": "when addressed",
    "answers": "yes",
    "age_restricted_only": "no",
    "allow": "everybody",
    "deny": "nobody",
}
_CHOICES: Mapping[str, Sequence[tuple[str, str]]] = {
    "language": tuple((name, code) for code, name in LANGUAGE_NAMES.items()),
    "mode": (("Only when addressed", "mention"), ("Everything", "always")),
    "answers": (("Yes", "yes"), ("No", "no")),
    "age_restricted_only": (("Yes", "yes"), ("No", "no")),
}
_NOT_SET = ("Nothing: what is wider holds", "-")
_OF_SERVER = ("replies_per_user", "replies_per_server")
_SYSTEM_SHOWN = 200
_NAMED_SHOWN = 10

_HEAD = "## Settings of {}\nThe narrowest place that sets something decides."
_FOOT = (
    "-# Tools: `/tools` · how long talks are kept: `/privacy retention` · who changed what: "
    "`/config log`"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody is about to change: on which level, and which setting ("" is none yet)."""

    level: Level = "channel"
    name: str = ""

    def id(self, what: str) -> str:
        """The id of something in the panel that does `what`."""
        return f"config:{what}:{self.level}:{self.name}"


class Panel(discord.ui.LayoutView):
    """A panel whose parts are heard by their ids, so that no view has to be kept."""

    def __init__(self, items: Items) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Container(*items))
        self.stop()


async def panel_of(bot: HermesBot, here: Standpoint, chosen: Chosen, said: str = "") -> Panel:
    """The panel as things are now; `said` is what has just happened."""
    own = await bot.administration.own(here.all)
    head = _HEAD.format(f"<#{here.channel}>")
    lines = [_line(bot, here, name, own) for name in NAMES]
    items: Items = [discord.ui.TextDisplay("\n".join([head, "", *lines, _FOOT]))]
    items += [discord.ui.Separator(), _row(_level_menu(here, chosen)), _row(_name_menu(chosen))]
    if chosen.name:
        items += _editor(bot, here, chosen, own[here.places[chosen.level]].get(chosen.name))
    if said:
        items.append(discord.ui.TextDisplay(said))
    items.append(
        discord.ui.ActionRow(
            discord.ui.Button(label="Why do I (not) answer?", custom_id=chosen.id("why")),
        )
    )
    return Panel(items)


def shown(name: str, value: Any) -> str:
    """A value in words, harmless in a message."""
    match value:
        case None:
            return _DEFAULTS.get(name, "none")
        case bool():
            return "yes" if value else "no"
        case "mention":
            return "when addressed"
        case "always" if name == "mode":
            return "everything"
        case str() if name == "language" and value in LANGUAGE_NAMES:
            return LANGUAGE_NAMES[value]
        case str():
            return f"“{harmless(shortened(' '.join(value.split()), _SYSTEM_SHOWN))}”"
        case int():
            return f"{value:,}"
        case _:
            named = [_mention(one) for one in value]
            more = [f"and {len(named) - _NAMED_SHOWN} more"] if len(named) > _NAMED_SHOWN else []
            return ", ".join([*named[:_NAMED_SHOWN], *more]) or "nobody"


def _line(bot: HermesBot, here: Standpoint, name: str, own: Mapping[str, Mapping[str, Any]]) -> str:
    """A setting, what holds, and where that comes from."""
    setting = [place for place in here.all if name in own[place]]
    if name == "system":
        # A thread's talk knows only its own prompt, not that of its channel.
        setting = [place for place in setting if place != here.places.get("parent")]
    if name == "deny":
        parts = [f"{shown(name, own[at][name])} (*{here.name(at)}*)" for at in setting]
        found = "; ".join(parts) or f"{shown(name, None)} (*default*)"
    else:
        at = setting[0] if setting else ""
        value = own[at][name] if at else None
        found = (
            f"{_default(bot, name) if value is None else shown(name, value)} (*{here.name(at)}*)"
        )
    return f"**{TITLES[name]}:** {found}{_bound(bot, name)}"


def _default(bot: HermesBot, name: str) -> str:
    """What holds where nobody has set anything."""
    match name:
        case "engine":
            return "the operator's default"
        case "system":
            return "the model's own"
        case "language":
            return "the server's on Discord"
        case "replies_per_user" | "replies_per_server":
            return "any number" if not _operators(bot, name) else "as the operator allows"
        case _:
            return shown(name, None)


def _bound(bot: HermesBot, name: str) -> str:
    most = _operators(bot, name)
    return f", at most {most:,} by the operator's limit" if most else ""


def _operators(bot: HermesBot, name: str) -> int:
    limits = bot.conversations.limits
    return {"replies_per_user": limits.per_user, "replies_per_server": limits.per_server}.get(
        name, 0
    )


def _level_menu(here: Standpoint, chosen: Chosen) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=f"Change it for: {here.title(level)}", value=level, default=level == chosen.level
        )
        for level in here.places
    ]
    return discord.ui.Select(custom_id=chosen.id("level"), options=options)


def _name_menu(chosen: Chosen) -> discord.ui.Select[Any]:
    names = [name for name in NAMES if chosen.level == "server" or name not in _OF_SERVER]
    options = [
        discord.SelectOption(label=TITLES[name], value=name, default=name == chosen.name)
        for name in names
    ]
    return discord.ui.Select(
        custom_id=chosen.id("name"), placeholder="What do you want to change?", options=options
    )


def _editor(bot: HermesBot, here: Standpoint, chosen: Chosen, value: Any) -> Items:
    """What changes the chosen setting."""
    where = here.title(chosen.level)
    now = "nothing is set" if value is None else shown(chosen.name, value)
    items: Items = [discord.ui.TextDisplay(f"**{TITLES[chosen.name]}** for {where}: {now}")]
    if chosen.name in ("allow", "deny"):
        return [*items, _row(_people_menu(chosen, value)), _buttons(chosen)]
    if chosen.name in ("system", *_OF_SERVER):
        return [*items, _buttons(chosen, write=True)]
    if chosen.name == "engine":
        choices = [(served.name, served.name) for served in bot.conversations.models][:24]
    else:
        choices = list(_CHOICES[chosen.name])
    current = {True: "yes", False: "no", None: "-"}.get(value, value)
    options = [
        discord.SelectOption(label=label, value=word, default=word == current)
        for label, word in (*choices, _NOT_SET)
    ]
    return [*items, _row(discord.ui.Select(custom_id=chosen.id("set"), options=options))]


def _people_menu(chosen: Chosen, value: Sequence[str] | None) -> discord.ui.MentionableSelect[Any]:
    kinds = {
        "role": discord.SelectDefaultValueType.role,
        "user": discord.SelectDefaultValueType.user,
    }
    split = [one.partition(":") for one in value or ()]
    return discord.ui.MentionableSelect(
        custom_id=chosen.id("people"),
        placeholder="Roles and people",
        min_values=0,
        max_values=MOST_NAMED,
        default_values=[
            discord.SelectDefaultValue(id=int(number), type=kinds[kind])
            for kind, _, number in split
            if kind in kinds and number.isdecimal()
        ],
    )


def _buttons(chosen: Chosen, *, write: bool = False) -> discord.ui.ActionRow[Any]:
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    if write:
        row.add_item(
            discord.ui.Button(
                label="Write it", custom_id=chosen.id("write"), style=discord.ButtonStyle.primary
            )
        )
    row.add_item(discord.ui.Button(label="Clear it", custom_id=chosen.id("clear")))
    return row


def _row(item: discord.ui.Item[Any]) -> discord.ui.ActionRow[Any]:
    return discord.ui.ActionRow(item)


def _mention(one: str) -> str:
    kind, _, number = one.partition(":")
    return f"<@{'&' if kind == 'role' else ''}{number}>"
