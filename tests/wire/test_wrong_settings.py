"""`python -m bot` where something is wrong before it begins: one line, and nothing secret in it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.structure.tree import ROOT
from tests.wire.processes import environment

# The word that must never come out again.
SECRET = "hunter2"

# Reading its beginning fails for everybody, root too.
UNREADABLE = Path("/proc/self/mem")


async def bot(folder: Path, *words: str, python: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run a command in a folder; its exit code and all that it says."""
    settings = dict.fromkeys(("DISCORD_TOKEN", "REDIS_URL", "ENGINE_URL"), "")
    given = environment(**settings) | {"PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *python, "-m", "bot", *words),
        env={name: value for name, value in given.items() if value},
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(30):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "DISCORD_TOKEN: is not set"),
        ("DISCORD_TOKEN=Bot hunter2", "DISCORD_TOKEN: takes one word"),
        ("DISCORD_TOKEN: hunter2", ".env, line 1: cannot be read"),
        ("DISCORD_TOKN=hunter2", "did you mean DISCORD_TOKEN?"),
        ("ENGINE_URL=tgi+http://me:hunter2@host:x", "ENGINE_URL: takes tgi+http://host:port"),
        ("REDIS_URL=redis://me:hunter2#x@host", "REDIS_URL: takes redis://"),
        ("REDIS_URL=hunter2", "REDIS_URL: takes redis://"),
        # Before a model is loaded, or downloaded, for nothing.
        ("MODEL=Hermes-9", "MODEL: there is no profile 'Hermes-9'"),
        ("MODEL_FILE=no.gguf", "MODEL_FILE: there is no file no.gguf"),
        ("MODEL_FILE=~nobody-of-this-name/no.gguf", "MODEL_FILE: there is no file ~nobody"),
        (f"MODEL_FILE={'long' * 100}.gguf", "MODEL_FILE: there is no file long"),
        ("ENGINES=big=http://a|Hermes-9", "ENGINES' profile of big: there is no profile"),
        ("ENGINE_API_KEYS=big=hunter2", "ENGINE_API_KEYS: takes keys of ENGINES"),
        ("MCP_CONFIG=no.json", "MCP_CONFIG: no.json: cannot be read"),
        ("CHARACTER_FILE=no.png", "CHARACTER_FILE: no.png cannot be read"),
        ("HTTP_PORT=99999", "HTTP_PORT: must be less than or equal to 65535, not '99999'"),
        ("SUMMARIES=maybe", "SUMMARIES: must be true or false, not 'maybe'"),
    ],
)
@pytest.mark.parametrize("command", ["run", "doctor"])
async def test_what_is_wrong_is_one_line(
    tmp_path: Path, command: str, line: str, says: str
) -> None:
    token = "" if "DISCORD_TOKEN" in line or not line else "DISCORD_TOKEN=a.b.hunter2\n"
    nowhere = "DISCORD_API_URL=http://127.0.0.1:9\n"
    (tmp_path / ".env").write_text(f"{line}\n{token}{nowhere}", "utf-8")
    code, said = await bot(tmp_path, command)
    assert SECRET not in said
    assert "Traceback" not in said
    if command == "run":
        assert (code, len(said.strip().splitlines())) == (78, 1), said
        assert says in said


@pytest.mark.skipif(not UNREADABLE.is_file(), reason="only Linux has such a file")
async def test_a_model_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"MODEL_FILE={UNREADABLE}\nDISCORD_TOKEN=a.b.c\n", "utf-8")
    code, said = await bot(tmp_path, "run")
    assert (code, len(said.strip().splitlines())) == (78, 1), said
    assert f"MODEL_FILE: {UNREADABLE} cannot be read: " in said


@pytest.mark.parametrize("unbuffered", ["1", ""])
@pytest.mark.parametrize("command", ["model", "doctor"])
async def test_who_reads_no_further_gets_no_traceback(
    tmp_path: Path, command: str, unbuffered: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", command),
        env=environment(PYTHONUNBUFFERED=unbuffered, ENGINE_URL="http://127.0.0.1:9"),
        cwd=tmp_path,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=writing,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    async with asyncio.timeout(30):
        _, complained = await process.communicate()
    assert (process.returncode, complained.decode()) == (141, "")


@pytest.mark.parametrize("command", ["run", "setup", "doctor", "model", "reference"])
async def test_a_python_without_the_packages_says_which_one_has_them(
    tmp_path: Path, command: str
) -> None:
    code, said = await bot(tmp_path, command, python=("-S",))
    assert (code, len(said.strip().splitlines())) == (69, 1), said
    assert "make run" in said
    assert ".venv/bin/python -m bot" in said
