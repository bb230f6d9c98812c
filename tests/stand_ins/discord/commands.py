"""Application commands one by one (simcord knows only the bulk write), stored as Discord does."""

from __future__ import annotations

from typing import Any

from simcord.backend import errors
from simcord.backend.ops.commands import COMMAND_FIELDS

from .world import World

_DEFAULTS: dict[str, Any] = {
    "type": 1,
    "name_localizations": None,
    "description": "",
    "description_localizations": None,
    "default_member_permissions": None,
    "dm_permission": True,
    "contexts": None,
    "integration_types": [0],
    "nsfw": False,
}


class CommandRoutes:
    """`/applications/{id}[/guilds/{id}]/commands[/{id}]`, all verbs."""

    def __init__(self, world: World) -> None:
        self._world = world

    def dispatch(self, method: str, segments: list[str], body: Any) -> Any:
        """Answer a request; `segments` are the path behind `/applications/{id}`."""
        guild = int(segments[1]) if segments[0] == "guilds" else None
        rest = segments[segments.index("commands") + 1 :]
        stored = self._world.commands.setdefault(guild, {})
        match method, rest:
            case "GET", []:
                return [_as_discord_answers(command) for command in stored.values()]
            case "PUT", []:
                return self._replace(guild, body)
            case "POST", []:
                return self._save(guild, body)
            case _, [command_id]:
                return self._one(method, guild, command_id, body)
        raise errors.BackendError(404, 0, "404: Not Found")

    def _replace(self, guild: int | None, body: list[dict[str, Any]]) -> list[dict[str, Any]]:
        before = self._world.commands[guild]
        kept = {(c["name"], c.get("type", 1)) for c in body}
        self._world.commands[guild] = {key: c for key, c in before.items() if key in kept}
        return [self._save(guild, command) for command in body]

    def _one(self, method: str, guild: int | None, command_id: str, body: Any) -> Any:
        stored = self._world.commands[guild]
        found = next((key for key, c in stored.items() if c["id"] == command_id), None)
        if found is None:
            raise errors.BackendError(404, 10063, "Unknown application command")
        if method == "DELETE":
            del stored[found]
            return None
        if method == "PATCH":
            changed = stored.pop(found) | body
            return self._save(guild, {k: v for k, v in changed.items() if k in _WRITABLE})
        return _as_discord_answers(stored[found])

    def _save(self, guild: int | None, body: dict[str, Any]) -> dict[str, Any]:
        unknown = set(body) - _WRITABLE
        if unknown:
            raise errors.invalid_form_body(f"unknown command fields {sorted(unknown)}")
        command = _DEFAULTS | {"options": []} | body
        key = (command["name"], int(command["type"]))
        before = self._world.commands[guild].get(key)
        command["id"] = before["id"] if before else body.get("id") or str(self._world.snowflake())
        command["application_id"] = str(self._world.application_id)
        command["version"] = str(self._world.snowflake())
        if guild is not None:
            command["guild_id"] = str(guild)
        self._world.commands[guild][key] = command
        return _as_discord_answers(command)


_WRITABLE = {*COMMAND_FIELDS, "nsfw", "handler", "id"}


def _as_discord_answers(command: dict[str, Any]) -> dict[str, Any]:
    """Discord leaves out empty options and `false` flags of an option."""
    answer = dict(command)
    options = [_option(option) for option in answer.pop("options", None) or []]
    return answer | ({"options": options} if options else {})


def _option(option: dict[str, Any]) -> dict[str, Any]:
    # A least value of 0 is kept, although it equals False.
    kept = {k: v for k, v in option.items() if v is not False and v is not None and v != []}
    if "options" in kept:
        kept["options"] = [_option(child) for child in kept["options"]]
    return kept
