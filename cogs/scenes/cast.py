"""The panel of the cast: who is on stage, how much they talk; mute, remove and bring in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import discord

from bot.characters.stage import Member, Stage
from bot.client import HermesBot
from bot.conversation.library import Character
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters.shelf import characters_here, labels_of
from cogs.components import KnownButton, Told
from cogs.places import conversation_here
from cogs.reading.words import label, shortened
from cogs.scenes import posting
from cogs.scenes.card import LEVELS, Panel, level_of, member_line, title_of
from cogs.scenes.entrance import bring_in, checked, greet
from cogs.scenes.place import check_may_direct, directed_here

MENU = re.compile(r"cast-(?P<what>pick|level|enter):(?P<character>[\w-]{0,64})")
BUTTON = re.compile(r"cast-(?P<what>mute|remove):(?P<character>[\w-]{1,64})")

_MOST_OPTIONS = 25
_LONGEST_OPTION = 100

_NOBODY = later("Nobody is on stage.")
_GONE = later("That character has left the stage already.")
_MORE = later(
    "-# Your libraries have more characters than fit here: `/scene start` finds them by name."
)


class CastMenu(Told, discord.ui.DynamicItem[discord.ui.Select[Any]], template=MENU):
    """Chooses a member, sets how much it talks, or brings somebody in."""

    def __init__(self, item: discord.ui.Select[Any], parts: Mapping[str, str]) -> None:
        super().__init__(item)
        self._parts = parts

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Read the menu's id."""
        assert isinstance(item, discord.ui.Select)
        return cls(item, match.groupdict())

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Do what was chosen, and show the panel as it is now."""
        chosen = self.item.values[0]
        what, member = self._parts["what"], self._parts["character"]
        if what == "pick":
            await _do(interaction, None, chosen)
        elif what == "enter":
            await _enter(interaction, chosen)
        else:
            level = float(chosen)
            await _do(interaction, lambda one: replace(one, talkativeness=level), member)


class CastButton(KnownButton, template=BUTTON):
    """Mutes a member, lets it speak again, or removes it."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Do what the button says, and show the panel as it is now."""
        member = self.parts["character"]
        if self.parts["what"] == "mute":
            await _do(interaction, lambda one: replace(one, muted=not one.muted), member)
        else:
            await _do(interaction, lambda _: None, member)


def cast_panel(
    stage: Stage, others: Sequence[Character] = (), chosen: str = "", *, change: bool = True
) -> Panel:
    """The panel; `others` can be brought in, `chosen` is the member whose settings are shown."""
    told = "\n".join(map(member_line, stage.cast)) or tr(_NOBODY)
    head = tr("## {title}: the cast", title=title_of(stage))
    items: list[discord.ui.Item[Any]] = [discord.ui.TextDisplay(f"{head}\n{told}")]
    member = next((one for one in stage.cast if one.character == chosen), None)
    if change and stage.cast:
        items.append(_row(_member_menu(stage.cast, chosen)))
    if change and member:
        items.append(_row(_level_menu(member)))
        items.append(_buttons(member))
    if change and others:
        items.append(discord.ui.Separator())
        items.append(_row(_enter_menu(others[:_MOST_OPTIONS])))
        if len(others) > _MOST_OPTIONS:
            items.append(discord.ui.TextDisplay(tr(_MORE)))
    return Panel(*items)


async def others_here(interaction: discord.Interaction[HermesBot], stage: Stage) -> list[Character]:
    """Who could be brought on stage."""
    there = {member.character for member in stage.cast}
    return [one for one in await characters_here(interaction) if one.id not in there]


async def _do(interaction: discord.Interaction[HermesBot], change: Any, character: str) -> None:
    """Change one member (None removes it; no change only shows it), and show the panel."""
    await interaction.response.defer()
    stages = interaction.client.conversations.stages
    conversation = conversation_here(interaction)
    if change is None:
        stage = await stages.get(conversation) or Stage()
    else:
        await directed_here(interaction)

        def changed(stage: Stage) -> Stage:
            check_may_direct(interaction, stage)
            return _with(stage, character, change)

        stage = await stages.change(conversation, changed)
    await _show(interaction, stage, character)


async def _enter(interaction: discord.Interaction[HermesBot], character: str) -> None:
    await interaction.response.defer()
    await directed_here(interaction)
    entering = await checked(interaction, [character])
    stage = await bring_in(interaction, entering)
    come = {one.id for one in entering}
    greeting = [one for one in stage.cast if one.character in come]
    await greet(interaction, posting.writable_channel(interaction), greeting)
    await _show(interaction, stage, character)


async def _show(interaction: discord.Interaction[HermesBot], stage: Stage, chosen: str) -> None:
    view = cast_panel(stage, await others_here(interaction, stage), chosen)
    await interaction.edit_original_response(view=view)


def _with(stage: Stage, character: str, change: Any) -> Stage:
    if not any(one.character == character for one in stage.cast):
        raise BadInput(_GONE)
    changed = [change(one) if one.character == character else one for one in stage.cast]
    return replace(stage, cast=tuple(one for one in changed if one is not None))


def _row(item: discord.ui.Item[Any]) -> discord.ui.ActionRow[Any]:
    return discord.ui.ActionRow(item)


def _member_menu(cast: Sequence[Member], chosen: str) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=shortened(label(one.name), _LONGEST_OPTION),
            value=one.character,
            default=one.character == chosen,
        )
        for one in cast
    ]
    return discord.ui.Select(
        custom_id="cast-pick:", placeholder=tr("Choose somebody to change"), options=options
    )


def _level_menu(member: Member) -> discord.ui.Select[Any]:
    now = level_of(member.talkativeness)
    options = [
        discord.SelectOption(
            label=tr("Talks {level}", level=words), value=str(level), default=words == now
        )
        for level, words in LEVELS.items()
    ]
    return discord.ui.Select(custom_id=f"cast-level:{member.character}", options=options)


def _enter_menu(others: Sequence[Character]) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(label=shown, value=one.id)
        for shown, one in zip(labels_of(others), others, strict=True)
    ]
    return discord.ui.Select(
        custom_id="cast-enter:", placeholder=tr("Bring somebody on stage"), options=options
    )


def _buttons(member: Member) -> discord.ui.ActionRow[Any]:
    mute = tr("Let speak") if member.muted else tr("Mute")
    return discord.ui.ActionRow(
        discord.ui.Button(label=mute, custom_id=f"cast-mute:{member.character}"),
        discord.ui.Button(
            label=tr("Remove from the scene"),
            style=discord.ButtonStyle.danger,
            custom_id=f"cast-remove:{member.character}",
        ),
    )
