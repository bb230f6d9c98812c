from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from bot.errors import UserError
from cogs.tools.clock import Clock
from tests.tools.canonical import schemas, trained
from tests.tools.geography import search

pytestmark = pytest.mark.usefixtures("one_hour")


@pytest_asyncio.fixture
async def clock(outside):
    outside.answers = {"/geocoding/v1/search": search}
    return Clock(outside.kit())


def is_now(told: dict[str, str], zone: str) -> bool:
    """Whether the clock there shows that; the minute may have changed meanwhile."""
    shown = f"{told['date']} {told['time']} {told['weekday']}"
    now = datetime.now(ZoneInfo(zone))
    return shown in (f"{now - late:%Y-%m-%d %H:%M %A}" for late in (timedelta(), timedelta(0, 60)))


async def test_a_city_has_a_time(outside, clock):
    told = await outside.call(clock, "get_current_time", location="Tokyo, Japan")
    assert is_now(told, "Asia/Tokyo")
    assert told["location"] == "Tokyo, Japan"
    assert told["timezone"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("location", "zone"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("america/new_york", "America/New_York"),
        ("America/New York", "America/New_York"),
        ("UTC", "UTC"),
        ("Japan", "Japan"),
    ],
)
async def test_a_zone_needs_nobody_outside(outside, clock, location, zone):
    assert is_now(await outside.call(clock, "get_current_time", location=location), zone)
    assert outside.requests == []


@pytest.mark.parametrize("location", ["Atlantis", "", "../../etc/passwd", "Nowhere", "Europe"])
async def test_where_there_is_no_time_is_told(outside, clock, location):
    with pytest.raises(UserError) as error:
        await outside.call(clock, "get_current_time", location=location)
    assert error.value.text.endswith(".")


async def test_days_are_counted_both_ways(outside, clock):
    told = await outside.call(clock, "days_between", first="2024-02-28", second="2024-03-01")
    assert told == {"days": 2, "weeks": 0.29, "weekdays": ["Wednesday", "Friday"]}
    told = await outside.call(clock, "days_between", first="2026-01-01", second="2025-01-01")
    assert told["days"] == -365


async def test_today_is_a_date(outside, clock):
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    told = await outside.call(clock, "days_between", first="today", second=tomorrow)
    assert told["days"] in (0, 1)


@pytest.mark.parametrize("text", ["31.5.2026", "2026-02-30", "", "soon", "9" * 5000])
async def test_what_is_no_date_is_told(outside, clock, text):
    with pytest.raises(UserError, match="is not a date"):
        await outside.call(clock, "days_between", first="2026-01-01", second=text)


def test_the_model_sees_what_it_was_trained_on():
    assert schemas(Clock(None))["get_current_time"] == trained("get_current_time")
