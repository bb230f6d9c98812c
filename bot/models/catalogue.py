"""All profiles, and how one is found."""

from __future__ import annotations

from bot.errors import SettingsError
from bot.models.generic import GENERIC
from bot.models.hermes_2 import HERMES_2_PRO_LLAMA_3_8B
from bot.models.profile import Profile
from bot.models.tiny import TINY

PROFILES: tuple[Profile, ...] = (HERMES_2_PRO_LLAMA_3_8B, TINY, GENERIC)


def named(name: str) -> Profile:
    """The profile with this name (in any case); a wrong name is a `SettingsError`."""
    for profile in PROFILES:
        if profile.name.casefold() == name.casefold():
            return profile
    known = ", ".join(profile.name for profile in PROFILES)
    raise SettingsError(f"MODEL: there is no profile {name!r}; known: {known}")


def recognise(model_id: str) -> Profile:
    """The profile of the model that an engine says it serves, else generic ChatML.

    The longest matching part wins, so that a size or version is preferred to its family.
    """
    wanted = model_id.casefold().replace("_", "-")
    found = [
        (len(part), profile)
        for profile in PROFILES
        for part in profile.matches
        if part.replace("_", "-") in wanted
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else GENERIC
