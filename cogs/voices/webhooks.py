"""One webhook per channel, by which all characters speak there: found again, or made."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakValueDictionary

import discord
from discord.ext import commands

from bot.client.failures import DISCORD_FAILURES
from bot.language import later

NAME = "Characters"
"""What the webhook is called in the channel's settings."""

UNKNOWN_WEBHOOK = 10015
_TOO_MANY = 30007

# In how many channels the webhook is remembered; a token is kept nowhere else.
_REMEMBERED = 5_000

# How long Discord may take to give a webhook, in seconds.
_PATIENCE = 8.0

# How long a failure that may pass is not tried again, in seconds.
_PAUSE = 60.0

_MISSING = later(
    "With the permission Manage Webhooks in this channel, my characters speak here with their own "
    "names and pictures."
)
_FULL = later(
    "This channel has as many webhooks as Discord allows. If one of them goes, my characters speak "
    "here with their own names and pictures."
)

Home = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel


class NoVoice(Exception):
    """Characters cannot speak in a place by themselves.

    `advice` tells whoever manages the place what would help, "" where nothing does.
    """

    def __init__(self, why: str, advice: str = "") -> None:
        super().__init__(why)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Voice:
    """A channel's webhook, and the place where it speaks: that channel, or a thread in it."""

    webhook: discord.Webhook
    place: int

    @property
    def thread(self) -> discord.Object:
        """What discord.py takes for the thread; MISSING where there is none."""
        is_thread = self.place != self.webhook.channel_id
        return discord.Object(self.place) if is_thread else discord.utils.MISSING

    def link(self, message: int) -> str:
        """The address of a message there."""
        return f"https://discord.com/channels/{self.webhook.guild_id}/{self.place}/{message}"


class Webhooks:
    """The webhooks of this application, by channel."""

    def __init__(self, bot: commands.AutoShardedBot) -> None:
        self._bot = bot
        self._known: OrderedDict[int, discord.Webhook] = OrderedDict()
        self._failed: dict[int, float] = {}
        self._doors: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def voice(
        self, channel_id: int, guild_id: int | None = None, *, make: bool = True
    ) -> Voice:
        """The voice of a channel or thread; with `make` its webhook is made if there is none.

        Raises `NoVoice`. Asks Discord only once per channel.
        """
        home, place = await self._home(channel_id, guild_id)
        # A webhook could write where the bot has been silenced.
        if not _may_write(place):
            raise NoVoice(f"channel {channel_id}: the bot may not write there")
        door = self._doors.get(home.id) or asyncio.Lock()
        self._doors[home.id] = door
        async with door:
            webhook = self._known.get(home.id) or await self._found(home, make=make)
            self._known[home.id] = webhook
            self._known.move_to_end(home.id)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return Voice(webhook, channel_id)

    def known(self, channel_id: int) -> Voice | None:
        """The voice of a place where characters have spoken in this process."""
        channel = self._bot.get_channel(channel_id)
        home = channel.parent_id if isinstance(channel, discord.Thread) else channel_id
        webhook = self._known.get(home)
        return Voice(webhook, channel_id) if webhook else None

    def forget(self, webhook: discord.Webhook) -> None:
        """A webhook is gone: somebody took it away."""
        if webhook.channel_id is not None and self._known.get(webhook.channel_id) == webhook:
            del self._known[webhook.channel_id]

    async def _home(
        self, channel_id: int, guild_id: int | None
    ) -> tuple[Home, Home | discord.Thread]:
        """The channel that has the webhook, and the place itself: one of its threads, maybe."""
        place: object = self._bot.get_channel(channel_id)
        if place is None and guild_id:
            # A thread that was archived is not known from the start.
            self._not_again(channel_id)
            try:
                place = await self._bot.fetch_channel(channel_id)
            except (discord.InvalidData, *DISCORD_FAILURES) as error:
                raise self._failure(channel_id, error) from error
        home = place.parent if isinstance(place, discord.Thread) else place
        if not isinstance(home, Home):
            raise NoVoice(f"channel {channel_id} has no webhooks")
        return home, place if isinstance(place, discord.Thread) else home

    async def _found(self, home: Home, *, make: bool) -> discord.Webhook:
        if not home.permissions_for(home.guild.me).manage_webhooks:
            raise NoVoice(f"channel {home.id}: Manage Webhooks is missing", _MISSING)
        self._not_again(home.id)
        try:
            # Whoever waits for a line rather reads it under the bot's name than much later.
            async with asyncio.timeout(_PATIENCE):
                for webhook in await home.webhooks():
                    if self._is_own(webhook):
                        return webhook
                if make:
                    made = await home.create_webhook(name=NAME, reason="Characters speak by it")
                    if made.token is not None:
                        return made
                    raise self._failure(home.id, ValueError("a webhook came without its token"))
        except DISCORD_FAILURES as error:
            raise self._failure(home.id, error) from error
        raise NoVoice(f"channel {home.id}: no character has spoken there")

    def _is_own(self, webhook: discord.Webhook) -> bool:
        """Whether the bot made it: only then it may carry buttons, and only then it has a token."""
        me = self._bot.user
        made_by = webhook.user.id if webhook.user else 0
        return webhook.token is not None and me is not None and made_by == me.id

    def _not_again(self, channel_id: int) -> None:
        """Raise `NoVoice` if the same has just failed."""
        if self._failed.get(channel_id, 0.0) > _now():
            raise NoVoice(f"channel {channel_id}: that has just failed")

    def _failure(self, channel_id: int, error: BaseException) -> NoVoice:
        self._failed = {one: until for one, until in self._failed.items() if until > _now()}
        self._failed[channel_id] = _now() + _PAUSE
        full = isinstance(error, discord.HTTPException) and error.code == _TOO_MANY
        return NoVoice(f"channel {channel_id}: {error}", _FULL if full else "")


def _may_write(place: Home | discord.Thread) -> bool:
    allowed = place.permissions_for(place.guild.me)
    if isinstance(place, discord.Thread):
        return allowed.view_channel and allowed.send_messages_in_threads
    return allowed.view_channel and allowed.send_messages


def _now() -> float:
    return asyncio.get_running_loop().time()
