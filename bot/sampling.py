"""How freely a model writes, in people's words: `temperature=0.7, top_p=0.9`. Pure.

The names are those that engines and model cards use. What is not named stays as the model's card,
or whoever is wider, has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "temperature": (0, 2),
        "top_p": (0.01, 1),
        "top_k": (1, 1000),
        "repetition_penalty": (0.5, 2),
    }
)
"""What can be set, and from where to where; `top_k` is a whole number."""

EXAMPLE = "temperature=0.7, top_p=0.9, top_k=40, repetition_penalty=1.1"
MEANT = (
    f"any of {EXAMPLE}, divided by commas: temperature from 0 to 2, top_p from 0.01 to 1, top_k "
    "from 1 to 1000, repetition_penalty from 0.5 to 2"
)
"""What a sampling may be, in words that follow "takes"."""

_PAIR = re.compile(r"([a-z_]+)\s*(?:[=:]\s*|\s)([0-9]+(?:\.[0-9]+)?|\.[0-9]+)", re.IGNORECASE)


def read(text: str) -> dict[str, float]:
    """Read what somebody wrote; a `ValueError` if it is none, names something twice or is empty."""
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[,;\n]", text))):
        pair = _PAIR.fullmatch(part)
        name = pair[1].lower() if pair else ""
        if pair is None or name in found:
            raise ValueError(f"takes {MEANT}")
        found[name] = _number(pair[2])
    if not fits(found):
        raise ValueError(f"takes {MEANT}")
    return found


def written(sampling: Mapping[str, float]) -> str:
    """A sampling as people write it, in the order of `BOUNDS`."""
    return ", ".join(f"{name}={sampling[name]:g}" for name in BOUNDS if name in sampling)


def fits(value: object) -> bool:
    """Whether a value is a sampling: something is set, and all of it is within its bounds."""
    if not isinstance(value, Mapping) or not value:
        return False
    return all(
        _is_within(name, number) for name, number in cast("Mapping[Any, Any]", value).items()
    )


def _is_within(name: object, number: object) -> bool:
    if name not in BOUNDS or isinstance(number, bool) or not isinstance(number, (int, float)):
        return False
    least, most = BOUNDS[cast(str, name)]
    return least <= number <= most and (name != "top_k" or number == int(number))


def _number(digits: str) -> float:
    return float(digits) if "." in digits else int(digits)
