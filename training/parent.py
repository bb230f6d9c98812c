"""Workers that do not outlive the run that they belong to."""

from __future__ import annotations

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, also by `kill -9`.

    torch asks Linux for a SIGINT then. That does nothing in a run begun in a shell's background,
    where SIGINT is ignored, and it waits for as long as a worker waits for the others.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        # Not `sys.exit`: that ends this thread only.
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
