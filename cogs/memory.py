"""`/memory`: what the bot was told to remember: to see, add, edit, pin and forget."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.facts import LONGEST_FACT, MAX_PINNED, Fact, Owner, new_id, one_line
from bot.errors import BadInput
from bot.language import later, tr
from cogs import suggestions
from cogs.live.target import NOBODY
from cogs.live.traces import harmless
from cogs.owners import channel_owner, is_open, owners, server_owner
from cogs.places import (
    circles,
    conversation_here,
    is_guest,
    private_conversation,
    user_conversation,
)
from cogs.reading import text_for_ask
from cogs.reading.words import is_blank, shortened

About = Literal["me", "this channel", "this server"]
Interaction = discord.Interaction[HermesBot]

_PAGE = 1_700
_LONGEST_LISTED = 300
_LONGEST_NAME = 40

_NOTHING = later("There is nothing in that. Please write what I should remember.")
_TOO_LONG = later("That is too long: I keep facts of up to {most} characters.", most=LONGEST_FACT)
_EMPTY = later(
    "I remember nothing here yet. `/memory add` tells me something, and so does “remember that …” "
    "where I can use tools."
)
_NO_SERVER = later("We are not in a server here. Choose “me” instead.")
_NO_MEMBER = later("I am no member here, so I remember only for you. Choose “me” instead.")
_CLOSED = later(
    "Not everybody in this server can read this channel, so what is told here stays here. "
    "Choose “this channel”, or tell me in an open channel."
)
_NEEDS_SERVER = later(
    "What I remember for the whole server is for those who may manage the server."
)
_NEEDS_CHANNEL = later("What I remember for a channel is for those who may manage messages there.")
_UNKNOWN = later(
    "I do not know that fact. Choose one that Discord suggests, or see `/memory list`."
)
_GONE = later("That fact is gone already.")
_PINNED_ENOUGH = later(
    "{count} facts are pinned there, which is all there is room for. Unpin one first.",
    count=MAX_PINNED,
)
_KEPT = later("I will remember: “{text}”\n-# {use} Use `/memory forget` to take it back.")


@dataclass(frozen=True, slots=True)
class _Known:
    """A fact that this person may see here, and whose it is."""

    fact: Fact
    owner: Owner


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class Memory(
    commands.GroupCog,
    group_name="memory",
    group_description="What I remember: about you, this channel and this server",
):
    """Nothing is remembered that cannot be seen, changed and forgotten."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command(name="list")
    @app_commands.describe(page="Which page, if there are several")
    async def list_(
        self, interaction: Interaction, page: app_commands.Range[int, 1, 999] = 1
    ) -> None:
        """Show what I remember here: about you, this channel and this server"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        pages = list(_pages(_sections(await self._known(interaction), interaction)))
        if not pages:
            await _answer(interaction, tr(_EMPTY))
            return
        number = min(page, len(pages))
        text = pages[number - 1]
        if len(pages) > 1:
            told = tr(
                "Page {number} of {count}; see others with the option `page`.",
                number=number,
                count=len(pages),
            )
            text += f"\n-# {told}"
        await _answer(interaction, text)

    @app_commands.command()
    @app_commands.describe(
        text="What I should remember, such as: my dog is called Rex",
        about="Whose fact it is: yours alone, this channel's or this server's",
    )
    async def add(
        self,
        interaction: Interaction,
        text: app_commands.Range[str, 1, 2000],
        about: About = "me",
    ) -> None:
        """Tell me something to remember"""
        text = _read(interaction, text)
        owner = _owner(interaction, about)
        _check_rights(interaction, owner)
        await interaction.response.defer(ephemeral=True, thinking=True)
        user = interaction.user
        fact = Fact(text, str(user.id), user.display_name, time.time(), new_id())
        await self.bot.store.remember(owner.name, fact)
        use = _use(owner, interaction)
        await _answer(interaction, tr(_KEPT).format(text=harmless(text), use=use))

    @app_commands.command()
    @app_commands.describe(fact="The fact, or its id", text="What I should remember instead")
    async def edit(
        self, interaction: Interaction, fact: str, text: app_commands.Range[str, 1, 2000]
    ) -> None:
        """Change something that I remember"""
        text = _read(interaction, text)
        known = await self._find(interaction, fact)
        _check_rights(interaction, known.owner)
        user = interaction.user
        # It is now the word of whoever changed it.
        changed = replace(
            known.fact,
            text=text,
            asker=str(user.id),
            name=user.display_name,
            updated=time.time(),
        )
        await self._change(known.owner, changed)
        await _answer(interaction, tr("I will remember instead: “{text}”", text=harmless(text)))

    @app_commands.command()
    @app_commands.describe(fact="The fact, or its id")
    async def pin(self, interaction: Interaction, fact: str) -> None:
        """Have me think of something always, whatever is asked"""
        known = await self._find(interaction, fact)
        _check_rights(interaction, known.owner)
        if not known.fact.pinned:
            others = await self.bot.store.facts(known.owner.name)
            if sum(bool(other.pinned) for other in others) >= MAX_PINNED:
                raise BadInput(_PINNED_ENOUGH)
            name = interaction.user.display_name
            await self._change(known.owner, replace(known.fact, pinned=name))
        told = tr("📌 Pinned: “{text}”. I always think of it now.", text=_short(known.fact))
        await _answer(interaction, told)

    @app_commands.command()
    @app_commands.describe(fact="The fact, or its id")
    async def unpin(self, interaction: Interaction, fact: str) -> None:
        """Have me think of something only when it fits"""
        known = await self._find(interaction, fact)
        _check_rights(interaction, known.owner)
        if known.fact.pinned:
            await self._change(known.owner, replace(known.fact, pinned=""))
        told = tr("Unpinned: “{text}”. I use it when it fits.", text=_short(known.fact))
        await _answer(interaction, told)

    @app_commands.command()
    @app_commands.describe(fact="The fact, or its id")
    async def forget(self, interaction: Interaction, fact: str) -> None:
        """Have me forget something"""
        known = await self._find(interaction, fact)
        if known.fact.asker != str(interaction.user.id):
            _check_rights(interaction, known.owner)
        if not await self.bot.store.forget_fact(known.owner.name, known.fact.id):
            raise BadInput(_GONE)
        await _answer(interaction, tr("Forgotten: “{text}”", text=_short(known.fact)))

    @edit.autocomplete("fact")
    @pin.autocomplete("fact")
    @unpin.autocomplete("fact")
    @forget.autocomplete("fact")
    async def suggest(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The facts that this person may see here and that hold what was typed."""
        every = await suggestions.in_time(self._known(interaction)) or []
        return [
            app_commands.Choice(
                name=shortened(one.fact.text, suggestions.LONGEST), value=one.fact.id
            )
            for one in _holding(current, every)[: suggestions.MOST]
        ]

    async def _known(self, interaction: Interaction) -> list[_Known]:
        """All facts that apply to this person here, their private talk's too."""
        places = _owners(interaction, private=True)
        told = await self.bot.store.facts_of([owner.name for owner in places])
        return [_Known(fact, owner) for owner in places for fact in told[owner.name]]

    async def _find(self, interaction: Interaction, named: str) -> _Known:
        """The fact that is meant, by its id or by words that only one of them holds."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        every = await self._known(interaction)
        for one in every:
            if one.fact.id == named.strip():
                return one
        holding = _holding(named, every) if named.strip() else []
        if len(holding) != 1:
            raise BadInput(_UNKNOWN)
        return holding[0]

    async def _change(self, owner: Owner, fact: Fact) -> None:
        if not await self.bot.store.change_fact(owner.name, fact):
            raise BadInput(_GONE)


def _owners(interaction: Interaction, *, private: bool) -> tuple[Owner, ...]:
    if is_guest(interaction):
        talks = [user_conversation(interaction.user.id)]
        if private:
            talks.append(private_conversation(interaction.channel_id or 0, interaction.user.id))
        return tuple(Owner("channel", talk) for talk in talks)
    return owners(
        interaction.channel,
        interaction.channel_id or 0,
        interaction.guild_id,
        interaction.user.id,
        private=private,
    )


def _owner(interaction: Interaction, about: About) -> Owner:
    """Where a new fact is kept."""
    if about == "me":
        return _owners(interaction, private=False)[0]
    if is_guest(interaction):
        raise BadInput(_NO_MEMBER)
    if about == "this channel":
        return channel_owner(interaction.channel_id or 0)
    if interaction.guild_id is None:
        raise BadInput(_NO_SERVER)
    if not is_open(interaction.channel):
        raise BadInput(_CLOSED)
    return Owner("server", server_owner(interaction.guild_id))


def _check_rights(interaction: Interaction, owner: Owner) -> None:
    """Who may add and change: a person their own; what is in everybody's prompts, managers."""
    may = interaction.permissions
    if interaction.guild_id is None or owner.scope == "person" or is_guest(interaction):
        return
    if owner.scope == "server" and not may.manage_guild:
        raise BadInput(_NEEDS_SERVER)
    if owner.scope == "channel" and _is_shared(owner, interaction) and not may.manage_messages:
        raise BadInput(_NEEDS_CHANNEL)


