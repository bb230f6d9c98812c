"""`/character list`: what there is, in pages that can be leafed through."""

from __future__ import annotations

import re
from collections.abc import Sequence

import discord

from bot.conversation.library import Character
from bot.language import later, tr
from cogs import suggestions
from cogs.characters import telling
from cogs.characters.shelf import Interaction, characters_here, fitting_in
from cogs.components import KnownButton
from cogs.live.buttons import Button, view_of
from cogs.live.target import NOBODY

PAGE = re.compile(
    r"characters:(?P<page>\d{1,3}):(?P<tag>[^|]{0,30})\|(?P<search>.{0,40})", re.DOTALL
)

_ON_A_PAGE = 12

_NONE_HERE = later(
    "There are no characters here yet. `/character import` brings a card (PNG, JSON or CHARX), "
    "`/character create` makes a new one."
)
_NONE_SUCH = later("No character fits that. `/character list` without options shows all.")


class PageButton(KnownButton, template=PAGE):
    """Shows another page of the list, as it is by now."""

    async def callback(self, interaction: Interaction) -> None:
        """Turn the page."""
        await interaction.response.defer()
        await show(interaction, self.parts["search"], self.parts["tag"], int(self.parts["page"]))


async def show(interaction: Interaction, search: str, tag: str, page: int) -> None:
    """Show a page of the characters that fit; the response has been promised (deferred)."""
    every = await characters_here(interaction)
    fitting = fitting_in([one for one in every if _has(one, tag)], search)
    pages = [fitting[at : at + _ON_A_PAGE] for at in range(0, len(fitting), _ON_A_PAGE)]
    if not pages:
        text = tr(_NONE_SUCH if every else _NONE_HERE)
        await interaction.edit_original_response(content=text, view=None)
        return
    number = min(max(page, 1), len(pages))
    text = _head(len(fitting), len(every)) + "\n" + telling.listed(pages[number - 1])
    buttons = _leafing(number, len(pages), search, tag)
    if buttons:
        text += "\n-# " + tr("Page {number} of {pages}", number=number, pages=len(pages))
    await interaction.edit_original_response(
        content=text, view=view_of(buttons) if buttons else None, allowed_mentions=NOBODY
    )


def _has(one: Character, tag: str) -> bool:
    return not tag or tag.casefold().strip() in (known.casefold() for known in one.tags)


def _head(fitting: int, every: int) -> str:
    if fitting == every:
        return tr(
            "**Characters here: {count}.** `/character use` brings one on stage.", count=every
        )
    return tr("**{count} of {every} characters:**", count=fitting, every=every)


def _leafing(page: int, last: int, search: str, tag: str) -> Sequence[Button]:
    if last == 1:
        return ()
    rest = f"{tag.replace('|', ' ')[:30]}|{search[:40]}"
    return (
        Button("", f"characters:{page - 1}:{rest}", emoji="◀", disabled=page == 1),
        Button("", f"characters:{page + 1}:{rest}", emoji="▶", disabled=page == last),
    )


def tags_in(every: Sequence[Character], typed: str) -> list[discord.app_commands.Choice[str]]:
    """The tags that begin with what was typed, the commonest first."""
    times: dict[str, int] = {}
    for one in every:
        for tag in one.tags:
            times[tag] = times.get(tag, 0) + 1
    wanted = typed.casefold().strip()
    fitting = sorted(
        (tag for tag in times if wanted in tag.casefold()), key=lambda tag: (-times[tag], tag)
    )
    return [
        discord.app_commands.Choice(
            name=f"{tag} ({times[tag]})"[: suggestions.LONGEST], value=tag[:30]
        )
        for tag in fitting[: suggestions.MOST]
    ]
