"""A training run that is killed leaves no workers behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Two workers that would go on for ever, as those that wait for each other do.
_WAITING = """
import multiprocessing, time
from training.parent import end_with_parent

def work(started):
    end_with_parent()
    started.release()
    time.sleep(600)

if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    started = spawn.Semaphore(0)
    workers = [spawn.Process(target=work, args=(started,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        started.acquire()
    print(*(worker.pid for worker in workers), flush=True)
    workers[0].join()
"""


def _ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # One that nobody has asked about since is no longer there either.
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.fixture
def to_end() -> Iterator[list[int]]:
    """Processes to end after the test, whatever comes of it."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        if not _ended(pid):
            os.kill(pid, signal.SIGKILL)


def _in_background(*command: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a command as a shell's `&` does: SIGINT is ignored, by its children too."""
    return subprocess.Popen(
        ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", sys.executable, *command],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_workers_end_when_their_parent_is_killed(tmp_path: Path, to_end: list[int]):
    script = tmp_path / "waiting.py"
    script.write_text(_WAITING)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with _in_background(str(script), env=environment) as parent:
        to_end.append(parent.pid)
        assert parent.stdout is not None
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        to_end += workers
        assert len(workers) == 2
        assert not any(map(_ended, workers))
        parent.kill()
        parent.wait()
    assert _until(lambda: all(map(_ended, workers)), 10)
