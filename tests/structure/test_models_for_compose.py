"""deploy/models: each file says what follows from the model's profile, and Compose can read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.models import catalogue, deploy
from bot.models.launch import GIB
from bot.settings import load
from tests.structure.test_compose import SERVICES, expand, started
from tests.structure.tree import ROOT

FILES = sorted((ROOT / "deploy/models").glob("*.env"))
MODELS = {
    "Hermes-2-Pro-Llama-3-8B",
    "Hermes-2-Theta-Llama-3-8B",
    "OpenHermes-2-Mistral-7B",
    "Hermes-3-Llama-3.1-405B",
    "Nous-Hermes-Llama2-13b",
}


def test_every_model_of_the_card_has_its_file():
    assert {path.stem for path in FILES} == MODELS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_is_what_the_profile_says(path: Path):
    """If it is not: python -m bot model env NAME > deploy/models/NAME.env."""
    assert path.read_text("utf-8") == deploy.file(catalogue.named(path.stem))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_compose_starts_tgi_with_it(path: Path):
    given = {name: value or "" for name, value in dotenv_values(path).items()}
    assert started(*given["COMPOSE_PROFILES"].split(",")) == {"bot", "redis", "tgi"}
    assert set(given) == {"COMPOSE_PROFILES", "MODEL", "TGI_MODEL_ID", "TGI_ARGS"}
    assert expand(SERVICES["tgi"]["command"], given) == given["TGI_ARGS"]
    assert expand(SERVICES["tgi"]["environment"]["MODEL_ID"], given) == given["TGI_MODEL_ID"]
    profile = catalogue.named(load({"MODEL": given["MODEL"]}, None).model or "")
    # The bot recognises what TGI says that it serves, in agreement with MODEL.
    assert catalogue.recognise(given["TGI_MODEL_ID"]) is profile


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_choice_in_it_fits_and_stays_within_the_training(path: Path):
    profile = catalogue.named(path.stem)
    gpus = re.findall(r"(\d+) GPUs? with (\d+) GB", path.read_text("utf-8"))
    choices = re.findall(r"^#?TGI_ARGS=(.*)$", path.read_text("utf-8"), re.MULTILINE)
    assert len(gpus) == len(choices)
    for (number, memory), arguments in zip(gpus, choices, strict=True):
        words = arguments.split()
        options = dict(zip(words[::2], words[1::2], strict=True))
        assert int(options.get("--num-shard", 1)) <= int(number)
        total = int(options["--max-total-tokens"])
        assert 4096 <= total <= profile.context
        assert 4 <= int(options["--max-concurrent-requests"]) <= 128
        size = {"eetq": 1.05, "bitsandbytes-nf4": 0.6}.get(options.get("--quantize", ""))
        if size is not None:
            needed = profile.parameters * size + total * profile.kv_bytes
            assert needed < int(number) * int(memory) * GIB * 0.9
