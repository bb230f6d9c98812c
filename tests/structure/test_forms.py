"""Every form is forgotten after a while: Discord never tells that one was closed."""

from __future__ import annotations

import ast
from pathlib import Path

COGS = Path(__file__).resolve().parents[2] / "cogs"


def test_every_form_has_a_timeout() -> None:
    forms = [
        (file.name, node)
        for file in COGS.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith("ui.Modal") for base in node.bases)
    ]
    assert len(forms) > 5
    endless = [
        f"{file}: {form.name}"
        for file, form in forms
        if "timeout=" not in ast.unparse(form) and not _only_a_base(form)
    ]
    assert not endless


def _only_a_base(form: ast.ClassDef) -> bool:
    return not any(
        isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in form.body
    )
