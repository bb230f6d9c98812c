"""`python -m bot setup` as a new operator meets it: a terminal, a Discord, a folder."""

from __future__ import annotations

import asyncio
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import load
from tests.stand_ins.discord import DiscordStandIn
from tests.stand_ins.openai import OpenAIStandIn
from tests.stand_ins.tgi import TgiStandIn
from tests.structure.tree import ROOT
from tests.wire.conftest import House
from tests.wire.processes import TOKEN, environment
from tests.wire.terminal import Person

INVITATION = "https://discord.com/oauth2/authorize?client_id="


@pytest.fixture
async def discord() -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn(token=TOKEN) as stand_in:
        yield stand_in


@pytest.fixture
async def tgi() -> AsyncIterator[TgiStandIn]:
    async with TgiStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where somebody has unpacked the project: only the example of the settings is there."""
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text("utf-8"), "utf-8")
    (tmp_path / "token").write_text(f"Bot {TOKEN}\n", "utf-8")
    return tmp_path


def names(folder: Path, pattern: str) -> list[str]:
    """The files of a folder."""
    return sorted(path.name for path in folder.glob(pattern))


async def setup(folder: Path, *options: str, **settings: str) -> tuple[int, str]:
    """Run it where nobody can be asked; the exit code and all that it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "setup", *options),
        env=environment(**settings) | {"PATH": str(folder / "bin")},
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(30):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


def machine_with(folder: Path, *, gpus: tuple[int, ...] = (), docker: bool = False) -> None:
    """Programs that are there: `nvidia-smi` that tells of GPUs (MiB each), and Docker."""
    programs = folder / "bin"
    programs.mkdir()
    lines = {"nvidia-smi": "".join(f"echo {size}\n" for size in gpus), "docker": "exit 0\n"}
    for name, wanted in (("nvidia-smi", bool(gpus)), ("docker", docker)):
        if wanted:
            program = programs / name
            program.write_text(f"#!/bin/sh\n{lines[name]}", "utf-8")
            program.chmod(0o755)


async def test_a_gpu_and_docker_without_any_question(folder: Path, discord: DiscordStandIn) -> None:
    machine_with(folder, gpus=(24_564,), docker=True)
    code, said = await setup(folder, "--yes", "--token-file", "token", DISCORD_API_URL=discord.api)
    assert code == 0, said
    assert f"{INVITATION}{discord.world.application_id}" in said
    assert "Manage Webhooks" in said
    assert "Message Content Intent is on" in said
    assert "1 NVIDIA GPU(s) with 24 GiB" in said
    assert "Download: about 16.1 GB" in said
    assert said.rstrip().endswith("Next:  docker compose up -d")
    assert TOKEN not in said
    text = (folder / ".env").read_text("utf-8")
    assert f"\nDISCORD_TOKEN={TOKEN}\n" in text
    assert "\nCOMPOSE_PROFILES=gpu\n" in text
    assert "\nTGI_MODEL_ID=NousResearch/Hermes-2-Pro-Llama-3-8B\n" in text
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert load({}, folder / ".env").discord_token is not None
    # Every line of the example stands there still, in its order.
    example = (folder / ".env.example").read_text("utf-8").splitlines()
    kept = [line for line in text.splitlines() if line in example]
    assert len([line for line in example if line not in kept]) <= 1
    assert not names(folder, ".env.backup*")
    assert not names(folder, "*.new")


async def test_several_gpus_need_more_shared_memory_in_every_command(
    folder: Path, discord: DiscordStandIn
) -> None:
    machine_with(folder, gpus=(81_559, 81_559), docker=True)
    (folder / ".env").write_text(
        "COMPOSE_FILE=docker-compose.yml:mine.yml\nCOMPOSE_PROFILES=cpu, monitoring\n", "utf-8"
    )
    code, said = await setup(folder, "--yes", "--token-file", "token", DISCORD_API_URL=discord.api)
    assert code == 0, said
    assert said.rstrip().endswith("Next:  docker compose up -d")
    text = (folder / ".env").read_text("utf-8")
    assert text.startswith("COMPOSE_FILE=docker-compose.yml:mine.yml:deploy/gpus.yml\n")
    assert "--num-shard 2" in text
    assert "\nCOMPOSE_PROFILES=gpu,monitoring\n" in text


async def test_a_server_on_this_machine_is_reached_from_a_container(
    folder: Path, discord: DiscordStandIn
) -> None:
    machine_with(folder, docker=True)
    host = "openai+http://host.docker.internal:9/v1"
    options = ("--yes", "--token-file", "token", "--engine", host)
    code, said = await setup(folder, *options, DISCORD_API_URL=discord.api)
    assert code == 0, said
    assert "it does not answer just now" in said
    text = (folder / ".env").read_text("utf-8")
    assert "\nCOMPOSE_FILE=docker-compose.yml:deploy/host-engine.yml\n" in text
    options = ("--yes", "--engine", "openai+http://127.0.0.1:9/v1")
    code, said = await setup(folder, *options, DISCORD_API_URL=discord.api)
    assert code == 0, said
    assert "inside of a container that address is the container itself" in said
    assert said.rstrip().endswith("Next:  make run")


