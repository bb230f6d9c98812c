"""What the pictures of the roleplay guide show is what the bot makes of an evening."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio

from tests.web.roleplay import anatomy, panels
from tests.web.roleplay.evening import BELL, NOTE, Evening, evening
from tests.web.roleplay_pictures import sheets

GUIDE = Path(__file__).parents[2] / "docs" / "roleplay.md"


@pytest_asyncio.fixture
async def played(tmp_path: Path) -> Evening:
    return await evening(tmp_path)


async def test_the_guides_pictures_can_be_made(played: Evening) -> None:
    made = sheets(played)
    guide = GUIDE.read_text("utf-8")
    for name in made:
        assert f"images/{name}" in guide
        assert GUIDE.with_name("images").joinpath(name).stat().st_size < 300_000
    _is_whole_transcript(played.transcript)
    _is_whole_prompt(played)
    _are_whole_panels(played)


def _is_whole_transcript(page: str) -> None:
    """Three characters with pictures, three people, a narrator, a guest and dice."""
    for name in ("Mira", "Captain Voss", "Nix", "Ada", "Bob", "Old Tom"):
        assert f'<span class="name">{name}</span>' in page
    assert "Sit down, Carol" in page
    assert page.count('src="data:image/png;base64,') == 7
    assert page.count('class="narrator"') == 1
    assert page.count('class="dice"') == 1


def _is_whole_prompt(played: Evening) -> None:
    assert played.scene
    assert played.part
    found = anatomy.pieces(played.prompt, played.scene, played.part)
    assert "".join(piece.text for piece in found) == played.prompt
    texts = {piece.kind: piece.text for piece in found}
    assert texts.keys() == anatomy.LABELS.keys(), "each kind of part is there to be seen"
    assert BELL in texts["called"]
    assert NOTE in texts["note"]
    assert texts["last"].endswith("<|im_start|>assistant\nMira:")
    assert "Old Tom: The rent" in texts["history"]


def _are_whole_panels(played: Evening) -> None:
    page = panels.page([played.card, played.shown], played.pictures)
    assert page.count("<img ") == 4
    assert "<h2>The bell under the ford</h2>" in page
    assert "<h2>Mira</h2>" in page
    assert "<button>Bring into this channel</button>" in page


def test_what_is_escaped_in_a_panel_is_no_markup() -> None:
    text = {"type": 10, "content": r"**bold** \*plain\* <b>"}
    page = panels.page([[text]], {})
    assert "<p><b>bold</b> *plain* &lt;b&gt;</p>" in page


def test_an_unknown_part_of_a_panel_is_not_left_out_in_silence() -> None:
    with pytest.raises(ValueError, match="type 12"):
        panels.page([[{"type": 12}]], {})
