"""Buttons, menus and forms keep Discord's lengths in every language."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from bot.language import LANGUAGES, speaking, tr
from scripts.catalogues import ROOT

# Discord's reference, "Components": what a text may have where it is given by that name. What is
# cut where it is shown, or given otherwise, is not found here.
MOST = {"label": 45, "placeholder": 100, "title": 45, "description": 100}
BUTTON = 80
SAID = ("tr", "later")


def shown() -> Iterator[tuple[str, str, int]]:
    """Where a text is shown that may only be short, the text, and how long it may be."""
    for path in sorted(ROOT.glob("cogs/**/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = dict(_constants(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                for name, given, most in _short(node):
                    if (text := _said(given, constants)) is not None:
                        yield f"{where} {name}", text, most


def _short(call: ast.Call) -> Iterator[tuple[str, ast.expr, int]]:
    button = _name(call.func).endswith(("Button", "button", "Option"))
    for keyword in call.keywords:
        if keyword.arg in MOST:
            yield keyword.arg, keyword.value, BUTTON if button else MOST[keyword.arg]
    if button and call.args:
        yield "label", call.args[0], BUTTON


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = _said(node.value, {})
            if text is not None:
                yield node.targets[0].id, text


def _said(node: ast.expr, constants: dict[str, str]) -> str | None:
    """The English of `tr("…")`, `later("…")` and `tr(_CONSTANT)`."""
    if isinstance(node, ast.Call) and _name(node.func) in SAID and len(node.args) == 1:
        match node.args[0]:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name):
                return constants.get(name)
    return None


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def test_the_code_has_such_places() -> None:
    places = list(shown())
    assert len(places) > 40
    assert any(most == BUTTON for _, _, most in places)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_may_only_be_short_is(language) -> None:
    with speaking(language):
        long = [(where, said) for where, text, most in shown() if len(said := tr(text)) > most]
    assert not long
