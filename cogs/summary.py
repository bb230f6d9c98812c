"""The summary of what was cut, as `/context` shows it; it can be edited and forgotten."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import discord

from bot.client import HermesBot
from bot.client.failures import answer
from bot.conversation.summary import LONGEST, SummaryView
from bot.conversation.turns import Turn
from bot.errors import BadInput, UserError
from bot.language import later, tr
from cogs.components import KnownButton
from cogs.forms import Form, in_time
from cogs.live.buttons import Button, view_of
from cogs.live.target import NOBODY
from cogs.places import channel_of, engine_here
from cogs.reading.words import is_blank
from cogs.system import quoted

SUMMARY = re.compile(r"summary-(?P<what>edit|forget):(?P<conversation>.{1,50})")

NOT_ALLOWED = later("Only who may manage messages here can change what I remember of this channel.")
_NONE_YET = later("The older messages that I no longer see are not summed up yet.")
_FORGOTTEN = later(
    "The older messages that I no longer see are forgotten: nothing of them is summed up."
)
_EMPTY = later("An empty summary tells nothing. *Forget summary* does that.")
_ATTACHED = later("Your text is attached, so that it is not lost.")


class SummaryForm(Form):
    """One long text field."""

    def __init__(self, conversation: str, seen: SummaryView) -> None:
        super().__init__(title=tr("What I remember of before"))
        self.conversation = conversation
        self.seen = seen
        self.text: discord.ui.TextInput[SummaryForm] = discord.ui.TextInput(
            label=tr("What was said before, in short"),
            style=discord.TextStyle.paragraph,
            default=seen.summary.text[:LONGEST] if seen.summary else "",
            max_length=LONGEST,
        )
        self.add_item(self.text)

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Store what was written; if that is refused, nothing that was typed is lost."""
        text = self.text.value.strip()
        if is_blank(text):
            raise BadInput(_EMPTY)
        try:
            await interaction.response.defer()
            await _write(interaction, self.conversation, text, self.seen)
        except UserError as error:
            file = discord.File(io.BytesIO(text.encode("utf-8", "replace")), "summary.txt")
            await answer(interaction, f"{tr(error.text)} {tr(_ATTACHED)}", file=file)


class SummaryButton(KnownButton, template=SUMMARY):
    """Opens the form, or forgets the summary."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Do what the button says, if this person may."""
        if not may_change(interaction, self.conversation):
            raise BadInput(NOT_ALLOWED)
        if self.parts["what"] == "edit":
            await self._open_form(interaction)
            return
        await interaction.response.defer()
        seen = await interaction.client.conversations.summaries.view(self.conversation)
        await _write(interaction, self.conversation, "", seen)

    async def _open_form(self, interaction: discord.Interaction[HermesBot]) -> None:
        summaries = interaction.client.conversations.summaries
        seen = await in_time(summaries.view(self.conversation))
        await interaction.response.send_modal(SummaryForm(self.conversation, seen))


async def show(interaction: discord.Interaction[HermesBot], conversation: str) -> None:
    """Show, to the asker alone, what is remembered of the turns that were cut, if any were."""
    summaries = interaction.client.conversations.summaries
    if not summaries.wanted:
        return
    seen = await summaries.view(conversation)
    if seen.cut:
        view = view_of(_buttons(interaction, conversation, seen))
        text = described(seen, interaction.guild_id, conversation)
        await interaction.followup.send(text, view=view, ephemeral=True, allowed_mentions=NOBODY)


def described(seen: SummaryView, guild: int | None, conversation: str) -> str:
    """The summary in words, with who wrote it and up to which message it goes."""
    if seen.summary is None:
        return tr(_NONE_YET)
    if not seen.summary.text:
        return tr(_FORGOTTEN) if seen.summary.own else tr(_NONE_YET)
    head = _head(_link(seen.last, guild, conversation), own=seen.summary.own)
    return f"{head}\n{quoted(seen.summary.text, LONGEST)}"


def _head(link: str, *, own: bool) -> str:
    """Up to where a summary goes, and who wrote it."""
    if link and own:
        return tr("**Summary** up to [this message]({link}); a person wrote it", link=link)
    if link:
        return tr("**Summary** up to [this message]({link}); I wrote it", link=link)
    if own:
        return tr("**Summary** of the older messages; a person wrote it")
    return tr("**Summary** of the older messages; I wrote it")


def may_change(interaction: discord.Interaction[Any], conversation: str) -> bool:
    """Who may manage messages there; in direct messages and private talks, whose talk it is."""
    is_own = conversation.endswith(f":{interaction.user.id}") or interaction.guild_id is None
    return is_own or interaction.permissions.manage_messages


def _buttons(
    interaction: discord.Interaction[Any], conversation: str, seen: SummaryView
) -> Sequence[Button]:
    if not may_change(interaction, conversation):
        return ()
    edit = Button(tr("Edit summary"), f"summary-edit:{conversation}")
    if seen.summary and not seen.summary.text:
        return (edit,)
    return (edit, Button(tr("Forget summary"), f"summary-forget:{conversation}"))


async def _write(
    interaction: discord.Interaction[Any], conversation: str, text: str, seen: SummaryView
) -> None:
    """Store a summary and show it where the old one stood; "" for none."""
    summaries = interaction.client.conversations.summaries
    await summaries.write(conversation, text, seen, await engine_here(interaction))
    now = await summaries.view(conversation)
    await interaction.edit_original_response(
        content=described(now, interaction.guild_id, conversation),
        view=view_of(_buttons(interaction, conversation, now)),
        allowed_mentions=NOBODY,
    )


def _link(last: Turn | None, guild: int | None, conversation: str) -> str:
    """Where the newest message that a summary covers stands, "" if nobody can look it up."""
    channel = channel_of(conversation)
    message = "" if last is None else (last.shown[-1] if last.shown else last.id)
    is_public = channel is not None and conversation.count(":") == 1
    if not is_public or not message.isdecimal():
        return ""
    return f"https://discord.com/channels/{guild or '@me'}/{channel}/{message}"


async def setup(bot: HermesBot) -> None:
    """Hear the buttons, also under messages that former processes sent."""
    bot.add_dynamic_items(SummaryButton)
