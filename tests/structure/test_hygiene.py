"""Small promises about every file: documented, short, and free of one machine's particulars."""

from __future__ import annotations

import ast
import re

import pytest

from tests.structure.tree import ROOT, modules, text_files

LONGEST = 400  # lines; a room is held in the head

# Assembled, so that this file does not name what it forbids.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("deb", "debian", "org"),
        ("download", "pytorch", "org"),
    )
]
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|var/folders)/")
CODE = modules("bot", "cogs")


@pytest.mark.parametrize("name", CODE)
def test_each_module_says_what_it_holds(name):
    assert ast.get_docstring(ast.parse(CODE[name].read_text("utf-8"))), f"{name}: no docstring"


@pytest.mark.parametrize("name", CODE)
def test_no_module_grows_out_of_hand(name):
    lines = len(CODE[name].read_text("utf-8").splitlines())
    assert lines <= LONGEST, f"{name} has {lines} lines; cut it in two"


@pytest.mark.parametrize("word", REGISTRIES)
def test_no_package_registry_is_named(word):
    # A mirror must do as well; which index is used is the machine's own setting.
    assert [path for path in text_files() if word in path.read_text("utf-8", "replace")] == []


def test_no_path_of_one_machine_is_named():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if MACHINE_PATHS.search(line)
    ]
    assert found == []


def test_every_test_folder_is_a_package():
    # Else two tests of the same file name collide, and tests/discord would hide discord itself.
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
