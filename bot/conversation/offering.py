"""Which tools are offered for a question: what is allowed there, and what there is room for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from bot.conversation.models import Served
from bot.conversation.toolbox import Toolbox
from bot.conversation.tooling import Rounds
from bot.conversation.turns import Turn
from bot.models.profile import Profile
from bot.tools.context import ToolContext
from bot.tools.tool import Tool

log = logging.getLogger(__name__)

# The tools' descriptions take at most this share of a prompt; the talk needs the rest.
_SHARE = 0.6

# Places differ in what is allowed there; so many different offers are kept ready.
_REMEMBERED = 200

Tools = tuple[Tool, ...]


class Offer(NamedTuple):
    """Tools, and the text that tells the model of them."""

    tools: Tools
    text: str


class Offering:
    """Chooses tools; without a toolbox, or for a model that knows no tools, there are none."""

    def __init__(self, toolbox: Toolbox | None) -> None:
        self._toolbox = toolbox
        self._fitting: dict[tuple[str, str, int, Tools], Offer] = {}

    async def rounds(
        self,
        conversation: str,
        origin: Mapping[str, str],
        asked: Turn,
        served: Served,
        *,
        changes: bool = True,
    ) -> Rounds:
        """The tools for one reply, ready to run; `changes`: also those that change something."""
        context = ToolContext.of(conversation, origin, asker=asked.author, name=asked.speaker)
        choose = partial(self._choose, context, served, changes=changes)
        offer, model = await choose(), await served.model.current()
        unknown = model.info is None and not model.profile.tools
        return Rounds(self._toolbox, context, *offer, choose if unknown else None)

    def none(self, conversation: str, origin: Mapping[str, str], asked: Turn) -> Rounds:
        """The same for a reply that may use no tools."""
        context = ToolContext.of(conversation, origin, asker=asked.author, name=asked.speaker)
        return Rounds(None, context, ())

    async def _choose(self, context: ToolContext, served: Served, *, changes: bool) -> Offer:
        if not self._toolbox or not (await served.model.current()).profile.tools:
            return Offer((), "")
        offered = await self._toolbox.offered(context)
        wanted = tuple(tool for tool in offered if changes or not tool.changes)
        return await self._that_fits(wanted, served)

    async def _that_fits(self, tools: Tools, served: Served) -> Offer:
        """The offer of as many tools, from the first on, as there is room for; made once."""
        model = await served.model.current()
        room = int(model.prompt_limit * _SHARE)
        key = (served.name, model.profile.name, room, tools)
        found = self._fitting.get(key)
        if found is None:
            if len(self._fitting) >= _REMEMBERED:
                self._fitting.clear()
            found = self._fitting[key] = await _fitting(tools, served, model.profile, room)
            if left := tools[len(found.tools) :]:
                names = ", ".join(tool.name for tool in left)
                log.warning("%s has no room to be offered %s", model.profile.name, names)
        return found


async def _fitting(tools: Tools, served: Served, profile: Profile, room: int) -> Offer:
    while tools:
        text = profile.tool_text([tool.schema for tool in tools])
        if served.model.estimate(text) <= room or await served.count(text) <= room:
            return Offer(tools, text)
        tools = tools[:-1]
    return Offer((), "")
