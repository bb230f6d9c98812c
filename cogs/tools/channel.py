"""The channel of a question and its neighbours: reading back, pinning, posting.

Nobody gets by the bot what they may not do themselves: each tool asks for the permissions of
whoever asked, as they are at that moment. What people wrote goes to the model as JSON texts.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

import discord

from bot.client.failures import DISCORD_FAILURES
from bot.language import later, tr
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.tool import ToolError, tool
from cogs.asker import (
    Place,
    asker_in,
    channel_here,
    client_of,
    left_alone,
    mine,
    permissions,
    permissions_of,
    server_of,
)
from cogs.said import Said
from cogs.tools import ToolCog
from cogs.voices.heads import without_head

_MOST_READ = 100
_LONGEST_READ = 400
_MOST_CHARACTERS = 5_000
"""Characters of what is read at a time, as JSON; a longer result would be cut in the middle."""

_LONGEST_SENT = 1_900
_NOBODY = discord.AllowedMentions.none()
_MENTION = re.compile(r"<#(\d{1,20})>|(\d{15,20})")
_MESSAGE = re.compile(r"(?:https://\S+/channels/(?:\d+|@me)/(?P<channel>\d+)/)?(?P<id>\d{1,20})>?")

_Writable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


_NO_PINNING = later("I lack the permission to pin messages in this channel.")


class Channels(ToolCog):
    """Tools that read and write in Discord's channels."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._said = Said()

    @tool(shows=later("reading back in this channel"), needs_discord=True)
    async def read_channel_history(
        self, context: ToolContext, count: int = 20, before_message: str = ""
    ) -> object:
        """Read past messages of this channel, oldest first.

        Args:
            count: How many messages, 1 to 100.
            before_message: Read what came before the message with this id. Default: the question.
        """
        client = client_of(self.kit)
        channel = await channel_here(client, context)
        allowed = await permissions(channel, context)
        if not (allowed.view_channel and allowed.read_message_history):
            raise ToolError("You may not read back in this channel, so I do not do it for you.")
        before = _message_id(before_message or context.message, channel)
        if before_message and not before:
            raise ToolError("Reading back before a message takes its id, or a link to it.")
        read = await _read(channel, max(1, min(count, _MOST_READ)), before)
        messages = [one for one in read if not left_alone(client, one.author.id)]
        found: dict[str, Any] = {"messages": _bounded([_told(one) for one in messages])}
        if not getattr(client, "reads_everything", True):
            found["note"] = "Discord shows me only messages that mention me; others are empty."
        return found

    @tool(shows=later("pinning message {message_id}"), changes=True, needs_discord=True)
    async def pin_message(self, context: ToolContext, message_id: str) -> object:
        """Pin a message of this channel.

        Args:
            message_id: The id of the message, or its link.
        """
        channel = await channel_here(client_of(self.kit), context)
        number = _message_id(message_id, channel)
        if not number:
            raise ToolError(later("Pinning takes the id of a message, or a link to it."))
        if not _may_pin(await permissions(channel, context)):
            raise ToolError(
                later("You may not pin messages in this channel, so I do not do it for you.")
            )
        if not _may_pin(mine(channel)):
            raise ToolError(_NO_PINNING)
        message = cast("discord.TextChannel", channel).get_partial_message(number)
        try:
            await message.pin()
        except discord.NotFound:
            raise ToolError(later("There is no such message in this channel.")) from None
        except discord.Forbidden:
            raise ToolError(_NO_PINNING) from None
        except discord.HTTPException as error:
            # Discord's own words: too many pins, a message that cannot be pinned.
            raise ToolError(
                later("Discord does not pin this message: {reason}", reason=error.text)
            ) from None
        return {"pinned": str(number), "link": message.jump_url}

    @tool(shows=later("writing in {channel}: {text}"), changes=True, needs_discord=True)
    async def send_message(self, context: ToolContext, channel: str, text: str) -> object:
        """Post a message in another channel of this server.

        Args:
            channel: The name of the channel, such as #general, or its id.
            text: The message.
        """
        text = text.strip()
        if not 1 <= len(text) <= _LONGEST_SENT:
            raise ToolError(later("A message has 1 to {most:,} characters.", most=_LONGEST_SENT))
        server = server_of(client_of(self.kit), context)
        there = await _writable(server, channel, await asker_in(server, context))
        if not _may_write(there, mine(there)):
            raise _no_writing(there)
        try:
            # Nobody is pinged, and everybody sees whose words these are.
            message = await there.send(f"{text}\n{_for(context.asker)}", allowed_mentions=_NOBODY)
        except discord.Forbidden:
            raise _no_writing(there) from None
        except DISCORD_FAILURES as error:
            raise ToolError(later("Discord did not take the message."), detail=str(error)) from None
        if str(there.id) != context.channel:
            # Where it was asked for, the exchange with the tool tells of it already.
            self._said.tell(client_of(self.kit), message, context.asker, text)
        return {"sent": text, "channel": f"#{there.name}", "link": message.jump_url}


