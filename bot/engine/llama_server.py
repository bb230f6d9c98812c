"""The embedded engine's own process: llama.cpp's HTTP server, until its parent is gone.

Run by `bot.engine.embedded`, as a script. Reads one line of JSON (`Orders`), answers with one
line, the server's address, and ends when its standard input does.

A process of its own, because llama.cpp aborts the process on a model file that it does not like,
holds Python's lock while it loads a model, and takes up to half a minute to stop politely.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True)
class Orders:
    """What to serve: `context` tokens for each of `slots` answers, 0 for as many as trained.

    `prompt_cache` is in MiB; `name` is the model's id on /v1/models.
    """

    path: str
    name: str
    api_key: str
    slots: int
    context: int
    prompt_cache: int


def serve(orders: Orders) -> tuple[object, str]:
    """Load the model and serve it on a free loopback port; gives the server and its address.

    The server stops when its last reference goes. Raises RuntimeError for a file that cannot be
    loaded, if llama.cpp does not abort.
    """
    llama: Any = importlib.import_module("xllamacpp")
    made = llama.CommonParams()
    made.model.path = orders.path
    made.model_alias = {orders.name}
    made.n_parallel = orders.slots
    made.n_ctx = orders.context * orders.slots
    made.cache_ram_mib = orders.prompt_cache
    # Print control tokens: <tool_call> is one.
    made.special = True
    # Without a key any web page and any user of the machine could use the server.
    made.api_keys = [orders.api_key]
    made.cors_origins = "http://127.0.0.1"
    made.ui = False
    # Errors only; they go to stderr, which the parent keeps for its own error text.
    made.verbosity = 1
    # An idle connection holds one of these threads.
    made.n_threads_http = 4 * orders.slots + 16
    # One core is left to the event loop: llama.cpp's threads spin.
    threads = max(1, (os.cpu_count() or 2) - 1)
    made.cpuparams.n_threads = threads
    made.cpuparams_batch.n_threads = threads
    server = llama.Server(made)
    return server, str(server.listening_address)


def main() -> None:
    """Serve what the first line of standard input says, until standard input ends."""
    _server, address = serve(Orders(**json.loads(sys.stdin.readline())))
    # What it says from now on, nobody reads; a full pipe would stop it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    print(address, flush=True)
    sys.stdin.read()
    # Not by returning: llama.cpp would wait for every open connection.
    os._exit(0)


if __name__ == "__main__":
    main()
