"""`python -m bot backup FILE` and `restore FILE`: all conversations, in one file."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from bot.errors import StartupError
from bot.settings import Settings
from bot.store import backup
from bot.store.embedded import EmbeddedValkey
from bot.store.sentinel import master_url

STDOUT = "-"


async def back_up(settings: Settings, file: str) -> int:
    """Write a copy of the store to a file, `-` for standard output; the bot may run meanwhile."""
    if settings.redis_url is not None:
        return await _save(await master_url(settings.redis_url.get_secret_value()), file)
    if not (settings.data_dir / "valkey").is_dir():
        raise StartupError(f"there is nothing in {settings.data_dir} to back up")
    async with EmbeddedValkey(settings.data_dir) as server:
        return await _save(server.url, file)


async def put_back(settings: Settings, file: Path) -> int:
    """Put a copy in place of the private server's data."""
    if settings.redis_url is not None:
        raise StartupError(
            "REDIS_URL is set: that server's data is not in DATA_DIR. With docker compose, "
            "use make restore; otherwise docs/hosting.md says how"
        )
    keys, before = await backup.restore(file, settings.data_dir)
    print(f"Restored {keys:,} keys into {settings.data_dir}.")
    if before is not None:
        print(f"What was there before is in {before}; delete it when all is well.")
    return 0


async def _save(url: str, file: str) -> int:
    if file == STDOUT:
        await backup.take(url, sys.stdout.buffer.write)
        sys.stdout.buffer.flush()
        return 0
    place = Path(file)
    with _draft(place) as out:
        size = await backup.take(url, out.write)
    print(f"Saved {size / 1e6:.1f} MB to {place}.")
    return 0


@contextmanager
def _draft(place: Path) -> Generator[IO[bytes]]:
    """A file that gets its name only when it is whole; it is for its owner's eyes only."""
    if place.exists():
        raise StartupError(f"{place} is there already; give another name")
    draft = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
    try:
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(opened, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        backup.check(draft)
        draft.rename(place)
    except OSError as error:
        raise StartupError(f"{place} cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
