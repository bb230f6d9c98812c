"""How much memory this machine has for a model."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup/memory.max")
_ASK = ("--query-gpu=memory.total", "--format=csv,noheader,nounits")


@dataclass(frozen=True, slots=True)
class Machine:
    """Main memory in GiB (0 where the system does not tell) and that of each NVIDIA GPU."""

    ram: float
    gpus: tuple[float, ...] = ()

    def __str__(self) -> str:
        ram = f"{self.ram:.0f} GiB of memory" if self.ram else "unknown memory"
        if not self.gpus:
            return f"{ram}, no NVIDIA GPU"
        each = " + ".join(f"{size:.0f}" for size in self.gpus)
        return f"{ram}, {len(self.gpus)} NVIDIA GPU(s) with {each} GiB"


def look() -> Machine:
    """Ask the system, and `nvidia-smi` if there is one. Blocks; never fails."""
    return Machine(_ram(), _gpus())


def _ram() -> float:
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0.0
    try:
        # A container may have less than its machine; "max" is no limit.
        size = min(size, int(_CGROUP.read_text()))
    except (OSError, ValueError):
        return size / 2**30
    return size / 2**30


def _gpus() -> tuple[float, ...]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        told = subprocess.run(
            [program, *_ASK], capture_output=True, text=True, timeout=10, check=True
        ).stdout
        return tuple(float(line) / 1024 for line in told.splitlines() if line.strip())
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()
