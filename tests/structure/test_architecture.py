"""docs/architecture.md and its picture name the rooms that there are."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.structure.test_direction import MAY_IMPORT
from tests.structure.tree import ROOT

PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")
PICTURE = ROOT / "docs/images/architecture.svg"
SVG = "{http://www.w3.org/2000/svg}"


def path_of(room: str) -> str:
    path = room.replace(".", "/")
    return f"{path}.py" if (ROOT / f"{path}.py").is_file() else path


# What is only part of a room, or above them all.
SMALL = {"bot", "bot.__main__", "bot.tools.kit", "bot.pictures", "bot.setting_values"}


@pytest.mark.parametrize("room", sorted(set(MAY_IMPORT) - SMALL))
def test_the_page_has_every_room(room):
    assert f"`{path_of(room)}`" in PAGE


def test_what_page_and_picture_name_exists():
    drawn = ElementTree.parse(PICTURE)
    words = " ".join("".join(text.itertext()) for text in drawn.iter(f"{SVG}text"))
    named = set(re.findall(r"\b(?:bot|cogs)/[a-z_/]+(?:\.py)?", PAGE + words))
    missing = [name for name in named if not (ROOT / name).exists()]
    assert [name for name in missing if not (ROOT / f"{name}.py").exists()] == []


def test_the_steps_are_numbered_alike():
    drawn = ElementTree.parse(PICTURE)
    marks = [text.text for text in drawn.iter(f"{SVG}text") if text.get("class") == "n"]
    steps = re.findall(r"^(\d)\. ", PAGE, re.MULTILINE)
    assert sorted(marks) == steps == [str(number) for number in range(1, 10)]


def test_the_picture_is_said_in_words_and_fetches_nothing():
    drawn = ElementTree.parse(PICTURE).getroot()
    assert drawn.find(f"{SVG}title") is not None
    assert drawn.find(f"{SVG}desc") is not None
    assert "prefers-color-scheme: dark" in PICTURE.read_text("utf-8")
    outside = re.findall(r"(?:href|url)\W+(\w+:[^\"')]*)", PICTURE.read_text("utf-8"))
    assert outside == []
