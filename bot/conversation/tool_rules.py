"""Which tools may be used where, and by whom: what a server has set, kept in memory."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from bot.conversation.ports import Store
from bot.conversation.read_once import ReadOnce
from bot.tools.tool import Tool

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlaceRules:
    """What was set in one place: tools switched on or off, and the roles that may use a tool."""

    on: Mapping[str, bool] = field(default_factory=dict[str, bool])
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for one tool in one place.

    `place` and `roles_place` are where that was set, "" where nobody set anything. `roles` is None
    where everybody may use the tool.
    """

    on: bool
    place: str = ""
    roles: frozenset[str] | None = None
    roles_place: str = ""

    def allows(self, roles: frozenset[str]) -> bool:
        """Whether somebody with these roles may use the tool."""
        return self.on and (self.roles is None or not self.roles.isdisjoint(roles))


_ON, _OFF = Standing(True), Standing(False)


def is_on_by_default(tool: Tool, wanted: frozenset[str]) -> bool:
    """A tool is on unless it reaches out of Discord or changes something; `wanted` are on too."""
    return tool.name in wanted or not (tool.reaches_out or tool.changes)


def standing(
    tool: Tool, places: Sequence[str], rules: Mapping[str, PlaceRules], *, default: bool
) -> Standing:
    """What holds for a tool in the first of `places` that says anything, the narrowest first."""
    found = Standing(default)
    for place in places:
        if tool.name in (here := rules.get(place, PlaceRules())).on:
            found = replace(found, on=here.on[tool.name], place=place)
            break
    for place in places:
        if tool.name in (here := rules.get(place, PlaceRules())).roles:
            return replace(found, roles=here.roles[tool.name], roles_place=place)
    return found


class ToolRules:
    """Knows all rules without asking the store. While it is away, the defaults hold."""

    def __init__(self, store: Store, wanted: frozenset[str] = frozenset()) -> None:
        self._store = store
        self._wanted = wanted
        self._rules = ReadOnce(self._read, "which tools are allowed")

    async def of(self, tool: Tool, places: Sequence[str]) -> Standing:
        """What holds for a tool in a place."""
        (found,) = await self.of_all((tool,), places)
        return found

    async def of_all(self, tools: Iterable[Tool], places: Sequence[str]) -> list[Standing]:
        """What holds for each of the tools in a place."""
        known = await self._rules.get()
        # Nobody gets a tool that a server may have switched off, only because the store is away.
        defaults = [
            (tool, known is not None and is_on_by_default(tool, self._wanted)) for tool in tools
        ]
        rules = {place: known[place] for place in places if place in known} if known else {}
        if not rules:
            return [_ON if default else _OFF for _, default in defaults]
        return [standing(tool, places, rules, default=default) for tool, default in defaults]

    async def named_roles(self, places: Sequence[str]) -> frozenset[str]:
        """All roles that any rule in these places names."""
        rules = await self._rules.get() or {}
        found = (rules[place].roles.values() for place in places if place in rules)
        return frozenset(role for many in found for roles in many for role in roles)

    def renew(self) -> None:
        """Read them again: another process has changed something."""
        self._rules.renew()

    async def switch(self, place: str, tool: str, on: bool | None) -> None:
        """Switch a tool on or off in a place, or take that back (None)."""
        rules = await self._now(place)
        switched = {name: value for name, value in rules.on.items() if name != tool}
        if on is not None:
            switched[tool] = on
        await self._keep(place, replace(rules, on=switched))

    async def limit(self, place: str, tool: str, roles: frozenset[str]) -> None:
        """Let only some roles use a tool in a place; none: take that back."""
        rules = await self._now(place)
        limited = {name: value for name, value in rules.roles.items() if name != tool}
        if roles:
            limited[tool] = roles
        await self._keep(place, replace(rules, roles=limited))

    async def copy(self, place: str, to: str) -> None:
        """Let what was set in one place hold in another one, too; all that was set there goes."""
        rules = await self._now(place)
        if rules != await self._now(to):
            await self._keep(to, rules)

    async def has_any(self, place: str) -> bool:
        """Whether anything is set in a place itself, as far as it is known just now."""
        known = await self._rules.get() or {}
        return known.get(place, PlaceRules()) != PlaceRules()

    async def forget(self, place: str) -> None:
        """Take back all that was set in a place."""
        await self._keep(place, PlaceRules())

    async def _now(self, place: str) -> PlaceRules:
        # Another process may have changed the place a moment ago.
        return (await self._rules.fresh()).get(place, PlaceRules())

    async def _keep(self, place: str, rules: PlaceRules) -> None:
        empty = not rules.on and not rules.roles
        await self._store.set_tool_rules(place, None if empty else _write(rules))
        if (known := await self._rules.get_now()) is not None:
            known[place] = rules

    async def _read(self) -> dict[str, PlaceRules]:
        stored = await self._store.tool_rules()
        return {place: _parse(place, text) for place, text in stored.items()}


def _write(rules: PlaceRules) -> str:
    roles = {tool: sorted(allowed) for tool, allowed in rules.roles.items()}
    return json.dumps({"on": dict(rules.on), "roles": roles}, sort_keys=True)


def _parse(place: str, text: str) -> PlaceRules:
    """Read stored rules; what makes no sense is left out, with a warning."""
    try:
        data: Any = json.loads(text)
        on, roles = cast("dict[str, Any]", data["on"]), cast("dict[str, Any]", data["roles"])
        return PlaceRules(
            {tool: value is True for tool, value in on.items()},
            {tool: frozenset(map(str, allowed)) for tool, allowed in roles.items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("the stored rules about tools of %s are damaged: %s", place, error)
        return PlaceRules()
