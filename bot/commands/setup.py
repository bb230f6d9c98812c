"""`python -m bot setup`: from nothing to a `.env` that works. See docs/hosting.md."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bot import settings
from bot.commands import dotenv, memory, proposal, token
from bot.commands.proposal import WORDS, Kind, Plan
from bot.commands.terminal import Terminal, is_there
from bot.conversation import faults
from bot.engine.connect import connect, parse
from bot.engine.limits import Limits
from bot.errors import EngineError, SettingsError, StartupError, shown
from bot.models import catalogue
from bot.models.profile import Profile

_DOCKER_FILES = Path("/var/lib/docker")
_EXAMPLE = Path(".env.example")
_ENGINES = ("gpu", "cpu", "none")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

# Beside the model: logs, conversations, and what a download takes while it is unpacked.
_SPARE_DISK = 2e9


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the command: its options, who is asked, and what was set before."""

    options: argparse.Namespace
    terminal: Terminal
    text: str
    before: Mapping[str, str]
    docker: bool


def set_up(options: argparse.Namespace) -> int:
    """Lead through the set-up and write the file; returns the exit code.

    Until the very end nothing is written. A `SettingsError` or `StartupError` says what is wrong.
    """
    try:
        return _set_up(options)
    except (KeyboardInterrupt, EOFError):
        print("\nStopped. Nothing was changed.", file=sys.stderr)
        return 130


def _set_up(options: argparse.Namespace) -> int:
    _check_place(options.env)
    terminal = Terminal(asks=not options.yes and is_there())
    if not terminal.asks and not options.yes:
        raise SettingsError("this is no terminal, so nobody can be asked: give --yes")
    _check_options(options)
    text = dotenv.read(options.env)
    run = _Run(options, terminal, text, dotenv.values(text), _docker())
    changes: dict[str, str | None] = dict(token.obtain(terminal, options.token_file, run.before))
    terminal.say("\n3. The model")
    plan = _plan(run)
    _say_plan(run, plan)
    wanted = {**plan.changes, **_compose_files(plan, run.before)}
    wanted["COMPOSE_PROFILES"] = _profiles(plan, run.before)
    changes.update(_only_what_differs(run.before, wanted))
    if not terminal.agree(f"\nWrite this to {options.env}?"):
        terminal.say("Nothing was changed.")
        return 0
    _write(run, changes)
    terminal.say(f"\nNext:  {_next(run, plan)}")
    return 0


def _check_place(env: Path) -> None:
    """Say at once, not after ten questions, that the file cannot be written."""
    folder = env.resolve().parent
    if env.is_dir():
        raise StartupError(f"{env} is a folder; --env takes the name of a file")
    if not folder.is_dir():
        raise StartupError(f"{folder} is no folder; make it first, or choose another with --env")
    if not os.access(folder, os.W_OK):
        raise StartupError(f"{folder} cannot be written; choose another place with --env FILE")


def _check_options(options: argparse.Namespace) -> None:
    if options.model:
        catalogue.named(options.model, "--model")
    if options.engine:
        _meant(options.engine)


