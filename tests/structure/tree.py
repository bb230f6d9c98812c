"""What the tests of the project's structure look at: its files, its modules, their imports."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What .gitignore leaves out, so that a copy without git is judged like a clone.
_NOT_OURS = {".git", ".venv", ".venv-train", "__pycache__", "dist", "build"}
_CACHES = ("_cache", ".egg-info")


def text_files() -> Iterator[Path]:
    """Every text file of the project."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in _NOT_OURS
            and not name.startswith((".venv-", ".hypothesis"))
            and not name.endswith(_CACHES)
            and Path(folder, name) != ROOT / "data"
        ]
        for name in files:
            path = Path(folder, name)
            if name != ".env" and b"\0" not in path.read_bytes()[:8192]:
                yield path


def modules(*rooms: str) -> dict[str, Path]:
    """The modules below the given folders, by dotted name; a package has its folder's name."""
    found: dict[str, Path] = {}
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(source: str, module: str) -> set[str]:
    """Every module that this source imports, wherever the statement stands.

    `from bot import tools` may mean the module `bot.tools`, so it counts as both.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".")[: -node.level]
                base = ".".join([*above, base] if base else above)
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def within(name: str, *rooms: str) -> bool:
    """Whether a module is one of the rooms or lies in one."""
    return any(name == room or name.startswith(f"{room}.") for room in rooms)
