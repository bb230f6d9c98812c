"""What users do beside writing: slash commands, buttons, modals; and what they get for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simcord.backend import serializers
from simcord.backend.command_access import command_access
from simcord.backend.models import Interaction
from simcord.components import walk_components
from simcord.interactions import base_payload, nest_options, walk_to_subcommand

from .world import Trail, World

_PYTHON_TYPES = {3: str, 4: int, 5: bool, 10: (int, float)}


@dataclass
class Invocation:
    """One interaction and the bot's answers to it so far."""

    world: World
    record: Interaction

    @property
    def responded(self) -> bool:
        """Whether the bot acknowledged it (a deferral counts)."""
        return self.record.responded

    @property
    def answered(self) -> bool:
        """Whether there is more to see than "is thinking"."""
        return self.record.responded and not self.record.loading

    @property
    def original(self) -> Trail | None:
        return self.world.trails.get(self.record.message_id or 0)

    @property
    def followups(self) -> list[Trail]:
        return [self.world.trails[message] for message in self.record.followup_ids]

    @property
    def text(self) -> str:
        """All that the asker was shown, first response and follow-ups together."""
        shown = [self.original, *self.followups]
        return "\n".join(trail.content for trail in shown if trail is not None)

    @property
    def ephemeral(self) -> bool:
        return self.record.ephemeral

    @property
    def modal(self) -> dict[str, Any] | None:
        return self.record.modal

    @property
    def choices(self) -> list[dict[str, Any]] | None:
        return self.record.autocomplete_choices


class Interactions:
    """Makes interactions as a user's client does, and only those that a user could make."""

    def __init__(self, world: World) -> None:
        self._world = world

    def slash(self, channel: int, user: int, name: str, options: dict[str, Any]) -> Invocation:
        """Run a chat command that is synced and visible to the user."""
        root, leaf, nesting = self._command(channel, user, name)
        built, resolved = self._options(channel, leaf, options)
        data: dict[str, Any] = {
            "id": root["id"],
            "name": root["name"],
            "type": 1,
            "options": nest_options(root, nesting, built),
        }
        if resolved:
            data["resolved"] = resolved
        return self._emit(2, channel, user, data)

    def autocomplete(
        self, channel: int, user: int, name: str, option: str, value: str
    ) -> Invocation:
        """Type into an option."""
        root, leaf, nesting = self._command(channel, user, name)
        kind = next(o["type"] for o in leaf["options"] if o["name"] == option)
        typed = [{"name": option, "type": kind, "value": value, "focused": True}]
        data = {
            "id": root["id"],
            "name": root["name"],
            "type": 1,
            "options": nest_options(root, nesting, typed),
        }
        return self._emit(4, channel, user, data)

    def message_command(self, user: int, name: str, message_id: int) -> Invocation:
        """Run a command from a message's context menu."""
        message = self._world.trails[message_id].message
        root = self._visible(message.channel_id, user, name, 3)
        payload = dict(serializers.message_payload(self._world, message))
        data = {
            "id": root["id"],
            "name": name,
            "type": 3,
            "target_id": str(message_id),
            "resolved": {"messages": {str(message_id): payload}},
        }
        return self._emit(2, message.channel_id, user, data)

    def press(self, user: int, message_id: int, label: str) -> Invocation:
        """Press the button whose label (or emoji, or custom id) contains `label`."""
        trail = self._world.trails[message_id]
        for button in trail.buttons:
            names = (
                button.get("label"),
                (button.get("emoji") or {}).get("name"),
                button.get("custom_id"),
            )
            if any(name and label.lower() in name.lower() for name in names):
                return self._component(user, trail, button["custom_id"])
        raise AssertionError(f"no button {label!r} among {trail.labels} on {trail.content!r}")

    def _component(self, user: int, trail: Trail, custom_id: str) -> Invocation:
        data = {"custom_id": custom_id, "component_type": 2}
        payload = dict(serializers.message_payload(self._world, trail.message))
        return self._emit(3, trail.channel_id, user, data, trail.id, {"message": payload})

    def submit(self, user: int, shown: Invocation, values: dict[str, str]) -> Invocation:
        """Fill in the text inputs of a modal (by custom id or label) and send it."""
        assert shown.modal is not None
        rows = []
        for row in shown.modal["components"]:
            for item in walk_components([row]):
                if item.get("type") == 4:
                    keys = (item["custom_id"], item.get("label"), row.get("label"))
                    value = next((values[key] for key in keys if key in values), "")
                    field = {"type": 4, "custom_id": item["custom_id"], "value": value}
                    rows.append(_modal_row(row, field))
        data = {"custom_id": shown.modal["custom_id"], "components": rows}
        return self._emit(5, shown.record.channel_id, user, data)

    def _emit(
        self,
        kind: int,
        channel: int,
        user: int,
        data: dict[str, Any],
        source: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> Invocation:
        guild = self._world.get_channel(channel).guild_id
        record, payload = base_payload(
            self._world, type=kind, channel_id=channel, guild_id=guild, user_id=user, data=data
        )
        record.source_message_id = source
        self._world.emit("INTERACTION_CREATE", payload | (extra or {}))
        return Invocation(self._world, record)

    def _command(self, channel: int, user: int, name: str) -> tuple[Any, Any, list[str]]:
        parts = name.split()
        root = self._visible(channel, user, parts[0], 1)
        leaf, nesting = walk_to_subcommand(root, parts[1:])
        return root, leaf, nesting

    def _visible(self, channel: int, user: int, name: str, kind: int) -> dict[str, Any]:
        guild = self._world.get_channel(channel).guild_id
        command = self._world.find_command(name, guild, kind)
        assert command is not None, f"no command {name!r} is synced"
        access = command_access(self._world, command, user_id=user, channel_id=channel)
        assert access.allowed, f"{name!r} is not visible here: {access.reason}"
        return command

    def _options(
        self, channel: int, leaf: dict[str, Any], options: dict[str, Any]
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        declared = {option["name"]: option for option in leaf.get("options") or []}
        missing = [n for n, o in declared.items() if o.get("required") and n not in options]
        assert not missing, f"a client would not send this without {missing}"
        built: list[dict[str, Any]] = []
        resolved: dict[str, Any] = {}
        for name, value in options.items():
            kind = declared[name]["type"]
            if kind in _PYTHON_TYPES:
                assert isinstance(value, _PYTHON_TYPES[kind]), f"{name} takes another type"
            else:
                value = self._resolve(channel, kind, value, resolved)
            built.append({"name": name, "type": kind, "value": value})
        return built, resolved

    def _resolve(self, channel: int, kind: int, value: Any, resolved: dict[str, Any]) -> str:
        world = self._world
        if kind == 11:
            name, data = value
            stored = world.cdn.store_attachment(world.snowflake(), channel, name, data, None)
            resolved.setdefault("attachments", {})[stored["id"]] = stored
            return str(stored["id"])
        if kind == 6:
            payload = dict(serializers.user_payload(world.get_user(value)))
            resolved.setdefault("users", {})[str(value)] = payload
        elif kind == 7:
            payload = dict(serializers.channel_payload(world, world.get_channel(value)))
            resolved.setdefault("channels", {})[str(value)] = payload | {"permissions": "0"}
        return str(value)


def _modal_row(row: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    if row.get("type") == 18:  # a label around its component
        return {"type": 18, "component": field}
    return {"type": 1, "components": [field]}
