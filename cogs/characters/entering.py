"""`/character use` and `leave`: who is on stage in a channel, a thread or a direct message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import discord
from discord import app_commands

from bot.characters.stage import Member, Stage
from bot.conversation.stages import MAX_CAST
from bot.errors import BadInput
from bot.language import later, tr
from cogs import branching, suggestions
from cogs.characters import greeting, keeping
from cogs.characters.keeping import Kept, member_of
from cogs.characters.leading import check_lead, led
from cogs.characters.rights import check_may_play, may_lead
from cogs.characters.shelf import Interaction, find_character, shown_name
from cogs.components import KnownButton
from cogs.live.buttons import Button, in_rows, view_of
from cogs.live.target import NOBODY, Channel
from cogs.own_threads.where import mode_at
from cogs.places import can_write, conversation_here, conversation_in
from cogs.reading.words import shortened
from cogs.system import quoted

Mode = Literal["first", "anew", "beside", "thread"]
"""How a character comes: nobody was there, the story begins again, beside others, in a thread."""

ENTER = re.compile(
    r"enter:(?P<what>ask|back|page|use|keep):(?P<mode>first|anew|beside|thread):"
    r"(?P<character>[0-9a-f]{1,32}):(?P<at>\d{1,3})"
)

_SILENT = 999
_PREVIEW = 1_500

_NO_PLACE = later("I may not write in this channel, so nobody can go on stage here.")
_NOT_LEADING = later(
    "A story is under way here. Only who leads it, or somebody who may manage channels, can change "
    "who is on stage."
)
_FULL = later("There are {most} characters on stage, which is as many as fit.", most=MAX_CAST)
_KEPT = later("The story goes on as it was.")
_START_ANEW = later("Start anew")
_JUST_WRITE = later("Just write here to talk.")
_MENTION = later(
    "Mention me or reply to talk; with `/channel` everything that is written here counts."
)
BY_NAME = later("Say a name, mention me or reply to talk.")
_NOBODY = later("Nobody is on stage here.")
_WHO = later("Several characters are on stage here: please say who is to leave.")
_EMPTY = later(
    "Nobody is left, so I answer as myself again. What was said stays; `/reset` forgets it."
)


@dataclass(frozen=True, slots=True)
class _Coming:
    """A character who is about to enter, and how."""

    kept: Kept
    mode: Mode

    @property
    def name(self) -> str:
        return shown_name(self.kept.character.name)

    @property
    def ways(self) -> Sequence[int]:
        """The numbers of the greetings to choose from."""
        return greeting.choices(self.kept.card, beside=self.mode == "beside")

    def button(
        self,
        what: str,
        label: str,
        *,
        mode: Mode | None = None,
        at: int = 0,
        emoji: str = "",
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> Button:
        custom_id = f"enter:{what}:{mode or self.mode}:{self.kept.character.id}:{at}"
        return Button(label, custom_id, style=style, emoji=emoji)


async def use(interaction: Interaction, named: str) -> None:
    """Bring a character on stage, after what has to be asked; the response is deferred."""
    character = await find_character(interaction, named)
    await check_may_play(interaction, character)
    kept = await keeping.load(interaction.client, character, picture=False)
    coming = _Coming(kept, "first")
    stage = (
        await interaction.client.conversations.stages.get(conversation_here(interaction)) or Stage()
    )
    stage = await led(interaction, stage) if stage.cast else stage
    there = next((one for one in stage.cast if one.character == character.id), None)
    if there is not None:
        await _renew(interaction, coming, there, stage)
    elif stage.cast:
        await _ask_how(interaction, coming, stage)
    else:
        await _choose(interaction, coming, 0)


async def leave(interaction: Interaction, named: str) -> None:
    """Take a character off the stage; the response is deferred."""
    stages = interaction.client.conversations.stages
    stage = await stages.get(conversation_here(interaction)) or Stage()
    member = _member(stage, named)
    await check_lead(interaction, stage, _NOT_LEADING)
    after = await stages.leave(conversation_here(interaction), member.character)
    still = later("Still there: {names}.", names=_names(after))
    told = tr(
        "**{name}** has left the stage. {rest}",
        name=shown_name(member.name),
        rest=still if after.cast else _EMPTY,
    )
    await interaction.edit_original_response(content=told, allowed_mentions=NOBODY)


async def suggest_cast(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Who is on stage and could leave."""
    stage = (
        await interaction.client.conversations.stages.get(conversation_here(interaction)) or Stage()
    )
    wanted = typed.casefold().strip()
    return [
        app_commands.Choice(name=shortened(one.name, suggestions.LONGEST), value=one.character)
        for one in stage.cast
        if wanted in one.name.casefold()
    ][: suggestions.MOST]