async def test_without_docker_the_bot_runs_by_itself(folder: Path, discord: DiscordStandIn) -> None:
    code, said = await setup(folder, "--yes", DISCORD_API_URL=discord.api, DISCORD_TOKEN=TOKEN)
    assert code == 0, said
    assert "no NVIDIA GPU; Docker is not there" in said
    assert said.rstrip().endswith("Next:  make run")
    settings = load({}, folder / ".env")
    assert settings.engine_url is None
    assert settings.model_file is None or settings.model_file.startswith("hf:")


async def test_a_server_that_does_not_fit_is_said_at_once(
    folder: Path, discord: DiscordStandIn
) -> None:
    models = [{"id": "hermes3:8b", "owned_by": "library"}]
    async with OpenAIStandIn(models=models, front="Ollama is running") as server:
        options = ("--yes", "--token-file", "token", "--engine", f"openai+{server.url}")
        code, said = await setup(folder, *options, DISCORD_API_URL=discord.api)
    assert code == 0, said
    assert "ollama serves hermes3:8b" in said
    assert "Mind: the engine is Ollama" in said


async def test_a_server_of_ones_own_is_asked_what_it_serves(
    folder: Path, discord: DiscordStandIn, tgi: TgiStandIn
) -> None:
    address = f"tgi+{tgi.url}"
    options = ("--yes", "--token-file", "token", "--engine", address)
    code, said = await setup(folder, *options, DISCORD_API_URL=discord.api)
    assert code == 0, said
    assert "tgi serves NousResearch/Hermes-2-Pro-Llama-3-8B" in said
    assert load({}, folder / ".env").engine_url == address
    assert "\nCOMPOSE_PROFILES=none\n" in (folder / ".env").read_text("utf-8")


async def test_from_nothing_to_an_answer(empty_house: House) -> None:
    house = empty_house
    (house.directory / "token").write_text(TOKEN, "utf-8")
    options = ("--yes", "--token-file", "token", "--engine", f"tgi+{house.engine.url}")
    code, said = await setup(house.directory, *options, DISCORD_API_URL=house.api)
    assert code == 0, said
    # Now nothing but the file tells the bot who it is, and what answers.
    await house.start_bot(DISCORD_TOKEN="", ENGINE_URL="")
    await house.say_and_hear("Hello", "Hello, and welcome!")


async def test_an_existing_file_keeps_what_is_not_asked_about(
    folder: Path, discord: DiscordStandIn
) -> None:
    machine_with(folder, docker=True)
    before = (
        "# mine\r\nHISTORY_DAYS=7\r\nexport DISCORD_TOKEN=old.old.old\r\n\r\n"
        "ENGINE_URL=http://gone:80\r\nTOOLS_ON='weather, time'\r\n"
    )
    (folder / ".env").write_bytes(before.encode())
    options = ("--yes", "--token-file", "token", "--engine", "cpu")
    code, said = await setup(folder, *options, DISCORD_API_URL=discord.api)
    assert code == 0, said
    assert (folder / ".env").read_bytes().decode() == (
        f"# mine\r\nHISTORY_DAYS=7\r\nexport DISCORD_TOKEN={TOKEN}\r\n\r\n"
        "#ENGINE_URL=http://gone:80\r\nTOOLS_ON='weather, time'\r\nCOMPOSE_PROFILES=cpu\r\n"
        "LLAMA_HF_REPO=NousResearch/Hermes-3-Llama-3.2-3B-GGUF:Q4_K_M\r\n"
    )
    [name] = names(folder, ".env.backup*")
    copy = folder / name
    assert copy.read_bytes().decode() == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "old.old.old" not in said
    # A second time there is nothing to do, and nothing is done.
    code, said = await setup(folder, "--yes", "--engine", "cpu", DISCORD_API_URL=discord.api)
    assert code == 0, said
    assert len(names(folder, ".env.backup*")) == 1


async def test_a_plan_for_docker_says_when_docker_is_missing(
    folder: Path, discord: DiscordStandIn
) -> None:
    options = ("--yes", "--token-file", "token", "--engine", "cpu")
    code, said = await setup(folder, *options, DISCORD_API_URL=discord.api)
    assert code == 0, said
    assert "Mind: Docker with Compose is needed for that, and it is not on this machine" in said
    machine_with(folder, docker=True)
    code, said = await setup(folder, *options, DISCORD_API_URL=discord.api)
    assert "Mind: Docker" not in said


