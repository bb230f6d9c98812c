"""Cards as people bring them, and what the tests about characters share."""

from __future__ import annotations

import json
from typing import Any

import discord
from simcord.actors import MemberActor

from bot.characters.editing import edited, new_card
from bot.characters.export import as_png, plain_picture
from tests.discord.conftest import Stage

GREETING = "*She looks up.* “You look drowned, {{user}}. Sit down.”"


def card(name: str = "Mira", **fields: Any) -> dict[str, Any]:
    """A card of the second version, as its JSON says it."""
    data = {
        "name": name,
        "description": "{{char}} keeps the inn by the ford.",
        "personality": "warm, nosy",
        "scenario": "{{user}} comes in from the rain.",
        "first_mes": GREETING,
        "mes_example": "<START>\n{{user}}: A room?\n{{char}}: Wipe your boots.",
        "creator_notes": "Be kind to her.\n\nA second paragraph.",
        "system_prompt": "",
        "post_history_instructions": "",
        "alternate_greetings": ["The inn is closed.", "Snow falls."],
        "tags": ["inn", "fantasy"],
        "creator": "ada",
        "character_version": "1.2",
        "extensions": {"talkativeness": "0.8"},
        "character_book": {
            "entries": [
                {"keys": ["ford"], "content": "The ford is deep.", "enabled": True},
                {"keys": ["wolf"], "content": "Wolves come.", "enabled": True},
            ]
        },
    }
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": data | fields}


def as_file(name: str = "Mira", **fields: Any) -> tuple[str, bytes]:
    """The same as a file to upload."""
    return "card.json", json.dumps(card(name, **fields)).encode()


def in_picture(name: str = "Mira", **fields: Any) -> tuple[str, bytes]:
    """A card in a PNG."""
    made = edited(new_card(name, description="Somebody."), **fields)
    return "mira.png", as_png(made, plain_picture(name))


def member(stage: Stage, name: str, **permissions: bool) -> MemberActor:
    """Somebody with permissions."""
    role = stage.guild.create_role(name, permissions=discord.Permissions(**permissions))
    return stage.guild.add_member(stage.env.create_user(name, global_name=name), roles=[role])


def texts(components: list[dict[str, Any]]) -> str:
    """All that a panel says."""
    found: list[str] = []
    for component in components:
        if content := component.get("content"):
            found.append(content)
        found.append(texts(component.get("components") or []))
    return "\n".join(filter(None, found))


def labels(components: list[dict[str, Any]]) -> list[str]:
    """What the buttons are called."""
    found: list[str] = []
    for component in components:
        if component.get("type") == discord.ComponentType.button.value:
            found.append(component.get("label") or component["emoji"]["name"])
        found += labels(component.get("components") or [])
    return found
