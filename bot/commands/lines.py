"""Commands that answer JSON Lines: one object in, one object out, for as long as there are any."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, cast

from bot import json_input
from bot.errors import BadInput

Case = dict[str, Any]


def serve(lines: Iterable[bytes], out: BinaryIO, work: Callable[[Case], Case]) -> int:
    """Answer each line with one line, at once; return the exit code."""
    try:
        for line in lines:
            if line.strip():
                out.write(json.dumps(answer(line, work)).encode() + b"\n")
                out.flush()
    except BrokenPipeError:
        # Nobody reads on. Python would complain once more while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def answer(line: bytes, work: Callable[[Case], Case]) -> Case:
    """What the work makes of a line's object, or an `error`. An `id` is copied. Never fails."""
    named: Case = {}
    try:
        text = line.decode("utf-8-sig", "replace")
        case: object = json_input.loads(text, parse_constant=_refuse)
        if not isinstance(case, dict):
            raise BadInput("a line takes a JSON object")
        found = cast(Case, case)
        named = {"id": found["id"]} if "id" in found else {}
        return named | work(found)
    except BadInput as error:
        return named | {"error": error.text}
    except json_input.TooDeep:
        return {"error": "that is nested too deeply"}
    except ValueError as error:
        return named | {"error": f"not JSON: {error}"}


def _refuse(name: str) -> None:
    raise BadInput(f"not JSON: {name}")
