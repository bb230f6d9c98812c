"""Characters speak with their own names and pictures, by webhooks."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import discord
from discord.ext import commands

from bot.client import HermesBot
from bot.errors import StoreUnavailable
from bot.language import tr
from cogs.places import Channel
from cogs.voices.mine import is_voice
from cogs.voices.pictures import EmojiPictures, Pictures, PublicPictures
from cogs.voices.webhooks import UNKNOWN_WEBHOOK, NoVoice, Voice, Webhooks

log = logging.getLogger(__name__)

T = TypeVar("T")

# Of how many messages the bot remembers that a character said them.
_REMEMBERED = 20_000

# In how many places it has said what would give characters their voices.
_ADVISED = 5_000

_UNKNOWN_MESSAGE = 10008

# What Discord says to a bot that changes what somebody else wrote: its characters are others, too.
NOT_THE_AUTHOR = 50005
_MISSING_PERMISSIONS = 50013
_INVALID_FORM = 50035

__all__ = ["NOT_THE_AUTHOR", "NoVoice", "OwnMessage", "Voice", "Voices", "voices_of"]


class Voices(commands.Cog):
    """Knows by which webhook a character speaks in a place, and which messages came by one."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self.webhooks = Webhooks(bot)
        self.pictures: Pictures = (
            PublicPictures(bot.settings.public_url)
            if bot.settings.public_url
            else EmojiPictures(bot, bot.store)
        )
        self._spoken: OrderedDict[int, bool] = OrderedDict()
        self._advised: OrderedDict[int, None] = OrderedDict()
        self._bare: set[int] = set()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Remember what characters say: only their webhook can change it."""
        if is_voice(self.bot, message):
            self.note(message.id, spoken=True)

    def note(self, message: int, *, spoken: bool) -> None:
        """Whether a character said a message, or the bot in its own name."""
        self._spoken[message] = spoken
        self._spoken.move_to_end(message)
        if len(self._spoken) > _REMEMBERED:
            self._spoken.popitem(last=False)

    async def picture(self, conversation: str, character: str) -> str | None:
        """The address of the picture of a character on stage there, None if it has none."""
        if not character:
            return None
        try:
            stage = (await self.bot.store.load(conversation)).stage
            cast = stage.cast if stage else ()
            shown = next((one for one in cast if one.character == character and one.picture), None)
            if shown is None:
                return None
            return await self.pictures.picture_url(shown.library, shown.picture)
        except StoreUnavailable as error:
            log.info("character %s has no picture now: %s", character, error)
            return None

    async def forget(self, pictures: Iterable[str]) -> None:
        """Pictures were erased, or their characters deleted: have no copies of them either."""
        for digest in {*pictures} - {""}:
            await self.pictures.forget(digest)

    def advice(self, place: int, obstacle: NoVoice) -> str:
        """What would help, "" if nothing would, or if it was said in that place already."""
        if not obstacle.advice or place in self._advised:
            return ""
        self._advised[place] = None
        if len(self._advised) > _ADVISED:
            self._advised.popitem(last=False)
        return tr(obstacle.advice)

    def message(
        self,
        place: Channel,
        message: int,
        *,
        spoken: bool = False,
    ) -> OwnMessage:
        """A message of the bot; `spoken` says whether a character did, if that is not known."""
        return OwnMessage(self, place, message, spoken=spoken)

    async def by_author(
        self,
        place: Channel,
        message: int,
        as_bot: Callable[[], Awaitable[Any]],
        as_voice: Callable[[Voice], Awaitable[Any]],
        *,
        spoken: bool,
    ) -> None:
        """Change a message as whoever wrote it: a character, or the bot in its own name.

        `spoken` is what is tried first where it is not known. Raises what discord.py raises.
        """
        known = self._spoken.get(message)
        if spoken if known is None else known:
            if not await self._as_voice(place, message, as_voice):
                await as_bot()
                self.note(message, spoken=False)
            return
        try:
            await as_bot()
        except discord.Forbidden as error:
            if known is False or error.code not in (NOT_THE_AUTHOR, _MISSING_PERMISSIONS):
                raise
            if not await self._as_voice(place, message, as_voice):
                raise

    async def say(
        self, voice: Voice, content: str, view: discord.ui.View | None, **more: Any
    ) -> discord.WebhookMessage:
        """Post what a character says, without its buttons where a webhook may have none."""

        async def post(view: discord.ui.View | None) -> discord.WebhookMessage:
            return await voice.webhook.send(
                content, view=view or discord.utils.MISSING, thread=voice.thread, wait=True, **more
            )

        return await self._with_buttons(voice, view, post)

    async def edit_spoken(self, voice: Voice, message: int, **changes: Any) -> None:
        """Change what a character said, without its buttons where a webhook may have none."""
        if "view" not in changes:
            await voice.webhook.edit_message(message, thread=voice.thread, **changes)
            return

        async def edit(view: discord.ui.View | None) -> None:
            if voice.webhook.id not in self._bare:
                changes["view"] = view or _no_buttons()
            await voice.webhook.edit_message(message, thread=voice.thread, **changes)

        await self._with_buttons(voice, changes.pop("view"), edit)

    async def _with_buttons(
        self,
        voice: Voice,
        view: discord.ui.View | None,
        act: Callable[[discord.ui.View | None], Awaitable[T]],
    ) -> T:
        """Do it with the buttons; if Discord refuses them to a webhook, without any from now on."""
        if view is None or voice.webhook.id in self._bare:
            return await act(None)
        try:
            return await act(view)
        except discord.HTTPException as error:
            if error.code != _INVALID_FORM or "component" not in error.text:
                raise
            log.warning("what characters say in %s has no buttons: %s", voice.place, error)
            self._bare.add(voice.webhook.id)
            return await act(None)

    async def _as_voice(
        self,
        place: Channel,
        message: int,
        act: Callable[[Voice], Awaitable[Any]],
    ) -> bool:
        """Whether a message could be changed by the webhook of its place."""
        try:
            voice = await self.webhooks.voice(place.id, guild_of(place), make=False)
        except NoVoice as obstacle:
            log.debug("message %s: %s", message, obstacle)
            return False
        try:
            await act(voice)
        except discord.NotFound as error:
            if error.code == UNKNOWN_WEBHOOK:
                self.webhooks.forget(voice.webhook)
            elif error.code != _UNKNOWN_MESSAGE:
                raise
            return False
        self.note(message, spoken=True)
        return True


class OwnMessage:
    """A message of the bot that is changed by whoever wrote it: the bot, or a character."""

    def __init__(self, voices: Voices, place: Channel, message: int, *, spoken: bool) -> None:
        self._voices = voices
        self._place = place
        self._spoken = spoken
        self.id = message

    async def edit(self, **changes: Any) -> None:
        """Change `content`, `view`, `attachments`, with `allowed_mentions`, as in discord.py."""
        await self._voices.by_author(
            self._place,
            self.id,
            lambda: self._place.get_partial_message(self.id).edit(**changes),
            lambda voice: self._voices.edit_spoken(voice, self.id, **changes),
            spoken=self._spoken,
        )

    async def delete(self) -> None:
        """Take the message away."""
        await self._voices.by_author(
            self._place,
            self.id,
            lambda: self._place.get_partial_message(self.id).delete(),
            lambda voice: voice.webhook.delete_message(self.id, thread=voice.thread),
            spoken=self._spoken,
        )

    async def fetch(self) -> discord.Message:
        """The message as it is now.

        What a character said is asked of its webhook: without the Message Content intent Discord
        shows the bot its own words only.
        """
        found: list[discord.Message] = []

        async def as_bot() -> None:
            found.append(await self._place.get_partial_message(self.id).fetch())

        async def as_voice(voice: Voice) -> None:
            found.append(await voice.webhook.fetch_message(self.id, thread=voice.thread))

        await self._voices.by_author(self._place, self.id, as_bot, as_voice, spoken=self._spoken)
        return found[-1]


def _no_buttons() -> discord.ui.View:
    """A view without buttons: for none at all discord.py would not let Discord look at them."""
    view = discord.ui.View(timeout=None)
    view.stop()
    return view


def guild_of(place: Channel) -> int | None:
    """The id of the server that a place belongs to, None for direct messages."""
    if isinstance(place, discord.PartialMessageable):
        return place.guild_id
    guild = getattr(place, "guild", None)
    return guild.id if guild else None


def voices_of(bot: commands.AutoShardedBot) -> Voices:
    """The cog by which characters speak."""
    cog = bot.get_cog(Voices.__cog_name__)
    if not isinstance(cog, Voices):
        raise TypeError("the cog Voices is not loaded")
    return cog


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Voices(bot))
