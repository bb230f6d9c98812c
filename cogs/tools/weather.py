"""The weather, by Open-Meteo: no key, no account."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from bot.language import later
from bot.net.places import Place, find_place
from bot.tools.tool import ToolError, tool
from cogs.tools import ToolCog

_KEPT = 600  # Open-Meteo looks out of the window every 15 minutes

_SKIES = {
    0: "clear", 1: "mainly clear", 2: "partly cloudy", 3: "overcast", 45: "fog", 48: "rime fog",
    51: "light drizzle", 53: "drizzle", 55: "dense drizzle", 56: "light freezing drizzle",
    57: "freezing drizzle", 61: "light rain", 63: "rain", 65: "heavy rain",
    66: "light freezing rain", 67: "freezing rain", 71: "light snow", 73: "snow",
    75: "heavy snow", 77: "snow grains", 80: "light showers", 81: "showers",
    82: "violent showers", 85: "light snow showers", 86: "snow showers", 95: "thunderstorm",
    96: "thunderstorm with hail", 99: "thunderstorm with heavy hail",
}  # fmt: skip


class _Current(BaseModel):
    current: dict[str, float | str | None]


class _Days(BaseModel):
    time: list[str]
    weather_code: list[int | None]
    temperature_2m_min: list[float | None]
    temperature_2m_max: list[float | None]
    precipitation_sum: list[float | None]
    wind_speed_10m_max: list[float | None]


class _Daily(BaseModel):
    daily: _Days


class Weather(ToolCog):
    """Tools that know how it is outside."""

    @tool(reaches_out=True, shows=later("weather: {location}"))
    async def get_current_temperature(
        self, location: str, unit: Literal["celsius", "fahrenheit"] = "celsius"
    ) -> float:
        """Get the current temperature at a location.

        Args:
            location: The location to get the temperature for, in the format "City, Country"
            unit: The unit to return the temperature in.

        Returns:
            The current temperature at the specified location in the specified units, as a float.
        """
        return await self._now(location, "temperature_2m", unit)

    @tool(reaches_out=True, shows=later("weather: {location}"))
    async def get_current_wind_speed(self, location: str) -> float:
        """Get the current wind speed in km/h at a given location.

        Args:
            location: The location to get the temperature for, in the format "City, Country"

        Returns:
            The current wind speed at the given location in km/h, as a float.
        """
        return await self._now(location, "wind_speed_10m")

    @tool(reaches_out=True, shows=later("weather: {location}"))
    async def get_weather_forecast(
        self, location: str, days: Annotated[int, Field(ge=1, le=16)] = 3
    ) -> object:
        """Get the weather forecast for a location, day by day from today on.

        Args:
            location: The location, in the format "City, Country"
            days: How many days, from 1 to 16.
        """
        place = await self._place(location)
        found = await self._ask(
            place, _Daily, daily=",".join(list(_Days.model_fields)[1:]), forecast_days=days
        )
        daily = found.daily
        rows = zip(
            daily.time,
            daily.weather_code,
            daily.temperature_2m_min,
            daily.temperature_2m_max,
            daily.precipitation_sum,
            daily.wind_speed_10m_max,
            strict=False,
        )
        units = {"temperature": "celsius", "rain": "mm", "wind": "km/h"}
        return {"location": place.label, "units": units, "days": [_day(*row) for row in rows]}

    async def _now(self, location: str, what: str, unit: str = "celsius") -> float:
        place = await self._place(location)
        found = await self._ask(place, _Current, current=what, temperature_unit=unit)
        value = found.current.get(what)
        if not isinstance(value, float):
            raise ToolError(f"Nobody measured that in {place.label}.")
        return value

    async def _place(self, location: str) -> Place:
        return await find_place(self.kit.fetch, self.kit.services.geocoding, location)

    async def _ask(self, place: Place, shape: type[Any], **params: str | int) -> Any:
        where = {"latitude": place.latitude, "longitude": place.longitude, "timezone": "auto"}
        answer = await self.kit.fetch.get(
            self.kit.services.forecast,
            params={**where, "wind_speed_unit": "kmh", **params},
            cache=_KEPT,
        )
        return answer.read_as(shape)


def _day(
    date: str,
    sky: int | None,
    coldest: float | None,
    warmest: float | None,
    rain: float | None,
    wind: float | None,
) -> dict[str, Any]:
    return {
        "date": date,
        "sky": _SKIES.get(-1 if sky is None else sky, "unknown"),
        "min": coldest,
        "max": warmest,
        "rain": rain,
        "wind": wind,
    }
