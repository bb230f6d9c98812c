"""What does not fit together between settings, profile and engine, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.conversation.ports import EngineInfo
from bot.models import catalogue
from bot.models.generic import GENERIC
from bot.models.profile import Profile


def of_model(
    profile: Profile, info: EngineInfo, *, chosen: bool, setting: str = "MODEL"
) -> Iterator[str]:
    """What contradicts itself; `chosen`: the profile comes from the `setting`."""
    served = catalogue.recognise(info.model)
    if chosen and served not in (GENERIC, profile):
        yield (
            f"{setting} is {profile.name}, but the engine serves {info.model}: the prompts will "
            f"not be what that model was trained on. Unset {setting}, or set it to {served.name}"
        )
    if not chosen and profile is GENERIC:
        yield (
            f"no profile is known for the model {info.model or '(the engine gives no name)'}: it "
            f"is spoken to in plain ChatML. Set {setting} if one of `python -m bot model list` fits"
        )


def of_context(profile: Profile, info: EngineInfo, *, wanted_reply: int, reply: int) -> str:
    """A sentence about a context that is not the model's, which may be meant; "" if it is."""
    served, trained = info.context, profile.context
    if not served or profile is GENERIC or served == trained:
        return ""
    if served > trained:
        return (
            f"the engine offers {served:,} tokens of context, but {profile.name} was trained on "
            f"{trained:,}: no more than those are used"
        )
    shorter = f", so a reply has {reply:,}, not {wanted_reply:,}" if reply < wanted_reply else ""
    return f"{profile.name} could read {trained:,} tokens, the engine gives it {served:,}{shorter}"


def of_bos(profile: Profile, ids: Sequence[int]) -> str:
    """What is wrong with the first tokens of a prompt; "" if nothing is, or nothing is known."""
    bos = profile.tokens.bos_id
    if bos is None:
        return ""
    count = 0
    while count < len(ids) and ids[count] == bos:
        count += 1
    if count == 1:
        return ""
    name = profile.tokens.bos
    if count:
        return (
            f"the engine puts {name} in front of a prompt {count} times; the model was trained "
            "with one. Look for two places in the tokenizer's files that add it"
        )
    return (
        f"the engine puts no {name} (id {bos}) in front of a prompt, as {profile.name} was "
        "trained with: its tokenizer's files are not that model's, or do not add it"
    )
