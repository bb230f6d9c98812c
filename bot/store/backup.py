"""A consistent copy of all that a server holds, taken while it runs, and putting it back.

The copy is what a replica gets first: the answer to SYNC is a snapshot (RDB) of one moment, made
by a forked child, so nobody waits. It is asked for as a stream: the server then leaves no file
behind that would keep what people erase later on. It goes back as the base of an append-only file,
since a server that has that switched on reads nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import ssl
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.errors import StartupError
from bot.store import embedded
from bot.store.embedded import EmbeddedValkey

Write = Callable[[bytes], object]

_CONNECT_SECONDS = 5.0
_SNAPSHOT_SECONDS = 600.0  # a large server forks, and writes its snapshot, before it answers
_CHUNK = 1 << 20
_MARK = 40  # bytes of the random mark that ends a streamed snapshot
_MAGIC = (b"REDIS", b"VALKEY")
_FOLDER = "appendonlydir"
_BASE = "appendonly.aof.1.base.rdb"
_MANIFEST = f"file {_BASE} seq 1 type b\n"


async def take(url: str, write: Write) -> int:
    """Give a copy of the server at a Redis URL to `write`; returns its bytes.

    What stands in the way is a `StartupError`: no server, a wrong password, one that does not
    allow SYNC (many that are rented do not).
    """
    try:
        async with _opened(url) as (reader, writer):
            await _log_in(url, reader, writer)
            # A server that does not know the capability says so, and sends a file all the same.
            await _told(reader, writer, b"REPLCONF capa eof\r\n")
            writer.write(b"SYNC\r\n")
            async with asyncio.timeout(_SNAPSHOT_SECONDS):
                begin = await _announced(reader)
            if isinstance(begin, int):
                return await _receive(reader, begin, write)
            return await _receive_until(reader, begin, write)
    except (TimeoutError, asyncio.IncompleteReadError):
        raise StartupError(
            "the server broke off in the middle of its copy: look at its log"
        ) from None
    except OSError as error:
        raise StartupError(f"the server cannot be reached: {error.strerror or error}") from None


def check(file: Path) -> None:
    """Refuse what is no copy of a server, by its first bytes."""
    try:
        with file.open("rb") as opened:
            head = opened.read(8)
    except OSError as error:
        raise StartupError(f"{file} cannot be read: {error.strerror}") from None
    if not head.startswith(_MAGIC):
        raise StartupError(f"{file} is no copy of a Redis or Valkey server")


async def restore(file: Path, data_dir: Path) -> tuple[int, Path | None]:
    """Put a copy in place of the private server's data in `data_dir`.

    A server is tried on it first. Returns how many keys it has, and where the data is that was
    there before. A `StartupError` says why not: that server runs, or the file is damaged.
    """
    check(file)
    directory = data_dir / "valkey"
    _make(directory)
    lock = embedded.take_lock(directory)
    if lock is None:
        raise StartupError(f"a server runs on {directory}: stop the bot first, then try again")
    try:
        with tempfile.TemporaryDirectory(prefix="restore-", dir=data_dir) as trial:
            _lay_out(file, Path(trial, "valkey"))
            keys = await _count(Path(trial))
            return keys, _exchange(Path(trial, "valkey", _FOLDER), directory / _FOLDER)
    except OSError as error:
        raise StartupError(f"{directory} cannot be written: {error.strerror or error}") from None
    finally:
        os.close(lock)


# ---------------------------------------------------------------------- taking


@asynccontextmanager
async def _opened(
    url: str,
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
    parts = urlsplit(url)
    async with asyncio.timeout(_CONNECT_SECONDS):
        if parts.scheme == "unix":
            reader, writer = await asyncio.open_unix_connection(unquote(parts.path))
        else:
            tls = ssl.create_default_context() if parts.scheme == "rediss" else None
            host, port = parts.hostname or "127.0.0.1", parts.port or 6379
            reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _log_in(url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    parts = urlsplit(url)
    if not parts.password:
        return
    words = [b"AUTH", *([unquote(parts.username).encode()] if parts.username else [])]
    words.append(unquote(parts.password).encode())
    lines = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    answer = await _told(reader, writer, b"*%d\r\n%s" % (len(words), lines))
    if not answer.startswith(b"+OK"):
        raise StartupError(f"the server refuses the password: {_words(answer)}")


async def _told(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: bytes
) -> bytes:
    writer.write(command)
    async with asyncio.timeout(_CONNECT_SECONDS):
        return await reader.readline()


async def _announced(reader: asyncio.StreamReader) -> int | bytes:
    """How many bytes come, or the mark that ends them; empty lines mean: it is being made."""
    while (line := (await reader.readline())) == b"\n":
        pass
    kind = line.rstrip()
    if kind.startswith(b"$EOF:") and len(kind) == len(b"$EOF:") + _MARK:
        return kind[len(b"$EOF:") :]
    if kind.startswith(b"$") and kind[1:].isdigit():
        return int(kind[1:])
    if not line:
        raise StartupError("the server hung up instead of giving a copy")
    raise StartupError(f"the server gives no copy: {_words(line)}")


async def _receive(reader: asyncio.StreamReader, size: int, write: Write) -> int:
    left = size
    while left:
        chunk = await _chunk(reader, min(left, _CHUNK))
        write(chunk)
        left -= len(chunk)
    return size


async def _receive_until(reader: asyncio.StreamReader, mark: bytes, write: Write) -> int:
    size, held = 0, b""
    while not held.endswith(mark):
        held += await _chunk(reader, _CHUNK)
        # What may be the beginning of the mark is kept back.
        done, held = held[:-_MARK], held[-_MARK:]
        write(done)
        size += len(done)
    return size


async def _chunk(reader: asyncio.StreamReader, most: int) -> bytes:
    async with asyncio.timeout(_SNAPSHOT_SECONDS):
        chunk = await reader.read(most)
    if not chunk:
        raise asyncio.IncompleteReadError(b"", most)
    return chunk


def _words(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip().lstrip("-")


# ---------------------------------------------------------------------- putting back


def _make(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartupError(f"{directory} cannot be made: {error.strerror}") from None


def _lay_out(file: Path, directory: Path) -> None:
    """Write what a server with an append-only file reads when it starts."""
    folder = directory / _FOLDER
    folder.mkdir(mode=0o700, parents=True)
    shutil.copyfile(file, folder / _BASE)
    (folder / f"{_FOLDER.removesuffix('dir')}.aof.manifest").write_text(_MANIFEST, "ascii")


async def _count(data_dir: Path) -> int:
    """Have a server read the data; how many keys it has then."""
    async with EmbeddedValkey(data_dir) as server, _opened(server.url) as (reader, writer):
        answer = await _told(reader, writer, b"DBSIZE\r\n")
    return int(answer[1:])


def _exchange(new: Path, place: Path) -> Path | None:
    """Move the data in; what was there is moved aside."""
    aside: Path | None = None
    if place.exists():
        number = 1
        while (aside := place.with_name(f"{place.name}.before-{number}")).exists():
            number += 1
        place.rename(aside)
    try:
        new.rename(place)
    except OSError:
        if aside is not None:
            with contextlib.suppress(OSError):
                aside.rename(place)
        raise
    return aside
