"""Whom the tools ask: public services, or the operator's own in their place."""

from __future__ import annotations

from dataclasses import dataclass, fields
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Services:
    """The address of each service; "" means that there is none unless the operator runs one.

    `{language}` stands for a language's code, such as en.
    """

    geocoding: str = "https://geocoding-api.open-meteo.com/v1/search"
    forecast: str = "https://api.open-meteo.com/v1/forecast"
    wikipedia: str = "https://{language}.wikipedia.org"
    searxng: str = ""
    sandbox: str = ""

    def overridden(self) -> tuple[str, ...]:
        """The origins that the operator chose: the fetcher may go there, private or not."""
        chosen = {
            getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) not in ("", field.default)
        }
        return tuple(sorted(_origin(address) for address in chosen))


def _origin(address: str) -> str:
    parts = urlsplit(address.replace("{language}", "en"))
    return f"{parts.scheme}://{parts.netloc}"
