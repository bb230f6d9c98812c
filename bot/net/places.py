"""Where a place is: “Paris, France” by Open-Meteo's geocoding."""

from __future__ import annotations

import unicodedata

from pydantic import BaseModel

from bot.errors import BadInput
from bot.net.fetch import Fetcher

# Places do not move.
_KEPT = 24 * 3600
_CANDIDATES = 20
_COUNTRIES = {
    **dict.fromkeys(("usa", "us", "united states of america", "america"), "united states"),
    **dict.fromkeys(("uk", "gb", "great britain", "britain"), "united kingdom"),
    **{"uae": "united arab emirates", "holland": "netherlands", "the netherlands": "netherlands"},
    **{"czech republic": "czechia", "korea": "south korea"},
}


class Place(BaseModel):
    """A place on earth. `admin1` is its region, such as a state."""

    name: str
    latitude: float
    longitude: float
    timezone: str = ""
    country: str = ""
    country_code: str = ""
    admin1: str = ""
    admin2: str = ""

    @property
    def label(self) -> str:
        """How people call it."""
        return self.name if self.country in ("", self.name) else f"{self.name}, {self.country}"

    def is_in(self, region: str) -> bool:
        """Whether it is in a country or region of that name."""
        wanted = _plain(region)
        wanted = _COUNTRIES.get(wanted, wanted)
        own = (self.country, self.country_code, self.admin1, self.admin2)
        return wanted in {_plain(name) for name in own if name}


class _Found(BaseModel):
    results: list[Place] = []


async def find_place(fetch: Fetcher, geocoding: str, location: str) -> Place:
    """The best-known place that fits; `BadInput` if there is none."""
    name, *regions = [part.strip() for part in location.split(",") if part.strip()] or [""]
    if not 2 <= len(name) <= 100:
        raise BadInput("A location is a city, or a city and its country, such as Lyon, France.")
    params = {"name": name, "count": _CANDIDATES, "language": "en", "format": "json"}
    found = (await fetch.get(geocoding, params=params, cache=_KEPT)).read_as(_Found).results
    fitting = [place for place in found if all(place.is_in(region) for region in regions)]
    if fitting:
        return fitting[0]
    if not found:
        raise BadInput(f"There is no place called {name} on the map.")
    countries = ", ".join(dict.fromkeys(place.country for place in found[:5] if place.country))
    raise BadInput(f"There is no {name} in {', '.join(regions)}, but in: {countries}.")


def _plain(name: str) -> str:
    """Without accents and case."""
    parts = unicodedata.normalize("NFKD", name.strip().casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))
