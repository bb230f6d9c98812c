"""docs/reference is what the bot has, and says of each setting who goes by it."""

from __future__ import annotations

import re

import pytest

from bot.__main__ import main
from bot.commands import reference
from bot.commands.reference.settable import USED_BY, takes
from bot.settings import SECRETS, Settings
from tests.structure.tree import ROOT

EXAMPLE = (ROOT / ".env.example").read_text("utf-8")

# Whose sources ask for the settings that a command goes by.
READERS = {
    "run": ("bot/client/*.py", "cogs/**/*.py"),
    "doctor": ("bot/doctor/*.py",),
    "eval": ("bot/commands/evaluate.py",),
    "backup": ("bot/commands/backup.py",),
    "restore": ("bot/commands/backup.py",),
}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference.pages(EXAMPLE)


@pytest.mark.parametrize("name", ["settings.md", "commands.md"])
def test_the_page_is_up_to_date(pages, name):
    written = (ROOT / reference.FOLDER / name).read_text("utf-8").splitlines()
    wanted = pages[name].splitlines()
    for number, (stands, should) in enumerate(zip(written, wanted, strict=False), 1):
        assert stands == should, f"{name}:{number} is out of date; run `make reference`"
    assert len(written) == len(wanted), f"{name} is out of date at its end; run `make reference`"


def test_it_has_every_setting_once(pages):
    listed = re.findall(r"^### `([A-Z_]+)`$", pages["settings.md"], re.MULTILINE)
    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)
    assert all(f"`{secret}_FILE`" in pages["settings.md"] for secret in SECRETS)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("log_level", "`debug` or `info` or `warning` or `error`"),
        ("http_port", "a whole number, from 0, up to 65535"),
        ("alert_after", "seconds, more than 0"),
        ("summaries", "`true` or `false`"),
        ("tools_on", "names, divided by commas"),
        ("data_dir", "the name of a file or folder"),
        ("discord_token", "text that nobody else should see"),
        (
            "redis_url",
            "redis://host:port/0, rediss://…, unix://path or redis+sentinel://host/service",
        ),
        ("alert_channel", "the id of a channel: 155149108183695360"),
    ],
)
def test_what_a_setting_takes_is_said_in_words(name, words):
    assert takes(name) == words


def test_every_setting_has_such_words():
    assert all(takes(name) for name in Settings.model_fields)


@pytest.mark.parametrize("command", READERS)
def test_who_reads_a_setting_is_named(command):
    core = ("run", "play", "doctor")
    sources = [path for kind in READERS[command] for path in ROOT.glob(kind)]
    read = set()
    for path in sources:
        read |= set(re.findall(r"\bsettings\.([a-z_]+)", path.read_text("utf-8")))
    found = read & set(Settings.model_fields)
    assert found, command
    assert [name for name in found if command not in USED_BY.get(name, core)] == []


def test_an_option_says_its_kind_and_its_bounds(pages):
    page = pages["commands.md"]
    assert "- `question`: What do you want to know? (text, up to 4000 characters)" in page
    assert re.search(r"^- `rounds`, optional: .* \(a whole number, from 0, up to 10\)$", page, re.M)
    assert "by saying a name (one of *mention*, *name*, *always*)" in page


def test_a_command_says_for_whom_and_where(pages):
    page = pages["commands.md"]
    parts = dict(re.findall(r"^### `?/?([^`\n]+)`?\n(.*?)(?=^##|\Z)", page, re.M | re.S))
    assert "For those with *Manage Channels*; in servers." in parts["channel"]
    assert "in direct messages with the bot; everywhere with you." in parts["help"]
    assert "in the menu of a message" in parts["Manage reply"]


def test_elsewhere_it_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["reference"]) == 69
    assert "in the project's own folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_them(tmp_path, monkeypatch, capsys):
    (tmp_path / ".env.example").write_text(EXAMPLE, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["reference"]) == 0
    written = {path.name for path in (tmp_path / reference.FOLDER).iterdir()}
    assert written == {"settings.md", "commands.md"}
    assert "docs/reference/settings.md" in capsys.readouterr().out
