"""Pictures of characters on the bot's own web server."""

from __future__ import annotations

import io

import aiohttp
from PIL import Image
from yarl import URL

from bot.errors import StoreUnavailable
from bot.web.pictures import PicturePages
from bot.web.server import serve

LIBRARY, DIGEST = "discord:server:111", "ab" * 32
ADDRESS = f"/pictures/discord%3Aserver%3A111/{DIGEST}.png"


def portrait() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (300, 400), "red").save(written, "PNG")
    return written.getvalue() + b"and more"


class Shelf:
    def __init__(self, *blobs: object) -> None:
        self.blobs = list(blobs)
        self.asked: list[tuple[str, str]] = []

    async def load(self, library: str, digest: str) -> bytes | None:
        self.asked.append((library, digest))
        found = self.blobs[0]
        if isinstance(found, Exception):
            raise found
        return found


async def get(shelf: Shelf, path: str = ADDRESS, times: int = 1) -> tuple[int, dict, bytes]:
    pages = PicturePages(shelf.load)
    async with (
        serve("127.0.0.1", 0, checks={}, pictures=pages) as address,
        aiohttp.ClientSession(headers={"Host": "bot.example"}) as session,
    ):
        for _ in range(times):
            async with session.get(URL(address + path, encoded=True)) as response:
                found = response.status, dict(response.headers), await response.read()
    return found


async def test_a_picture_is_served_small_and_for_ever():
    shelf = Shelf(portrait())
    status, headers, body = await get(shelf, times=3)
    assert (status, headers["Content-Type"]) == (200, "image/png")
    assert "immutable" in headers["Cache-Control"]
    assert Image.open(io.BytesIO(body)).size == (128, 128)
    assert shelf.asked == [(LIBRARY, DIGEST)]


async def test_what_is_no_picture_is_not_there():
    for blob in (None, b'{"spec": "chara_card_v2"}'):
        assert (await get(Shelf(blob)))[0] == 404


async def test_other_addresses_are_not_there():
    shelf = Shelf(portrait())
    for path in ("/pictures/x/card.png", f"/pictures/x/{DIGEST}.json", "/pictures/"):
        assert (await get(shelf, path))[0] == 404
    assert shelf.asked == []


async def test_a_store_that_is_away_is_told():
    assert (await get(Shelf(StoreUnavailable())))[0] == 503
