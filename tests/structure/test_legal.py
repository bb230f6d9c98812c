"""The templates of docs/legal.md: their figures are the bot's, their blanks are explained."""

from __future__ import annotations

import re

import pytest

from bot.conversation import config, departures, facts, ports, statistics
from bot.settings import Settings
from bot.store import facts as stored_facts
from bot.store import history, library, tools
from tests.structure.tree import ROOT

POLICY = (ROOT / "docs/privacy-policy.md").read_text("utf-8")
TERMS = (ROOT / "docs/terms-of-service.md").read_text("utf-8")
GUIDE = (ROOT / "docs/legal.md").read_text("utf-8")
PRIVACY = (ROOT / "docs/privacy.md").read_text("utf-8")

BLANK = re.compile(r"\{\{([^}]*)\}\}")
DAY = 86_400


def days(number: int) -> str:
    return f"{number} day{'s' if number > 1 else ''}"


def row(beginning: str) -> str:
    """How long the policy says that something is kept."""
    [found] = re.findall(rf"^\| {re.escape(beginning)}[^|]*\| (.*) \|$", POLICY, re.MULTILINE)
    return found


@pytest.mark.parametrize(
    ("what", "figure"),
    [
        ("conversations", f"default is {days(Settings.model_fields['history_days'].default)})"),
        ("conversations", "newest 1,000 messages"),
        ("the last text", days(history._SENT_DAYS)),
        ("the last text", days(ports.THOUGHTS_DAYS)),
        ("what waits for", days(ports.ACTION_DAYS)),
        ("facts", days(stored_facts._SECONDS // DAY)),
        ("facts", f"the newest {facts.MAX_FACTS} "),
        ("characters", days(library.UNUSED_DAYS)),
        ("all that belongs to a server", days(departures.LEFT_DAYS)),
        ("which tools", days(tools._LOG_DAYS)),
        ("which tools", f"{ports.MAX_LOGGED:,}"),
        ("which settings", days(config.CHANGES_DAYS)),
        ("which settings", f"last {config.MAX_CHANGES}"),
        ("numbers of use", days(statistics.DAYS)),
        ("how many replies", f"{tools._HOUR // 3600} hour"),
    ],
)
def test_a_figure_of_the_policy_is_that_of_the_bot(what, figure):
    assert figure in row(what)


def test_the_archive_is_as_long_as_it_says():
    assert history.RedisStore.__init__.__kwdefaults__["archive_turns"] == 1_000


def test_no_other_figure_of_days_stands_there():
    """A new row has to be held to its source above."""
    told = {int(n) for n in re.findall(r"(\d+) days?\b", POLICY)}
    assert told == {30, 1, 400, 90, 8}
    # The page for everybody says the same ones.
    assert {f"{n} days" for n in (400, 90, 30)} <= set(re.findall(r"\d+ days", PRIVACY))


def test_every_blank_is_explained_and_none_in_vain():
    explained = set(re.findall(r"^\| `\{\{([A-Z_]+)\}\}` \|", GUIDE, re.MULTILINE))
    assert set(BLANK.findall(POLICY)) | set(BLANK.findall(TERMS)) == explained


def test_the_blanks_have_one_form():
    for text in (POLICY, TERMS):
        assert all(re.fullmatch(r"[A-Z_]+", blank) for blank in BLANK.findall(text))
        assert not re.search(r"\[[^\]]*\](?!\()", text), "brackets are for links alone"
