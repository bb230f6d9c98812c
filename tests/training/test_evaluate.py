"""The evaluation runs where nothing was installed for training."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# `make eval-tiny` has the packages of the tests, and torch is none of them.
_WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from training.evaluate import main
sys.argv = ["evaluate", "--help"]
main()
"""


def test_it_needs_no_torch():
    command = [sys.executable, "-c", _WITHOUT_TORCH]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-500:]
