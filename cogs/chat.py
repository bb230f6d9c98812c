"""Answering messages: who is meant, what they say, and the answer."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import replace
from weakref import WeakValueDictionary

import discord
from discord.ext import commands

from bot import metrics
from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES, told
from bot.conversation.addressing import Decision, Incoming, RepliesTo, decide, is_aside
from bot.conversation.ask import Ask
from bot.conversation.casting import ADDRESSED
from bot.conversation.config import Bar
from bot.conversation.facts import note_owners
from bot.conversation.other_bots import OtherBots
from bot.conversation.questions import reply_id
from bot.conversation.reply import Reply
from bot.errors import Explanation, LimitReached, UserError
from bot.language import later
from bot.log import about_reply
from cogs.admission import asker_for, bar_of
from cogs.again import again_view
from cogs.calling import is_called_by_name
from cogs.closed import closed_of
from cogs.language import noted_language
from cogs.live import live_of
from cogs.live.sending import once
from cogs.live.target import NOBODY, Channel, ChannelTarget
from cogs.live.wording import small
from cogs.own_threads import own_threads_of
from cogs.own_threads.starter import starter_for
from cogs.own_threads.where import HOME, answers_everything, lacking
from cogs.owners import owners
from cogs.places import conversation_in, engine_at, may_react, rules_for, story_origin
from cogs.reading import ask_of, needs_download, quoted_in
from cogs.reading.words import first_mention, own_words
from cogs.rolls import with_dice
from cogs.rounds import PAUSED, is_paused, play_round
from cogs.voices.mine import is_mine, is_voice

log = logging.getLogger(__name__)

_ORDINARY = (discord.MessageType.default, discord.MessageType.reply)

# In how many channels the bot remembers which of its messages is the newest.
_REMEMBERED = 5_000

# The mark under what somebody writes who was told a moment ago that it is too much.
_TOO_MUCH = "⏳"

_UNREADABLE = later(
    "You wrote to me, but Discord does not show me what: I may only read messages that mention "
    "me by name (not by a role). Please mention me, or ask with /ask."
)
_ENOUGH = later(
    "I have answered bots often enough here. I go on after a while, once a person has written."
)


class Chat(commands.Cog):
    """Hears messages and answers those that are meant for the bot."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._newest: OrderedDict[int, int] = OrderedDict()
        self._other_bots = OtherBots()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Hear a message; its own ones too, to know which is the newest."""
        if is_mine(self.bot, message):
            self._newest[message.channel.id] = message.id
            self._newest.move_to_end(message.channel.id)
            if len(self._newest) > _REMEMBERED:
                self._newest.popitem(last=False)
        elif not message.author.bot:
            self._other_bots.person_wrote(message.channel.id)
            await self.handle(message)
        elif self._is_welcome(message):
            await self.handle(message)

    async def handle(self, message: discord.Message, attempt: int = 0) -> None:
        """Answer a message if it wants an answer. Every failure is told in its channel.

        `attempt` tells a further try of the same message from the first.
        """
        if self.bot.closing:
            return  # The next process finds it.
        decision = await self.judge(message)
        log.debug("message %s: %s", message.id, decision.why)
        metrics.MESSAGES.labels("answer" if decision.answer else "ignore", decision.why).inc()
        if not decision.answer or isinstance(message.channel, discord.GroupChannel):
            return
        channel = message.channel
        if message.author.bot and not await self._answers_bots(channel):
            return
        in_thread = own_threads_of(self.bot).wanted(message) and not lacking(channel)
        if not in_thread and await closed_of(self.bot).found(channel):
            await self._tell_otherwise(message, channel)
            return

        # What goes wrong before there is a reply is found under its name, too.
        with about_reply(reply_id(str(message.id))):
            await self._answer(message, channel, attempt or message.id)

    async def _answer(self, message: discord.Message, channel: Channel, attempt: int) -> None:
        async def tell(failure: Explanation) -> None:
            view = again_view(message) if failure.retry else discord.utils.MISSING
            # Another process may say the same: Discord takes it once.
            await message.reply(failure.text, view=view, nonce=once(attempt, "failure"))

        async with told(tell, f"answering message {message.id}"):
            if await self.bot.opt_outs.covers(str(message.author.id)):
                return  # That was not known before: the store has only just come back.
            try:
                thread = await self._thread_for(message)
                ask = await self._read_in_turn(message, thread)
                place = thread or channel
                async with self.bot.conversations.turn(ask) as reply:
                    if reply is not None:
                        await live_of(self.bot).deliver(reply, _target(place, message, reply))
                if reply is not None:
                    await play_round(self.bot, reply, place)
                elif self._calls_me(message) and await is_paused(self.bot, ask.conversation):
                    await message.reply(
                        small(PAUSED),
                        silent=True,
                        allowed_mentions=NOBODY,
                        nonce=once(message.id, "paused"),
                    )
            except LimitReached as limit:
                if not limit.repeated:
                    raise
                await self._show_too_much(message)

    async def _thread_for(self, message: discord.Message) -> discord.Thread | None:
        """The thread of its own in which a message is answered; None: where it stands.

        None is made for who has asked too much: a `LimitReached`.
        """
        threads, guild = own_threads_of(self.bot), message.guild
        if guild is None or not threads.wanted(message) or not is_readable(message):
            return None
        engine = await engine_at(self.bot, message.channel, guild.id)
        self.bot.conversations.check(asker_for(message.author, guild.id), engine)
        return await threads.opened(message)

    async def _tell_otherwise(self, message: discord.Message, channel: Channel) -> None:
        """Let somebody know that no answer can come here."""
        if not message.author.bot:
            called = self._calls_me(message)
            await closed_of(self.bot).tell(channel, message.id, message.author.id, called=called)

    async def _show_too_much(self, message: discord.Message) -> None:
        """Mark a message that is one of too many; in a rush it is left out."""
        allowed = message.guild is None or may_react(message.channel)
        if allowed and live_of(self.bot).pace.spare():
            try:
                await message.add_reaction(_TOO_MUCH)
            except DISCORD_FAILURES as error:
                log.debug("no reaction to message %s: %s", message.id, error)

    async def judge(self, message: discord.Message, barred: Bar | None = None) -> Decision:
        """Whether a message wants an answer, and why.

        `barred` is what the server has set against its author, where that is known already.
        """
        if self.bot.opt_outs.ignores(str(message.author.id)):
            return Decision(False, later("its author has opted out"))
        always_on = await answers_everything(self.bot, message.channel)
        if barred is None:
            await self.bot.configuration.load()
            guild = message.guild.id if message.guild else None
            barred, _ = bar_of(self.bot, message.channel, guild, message.author)
        seen = replace(self._seen(message, always_on), barred=barred)
        decision = decide(seen)
        # Looked for only where it would change anything.
        if decision.answer or not decide(replace(seen, by_name=True)).answer:
            return decision
        return decide(replace(seen, by_name=await is_called_by_name(self.bot, message)))

    async def _answers_bots(self, channel: Channel) -> bool:
        """Whether a bot is answered once more there; that it is not is said once, to nobody."""
        verdict = self._other_bots.judge(channel.id, asyncio.get_running_loop().time())
        nonce = once(self._newest.get(channel.id, channel.id), "enough")
        if verdict == "say so":
            log.info("channel %s: bots are answered no more until a person writes", channel.id)
            try:
                await channel.send(
                    small(_ENOUGH), silent=True, allowed_mentions=NOBODY, nonce=nonce
                )
            except DISCORD_FAILURES as error:
                log.info("channel %s: that could not be said: %s", channel.id, error)
        return verdict == "answer"

    def _is_welcome(self, message: discord.Message) -> bool:
        """Whether a machine may speak to the bot; what the bot posts by webhooks never may.

        Some machines post by webhooks what people say under other names, such as PluralKit: those
        are known by their application.
        """
        listed = self.bot.settings.answer_bots
        welcome = message.author.id in listed or message.application_id in listed
        return welcome and not is_voice(self.bot, message)

    async def _read_in_turn(
        self, message: discord.Message, thread: discord.Thread | None = None
    ) -> Ask:
        """The message as text; what came first is read first, whatever has to be downloaded."""
        conversation = conversation_in((thread or message.channel).id)
        door = self._doors.get(conversation) or asyncio.Lock()
        self._doors[conversation] = door
        async with door:
            if not is_readable(message):
                raise UserError(_UNREADABLE)
            if not needs_download(message):
                return await self.read(message, thread, asked=True)
            typing = asyncio.create_task(_show_typing(thread or message.channel))
            try:
                return await self.read(message, thread, asked=True)
            finally:
                typing.cancel()

    async def read(
        self, message: discord.Message, thread: discord.Thread | None = None, *, asked: bool = False
    ) -> Ask:
        """The message as text, as it stands now; `thread` hangs at it, and answers it.

        `asked` is whether it is about to be answered.
        """
        place = thread or message.channel
        reference = message.reference and message.reference.message_id
        # What was edited is read more than once, and has to read the same each time.
        newest = None if message.edited_at else self._newest.get(message.channel.id)
        guild = message.guild.id if message.guild else None
        ask = await ask_of(
            await with_dice(self.bot, message),
            self.bot,
            quote_me=reference != newest,
            quote_fully=not await answers_everything(self.bot, message.channel),
            noted={
                **({ADDRESSED: str(reference)} if self._replies_to(message) == "me" else {}),
                **await rules_for(self.bot, place, guild, message.author),
                **note_owners(owners(place, place.id, guild, message.author.id)),
                **story_origin(guild, message.author.id, message.author),
                **noted_language(self.bot, message),
                **({HOME: str(message.channel.id)} if thread else {}),
            },
            ignores=self.bot.opt_outs.ignores,
            thread=thread.id if thread else None,
            starter=await starter_for(self.bot, message, asked=asked),
        )
        return replace(ask, engine=await engine_at(self.bot, place, guild))

    def _seen(self, message: discord.Message, always_on: bool) -> Incoming:
        me = self.bot.user.id if self.bot.user else 0
        role = message.guild.self_role if message.guild else None
        replies_to = self._replies_to(message)
        first = first_mention(message.content)
        return Incoming(
            from_machine=message.author.bot or message.webhook_id is not None,
            ordinary=message.type in _ORDINARY,
            direct=message.guild is None,
            mentions_me=_is_called(message, me, replies=replies_to == "me"),
            replies_to=replies_to,
            opens_with_other=first not in (None, me, role and role.id),
            always_on=always_on,
            readable=is_readable(message),
            aside=is_aside(message.content),
            welcome_machine=self._is_welcome(message),
            calls_everyone=message.mention_everyone,
        )

    def _calls_me(self, message: discord.Message) -> bool:
        """Whether a message is for the bot, or a character of it, and for nobody else."""
        me = self.bot.user.id if self.bot.user else 0
        return _mentions(message, me) or self._replies_to(message) == "me"

    def _replies_to(self, message: discord.Message) -> RepliesTo:
        quoted = quoted_in(message)
        if quoted is None:
            return "unknown" if message.type is discord.MessageType.reply else "nobody"
        if is_mine(self.bot, quoted):
            return "me"
        # Who goes on from words of their own speaks to nobody else by that.
        return "nobody" if quoted.author.id == message.author.id else "someone else"


def _mentions(message: discord.Message, me: int) -> bool:
    """Whether the bot is mentioned, by its name or by the role that Discord made for it."""
    if any(user.id == me for user in message.mentions):
        return True
    # Looked up only if needed: the roles of a server are many.
    roles = message.role_mentions if message.guild else ()
    return bool(roles and message.guild and message.guild.self_role in roles)


def _is_called(message: discord.Message, me: int, *, replies: bool) -> bool:
    """Whether a message mentions the bot in its writer's own words: quotes and code call nobody.

    `replies` is whether it replies to the bot, where a ping is enough.
    """
    role = message.guild.self_role if message.guild else None
    calls = [f"<@{me}>", f"<@!{me}>", *([f"<@&{role.id}>"] if role else [])]
    if any(call in message.content for call in calls):
        called = any(call in own_words(message.content) for call in calls)
        # What a person writes is a mention, whether or not it is listed; a machine may write one
        # that is none.
        listed = not message.author.bot or _mentions(message, me)
        return (called and listed) or (replies and _mentions(message, me))
    # A mention that is not to be found in the text is taken on Discord's word.
    return _mentions(message, me)


def _target(channel: Channel, message: discord.Message, reply: Reply) -> ChannelTarget:
    """Where an answer to several messages goes: it is a reply to the newest one of them."""
    newest = next((ask for ask in reversed(reply.asks) if "message" in ask.origin), None)
    outside = message if message.channel.id != channel.id else None
    if newest is None:
        answers = None if outside else message.id
        return ChannelTarget(channel, reply_to=answers, asker=message.author.id, question=outside)
    # At what stands in the channel of a thread nobody can reply in it: its writer is mentioned.
    answers = None if HOME in newest.origin else int(newest.id)
    return ChannelTarget(channel, reply_to=answers, asker=int(newest.author), question=outside)


def is_readable(message: discord.Message) -> bool:
    """Whether Discord shows any of what was written: without the intent all of this is empty."""
    return bool(
        message.content
        or message.attachments
        or message.stickers
        or message.message_snapshots
        or message.embeds
        or message.poll
    )


async def _show_typing(channel: discord.abc.Messageable) -> None:
    """Show that the bot is at work while it downloads; that this fails does not matter."""
    try:
        await channel.typing()
    except DISCORD_FAILURES as error:
        log.debug("no typing: %s", error)


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Chat(bot))
