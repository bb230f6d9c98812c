"""Every form is forgotten after a while, and tells what went wrong: both come from one base."""

from __future__ import annotations

import ast
from pathlib import Path

COGS = Path(__file__).resolve().parents[2] / "cogs"


def test_every_form_is_a_form_of_ours() -> None:
    modals = [
        (file.relative_to(COGS).as_posix(), node.name)
        for file in COGS.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith("Modal") for base in node.bases)
    ]
    assert modals == [("forms.py", "Form")]
