"""The people of a server, as far as everybody there can see them."""

from __future__ import annotations

import re
from typing import Any

import discord
from discord.http import Route

from bot.client.failures import DISCORD_FAILURES
from bot.language import later
from bot.tools.context import ToolContext
from bot.tools.tool import ToolError, tool
from cogs.asker import client_of, left_alone, server_of
from cogs.tools import ToolCog

_MOST_FOUND = 5
_MOST_ASKED = 25
_MOST_ROLES = 20
_LONGEST = 100
_MENTION = re.compile(r"<@!?(\d{1,20})>|(\d{15,20})")


class Members(ToolCog):
    """Tools that know who is who."""

    @tool(shows=later("who is {name}?"), needs_discord=True)
    async def who_is(self, context: ToolContext, name: str) -> object:
        """Look up a member of this server.

        Args:
            name: The member's name or nickname, the beginning of it, or a mention.
        """
        name = name.strip()
        if not name.removeprefix("@"):
            raise ToolError("Looking somebody up takes a name.")
        client = client_of(self.kit)
        server = server_of(client, context)
        try:
            found = await _members(client, server, name)
        except DISCORD_FAILURES as error:
            raise ToolError("Discord does not look that up.", detail=str(error)) from None
        found = [one for one in found if not left_alone(client, int(one["user"]["id"]))]
        if not found:
            raise ToolError(f"Nobody in this server is called “{name[:_LONGEST]}”.")
        return {"members": [_told(server, one) for one in found[:_MOST_FOUND]]}


async def _members(client: discord.Client, server: discord.Guild, name: str) -> list[Any]:
    """Members as Discord's HTTP interface describes them, the best first.

    Its search needs no privileged intent. discord.py only offers the gateway's, which knows no
    nicknames and waits for up to half a minute.
    """
    if match := _MENTION.fullmatch(name):
        try:
            return [await client.http.get_member(server.id, int(match[1] or match[2]))]
        except discord.NotFound:
            return []
    name = name.removeprefix("@")[:_LONGEST]
    route = Route("GET", "/guilds/{guild_id}/members/search", guild_id=server.id)
    found: list[Any] = await client.http.request(
        route, params={"query": name, "limit": str(_MOST_ASKED)}
    )
    exact = [one for one in found if name.casefold() in map(str.casefold, _names(one))]
    return exact or found


def _names(member: Any) -> list[str]:
    user = member["user"]
    names = (member.get("nick"), user.get("global_name"), user["username"])
    return [name for name in names if name]


def _told(server: discord.Guild, member: Any) -> dict[str, Any]:
    user = member["user"]
    told: dict[str, Any] = {"name": _names(member)[-1], "shown_as": _names(member)[0]}
    if member.get("nick"):
        told["nickname"] = member["nick"]
    roles = [role for id in member["roles"] if (role := server.get_role(int(id)))]
    told |= {
        "id": user["id"],
        "joined": (member.get("joined_at") or "")[:10],
        "roles": [role.name for role in sorted(roles, reverse=True)][:_MOST_ROLES],
    }
    if user.get("bot"):
        told["bot"] = True
    if str(server.owner_id) == user["id"]:
        told["owner"] = True
    return told
