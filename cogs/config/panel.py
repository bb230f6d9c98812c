"""The panel of `/config`: every setting, where it comes from, and what changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import discord

from bot import sampling
from bot.client import HermesBot
from bot.conversation.administration import MOST_NAMED, NAMES
from bot.conversation.config import LIMITS, PER_ROLE, PER_SERVER, PER_USER
from bot.language import NAMES as LANGUAGE_NAMES
from bot.language import Text, later, tr
from cogs.config.levels import Level, Standpoint
from cogs.live.traces import harmless
from cogs.reading.words import shortened

Items = list[discord.ui.Item[Any]]

TITLES: Mapping[str, Text] = {
    "mode": later("When I answer"),
    "threads": later("Threads of their own"),
    "engine": later("Model"),
    "system": later("System prompt"),
    "language": later("Language"),
    "thinks": later("Thinks before it answers"),
    "sampling": later("How freely it writes"),
    "reply_tokens": later("Longest answer, in tokens"),
    "answers": later("Answers at all"),
    "age_restricted_only": later("Only in age-restricted channels"),
    "allow": later("Only for"),
    "deny": later("Not for"),
    "replies_per_user": later("Answers to one person in an hour"),
    "replies_per_server": later("Answers in the server in an hour"),
    "replies_per_role": later("Answers in an hour by role"),
    "tokens_per_user": later("Tokens for one person in an hour"),
    "tokens_per_server": later("Tokens for the server in an hour"),
    "tokens_per_role": later("Tokens in an hour by role"),
    "calls_per_user": later("Tool calls of one person in an hour"),
    "calls_per_server": later("Tool calls in the server in an hour"),
    "calls_per_role": later("Tool calls in an hour by role"),
}
"""The settings in words."""

_DEFAULTS = {
    "mode": later("when addressed"),
    "threads": later("no"),
    "answers": later("yes"),
    "age_restricted_only": later("no"),
    "thinks": later("no"),
    "allow": later("everybody"),
    "deny": later("nobody"),
}
_YES_OR_NO = ((later("Yes"), "yes"), (later("No"), "no"))
_CHOICES: Mapping[str, Sequence[tuple[str, str]]] = {
    "language": tuple((name, code) for code, name in LANGUAGE_NAMES.items()),
    "mode": (
        (later("Only when addressed"), "mention"),
        (later("When addressed, or called by name"), "name"),
        (later("Everything"), "always"),
    ),
    "threads": _YES_OR_NO,
    "answers": _YES_OR_NO,
    "thinks": _YES_OR_NO,
    "age_restricted_only": _YES_OR_NO,
}
_NOT_SET = (later("Nothing: what is wider holds"), "-")
_SYSTEM_SHOWN = 200
_NAMED_SHOWN = 6
_ROLES_SHOWN = 4

_FOOT = later(
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
    head = tr(
        "## Settings of {channel}\nThe narrowest place that sets something decides.",
        channel=f"<#{here.channel}>",
    )
    lines = [_line(bot, here, name, own) for name in NAMES]
    items: Items = [discord.ui.TextDisplay("\n".join([head, "", *lines, tr(_FOOT)]))]
    items += [discord.ui.Separator(), _row(_level_menu(here, chosen)), _row(_name_menu(chosen))]
    if chosen.name:
        items += _editor(bot, here, chosen, own[here.places[chosen.level]].get(chosen.name))
    if said:
        items.append(discord.ui.TextDisplay(said))
    items.append(
        discord.ui.ActionRow(
            discord.ui.Button(label=tr("Why do I (not) answer?"), custom_id=chosen.id("why")),
        )
    )
    return Panel(items)


def shown(name: str, value: Any) -> str:
    """A value in words, harmless in a message."""
    match value:
        case dict() if name == "sampling":
            return f"`{sampling.written(cast('dict[str, float]', value))}`"
        case None:
            return tr(_DEFAULTS[name]) if name in _DEFAULTS else tr("none")
        case bool():
            return tr("yes") if value else tr("no")
        case "mention":
            return tr("when addressed")
        case "name" if name == "mode":
            return tr("when addressed, or called by name")
        case "always" if name == "mode":
            return tr("everything")
        case str() if name == "language" and value in LANGUAGE_NAMES:
            return LANGUAGE_NAMES[value]
        case str():
            return f"“{harmless(shortened(' '.join(value.split()), _SYSTEM_SHOWN))}”"
        case int():
            return f"{value:,}"
        case dict():
            of_roles = cast("dict[str, int]", value).items()
            return _listed([f"<@&{role}> {most:,}" for role, most in of_roles], _ROLES_SHOWN)
        case _:
            return _listed([_mention(one) for one in value], _NAMED_SHOWN) or tr("nobody")


def _listed(every: list[str], shown: int) -> str:
    left = len(every) - shown
    more = [tr("and {count} more", count=left)] if left > 0 else []
    return ", ".join([*every[:shown], *more])


def _line(bot: HermesBot, here: Standpoint, name: str, own: Mapping[str, Mapping[str, Any]]) -> str:
    """A setting, what holds, and where that comes from."""
    setting = [place for place in here.all if name in own[place]]
    if name == "system":
        # A thread's talk knows only its own prompt, not that of its channel.
        setting = [place for place in setting if place != here.places.get("parent")]
    if name == "deny":
        parts = [f"{shown(name, own[at][name])} (*{tr(here.name(at))}*)" for at in setting]
        found = "; ".join(parts) or f"{shown(name, None)} (*{tr(here.name(''))}*)"
    else:
        at = setting[0] if setting else ""
        value = own[at][name] if at else None
        said = _default(bot, name) if value is None else shown(name, value)
        found = f"{said} (*{tr(here.name(at))}*)"
    return f"**{tr(TITLES[name])}:** {found}{_bound(bot, name)}"


def _default(bot: HermesBot, name: str) -> str:
    """What holds where nobody has set anything."""
    match name:
        case "engine":
            return tr("the operator's default")
        case "system" if bot.settings.system_prompt:
            return tr("the operator's default")
        case "system":
            return tr("the model's own")
        case "language":
            return tr("the server's on Discord")
        case "sampling":
            own = bot.settings.sampling
            return f"`{sampling.written(own)}`" if own else tr("as suits the model")
        case "reply_tokens":
            return f"{bot.settings.max_reply_tokens:,}"
        case _ if name in (*PER_USER, *PER_SERVER):
            return tr("as the operator allows") if _operators(bot, name) else tr("any number")
        case _:
            return shown(name, None)


def _bound(bot: HermesBot, name: str) -> str:
    most = _operators(bot, name)
    return tr(", at most {most:,} by the operator's limit", most=most) if most else ""


def _operators(bot: HermesBot, name: str) -> int:
    """What the operator allows of something, 0 for any number; roles have no more than people."""
    kind, _, share = name.partition("_per_")
    allowed = {
        "replies": bot.conversations.limits.of("replies"),
        "tokens": bot.conversations.limits.of("tokens"),
        "calls": toolbox.allowed if (toolbox := bot.conversations.toolbox) else (0, 0),
    }.get(kind, (0, 0))
    return {"user": allowed[0], "server": allowed[1]}.get(share, 0)


def _level_menu(here: Standpoint, chosen: Chosen) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=tr("Change it for: {place}", place=here.title(level)),
            value=level,
            default=level == chosen.level,
        )
        for level in here.places
    ]
    return discord.ui.Select(custom_id=chosen.id("level"), options=options)


def _name_menu(chosen: Chosen) -> discord.ui.Select[Any]:
    names = [name for name in NAMES if chosen.level == "server" or name not in LIMITS]
    options = [
        discord.SelectOption(label=tr(TITLES[name]), value=name, default=name == chosen.name)
        for name in names
    ]
    return discord.ui.Select(
        custom_id=chosen.id("name"), placeholder=tr("What do you want to change?"), options=options
    )


def _editor(bot: HermesBot, here: Standpoint, chosen: Chosen, value: Any) -> Items:
    """What changes the chosen setting."""
    told = tr(
        "**{setting}** for {place}: {value}",
        setting=TITLES[chosen.name],
        place=here.title(chosen.level),
        value=tr("nothing is set") if value is None else shown(chosen.name, value),
    )
    items: Items = [discord.ui.TextDisplay(told)]
    if chosen.name in ("allow", "deny"):
        return [*items, _row(_people_menu(chosen, value)), _buttons(chosen)]
    if chosen.name in PER_ROLE:
        return [*items, _row(_role_menu(chosen)), _buttons(chosen)]
    if chosen.name in ("system", "sampling", "reply_tokens", *LIMITS):
        return [*items, _buttons(chosen, write=True)]
    if chosen.name == "engine":
        choices = [(served.name, served.name) for served in bot.conversations.models][:24]
    else:
        choices = list(_CHOICES[chosen.name])
    current = {True: "yes", False: "no", None: "-"}.get(value, value)
    options = [
        discord.SelectOption(label=tr(label), value=word, default=word == current)
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
        placeholder=tr("Roles and people"),
        min_values=0,
        max_values=MOST_NAMED,
        default_values=[
            discord.SelectDefaultValue(id=int(number), type=kinds[kind])
            for kind, _, number in split
            if kind in kinds and number.isdecimal()
        ],
    )


def _role_menu(chosen: Chosen) -> discord.ui.RoleSelect[Any]:
    return discord.ui.RoleSelect(
        custom_id=chosen.id("role"), placeholder=tr("A role, to set or clear what it may have")
    )


def _buttons(chosen: Chosen, *, write: bool = False) -> discord.ui.ActionRow[Any]:
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    if write:
        row.add_item(
            discord.ui.Button(
                label=tr("Write it"),
                custom_id=chosen.id("write"),
                style=discord.ButtonStyle.primary,
            )
        )
    row.add_item(discord.ui.Button(label=tr("Clear it"), custom_id=chosen.id("clear")))
    return row


def _row(item: discord.ui.Item[Any]) -> discord.ui.ActionRow[Any]:
    return discord.ui.ActionRow(item)


def _mention(one: str) -> str:
    kind, _, number = one.partition(":")
    return f"<@{'&' if kind == 'role' else ''}{number}>"
