"""`/scene`: several characters and several people in one story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.characters.stage import Order, Stage
from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later, tr
from cogs import suggestions
from cogs.admission import asker_for
from cogs.characters.leading import led
from cogs.characters.rights import may_lead
from cogs.characters.shelf import Interaction, characters_here, suggest
from cogs.forms import in_time
from cogs.live import live_of
from cogs.live.target import NOBODY
from cogs.live.traces import harmless
from cogs.opted_out import refuse_opted_out
from cogs.places import conversation_here, engine_here
from cogs.reading.words import shortened
from cogs.replies import origin_of
from cogs.rounds import line_target
from cogs.scenes import posting
from cogs.scenes.beginning import Wanted, begin
from cogs.scenes.card import (
    LONGEST_MOOD,
    LONGEST_SCENARIO,
    LONGEST_TITLE,
    ORDERS,
    scene_card,
    title_of,
)
from cogs.scenes.cast import CastButton, CastMenu, cast_panel, others_here
from cogs.scenes.dice import Dice
from cogs.scenes.entrance import greet_again, suggest_greetings
from cogs.scenes.forms import ScenarioForm
from cogs.scenes.lines import LineButton, Lines
from cogs.scenes.notes import Notes
from cogs.scenes.pictures import panel_pictures
from cogs.scenes.place import check_may_direct, directed_here, existing, speaker_in, stage_here
from cogs.scenes.story import Form, offered, transcript
from cogs.scenes.style import check_may_style, order_told, ordered, style_told, styled

_ORDERS = [app_commands.Choice(name=words, value=order) for order, words in ORDERS.items()]

_PAUSED = later("⏸️ The scene is paused: nobody speaks until `/scene resume`.")
_RESUMED = later("▶️ The scene goes on.")
_STILL_PAUSED = later("The scene is paused. `/scene resume` lets it go on.")
_NOBODY_SPEAKS = later("Nobody here can speak: `/scene cast` shows who is muted.")
_SPOKEN = later("**{name}** has spoken.")
_ENDED = later("🎬 **{title}** has ended.")
_KEPT = later("I still know what was said in it; `/reset` forgets that.")
_FORGOTTEN = later("What was said in it is forgotten. For a day `/undo` brings it back.")
_TRANSCRIPT = later("The story as a file, as long as I have it:")
_HIDDEN = later("You may not read this channel's history, so I do not give you its story.")
_GREETED = later("They have greeted.")


class Scenes(
    commands.GroupCog, group_name="scene", group_description="A story with several characters"
):
    """Sets up what is played, and lets it be played."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    # ------------------------------------------------------------------ setting up

    @app_commands.command()
    @app_commands.describe(
        title="What the story is called",
        scenario="Where and how it plays, for all characters",
        character="Who plays",
        second="Who else plays",
        third="Who else plays",
        fourth="Who else plays",
        fifth="Who else plays; /scene cast brings in more",
        order="Who speaks next",
        greeting="How the first character begins: the number of a greeting, 0 for none",
    )
    @app_commands.choices(order=_ORDERS)
    async def start(
        self,
        interaction: Interaction,
        title: app_commands.Range[str, 1, LONGEST_TITLE],
        scenario: app_commands.Range[str, 1, LONGEST_SCENARIO] = "",
        character: str = "",
        second: str = "",
        third: str = "",
        fourth: str = "",
        fifth: str = "",
        order: Order = "natural",
        greeting: app_commands.Range[int, 0] | None = None,
    ) -> None:
        """Begin a scene here, with characters and a scenario"""
        await interaction.response.defer(thinking=True)
        named = [one for one in (character, second, third, fourth, fifth) if one]
        await begin(interaction, Wanted(title, scenario, named, order, greeting))

    @app_commands.command()
    async def cast(self, interaction: Interaction) -> None:
        """Who plays here: bring characters in, mute, remove, have them talk more or less"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        stage = await led(interaction, await stage_here(interaction))
        change = may_lead(interaction, stage)
        others = await others_here(interaction, stage) if change else ()
        await interaction.edit_original_response(view=cast_panel(stage, others, change=change))

    @app_commands.command()
    async def scenario(self, interaction: Interaction) -> None:
        """Write where and how the scene plays, in the stead of what the cards say"""
        stage = await in_time(directed_here(interaction))
        await interaction.response.send_modal(ScenarioForm(stage))

    @app_commands.command()
    @app_commands.describe(mood="Such as: tense, hopeful, slapstick; left out, there is none")
    async def mood(
        self, interaction: Interaction, mood: app_commands.Range[str, 1, LONGEST_MOOD] = ""
    ) -> None:
        """Set the mood of the scene"""
        mood = " ".join(mood.split())
        await self._change(interaction, lambda stage: replace(stage, mood=mood))
        told = (
            tr("Mood: *{mood}*", mood=harmless(mood))
            if mood
            else tr("The scene has no mood of its own any more.")
        )
        await _answer(interaction, told)

    @app_commands.command()
    @app_commands.describe(
        order="Who speaks next",
        rounds="How many lines characters speak to each other before a person has to say something",
    )
    @app_commands.choices(order=_ORDERS)
    async def order(
        self,
        interaction: Interaction,
        order: Order,
        rounds: app_commands.Range[int, 0, 10] | None = None,
    ) -> None:
        """Choose who speaks next, and how long characters talk among themselves"""

        stage = await self._change(interaction, lambda stage: ordered(stage, order, rounds))
        await _answer(interaction, order_told(stage))

    @app_commands.command()
    @app_commands.describe(
        whole_sentences="Leave out a last sentence that the longest reply cuts in two",
        tools="Let characters use the tools that are on here (for whoever manages channels)",
    )
    async def style(
        self,
        interaction: Interaction,
        whole_sentences: bool | None = None,
        tools: bool | None = None,
    ) -> None:
        """Choose how characters end their replies, and whether they may use tools"""
        check_may_style(interaction, tools)
        stage = await self._change(interaction, lambda old: styled(old, whole_sentences, tools))
        await _answer(interaction, style_told(stage))

    @app_commands.command()
    @app_commands.describe(forget="Forget what was said in it as well")
    async def end(self, interaction: Interaction, forget: bool = False) -> None:
        """End the scene: everybody leaves the stage; the transcript is for you"""
        await interaction.response.defer(thinking=True)
        stages, conversation = self.bot.conversations.stages, conversation_here(interaction)
        stage = await directed_here(interaction)
        file = await offered(self.bot, conversation, stage) if _may_read(interaction) else None
        if forget:
            await self.bot.conversations.timeline.reset(conversation)
        await stages.change(conversation, lambda _: None)
        told = tr(_FORGOTTEN) if forget else tr(_KEPT)
        await _answer(interaction, f"{tr(_ENDED).format(title=title_of(stage))}\n-# {told}")
        if file:
            await interaction.followup.send(tr(_TRANSCRIPT), file=file, ephemeral=True)

    # ------------------------------------------------------------------ playing

    @app_commands.command()
    @app_commands.describe(character="Who speaks; left out, whoever is due")
    async def next(self, interaction: Interaction, character: str = "") -> None:
        """Have the story go on: a character speaks without being asked"""
        refuse_opted_out(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        stage = await stage_here(interaction)
        if stage.paused:
            raise BadInput(_STILL_PAUSED)
        speaker = speaker_in(stage, character) if character else ""
        conversation, channel = (
            conversation_here(interaction),
            posting.writable_channel(interaction),
        )
        origin = await origin_of(interaction, conversation, 0, interaction.user.id)
        async with self.bot.conversations.speak(
            conversation, origin, speaker, anyway=True
        ) as reply:
            if reply is None:
                raise BadInput(_NOBODY_SPEAKS)
            await live_of(self.bot).deliver(reply, line_target(channel, reply))
        if reply.part:
            await _answer(interaction, tr(_SPOKEN).format(name=harmless(reply.part.name)))

    @app_commands.command()
    async def greet(self, interaction: Interaction) -> None:
        """Have the characters on stage say their first lines again, as after /reset"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        stage = await directed_here(interaction)
        await greet_again(interaction, posting.writable_channel(interaction), stage)
        await _answer(interaction, tr(_GREETED))

    @app_commands.command()
    async def pause(self, interaction: Interaction) -> None:
        """Stop the scene for now: no character speaks until it is resumed"""
        # Anybody may: whoever needs a break has it, also in the middle of a line.
        await interaction.response.defer(thinking=True)
        if reply := self.bot.conversations.writing(conversation_here(interaction)):
            reply.stop()
        await self.bot.conversations.stages.change(
            conversation_here(interaction), lambda stage: replace(existing(stage), paused=True)
        )
        await _answer(interaction, tr(_PAUSED))

    @app_commands.command()
    async def resume(self, interaction: Interaction) -> None:
        """Let a paused scene go on"""
        await interaction.response.defer(thinking=True)
        await self.bot.conversations.stages.change(
            conversation_here(interaction), lambda stage: replace(existing(stage), paused=False)
        )
        await _answer(interaction, tr(_RESUMED))

    # ------------------------------------------------------------------ looking

    @app_commands.command()
    @app_commands.describe(public="Show it to everybody here")
    async def card(self, interaction: Interaction, public: bool = False) -> None:
        """Show the scene: title, mood, scenario, who plays, and how"""
        await interaction.response.defer(ephemeral=not public, thinking=True)
        stage = await stage_here(interaction)
        addresses, files = await panel_pictures(self.bot, stage)
        await interaction.edit_original_response(
            view=scene_card(stage, addresses), attachments=files
        )

    @app_commands.command()
    @app_commands.describe(
        public="Show it to everybody here",
        remember="Show it to everybody, and have the characters read it as part of the story",
    )
    async def recap(
        self, interaction: Interaction, public: bool = False, remember: bool = False
    ) -> None:
        """Have the story so far told in a few sentences"""
        refuse_opted_out(interaction)
        await interaction.response.defer(ephemeral=not (public or remember), thinking=True)
        stage = await stage_here(interaction)
        told = await self.bot.conversations.recount(
            conversation_here(interaction),
            asker_for(interaction.user, interaction.guild_id),
            await engine_here(interaction),
        )
        head = tr("**{title}: the story so far**", title=title_of(stage))
        text = f"{head}\n{told}"
        message = await _answer(interaction, shortened(text, 2_000))
        if remember:
            person = str(interaction.user.id)
            await posting.remember(self.bot, message, person, told, speaker=posting.NARRATOR)

    @app_commands.command(name="transcript")
    @app_commands.describe(form="Markdown, or a page with the characters' pictures")
    @app_commands.rename(form="format")
    async def transcript_(self, interaction: Interaction, form: Form = "markdown") -> None:
        """The whole story as a file, for you"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        stage = await self.bot.conversations.stages.get(conversation_here(interaction)) or Stage()
        if not _may_read(interaction):
            raise BadInput(_HIDDEN)
        file = await transcript(self.bot, conversation_here(interaction), stage, form)
        await interaction.edit_original_response(content=tr(_TRANSCRIPT), attachments=[file])

    # ------------------------------------------------------------------ within

    @start.autocomplete("character")
    @start.autocomplete("second")
    @start.autocomplete("third")
    @start.autocomplete("fourth")
    @start.autocomplete("fifth")
    async def suggest_character(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The characters that can be used here and whose names fit what was typed."""
        return await suggest(characters_here(interaction), current)

    @start.autocomplete("greeting")
    async def suggest_greeting(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[int]]:
        """The greetings of the character that was chosen, by number and first words."""
        return await suggest_greetings(interaction, interaction.namespace.character, current)

    @next.autocomplete("character")
    async def suggest_member(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Those on stage whose names hold what was typed."""
        conversation = conversation_here(interaction)
        stage = await suggestions.in_time(self.bot.conversations.stages.get(conversation))
        return [
            app_commands.Choice(
                name=shortened(member.name, suggestions.LONGEST), value=member.character
            )
            for member in (stage.cast if stage else ())
            if current.casefold() in member.name.casefold() and not member.muted
        ]

    async def _change(self, interaction: Interaction, change: Callable[[Stage], Stage]) -> Stage:
        """Change the scene, for somebody who may."""
        await interaction.response.defer(thinking=True)
        await directed_here(interaction)

        def changed(stage: Stage) -> Stage:
            check_may_direct(interaction, existing(stage))
            return change(stage)

        return await self.bot.conversations.stages.change(conversation_here(interaction), changed)


def _may_read(interaction: Interaction) -> bool:
    """Whether somebody may read what was said in a channel before they came."""
    return interaction.guild_id is None or interaction.permissions.read_message_history


async def _answer(interaction: Interaction, text: str) -> discord.Message:
    return await interaction.edit_original_response(content=text, allowed_mentions=NOBODY)


async def setup(bot: HermesBot) -> None:
    """Add the cogs, and hear the panels' menus and buttons, also those of former processes."""
    bot.add_dynamic_items(CastMenu, CastButton, LineButton)
    for cog in (Scenes(bot), Lines(bot), Dice(bot), Notes(bot)):
        await bot.add_cog(cog)
