"""What the tests of scenes share: characters in a library, and a scene that is begun."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import discord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.characters.stage import Stage as Setting
from bot.conversation.library import Character
from bot.store.library import digest_of
from cogs.voices.heads import without_head
from tests.discord.conftest import Stage


async def character(
    stage: Stage,
    name: str,
    *,
    talkativeness: float = 1.0,
    greeting: str = "",
    adult: bool = False,
    picture: bytes = b"",
    library: str = "",
    after: str = "",
    others: Sequence[str] = (),
    company: Sequence[str] = (),
) -> str:
    """Put a character into the server's library, or another one; returns its id.

    `others` are its further greetings, `company` those for scenes with several characters.
    """
    data = {
        "name": name,
        "description": f"{name} is somebody.",
        "personality": "",
        "scenario": "",
        "first_mes": greeting,
        "mes_example": "",
        "post_history_instructions": after,
        "alternate_greetings": [*others],
        "group_only_greetings": [*company],
    }
    card = json.dumps({"spec": "chara_card_v3", "spec_version": "3.0", "data": data}).encode()
    id = name.casefold().replace(" ", "-")
    saved = Character(
        id=id,
        library=library or f"discord:server:{stage.guild.id}",
        name=name,
        owner="1",
        card=digest_of(card),
        picture=digest_of(picture) if picture else "",
        talkativeness=talkativeness,
        adult=adult,
    )
    assert await stage.bot.store.save_character(saved, card, picture or None)
    return id


def director(stage: Stage, name: str = "Dora", **allowed: bool) -> MemberActor:
    """Somebody who may manage channels, and what else is said."""
    permissions = discord.Permissions(manage_channels=True, **allowed)
    role = stage.guild.create_role(name, permissions=permissions)
    user = stage.env.create_user(name.casefold(), global_name=name)
    return stage.guild.add_member(user, roles=[role])


@dataclass
class Told:
    """All text of a panel, and the ids of what can be pressed in it."""

    text: str = ""
    ids: list[str] = field(default_factory=list[str])


def panel(components: object) -> Told:
    """What a panel shows."""
    told = Told()

    def walk(part: object) -> None:
        if isinstance(part, list):
            for one in part:
                walk(one)
        elif isinstance(part, dict):
            if part.get("type") == 10:
                told.text += part["content"] + "\n"
            if custom_id := part.get("custom_id"):
                told.ids.append(custom_id)
            for inner in part.values():
                walk(inner)

    walk(components)
    return told


async def setting(stage: Stage, channel: ChannelHandle | None = None) -> Setting:
    """What is set up in a channel."""
    found = await stage.bot.conversations.stages.get(f"discord:{(channel or stage.channel).id}")
    assert found is not None
    return found


async def scene(stage: Stage, *names: str, **options: str) -> InteractionResult:
    """A scene with characters, who say nothing of their own; Dora has begun it."""
    ids = [await character(stage, name) for name in names]
    by_option = dict(zip(("character", "second", "third", "fourth", "fifth"), ids, strict=False))
    return await director(stage).slash(
        stage.channel, "scene start", title="The Inn", **by_option, **options
    )


def lines(stage: Stage, channel: ChannelHandle | None = None) -> list[discord.Message]:
    """What the bot has posted in a channel, also in other names; panels are left out."""
    history = (channel or stage.channel).history()
    posted = (m for m in history if m.webhook_id or m.author.id == stage.bot_id)
    return sorted((m for m in posted if m.content), key=lambda m: m.id)


def story(stage: Stage, channel: ChannelHandle | None = None) -> list[tuple[str, str]]:
    """The same as names and texts, without the line that links to a question."""
    return [(m.author.display_name, without_head(m.content)) for m in lines(stage, channel)]
