"""The first steps on a stranger's machine: a clear word where something is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.structure.tree import ROOT

SCRIPT = ROOT / "scripts/bootstrap.sh"


def bootstrap(tmp_path, python: str, lock: str = ""):
    """Run the script on a machine that has this python3 and no uv."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "rm", "cat"):
        (tools / name).symlink_to(f"/bin/{name}")
    program = tools / "python3"
    program.write_text(f"#!/bin/sh\n{python}\n")
    program.chmod(0o755)
    (tmp_path / "some.lock").write_text(lock)
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), "venv", "some.lock"],
        cwd=tmp_path,
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_an_old_python_is_named(tmp_path):
    done = bootstrap(tmp_path, 'if [ "$1" = --version ]; then echo Python 3.9.2; else exit 1; fi')
    assert done.returncode == 1
    assert "needs Python 3.11 or newer (found: Python 3.9.2)" in done.stderr


def test_debian_without_venv_is_told_which_package_is_missing(tmp_path):
    # Debian's python3 without python3-venv and python3-pip: both modules end with an error.
    python = f'case "$*" in *"-m venv"*|*"-m pip"*) exit 1;; esac\nexec {sys.executable} "$@"'
    done = bootstrap(tmp_path, python)
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_pip_outside_serves_where_venv_brings_none(tmp_path):
    # Debian with python3-pip but without python3-venv. `-m venv --without-pip` works there.
    python = (
        f'case "$*" in *--without-pip*) ;; *"-m venv"*) exit 1;; esac\n'
        f'if [ "$2" = pip ]; then echo "$@" >>pip.log; exit 0; fi\nexec {sys.executable} "$@"'
    )
    done = bootstrap(tmp_path, python)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "venv/bin/python").exists()
    assert "--require-hashes -r some.lock" in (tmp_path / "pip.log").read_text()


def test_an_environment_whose_python_is_gone_is_made_anew(tmp_path):
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").symlink_to(tmp_path / "gone")
    done = bootstrap(tmp_path, f'exec {sys.executable} "$@"')
    assert done.returncode == 0, done.stderr
    version = subprocess.run([tmp_path / "venv/bin/python", "-V"], capture_output=True, text=True)
    assert version.stdout.startswith("Python 3.")


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize("fate", ["stays", "is gone", "is another version"])
def test_an_environment_that_lost_its_python_is_noticed_though_it_was_ready(tmp_path, fate):
    for name in ("Makefile", "requirements.lock", "scripts/bootstrap.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=tmp_path, check=True
    )
    (tmp_path / ".venv/.ready-run").touch()
    if fate == "is gone":
        (tmp_path / ".venv/bin/python").unlink()
        (tmp_path / ".venv/bin/python").symlink_to(tmp_path / "gone")
    if fate == "is another version":
        [packages] = (tmp_path / ".venv/lib").glob("python3*")
        packages.rename(packages.with_name("python3.0"))
    done = subprocess.run(["make", "-q", ".venv/.ready-run"], cwd=tmp_path, capture_output=True)
    assert done.returncode == (0 if fate == "stays" else 1), done.stderr
