"""The lock files fit pyproject.toml, hold a hash for everything and name no address.

Every direct dependency is pinned exactly, so freshness can be judged without asking an index.
"""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.structure.tree import ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)")
LOCKS = [ROOT / f"requirements{kind}.lock" for kind in ("", "-dev", "-extras", "-train")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = PROJECT["project"]["dependencies"]
EXTRAS = [one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra]
DEVELOPMENT = PROJECT["dependency-groups"]["dev"]
TRAINING = [
    line
    for line in (ROOT / "training/requirements.in").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lines: list[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in lines:
        if match := PIN.match(line):
            found.setdefault(normal(match[1]), set()).add(match[2])
    return found


def locked(kind: str) -> dict[str, set[str]]:
    return pins((ROOT / f"requirements{kind}.lock").read_text("utf-8").splitlines())


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("", RUNTIME),
        ("-dev", RUNTIME + DEVELOPMENT),
        ("-extras", RUNTIME + EXTRAS),
        ("-train", TRAINING),
    ],
)
def test_a_lock_holds_what_is_asked_for(kind, wanted):
    asked = pins(wanted)
    assert len(asked) == len(wanted), "pin every direct dependency exactly (==)"
    held = locked(kind)
    stale = {name: versions for name, versions in asked.items() if not versions <= held[name]}
    assert stale == {}, "run `make lock`"


def test_the_tests_run_on_what_is_shipped():
    held = locked("-dev")
    assert {name: held.get(name) for name in locked("")} == locked("")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_package_has_a_hash_and_no_address(lock):
    text = lock.read_text("utf-8")
    assert "://" not in text
    packages = re.split(r"\n(?=\S)", text.strip())
    without = [block.splitlines()[0] for block in packages if "--hash=sha256:" not in block]
    assert without == []
