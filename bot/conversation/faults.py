"""What does not fit together between settings, profile and engine, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.conversation.ports import EngineInfo
from bot.language import later
from bot.models import catalogue
from bot.models.generic import GENERIC
from bot.models.profile import Profile


def of_model(
    profile: Profile, info: EngineInfo, *, chosen: bool, setting: str = "MODEL"
) -> Iterator[str]:
    """What contradicts itself; `chosen`: the profile comes from the `setting`."""
    if info.kind == "ollama":
        yield later(
            "the engine is Ollama, which writes a template of its own around every prompt: the "
            "model reads something that it was not trained on. Serve the model with llama.cpp "
            "instead (docs/models.md)"
        )
    served = catalogue.recognise(info.model)
    if chosen and served not in (GENERIC, profile):
        yield (
            later(
                "{setting} is {profile}, but the engine serves {model}: the prompts will "
                "not be what that model was trained on. Unset {setting}, or set it to {served}",
                setting=setting,
                profile=profile.name,
                model=info.model,
                served=served.name,
            )
        )
    if not chosen and profile is GENERIC:
        yield (
            later(
                "no profile is known for the model {model}: it is spoken to in plain ChatML. "
                "Set {setting} if one of `python -m bot model list` fits",
                model=info.model or later("(the engine gives no name)"),
                setting=setting,
            )
        )


def of_context(profile: Profile, info: EngineInfo, *, wanted_reply: int, reply: int) -> str:
    """A sentence about a context that is not the model's, which may be meant; "" if it is."""
    served, trained = info.context, profile.context
    if not served or profile.is_generic or served == trained:
        return ""
    if served > trained:
        return later(
            "the engine offers {served:,} tokens of context, but {profile} was trained on "
            "{trained:,}: no more than those are used",
            served=served,
            profile=profile.name,
            trained=trained,
        )
    if reply >= wanted_reply:
        return later(
            "{profile} could read {trained:,} tokens, the engine gives it {served:,}",
            profile=profile.name,
            trained=trained,
            served=served,
        )
    return later(
        "{profile} could read {trained:,} tokens, the engine gives it {served:,}, "
        "so a reply has {reply:,}, not {wanted:,}",
        profile=profile.name,
        trained=trained,
        served=served,
        reply=reply,
        wanted=wanted_reply,
    )


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
        return later(
            "the engine puts {name} in front of a prompt {count} times; the model was trained "
            "with one. Look for two places in the tokenizer's files that add it",
            name=name,
            count=count,
        )
    return later(
        "the engine puts no {name} (id {bos}) in front of a prompt, as {profile} was "
        "trained with: its tokenizer's files are not that model's, or do not add it",
        name=name,
        bos=bos,
        profile=profile.name,
    )
