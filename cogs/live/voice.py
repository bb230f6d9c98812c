"""A reply that a character speaks: by the channel's webhook, or under its name in bold."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

import discord

from bot.characters.shown_names import mended_name
from bot.errors import StoreUnavailable
from cogs.live.buttons import view_of
from cogs.live.layout import Draft
from cogs.live.sending import FAILURES
from cogs.live.target import MOST_CALLED, NOBODY, ChannelTarget, Target, files_of
from cogs.live.traces import harmless
from cogs.voices import NOT_THE_AUTHOR, NoVoice, Voice, Voices
from cogs.voices.heads import ROOM, head
from cogs.voices.webhooks import UNKNOWN_WEBHOOK

log = logging.getLogger(__name__)

# How far back it is looked for a message whose sending was not confirmed.
_SEARCHED = 15

_INVALID_FORM = 50035
_UNKNOWN_CHANNEL = 10003


class Speaker:
    """The character that speaks; its picture is looked for once, when it is wanted first."""

    def __init__(self, voices: Voices, conversation: str, character: str, name: str) -> None:
        self.voices = voices
        self.character = character
        self.name = name
        self._conversation = conversation
        self._looking: asyncio.Task[str | None] | None = None

    def look_for_picture(self) -> asyncio.Task[str | None]:
        """Begin to look for the address of the picture."""
        if self._looking is None:
            work = self.voices.picture(self._conversation, self.character)
            self._looking = asyncio.create_task(work, name=f"picture of {self.character}")
        return self._looking

    async def picture(self) -> str | None:
        """The address of the picture, None if there is none."""
        return await asyncio.shield(self.look_for_picture())

    async def said_before(self) -> set[int]:
        """The messages that show what was said in the conversation so far."""
        turns = await self.voices.bot.conversations.history(self._conversation)
        return {int(one) for turn in turns for one in (turn.id, *turn.shown) if one.isdecimal()}


class _Within:
    """What a target has of the one that it stands for: all but the room for its own words."""

    def __init__(self, inner: Target) -> None:
        self._stood_for = inner
        self.room = ROOM
        self.key = inner.key
        self.metered = inner.metered
        self.asker = inner.asker
        self.silent_end = inner.silent_end
        self.most_pages = inner.most_pages
        self.lasting = inner.lasting
        self.standing = inner.standing

    def closes_in(self) -> float:
        """After how many seconds nothing can be shown there any more."""
        return self._stood_for.closes_in()


class NamedTarget(_Within):
    """Another target, where a character's name stands in bold above what it says."""

    def __init__(self, inner: Target, name: str) -> None:
        super().__init__(inner)
        self._inner = inner
        shown, _ = mended_name(name)
        self._name = f"**{harmless(shown)}**\n"

    async def typing(self) -> None:
        """Show that the bot is at work."""
        await self._inner.typing()

    async def send(self, draft: Draft, *, first: bool, nonce: str) -> discord.Message:
        """Post a message."""
        return await self._inner.send(self._named(draft, first), first=first, nonce=nonce)

    async def edit(self, message: int, draft: Draft, *, first: bool) -> None:
        """Give a message another content and other buttons."""
        await self._inner.edit(message, self._named(draft, first), first=first)

    async def delete(self, message: int) -> None:
        """Take a message away."""
        await self._inner.delete(message)

    async def call(self, message: int, nonce: str) -> None:
        """Tell the asker that the reply is done."""
        await self._inner.call(message, nonce)

    def _named(self, draft: Draft, first: bool) -> Draft:
        return replace(draft, content=f"{self._name}{draft.content}") if first else draft


