"""The files in deploy/models: all that docker compose needs to serve one model with TGI. Pure.

What stands in them follows from the profile and from `launch`; nothing was measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.models.launch import GIB, Launch, launch
from bot.models.profile import Profile

COMMON_GPUS = ((1, 8), (1, 12), (1, 16), (1, 24), (1, 48), (1, 80), (2, 80), (4, 80), (8, 80))
"""GPUs that people have or rent, as (number, GiB each)."""

_NAMES = {
    8: "RTX 3060 Ti, RTX 4060",
    12: "RTX 3060, RTX 4070",
    16: "RTX 4060 Ti 16 GB, RTX 4080",
    24: "RTX 3090, RTX 4090, A10, L4",
    48: "RTX A6000, RTX 6000 Ada, L40S",
    80: "A100 80 GB, H100",
}

# The rest of what TGI is told: how many requests it takes at once. Each may grow to the whole
# context; a quarter of it is what a lively channel has in use at a time.
_SHARE_IN_USE = 0.25
_LEAST_REQUESTS, _MOST_REQUESTS = 4, 128


def ways(profile: Profile) -> Iterator[tuple[int, int, Launch]]:
    """The GPUs (number, GiB each) that TGI serves a model on, in rising order.

    The first is the least that it takes; of the others, those with a better way to serve it.
    """
    last: tuple[str, str, int] | None = None
    for gpus, memory in COMMON_GPUS:
        start = launch(profile, memory, gpus)
        if start is None:
            continue
        way = (start.repository, start.quantize, start.total_tokens)
        if way != last:
            yield gpus, memory, start
        last = way


def usual(profile: Profile) -> tuple[int, int, Launch]:
    """The least GPUs that serve a model well: not in 4 bit, which is slow and worse, if possible.

    Raises `ValueError` for a model that TGI does not serve.
    """
    found = list(ways(profile))
    if not found:
        raise ValueError(f"TGI does not serve {profile.name}")
    good = [way for way in found if not way[2].quantize.startswith("bitsandbytes")]
    full = [way for way in good if not way[2].quantize]
    # 24 GB and less are what people have: there the whole weights are worth it.
    return next((way for way in full if way[1] <= 24 or way[0] > 1), (good or found)[0])


def arguments(profile: Profile, gpus: int, memory: int, start: Launch) -> str:
    """TGI_ARGS with the limit of requests that the memory left for conversations allows."""
    return f"{start.arguments} --max-concurrent-requests {requests(profile, gpus, memory, start)}"


def requests(profile: Profile, gpus: int, memory: int, start: Launch) -> int:
    """How many requests TGI takes at once; more are asked to wait by the bot, in a fair line."""
    room = gpus * (memory * GIB * 0.9 - 1.5 * GIB) - start.memory
    each = start.total_tokens * profile.kv_bytes * _SHARE_IN_USE
    return max(_LEAST_REQUESTS, min(int(room / each), _MOST_REQUESTS))


def file(profile: Profile) -> str:
    """The text of deploy/models/<name>.env."""
    gpus, memory, start = usual(profile)
    lines = [
        f"# {profile.name}, served by Text Generation Inference.",
        "#",
        f"#   docker compose --env-file .env --env-file deploy/models/{profile.name}.env up -d",
        "#",
        "# What it takes is estimated from the weights and what conversations occupy; nothing was",
        "# measured. `make doctor` says what the engine really offers. This file is the output of",
        f"# `python -m bot model env {profile.name}`.",
        "#",
        f"# {_facts(profile)}",
        f"# Set for {_gpus(gpus, memory)}: {_weights(start)}.",
    ]
    if gpus > 1:
        lines += [
            "# Several GPUs need more shared memory: add -f deploy/gpus.yml (docs/hosting.md)."
        ]
    lines += [
        "",
        "COMPOSE_PROFILES=gpu",
        f"MODEL={profile.name}",
        f"TGI_MODEL_ID={start.repository}",
        f"TGI_ARGS={arguments(profile, gpus, memory, start)}",
    ]
    for other_gpus, other_memory, other in ways(profile):
        if (other_gpus, other_memory) != (gpus, memory):
            lines += [
                "",
                f"# {_gpus(other_gpus, other_memory)}: {_weights(other)}.",
                f"#TGI_MODEL_ID={other.repository}",
                f"#TGI_ARGS={arguments(profile, other_gpus, other_memory, other)}",
            ]
    return "\n".join([*lines, ""])


def _facts(profile: Profile) -> str:
    talk = profile.context * profile.kv_bytes / GIB
    return (
        f"{profile.parameters / 1e9:.0f} billion weights; trained on {profile.context:,} tokens, "
        f"which take {talk:.1f} GiB."
    )


def _gpus(number: int, memory: int) -> str:
    return f"{number} GPU{'s' if number > 1 else ''} with {memory} GB ({_NAMES[memory]})"


def _weights(start: Launch) -> str:
    kinds = {"": "", "eetq": " in 8 bit", "bitsandbytes-nf4": " in 4 bit, slow"}
    kind = " in 8 bit (FP8)" if start.repository.endswith("-FP8") else kinds[start.quantize]
    return f"{start.memory / GIB:.0f} GiB of weights{kind}"
