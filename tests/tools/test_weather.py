from __future__ import annotations

import pytest
import pytest_asyncio
from aiohttp import web

from bot.errors import UserError
from cogs.tools.weather import Weather
from tests.tools.canonical import schemas, trained
from tests.tools.geography import search


def forecast(request: web.Request) -> object:
    asked = request.query
    if "current" in asked:
        value = {"temperature_2m": 22.4, "wind_speed_10m": 11.9}[asked["current"]]
        if asked["temperature_unit"] == "fahrenheit":
            value = 72.3
        return {"current": {"time": "2026-05-31T12:00", "interval": 900, asked["current"]: value}}
    days = int(asked["forecast_days"])
    return {
        "timezone": "Europe/Paris",
        "daily": {
            "time": [f"2026-05-{day:02d}" for day in range(1, days + 1)],
            **{name: [1.5] * days for name in asked["daily"].split(",")},
            "weather_code": [61, 95, None, 42, 0][:days],
        },
    }


@pytest_asyncio.fixture
async def weather(outside):
    outside.answers = {"/geocoding/v1/search": search, "/forecast/v1/forecast": forecast}
    return Weather(outside.kit())


async def test_the_temperature_is_a_number_as_in_the_model_card(outside, weather):
    told = await outside.call(weather, "get_current_temperature", location="Paris, France")
    assert told == 22.4
    told = await outside.call(
        weather, "get_current_temperature", location="Paris", unit="fahrenheit"
    )
    assert told == 72.3


async def test_the_wind_is_in_kilometres_an_hour(outside, weather):
    assert await outside.call(weather, "get_current_wind_speed", location="Paris") == 11.9
    assert outside.requests[-1].query["wind_speed_unit"] == "kmh"


@pytest.mark.parametrize(
    ("location", "latitude"),
    [
        ("Paris", "48.85341"),
        ("Paris, France", "48.85341"),
        ("Paris, fr", "48.85341"),
        ("Paris, Ile-de-France, France", "48.85341"),
        ("Paris, Texas", "33.66"),
        ("Paris, TX", None),
        (" Paris ,USA", "33.66"),
        ("Paris, Texas, United States", "33.66"),
    ],
)
async def test_the_country_decides_between_places_of_one_name(outside, weather, location, latitude):
    if latitude is None:
        with pytest.raises(UserError, match="but in: France, United States"):
            await outside.call(weather, "get_current_wind_speed", location=location)
        return
    await outside.call(weather, "get_current_wind_speed", location=location)
    assert outside.requests[-1].query["latitude"] == latitude


async def test_a_forecast_has_a_line_for_each_day(outside, weather):
    told = await outside.call(weather, "get_weather_forecast", location="Paris", days=5)
    assert told["location"] == "Paris, France"
    assert [day["sky"] for day in told["days"]] == [
        *("light rain", "thunderstorm", "unknown", "unknown", "clear"),
    ]
    assert told["days"][0] == {
        **{"date": "2026-05-01", "sky": "light rain"},
        **{"min": 1.5, "max": 1.5, "rain": 1.5, "wind": 1.5},
    }


@pytest.mark.parametrize("location", ["Atlantis", "", "x", " , France", "y" * 200])
async def test_a_place_that_is_none_is_told(outside, weather, location):
    with pytest.raises(UserError) as error:
        await outside.call(weather, "get_current_temperature", location=location)
    assert error.value.text.endswith(".")


async def test_places_and_weather_are_kept_for_a_while(outside, weather):
    for _ in range(3):
        await outside.call(weather, "get_current_temperature", location="Paris, France")
    assert len(outside.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=500),
        web.Response(text="<html>", content_type="text/html"),
        {"current": {}},
        {"current": {"temperature_2m": None}},
        {"error": True},
        [],
    ],
    ids=str,
)
async def test_a_service_that_fails_is_told_in_words(outside, weather, answer):
    outside.answers["/forecast/v1/forecast"] = answer
    with pytest.raises(UserError) as error:
        await outside.call(weather, "get_current_temperature", location="Paris")
    assert error.value.text.endswith(".")


def test_the_model_sees_what_it_was_trained_on():
    told = schemas(Weather(None))
    for name in ("get_current_temperature", "get_current_wind_speed"):
        assert told[name] == trained(name)
