"""The machine that the bot runs on."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from bot import __version__
from bot.checks.finding import Finding, fine, problem, warning

# Room for the history's append-only file and a log; models need more and check it themselves.
_LEAST_DISK = 200 * 1024 * 1024
_LITTLE_DISK = 1024 * 1024 * 1024


def findings(data_dir: Path) -> Iterator[Finding]:
    """Look at the versions and at the disk."""
    python = platform.python_version()
    yield fine("version", "version", f"hermes-discord {__version__} on Python {python}")
    yield _disk(data_dir)


def _disk(directory: Path) -> Finding:
    check, elsewhere = "disk", "set DATA_DIR to another folder"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(directory).free
    except OSError as error:
        return problem(check, "disk", f"{directory}: {error.strerror}", elsewhere)
    if not os.access(directory, os.W_OK):
        return problem(check, "disk", f"{directory} cannot be written", elsewhere)
    text = f"{free / 1e9:.1f} GB free in {directory}"
    if free < _LEAST_DISK:
        return problem(check, "disk", text, "make room there")
    if free < _LITTLE_DISK:
        return warning(check, "disk", text, "make room there soon")
    return fine(check, "disk", text)
