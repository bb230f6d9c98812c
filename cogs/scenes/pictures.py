"""The characters' pictures, small, for panels and transcripts."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping

import discord

from bot.characters.stage import Stage
from bot.client import HermesBot
from bot.errors import UserError
from bot.pictures import thumbnail
from cogs.scenes.card import MOST_PICTURES


async def thumbnails(bot: HermesBot, stage: Stage) -> Mapping[str, bytes]:
    """The pictures of the cast by character; one that cannot be read is left out."""
    wanted = [member for member in stage.cast if member.picture]
    found = await asyncio.gather(
        *(_thumbnail(bot, member.library, member.picture) for member in wanted)
    )
    return {
        member.character: picture
        for member, picture in zip(wanted, found, strict=True)
        if picture is not None
    }


async def panel_pictures(
    bot: HermesBot, stage: Stage
) -> tuple[Mapping[str, str], list[discord.File]]:
    """The addresses of the pictures by character, and the files to send along."""
    if len(stage.cast) > MOST_PICTURES:
        return {}, []
    addresses: dict[str, str] = {}
    files: list[discord.File] = []
    for number, (character, picture) in enumerate((await thumbnails(bot, stage)).items()):
        name = f"face-{number}.png"
        addresses[character] = f"attachment://{name}"
        files.append(discord.File(io.BytesIO(picture), name))
    return addresses, files


async def _thumbnail(bot: HermesBot, library: str, digest: str) -> bytes | None:
    try:
        picture = await bot.store.blob(library, digest)
        return await asyncio.to_thread(thumbnail, picture) if picture else None
    except UserError:
        return None
