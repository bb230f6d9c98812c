"""All profiles, and how one is found."""

from __future__ import annotations

import difflib
import re

from bot.errors import SettingsError
from bot.models.generic import (
    GENERIC,
    GENERIC_ALPACA,
    GENERIC_LLAMA3,
    GENERIC_VICUNA,
    GENERIC_ZEPHYR,
)
from bot.models.hermes_2 import HERMES_2_PRO_LLAMA_3_8B, HERMES_2_THETA_LLAMA_3_8B
from bot.models.hermes_3 import (
    HERMES_3_LLAMA_3_1_8B,
    HERMES_3_LLAMA_3_1_70B,
    HERMES_3_LLAMA_3_1_405B,
    HERMES_3_LLAMA_3_2_3B,
)
from bot.models.hermes_4 import HERMES_4_14B, HERMES_4_70B, HERMES_4_405B
from bot.models.nous_hermes_llama2 import NOUS_HERMES_LLAMA2_7B, NOUS_HERMES_LLAMA2_13B
from bot.models.openhermes_2 import OPENHERMES_2_MISTRAL_7B
from bot.models.profile import Profile
from bot.models.tiny import TINY

PROFILES: tuple[Profile, ...] = (
    HERMES_2_PRO_LLAMA_3_8B,
    HERMES_2_THETA_LLAMA_3_8B,
    OPENHERMES_2_MISTRAL_7B,
    HERMES_3_LLAMA_3_2_3B,
    HERMES_3_LLAMA_3_1_8B,
    HERMES_3_LLAMA_3_1_70B,
    HERMES_3_LLAMA_3_1_405B,
    HERMES_4_14B,
    HERMES_4_70B,
    HERMES_4_405B,
    NOUS_HERMES_LLAMA2_13B,
    NOUS_HERMES_LLAMA2_7B,
    TINY,
    GENERIC,
    GENERIC_LLAMA3,
    GENERIC_ALPACA,
    GENERIC_VICUNA,
    GENERIC_ZEPHYR,
)

_BY_NAME = {profile.name.casefold(): profile for profile in PROFILES}
_PATTERNS = tuple(
    (re.compile(rf"(?<![a-z0-9]){part}(?![a-z0-9])"), profile)
    for profile in PROFILES
    for part in profile.matches
)


def named(name: str, setting: str = "MODEL") -> Profile:
    """The profile with this name, in any case, or of this model id.

    A name that means nothing is a `SettingsError` of a `setting`, with those that are near.
    """
    exact = _BY_NAME.get(name.strip().casefold())
    if exact is not None:
        return exact
    meant = recognise(name)
    if meant is not GENERIC:
        return meant
    names = [profile.name for profile in PROFILES]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise SettingsError(
        f"{setting}: there is no profile {name!r}{hint} (known: {', '.join(names)})"
    )


def recognise(model_id: str) -> Profile:
    """The profile of the model that an engine says it serves, else generic ChatML.

    Takes ids of the Hub, of quantised copies and of llama.cpp, and file paths. The last part of a
    path counts first: folders may be named after anything. Case, and which of `-_.: ` divides
    words, do not matter.
    """
    for part in reversed(model_id.casefold().replace("\\", "/").split("/")):
        words = re.sub(r"[^a-z0-9]+", "-", part)
        for pattern, profile in _PATTERNS:
            if pattern.search(words):
                return profile
    return GENERIC
