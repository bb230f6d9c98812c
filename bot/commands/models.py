"""`python -m bot model list | show | env | download`: profiles, and getting what runs one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.commands import memory
from bot.commands.memory import Machine
from bot.errors import StartupError
from bot.models import catalogue, deploy, launch
from bot.models.profile import Profile
from bot.models.tiny import TINY

# GPUs that people have or rent, as (number, GiB each), for a machine that has none.
_COMMON = ((1, 12), (1, 16), (1, 24), (1, 48), (1, 80), (2, 80), (4, 80), (8, 80), (8, 141))

# The size of GGUF file that most people take; what `launch.fits_in_ram` reckons with.
_USUAL = "Q4_K_M"


def table(machine: Machine) -> str:
    """All profiles, and whether each fits the machine."""
    rows = [("MODEL", "SIZE", "CONTEXT", "FORMAT", "TOOLS", "JSON", "THINKS", "FITS HERE")]
    for profile in catalogue.PROFILES:
        if profile.is_generic:
            continue
        rows.append(
            (
                profile.name,
                _size(profile),
                f"{profile.context:,}",
                profile.format.name,
                profile.tools or "-",
                "yes" if profile.json_mode else "-",
                "yes" if profile.reasoning else "-",
                _fit(profile, machine),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", f"This machine: {machine}. What fits is estimated."])


def details(profile: Profile, machine: Machine) -> str:
    """One profile with the settings that start it."""
    tokens = profile.tokens
    facts = [
        ("size", _size(profile)),
        ("context", f"{profile.context:,} tokens"),
        ("format", profile.format.name),
        ("tools", profile.tools or "none: it was not trained on any"),
        ("JSON mode", "yes" if profile.json_mode else "no"),
        ("thinks in", " ".join(profile.reasoning) if profile.reasoning else ""),
        ("BOS", f"{tokens.bos} {tokens.bos_id or ''}".strip() or "none"),
        ("ends a turn", f"{tokens.eos} {', '.join(map(str, tokens.eos_ids))}".strip()),
        ("stops", " ".join(map(repr, profile.stop))),
        ("sampling", _sampling(profile)),
        ("persona", profile.persona),
        ("repository", profile.repository),
        *((copy.kind, " ".join((copy.repository, copy.file))) for copy in profile.quantised),
        ("note", profile.note),
        ("fits here", _fit(profile, machine)),
    ]
    width = max(len(name) for name, _ in facts)
    lines = [f"{name.ljust(width)}  {value}".rstrip() for name, value in facts if value]
    return "\n".join([profile.name, "", *lines, *_compose(profile, machine)])


def download(
    name: str, file: str | None, data_dir: Path, *, endpoint: str | None = None
) -> tuple[Profile, Path]:
    """Fetch a model's GGUF file into `data_dir`/models. Blocks.

    Without `file` it is the one that the profile names, else the usual 4-bit one. What stands in
    the way is a `StartupError`, an unknown name a `SettingsError`. `endpoint` is another Hub.
    """
    # Only who downloads pays for the Hub's client.
    from bot.engine import download as hub

    profile = catalogue.named(name, "NAME")
    copies = [copy for copy in profile.quantised if copy.kind == "gguf"]
    if not copies:
        raise StartupError(
            f"no GGUF files are known for {profile.name}; "
            f"docs/models.md says how TGI serves {profile.repository or 'it'}"
        )
    repository = copies[0].repository
    wanted = file or copies[0].file
    if not wanted:
        wanted = _usual(hub.gguf_files(repository, endpoint=endpoint), repository)
    return profile, hub.fetch(
        hub.HubFile(repository, wanted), data_dir / "models", endpoint=endpoint
    )


def _usual(files: Sequence[str], repository: str) -> str:
    found = [file for file in files if _USUAL.casefold() in file.casefold()]
    if len(found) == 1:
        return found[0]
    listed = "".join(f"\n  {file}" for file in files)
    raise StartupError(f"choose one of the files of {repository} with --file:{listed}")


def _size(profile: Profile) -> str:
    if profile is TINY:
        return "2M"
    return f"{profile.parameters / 1e9:.1f}B" if profile.parameters else "unknown"


def _fit(profile: Profile, machine: Machine) -> str:
    if profile is TINY:
        return "comes with the bot"
    gpu = launch.launch_on(profile, machine.gpus)
    if gpu is not None:
        kind = gpu.quantize or ("16 bit" if gpu.repository == profile.repository else "8 bit")
        return f"GPU, {kind}, {gpu.total_tokens:,} tokens"
    if launch.fits_in_ram(profile, machine.ram):
        return f"memory, as GGUF {_USUAL}"
    return f"no: GGUF {_USUAL} takes {launch.ram(profile) / launch.GIB:.0f} GiB"


def _sampling(profile: Profile) -> str:
    wanted = profile.sampling
    named = {
        "temperature": wanted.temperature,
        "top_p": wanted.top_p,
        "top_k": wanted.top_k,
        "repetition_penalty": wanted.repetition_penalty,
    }
    return ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)


def _compose(profile: Profile, machine: Machine) -> list[str]:
    """What to put into .env for docker compose: for this machine's GPUs, else for common ones."""
    here = launch.launch_on(profile, machine.gpus)
    if here is not None:
        return ["", "For docker compose, in .env:", "", *here.settings.splitlines()]
    found: list[str] = []
    for gpus, size in _COMMON:
        start = launch.launch(profile, size, gpus)
        if start is not None and start.settings not in found:
            found += ["", f"# {gpus} GPU(s) with {size} GiB", start.settings]
    return ["", "For docker compose, in .env:", *found] if found else []


def compose_file(profile: Profile) -> str:
    """The file of deploy/models for a profile; a `StartupError` if TGI does not serve it."""
    try:
        return deploy.file(profile)
    except ValueError as error:
        raise StartupError(str(error)) from None


def run(action: str | None, name: str, file: str | None, data_dir: Path) -> None:
    """Do what the command line asks for and print it."""
    if action == "download":
        profile, path = download(name, file, data_dir)
        print(f"{profile.name} is at {path}\nUse it: MODEL_FILE={path} make play")
    elif action == "env":
        print(compose_file(catalogue.named(name, "NAME")), end="")
    elif action == "show":
        print(details(catalogue.named(name, "NAME"), memory.look()))
    else:
        print(table(memory.look()))