class EnterButton(KnownButton, template=ENTER):
    """An answer to how a character is to come in, or with which words."""

    async def callback(self, interaction: Interaction) -> None:
        """Do what the button says, if it still can be done."""
        await interaction.response.defer()
        if self.parts["what"] == "keep":
            await interaction.edit_original_response(content=tr(_KEPT), view=None)
            return
        await _go_on(
            interaction,
            self.parts["what"],
            cast(Mode, self.parts["mode"]),
            self.parts["character"],
            int(self.parts["at"]),
        )


async def _go_on(interaction: Interaction, what: str, mode: Mode, named: str, at: int) -> None:
    character = await find_character(interaction, named)
    await check_may_play(interaction, character)
    coming = _Coming(await keeping.load(interaction.client, character, picture=False), mode)
    if what == "use":
        await _enter(interaction, coming, at)
    else:
        await _choose(interaction, coming, at)


async def _renew(interaction: Interaction, coming: _Coming, there: Member, stage: Stage) -> None:
    """A character who is on stage already: it may have been changed, or is to begin again."""
    now = member_of(coming.kept.character)
    name, buttons = coming.name, list[Button]()
    text = tr("**{name}** is on stage here already.", name=name)
    if _source(there) != _source(now):
        await interaction.client.conversations.stages.change(
            conversation_here(interaction), lambda stage: _with(stage, there.character, now)
        )
        text = tr("**{name}** plays with the changed card from now on.", name=name)
    elif may_lead(interaction, stage):
        again = tr(
            "*{button}* forgets what was said here, and begins with **{name}** alone.",
            button=_START_ANEW,
            name=name,
        )
        text, buttons = f"{text} {again}", [_keep(coming), _anew(coming)]
    await interaction.edit_original_response(
        content=text,
        view=view_of(buttons) if buttons else None,
        allowed_mentions=NOBODY,
    )


async def _ask_how(interaction: Interaction, coming: _Coming, stage: Stage) -> None:
    """Ask what is to become of the story that is under way."""
    threads = isinstance(interaction.channel, (discord.TextChannel, discord.Thread))
    leading = may_lead(interaction, stage)
    buttons = [_keep(coming)]
    if leading and len(stage.cast) < MAX_CAST:
        buttons.append(coming.button("ask", tr("Add beside"), mode="beside"))
    if threads:
        buttons.append(coming.button("ask", tr("Start a thread"), mode="thread"))
    if leading:
        buttons.append(_anew(coming))
    await interaction.edit_original_response(
        content=_question(stage, coming.name, leading=leading),
        view=view_of(buttons),
        allowed_mentions=NOBODY,
    )


def _question(stage: Stage, name: str, *, leading: bool) -> str:
    if leading:
        return tr(
            "A story with {names} is under way here. How shall **{name}** come in?",
            names=_names(stage),
            name=name,
        )
    return tr(
        "A story with {names} is under way here, and it is led by somebody else. You can play with "
        "**{name}** in a thread of your own.",
        names=_names(stage),
        name=name,
    )


def _keep(coming: _Coming) -> Button:
    return coming.button("keep", tr("Keep the story"))


def _anew(coming: _Coming) -> Button:
    danger = discord.ButtonStyle.danger
    return coming.button("ask", tr(_START_ANEW), mode="anew", style=danger)


async def _choose(interaction: Interaction, coming: _Coming, at: int) -> None:
    """Show the greetings one by one; where there is nothing to choose, go on."""
    ways = coming.ways
    if len(ways) < 2 and coming.mode != "beside":
        await _enter(interaction, coming, ways[0] if ways else _SILENT)
        return
    place = at % len(ways) if ways else 0
    await interaction.edit_original_response(
        content=await _preview(interaction, coming, place),
        view=view_of(_chooser(coming, place)),
        allowed_mentions=NOBODY,
    )


async def _preview(interaction: Interaction, coming: _Coming, place: int) -> str:
    ways = coming.ways
    if not ways:
        return tr("**{name}** has no greeting.", name=coming.name)
    text = await greeting.filled_in(interaction, coming.kept.card, ways[place])
    told = tr(
        "**{name}** can begin in one way:",
        "**{name}** can begin in {n} ways. This is number {at}:",
        name=coming.name,
        n=len(ways),
        at=place + 1,
    )
    return f"{told}\n{quoted(text, _PREVIEW)}"


