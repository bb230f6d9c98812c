"""What the documents say exists: commands, settings, files."""

from __future__ import annotations

import re
from pathlib import Path

import discord
import pytest

from bot.__main__ import _parser
from bot.checks import access
from bot.net.fetch import Fetcher
from bot.settings import Settings, load, variable_names
from bot.tools import discovery
from bot.tools.kit import Kit
from tests.structure.tree import ROOT, text_files

README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
DOCUMENTS = sorted(path for path in text_files() if path.suffix == ".md")
OURS = re.compile(r"\b(?:DISCORD|ENGINE|REDIS|MODEL|DATA|LOG|HTTP|HISTORY|REPLY)_[A-Z_]+\b")


def code(text: str) -> str:
    """What stands between backticks and in code blocks."""
    found = re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)
    return "\n".join(block or line for block, line in found)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(path):
    named = set(re.findall(r"\bmake ([a-z-]+)", code(path.read_text("utf-8"))))
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_named_exists(path):
    for words in re.findall(r"python -m bot (\w+)", code(path.read_text("utf-8"))):
        _parser().parse_args([words, *(["FILE"] if words in ("backup", "restore") else [])])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path):
    assert set(OURS.findall(path.read_text("utf-8"))) <= set(variable_names())


def places_in(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_into_the_project_leads_somewhere(path):
    text = path.read_text("utf-8")
    links = [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'(?:src|href)="([^"]+)"', text)]
    for link in links:
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, place = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not place or place in places_in(target), link


def test_the_settings_in_the_readme_have_their_defaults():
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", README, re.MULTILINE))
    assert set(rows) <= {name.upper() for name in Settings.model_fields}
    assert "docs/reference/settings.md" in README
    for name, shown in rows.items():
        default = Settings.model_fields[name.lower()].default
        if default not in (None, ()):
            assert shown.strip("`") == f"{default:g}", name


def test_the_tools_that_examples_switch_on_exist():
    cogs = discovery.build(Kit(load({}), Fetcher(), None))
    pages = [ROOT / "README.md", ROOT / ".env.example", *(ROOT / "docs").glob("*.md")]
    texts = [page.read_text("utf-8") for page in pages]
    given = [
        one for text in texts for one in re.findall(r"TOOLS_ON=([a-z_]+(?:, ?[a-z_]+)*)", text)
    ]
    [row] = re.findall(r"^\| `TOOLS_ON` .*`([a-z_, ]+)` \|$", README, re.MULTILINE)
    for names in (*given, row):
        assert discovery.named(names.replace(" ", "").split(","), cogs)[1] == []


def test_the_page_about_traces_has_every_attribute():
    page = (ROOT / "docs/monitoring.md").read_text("utf-8")
    source = (ROOT / "bot/tracing/__init__.py").read_text("utf-8")
    used = set(re.findall(r'"((?:gen_ai|hermes|http|db|error)\.[a-z_.]+)"', source))
    assert len(used) > 20
    assert used <= set(re.findall(r"`([a-z_.]+)`", page))


def test_every_target_says_what_it_does():
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    described = re.findall(r"^([a-z-]+):.*## \w", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert sorted(phony[1].split()) == sorted(described)


def test_the_doctors_page_has_every_check():
    page = (ROOT / "docs/doctor.md").read_text("utf-8")
    listed = re.findall(r"^\| `([a-z.]+)` \|", page, re.MULTILINE)
    folders = ("bot/checks", "bot/doctor")
    sources = [ROOT / "cogs/doctor.py", *(p for one in folders for p in (ROOT / one).glob("*.py"))]
    told = "\n".join(path.read_text("utf-8") for path in sources)
    alone = "settings|start|version|disk|clock"
    kinds = rf"{alone}|discord(?:\.(?!com)[a-z]+)?|store\.[a-z]+|engine(?:\.[a-z]+)?"
    assert set(re.findall(rf'"({kinds})"', told)) == set(listed)
    symptoms = (ROOT / "docs/troubleshooting.md").read_text("utf-8")
    lines = re.findall(r"`((?:discord|store|engine)\.[a-z]+|clock|disk|start|settings)`", symptoms)
    assert set(lines) <= set(listed)


def test_the_readme_names_the_permissions_that_the_invitation_asks_for():
    [step] = re.findall(r"3\. \*\*Invite it\.\*\*(.*?)4\. ", README, re.DOTALL)
    words = " ".join(step.split())
    assert set(access.PERMISSIONS.values()) == set(re.findall(r"\*([A-Z][\w ]+)\*", words))
    link = access.invite_link(1)
    assert discord.Permissions(int(re.findall(r"permissions=(\d+)", link)[0])).manage_webhooks


@pytest.mark.parametrize(("bit", "name"), access.PERMISSIONS.items())
def test_the_bits_are_those_of_discord(bit, name):
    known = {"View Channels": "view_channel", "Pin Messages": "pin_messages"}
    attribute = known.get(name, name.lower().replace(" ", "_"))
    assert getattr(discord.Permissions, attribute).flag == bit
