"""Take the pictures of docs/roleplay.md anew: an evening is played, and a browser shows it.

python -m tests.web.roleplay_pictures [docs/images]
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tests.web.browser import chromium
from tests.web.roleplay import anatomy, panels
from tests.web.roleplay.evening import Evening, evening

MOST_BYTES = 300_000
"""Of a picture: the guide should open quickly."""

COLOURS = 192


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page to be photographed: `width` in pixels, `scale` of them to each of the picture's."""

    html: str
    width: int
    scale: float = 1.5


def sheets(played: Evening) -> dict[str, Sheet]:
    """The pages by the names of their pictures."""
    if played.scene is None or played.part is None:
        raise RuntimeError("nobody has spoken")
    found = anatomy.pieces(played.prompt, played.scene, played.part)
    return {
        "roleplay-transcript.png": Sheet(played.transcript, 760),
        "roleplay-prompt.png": Sheet(anatomy.page(found, played.scene), 932),
        "roleplay-panels.png": Sheet(
            panels.page([played.card, played.shown], played.pictures), 980
        ),
    }


async def take(folder: Path, data: Path) -> None:
    """Play, and write the pictures into `folder`."""
    made = sheets(await evening(data))
    async with chromium() as browser:
        for name, sheet in made.items():
            page = await browser.new_page(
                viewport={"width": sheet.width, "height": 400},
                device_scale_factor=sheet.scale,
                color_scheme="light",
            )
            await page.set_content(sheet.html)
            write(folder / name, await page.screenshot(full_page=True))


def write(path: Path, screenshot: bytes) -> None:
    """Write a picture with few colours, which is all that a page has, and takes less than half."""
    with Image.open(io.BytesIO(screenshot)) as picture:
        picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path}: {size:,} bytes")
    if size > MOST_BYTES:
        raise SystemExit(f"{path} is larger than {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take(target, Path(folder)))
