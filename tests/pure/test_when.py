"""Times as people and models write them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tools.tool import ToolError
from bot.tools.when import moment, shown

NOW = datetime(2026, 11, 21, 13, 40, tzinfo=UTC)  # a Saturday
BERLIN = ZoneInfo("Europe/Berlin")


def read(text: str, now: datetime = NOW, **more: object) -> str:
    """What is read, as UTC."""
    return moment(text, now, **more).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("in 20 minutes", 20),
        ("20 min", 20),
        ("+20 minutes", 20),
        ("twenty minutes from now", 20),
        ("In ten minutes.", 10),
        ("PT20M", 20),
        ("2 h 30 min", 150),
        ("2h30m", 150),
        ("in 2 hours and 15 minutes", 135),
        ("an hour and a half", 90),
        ("half an hour", 30),
        ("in 1.5 hours", 90),
        ("in a couple of hours", 120),
        ("in 1 day and 2 hours", 26 * 60),
        ("P1DT2H", 26 * 60),
        ("in 3 days", 3 * 24 * 60),
        ("in two weeks", 14 * 24 * 60),
        ("next week", 7 * 24 * 60),
    ],
)
def test_so_long_from_now(text, minutes):
    assert moment(text, NOW) == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("tomorrow at 9:00", "2026-11-22 09:00"),
        ("tomorrow", "2026-11-22 09:00"),
        ("2:30 pm tomorrow", "2026-11-22 14:30"),
        ("the day after tomorrow at noon", "2026-11-23 12:00"),
        ("at 9", "2026-11-22 09:00"),
        ("at 9 pm", "2026-11-21 21:00"),
        ("12 am", "2026-11-22 00:00"),
        ("12 p.m.", "2026-11-22 12:00"),
        ("18:00", "2026-11-21 18:00"),
        ("midnight", "2026-11-22 00:00"),
        ("tomorrow at midnight", "2026-11-23 00:00"),
        ("tonight", "2026-11-21 20:00"),
        ("tonight at 9", "2026-11-21 21:00"),
        ("at 7 in the evening", "2026-11-21 19:00"),
        ("tomorrow morning", "2026-11-22 09:00"),
        ("saturday at 15:00", "2026-11-21 15:00"),
        ("saturday 9:00", "2026-11-28 09:00"),
        ("next Friday at 6 pm", "2026-11-27 18:00"),
        ("in 3 days at 9am", "2026-11-24 09:00"),
        ("2026-12-24 18:00", "2026-12-24 18:00"),
        ("2026-12-24", "2026-12-24 09:00"),
        ("Dec 24, 2026 18:00", "2026-12-24 18:00"),
        ("24 December 18:00", "2026-12-24 18:00"),
        ("24.12.2026 18:00", "2026-12-24 18:00"),
        ("Thursday, 24th of December at 6pm", "2026-12-24 18:00"),
        ("May 5", "2027-05-05 09:00"),
        ("Feb 29", "2028-02-29 09:00"),
        ("in 2 months", "2027-01-21 13:40"),
    ],
)
def test_a_day_and_a_time(text, utc):
    assert read(text) == utc


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-12-24T18:00:00Z", "2026-12-24 18:00"),
        ("2026-12-24T18:00:00.123+01:00", "2026-12-24 17:00"),
        ("2026-12-24T18:00-0330", "2026-12-24 21:30"),
        ("tomorrow at 18:00 Europe/Berlin", "2026-11-22 17:00"),
        ("tomorrow at 18:00 europe/berlin", "2026-11-22 17:00"),
        ("9am America/Argentina/Buenos_Aires", "2026-11-22 12:00"),
        ("18:00 (CET)", "2026-11-21 17:00"),
        ("18:00 UTC+2", "2026-11-21 16:00"),
        ("9 AM PT", "2026-11-21 17:00"),
        ("18:00 GMT-5:30", "2026-11-21 23:30"),
    ],
)
def test_a_time_zone_of_its_own(text, utc):
    assert read(text) == utc
    assert read(text, zone=ZoneInfo("Asia/Tokyo")) == utc, "whatever the zone is otherwise"


def test_the_zone_where_none_is_given_decides_what_today_is():
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # in Berlin it is Sunday, 0:30
    assert read("tomorrow at 9:00", late) == "2026-11-22 09:00"
    assert read("tomorrow at 9:00", late, zone=BERLIN) == "2026-11-23 08:00"


def test_clocks_that_change():
    before = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)  # the night in which Berlin skips 2 to 3
    assert read("tomorrow at 9:00", before, zone=BERLIN) == "2026-03-29 07:00"
    assert shown(moment("tomorrow at 2:30", before, BERLIN)) == "Sunday 2026-03-29 03:30 CEST"
    assert read("in 24 hours", before, zone=BERLIN) == "2026-03-29 20:00"
    assert read("in 1 day", before, zone=BERLIN) == "2026-03-29 19:00", "at the same time of day"


def test_a_month_that_is_shorter():
    end = datetime(2027, 1, 31, 8, 0, tzinfo=UTC)
    assert read("in 1 month", end) == "2027-02-28 08:00"
    assert read("in 13 months", end) == "2028-02-29 08:00"


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "5", "in 5", "yesterday", "every day at 9", "12/24/2026 18:00", "in"),
        *(
            "in 2 hours at 9:00",
            "tomorrow tomorrow",
            "9:00 10:00",
            "tomorrow Friday",
            "today 24.12.",
        ),
        *("tomorrow at 18:00 Mars/Base", "18:00 IST", "18:00 UTC+20", "../../etc/passwd"),
        *("Friday 24 December 2026", "tomorrow at 9:00 " * 20, "P", "remind me tomorrow"),
    ],
)
def test_what_is_no_one_time_is_told_with_examples(text):
    with pytest.raises(ToolError, match="in 20 minutes"):
        moment(text, NOW)


@pytest.mark.parametrize(
    "text", ["2026-13-01", "25:00", "30 February", "in 99999999 years", "9:75"]
)
def test_what_does_not_exist_is_told(text):
    with pytest.raises(ToolError, match="no such time"):
        moment(text, NOW)


@pytest.mark.parametrize(
    "text", ["2026-11-20", "today at 9:00", "in 0 minutes", "20 November 2026"]
)
def test_what_has_passed_is_told_with_when_it_was(text):
    with pytest.raises(ToolError, match=r"not in the future: that was \w+ 2026-11-2"):
        moment(text, NOW)


PIECES = (
    *("in", "at", "on", "9", "20", "30", "2026-12-24", "24.12.", "18:00", "9am", "pm", "h", "min"),
    *("hours", "days", "week", "tomorrow", "friday", "tonight", "noon", "December", "Feb", "29"),
    *("Europe/Berlin", "UTC+2", "+01:00", "Z", "half", "a", "an", "and", "PT20M", "T", ".", "-"),
    *("99999999", "0", ",", "months", "years", "next"),
)


@given(
    st.one_of(
        st.text(max_size=130),
        st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join),
        st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    )
)
def test_any_text_is_a_time_to_come_or_an_error(text):
    try:
        found = moment(text, NOW, BERLIN)
    except ToolError:
        return
    assert found > NOW
    assert found.utcoffset() is not None
    assert shown(found)


@pytest.mark.parametrize("piece", ["1", "a ", "9:0", "in ", "1.", "p1d", "((", "z/", "1 h"])
def test_hostile_texts_cost_nothing(piece):
    began = time.perf_counter()
    for _ in range(20):
        with pytest.raises(ToolError):
            moment((piece * 120)[:119] + "~", NOW)
    assert time.perf_counter() - began < 5
