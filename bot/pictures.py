"""Pictures of characters, made small enough to stand beside what they say."""

from __future__ import annotations

import io
import warnings

from bot.errors import BadInput
from bot.language import later

SIZE = 128
"""Width and height of a thumbnail in pixels: what Discord takes for an emoji."""

MAX_PIXELS = 50_000_000
"""Of a picture that is read; one of 7,000 by 7,000 has fewer."""

# APNG is read as PNG. Of a picture that moves the first frame counts.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")

# A portrait has its face above the middle: of what is too high, so much is cut off at the top.
_FROM_TOP = 0.0

_UNREADABLE = later(
    "I cannot read that picture. I take PNG, JPEG, WebP and GIF files that are whole."
)
_TOO_LARGE = later(
    "That picture is too large. I read up to {most} million pixels.", most=MAX_PIXELS // 1_000_000
)


def thumbnail(picture: bytes) -> bytes:
    """A square PNG of 128 by 128 pixels, at most 256 KiB: the upper part, as a portrait has it.

    What cannot be read, is cut off or has too many pixels is a `BadInput`. It takes up to a second
    of computing and 300 MB of memory for a while: call it in a thread.
    """
    # Only who shows pictures pays for the import.
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; `_shrunk` has its own limit.
            warnings.simplefilter("ignore")
            return _shrunk(picture)
    except BadInput:
        raise
    except Image.DecompressionBombError as error:
        raise BadInput(_TOO_LARGE, detail=str(error)) from None
    # A damaged file ends in whatever its decoder trips over: these are all that Pillow lets out.
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        ArithmeticError,
        LookupError,
        EOFError,
        MemoryError,
    ) as error:
        raise BadInput(_UNREADABLE, detail=f"{type(error).__name__}: {error}") from None


def _shrunk(picture: bytes) -> bytes:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(picture), formats=_FORMATS) as opened:
        width, height = opened.size
        if width * height > MAX_PIXELS:
            raise BadInput(_TOO_LARGE, detail=f"{width} by {height}")
        # A JPEG is decoded at a fraction of its size where that is enough.
        opened.draft("RGB", (SIZE * 4, SIZE * 4))
        opened.load()
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    small = ImageOps.fit(
        upright, (SIZE, SIZE), Image.Resampling.LANCZOS, centering=(0.5, _FROM_TOP)
    )
    written = io.BytesIO()
    # Nothing of the file goes along but what is to be seen: no place, no camera, no card.
    small.save(written, "PNG", optimize=True)
    return written.getvalue()
