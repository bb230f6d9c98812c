"""docker-compose.yml: it parses, it fits the settings, and it publishes next to nothing.

There is no Docker engine in the tests; what the file promises is read from the file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest
import yaml

from bot.__main__ import EXIT_CONFIG
from bot.settings import Settings, load, variable_names
from tests.structure.tree import ROOT

SOURCE = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE = yaml.safe_load(SOURCE)
SERVICES = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
REFERENCE = re.compile(r"\$\{(\w+)(?::?([-+?])((?:[^{}])*))?\}")


def documented() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))


def expand(text: str, given: dict[str, str] | None = None) -> str:
    """Fill in ${NAME}, ${NAME:-otherwise} and ${NAME:+instead} as Docker Compose does."""

    def value(match: re.Match[str]) -> str:
        name, sign, word = match.groups()
        has = (given or {}).get(name, "")
        if sign == "+":
            return word if has else ""
        return has or (word if sign == "-" else "")

    return REFERENCE.sub(value, text)


def bot_environment(given: dict[str, str]) -> dict[str, str]:
    """What the bot's container finds in its environment; a name alone is passed on if it is set."""
    entries = SERVICES["bot"]["environment"].items()
    return {
        name: given[name] if value is None else expand(value, given)
        for name, value in entries
        if value is not None or name in given
    }


def started(*profiles: str) -> set[str]:
    """The services that `docker compose --profile ... up` starts.

    With no profile chosen, Compose takes the empty name as the chosen one.
    """
    chosen = set(profiles or ("",))
    return {
        name
        for name, service in SERVICES.items()
        if not service.get("profiles") or chosen & set(service["profiles"])
    }


def test_plain_up_starts_the_bot_its_memory_and_tgi():
    assert started() == started("gpu") == {"bot", "redis", "tgi"}


def test_the_cpu_profile_takes_llama_cpp_in_place_of_tgi():
    assert started("cpu") == {"bot", "redis", "llama"}


def test_an_engine_of_ones_own_needs_neither():
    assert started("none") == {"bot", "redis"}


def test_everything_the_bot_is_given_is_a_setting():
    given = set(SERVICES["bot"]["environment"])
    assert {name for name in given if not name.startswith("OTEL_")} <= set(variable_names())


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"DISCORD_TOKEN": "t", "ENGINE_URL": "tgi+http://gpu.example:80", "HISTORY_DAYS": "7"},
    ],
)
def test_the_bot_accepts_the_environment_that_it_is_given(given, tmp_path):
    settings = load(bot_environment(given), dotenv=tmp_path / "none")
    assert settings.engine_url == given.get("ENGINE_URL", "http://engine:8080")
    assert settings.redis_url is not None
    assert str(settings.data_dir) == "/data"


def test_a_secret_in_a_file_is_mounted_and_named():
    given = bot_environment({"DISCORD_TOKEN_FILE": "./secrets/discord_token"})
    assert given["DISCORD_TOKEN_FILE"] == "/run/secrets/discord_token"
    assert "discord_token" in SERVICES["bot"]["secrets"]
    assert expand(COMPOSE["secrets"]["discord_token"]["file"]) == "/dev/null"


def test_both_engines_answer_where_the_bot_looks_for_them():
    for name in ("tgi", "llama"):
        assert SERVICES[name]["networks"]["default"]["aliases"] == ["engine"]
        assert "http://127.0.0.1:8080/health" in SERVICES[name]["healthcheck"]["test"]
    assert SERVICES["tgi"]["environment"]["PORT"] == "8080"
    assert "--port 8080" in expand(SERVICES["llama"]["command"])


def test_the_bot_starts_when_the_others_are_healthy():
    waits = SERVICES["bot"]["depends_on"]
    assert all(waits[name]["condition"] == "service_healthy" for name in waits)
    assert {name for name in waits if waits[name].get("required", True)} == {"redis"}
    assert all("healthcheck" in SERVICES[name] for name in waits)


def test_nothing_is_published_but_grafana_to_the_host_itself():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["grafana"]
    assert [expand(port) for port in SERVICES["grafana"]["ports"]] == ["127.0.0.1:3000:3000"]


@pytest.mark.parametrize(("chosen", "engine"), [("gpu", "tgi"), ("cpu", "llama")])
def test_monitoring_is_added_to_either_engine(chosen, engine):
    added = {"prometheus", "grafana"}
    assert started(chosen, "monitoring") == started(chosen) | added
    assert not added & (started() | started("cpu") | started("none"))
    reached = {name for name in SERVICES if "monitoring" in SERVICES[name]["networks"]}
    assert {"bot", engine} | added <= reached
    assert "redis" not in reached
    assert COMPOSE["networks"]["monitoring"]["internal"] is True


