"""deploy/k8s: it parses, it fits the settings, and it says the same as docker-compose.yml."""

from __future__ import annotations

import socket
from typing import Any

import yaml

from bot.models import catalogue, deploy
from bot.settings import Settings, load, variable_names
from tests.structure.test_compose import SERVICES, expand
from tests.structure.tree import ROOT

FOLDER = ROOT / "deploy/k8s"
CHOSEN = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
OBJECTS = {
    (thing["kind"], thing["metadata"]["name"]): thing
    for name in CHOSEN["resources"]
    for thing in yaml.safe_load_all((FOLDER / name).read_text("utf-8"))
}


def pod(kind: str, name: str) -> dict[str, Any]:
    return OBJECTS[kind, name]["spec"]["template"]["spec"]


def container(kind: str, name: str) -> dict[str, Any]:
    [one] = pod(kind, name)["containers"]
    return one


def environment(kind: str, name: str) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container(kind, name)["env"]}


def test_every_file_is_applied():
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(CHOSEN["resources"])


def test_the_bot_takes_what_it_is_given(tmp_path):
    given = environment("Deployment", "bot")
    assert set(given) <= set(variable_names())
    token = tmp_path / "token"
    token.write_text("a.b.c", "utf-8")
    settings = load({**given, "DISCORD_TOKEN_FILE": str(token)}, tmp_path / "none")
    assert settings.engine_url == "http://engine:8080"
    assert ("Service", "engine") in OBJECTS
    assert ("Service", "valkey") in OBJECTS
    # Kubernetes' own variables for services look like misspelt settings.
    assert pod("Deployment", "bot")["enableServiceLinks"] is False


def test_a_new_bot_is_ready_before_the_old_one_goes_and_has_the_time_for_it():
    spec = OBJECTS["Deployment", "bot"]["spec"]
    assert spec["replicas"] == 1
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    stop_after = Settings.model_fields["stop_after"].default
    assert pod("Deployment", "bot")["terminationGracePeriodSeconds"] == stop_after + 10
    assert SERVICES["bot"]["stop_grace_period"] == f"{stop_after + 10:g}s"


def test_shards_are_divided_between_pods(tmp_path, monkeypatch):
    overlay = yaml.safe_load((ROOT / "deploy/k8s-shards/kustomization.yaml").read_text("utf-8"))
    assert (ROOT / "deploy/k8s-shards" / overlay["resources"][0]).resolve() == FOLDER
    [change] = overlay["patches"]
    assert (change["target"]["kind"], change["target"]["name"]) in {("Deployment", "bot")}
    steps = yaml.safe_load(change["patch"])
    values = {step["path"]: step.get("value") for step in steps}
    assert values["/kind"] == "StatefulSet"
    bot = OBJECTS["Deployment", "bot"]["spec"]
    for path in ("strategy", "replicas"):
        assert f"/spec/{path}" in values
        assert path in bot
    more = {s["value"]["name"]: s["value"]["value"] for s in steps if s["path"].endswith("/env/-")}
    given = environment("Deployment", "bot") | more
    del given["DISCORD_TOKEN_FILE"]
    served: list[int] = []
    for number in range(values["/spec/replicas"]):
        monkeypatch.setattr(socket, "gethostname", lambda pod=f"bot-{number}": pod)
        settings = load(given, tmp_path / "none")
        served += settings.shard_ids or ()
    assert served == list(range(settings.shard_count or 0))


def test_a_volume_holds_what_is_mounted():
    for kind, name in (("Deployment", "bot"), ("Deployment", "tgi"), ("StatefulSet", "valkey")):
        known = {volume["name"] for volume in pod(kind, name).get("volumes", [])}
        claims = OBJECTS[kind, name]["spec"].get("volumeClaimTemplates", [])
        known |= {claim["metadata"]["name"] for claim in claims}
        assert {one["name"] for one in container(kind, name)["volumeMounts"]} == known


def test_memory_and_engine_are_as_in_compose():
    valkey, tgi = container("StatefulSet", "valkey"), container("Deployment", "tgi")
    assert valkey["image"] == SERVICES["redis"]["image"]
    assert " ".join(word or '""' for word in valkey["args"]) == expand(SERVICES["redis"]["command"])
    assert tgi["image"] == SERVICES["tgi"]["image"]
    compose = SERVICES["tgi"]["environment"].items()
    expected = {name: expand(value) for name, value in compose if value is not None}
    assert environment("Deployment", "tgi") == expected
    profile = catalogue.named("Hermes-2-Pro-Llama-3-8B")
    assert " ".join(tgi["args"]) == deploy.arguments(profile, *deploy.usual(profile))
    probe = tgi["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 7_200


def test_everything_runs_with_as_little_as_possible():
    for kind, name in (("Deployment", "bot"), ("StatefulSet", "valkey")):
        security = container(kind, name)["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert pod(kind, name)["securityContext"]["runAsNonRoot"] is True
        assert pod(kind, name)["automountServiceAccountToken"] is False
    assert pod("Deployment", "bot")["securityContext"]["runAsUser"] == 10001
    services = [thing for (kind, _), thing in OBJECTS.items() if kind == "Service"]
    assert all(thing["spec"].get("type", "ClusterIP") == "ClusterIP" for thing in services)
