"""People are answered in their language, channels in theirs, with the catalogues as they are."""

from __future__ import annotations

import pytest

from bot.errors import EngineInterrupted
from bot.language import speaking, tr
from cogs.places import server_place
from tests.discord.conftest import Stage
from tests.discord.scene_support import director

NOTHING = "There was nothing to forget: we have not talked here yet."
LOCALES = {"de": "de", "es-419": "es", "fr": "fr", "ja": "ja", "zh-TW": "zh-TW"}


def said_in(language: str, text: str) -> str:
    with speaking(language):
        return tr(text)


@pytest.mark.parametrize(("locale", "language"), LOCALES.items())
async def test_a_command_is_answered_in_the_language_of_whoever_uses_it(
    stage: Stage, discord_in, locale: str, language: str
) -> None:
    discord_in(locale)
    answer = await director(stage, manage_messages=True).slash(stage.channel, "reset")
    assert answer.response.content == said_in(language, NOTHING) != NOTHING


async def test_a_language_without_a_catalogue_is_english(stage: Stage, discord_in) -> None:
    discord_in("pl")
    answer = await director(stage, manage_messages=True).slash(stage.channel, "reset")
    assert answer.response.content == NOTHING


async def test_a_server_hears_its_own_language(stage: Stage) -> None:
    guild = stage.env.create_guild("Kyoto", preferred_locale="ja")
    channel = guild.create_text_channel("general")
    member = guild.add_member(stage.alice.user)
    await stage.settle()
    stage.engine.answers = [[EngineInterrupted()]]
    await member.send(channel, f"{stage.me} konnichiwa")
    await stage.settle()
    assert stage.said(channel) == [said_in("ja", EngineInterrupted.text)]


async def test_what_config_says_comes_before_the_servers_language(stage: Stage) -> None:
    guild = stage.env.create_guild("Kyoto", preferred_locale="ja")
    channel = guild.create_text_channel("general")
    member = guild.add_member(stage.alice.user)
    await stage.settle()
    await stage.bot.administration.change(
        "1", server_place(guild.id), server_place(guild.id), "language", "fr"
    )
    stage.engine.answers = [[EngineInterrupted()]]
    await member.send(channel, f"{stage.me} bonjour")
    await stage.settle()
    assert stage.said(channel) == [said_in("fr", EngineInterrupted.text)]


async def test_a_reply_shows_buttons_in_the_channels_language_whoever_asked(
    stage: Stage, discord_in
) -> None:
    discord_in("de")
    stage.engine.answers = [[EngineInterrupted()]]
    await stage.alice.slash(stage.channel, "ask", question="Hallo?")
    await stage.settle()
    assert EngineInterrupted.text in stage.said()[-1]


async def test_a_direct_message_goes_on_in_the_language_of_the_last_command(
    stage: Stage, discord_in
) -> None:
    stage.engine.answers = [[EngineInterrupted()], [EngineInterrupted()]]
    await stage.alice.send_dm("hello")
    await stage.settle()
    discord_in("es-ES")
    await stage.alice.slash(stage.channel, "help")
    await stage.alice.send_dm("hola")
    await stage.settle()
    said = [message.content for message in stage.alice.user.dm_channel.history()]
    wanted = {EngineInterrupted.text, said_in("es", EngineInterrupted.text)}
    assert wanted <= set(said)
