"""`/doctor`: what is wrong here, for those who manage the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.checks import access, engine, store
from bot.checks.finding import Finding, State, fine, problem, warning, worst
from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.language import later, tr
from cogs.closed import closed_of
from cogs.own_threads import missing_in_words, own_threads_of
from cogs.own_threads.where import lacking, set_for
from cogs.places import channel_of, engine_here

# A command's answer can be edited for a quarter of an hour; nobody waits that long.
_PATIENCE = 60.0
_MOST_CHANNELS = 25
_MOST_WEBHOOKS = 15
_LONGEST = 3_900

_MARKS: dict[State, str] = {"problem": "❌", "warning": "⚠️", "ok": "✅"}
_HEADS: dict[State, str] = {
    "problem": later("Something does not work"),
    "warning": later("It works, but could do better"),
    "ok": later("All is well"),
}
_COLOURS: dict[State, int] = {"problem": 0xD83C3E, "warning": 0xF0B232, "ok": 0x23A55A}

_HOW = later("in the channel's settings, under Permissions, allow my role what is missing")

Place = discord.abc.GuildChannel | discord.Thread


class Panel(discord.ui.LayoutView):
    """All that was found, the worst first."""

    def __init__(self, found: Sequence[Finding]) -> None:
        super().__init__(timeout=None)
        state = worst(found)
        box: discord.ui.Container[Panel] = discord.ui.Container(accent_colour=_COLOURS[state])
        ordered = sorted(found, key=lambda finding: list(_MARKS).index(finding.state))
        lines = "\n".join(map(_line, ordered))
        text = f"## {tr(_HEADS[state])}\n{lines}"
        if len(text) > _LONGEST:
            fitting = text[:_LONGEST].rpartition("\n")[0]
            text = f"{fitting}\n-# {tr('… and more of that kind')}"
        box.add_item(discord.ui.TextDisplay(text))
        self.add_item(box)
        # There is nothing to press, so discord.py need not keep it.
        self.stop()


def _line(finding: Finding) -> str:
    text = discord.utils.escape_markdown(tr(finding.text))
    line = f"{_MARKS[finding.state]} **{tr(finding.subject)}**: {text}"
    if not finding.advice:
        return line
    return f"{line}\n-# → {discord.utils.escape_markdown(tr(finding.advice))}"


class Doctor(commands.Cog):
    """Looks at what can be seen from inside of Discord."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def doctor(self, interaction: discord.Interaction[HermesBot]) -> None:
        """Check my permissions, the model and my memory, and say how to mend what is wrong"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = [finding async for finding in self._findings(interaction)]
        await interaction.edit_original_response(view=Panel(found))

    async def _findings(
        self, interaction: discord.Interaction[HermesBot]
    ) -> AsyncIterator[Finding]:
        yield self._intents()
        here, guild = interaction.channel, interaction.guild
        if guild is not None and isinstance(here, (discord.abc.GuildChannel, discord.Thread)):
            yield (
                _silenced(guild.me)
                or _allowed(here, guild.me)
                or self._refused(here)
                or fine("discord.places", later("here"), later("I may do all I need"))
            )
            for trouble in own_threads_of(self.bot).troubles(here):
                yield warning(
                    "discord.threads", here.mention, trouble, _HOW if lacking(here) else ""
                )
            for finding in _threads_elsewhere(self.bot, guild, here):
                yield finding
            for finding in self._asked_in_vain(guild, here, interaction.user):
                yield finding
            async for finding in _webhooks(here, guild.me):
                yield finding
        memory = await store.findings(self.bot.store, later("my memory"), private=True)
        for finding in memory:
            yield finding
        if guild is not None and worst(memory) != "problem":
            told = closed_of(self.bot).asked_in_vain(guild)
            for finding in _always_on(guild, await self.bot.store.always_on(), here, told):
                yield finding
        for finding in await self._engine(await engine_here(interaction)):
            yield finding

    def _asked_in_vain(
        self, guild: discord.Guild, here: Place, viewer: discord.User | discord.Member
    ) -> Iterator[Finding]:
        """Where else, among what the viewer sees, somebody asked and could not be answered."""
        if guild.me.is_timed_out() or not isinstance(viewer, discord.Member):
            return
        for place in closed_of(self.bot).asked_in_vain(guild)[:_MOST_CHANNELS]:
            if place != here and _sees(viewer, place):
                yield from filter(None, [_allowed(place, guild.me) or self._refused(place)])

    def _refused(self, place: Place) -> Finding | None:
        """That Discord takes nothing there, though the permissions would allow it."""
        if not closed_of(self.bot).refuses(place):
            return None
        return problem(
            "discord.places",
            place.mention,
            later("Discord refuses what I write there, though I seem to have the permissions"),
            later("look whether the channel or thread is locked; else remove me, and add me again"),
        )

    def _intents(self) -> Finding:
        check, subject = "discord.intents", later("reading")
        if self.bot.reads_everything:
            return fine(check, subject, later("Discord shows me what is written in my channels"))
        return warning(
            check,
            subject,
            later("Discord shows me only messages that address me"),
            later(
                "my operator can switch on Message Content Intent in Discord's Developer Portal, "
                "page Bot, and restart me"
            ),
        )

    async def _engine(self, name: str) -> list[Finding]:
        served = self.bot.conversations.models.named(name)
        found: list[Finding] = []
        try:
            async with asyncio.timeout(_PATIENCE):
                async for finding in engine.findings(served, later("the model's server")):
                    found.append(finding)
        except TimeoutError:
            found.append(
                problem(
                    "engine",
                    later("engine"),
                    later("it is silent"),
                    later("my operator finds more in its log"),
                )
            )
        return found


def _silenced(me: discord.Member) -> Finding | None:
    """That the bot itself was timed out, which no permission shows."""
    if not me.is_timed_out() or me.timed_out_until is None:
        return None
    return problem(
        "discord.places",
        later("here"),
        later(
            "somebody has timed me out, so I cannot write anywhere in this server until {until}",
            until=discord.utils.format_dt(me.timed_out_until),
        ),
        later("in the menu of my name choose Remove Timeout"),
    )


def _sees(viewer: discord.Member, place: Place) -> bool:
    try:
        return place.permissions_for(viewer).view_channel
    except discord.ClientException:
        return False  # A thread whose channel is not to be seen.


def _always_on(
    guild: discord.Guild, always: frozenset[str], here: object, told: Sequence[Place]
) -> Iterator[Finding]:
    """What is missing in the server's other channels in which everything is answered.

    Some have been `told` of already.
    """
    ids = sorted(filter(None, map(channel_of, always)))
    places = [place for place in map(guild.get_channel_or_thread, ids) if place is not None]
    others = [place for place in places if place != here and place not in told]
    found = [finding for place in others[:_MOST_CHANNELS] if (finding := _allowed(place, guild.me))]
    yield from found
    if others and not found:
        text = later("I may do all I need in {count} other always-on channel(s)", count=len(others))
        yield fine("discord.places", later("elsewhere"), text)


def _threads_elsewhere(bot: HermesBot, guild: discord.Guild, here: object) -> Iterator[Finding]:
    """What is missing in other channels of the server whose questions are to get threads."""
    wanted = [one for one in guild.text_channels if one != here and set_for(bot, one)]
    for place in [one for one in wanted if lacking(one)][:_MOST_CHANNELS]:
        text = missing_in_words(lacking(place))
        yield warning("discord.threads", place.mention, text, _HOW)


def _allowed(place: Place, me: discord.Member) -> Finding | None:
    """What is missing in a place, None if nothing is."""
    thread = isinstance(place, discord.Thread)
    try:
        allowed = place.permissions_for(me).value
    except discord.ClientException:
        # A thread whose channel is not to be seen.
        return problem("discord.places", place.mention, later("I cannot see its channel"), _HOW)
    missing, useful = access.lacking(allowed, thread=thread, characters=True)
    if missing:
        text = later("I lack {permissions}, so I cannot answer there", permissions=_names(missing))
        return problem("discord.places", place.mention, text, _HOW)
    if useful:
        text = later("I lack {permissions}", permissions=_names(useful))
        return warning("discord.places", place.mention, text, _HOW)
    return None


def _names(permissions: Iterable[int]) -> str:
    """Permissions as Discord calls them."""
    return ", ".join(tr(access.PERMISSIONS[bit]) for bit in permissions)


async def _webhooks(place: Place, me: discord.Member) -> AsyncIterator[Finding]:
    """Whether characters can have a voice of their own here."""
    home = place.parent if isinstance(place, discord.Thread) else place
    kinds = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.ForumChannel)
    if not isinstance(home, kinds) or not home.permissions_for(me).manage_webhooks:
        return
    check, subject = "discord.webhooks", later("voices")
    try:
        webhooks = await home.webhooks()
    except DISCORD_FAILURES as error:
        yield warning(
            check,
            subject,
            later("Discord did not show me the webhooks ({reason})", reason=error),
            later("try again"),
        )
        return
    mine = any(webhook.user == me for webhook in webhooks)
    if len(webhooks) >= _MOST_WEBHOOKS and not mine:
        text = later(
            "the channel has {count} webhooks, which is all that Discord allows",
            count=len(webhooks),
        )
        advice = later("delete one of them (Edit Channel, Integrations)")
        yield warning(check, subject, text, advice)
    else:
        yield fine(check, subject, later("characters can speak with their own names and pictures"))


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Doctor(bot))
