"""Which profile a model id means, and what it takes to run each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.commands import models
from bot.commands.memory import Machine
from bot.errors import SettingsError
from bot.models import launch
from bot.models.catalogue import PROFILES, named, recognise
from bot.models.deploy import ways
from bot.models.generic import GENERIC
from bot.models.launch import fits_in_ram
from bot.models.profile import Profile


@pytest.mark.parametrize(
    ("model_id", "name"),
    [
        ("NousResearch/Hermes-2-Pro-Llama-3-8B", "Hermes-2-Pro-Llama-3-8B"),
        ("NousResearch/Hermes-2-Pro-Llama-3-8B-GGUF", "Hermes-2-Pro-Llama-3-8B"),
        ("hermes-2-pro-llama-3-8b.Q4_K_M.gguf", "Hermes-2-Pro-Llama-3-8B"),
        ("/models/HERMES_2_PRO_LLAMA_3_8B.gguf", "Hermes-2-Pro-Llama-3-8B"),
        ("NousResearch/Hermes-2-Theta-Llama-3-8B", "Hermes-2-Theta-Llama-3-8B"),
        ("teknium/OpenHermes-2-Mistral-7B", "OpenHermes-2-Mistral-7B"),
        ("TheBloke/OpenHermes-2-Mistral-7B-AWQ", "OpenHermes-2-Mistral-7B"),
        ("openhermes-2-mistral-7b.Q5_K_S", "OpenHermes-2-Mistral-7B"),
        ("teknium/OpenHermes-2.5-Mistral-7B", "OpenHermes-2-Mistral-7B"),
        ("NousResearch/Hermes-3-Llama-3.1-405B", "Hermes-3-Llama-3.1-405B"),
        ("NousResearch/Hermes-3-Llama-3.1-405B-FP8", "Hermes-3-Llama-3.1-405B"),
        ("NousResearch/Hermes-3-Llama-3.1-70B-FP8", "Hermes-3-Llama-3.1-70B"),
        ("Hermes-3-Llama-3.1-8B-AWQ", "Hermes-3-Llama-3.1-8B"),
        ("Hermes-3-Llama-3_1-8B-Q8_0", "Hermes-3-Llama-3.1-8B"),
        ("mlabonne/Hermes-3-Llama-3.1-70B-lorablated", "Hermes-3-Llama-3.1-70B"),
        ("hermes3:8b", "Hermes-3-Llama-3.1-8B"),
        (
            "/data/models--NousResearch--Hermes-3-Llama-3.1-8B/snapshots/0a1b",
            "Hermes-3-Llama-3.1-8B",
        ),
        (
            "/models/hermes-3-llama-3.1-405b/Hermes-3-Llama-3.2-3B.Q4_K_M.gguf",
            "Hermes-3-Llama-3.2-3B",
        ),
        ("NousResearch/Nous-Hermes-Llama2-13b", "Nous-Hermes-Llama2-13b"),
        ("TheBloke/Nous-Hermes-Llama2-GPTQ", "Nous-Hermes-Llama2-13b"),
        ("NousResearch/Nous-Hermes-Llama2-70b", "generic-chatml"),
        ("nous-hermes-llama-2-13b.Q4_K_M.gguf", "Nous-Hermes-Llama2-13b"),
        ("nous-hermes:13b-llama2-q4_0", "Nous-Hermes-Llama2-13b"),
        ("NousResearch/Nous-Hermes-llama-2-7b", "Nous-Hermes-llama-2-7b"),
        ("NousResearch/Hermes-4-14B", "Hermes-4-14B"),
        ("NousResearch/Hermes-4-14B-FP8", "Hermes-4-14B"),
        ("C:\\models\\Hermes-4-70B-Q4_K_M.gguf", "Hermes-4-70B"),
        ("NousResearch/Hermes-4-Llama-3.1-405B", "Hermes-4-405B"),
        ("nousresearch/hermes-4-405b", "Hermes-4-405B"),
        ("Hermes-Tiny", "Hermes-Tiny"),
        # Near misses: other formats or other sizes, of which nothing is known here.
        ("NousResearch/Nous-Hermes-2-Mixtral-8x7B-DPO", "generic-chatml"),
        ("NousResearch/Hermes-2-Pro-Mistral-7B", "generic-chatml"),
        ("NousResearch/Hermes-2-Pro-Llama-3-70B", "generic-chatml"),
        ("NousResearch/Hermes-2-Theta-Llama-3-70B", "generic-chatml"),
        ("NousResearch/DeepHermes-3-Llama-3-8B-Preview", "generic-chatml"),
        ("NousResearch/Hermes-4.3-36B", "generic-chatml"),
        ("NousResearch/Nous-Hermes-13b", "generic-chatml"),
        ("teknium/OpenHermes-13B", "generic-chatml"),
        ("hermes-3-llama-3.1-80b", "generic-chatml"),
        ("meta-llama/Llama-3.1-8B-Instruct", "generic-chatml"),
        ("", "generic-chatml"),
    ],
)
def test_a_model_id_means_a_profile(model_id: str, name: str):
    assert recognise(model_id).name == name


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_profile_is_found_by_its_name_and_repositories(profile: Profile):
    assert named(profile.name) is profile
    assert named(f" {profile.name.upper()} ") is profile
    if profile.is_generic:
        return
    repositories = [copy.repository for copy in profile.quantised] + [profile.repository]
    for model_id in filter(None, [profile.name, *repositories]):
        assert recognise(model_id) is profile
        assert recognise(f"/srv/{model_id}/model.safetensors") is profile


def test_a_wrong_model_setting_names_the_nearest():
    with pytest.raises(SettingsError, match=r"MODEL: .*did you mean Hermes-3-Llama-3.1-8B"):
        named("Hermes-3-Lama-3.1-8B")
    with pytest.raises(SettingsError, match="known: Hermes-2-Pro"):
        named("gpt")
    assert named("NousResearch/Hermes-3-Llama-3.1-8B").name == "Hermes-3-Llama-3.1-8B"


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_profile_holds_together(profile: Profile):
    assert set(profile.format.stop) <= set(profile.stop)
    assert profile.persona
    assert profile.tool_text([]) == ""
    offered = profile.tool_text([{"name": "f", "parameters": {}}])
    assert ("<tools>" in offered) is (profile.tools is not None)
    # TGI takes sixteen in our compose file, and four as it comes: the first four must do.
    assert len(profile.stop) <= 4


def test_only_theta_is_offered_tools_as_the_card_has_it():
    tools = [{"name": "f", "parameters": {}}]
    assert "</tools> Use the" in named("Hermes-2-Theta-Llama-3-8B").tool_text(tools)
    assert "</tools>Use the" in named("Hermes-2-Pro-Llama-3-8B").tool_text(tools)


@pytest.mark.parametrize(
    ("name", "gpus", "memory", "arguments"),
    [
        ("Hermes-2-Pro-Llama-3-8B", 1, 24, "--max-total-tokens 8192"),
        ("Hermes-3-Llama-3.1-8B", 1, 24, "--max-total-tokens 32768"),
        ("Hermes-3-Llama-3.1-8B", 1, 16, "--quantize eetq --max-total-tokens 32768"),
        ("Hermes-2-Pro-Llama-3-8B", 1, 8, "--quantize bitsandbytes-nf4 --max-total-tokens 8192"),
        ("Nous-Hermes-Llama2-13b", 1, 24, "--quantize eetq --max-total-tokens 4096"),
        ("Hermes-3-Llama-3.1-70B", 4, 48, "--num-shard 4 --max-total-tokens 32768"),
        # Seven GPUs: four of them are used, since the heads cannot be divided by seven.
        ("Hermes-3-Llama-3.1-70B", 7, 48, "--num-shard 4 --max-total-tokens 32768"),
        ("Hermes-3-Llama-3.1-405B", 8, 141, "--num-shard 8 --max-total-tokens 32768"),
    ],
)
def test_how_tgi_is_started(name: str, gpus: int, memory: float, arguments: str):
    start = launch.launch(named(name), memory, gpus)
    assert start is not None
    assert start.arguments == arguments


def test_405b_on_eight_gpus_of_80_takes_the_weights_in_8_bit():
    start = launch.launch(named("Hermes-3-Llama-3.1-405B"), 80, 8)
    assert start is not None
    assert start.repository == "NousResearch/Hermes-3-Llama-3.1-405B-FP8"
    assert start.settings.startswith("TGI_MODEL_ID=NousResearch/Hermes-3-Llama-3.1-405B-FP8\n")
    longer = launch.launch(named("Hermes-3-Llama-3.1-405B"), 80, 8, context=200_000)
    assert longer is not None
    assert longer.total_tokens == 131_072


def test_what_does_not_fit_is_said():
    assert launch.launch(named("Hermes-3-Llama-3.1-405B"), 80, 4) is None
    assert launch.launch(named("Hermes-3-Llama-3.1-70B"), 24) is None
    assert launch.launch(named("Hermes-2-Pro-Llama-3-8B"), 24, 0) is None
    assert launch.launch(GENERIC, 80) is None
    assert fits_in_ram(named("Hermes-3-Llama-3.2-3B"), 8)
    assert not fits_in_ram(named("Hermes-3-Llama-3.1-405B"), 64)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_what_fits_still_fits_with_more_memory(profile: Profile):
    for gpus in (1, 2, 8):
        fitting = [launch.launch(profile, memory, gpus) is not None for memory in range(1, 200)]
        assert fitting == sorted(fitting)


def test_the_table_says_what_fits_here():
    shown = models.table(Machine(16, (24, 24)))
    rows = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert "GPU, 16 bit, 8,192 tokens" in rows["Hermes-2-Pro-Llama-3-8B"]
    assert "no: GGUF Q4_K_M takes 240 GiB" in rows["Hermes-3-Llama-3.1-405B"]
    assert "comes with the bot" in rows["Hermes-Tiny"]
    assert "generic-chatml" not in shown
    assert "16 GiB of memory, 2 NVIDIA GPU(s) with 24 + 24 GiB" in shown
    assert "memory, as GGUF" in models.table(Machine(16))


def test_the_details_say_how_docker_compose_starts_it():
    shown = models.details(named("Nous-Hermes-Llama2-13b"), Machine(16))
    assert "none: it was not trained on any" in shown
    assert "# 1 GPU(s) with 24 GiB\nTGI_MODEL_ID=NousResearch/Nous-Hermes-Llama2-13b\n" in shown
    here = models.details(named("Hermes-3-Llama-3.1-8B"), Machine(64, (24,)))
    assert "TGI_ARGS=--max-total-tokens" in here
    assert "# 1 GPU(s)" not in here


PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+) x (\d+) GB \| `(\S+)` \| `(.+)` \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("gpus", "memory", "repository", "arguments"), ROWS)
def test_the_page_says_what_the_rule_says(gpus: str, memory: str, repository: str, arguments: str):
    start = launch.launch(recognise(repository), int(memory), int(gpus))
    assert start is not None
    assert (start.repository, start.arguments) == (repository, arguments)


GGUFS = re.findall(r"^\| (\d+) GB \| `(\S+):Q4_K_M` \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("memory", "repository", "context", "parallel"), GGUFS)
def test_a_small_gpu_holds_what_the_page_gives_it(
    memory: str, repository: str, context: str, parallel: str
):
    profile = recognise(repository)
    assert repository in {copy.repository for copy in profile.quantised if copy.kind == "gguf"}
    # The weights, the context, and what llama.cpp reckons with beside them.
    needed = 0.61 * profile.parameters + int(context) * profile.kv_bytes + launch.GIB
    assert needed < 0.9 * int(memory) * launch.GIB
    assert 4096 <= int(context) // int(parallel) <= profile.context


def test_the_page_says_of_the_five_what_their_profiles_say():
    section = PAGE.partition("## The five")[2].partition("\n## ")[0]
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines()]
    rows = {cells[0]: cells[1:] for cells in table if cells}
    five = [recognise(link.rpartition("/")[2]) for link in rows["card, with its licence"]]
    assert len({profile.name for profile in five}) == 5
    for at, profile in enumerate(five):
        assert f"models/{profile.name}.env" in rows["what to set"][at]
        for row, size in (("weights in 16 bit", 2), ("in 8 bit", 1.05), ("in 4 bit", 0.61)):
            assert rows[row][at] == f"{profile.parameters * size / launch.GIB:.0f} GiB"
        full = profile.context * profile.kv_bytes / launch.GIB
        assert rows["context, and what a full one takes"][at] == (
            f"{profile.context:,}: {full:.0f} GiB"
        )
        gpus, memory, _ = next(ways(profile))
        least = f"{memory} GB" if gpus == 1 else f"{gpus} x {memory} GB"
        assert rows["smallest GPU with TGI"][at] == least
        assert (rows["tools"][at] == "yes") is (profile.tools is not None)
        assert (rows["`/json`"][at] == "trained") is profile.json_mode
        links = set(re.findall(r"huggingface.co/([^)]+)", rows["ready in fewer bits"][at]))
        assert links == {copy.repository for copy in profile.quantised}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_page_has_every_model_that_tgi_can_serve(profile: Profile):
    shown = {recognise(repository) for _, _, repository, _ in ROWS}
    smaller = profile.name in ("Nous-Hermes-llama-2-7b", "Hermes-4-405B")
    assert profile in shown or smaller or not profile.repository
