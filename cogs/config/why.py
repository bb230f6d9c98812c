"""Why a message was, or would not be, answered: in words, with what to do about it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.conversation.quotas import Kind, Used, next_hour, refusal
from bot.errors import BadInput, StoreUnavailable
from bot.language import Text, later, tr
from cogs.admission import asker_for, bar_of
from cogs.again import chat_of
from cogs.closed import closed_of
from cogs.config.levels import Standpoint, standpoint, standpoint_in
from cogs.live.target import NOBODY
from cogs.own_threads import own_threads_of
from cogs.own_threads.where import lacking, mode_at, set_for
from cogs.places import can_write

Interaction = discord.Interaction[HermesBot]

LINK = re.compile(
    r"https?://(?:[a-z]+\.)?discord(?:app)?\.com/channels/(\d{1,20})/(\d{1,20})/(\d{1,20})"
)

_NO_LINK = later(
    "That is no link to a message of this server. In the message's menu choose *Copy Message Link*."
)
_NOT_SEEN = later("I cannot see that message. It may be gone, or I may not read that channel.")
_NOT_YOURS = later("You cannot see that channel, so I do not tell you about it.")

_REASONS: Mapping[str, Text] = {
    "its author has opted out": later(
        "Its author does not want me to read them (`/privacy opt-out`)."
    ),
    "written by a bot or a webhook": later(
        "A bot or a webhook wrote it, and I do not answer those."
    ),
    "written by a bot, and not addressed to me": later("A bot wrote it, and did not address me."),
    "a notice, not a message": later("It is one of Discord's own notices."),
    "begins with a mention of someone else": later("It begins with a mention of somebody else."),
    "calls everyone": later(
        "It calls everyone. I answer such a message only if it mentions me, too."
    ),
    "not addressed to me": later(
        "It does not address me, and I only answer here when I am mentioned, when somebody "
        "replies to me, or by `/ask`. `/config show` changes that: *When I answer*."
    ),
    "an aside among people": later(
        "It begins like an aside among people (`((`, `//` or OOC), and does not address me."
    ),
    "a reply to someone else": later("It is a reply to somebody else."),
    "a reply to a message that is gone": later("It is a reply to a message that is gone."),
    "Discord does not show me what it says": later("Discord does not show me what it says."),
}
_YES: Mapping[str, Text] = {
    "mentions me": later("it mentions me"),
    "a reply to me": later("it is a reply to me"),
    "in a channel where I answer everything": later("I answer everything there"),
    "says a name": later("it says my name, or that of somebody on stage there"),
}
_IF_NOT = later("-# If no answer came: I may have been away, or busy; see `/model show`.")
_ON_STAGE = later(
    "-# Characters are on stage there; which of them answers, if any, is up to the scene."
)
_PAUSED = later("⚠️ But the scene there is paused, so nobody speaks.")
_BLIND = later(
    "⚠️ Discord does not show me messages that do not mention me: the bot's operator has to switch "
    "on the Message Content intent."
)
_MUTE = later("⚠️ I may not write there: I need View Channel and Send Messages.")
_REFUSED = later(
    "⚠️ Discord refuses what I write there, though I seem to have the permissions. It may be locked."
)
_HOW = later("-# About one message: `/config why` with its link.")
_KINDS: Mapping[Kind, Text] = {
    "replies": later("answers"),
    "tokens": later("tokens"),
    "calls": later("tool calls"),
}


async def show_message(interaction: Interaction, link: str) -> None:
    """Tell about one message, which a link names."""
    found = LINK.search(link)
    if found is None or int(found[1]) != interaction.guild_id:
        raise BadInput(_NO_LINK)
    await interaction.response.defer(ephemeral=True, thinking=True)
    message = await _fetch(interaction, int(found[2]), int(found[3]))
    text = await _verdict(interaction.client, message)
    await interaction.edit_original_response(content=text, allowed_mentions=NOBODY)


async def show_here(interaction: Interaction) -> None:
    """Tell what is answered in this channel, to whoever asks."""
    here, bot = standpoint(interaction), interaction.client
    mode, place = await mode_at(bot, interaction.channel)
    barred, where = bar_of(bot, interaction.channel, here.guild, interaction.user)
    if barred:
        reason = _because(barred, here, where)
        lines = [tr("❌ I would not answer you: {reason}", reason=reason)]
    elif mode == "always":
        lines = [
            tr(
                "✅ I answer everything here ({place}), but for what people say to each other.",
                place=here.name(place),
            )
        ]
    elif mode == "name":
        lines = [
            tr(
                "✅ I answer who mentions me, who replies to me, who says the name of somebody on "
                "stage (mine, where nobody is), and `/ask`. Anything else I leave alone ({place}).",
                place=here.name(place),
            )
        ]
    else:
        lines = [
            tr(
                "✅ I answer who mentions me, who replies to me, and `/ask`. Anything else I leave "
                "alone ({place}).",
                place=here.name(place),
            )
        ]
    if not barred and (wanted := set_for(bot, interaction.channel)):
        place = here.name(wanted)
        lines.append(tr("🧵 Who asks here gets a thread of their own ({place}).", place=place))
    now = time.time()
    for one in await _used(bot, interaction.user, here.guild):
        if one.up:
            lines.append("⚠️ " + tr(refusal(one.quota, now)))
    lines += _troubles(bot, interaction.channel, interaction.guild)
    lines.append(tr(_HOW))
    await interaction.response.send_message(
        "\n".join(lines), ephemeral=True, allowed_mentions=NOBODY
    )


async def _verdict(bot: HermesBot, message: discord.Message) -> str:
    guild = message.guild
    assert guild is not None
    here = standpoint_in(message.channel, message.channel.id, guild.id)
    author = await _member(guild, message.author)
    barred, where = bar_of(bot, message.channel, guild.id, author)
    decision = await chat_of(bot).judge(message, barred)
    link = message.jump_url
    if decision.answer:
        why = _YES.get(decision.why, decision.why)
        told = tr("✅ I answer [that message]({link}): {reason}.", link=link, reason=why)
        lines = [told, *await _used_up(bot, author, guild), tr(_IF_NOT)]
        lines += await _of_the_stage(bot, here)
    else:
        why = _because(decision.why, here, where)
        lines = [tr("❌ I do not answer [that message]({link}). {reason}", link=link, reason=why)]
    return "\n".join([*lines, *_troubles(bot, message.channel, guild)])


async def _used_up(
    bot: HermesBot, author: discord.User | discord.Member, guild: discord.Guild
) -> list[str]:
    """What an author, or the whole server, has no more of in this hour."""
    now, found = time.time(), list[str]()
    for one in await _used(bot, author, guild.id):
        if one.up and one.quota.share == "server":
            found.append("⚠️ " + tr(refusal(one.quota, now)))
        elif one.up:
            found.append(
                tr(
                    "⚠️ Its author has used up their {what} of this hour ({most:,}); they have new "
                    "ones {when}.",
                    what=_KINDS[one.quota.kind],
                    most=one.quota.most,
                    when=f"<t:{next_hour(now)}:R>",
                )
            )
    return found


async def _used(
    bot: HermesBot, person: discord.User | discord.Member, guild_id: int
) -> Sequence[Used]:
    try:
        return await bot.conversations.used(asker_for(person, guild_id))
    except StoreUnavailable:
        return ()


async def _of_the_stage(bot: HermesBot, here: Standpoint) -> list[str]:
    """What a scene that is played there has to do with it."""
    stage = (await bot.store.load(here.places["channel"])).stage
    if stage is None or not stage.cast:
        return []
    return [tr(_PAUSED) if stage.paused else tr(_ON_STAGE)]


def _because(why: str, here: Standpoint, where: str) -> str:
    place = here.name(where)
    match why:
        case "switched off":
            return tr(
                "I am switched off there (set for {place}). `/config show` changes that: "
                "*Answers at all*.",
                place=place,
            )
        case "age-restricted only":
            return tr(
                "I only answer in age-restricted channels (set for {place}), and that is none.",
                place=place,
            )
        case "denied":
            return tr(
                "Its author is on the list of those I do not answer (set for {place}).",
                place=place,
            )
        case "not allowed":
            return tr(
                "Only some may talk to me there (set for {place}), and its author is not among "
                "them.",
                place=place,
            )
        case "blocked by the operator":
            return tr("Whoever runs me does not want me to answer its author anywhere.")
        case _:
            return tr(_REASONS[why]) if why in _REASONS else why


def _troubles(bot: HermesBot, channel: object, guild: discord.Guild | None) -> list[str]:
    """What stands in the way of any answer."""
    lines = [] if bot.reads_everything else [tr(_BLIND)]
    lines += [f"⚠️ {tr(trouble)}" for trouble in own_threads_of(bot).troubles(channel)]
    # Where only threads can be written in, those who ask get one.
    in_threads = set_for(bot, channel) and not lacking(channel)
    me = guild and guild.me
    if me and me.is_timed_out() and (until := me.timed_out_until):
        when = discord.utils.format_dt(until)
        lines.append(
            tr("⚠️ I cannot write in this server: I am timed out until {until}.", until=when)
        )
    elif not (in_threads or can_write(channel, me)):
        lines.append(tr(_MUTE))
    elif closed_of(bot).refuses(channel):
        lines.append(tr(_REFUSED))
    return lines


async def _fetch(interaction: Interaction, channel_id: int, message_id: int) -> discord.Message:
    """The message, if both the bot and who asks may see it."""
    guild, person = interaction.guild, interaction.user
    channel: Any = guild.get_channel_or_thread(channel_id) if guild else None
    try:
        if channel is None:
            channel = await interaction.client.fetch_channel(channel_id)
        if getattr(channel, "guild", None) != guild or not isinstance(person, discord.Member):
            raise BadInput(_NO_LINK)
        seen = channel.permissions_for(person)
        if not (seen.view_channel and seen.read_message_history):
            raise BadInput(_NOT_YOURS)
        if isinstance(channel, discord.Thread) and channel.is_private() and not seen.manage_threads:
            await channel.fetch_member(person.id)
        return await channel.fetch_message(message_id)
    except DISCORD_FAILURES as error:
        raise BadInput(_NOT_SEEN) from error


async def _member(
    guild: discord.Guild, author: discord.User | discord.Member
) -> discord.User | discord.Member:
    """The author with their roles, if they are here; a fetched message does not tell them."""
    if author.bot or isinstance(author, discord.Member):
        return author
    try:
        return await guild.fetch_member(author.id)
    except DISCORD_FAILURES:
        return author
