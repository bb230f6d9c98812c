"""Editing a `.env`: what is asked for changes, and nothing else, whatever stands in the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import dotenv
from bot.errors import StartupError
from tests.structure.tree import ROOT

EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
LINES = st.sampled_from(
    [
        "",
        "# a remark",
        "#NAME=an example",
        "OTHER=1",
        "NAME=old",
        "export NAME=old # with a remark",
        "NAME='one\ntwo'",
        'OTHER="$x \\n"',
        "  NAME = spaced ",
        "no setting at all",
        "NAME",
    ]
)
VALUES = st.text(
    st.characters(codec="utf-8", exclude_characters="'\r\n\\", exclude_categories=("C", "Z")),
    max_size=20,
)


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("", {"A": "1"}, "A=1\n"),
        ("B=2", {"A": "1"}, "B=2\nA=1\n"),
        ("A=1\nB=2\n", {"A": "3"}, "A=3\nB=2\n"),
        ("A=1\r\nB=2\r\n", {"B": "3", "C": "4"}, "A=1\r\nB=3\r\nC=4\r\n"),
        ("# A\n#A=0\n# B\n", {"A": "1"}, "# A\n#A=0\nA=1\n# B\n"),
        ("A=1\n", {"A": None}, "#A=1\n"),
        ("A=1\nA=2\n", {"A": None}, "#A=1\n#A=2\n"),
        ("A=1\nA=2\n", {"A": "3"}, "A=1\nA=3\n"),
        ("A='x\ny'\nB=1\n", {"A": None}, "#A='x\n#y'\nB=1\n"),
        ("\n\nexport A=1\n", {"A": "2"}, "\n\nexport A=2\n"),
        ("A=1\n", {"A": "two words"}, "A=two words\n"),
        ("A=1\n", {"A": "a$b #c"}, "A='a$b #c'\n"),
        ("A=1\n", {"B": None}, "A=1\n"),
        ("AA=1\n#XA=2\n", {"A": "1"}, "AA=1\n#XA=2\nA=1\n"),
    ],
)
def test_one_change(text: str, changes: dict[str, str | None], expected: str):
    assert dotenv.edited(text, changes) == expected


def test_without_changes_the_example_is_itself():
    assert dotenv.edited(EXAMPLE, {}) == EXAMPLE


@given(st.lists(LINES, max_size=8), st.one_of(st.none(), VALUES), st.booleans())
def test_what_is_written_is_what_is_read(lines: list[str], value: str | None, ends: bool):
    text = "\n".join(lines) + ("\n" if ends else "")
    before = dotenv.values(text)
    edited = dotenv.edited(text, {"NAME": value})
    after = dotenv.values(edited)
    assert after.get("NAME") == value
    others = {name: one for name, one in before.items() if name != "NAME"}
    assert {name: one for name, one in after.items() if name != "NAME"} == others
    # Doing it again changes nothing.
    assert dotenv.edited(edited, {"NAME": value}) == edited
    # Every other line is there, in its order.
    kept = [line for line in lines if "NAME" not in line]
    remaining = iter(edited.split("\n"))
    assert all(part in remaining for line in kept for part in line.split("\n"))


@pytest.mark.parametrize("value", ["it's", "a\nb"])
def test_what_no_line_can_hold_is_refused(value: str):
    with pytest.raises(StartupError, match="NAME: takes no quotation marks"):
        dotenv.edited("", {"NAME": value})


def test_a_link_stays_a_link(tmp_path: Path):
    real, link = tmp_path / "real", tmp_path / ".env"
    real.write_text("A=1\n", "utf-8")
    link.symlink_to(real)
    kept = dotenv.write(link, "A=2\n")
    assert link.is_symlink()
    assert real.read_text("utf-8") == "A=2\n"
    assert kept is not None
    assert kept.read_text("utf-8") == "A=1\n"


def test_every_copy_has_a_name_of_its_own(tmp_path: Path):
    path = tmp_path / ".env"
    for number in range(4):
        dotenv.write(path, f"A={number}\n")
    copies = {copy.name: copy.read_text("utf-8") for copy in tmp_path.glob("*.backup-*")}
    assert copies == {f".env.backup-{n + 1}": f"A={n}\n" for n in range(3)}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="as with sudo")
def test_the_file_stays_its_owners(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_text("A=1\n", "utf-8")
    os.chown(path, 4711, 4712)
    copy = dotenv.write(path, "A=2\n")
    assert copy is not None
    assert {(f.stat().st_uid, f.stat().st_gid) for f in (path, copy)} == {(4711, 4712)}


def test_what_is_no_text_is_refused(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(StartupError, match="is not UTF-8"):
        dotenv.read(path)
