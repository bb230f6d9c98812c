"""What is reported: found by its message, and told to moderators."""

from __future__ import annotations

import re
from dataclasses import dataclass

import discord

from bot.client import HermesBot
from bot.conversation.books import HOUSE
from bot.conversation.questions import question_before
from bot.conversation.timeline import NO_REPLY
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters.shelf import shown_name
from cogs.live.buttons import Button
from cogs.live.traces import harmless
from cogs.places import conversation_in
from cogs.reading.words import shortened
from cogs.voices.mine import is_mine

DECIDE = re.compile(
    r"reported:(?P<what>delete|leave|block|dismiss):(?P<channel>\d{1,20}):(?P<message>\d{1,20})"
    r":(?P<character>[\w-]{0,32})"
)

_LINK = re.compile(
    r"<?https://(?:\w+\.)?discord(?:app)?\.com/channels/(\d{1,20})/(\d{1,20})/(\d{1,20})/?>?"
)
_QUOTE = 900
_NOTE = 500

_NO_MESSAGE = later(
    "Which message? Please give its link (in its menu: Copy Message Link), or its ID if it is in "
    "this channel."
)
_ELSEWHERE = later(
    "That message is not in this server, so its moderators cannot do anything about it."
)
_UNSEEN = later("I cannot find that message. Please check the link.")


@dataclass(frozen=True, slots=True)
class Reported:
    """A message of the bot that somebody reports; what is not known is "".

    `asker` is who asked for it, `author` who had it posted (`/say`, a greeting, a narrator's line).
    """

    channel: int
    message: int
    link: str
    text: str
    character: str = ""
    name: str = ""
    owner: str = ""
    asker: str = ""
    author: str = ""


def place_of(interaction: discord.Interaction, given: str) -> tuple[int, int]:
    """The channel and the message that are meant by a link or an id. Raises `BadInput`."""
    given = given.strip()
    if given.isdecimal() and given.isascii():
        return interaction.channel_id or 0, int(given[:20])
    link = _LINK.fullmatch(given)
    if link is None:
        raise BadInput(_NO_MESSAGE)
    if int(link[1]) != interaction.guild_id:
        raise BadInput(_ELSEWHERE)
    return int(link[2]), int(link[3])


async def look_up(
    interaction: discord.Interaction[HermesBot], channel_id: int, message_id: int
) -> Reported:
    """What is known of a message of the bot, for somebody who can see it. Raises `BadInput`."""
    bot, guild, user = interaction.client, interaction.guild, interaction.user
    channel = guild.get_channel_or_thread(channel_id) if guild else None
    if not isinstance(channel, discord.abc.Messageable) or not isinstance(user, discord.Member):
        raise BadInput(_UNSEEN)
    may = channel.permissions_for(user)
    if not (may.view_channel and may.read_message_history):
        raise BadInput(_UNSEEN)
    turns = await bot.conversations.history(conversation_in(channel_id))
    shows = (turn for turn in turns if str(message_id) in (turn.id, *turn.shown))
    turn = next(shows, None)
    partial = channel.get_partial_message(message_id)
    if turn is None:
        text = await _shown(bot, partial)
        return Reported(channel_id, message_id, partial.jump_url, text)
    if turn.role != "assistant":
        # What people wrote is none of the bot's, unless they had the bot post it.
        await _shown(bot, partial)
    asked = () if turn.author else question_before(turns, turn)
    return Reported(
        channel_id,
        message_id,
        partial.jump_url,
        turn.text,
        character="" if turn.character == HOUSE else turn.character,
        name=turn.speaker,
        owner=await _owner(bot, channel_id, turn.character),
        asker=asked[-1].author if asked else "",
        author=turn.author,
    )


async def _shown(bot: HermesBot, partial: discord.PartialMessage) -> str:
    """The text of a message that the bot has forgotten, if it is the bot's."""
    try:
        message = await partial.fetch()
    except (discord.NotFound, discord.Forbidden):
        raise BadInput(_UNSEEN) from None
    if not is_mine(bot, message):
        raise BadInput(NO_REPLY)
    return message.content


async def _owner(bot: HermesBot, channel_id: int, character: str) -> str:
    """Who brought a character that is on stage."""
    stage = await bot.conversations.stages.get(conversation_in(channel_id))
    for member in stage.cast if stage else ():
        if member.character == character:
            known = await bot.store.character(member.library, character)
            return known.owner if known else ""
    return ""


def told(reported: Reported, reporter: int, reason: str, note: str) -> str:
    """The report within one message; nothing in it is markup of whoever wrote it."""
    quote = shortened(harmless(" ".join(reported.text.split())), _QUOTE) or tr("(no text)")
    lines = [
        tr("🚩 **Report** by {who}: {reason}", who=f"<@{reporter}>", reason=tr(reason)),
        f"> {quote}",
    ]
    if note.strip():
        said = shortened(harmless(" ".join(note.split())), _NOTE)
        lines.append(tr("They say: {note}", note=said))
    by = [tr("Said by **{name}**", name=shown_name(reported.name))] if reported.name else []
    by += [tr("brought by {who}", who=f"<@{reported.owner}>")] if reported.owner else []
    by += [tr("asked by {who}", who=f"<@{reported.asker}>")] if reported.asker else []
    by += [tr("posted for {who}", who=f"<@{reported.author}>")] if reported.author else []
    channel = f"<#{reported.channel}>"
    where = tr("[the message]({link}) in {channel}", link=reported.link, channel=channel)
    lines.append(f"-# {', '.join([*by, where])}")
    return "\n".join(lines)


def buttons(reported: Reported) -> tuple[Button, ...]:
    """What moderators can do about it."""
    labels = {"delete": tr("Delete the reply")}
    if reported.character:
        labels |= {
            "leave": tr("Take the character off stage"),
            "block": tr("Block the character here"),
        }
    labels["dismiss"] = tr("Dismiss")
    about = f"{reported.channel}:{reported.message}:{reported.character}"
    return tuple(
        Button(
            label,
            f"reported:{what}:{about}",
            discord.ButtonStyle.danger
            if what in ("delete", "block")
            else discord.ButtonStyle.secondary,
        )
        for what, label in labels.items()
    )