async def test_intents_that_are_off_are_named_with_the_place_to_click(
    folder: Path, discord: DiscordStandIn
) -> None:
    discord.gateway.approved = {"presences"}
    code, said = await setup(folder, "--yes", "--token-file", "token", DISCORD_API_URL=discord.api)
    assert code == 0, said
    assert "Message Content Intent is OFF" in said
    assert "page Bot,\n  Privileged Gateway Intents, Message Content Intent" in said
    assert "no use for Presence Intent" in said


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("a.wrong.one", "DISCORD_TOKEN: Discord does not accept it"),
        ("only-a-client-secret", "that is no bot's token"),
        ("", "--token-file: token is empty"),
    ],
)
async def test_a_wrong_token_changes_nothing(
    folder: Path, discord: DiscordStandIn, token: str, says: str
) -> None:
    (folder / "token").write_text(token, "utf-8")
    (folder / ".env").write_text("HISTORY_DAYS=7\n", "utf-8")
    code, said = await setup(folder, "--yes", "--token-file", "token", DISCORD_API_URL=discord.api)
    assert code == 78
    assert says in said
    assert "Traceback" not in said
    assert not token or token not in said
    assert (folder / ".env").read_text("utf-8") == "HISTORY_DAYS=7\n"
    assert names(folder, "*") == [".env", ".env.example", "token"]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--yes", "--token-file", "gone"), 78, "--token-file: gone cannot be read: No such file"),
        (("--yes", "--token-file", "token", "--env", "no/.env"), 69, "is no folder; make it first"),
        (("--yes", "--token-file", "token", "--env", "."), 69, "is a folder"),
        (("--yes", "--token-file", "token", "--env", "/proc/.env"), 69, "nothing was changed"),
        (("--yes", "--token-file", "token", "--engine", "gqu"), 78, "takes gpu, cpu, embedded"),
        (("--yes", "--token-file", "token", "--model", "Hermes-9"), 78, "no profile 'Hermes-9'"),
        (("--token-file", "token"), 78, "give --yes"),
        (("--yes",), 78, "there is no token: give --token-file"),
    ],
)
async def test_what_cannot_be_is_one_line(
    folder: Path, discord: DiscordStandIn, options: tuple[str, ...], code: int, says: str
) -> None:
    found, said = await setup(folder, *options, DISCORD_API_URL=discord.api)
    assert (found, says in said) == (code, True), said
    assert "Traceback" not in said
    assert not (folder / ".env").exists()


async def test_no_network_is_said_and_changes_nothing(folder: Path) -> None:
    api = "http://127.0.0.1:9/api/v10"
    code, said = await setup(folder, "--yes", "--token-file", "token", DISCORD_API_URL=api)
    assert code == 69
    assert "cannot be asked" in said
    assert "Nothing was changed" in said
    assert not (folder / ".env").exists()


async def test_guided_in_a_terminal(folder: Path, discord: DiscordStandIn) -> None:
    discord.gateway.approved = set()
    settings = {"DISCORD_API_URL": discord.api, "TERM": "dumb"}
    async with Person(folder, "setup", "--model", "Hermes-Tiny", **settings) as person:
        await person.reads("Token .it is not shown.")
        person.types("a.wrong.one")
        await person.reads("does not accept it")
        await person.reads("Token .it is not shown.")
        person.types(TOKEN)
        await person.reads("Look again")
        discord.gateway.approved = {"message_content"}
        person.types("")
        await person.reads("Message Content Intent is on")
        await person.reads("Where does the model run")
        await person.reads("Number")
        person.types("9")
        await person.reads("A number from 1 to 4")
        person.types("3")
        await person.reads("Write this")
        person.types("y")
        await person.reads("Next:  make run")
        assert await person.leaves() == 0
        assert TOKEN not in person.screen
        assert "a.wrong.one" not in person.screen
    assert load({}, folder / ".env").discord_token is not None


async def test_an_address_that_cannot_be_is_asked_for_again(
    folder: Path, discord: DiscordStandIn, tgi: TgiStandIn
) -> None:
    settings = {"DISCORD_API_URL": discord.api, "TERM": "dumb", "DISCORD_TOKEN": TOKEN}
    async with Person(folder, "setup", **settings) as person:
        await person.reads("Number")
        person.types("4")
        await person.reads("Its address")
        person.types("gpu box")
        await person.reads("takes gpu, cpu, embedded, or an address")
        person.types(f"tgi+{tgi.url}")
        await person.reads("tgi serves NousResearch/Hermes-2-Pro-Llama-3-8B")
        await person.reads("Write this")
        person.types("n")
        await person.reads("Nothing was changed")
        assert await person.leaves() == 0
    assert not (folder / ".env").exists()


async def test_ctrl_c_leaves_nothing_behind(folder: Path, discord: DiscordStandIn) -> None:
    before = names(folder, "*")
    settings = {"DISCORD_API_URL": discord.api, "TERM": "dumb", "DISCORD_TOKEN": TOKEN}
    async with Person(folder, "setup", **settings) as person:
        await person.reads("Number")
        person.presses_ctrl_c()
        assert await person.leaves() == 130
        assert "Nothing was changed" in person.screen
        assert "Traceback" not in person.screen
    assert names(folder, "*") == before
