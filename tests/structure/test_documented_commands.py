"""What the documents tell people to type: commands, their options, services, files, variables."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from bot.__main__ import _parser
from bot.settings import load, variable_names
from tests.structure.test_compose import (
    COMPOSE,
    EXAMPLE,
    REFERENCE,
    SERVICES,
    bot_environment,
    documented,
)
from tests.structure.test_docs import DOCUMENTS, code
from tests.structure.tree import ROOT

OVERLAYS = sorted({*ROOT.glob("deploy/*.yml"), *ROOT.glob("deploy/*/compose.yml")})

# In documents, and no settings of the bot: those of programs beside it, of tests, of examples.
FOREIGN = {
    "SSL_CERT_FILE",
    "APPLICATION_ID",
    "BOT_PYTHON",
    "FUZZ_SEED",
    "MAX_STOP_SEQUENCES",
    "NAME_FILE",
    "OTEL_BSP_",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_SDK_DISABLED",
    "OTEL_TRACES_EXPORTER",
    "OTLP_ENDPOINT",
    "Q4_K_M",
    "Q5_K_M",
    "Q6_K",
    "WIKI_TOKEN",
}
# What a container of the bot does without: its port is fixed, its engine and memory are services.
NOT_IN_COMPOSE = {"HTTP_PORT", "MODEL_FILE", "REDIS_URL_FILE"}


def commands(path: Path, start: str) -> list[list[str]]:
    """The words of every command in a document's code that begins like this, without `start`."""
    text = code(path.read_text("utf-8")).replace("\\\n", " ")
    found = re.findall(rf"{start}[ \t]*([^\n|>#&]*)", text)
    return [shlex.split(words.replace("…", "")) for words in found]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_option_of_a_command_exists(path, capsys):
    for words in commands(path, r"python -m bot\b"):
        if not words or words == ["..."]:
            continue
        if words[0] in ("backup", "restore") and len(words) == 1:
            words.append("FILE")
        try:
            _parser().parse_args(words)
        except SystemExit:
            pytest.fail(f"{path.name}: python -m bot {' '.join(words)}: {capsys.readouterr().err}")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_compose_command_names_what_exists(path):
    profiles = {one for service in SERVICES.values() for one in service.get("profiles", ())}
    for words in commands(path, "docker compose"):
        for option, value in pairwise(words):
            if option in ("-f", "--env-file") and value != ".env" and "override" not in value:
                if "logs" in words and option == "-f":
                    assert value in SERVICES, words
                else:
                    assert (ROOT / value).is_file(), words
            if option == "--profile":
                assert value in profiles, words
        for verb in ("run", "exec", "build", "stop", "restart"):
            if verb in words[:-1]:
                named = [one for one in words[words.index(verb) + 1 :] if one in SERVICES]
                assert named, words


def test_the_doctor_in_a_container_waits_for_nothing():
    """Compose waits for a healthy engine before it runs anything that depends on one."""
    for path in (*DOCUMENTS, ROOT / "deploy/Dockerfile"):
        for line in path.read_text("utf-8").splitlines():
            for options in re.findall(r"docker compose run (.*?)bot doctor", line):
                assert "--no-deps" in options, path


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_variable_in_code_is_known(path):
    if path.name == "legal.md":
        return  # it lists what is filled into a policy
    named = set(re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b", code(path.read_text("utf-8"))))
    assert named <= set(variable_names()) | documented() | FOREIGN


def test_the_container_is_given_every_setting():
    given = {name for name in SERVICES["bot"]["environment"] if not name.startswith("OTEL_")}
    assert given == set(variable_names()) - NOT_IN_COMPOSE


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_an_overlay_asks_for_may_stand_in_the_settings(path, tmp_path):
    source = path.read_text("utf-8")
    named = {match[0] for match in REFERENCE.findall(source)}
    for service in yaml.safe_load(source)["services"].values():
        given = service.get("environment") or {}
        named |= {name for name, value in given.items() if value is None}
        image = service.get("image", "x:1").rpartition(":")[2]
        # A search engine has to follow the web; it says so where it stands.
        assert any(figure.isdigit() for figure in image) or "searxng" in service["image"]
    assert named <= documented()
    dotenv = tmp_path / ".env"
    dotenv.write_text("".join(f"{name}=1\n" for name in named), "utf-8")
    load({}, dotenv)


def test_every_name_of_the_example_is_taken(tmp_path):
    """Those of Compose stand in the same file, and are no misspelt settings of the bot."""
    dotenv = tmp_path / ".env"
    others = documented() - set(variable_names())
    dotenv.write_text("".join(f"{name}=1\n" for name in others), "utf-8")
    load({}, dotenv)
    assert "SEARXNG_SECRET" in others


def test_a_volume_keeps_what_an_update_must_not_lose():
    kept = {"bot": "/data", "redis": "/data", "tgi": "/data", "llama": "/models"}
    for name, folder in kept.items():
        [mount] = SERVICES[name]["volumes"]
        volume, _, target = mount.partition(":")
        assert volume in COMPOSE["volumes"], name
        assert target == folder, name
    assert bot_environment({})["DATA_DIR"] == "/data"


def test_every_service_comes_back_after_a_restart_and_has_time_to_end():
    assert {service["restart"] for service in SERVICES.values()} == {"unless-stopped"}
    # Text Generation Inference ends within 90 seconds of its own.
    assert SERVICES["tgi"]["stop_grace_period"] == "100s"


def test_the_example_is_read_by_compose_as_it_is_by_the_bot():
    """A remark behind a value is a remark for both only with a blank before it."""
    for line in EXAMPLE.splitlines():
        value = re.sub(r"^#?[A-Z0-9_]+=", "", line)
        if value != line:
            assert "#" not in value, line
            assert "$" not in value, line
            assert not value.startswith((" ", "'", '"')), line


# Files that a reader is to make, and what stands before a slash for another reason.
EXAMPLES = {
    "bot/prompts/metharme.py",
    "cogs/coin.py",
    "cogs/tools/lots.py",
    "deploy/bot",
    "deploy/models/NAME.env",
}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(path):
    ours = {entry.name for entry in ROOT.iterdir() if entry.is_dir()} - {"data"}
    for named in re.findall(r"(?<![\w/.:@<])[\w.-]+(?:/[\w.-]+)+", code(path.read_text("utf-8"))):
        if named.partition("/")[0] in ours and named not in EXAMPLES:
            there = (ROOT / named).exists() or (ROOT / f"{named}.py").is_file()
            assert there, f"{path.name}: {named}"
