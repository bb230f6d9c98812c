"""Answers of Open-Meteo's geocoding, as its documentation shows them."""

from __future__ import annotations

from aiohttp import web


def place(name: str, country: str, code: str, zone: str, **more: object) -> dict[str, object]:
    return {
        "id": 1,
        "name": name,
        "latitude": 48.85341,
        "longitude": 2.3488,
        "elevation": 42.0,
        "feature_code": "PPLC",
        "country_code": code,
        "timezone": zone,
        "population": 2138551,
        "country_id": 3017382,
        "country": country,
        **more,
    }


PLACES = {
    "Paris": [
        place("Paris", "France", "FR", "Europe/Paris", admin1="Île-de-France"),
        place("Paris", "United States", "US", "America/Chicago", admin1="Texas", latitude=33.66),
    ],
    "Tokyo": [place("Tokyo", "Japan", "JP", "Asia/Tokyo")],
    "Nowhere": [place("Nowhere", "Norway", "NO", "")],
}


def search(request: web.Request) -> object:
    found = PLACES.get(request.query["name"])
    # Where nothing is found, the service leaves the list out.
    return {"generationtime_ms": 0.6, **({"results": found} if found else {})}
