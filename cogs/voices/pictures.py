"""Where Discord fetches a character's picture when the character speaks."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from typing import Protocol
from urllib.parse import quote

import discord

from bot.client.failures import DISCORD_FAILURES
from bot.errors import UserError
from bot.pictures import thumbnail

log = logging.getLogger(__name__)

MOST_EMOJIS = 2_000
"""How many emojis an application can have."""

_EMOJI = "https://cdn.discordapp.com/emojis/{id}.png?size=128"
_NAME = re.compile(r"c_[0-9a-z]{1,20}")
_FULL = (30008, 30018, 30056)

# How long a message waits for a picture that has to be uploaded first, in seconds; one that could
# not be had is not asked for again for so long.
_PATIENCE = 4.0
_PAUSE = 900.0


class Blobs(Protocol):
    """Where pictures are kept: a part of the library."""

    async def blob(self, library: str, digest: str) -> bytes | None:
        """A picture by the digest under which it was saved."""
        ...


class Pictures(Protocol):
    """Gives pictures an address that Discord can reach."""

    async def picture_url(self, library: str, digest: str) -> str | None:
        """The address of a picture, None if it has none now."""
        ...

    async def forget(self, digest: str) -> None:
        """A picture is not used any more."""
        ...


class PublicPictures:
    """Pictures that the bot's own web server serves at an address that everybody reaches."""

    def __init__(self, public_url: str) -> None:
        self._base = public_url

    async def picture_url(self, library: str, digest: str) -> str | None:
        """The address of a picture; whether there is one is found out when it is fetched."""
        return f"{self._base}/pictures/{quote(library, safe='')}/{quote(digest, safe='')}.png"

    async def forget(self, digest: str) -> None:
        """Nothing: what is not in the library is not served."""


class EmojiPictures:
    """Pictures as emojis of the application: those have public addresses, and cost nothing.

    An emoji is named by its picture's digest, so that it is found again without storing anything.
    When all places are taken, the one that was not used for longest goes.
    """

    def __init__(self, client: discord.Client, blobs: Blobs, most: int = MOST_EMOJIS) -> None:
        self._client = client
        self._blobs = blobs
        self._most = most
        self._ids: OrderedDict[str, int] | None = None
        self._others = 0
        self._failed: dict[str, float] = {}
        self._door = asyncio.Lock()
        self._uploads: dict[str, asyncio.Task[int | None]] = {}

    async def picture_url(self, library: str, digest: str) -> str | None:
        """The address of a picture; it is uploaded if it has none, which takes a moment."""
        name = _name(digest)
        if self._ids and name in self._ids:
            self._ids.move_to_end(name)
            return _EMOJI.format(id=self._ids[name])
        if self._failed.get(name, 0.0) > _now():
            return None
        upload = self._uploads.get(name)
        if upload is None:
            upload = asyncio.create_task(
                self._upload(library, digest, name), name=f"picture {name}"
            )
            self._uploads[name] = upload
            upload.add_done_callback(lambda _: self._uploads.pop(name, None))
        try:
            # Discord lets only so many be uploaded: what takes long is there the next time.
            made = await asyncio.wait_for(asyncio.shield(upload), _PATIENCE)
        except TimeoutError:
            return None
        return _EMOJI.format(id=made) if made else None

    async def forget(self, digest: str) -> None:
        """Take the emoji of a picture away; that this fails does not matter."""
        async with self._door:
            try:
                await self._load()
                await self._remove(_name(digest))
            except DISCORD_FAILURES as error:
                log.info("the emoji of a picture stays: %s", error)

    async def _upload(self, library: str, digest: str, name: str) -> int | None:
        """Make the emoji of a picture if there is none yet; None if that cannot be."""
        async with self._door:
            try:
                ids = await self._load()
                if name not in ids:
                    picture = await self._blobs.blob(library, digest)
                    if picture is None:
                        raise UserError("The picture is not in the library.")
                    small = await asyncio.to_thread(thumbnail, picture)
                    ids[name] = await self._create(name, small)
                return ids[name]
            except (UserError, *DISCORD_FAILURES) as error:
                log.warning("picture %s has no address for Discord: %s", name, error)
                self._failed = {one: at for one, at in self._failed.items() if at > _now()}
                self._failed[name] = _now() + _PAUSE
                return None

    async def _load(self) -> OrderedDict[str, int]:
        """The emojis that are pictures, least recently used first, as far as that is known."""
        if self._ids is None:
            found = await self._client.fetch_application_emojis()
            own = sorted((e for e in found if _NAME.fullmatch(e.name)), key=lambda e: e.id)
            self._others = len(found) - len(own)
            self._ids = OrderedDict((emoji.name, emoji.id) for emoji in own)
        return self._ids

    async def _create(self, name: str, picture: bytes) -> int:
        ids = await self._load()
        if ids and len(ids) + self._others >= self._most:
            await self._remove(next(iter(ids)))
        try:
            made = await self._client.create_application_emoji(name=name, image=picture)
        except discord.HTTPException as error:
            if error.code not in _FULL or not ids:
                raise
            await self._remove(next(iter(ids)))
            made = await self._client.create_application_emoji(name=name, image=picture)
        return made.id

    async def _remove(self, name: str) -> None:
        ids, client = await self._load(), self._client
        if (emoji := ids.pop(name, None)) and client.application_id is not None:
            await client.http.delete_application_emoji(client.application_id, emoji)


def _name(digest: str) -> str:
    """What the emoji of a picture is called: letters, digits and underscores are allowed."""
    return "c_" + re.sub(r"[^0-9a-z]", "", digest.lower())[:20]


def _now() -> float:
    return asyncio.get_running_loop().time()
