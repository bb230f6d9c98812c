"""Where a model can run on this machine, and what that takes. Pure.

Sizes are estimated from the number of weights; nothing was measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.commands.memory import Machine
from bot.errors import SettingsError
from bot.models import catalogue, deploy, launch
from bot.models.profile import Profile
from bot.models.tiny import TINY

Kind = Literal["gpu", "cpu", "embedded", "external"]

WORDS: dict[Kind, str] = {
    "gpu": "on this machine's GPU: Docker and Text Generation Inference",
    "cpu": "on this machine's CPU: Docker and llama.cpp",
    "embedded": "inside the bot itself, on the CPU: no Docker",
    "external": "on a server of yours: TGI, vLLM, SGLang, llama.cpp, LM Studio",
}

# Of GPUs that are large enough the largest model, else what docs/models.md recommends.
_FOR_GPUS = (
    "Hermes-3-Llama-3.1-405B",
    "Hermes-3-Llama-3.1-70B",
    "Hermes-2-Pro-Llama-3-8B",
    "Hermes-3-Llama-3.2-3B",
)
_FOR_CPU = "Hermes-3-Llama-3.2-3B"

# Docker's images, unpacked, in bytes.
_TGI_IMAGE, _LLAMA_IMAGE = 15e9, 0.5e9
_Q4 = 0.61


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to run a model.

    `changes` are the settings in `.env` (None: taken back), `download` and `images` bytes.
    `remark` is what its operator should know, "" for nothing.
    """

    kind: Kind
    title: str
    changes: dict[str, str | None] = field(default_factory=dict[str, str | None])
    download: float = 0
    images: float = 0
    remark: str = ""

    @property
    def in_docker(self) -> bool:
        """Whether the model runs in a container."""
        return self.kind in ("gpu", "cpu")


def proposed(machine: Machine, *, docker: bool) -> Kind:
    """Where the model should run, as far as the machine tells."""
    if docker and for_gpus(machine):
        return "gpu"
    if docker and launch.fits_in_ram(catalogue.named(_FOR_CPU), machine.ram):
        return "cpu"
    return "embedded"


def for_gpus(machine: Machine) -> list[Profile]:
    """The models that TGI can serve on the machine's GPUs, the proposed one first."""
    fitting = [
        profile
        for profile in catalogue.PROFILES
        if profile.parameters and launch.launch_on(profile, machine.gpus) is not None
    ]
    named = [catalogue.named(name) for name in _FOR_GPUS]
    # In 4 bit only where nothing else goes.
    good = [one for one in named if one in fitting and not _is_slow(one, machine)]
    first = next(iter(good or [one for one in named if one in fitting]), None)
    return sorted(fitting, key=lambda profile: profile is not first)


def for_ram(machine: Machine, *, embedded: bool) -> list[Profile]:
    """The models that llama.cpp can run in main memory, the proposed one first."""
    fitting = [
        profile
        for profile in catalogue.PROFILES
        if launch.fits_in_ram(profile, machine.ram)
        and (_hub_file(profile) if embedded else _gguf(profile))
    ]
    first = catalogue.named(_FOR_CPU)
    return [*sorted(fitting, key=lambda one: one is not first), *([TINY] if embedded else [])]


def plan(kind: Kind, machine: Machine, profile: Profile | None, url: str = "") -> Plan:
    """The settings that run a model; without a `profile` the proposed one.

    A model that does not run there is a `SettingsError`.
    """
    if kind == "external":
        model = profile.name if profile else None
        return Plan(kind, url, _changes(COMPOSE_PROFILES="none", ENGINE_URL=url, MODEL=model))
    builders: dict[str, Callable[[Machine, Profile | None], Plan]] = {
        "gpu": _gpu,
        "cpu": _cpu,
        "embedded": _embedded,
    }
    return builders[kind](machine, profile)


def _gpu(machine: Machine, profile: Profile | None) -> Plan:
    chosen = profile or next(iter(for_gpus(machine)), catalogue.named(_FOR_GPUS[2]))
    remark = ""
    here = launch.launch_on(chosen, machine.gpus)
    if here is not None:
        gpus, memory = len(machine.gpus), int(min(machine.gpus))
        start = here
    else:
        try:
            gpus, memory, start = deploy.usual(chosen)
        except ValueError as error:
            raise SettingsError(f"{error}; choose another model") from None
        has = "has no NVIDIA GPU" if not machine.gpus else f"has {machine}"
        remark = (
            f"this machine {has}: the settings are for {gpus} GPU(s) with {memory} GB each, "
            "which is the least that serves this model well"
        )
    changes = _changes(
        COMPOSE_PROFILES="gpu",
        TGI_MODEL_ID=start.repository,
        TGI_ARGS=deploy.arguments(chosen, gpus, memory, start),
    )
    # The repository has the weights in 16 bit, however they are loaded.
    size = 1.05 if start.repository.endswith("-FP8") else 2
    return Plan("gpu", chosen.name, changes, chosen.parameters * size, _TGI_IMAGE, remark)


def _cpu(machine: Machine, profile: Profile | None) -> Plan:
    chosen = profile or catalogue.named(_FOR_CPU)
    repository = _gguf(chosen)
    if not repository:
        raise SettingsError(f"no GGUF files are known for {chosen.name}: choose another model")
    changes = _changes(COMPOSE_PROFILES="cpu", LLAMA_HF_REPO=f"{repository}:Q4_K_M")
    remark = _too_large(chosen, machine)
    return Plan("cpu", chosen.name, changes, chosen.parameters * _Q4, _LLAMA_IMAGE, remark)


def _embedded(machine: Machine, profile: Profile | None) -> Plan:
    chosen = profile or next(iter(for_ram(machine, embedded=True)))
    if chosen is TINY:
        return Plan("embedded", chosen.name, _changes(COMPOSE_PROFILES="none"), remark=chosen.note)
    file = _hub_file(chosen)
    if not file:
        raise SettingsError(
            f"{chosen.name}: which of its files is not known; fetch one by "
            f"`python -m bot model download {chosen.name}` and set MODEL_FILE to it"
        )
    changes = _changes(COMPOSE_PROFILES="none", MODEL_FILE=file)
    remark = _too_large(chosen, machine)
    return Plan("embedded", chosen.name, changes, chosen.parameters * _Q4, remark=remark)


def _changes(**given: str | None) -> dict[str, str | None]:
    """Settings of one way; those of the others are taken back, since they would contradict."""
    return {"ENGINE_URL": None, "MODEL": None, "MODEL_FILE": None, **given}


def _is_slow(profile: Profile, machine: Machine) -> bool:
    start = launch.launch_on(profile, machine.gpus)
    return start is not None and start.quantize.startswith("bitsandbytes")


def _gguf(profile: Profile) -> str:
    return next((copy.repository for copy in profile.quantised if copy.kind == "gguf"), "")


def _hub_file(profile: Profile) -> str:
    found = (copy for copy in profile.quantised if copy.kind == "gguf" and copy.file)
    return next((f"hf:{copy.repository}/{copy.file}" for copy in found), "")


def _too_large(profile: Profile, machine: Machine) -> str:
    if launch.fits_in_ram(profile, machine.ram):
        return ""
    needed = launch.ram(profile) / launch.GIB
    return f"it takes about {needed:.0f} GiB of memory, and this machine has {machine.ram:.0f}"