def _is_shared(owner: Owner, interaction: Interaction) -> bool:
    """Whether more people than this one talk there; in their private talk nobody else does."""
    here = circles(interaction.channel) or (conversation_here(interaction),)
    return owner.name in here


def _read(interaction: Interaction, text: str) -> str:
    text = one_line(text_for_ask(interaction, text))
    if is_blank(text):
        raise BadInput(_NOTHING)
    if len(text) > LONGEST_FACT:
        raise BadInput(_TOO_LONG)
    return text


def _use(owner: Owner, interaction: Interaction) -> str:
    """When a new fact will be used, and who can see that."""
    if is_guest(interaction):
        return tr("I use it in our own talk, wherever you are; only you can see it in the list.")
    if interaction.guild_id is None:
        return tr("I use it in this conversation only.")
    if owner.scope == "server":
        return tr("I use it for everybody in this server, and everybody can see it.")
    if owner.scope == "channel":
        return tr("I use it for everybody in this channel, and everybody here can see it.")
    if owner.name.startswith(server_owner(interaction.guild_id)):
        return tr("I use it when I answer you in this server; only you can see it in the list.")
    return tr("I use it when I answer you in this channel; only you can see it in the list.")


def _holding(typed: str, every: Iterable[_Known]) -> list[_Known]:
    sought = typed.strip().casefold()
    return [one for one in every if sought in one.fact.text.casefold() or sought == one.fact.id]