class VoiceTarget(_Within):
    """A channel or thread in which a character speaks by a webhook.

    The first message begins with a line that links to what it answers and mentions who asked.
    Messages that the bot wrote in its own name are changed by the bot; where the webhook is gone
    and none can be made, the bot goes on in its own name.
    """

    def __init__(self, inner: ChannelTarget, voice: Voice | None, speaker: Speaker) -> None:
        super().__init__(inner)
        self._inner = inner
        self._named = NamedTarget(inner, speaker.name)
        self._voices = speaker.voices
        self._voice = voice
        self._speaker = speaker
        self._name, _ = mended_name(speaker.name)
        self._renewed = False
        self._unsure: dict[str, _Unsure] = {}
        self._ours: set[int] = set(inner.standing)
        self._out_of_reach: dict[int, discord.Forbidden] = {}
        # A webhook has limits of its own, in all threads of its channel together.
        self.by_webhook = voice is not None
        if voice:
            self.key = voice.webhook.id

    async def typing(self) -> None:
        """Show that the bot is at work: Discord lets no webhook type."""
        await self._inner.typing()

    async def send(self, draft: Draft, *, first: bool, nonce: str) -> discord.Message:
        """Post a message; one that Discord took before without saying so is found again."""
        if self._voice is None:
            return await self._named.send(draft, first=first, nonce=nonce)
        voice = self._voice
        try:
            message = await self._say(voice, draft, first, nonce)
        except discord.HTTPException as error:
            # Somebody has deleted the webhook, or moved it to a channel without that thread.
            if error.code == UNKNOWN_WEBHOOK or (error.code == _UNKNOWN_CHANNEL and voice.thread):
                await self._renew(voice)
                return await self.send(draft, first=first, nonce=nonce)
            if error.code != _INVALID_FORM:
                raise
            log.warning("Discord does not take what %s says: %s", self._speaker.character, error)
            return await self._named.send(draft, first=first, nonce=nonce)
        if message.channel.id != voice.place:
            # Somebody has moved the webhook: that line is for nobody's eyes there.
            await voice.webhook.delete_message(message.id)
            await self._renew(voice)
            return await self.send(draft, first=first, nonce=nonce)
        self._ours.add(message.id)
        self._voices.note(message.id, spoken=True)
        return message

    async def edit(self, message: int, draft: Draft, *, first: bool) -> None:
        """Give a message another content and other buttons."""
        if known := self._out_of_reach.get(message):
            raise known
        try:
            await self._voices.by_author(
                self._inner.channel,
                message,
                lambda: self._named.edit(message, draft, first=first),
                lambda voice: self._edit_spoken(voice, message, draft, first),
                spoken=True,
            )
        except discord.Forbidden as error:
            if error.code == NOT_THE_AUTHOR:
                # What its webhook said cannot be changed by another one; asking again is no use.
                self._out_of_reach[message] = error
            raise

    async def delete(self, message: int) -> None:
        """Take a message away."""
        await self._voices.message(self._inner.channel, message, spoken=True).delete()

    async def call(self, message: int, nonce: str) -> None:
        """Answer the question once more, with a link, in the bot's own name."""
        await self._inner.call(message, nonce)

    async def _edit_spoken(self, voice: Voice, message: int, draft: Draft, first: bool) -> None:
        await self._voices.edit_spoken(
            voice,
            message,
            content=self._headed(voice, draft.content, first),
            view=view_of(draft.buttons) if draft.buttons else None,
            attachments=files_of(draft),
            allowed_mentions=self._mentions(draft, first),
        )

    async def _say(self, voice: Voice, draft: Draft, first: bool, nonce: str) -> discord.Message:
        content = self._headed(voice, draft.content, first)
        picture = await self._speaker.picture()
        tried = self._unsure.setdefault(nonce, _Unsure())
        if tried.contents and (found := await self._found(voice, tried)):
            return found
        tried.contents.add(content)
        try:
            message = await self._voices.say(
                voice,
                content,
                view_of(draft.buttons) if draft.buttons else None,
                username=self._name,
                avatar_url=picture,
                files=files_of(draft),
                silent=not first,
                allowed_mentions=self._mentions(draft, first),
            )
        except discord.HTTPException as error:
            if error.status < 500:
                tried.contents.discard(content)  # It was read, and refused.
            raise
        del self._unsure[nonce]
        return message

    async def _found(self, voice: Voice, tried: _Unsure) -> discord.Message | None:
        """The message of an earlier try whose answer was lost: webhooks know no nonce."""
        channel: Any = self._inner.channel
        try:
            known = self._ours | await self._speaker.said_before()
            async for message in channel.history(limit=_SEARCHED):
                is_new = message.webhook_id == voice.webhook.id and message.id not in known
                # Without the Message Content intent there is no content to compare.
                if is_new and (not message.content or message.content in tried.contents):
                    return message
        except (StoreUnavailable, *FAILURES) as error:
            log.info("not known whether a message arrived: %s", error)
        return None

    async def _renew(self, gone: Voice) -> None:
        """The webhook is gone: have another one made, but only once."""
        self._voices.webhooks.forget(gone.webhook)
        self._voice, again = None, not self._renewed
        self._renewed = True
        if again:
            try:
                self._voice = await self._voices.webhooks.voice(gone.place)
            except NoVoice as obstacle:
                log.info("the bot speaks for its characters: %s", obstacle)

    def _headed(self, voice: Voice, content: str, first: bool) -> str:
        if not first:
            return content
        question = voice.link(self._inner.reply_to) if self._inner.reply_to else ""
        return f"{head(question, self._inner.called)}{content}"

    def _mentions(self, draft: Draft, first: bool) -> discord.AllowedMentions:
        if not first or not self._inner.called:
            return NOBODY
        called = (self._inner.called, *draft.calls)[:MOST_CALLED]
        return discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(one) for one in called]
        )


class _Unsure:
    """What was sent once already, and may have arrived."""

    def __init__(self) -> None:
        self.contents: set[str] = set()


async def spoken_by(speaker: Speaker, target: Target, notices: list[str] | None = None) -> Target:
    """The target where `speaker` speaks: by a webhook if there can be one, else by its name.

    What would help where there can be none is added to `notices`, once per channel.
    """
    if not isinstance(target, ChannelTarget):
        return NamedTarget(target, speaker.name)
    try:
        voice = await target.voice(speaker.voices)
    except NoVoice as obstacle:
        log.info("the bot speaks for %s: %s", speaker.character, obstacle)
        advice = speaker.voices.advice(target.channel.id, obstacle)
        if notices is not None and advice:
            notices.append(advice)
        voice = None
    return VoiceTarget(target, voice, speaker)
