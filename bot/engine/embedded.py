"""llama.cpp without any server to set up: the bot starts one for itself.

The server runs in a process of its own (see `llama_server` for why) and the bot speaks to it as
to any other, so there is one client to maintain and requests are batched over several slots.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bot.conversation.ports import End, EngineInfo, Generation, Text
from bot.engine import download, llama_server
from bot.engine.faults import shorten
from bot.engine.limits import Limits
from bot.engine.llama_server import Orders
from bot.engine.openai import OpenAIEngine
from bot.errors import EngineUnreachable, SettingsError, StartupError

log = logging.getLogger(__name__)

BUNDLED = Path(__file__).with_name("tiny.gguf")
BUNDLED_NAME = "Hermes-Tiny"


@dataclass(frozen=True, slots=True)
class Slots:
    """How the embedded server is laid out.

    `count` answers are written at the same time, each with `context` tokens of its own (0: what
    the model was trained with). `prompt_cache` is memory in MiB for prompts of conversations
    that lost their slot.
    """

    count: int = 4
    context: int = 0
    prompt_cache: int = 256


# A real model: a context of its training length would take tens of gigabytes.
LARGE = Slots(count=2, context=8192, prompt_cache=2048)


class EmbeddedEngine:
    """An `Engine` that runs the model itself. Made by `start`."""

    def __init__(self, orders: Orders, limits: Limits) -> None:
        """Take what to serve; `start` is the way to get a running one."""
        self._orders = orders
        self._limits = limits
        self._process: subprocess.Popen[str] | None = None
        self._client: OpenAIEngine | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    @classmethod
    async def start(
        cls,
        model_file: str | None,
        data_dir: Path,
        *,
        limits: Limits | None = None,
        slots: Slots | None = None,
        hub: str | None = None,
    ) -> EmbeddedEngine:
        """Load the bundled model, a GGUF file's path, or `hf:owner/repository/file.gguf`.

        A download goes to `data_dir`/models, from the Hub at `hub` (None: the usual one). Raises
        `StartupError` with what to do if the model cannot be had or loaded.
        """
        path = await _found(model_file, data_dir, hub)
        slots = slots or (Slots() if path == BUNDLED else LARGE)
        name = BUNDLED_NAME if path == BUNDLED else path.stem
        key = secrets.token_urlsafe()
        orders = Orders(str(path), name, key, slots.count, slots.context, slots.prompt_cache)
        engine = cls(orders, limits or Limits())
        async with engine._lock:
            await engine._launch()
        return engine

    async def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        """See `Engine.stream`."""
        client = await self._running()
        async with aclosing(client.stream(request)) as parts:
            async for part in parts:
                yield part

    async def count_tokens(self, text: str) -> int | None:
        """See `Engine.count_tokens`."""
        return await (await self._running()).count_tokens(text)

    async def tokenize(self, prompt: str) -> Sequence[int] | None:
        """See `Tokenizer.tokenize`."""
        return await (await self._running()).tokenize(prompt)

    async def describe(self) -> EngineInfo:
        """See `Engine.describe`."""
        return replace(await (await self._running()).describe(), kind="embedded")

    async def aclose(self) -> None:
        """Stop the server; streams in flight end."""
        self._closed = True
        async with self._lock:
            await self._stop()

    async def _running(self) -> OpenAIEngine:
        """The client of a running server; one that has died is started anew."""
        async with self._lock:
            if self._closed:
                raise EngineUnreachable(detail="the engine was closed")
            if self._client is not None and self._process and self._process.poll() is None:
                return self._client
            if self._process is not None:
                log.error("the embedded engine died (exit %s)", self._process.returncode)
            await self._stop()
            try:
                return await self._launch()
            except StartupError as error:
                raise EngineUnreachable(detail=str(error)) from error

    async def _launch(self) -> OpenAIEngine:
        log.info("loading the model %s", self._orders.path)
        self._process = _spawn()
        try:
            address = await asyncio.to_thread(_address, self._process, self._orders)
        except BaseException:
            # Cancelled, too: the thread ends when the process does.
            self._process.kill()
            raise
        self._client = OpenAIEngine(
            address + "/v1", api_key=self._orders.api_key, limits=self._limits
        )
        return self._client

    async def _stop(self) -> None:
        client, self._client = self._client, None
        process, self._process = self._process, None
        if client is not None:
            await client.aclose()
        if process is not None:
            # There is nothing to save, and a polite end waits for running answers.
            process.kill()
            await asyncio.to_thread(process.communicate)


def _spawn() -> subprocess.Popen[str]:
    # -P: modules beside the script, such as openai.py, must not hide real ones.
    command = [sys.executable, "-P", llama_server.__file__]
    pipe = subprocess.PIPE
    # Or an abort would start a debugger, if there is one.
    environment = os.environ | {"GGML_NO_BACKTRACE": "1"}
    return subprocess.Popen(
        command,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env=environment,
        text=True,
        # Ctrl+C is for the bot, which finishes its answers first.
        start_new_session=True,
    )


def _address(process: subprocess.Popen[str], orders: Orders) -> str:
    """Hand over the orders; wait until the model is loaded and return the server's address."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(asdict(orders)) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith("http"):
                return line.strip()
    except BrokenPipeError:
        log.debug("the embedded engine ended before it got its orders")
    _, told = process.communicate()
    if "ImportError" in told:
        # llama.cpp's wheel brings all but the compiler's OpenMP library.
        raise StartupError(
            f"the embedded engine cannot be loaded ({shorten(told.strip().splitlines()[-1])}); "
            "on Debian and Ubuntu: apt install libgomp1. Or set ENGINE_URL to a server"
        )
    size = Path(orders.path).stat().st_size / 1e6
    raise StartupError(
        f"MODEL_FILE: llama.cpp cannot load {orders.path} ({size:.1f} MB): it is incomplete, "
        f"damaged, of a kind that llama.cpp does not know, or too large for the memory; download "
        f"it again or take another. {shorten(_reason(told))}"
    )


def _reason(told: str) -> str:
    """The line of llama.cpp's complaints that says most."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    telling = [line for line in lines if " E " in line or "GGML_ASSERT" in line]
    return (telling or lines or [""])[0]


async def _found(model_file: str | None, data_dir: Path, hub: str | None) -> Path:
    """What `_find` says. A download ends with the process; the next start goes on with it."""
    found = Future[Path]()
    found.set_running_or_notify_cancel()

    def look() -> None:
        try:
            found.set_result(_find(model_file, data_dir, hub))
        except BaseException as error:
            found.set_exception(error)

    # Not `to_thread`: Python waits for such a thread at its end, for as long as a download takes.
    threading.Thread(target=look, name="model file", daemon=True).start()
    return await asyncio.wrap_future(found)


def _find(model_file: str | None, data_dir: Path, hub: str | None) -> Path:
    if model_file is None:
        path = BUNDLED
    elif wanted := download.parse(model_file):
        path = download.fetch(wanted, data_dir / "models", endpoint=hub)
    else:
        path = Path(os.path.expanduser(model_file))
    if not os.path.isfile(path):
        raise SettingsError(
            f"MODEL_FILE: there is no file {path}; give the path of a GGUF file, or "
            f"hf:owner/repository/file.gguf to download one"
        )
    try:
        with path.open("rb") as file:
            beginning = file.read(4)
    except OSError as error:
        raise SettingsError(f"MODEL_FILE: {path} cannot be read: {error.strerror}") from None
    if beginning != b"GGUF":
        raise StartupError(f"MODEL_FILE: {path} is not a GGUF file; delete or replace it")
    return path
