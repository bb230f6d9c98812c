"""The places where a reply can be shown: a channel, or the response to a slash command."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, Self

import discord

from cogs.live.buttons import view_of
from cogs.live.layout import MOST_PAGES, Draft
from cogs.live.wording import NO_FILE, REST_IN_FILE, done, small
from cogs.places import Channel, can_attach, is_guest
from cogs.voices import Voice, Voices, guild_of

# A slash command's token lives 15 minutes; nothing is begun with it in the last ones.
_TOKEN_SECONDS = 14.5 * 60

# Discord cannot post a reply without the right to read the history, or to a message that is gone:
# then a plain message will do.
_CANNOT_REPLY = (160002, 10008)
_INVALID_FORM = 50035

# What Discord takes in `allowed_mentions`.
MOST_CALLED = 100

# Where no file can be sent, so many messages show what they can of an answer.
_MOST_WITHOUT_FILE = 10

NOBODY = discord.AllowedMentions.none()


class Target(Protocol):
    """Where the messages of one reply go.

    `key` tells whose limit on edits counts; `metered` is whether requests count towards the
    bot's limit over all channels. `asker` is the id of who asked (0 if unknown). `standing` are
    messages that are already there and are to be used, in order. `silent_end` means that a reply
    stopped before its first word needs no message. `most_pages` is how many messages a reply may
    take; what is longer goes into a file. `lasting` means that the bot can reach its messages
    there at any time. `room` is how much longer the first message gets, at most, by what the
    target writes above it, in UTF-16 units.
    """

    key: int
    metered: bool
    asker: int
    silent_end: bool
    most_pages: int
    lasting: bool
    standing: tuple[int, ...]
    room: int

    def closes_in(self) -> float:
        """After how many seconds nothing can be shown there any more; infinite if that is never."""
        ...

    async def typing(self) -> None:
        """Show that the bot is at work, for ten seconds."""
        ...

    async def send(self, draft: Draft, *, first: bool, nonce: str) -> discord.Message:
        """Post a message; the same `nonce` again within minutes gives the message of before."""
        ...

    async def edit(self, message: int, draft: Draft, *, first: bool) -> None:
        """Give a message another content and other buttons."""
        ...

    async def delete(self, message: int) -> None:
        """Take a message away."""
        ...

    async def call(self, message: int, nonce: str) -> None:
        """Tell the asker, with a ping, that the reply which begins with `message` is done."""
        ...


class ChannelTarget:
    """A channel, thread or direct message.

    The first message answers `reply_to` (with a ping, as replies do) or, if that is None, begins
    with a mention of `asker` unless `mention` is off. All others come without sound. `question` is
    what is answered, if it stands in another channel.
    """

    metered = True
    silent_end = True
    lasting = True
    room = 0

    def __init__(
        self,
        channel: Channel,
        *,
        reply_to: int | None,
        asker: int | None,
        standing: Sequence[int] = (),
        mention: bool = True,
        question: discord.Message | None = None,
    ) -> None:
        self.key = channel.id
        self.standing = tuple(standing)
        self.channel = channel
        known = channel.guild and channel.guild.get_channel_or_thread(channel.id)
        self._attaches = can_attach(known or channel)
        self.most_pages = MOST_PAGES if self._attaches else _MOST_WITHOUT_FILE
        self.reply_to = reply_to
        self.question = question
        self.asker = asker or 0
        self._mention = mention

    @property
    def called(self) -> int:
        """Who is pinged by the first message, 0 for nobody."""
        return self.asker if self.reply_to or self._mention else 0

    def closes_in(self) -> float:
        """Never: a channel stays."""
        return math.inf

    async def voice(self, voices: Voices) -> Voice:
        """The webhook by which characters speak there. Raises `NoVoice`."""
        return await voices.webhooks.voice(self.channel.id, guild_of(self.channel))

    async def typing(self) -> None:
        """Show that the bot is at work, for ten seconds."""
        await self.channel.typing()

    async def send(self, draft: Draft, *, first: bool, nonce: str) -> discord.Message:
        """Post a message; `nonce` has at most 25 characters."""
        draft = self._allowed(draft)
        try:
            return await self._send(draft, first, nonce)
        except discord.HTTPException as error:
            if not (first and self.reply_to and _is_about_question(error)):
                raise
            self.reply_to = None
            return await self._send(draft, first, nonce)

    async def edit(self, message: int, draft: Draft, *, first: bool) -> None:
        """Give a message another content and other buttons."""
        draft = self._allowed(draft)
        await self.channel.get_partial_message(message).edit(
            content=self._addressed(draft.content, first),
            view=_view(draft),
            attachments=files_of(draft),
            allowed_mentions=self._mentions(first, draft),
        )

    async def delete(self, message: int) -> None:
        """Take a message away."""
        await self.channel.get_partial_message(message).delete()

    async def call(self, message: int, nonce: str) -> None:
        """Answer the question once more, with a link."""
        link = self.channel.get_partial_message(message).jump_url
        await self.send(Draft(done(link)), first=True, nonce=nonce)

    async def _send(self, draft: Draft, first: bool, nonce: str) -> discord.Message:
        more: dict[str, Any] = {}
        if first and self.reply_to:
            more["reference"] = discord.MessageReference(
                message_id=self.reply_to, channel_id=self.channel.id, fail_if_not_exists=False
            )
        return await self.channel.send(
            self._addressed(draft.content, first),
            view=_view(draft) or discord.utils.MISSING,
            files=files_of(draft),
            nonce=nonce,
            silent=not first,
            allowed_mentions=self._mentions(first, draft),
            **more,
        )

    def _allowed(self, draft: Draft) -> Draft:
        """The draft without its file where the bot may send none."""
        if draft.attached is None or self._attaches:
            return draft
        content = draft.content.replace(small(REST_IN_FILE), small(NO_FILE))
        return replace(draft, content=content, attached=None)

    def _addressed(self, content: str, first: bool) -> str:
        if first and self.asker and self._mention and not self.reply_to:
            # Small print is only small at the beginning of a line.
            gap = "\n" if content.startswith("-# ") else " "
            return f"<@{self.asker}>{gap}{content}"
        return content

    def _mentions(self, first: bool, draft: Draft) -> discord.AllowedMentions:
        if not first or not self.asker:
            return NOBODY
        called = draft.calls if self.reply_to else (self.asker, *draft.calls)
        return discord.AllowedMentions(
            everyone=False,
            roles=False,
            users=[discord.Object(person) for person in called[:MOST_CALLED]],
            replied_user=bool(self.reply_to),
        )


class InteractionTarget:
    """The response to a slash command that was deferred: edited first, then followed up.

    These requests have no limit over all channels. When the command's token has run out, what is
    left goes to the channel, unless only the asker may see it (`private`). Where the bot is only a
    guest there is no channel for it, and Discord takes few follow-ups: the whole reply is one
    message then.
    """

    metered = False
    silent_end = False
    room = 0

    def __init__(self, interaction: discord.Interaction, *, private: bool) -> None:
        guild, channel = interaction.guild_id, interaction.channel_id
        self._bot = interaction.client
        self._webhook = interaction.followup
        self._begun = discord.utils.utcnow()
        self.asker = interaction.user.id
        self._private = private
        self._fill_in: Any = interaction.edit_original_response
        self._place = self._bot.get_partial_messageable(channel or 0, guild_id=guild)
        self._channel: discord.PartialMessageable | None = None
        guest = is_guest(interaction)
        self.most_pages = 1 if guest else MOST_PAGES
        if channel is not None and not guest:
            self._channel = self._place
        sees = guild is None or interaction.app_permissions.view_channel
        self.lasting = self._channel is not None and sees
        self.key = interaction.id
        self.standing: tuple[int, ...] = ()

    @classmethod
    def of_former_process(
        cls,
        bot: discord.Client,
        origin: Mapping[str, str],
        interaction: int,
        standing: tuple[int, ...],
    ) -> Self:
        """The response to a command that a former process took; `origin` is what it noted.

        `standing` are the messages that it had shown already. If there are none, the first
        follow-up is what Discord fills the response with.
        """
        target = cls.__new__(cls)
        target._bot = bot
        target._webhook = discord.Webhook.partial(
            int(origin["application"]), origin["interaction"], client=bot
        )
        target._webhook.type = discord.WebhookType.application
        target._begun = discord.utils.snowflake_time(interaction)
        target.asker = int(origin["asker"])
        target._private = origin.get("private") == "yes"
        target._fill_in = None
        guild, guest = origin.get("guild"), origin.get("guest") == "yes"
        target.most_pages = 1 if guest else MOST_PAGES
        target._place = bot.get_partial_messageable(
            int(origin.get("channel") or 0), guild_id=int(guild) if guild else None
        )
        target._channel = None if guest else target._place
        target.lasting = not guest
        target.key = interaction
        target.standing = standing
        return target

    def closes_in(self) -> float:
        """When the command's token runs out, if there is no channel to go on in."""
        in_channel = self._channel is not None and not self._private
        return math.inf if in_channel else max(self._token_left(), 0.0)

    async def typing(self) -> None:
        """Nothing: a deferred response shows by itself that the bot is at work."""

    async def send(self, draft: Draft, *, first: bool, nonce: str) -> discord.Message:
        """Fill in the response, then follow up; `nonce` counts only in the channel."""
        missing = discord.utils.MISSING
        if not self.token_lives and self._channel is not None and not self._private:
            return await self._in_channel().send(draft, first=first, nonce=nonce)
        if fill_in := self._fill_in:
            message = await fill_in(
                content=draft.content,
                view=_view(draft),
                attachments=files_of(draft),
                allowed_mentions=NOBODY,
            )
            self._fill_in, self._private = None, message.flags.ephemeral
            return message
        return await self._webhook.send(
            draft.content,
            view=_view(draft) or missing,
            files=files_of(draft),
            allowed_mentions=NOBODY,
            ephemeral=self._private,
            silent=True,
            wait=True,
        )

    async def edit(self, message: int, draft: Draft, *, first: bool) -> None:
        """Edit by the command's token, later as the bot itself."""
        if not self.token_lives and self._channel is not None and not self._private:
            await self._in_channel().edit(message, draft, first=False)
            return
        await self._webhook.edit_message(
            message,
            content=draft.content,
            view=_view(draft),
            attachments=files_of(draft),
            allowed_mentions=NOBODY,
        )

    async def delete(self, message: int) -> None:
        """Take a message away."""
        await self._webhook.delete_message(message)

    async def call(self, message: int, nonce: str) -> None:
        """Follow up with a mention, but not where only the asker sees it."""
        if self._private:
            return
        if not self.token_lives:
            if self._channel is not None:
                await self._in_channel().call(message, nonce)
            return
        link = self._place.get_partial_message(message).jump_url
        await self._webhook.send(
            f"<@{self.asker}>\n{done(link)}",
            allowed_mentions=discord.AllowedMentions(users=[discord.Object(self.asker)]),
        )

    @property
    def token_lives(self) -> bool:
        """Whether the command's token still works."""
        return self._token_left() > 0

    def _token_left(self) -> float:
        return _TOKEN_SECONDS - (discord.utils.utcnow() - self._begun).total_seconds()

    def _in_channel(self) -> ChannelTarget:
        assert self._channel is not None
        return ChannelTarget(self._channel, reply_to=None, asker=self.asker)


def _is_about_question(error: discord.HTTPException) -> bool:
    """Whether Discord refuses a message only because of what it replies to."""
    if error.code in _CANNOT_REPLY:
        return True
    return error.code == _INVALID_FORM and "message_reference" in str(error)


def _view(draft: Draft) -> discord.ui.View | None:
    return view_of(draft.buttons) if draft.buttons else None


def files_of(draft: Draft) -> list[discord.File]:
    """Files for one try: sending uses them up."""
    if draft.attached is None:
        return []
    data = io.BytesIO(draft.attached.encode("utf-8", "replace"))
    return [discord.File(data, draft.file_name)]
