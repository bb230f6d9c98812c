"""Which language the bot speaks: of whoever uses a command or button, else of the place."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import discord
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.reply import Reply
from bot.conversation.turns import LANGUAGE
from bot.errors import StoreUnavailable
from bot.language import Language, language_of, spoken
from cogs.places import channel_of, conversation_in, rule_places

log = logging.getLogger(__name__)

# Of how many people the bot remembers what language their Discord has.
_REMEMBERED = 10_000


def language_in(bot: HermesBot, channel: object) -> Language:
    """The language of what everybody in a channel reads: what `/config` says, else the server's.

    For a channel that the bot does not know its server stands in. A server that has chosen no
    language is English to Discord.
    """
    guild = channel if isinstance(channel, discord.Guild) else getattr(channel, "guild", None)
    places = rule_places(channel, guild.id) if isinstance(guild, discord.Guild) else ()
    if chosen := bot.configuration.language(places):
        return chosen
    return language_of(str(guild.preferred_locale)) if isinstance(guild, discord.Guild) else "en"


def language_for(bot: HermesBot, conversation: str) -> Language:
    """The language in which a reply is shown: its channel's, as long as others read it, too."""
    channel_id = channel_of(conversation)
    if channel_id is None or conversation != conversation_in(channel_id):
        return spoken()
    channel = bot.get_channel(channel_id)
    in_server = isinstance(channel, (discord.abc.GuildChannel, discord.Thread))
    return language_in(bot, channel) if in_server else spoken()


def language_answering(bot: HermesBot, message: discord.Message) -> Language:
    """The language in which a message is answered, whenever that is.

    In direct messages it is the one that its writer's Discord had lately, as far as it was told.
    """
    if message.guild is not None:
        return language_in(bot, message.channel)
    return _languages(bot).of_person(str(message.author.id))


def noted_language(bot: HermesBot, message: discord.Message) -> dict[str, str]:
    """What a reply's origin notes of it, so that a later process knows: in direct messages only.

    Where it was not told yet that is "", and what the conversation remembers is spoken.
    """
    if message.guild is not None:
        return {}
    return {LANGUAGE: _languages(bot).known(str(message.author.id)) or ""}


def learn_language(bot: HermesBot, reply: Reply) -> None:
    """Keep in mind what a conversation remembered of the language of whoever is answered."""
    if reply.origin.get(LANGUAGE) == "" and len(reply.askers) == 1 and spoken() != "en":
        _languages(bot).remember(reply.askers[0], spoken())


def language_of_asker(bot: HermesBot, person: int) -> Language:
    """The language of what somebody reads alone, unasked: theirs if it is known, else this one."""
    return _languages(bot).known(str(person)) or spoken()


async def recall_language(bot: HermesBot, message: discord.Message) -> None:
    """Learn from a direct message's talk what language its writer had, if nobody told this process.

    While the store is away they are answered in English.
    """
    languages, person = _languages(bot), str(message.author.id)
    if message.guild is not None or languages.known(person):
        return
    try:
        talk = await bot.store.load(conversation_in(message.channel.id))
    except StoreUnavailable as error:
        log.info("not known in which language message %s is answered: %s", message.id, error)
        return
    if talk.state.language:
        languages.remember(person, language_of(talk.state.language))


class Languages(commands.Cog):
    """Tells the bot which language the readers of its next words have."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        # Discord tells somebody's language only with what they press, not with what they write.
        self._of_people: OrderedDict[str, Language] = OrderedDict()

    def of_event(self, data: Mapping[str, Any]) -> Language:
        """The language of whoever brought about an event of Discord's gateway."""
        if "locale" in data:
            language = language_of(data["locale"])
            self.remember(_person(data), language)
            return language
        guild = self.bot.get_guild(int(data.get("guild_id") or 0))
        if guild is None:
            return self.of_person(_person(data))
        channel = guild.get_channel_or_thread(int(data.get("channel_id") or 0))
        return language_in(self.bot, channel or guild)

    def of_person(self, person: str) -> Language:
        """The language of somebody's Discord, English as long as it was not told."""
        return self._of_people.get(person, "en")

    def known(self, person: str) -> Language | None:
        """The language of somebody's Discord, None as long as it was not told."""
        return self._of_people.get(person)

    def remember(self, person: str, language: Language) -> None:
        """Somebody's Discord has this language, as it told, or as a former process knew."""
        self._of_people[person] = language
        self._of_people.move_to_end(person)
        if len(self._of_people) > _REMEMBERED:
            self._of_people.popitem(last=False)


def _languages(bot: HermesBot) -> Languages:
    cog = bot.get_cog(Languages.__cog_name__)
    if not isinstance(cog, Languages):
        raise TypeError("the cog Languages is not loaded")
    return cog


def _person(data: Mapping[str, Any]) -> str:
    """Who wrote, or who used a command: in a server as a member, else as a user."""
    user = data.get("author") or data.get("user") or (data.get("member") or {}).get("user") or {}
    return str(user.get("id", ""))


async def setup(bot: HermesBot) -> None:
    """Add the cog, and let each event speak its language."""
    languages = Languages(bot)
    bot.speak_by(languages.of_event)
    await bot.add_cog(languages)
