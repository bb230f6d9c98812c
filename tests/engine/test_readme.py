"""The example in the engines' README works as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import bot.engine
from bot.conversation.ports import End, EngineInfo
from tests.engine.reading import ask, read

README = Path(bot.engine.__file__).with_name("README.md")


async def test_the_example():
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)
    engine = found["EchoEngine"]("http://nowhere")
    assert await read(engine, ask("<|a|> a b STOP c", 9, stop=("STOP",))) == (
        "a b ",
        End("stop", generated_tokens=3),
    )
    assert await engine.describe() == EngineInfo("echo")


def test_every_file_is_listed():
    text = README.read_text()
    files = [path.name for path in README.parent.glob("*.py") if path.name != "__init__.py"]
    assert [name for name in files if f"`{name}`" not in text] == []