def _chooser(coming: _Coming, place: int) -> Sequence[Button]:
    ways = coming.ways
    leafing: list[Button] = []
    if len(ways) > 1:
        leafing = [
            # Of two greetings both lead to the same one, and Discord takes no id twice.
            coming.button("back", "", at=(place - 1) % len(ways), emoji="◀"),
            coming.button("page", "", at=(place + 1) % len(ways), emoji="▶"),
        ]
    primary = discord.ButtonStyle.primary
    if ways:
        leafing.append(coming.button("use", tr("Use this"), at=ways[place], style=primary))
    if coming.mode == "beside":
        leafing.append(coming.button("use", tr("Enter silently"), at=_SILENT))
    return in_rows(leafing)


async def _enter(interaction: Interaction, coming: _Coming, number: int) -> None:
    """Set the stage, and have the character say its first words."""
    member = replace(member_of(coming.kept.character), greeting=0 if number == _SILENT else number)
    channel = await _stage_for(interaction, coming)
    conversation = conversation_in(channel.id)
    await _set(interaction, conversation, member, coming.mode)
    text = ""
    if number != _SILENT:
        text = await greeting.filled_in(interaction, coming.kept.card, number)
    how = await _how(interaction, channel)
    if not text:
        told = tr("**{name}** is on stage. {how}", name=coming.name, how=how)
    else:
        message, remembered = await greeting.post(
            interaction.client, channel, member, text, interaction.user.id
        )
        told = _entered(coming.name, message.jump_url, how, remembered=remembered)
    await interaction.edit_original_response(content=told, view=None, allowed_mentions=NOBODY)


def _entered(name: str, link: str, how: str, *, remembered: bool) -> str:
    if remembered:
        return tr("**{name}** is on stage: {link}. {how}", name=name, link=link, how=how)
    return tr(
        "**{name}** is on stage: {link}. But my memory could not be reached just now, so these "
        "first words are no part of the story.",
        name=name,
        link=link,
    )


async def _stage_for(interaction: Interaction, coming: _Coming) -> Channel:
    """The channel where the character plays: a new thread, or where the command was used."""
    if coming.mode == "thread":
        return await branching.open_thread(interaction, coming.kept.character.name)
    channel, guild = interaction.channel, interaction.guild
    if channel is None or isinstance(channel, (discord.CategoryChannel, discord.ForumChannel)):
        raise BadInput(_NO_PLACE)
    if not can_write(channel, guild.me if guild else None):
        raise BadInput(_NO_PLACE)
    return cast(Channel, channel)


async def _set(interaction: Interaction, conversation: str, member: Member, mode: Mode) -> None:
    """Put the character on stage; what it comes in the stead of is forgotten."""
    conversations, host = interaction.client.conversations, str(interaction.user.id)

    def entered(stage: Stage) -> Stage:
        if mode != "thread" and stage.cast and not may_lead(interaction, stage):
            raise BadInput(_NOT_LEADING)
        if mode == "anew":
            stage = _cleared(stage)
        others = stage.cast
        others = tuple(one for one in others if one.character != member.character)
        if len(others) >= MAX_CAST:
            raise BadInput(_FULL)
        begun = stage if others else replace(stage, host=host)
        return replace(begun, cast=(*others, member))

    await conversations.stages.change(conversation, entered)
    if mode == "anew":
        await conversations.timeline.reset(conversation)


async def _how(interaction: Interaction, channel: Channel) -> str:
    mode, _ = await mode_at(interaction.client, channel)
    if interaction.guild_id is None or mode == "always":
        return _JUST_WRITE
    return BY_NAME if mode == "name" else _MENTION


def _member(stage: Stage, named: str) -> Member:
    if not stage.cast:
        raise BadInput(_NOBODY)
    wanted = named.strip().casefold()
    if not wanted and len(stage.cast) == 1:
        return stage.cast[0]
    if not wanted:
        raise BadInput(_WHO)
    for one in stage.cast:
        if wanted in (one.character, one.name.casefold()):
            return one
    raise BadInput(later("“{name}” is not on stage here.", name=shown_name(named)))


def _cleared(stage: Stage) -> Stage:
    """The stage without what belonged to the story that was played on it."""
    return replace(stage, cast=(), title="", scenario="", mood="", note=None, paused=False)


def _source(member: Member) -> tuple[str, ...]:
    return member.library, member.card, member.picture, member.name


def _with(stage: Stage, character: str, now: Member) -> Stage:
    return replace(
        stage,
        cast=tuple(
            replace(now, greeting=one.greeting, muted=one.muted, talkativeness=one.talkativeness)
            if one.character == character
            else one
            for one in stage.cast
        ),
    )


def _names(stage: Stage) -> str:
    return ", ".join(f"**{shown_name(one.name)}**" for one in stage.cast)