def test_prometheus_asks_the_services_where_they_answer():
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    targets = {
        job["job_name"]: target
        for job in config["scrape_configs"]
        for one in job["static_configs"]
        for target in one["targets"]
    }
    settings = load(bot_environment({}), dotenv=None)
    assert targets == {"bot": f"bot:{settings.http_port}", "engine": "engine:8080"}
    assert settings.http_host == "0.0.0.0"
    for file in config["rule_files"]:
        assert (ROOT / "deploy/prometheus" / file).is_file()


def test_monitoring_runs_with_as_little_as_possible_and_lets_nobody_in():
    for name in ("prometheus", "grafana"):
        service = SERVICES[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        mounted = [volume for volume in service["volumes"] if volume.startswith("./")]
        assert mounted
        assert all(volume.endswith(":ro") for volume in mounted)
        assert all((ROOT / volume.partition(":")[0]).is_dir() for volume in mounted)
    given = SERVICES["grafana"]["environment"]
    assert given["GF_AUTH_ANONYMOUS_ENABLED"] == given["GF_USERS_ALLOW_SIGN_UP"] == "false"
    assert expand(given["GF_SECURITY_ADMIN_PASSWORD"], {"GRAFANA_PASSWORD": "s"}) == "s"


def test_grafana_does_not_start_without_a_password(tmp_path):
    [shell, option, script] = SERVICES["grafana"]["entrypoint"]
    script = script.replace("$$", "$").replace("/run.sh", "true")
    for password, code in (("", 78), ("s", 0)):
        given = {"GF_SECURITY_ADMIN_PASSWORD": password, "PATH": os.environ["PATH"]}
        done = subprocess.run([shell, option, script], env=given, capture_output=True, check=False)
        assert done.returncode == code
        assert (b"GRAFANA_PASSWORD" in done.stderr) == (code != 0)


def test_grafana_finds_its_source_and_its_dashboard():
    folder = ROOT / "deploy/grafana"
    sources = yaml.safe_load(
        (folder / "provisioning/datasources/prometheus.yml").read_text("utf-8")
    )
    [source] = sources["datasources"]
    assert source["url"] == "http://prometheus:9090"
    providers = yaml.safe_load((folder / "provisioning/dashboards/hermes.yml").read_text("utf-8"))
    path = providers["providers"][0]["options"]["path"]
    assert f"./deploy/grafana/dashboards:{path}:ro" in SERVICES["grafana"]["volumes"]
    board = json.loads((folder / "dashboards/hermes.json").read_text("utf-8"))
    used = {
        target["datasource"]["uid"] for one in board["panels"] for target in one.get("targets", ())
    }
    assert used == {source["uid"]}
    ids = [one["id"] for one in board["panels"]]
    assert len(set(ids)) == len(ids)


def test_every_image_is_pinned_to_a_tag():
    for name, service in SERVICES.items():
        tag = service["image"].rpartition(":")[2]
        assert any(figure.isdigit() for figure in tag), name


def test_the_bot_runs_with_as_little_as_possible():
    bot = SERVICES["bot"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in bot["security_opt"]


def test_memory_outlives_a_restart_and_is_never_evicted():
    redis = SERVICES["redis"]
    assert "--appendonly yes" in redis["command"]
    assert "--maxmemory-policy noeviction" in redis["command"]
    assert any(volume.endswith(":/data") for volume in redis["volumes"])


def test_every_variable_is_explained_in_the_example():
    named = {match[0] for match in REFERENCE.findall(SOURCE)}
    passed = {
        name
        for service in SERVICES.values()
        for name, value in (service.get("environment") or {}).items()
        if value is None
    }
    assert named | passed <= documented()


def test_the_example_explains_every_setting_and_is_one_itself(tmp_path):
    assert set(variable_names()) <= documented()
    # Every line that is commented out works when it is taken in, but for the choice of one secret.
    lines = re.sub(r"^#(?=[A-Z0-9_]+=)", "", EXAMPLE, flags=re.MULTILINE)
    lines = re.sub(r"^\w+_FILE=(?!hf:).*$", "", lines, flags=re.MULTILINE)
    path = tmp_path / ".env"
    path.write_text(lines, "utf-8")
    assert load({}, dotenv=path).history_days == 30
    path.write_text(EXAMPLE, "utf-8")
    assert load({}, dotenv=path) == load({}, dotenv=tmp_path / "none")


def test_the_search_overlay_gives_the_bot_json_and_publishes_nothing():
    overlay = yaml.safe_load((ROOT / "deploy/searxng/compose.yml").read_text("utf-8"))
    services = overlay["services"]
    load({"SEARXNG_URL": services["bot"]["environment"]["SEARXNG_URL"]}, dotenv=None)
    assert services["bot"]["environment"]["SEARXNG_URL"] == "http://searxng:8080"
    assert services["bot"]["networks"] == services["searxng"]["networks"]
    assert "ports" not in services["searxng"]
    [mount] = services["searxng"]["volumes"]
    source = mount.partition(":")[0]
    settings = yaml.safe_load((ROOT / source).read_text("utf-8"))
    assert "json" in settings["search"]["formats"]


def test_the_overlay_for_traces_joins_bot_and_engine_and_shows_them_to_the_host_only():
    source = (ROOT / "deploy/jaeger/compose.yml").read_text("utf-8")
    services = yaml.safe_load(source)["services"]
    assert set(services) - set(SERVICES) == {"jaeger"}
    jaeger = services["jaeger"]
    assert jaeger["ports"] == ["127.0.0.1:16686:16686"]
    assert re.fullmatch(r"jaegertracing/jaeger:\d+\.\d+\.\d+", jaeger["image"])
    for name in ("bot", "tgi"):
        assert set(jaeger["networks"]) & set(SERVICES[name]["networks"]), name
    assert services["bot"]["environment"] == {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://jaeger:4318"}
    assert services["tgi"]["environment"]["OTLP_ENDPOINT"] == "http://jaeger:4317"
    lock = (ROOT / services["bot"]["build"]["args"]["LOCK"]).read_text("utf-8")
    assert "opentelemetry-exporter-otlp-proto-http==" in lock
    assert "-f docker-compose.yml -f deploy/jaeger/compose.yml up -d --build" in source


OVERLAYS = sorted(ROOT.glob("deploy/*.yml"))


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: path.stem)
def test_an_overlay_changes_services_that_exist_and_publishes_nothing(path):
    source = path.read_text("utf-8")
    services = yaml.safe_load(source)["services"]
    assert set(services) <= set(SERVICES)
    assert not any("ports" in service for service in services.values())
    named = {match[0] for match in REFERENCE.findall(source)}
    passed = {
        name
        for service in services.values()
        for name, value in (service.get("environment") or {}).items()
        if value is None
    }
    assert named | passed <= documented()
    assert f"-f docker-compose.yml -f deploy/{path.name} up -d" in source


def test_the_memory_has_room_to_write_its_file_anew():
    limits = yaml.safe_load((ROOT / "deploy/limits.yml").read_text("utf-8"))["services"]
    assert expand(limits["redis"]["mem_limit"]) == "1g"
    assert "--maxmemory 512mb" in expand(SERVICES["redis"]["command"])
    assert "--maxmemory 4gb" in expand(SERVICES["redis"]["command"], {"VALKEY_MAXMEMORY": "4gb"})


def test_the_image_keeps_its_extras_when_it_is_built_anew():
    lock = SERVICES["bot"]["build"]["args"]["LOCK"]
    assert expand(lock) == "requirements.lock"
    assert expand(lock, {"BOT_LOCK": "requirements-extras.lock"}) == "requirements-extras.lock"


def test_a_backup_does_not_wait_for_replicas_nor_leaves_a_file():
    assert "--repl-diskless-sync-delay 0" in SERVICES["redis"]["command"]


def test_the_systemd_unit_starts_the_bot_and_gives_up_on_wrong_settings():
    unit = (ROOT / "deploy/hermes-discord.service").read_text("utf-8")
    lines = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and line[0] != "#")
    assert lines["ExecStart"].endswith("/.venv/bin/python -m bot run")
    assert lines["ExecStart"].startswith(lines["WorkingDirectory"])
    assert int(lines["RestartPreventExitStatus"]) == EXIT_CONFIG
    assert lines["Environment"].partition("=")[2].endswith(lines["StateDirectory"])
    # Only the bot is asked to stop: its private Valkey is needed for the last replies.
    assert lines["KillMode"] == "mixed"
    assert float(lines["TimeoutStopSec"]) == Settings.model_fields["stop_after"].default + 10
    folders = re.findall(r"^Environment=\w+=(\S+)", unit, re.MULTILINE)
    assert all(folder.startswith(f"/var/lib/{lines['StateDirectory']}") for folder in folders)
    # What it says about itself is true.
    assert "make .venv/.ready-run" in unit
    assert lines["EnvironmentFile"] in unit.partition("[Unit]")[0]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "RUN_READY := $(VENV)/.ready-run" in makefile


def test_the_first_start_may_take_long_and_no_log_fills_the_disk():
    for name in ("tgi", "llama"):
        assert SERVICES[name]["healthcheck"]["start_period"] == "2h"
    for name, service in SERVICES.items():
        assert {"max-size", "max-file"} <= set(service["logging"]["options"]), name