def _sections(
    every: Sequence[_Known], interaction: Interaction
) -> Iterator[tuple[str, list[Fact]]]:
    """Facts under the name of whose they are, pinned ones first."""
    for owner in dict.fromkeys(one.owner for one in every):
        facts = [one.fact for one in every if one.owner == owner]
        yield _title(owner, interaction), sorted(facts, key=lambda fact: not fact.pinned)


def _title(owner: Owner, interaction: Interaction) -> str:
    if owner.name == user_conversation(interaction.user.id):
        return tr("**Our own talk, wherever you are**")
    if interaction.guild_id is None and not is_guest(interaction):
        return tr("**About you**") if owner.scope == "person" else tr("**This conversation**")
    if owner.scope == "server":
        return tr("**This server**")
    here = conversation_here(interaction)
    if owner.scope == "channel":
        if not _is_shared(owner, interaction):
            return tr("**Our private talk here**")
        return (
            tr("**This channel**") if owner.name == here else tr("**The channel of this thread**")
        )
    place = owner.name.removesuffix(f":user:{interaction.user.id}")
    if interaction.guild_id and place == server_owner(interaction.guild_id):
        return tr("**About you, in this server**")
    if place == here:
        return tr("**About you, in this channel**")
    if place in circles(interaction.channel):
        return tr("**About you, in the channel of this thread**")
    return tr("**About you, in our private talk here**")


def _pages(sections: Iterable[tuple[str, list[Fact]]]) -> Iterator[str]:
    page: list[str] = []
    for title, facts in sections:
        if page:
            page.append("")
        page.append(title)
        for fact in facts:
            line = _listed(fact)
            if sum(len(part) + 1 for part in page) + len(line) > _PAGE:
                yield "\n".join(page)
                page = [title]
            page.append(line)
    if page:
        yield "\n".join(page)


def _listed(fact: Fact) -> str:
    who = harmless(shortened(fact.name, _LONGEST_NAME)) or tr("you")
    notes = [f"`{fact.id}`", who, f"<t:{int(fact.at)}:d>"]
    if fact.updated:
        notes.append(tr("changed {when}", when=f"<t:{int(fact.updated)}:d>"))
    if fact.pinned:
        name = harmless(shortened(fact.pinned, _LONGEST_NAME))
        notes.append(tr("📌 pinned by {name}", name=name))
    return f"- {harmless(shortened(fact.text, _LONGEST_LISTED))}\n-# {' · '.join(notes)}"


def _short(fact: Fact) -> str:
    return harmless(shortened(fact.text, _LONGEST_LISTED))


async def _answer(interaction: Interaction, text: str) -> None:
    await interaction.edit_original_response(content=text, allowed_mentions=NOBODY)


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Memory(bot))
