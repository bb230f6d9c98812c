"""`/safety`: what a server allows where characters play, and who hears of reports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.characters.policy import Playable, Policy, block_of
from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later, tr
from cogs import suggestions
from cogs.characters.shelf import characters_here, find_character, shown_name, suggest
from cogs.forms import Form
from cogs.live.target import NOBODY
from cogs.moderators import block, change_policy
from cogs.places import can_write, conversation_here
from cogs.safety import words

Interaction = discord.Interaction[HermesBot]
Adults = Literal["age-restricted channels", "nowhere"]
Imports = Literal["managers", "everyone"]

# What Discord takes in one field of a form, and offers while something is typed.
_FIELD = 4_000

_NOTHING_SET = later("Choose at least one option to set; `/safety show` tells how everything is.")
_WORDS = later("{count} words and phrases are blocked in this server now.")
_NO_WORDS = later("No words are blocked in this server now.")
_UNBLOCKED = later("**{name}** may play in this server again.")
_NOT_BLOCKED = later("No such character is blocked here. Choose one that Discord suggests.")
_NO_REPORTS = later("Reports go nowhere now: who reports something is asked to tell a moderator.")
_REPORTS = later("Reports go to {channel} now.")


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Safety(
    commands.GroupCog,
    group_name="safety",
    group_description="What I keep to in this server where characters play",
):
    """For those who answer for what is said in a server."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """Show what I keep to in this server"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        policy = await self.bot.conversations.policies.of(str(interaction.guild_id))
        await interaction.edit_original_response(
            content=words.shown(policy), allowed_mentions=NOBODY
        )

    @app_commands.command(name="set")
    @app_commands.rename(all_ages="all-ages")
    @app_commands.describe(
        adults="Where characters for adults may play",
        all_ages="In channels that are not age-restricted everything stays suitable for all ages",
        imports="Who may bring characters into the library that all in this server share",
    )
    async def set_(
        self,
        interaction: Interaction,
        adults: Adults | None = None,
        all_ages: bool | None = None,
        imports: Imports | None = None,
    ) -> None:
        """Set what I keep to in this server"""
        if adults is None and all_ages is None and imports is None:
            raise BadInput(_NOTHING_SET)

        def changed(policy: Policy) -> Policy:
            if adults is not None:
                policy = replace(policy, adult="never" if adults == "nowhere" else "age-restricted")
            if all_ages is not None:
                policy = replace(policy, mild=all_ages)
            return replace(policy, imports=imports or policy.imports)

        await interaction.response.defer(ephemeral=True, thinking=True)
        before = await self.bot.conversations.policies.of(str(interaction.guild_id))
        await change_policy(interaction, changed, lambda after: words.changes(before, after))

    @app_commands.command(name="words")
    async def words_(self, interaction: Interaction) -> None:
        """Set the words and phrases that I do not say here, and that no card may have"""
        policy = await self.bot.conversations.policies.of(str(interaction.guild_id))
        await interaction.response.send_modal(WordsForm(self, policy.words))

    @app_commands.command()
    @app_commands.describe(character="Its name")
    async def block(self, interaction: Interaction, character: str) -> None:
        """Let a character play no more in this server"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        meant = await self._meant(interaction, character)
        await block(interaction, block_of(meant))

    @app_commands.command()
    @app_commands.describe(character="Its name")
    async def unblock(self, interaction: Interaction, character: str) -> None:
        """Let a blocked character play again"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        name = ""

        def without(policy: Policy) -> Policy:
            nonlocal name
            wanted = character.strip().casefold()
            gone = [one for one in policy.blocked if wanted in (one.id, one.name.casefold())]
            if not gone:
                raise BadInput(_NOT_BLOCKED)
            name = gone[0].name or gone[0].id
            left = tuple(one for one in policy.blocked if one not in gone)
            return replace(policy, blocked=left)

        await change_policy(
            interaction, without, lambda _: tr(_UNBLOCKED).format(name=shown_name(name))
        )

    @app_commands.command()
    @app_commands.describe(channel="Where reports go; leave it out to have them go nowhere")
    async def channel(
        self, interaction: Interaction, channel: discord.TextChannel | None = None
    ) -> None:
        """Choose where reports go: a channel that only moderators see"""
        if channel is not None and not can_write(channel, channel.guild.me):
            raise BadInput(
                later(
                    "I cannot write in {channel}. Please let me see that channel and send "
                    "messages there first.",
                    channel=channel.mention,
                )
            )
        await interaction.response.defer(ephemeral=True, thinking=True)
        where = str(channel.id) if channel else ""

        def said(_: Policy) -> str:
            if channel is None:
                return tr(_NO_REPORTS)
            return tr(_REPORTS).format(channel=channel.mention)

        await change_policy(interaction, lambda policy: replace(policy, report_channel=where), said)

    @block.autocomplete("character")
    async def suggest_character(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The characters that can be found here."""
        return await suggest(characters_here(interaction), current)

    @unblock.autocomplete("character")
    async def suggest_blocked(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The characters that are blocked."""
        policies = self.bot.conversations.policies
        policy = await suggestions.in_time(policies.of(str(interaction.guild_id)))
        typed = current.strip().casefold()
        return [
            app_commands.Choice(name=(one.name or one.id)[: suggestions.LONGEST], value=one.id)
            for one in (policy.blocked if policy else ())
            if typed in one.name.casefold()
        ][: suggestions.MOST]

    async def set_words(self, interaction: Interaction, text: str) -> None:
        """Block these words, and no others."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        chosen = words.read_words(text)

        def said(_: Policy) -> str:
            return tr(_WORDS).format(count=len(chosen)) if chosen else tr(_NO_WORDS)

        await change_policy(interaction, lambda policy: replace(policy, words=chosen), said)

    async def _meant(self, interaction: Interaction, named: str) -> Playable:
        """A character on this channel's stage, whosever it is, or one of the libraries here."""
        stage = await self.bot.conversations.stages.get(conversation_here(interaction))
        for member in stage.cast if stage else ():
            if named.strip().casefold() in (member.character, member.name.casefold()):
                return member
        return await find_character(interaction, named)


class WordsForm(Form):
    """One field with all words and phrases."""

    def __init__(self, cog: Safety, present: tuple[str, ...]) -> None:
        super().__init__(title=tr("Blocked words"))
        self._cog = cog
        self.text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            default="\n".join(present)[:_FIELD] or None,
            required=False,
            max_length=_FIELD,
            custom_id="words",
        )
        self.add_field(
            self.text,
            label=tr("One word or phrase a line"),
            description=tr("Found as whole words, in upper and lower case"),
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Set what was written."""
        await self._cog.set_words(interaction, self.text.value)


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Safety(bot))
