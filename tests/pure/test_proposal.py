"""Which model is proposed for which machine."""

from __future__ import annotations

import pytest

from bot.commands import proposal
from bot.commands.memory import Machine
from bot.errors import SettingsError
from bot.models import catalogue
from bot.settings import load


@pytest.mark.parametrize(
    ("machine", "docker", "kind", "model"),
    [
        (Machine(32, (24.0,)), True, "gpu", "Hermes-2-Pro-Llama-3-8B"),
        (Machine(32, (12.0,)), True, "gpu", "Hermes-2-Pro-Llama-3-8B"),
        (Machine(32, (8.0,)), True, "gpu", "Hermes-3-Llama-3.2-3B"),
        (Machine(256, (80.0, 80.0)), True, "gpu", "Hermes-3-Llama-3.1-70B"),
        (Machine(2000, (80.0,) * 8), True, "gpu", "Hermes-3-Llama-3.1-405B"),
        (Machine(32, (24.0,)), False, "embedded", "Hermes-3-Llama-3.2-3B"),
        (Machine(16), True, "cpu", "Hermes-3-Llama-3.2-3B"),
        (Machine(2), True, "embedded", "Hermes-Tiny"),
        (Machine(2, (2.0,)), True, "embedded", "Hermes-Tiny"),
    ],
)
def test_what_is_proposed(machine: Machine, docker: bool, kind: str, model: str):
    assert proposal.proposed(machine, docker=docker) == kind
    chosen = proposal.plan(kind, machine, None)
    assert chosen.title == model
    # Its settings are some that the bot, or Compose, takes.
    ours = {name: value or "" for name, value in chosen.changes.items()}
    load({name: value for name, value in ours.items() if not name.startswith("LLAMA_")}, None)


def test_a_model_that_does_not_fit_is_set_up_with_a_remark():
    plan = proposal.plan("gpu", Machine(16), catalogue.named("Hermes-3-Llama-3.1-405B"))
    assert "8 GPU(s) with 80 GB" in plan.remark
    assert plan.changes["TGI_MODEL_ID"] == "NousResearch/Hermes-3-Llama-3.1-405B-FP8"
    # FP8: a byte for each weight, and its scales.
    assert 400e9 < plan.download < 450e9
    plan = proposal.plan("cpu", Machine(8), catalogue.named("Hermes-3-Llama-3.1-8B"))
    assert "this machine has 8" in plan.remark or not plan.remark


def test_a_model_that_nobody_has_files_of_is_refused():
    with pytest.raises(SettingsError, match="python -m bot model download"):
        proposal.plan("embedded", Machine(64), catalogue.named("Hermes-3-Llama-3.1-8B"))
    with pytest.raises(SettingsError, match="no GGUF files are known"):
        proposal.plan("cpu", Machine(64), catalogue.named("Hermes-3-Llama-3.1-405B"))
