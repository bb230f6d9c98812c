"""`/scene start`: a scene with its title, its scenario, and those who play in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.characters.stage import Order, Stage
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters.entering import BY_NAME
from cogs.characters.shelf import Interaction
from cogs.live.target import NOBODY
from cogs.own_threads.where import mode_at
from cogs.places import conversation_here
from cogs.scenes import posting
from cogs.scenes.card import scene_card, title_of
from cogs.scenes.entrance import bring_in, checked, chosen, greet
from cogs.scenes.pictures import panel_pictures
from cogs.scenes.place import check_may_direct, directed_here

_BEGUN = later("🎬 **{title}** begins.")
_TALKED_BEFORE = later(
    "I still know what we said here before. `/reset` forgets it; the scene stays."
)
_NOBODY_YET = later("Nobody is on stage yet. `/scene cast` brings somebody in.")
_WAKE = later("Mention me or reply to talk to them; with `/channel` every message counts.")
_WHOSE_GREETING = later("Please choose a character as well: the greeting is theirs.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to begin.

    `characters` are ids or names. `greeting` is the number of the first one's greeting as people
    count, 0 for none; None for the usual one.
    """

    title: str
    scenario: str
    characters: Sequence[str]
    order: Order
    greeting: int | None


async def begin(interaction: Interaction, wanted: Wanted) -> None:
    """Begin a scene, show its card, and have everybody greet; the response is deferred."""
    bot = interaction.client
    if wanted.greeting is not None and not wanted.characters:
        raise BadInput(_WHOSE_GREETING)
    entering = await checked(interaction, wanted.characters)
    greetings = {}
    if entering and wanted.greeting is not None:
        greetings = {entering[0].id: await chosen(bot, entering[0], wanted.greeting)}
    channel = posting.writable_channel(interaction)
    before = await bot.conversations.stages.get(conversation_here(interaction))
    if before and before.cast and not before.title:
        await directed_here(interaction)
    talked = bool(await bot.conversations.history(conversation_here(interaction)))
    stage = await bot.conversations.stages.change(
        conversation_here(interaction), lambda stage: _begun(interaction, stage, wanted)
    )
    if entering:
        stage = await bring_in(interaction, entering, greetings)
    told = [tr(_BEGUN).format(title=title_of(stage))]
    told += [f"-# {tr(_TALKED_BEFORE)}"] if talked else []
    told += [] if stage.cast else [f"-# {tr(_NOBODY_YET)}"]
    mode, _ = await mode_at(bot, interaction.channel)
    if interaction.guild_id and mode != "always":
        told.append(f"-# {tr(BY_NAME if mode == 'name' else _WAKE)}")
    await interaction.edit_original_response(content="\n".join(told), allowed_mentions=NOBODY)
    addresses, files = await panel_pictures(bot, stage)
    await interaction.followup.send(view=scene_card(stage, addresses), files=files, silent=True)
    silent = {id for id, number in greetings.items() if number is None}
    speaking = {one.id for one in entering} - silent
    await greet(interaction, channel, [one for one in stage.cast if one.character in speaking])


def _begun(interaction: Interaction, stage: Stage, wanted: Wanted) -> Stage:
    if stage.title:
        raise BadInput(
            later(
                "A scene is on here already: **{title}**. `/scene end` ends it, "
                "`/scene cast` changes who plays.",
                title=title_of(stage),
            )
        )
    if stage.cast:
        check_may_direct(interaction, stage)
    return replace(
        stage,
        title=wanted.title.strip(),
        scenario=wanted.scenario.strip() or stage.scenario,
        order=wanted.order,
        paused=False,
        host=str(interaction.user.id),
    )
