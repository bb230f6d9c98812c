"""A talk out of a file: shown first, brought in when somebody says so.

What was read waits in the question itself, as its attachment: so nothing of it is kept anywhere
until it is wanted, and the buttons work after a restart as well.
"""

from __future__ import annotations

import asyncio
import io

import discord

from bot.characters.chats.line import Chat
from bot.characters.chats.read import TOO_LARGE, read_chat
from bot.characters.chats.write import as_jsonl
from bot.client import HermesBot
from bot.conversation.chat_lines import Cast, newest
from bot.conversation.timeline import Room
from bot.errors import BadInput
from bot.language import later, speaking, tr
from cogs.characters.files import MOST_BYTES, check_given, read_given, read_upload
from cogs.chats import words
from cogs.chats.taking import own_name
from cogs.language import language_for
from cogs.live.buttons import Button, view_of
from cogs.live.target import NOBODY
from cogs.places import conversation_here, engine_here, is_guest
from cogs.policy import policy_here
from cogs.scenes.story import every_turn

Interaction = discord.Interaction[HermesBot]

INSTEAD = "instead"
BEHIND = "behind"

_FILE = "chat.jsonl"

_MAY_NOT = later(
    "Only somebody who may manage messages here can bring a talk into this channel, since all "
    "would talk on from it. In direct messages with me you can."
)
_GUEST = later("I can only do that where I am a member, and in direct messages with me.")
_NOT_WANTED = later(
    "That file has words that are not wanted in this server, so I do not bring it in."
)
_LOST = later("I do not find that file any more. Please use `/chat import` again.")


def check_may(interaction: Interaction) -> None:
    """Raise `BadInput` for whom may not change what all here talk on from."""
    if is_guest(interaction):
        raise BadInput(_GUEST)
    if interaction.guild_id is not None and not interaction.permissions.manage_messages:
        raise BadInput(_MAY_NOT)


async def ask(
    interaction: Interaction, file: discord.Attachment | None, text: str, *, link: str = ""
) -> None:
    """Show what a file holds, and ask whether it is to be brought here."""
    check_given(file, text, link)
    await interaction.response.defer(ephemeral=True, thinking=True)
    data, _ = await read_given(interaction.client, file, text, link)
    # Reading megabytes takes a moment, in which others are to be answered.
    whole = await asyncio.to_thread(read_chat, data)
    chat = newest(whole)
    await _check_words(interaction, chat)
    conversation = conversation_here(interaction)
    there = len(await every_turn(interaction.client, conversation))
    shown = words.described(whole, chat, await cast_here(interaction), there)
    written = await asyncio.to_thread(as_jsonl, chat)
    if len(written) > MOST_BYTES:
        raise BadInput(TOO_LARGE)  # As a file of ours it has more around each text.
    waiting = discord.File(io.BytesIO(written), _FILE)
    await interaction.edit_original_response(
        content=shown,
        attachments=[waiting],
        view=view_of(_buttons(there)),
        allowed_mentions=NOBODY,
    )


async def bring(interaction: Interaction, how: str) -> None:
    """Bring in what the question, whose button was pressed, asks about; tell it to all."""
    bot, message = interaction.client, interaction.message
    if message is None or not message.attachments:
        raise BadInput(_LOST)
    conversation = conversation_here(interaction)
    await interaction.response.defer()
    chat = newest(await asyncio.to_thread(read_chat, await read_upload(message.attachments[0])))
    await _check_words(interaction, chat)
    model = bot.conversations.models.named(await engine_here(interaction)).model
    count = await bot.conversations.timeline.bring(
        conversation,
        chat,
        await cast_here(interaction),
        Room((await model.current()).prompt_limit, model.estimate),
        author=str(interaction.user.id),
        key=str(message.id),
        instead=how == INSTEAD,
        server=str(interaction.guild_id or ""),
    )
    done = words.done(count)
    await interaction.edit_original_response(content=done, attachments=[], view=None)
    # It stands for all to read, whoever has brought it.
    with speaking(language_for(bot, conversation)):
        told = words.told(interaction.user.display_name, count, chat)
    await interaction.followup.send(told, allowed_mentions=NOBODY, silent=True)


async def cast_here(interaction: Interaction) -> Cast:
    """Who takes part in the place of a command."""
    conversation = conversation_here(interaction)
    stage = await interaction.client.conversations.stages.get(conversation)
    person = interaction.user.display_name if interaction.guild_id else ""
    house = interaction.client.conversations.house
    own = [own_name(interaction), *([house.card.called] if house else [])]
    return Cast(stage.cast if stage else (), person, own)


async def _check_words(interaction: Interaction, chat: Chat) -> None:
    policy = await policy_here(interaction)
    texts = (text for line in chat.lines for text in (line.name, line.text, *line.variants))
    if policy.words and await asyncio.to_thread(policy.blocklist.find, "\n".join(texts)):
        raise BadInput(_NOT_WANTED)


def _buttons(there: int) -> tuple[Button, ...]:
    first = tr("Put aside, bring it in") if there else tr("Bring it in")
    behind = Button(tr("Add it behind"), f"chat-import:{BEHIND}")
    return (
        Button(first, f"chat-import:{INSTEAD}", discord.ButtonStyle.primary),
        *([behind] if there else []),
        Button(tr("Cancel"), "chat-import-not"),
    )
