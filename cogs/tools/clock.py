"""What time it is elsewhere, and how far one day is from another."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from bot.language import later
from bot.net.places import find_place
from bot.tools.tool import ToolError, tool
from bot.tools.zones import zone_named
from cogs.tools import ToolCog


class Clock(ToolCog):
    """Tools that know clocks and calendars."""

    @tool(reaches_out=True, shows=later("time: {location}"))
    async def get_current_time(self, location: str) -> object:
        """Get the current date and time at a location.

        Args:
            location: A city or country.
        """
        label, zone = await self._zone(location.strip())
        now = datetime.now(zone)
        return {
            "location": label,
            "time": f"{now:%H:%M}",
            "date": f"{now:%Y-%m-%d}",
            "weekday": f"{now:%A}",
            "timezone": str(zone),
        }

    @tool(shows=later("counting days"))
    async def days_between(self, first: str, second: str) -> object:
        """Count the days from one date to another.

        Args:
            first: A date such as 2026-05-31, or today (in UTC).
            second: The other date, in the same form.
        """
        start, end = _date(first), _date(second)
        days = (end - start).days
        return {"days": days, "weeks": round(days / 7, 2), "weekdays": [f"{start:%A}", f"{end:%A}"]}

    async def _zone(self, location: str) -> tuple[str, tzinfo]:
        # Names of zones need nobody's help: Europe/Paris, UTC, Japan.
        if location and (zone := zone_named(location.replace(" ", "_"))):
            return location, zone
        place = await find_place(self.kit.fetch, self.kit.services.geocoding, location)
        zone = zone_named(place.timezone) if place.timezone else None
        if zone is None:
            raise ToolError(f"Nobody knows what time it is in {place.label}.")
        return place.label, zone


def _date(text: str) -> date:
    if text.strip().casefold() == "today":
        return datetime.now(zone_named("utc")).date()
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ToolError(f"{text[:40]} is not a date. Write it as 2026-05-31.") from None
