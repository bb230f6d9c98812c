"""Reports: anybody who sees a reply can have moderators look at it."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.errors import BadInput, LimitReached
from bot.language import later, tr
from cogs.components import KnownButton
from cogs.forms import Form
from cogs.live.buttons import Button, view_of
from cogs.moderators import for_moderators, tell_moderators
from cogs.places import is_guest
from cogs.reports import filing
from cogs.reports.deciding import DecideButton
from cogs.reports.hourly import Hourly

log = logging.getLogger(__name__)

Interaction = discord.Interaction[HermesBot]

PRESS = re.compile(r"report:(?P<message>\d{1,20})")

REASONS = (
    later("Sexual content where it does not belong"),
    later("A minor is sexualised"),
    later("Hate or harassment"),
    later("Violence or self-harm"),
    later("Somebody's private data"),
    later("Something else"),
)

MOST = 5
"""How many reports a person can send in an hour."""
_NOTE = 500

_SENT = later("Thank you. The moderators of this server have your report.")
_NOWHERE = later(
    "This server has not said where reports go, so please tell a moderator yourself, with this "
    "link: {link}"
)
_NO_SERVER = later(
    "Here are no moderators whom I could tell. Please write to whoever runs this bot (whoever "
    "gave it to you or to your server knows), or report the message to Discord itself: "
    "*Report Message* in its menu."
)
_TOO_MANY = later(
    "You have sent {count} reports within an hour. Please tell a moderator yourself.", count=MOST
)


class ReportCommand(commands.Cog, name="Reports"):
    """The command, and how often each person has reported something."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._sent = Hourly()

    @app_commands.command()
    @app_commands.describe(
        message="A message of mine: its link, or its ID if it is in this channel"
    )
    async def report(
        self, interaction: Interaction, message: app_commands.Range[str, 1, 200]
    ) -> None:
        """Tell the moderators that something I said is not right"""
        check_server(interaction)
        channel, number = filing.place_of(interaction, message)
        self.check(interaction.user.id)
        await interaction.response.send_modal(ReportForm(channel, number))

    def check(self, person: int) -> None:
        """Raise `LimitReached` for somebody who has reported too much."""
        if self._sent.count(person, asyncio.get_running_loop().time()) >= MOST:
            raise LimitReached(_TOO_MANY)

    async def file(
        self, interaction: Interaction, channel: int, message: int, reason: str, note: str
    ) -> str:
        """Tell the moderators; returns what to say to whoever reports."""
        self.check(interaction.user.id)
        reported = await filing.look_up(interaction, channel, message)
        self._sent.note(interaction.user.id, asyncio.get_running_loop().time())
        guild, user = interaction.guild_id, interaction.user.id
        log.info("server %s: %s reports message %s in %s", guild, user, message, channel)
        policy = await self.bot.conversations.policies.of(str(guild))
        with for_moderators(self.bot, policy.report_channel):
            text = filing.told(reported, user, reason, note)
            buttons = view_of(filing.buttons(reported))
        if await tell_moderators(self.bot, policy, text, buttons):
            return tr(_SENT)
        log.warning("server %s: a report has nowhere to go: %s", guild, reported.link)
        return tr(_NOWHERE).format(link=reported.link)


class ReportForm(Form):
    """What is wrong with it."""

    def __init__(self, channel: int, message: int) -> None:
        super().__init__(title=tr("Report this reply"))
        self._channel = channel
        self._message = message
        self._reason: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="reason",
            options=[discord.SelectOption(label=tr(one), value=one) for one in REASONS],
        )
        self._note: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            required=False,
            max_length=_NOTE,
            custom_id="note",
        )
        self.add_field(self._reason, label=tr("What is wrong?"))
        self.add_field(
            self._note,
            label=tr("Anything that helps to understand it"),
            description=tr("The moderators see this, the reply, and who you are"),
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Send the report."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        said = await reports_of(interaction.client).file(
            interaction,
            self._channel,
            self._message,
            self._reason.values[0],
            self._note.value,
        )
        await interaction.edit_original_response(content=said)


class ReportButton(KnownButton, template=PRESS):
    """Reports a reply: in the panel that *Manage reply* shows."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Show the form."""
        check_server(interaction)
        reports_of(interaction.client).check(interaction.user.id)
        form = ReportForm(interaction.channel_id or 0, int(self.parts["message"]))
        await interaction.response.send_modal(form)


def report_button(message: int) -> Button:
    """What shows the form for a message of this channel."""
    return Button(tr("Report"), f"report:{message}", emoji="🚩")


def check_server(interaction: discord.Interaction) -> None:
    """Raise `BadInput` where there are no moderators of a server that the bot is in."""
    if interaction.guild_id is None or is_guest(interaction):
        raise BadInput(_NO_SERVER)


def reports_of(bot: HermesBot) -> ReportCommand:
    """The cog that sends reports."""
    cog = bot.get_cog(ReportCommand.__cog_name__)
    if not isinstance(cog, ReportCommand):
        raise TypeError("the cog Reports is not loaded")
    return cog


async def setup(bot: HermesBot) -> None:
    """Add the cog, and hear its buttons, also of messages that former processes sent."""
    bot.add_dynamic_items(ReportButton, DecideButton)
    await bot.add_cog(ReportCommand(bot))