def _docker() -> bool:
    """Whether Docker and its Compose are there."""
    program = shutil.which("docker")
    if program is None:
        return False
    try:
        asked = subprocess.run([program, "compose", "version"], capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return False
    return asked.returncode == 0


# ---------------------------------------------------------------------- the model


def _plan(run: _Run) -> Plan:
    machine = memory.look()
    profile = catalogue.named(run.options.model, "--model") if run.options.model else None
    run.terminal.say(f"  This machine: {machine}; Docker is {'' if run.docker else 'not '}there.")
    kind, url = _where(run, machine)
    if kind == "external":
        _say_engine(run, url)
    elif profile is None:
        profile = _choose_model(run, kind, machine)
    return proposal.plan(kind, machine, profile, url)


def _where(run: _Run, machine: memory.Machine) -> tuple[Kind, str]:
    if run.options.engine is not None:
        return _meant(run.options.engine)
    best = proposal.proposed(machine, docker=run.docker)
    kinds = list(WORDS)
    if run.terminal.asks:
        run.terminal.say("\nWhere does the model run?")
    options = [WORDS[kind] + (" (proposed)" if kind == best else "") for kind in kinds]
    kind = kinds[run.terminal.choose("Number", options, kinds.index(best))]
    while kind == "external":
        try:
            return kind, _meant(run.terminal.ask("Its address, http://host:port"))[1]
        except SettingsError as error:
            run.terminal.say(f"  {str(error).removeprefix('--engine: ')}.")
    return kind, ""


def _meant(where: str) -> tuple[Kind, str]:
    """What `--engine` says: one of the ways by name, or the address of a server."""
    if where in ("gpu", "cpu", "embedded"):
        return cast("Kind", where), ""
    try:
        parse(where, "--engine")
    except SettingsError:
        raise SettingsError(
            "--engine: takes gpu, cpu, embedded, or an address: tgi+http://host:port, "
            f"openai+http://host:port/v1, http://host:port; not {shown(where)}"
        ) from None
    return "external", where


def _choose_model(run: _Run, kind: Kind, machine: memory.Machine) -> Profile | None:
    if kind == "gpu":
        fitting = proposal.for_gpus(machine)
    else:
        fitting = proposal.for_ram(machine, embedded=kind == "embedded")
    if len(fitting) < 2 or not run.terminal.asks:
        return next(iter(fitting), None)
    run.terminal.say("\nWhich model? These fit, as far as can be estimated (docs/models.md):")
    return fitting[run.terminal.choose("Number", [profile.name for profile in fitting])]


def _say_engine(run: _Run, url: str) -> None:
    """Ask the server what it serves; one that does not answer is said, and no obstacle."""
    key = os.environ.get("ENGINE_API_KEY") or run.before.get("ENGINE_API_KEY") or None
    try:
        said = asyncio.run(_described(url, key))
    except EngineError as error:
        said = f"it does not answer just now ({error.text.split('.')[0].lower()})"
    run.terminal.say(f"{url}: {said}.")
    if run.docker and _is_loopback(url):
        run.terminal.say(
            "Mind: inside of a container that address is the container itself. With Docker, give "
            "http://host.docker.internal and its port instead (docs/hosting.md)."
        )


async def _described(url: str, key: str | None) -> str:
    engine = await connect(url, data_dir=Path(), api_key=key, limits=Limits())
    try:
        info = await asyncio.wait_for(engine.describe(), 15)
    except TimeoutError:
        raise EngineError("No answer in 15 s.") from None
    finally:
        await engine.aclose()
    profile = catalogue.recognise(info.model)
    said = f"{info.kind} serves {info.model or 'a model'}, spoken to as {profile.name}"
    return ". Mind: ".join([said, *faults.of_model(profile, info, chosen=False)])


def _say_plan(run: _Run, plan: Plan) -> None:
    say = run.terminal.say
    say(f"\nModel: {plan.title}, {WORDS[plan.kind]}.")
    if plan.remark:
        say(f"Mind: {plan.remark}.")
    if plan.in_docker and not run.docker:
        say("Mind: Docker with Compose is needed for that, and it is not on this machine yet.")
    if not plan.download:
        return
    where = _DOCKER_FILES if plan.in_docker and _DOCKER_FILES.is_dir() else Path()
    needed = plan.download + plan.images + _SPARE_DISK
    free = shutil.disk_usage(where).free
    images = f" and {plan.images / 1e9:.1f} GB of images" if plan.images else ""
    say(
        f"Download: about {plan.download / 1e9:.1f} GB{images}, once; "
        f"{free / 1e9:.0f} GB are free in {where.resolve()}."
    )
    if free < needed:
        say(f"Mind: that is too little, about {needed / 1e9:.0f} GB are needed. Make room first.")


# ---------------------------------------------------------------------- the file


def _only_what_differs(
    before: Mapping[str, str], wanted: Mapping[str, str | None]
) -> dict[str, str | None]:
    """What changes; a setting that is empty already need not be taken back."""
    return {name: value for name, value in wanted.items() if before.get(name, "") != (value or "")}


def _write(run: _Run, changes: Mapping[str, str | None]) -> None:
    text = run.text
    if not text and _EXAMPLE.is_file():
        text = dotenv.read(_EXAMPLE)
    env: Path = run.options.env
    new = dotenv.edited(text, changes)
    kept = dotenv.write(env, new) if new != run.text else None
    run.terminal.say(f"{env} is written, for your eyes only.")
    if kept:
        run.terminal.say(f"What it was before is in {kept.name}.")
    changed = ", ".join(sorted(changes))
    if changed:
        run.terminal.say(f"Set or taken back: {changed}. All other lines are as they were.")
    try:
        settings.load({}, env)
    except SettingsError as error:
        run.terminal.say(f"Mind: the bot will refuse another line of it: {error}")


def _next(run: _Run, plan: Plan) -> str:
    env: Path = run.options.env
    is_usual = env.resolve() == Path(settings.DOTENV).resolve()
    if plan.in_docker or (plan.kind == "external" and run.docker and not _is_loopback(plan.title)):
        return f"docker compose {'' if is_usual else f'--env-file {env} '}up -d"
    return "make run" if is_usual else f"make run, with {env} as .env (systemd: docs/hosting.md)"


def _compose_files(plan: Plan, before: Mapping[str, str]) -> dict[str, str | None]:
    """COMPOSE_FILE with the overlays that a plan needs: so every command of Compose has them."""
    present = before.get("COMPOSE_FILE") or "docker-compose.yml"
    wanted = [f"deploy/{name}.yml" for name in _overlays(plan)]
    files = [*present.split(os.pathsep), *(file for file in wanted if file not in present)]
    return {"COMPOSE_FILE": os.pathsep.join(files)} if wanted else {}


def _profiles(plan: Plan, before: Mapping[str, str]) -> str:
    """The engine's profile for Compose, with those that are about something else."""
    present = [name.strip() for name in before.get("COMPOSE_PROFILES", "").split(",")]
    others = [name for name in present if name and name not in _ENGINES]
    return ",".join([plan.changes["COMPOSE_PROFILES"] or "none", *others])


def _overlays(plan: Plan) -> list[str]:
    names: list[str] = []
    if "--num-shard" in (plan.changes.get("TGI_ARGS") or ""):
        names.append("gpus")
    if plan.kind == "external" and "//host.docker.internal" in plan.title:
        names.append("host-engine")
    return names


def _is_loopback(url: str) -> bool:
    return url.partition("://")[2].startswith(_LOOPBACK)