def _for(asker: str) -> str:
    return "-# " + tr("for {person}", person=f"<@{asker}>")


def _no_writing(there: _Writable) -> ToolError:
    return ToolError(later("I lack the permission to write in #{channel}.", channel=there.name))


async def _read(channel: Place, count: int, before: int) -> list[discord.Message]:
    if not isinstance(channel, discord.abc.Messageable):
        raise ToolError("There are no messages in a channel of this kind.")
    until = discord.Object(before) if before else None
    try:
        return [message async for message in channel.history(limit=count, before=until)][::-1]
    except discord.Forbidden:
        raise ToolError("I lack the permission to read back in this channel.") from None
    except DISCORD_FAILURES as error:
        raise ToolError("Discord does not show me this channel.", detail=str(error)) from None


def _told(message: discord.Message) -> dict[str, Any]:
    """A message as the model reads it: names in place of mentions, nothing else changed."""
    text = without_head(message.clean_content) if message.webhook_id else message.clean_content
    if len(text) > _LONGEST_READ:
        text = text[:_LONGEST_READ] + "…"
    told: dict[str, Any] = {
        "id": str(message.id),
        "time": f"{message.created_at:%Y-%m-%d %H:%M}",
        "author": message.author.display_name,
        "text": text,
    }
    if message.attachments:
        told["files"] = [attached.filename[:100] for attached in message.attachments]
    return told


def _bounded(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest of these, as many as the model can be given whole."""
    kept: list[dict[str, Any]] = []
    left = _MOST_CHARACTERS
    for message in reversed(messages):
        left -= len(json.dumps(message, ensure_ascii=False)) + 2
        if left < 0:
            break
        kept.append(message)
    return kept[::-1]


def _message_id(text: str, channel: Place) -> int:
    """The id in an id or a link, 0 if there is none; a link has to lead into this channel."""
    match = _MESSAGE.fullmatch(text.strip().removeprefix("<"))
    if match is None:
        return 0
    if match["channel"] not in (None, str(channel.id)):
        raise ToolError(later("That message is in another channel."))
    number = int(match["id"])
    return number if number < 1 << 63 else 0


def _may_pin(allowed: discord.Permissions) -> bool:
    # Pinning became a permission of its own; servers that are not converted have the old one.
    return allowed.view_channel and (allowed.pin_messages or allowed.manage_messages)


def _may_write(channel: _Writable, allowed: discord.Permissions) -> bool:
    if isinstance(channel, discord.Thread):
        return allowed.view_channel and allowed.send_messages_in_threads
    return allowed.view_channel and allowed.send_messages


async def _writable(server: discord.Guild, named: str, asker: discord.Member) -> _Writable:
    """The channel of that name in which the asker may write.

    One that the asker cannot see is answered as one that is not there.
    """
    for channel in await _called(server, named.strip()):
        if _may_write(channel, await permissions_of(channel, asker)):
            return channel
    raise ToolError(
        later("There is no channel called “{name}” here in which you may write.", name=named[:100])
    )


async def _called(server: discord.Guild, named: str) -> list[_Writable]:
    if match := _MENTION.fullmatch(named):
        number = int(match[1] or match[2])
        found = [server.get_channel_or_thread(number) or await _fetched(server, number)]
    else:
        name = named.removeprefix("#").casefold().replace(" ", "-")
        everywhere = (*server.channels, *server.threads)
        found = [one for one in everywhere if one.name.casefold().replace(" ", "-") == name]
    return [one for one in found if isinstance(one, _Writable)]


async def _fetched(server: discord.Guild, number: int) -> object:
    """A channel that is not in memory, such as an archived thread, if it is in this server."""
    try:
        return await server.fetch_channel(number)
    except (discord.InvalidData, *DISCORD_FAILURES):
        return None
