"""A real prompt with what each part of it is, told by what it was made of; and a page of that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from bot.characters.compose import lore_of
from bot.characters.examples import BEGINNING, END
from bot.characters.part import Part
from bot.characters.playing import Scene
from bot.characters.policy import PROTECTION

Kind = Literal[
    "instruction",
    "cards",
    "scenario",
    "lore",
    "called",
    "personas",
    "rules",
    "safety",
    "examples",
    "history",
    "note",
    "mood",
    "last",
]

LABELS: dict[Kind, tuple[str, str]] = {
    "instruction": ("System prompt", "/system, or the default"),
    "cards": ("Cards", "description, personality"),
    "scenario": ("Scenario", "/scene scenario, else the cards'"),
    "lore": ("Constant lore", "always told"),
    "called": ("Lore that was called", "by what was said"),
    "personas": ("Personas", "/persona"),
    "rules": ("Rules", "for whom it must not speak"),
    "safety": ("Safety", "always there; /safety"),
    "examples": ("Examples", "the card's mes_example"),
    "history": ("Conversation", "with narrator, dice and /as"),
    "note": ("Author's note", "/note"),
    "mood": ("Mood", "/scene mood"),
    "last": ("Last word", "last instructions, and who speaks"),
}
"""What the parts are called, and where they come from."""

_COLOURS: dict[Kind, str] = {
    "instruction": "#d7e3fc",
    "cards": "#ffe5b4",
    "scenario": "#fff3a3",
    "lore": "#cdeac0",
    "called": "#b2dfa0",
    "personas": "#f9d5e5",
    "rules": "#e2e2e2",
    "safety": "#cfd8dc",
    "examples": "#e6d5f7",
    "history": "#ffffff",
    "note": "#ffc9b9",
    "mood": "#c8f0ee",
    "last": "#ffadad",
}

_TURN = re.compile(r"<\|im_start\|>(\w+)\n.*?(?:<\|im_end\|>\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a prompt, exactly as it stands there."""

    kind: Kind
    text: str


def pieces(prompt: str, scene: Scene, part: Part) -> list[Piece]:
    """A ChatML prompt in pieces; put together they are the prompt again."""
    turns = [found[0] for found in _TURN.finditer(prompt)]
    found = [*_head(turns[0], scene)]
    example = False
    for turn in turns[1:]:
        example = example or _is_in(BEGINNING.partition("{name}")[0], turn)
        kind: Kind = "examples" if example else _kind(turn, scene, part)
        example = example and not _is_in(END, turn)
        found.append(Piece(kind, turn))
    return _joined(found)


def page(found: Sequence[Piece], scene: Scene) -> str:
    """The pieces as a page: the prompt on the left, what each piece is on the right."""
    rows = "\n".join(_row(piece, scene) for piece in found)
    total = sum(scene.count(piece.text) for piece in found)
    return _PAGE.format(rows=rows, total=total)


def _head(turn: str, scene: Scene) -> Iterator[Piece]:
    """The system turn by paragraphs."""
    lore = [one.text for one in lore_of(scene).told if one.steady]
    names = [f"[{one.name}]" for one in scene.cast]
    kind: Kind = "instruction"
    for paragraph in re.findall(r".+?(?:\n\n|\Z)", turn, re.DOTALL):
        text = paragraph.strip()
        if text in names:
            kind = "cards"
        elif text.startswith("Scenario: "):
            kind = "scenario"
        elif any(text == one for one in lore):
            kind = "lore"
        elif text.startswith("About "):
            kind = "personas"
        elif text.startswith(PROTECTION):
            kind = "safety"
        elif kind == "personas":
            kind = "rules"
        yield Piece(kind, paragraph)


def _kind(turn: str, scene: Scene, part: Part) -> Kind:
    """What a turn behind the examples is."""
    told = [one.text for one in lore_of(scene).told if not one.steady]
    # The last turn is only the beginning of the reply.
    if (part.last and _is_in(part.last, turn)) or not turn.endswith("<|im_end|>\n"):
        return "last"
    if any(_is_in(text, turn) for text in told):
        return "called"
    if scene.stage.note and _is_in(scene.stage.note.text, turn):
        return "note"
    if scene.stage.mood and _is_in(f"[Mood of the scene: {scene.stage.mood}]", turn):
        return "mood"
    return "history"


def _is_in(text: str, turn: str) -> bool:
    return turn.removeprefix("<|im_start|>system\n").startswith(text)


def _joined(found: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece."""
    made: list[Piece] = []
    for piece in found:
        if made and made[-1].kind == piece.kind:
            made[-1] = Piece(piece.kind, made[-1].text + piece.text)
        else:
            made.append(piece)
    return made


def _row(piece: Piece, scene: Scene) -> str:
    name, about = LABELS[piece.kind]
    text = re.sub(
        r"(&lt;\|\w+\|&gt;\w*)", r"<i>\1</i>", escape(piece.text.strip("\n"), quote=False)
    )
    return (
        f'<div class="row" style="--colour: {_COLOURS[piece.kind]}"><pre>{text}</pre>'
        f"<aside><b>{name}</b><span>{about}</span>"
        f"<span>about {scene.count(piece.text)} tokens</span></aside></div>"
    )


_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A prompt</title>
<style>
 body {{ margin: 0; padding: 16px; width: 900px; background: #fff; color: #222;
  font: 13px/1.4 system-ui, sans-serif; }}
 .row {{ display: flex; gap: 12px; margin-bottom: 4px; }}
 pre {{ flex: 1; margin: 0; padding: 5px 10px; white-space: pre-wrap; overflow-wrap: anywhere;
  background: var(--colour); border: 1px solid #0002; border-left: 5px solid #0003;
  font: 11.5px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }}
 pre i {{ color: #0007; font-style: normal; }}
 aside {{ flex: none; width: 200px; padding-top: 4px; display: flex; flex-direction: column; }}
 aside span {{ color: #666; font-size: 11.5px; }}
 p {{ margin: 10px 0 0; color: #666; }}
</style>
<main>
{rows}
<p>About {total} tokens. The reply goes on behind the last line.</p>
</main>
</html>
"""
