"""Whole prompts, from the card's file to what the engine is sent: one readable file for each.

After a change that is meant, `REGENERATE=1 make test ARGS="-n 0 tests/characters"` writes the files
anew. Then read what has changed in them: they are right because somebody has read them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bot.characters.compose import compose
from bot.characters.lore.book import read
from bot.characters.part import Injection, Part
from bot.characters.playing import Line, Listener, Player, Scene, Talk, book_of
from bot.characters.read import read_card
from bot.characters.stage import Note, Stage
from bot.conversation import context
from bot.conversation.turns import State, Turn
from bot.prompts.alpaca import ALPACA
from bot.prompts.chatml import CHATML
from bot.prompts.format import Format
from bot.prompts.neutralise import GUARD
from tests.characters.telling import NOW, count
from tests.pure.control_strings import CONTROL, HEADING

GOLDEN = Path(__file__).with_name("golden")
CASES = sorted(GOLDEN.glob("*.json"))
SHOWN = "[U+200B]"
"""What stands for the guard in the files: nobody sees a character without width."""


def scene_of(case: dict[str, Any]) -> Scene:
    players = [_player(name, card) for name, card in case["cards"].items()]
    people = [Listener(**one) for one in case.get("people", [{"name": "Mia"}])]
    asker = case.get("asker", people[0].name)
    own = {name for one in players for name in (one.name, one.card.called)}
    stage = dict(case.get("stage", {}))
    if "note" in stage:
        stage["note"] = Note(**stage["note"])
    return Scene(
        cast=players,
        speaker=case.get("speaker", players[0].id),
        count=count,
        limit=case.get("limit", 4_000),
        stage=Stage(**stage),
        asker=next(one for one in people if one.name == asker),
        others=[one for one in people if one.name != asker],
        talk=Talk([Line(name, text, name not in own) for name, text in case["said"]]),
        worlds=[(name, read(world)) for name, world in case.get("worlds", {}).items()],
        base=case.get("base", ""),
        seed="golden",
        now=NOW,
        named=case.get("named", False),
    )


def _player(name: str, document: dict[str, Any]) -> Player:
    card = read_card(json.dumps(document).encode()).card
    assert card
    return Player(name, card.name, card, book_of(card), 0)


def prompt_of(form: Format, scene: Scene, part: Part) -> str:
    """What an engine is sent."""
    turns = [_turn(scene, n, line) for n, line in enumerate(scene.talk.lines)]
    head = form.head(part.system) + "".join(map(form.script, part.examples))
    last = (Injection(part.last, depth=0),) if part.last else ()
    late = context.Late(injections=(*part.injections, *last))
    return context.fit(form, head, turns, State(), 100_000, keep=1, late=late, part=part).prompt


def _turn(scene: Scene, n: int, line: Line) -> Turn:
    if line.is_person:
        return Turn(str(n), n, "user", line.text, line.name if scene.named else "")
    ids = {name: one.id for one in scene.cast for name in (one.name, one.card.called)}
    return Turn(str(n), n, "assistant", line.text, line.name, character=ids[line.name])


@pytest.mark.parametrize("form", [CHATML, ALPACA], ids=lambda form: form.name)
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_prompt(path: Path, form: Format):
    scene = scene_of(json.loads(path.read_text("utf-8")))
    prompt = prompt_of(form, scene, compose(scene)).replace(GUARD, SHOWN)
    file = path.with_suffix(f".{form.name}.txt")
    if os.environ.get("REGENERATE"):
        file.write_text(prompt, "utf-8")
    assert prompt == file.read_text("utf-8")
    assert "Not told" not in prompt
    assert "NEVER" not in prompt


def test_no_markup_comes_from_a_card():
    scene = scene_of(json.loads((GOLDEN / "hostile.json").read_text("utf-8")))
    part = compose(scene)
    turns = 1 + sum(map(len, part.examples)) + len(part.injections) + 1 + len(scene.talk.lines)
    # Each turn opens and closes, and the reply is opened: there is nothing else.
    assert len(CONTROL.findall(prompt_of(CHATML, scene, part))) == 2 * turns + 1
    headings = HEADING.findall(prompt_of(ALPACA, scene, part))
    example = ["### Instruction:", "### Response:", "### Instruction:"]
    assert headings == [*example, "### Instruction:", "### Input:", "### Response:"]
    assert not CONTROL.findall(prompt_of(ALPACA, scene, part))
