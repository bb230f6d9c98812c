"""One evening at an inn, played in the simulated Discord: what the guide's pictures show of it.

The characters come in as cards, the scene is set up by commands, and prompt, panels and transcript
are the product's own. Only what the model says is written down here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.characters import compose as composing
from bot.characters.editing import new_card
from bot.characters.export import as_png
from bot.characters.part import Part
from bot.characters.playing import Scene
from bot.client import HermesBot
from bot.conversation import books
from bot.conversation.model import Model
from bot.conversation.service import Conversations
from bot.conversation.structured import JsonMode
from bot.settings import load
from bot.store.embedded import EmbeddedValkey
from bot.store.history import RedisStore
from tests.discord import webhooks
from tests.discord.conftest import Stage
from tests.discord.live_support import play
from tests.stand_ins.engine import ScriptedEngine
from tests.web.roleplay import faces

SCENARIO = (
    "The Drowned Lantern, an inn by the only ford for miles. It has rained for nine days, and "
    "nobody who came in this week has been able to leave."
)
NOTE = "Slow, tense scenes. Nobody trusts anybody yet."
BELL = "The bell under the ford rings by itself an hour before a flood. Mira's mother hung it."

MIRA = new_card(
    "Mira",
    description=(
        "{{char}} keeps the Drowned Lantern. In her fifties, tall, a grey braid, a laugh that "
        "fills the room. She knows what everybody owes, and to whom."
    ),
    personality="warm, nosy, stubborn; never talks of the flood of her childhood",
    first_mes="*looks up from the ledger* “Another drowned rat. Sit down, {{user}}, boots off.”",
    mes_example=(
        "<START>\n{{user}}: A room, please.\n"
        "{{char}}: *slides a key over* “Top of the stairs. If the roof drips, you never saw it.”"
    ),
    post_history_instructions="Two or three sentences at most, and end on something to react to.",
    creator_notes="Ask her what she wrote down about you. Plays well beside one loud character.",
    tags=["inn", "fantasy", "slice of life"],
    creator="Carol",
    character_version="2",
    talkativeness=0.9,
    alternate_greetings=["The inn is dark. A lamp comes down the stairs, with {{char}} behind it."],
    character_book={
        "extensions": {},
        "entries": [
            {
                "keys": [],
                "content": "The ford: a row of flat stones, under water since Tuesday.",
                "constant": True,
                "enabled": True,
                "insertion_order": 1,
                "use_regex": False,
                "extensions": {},
            },
            {
                "keys": ["bell", "ringing"],
                "content": BELL,
                "enabled": True,
                "insertion_order": 2,
                "use_regex": False,
                "extensions": {},
            },
        ],
    },
)
VOSS = new_card(
    "Captain Voss",
    description=(
        "{{char}} lost his ship upriver and will not say how. Sixty, weathered, speaks in short "
        "sentences. He sits with his back to the wall."
    ),
    first_mes="*nods, and does not stand up*",
    talkativeness=0.0,
)
NIX = new_card(
    "Nix",
    description=(
        "{{char}} is the flame in the inn's lantern: small, curious, a little cruel. It sees "
        "whatever its light falls on."
    ),
    talkativeness=0.0,
)

CARDS = {
    "mira.png": (MIRA, faces.innkeeper),
    "captain-voss.png": (VOSS, faces.captain),
    "nix.png": (NIX, faces.lamp_spirit),
}
"""The characters and their pictures, by the files that they come in."""


@dataclass
class Evening:
    """What came of it.

    `scene` and `part` are what the last reply's `prompt` was made of. `card` and `shown` are the
    messages of `/scene card` and `/character show` as Discord was sent them, with the pictures that
    they hold by address.
    """

    transcript: str = ""
    prompt: str = ""
    scene: Scene | None = None
    part: Part | None = None
    card: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    shown: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    pictures: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def compose(self, scene: Scene) -> Part:
        """What the bot makes of a scene; the last one is kept."""
        self.scene, self.part = scene, composing.compose(scene)
        return self.part


async def evening(data: Path) -> Evening:
    """Play it, with a store of its own in the folder `data`."""
    found, engine = Evening(), ScriptedEngine()
    with pytest.MonkeyPatch.context() as patch:
        webhooks.install(patch)
        patch.setattr(books, "compose", found.compose)
        async with (
            EmbeddedValkey(data) as valkey,
            aclosing(RedisStore(valkey.url)) as store,
            simcord.run(_bot(engine, store), shard_count=1) as env,
        ):
            guild = env.create_guild("The Fen")
            channel = guild.create_text_channel("the-drowned-lantern")
            alice = guild.add_member(env.create_user("alice", global_name="Alice"))
            bob = guild.add_member(env.create_user("bob", global_name="Bob"))
            stage = Stage(env, env.bot, engine, guild, channel, alice, bob)
            rights = discord.Permissions(manage_channels=True, manage_guild=True)
            role = guild.create_role("Storytellers", permissions=rights)
            carol = guild.add_member(env.create_user("carol", global_name="Carol"), roles=[role])
            await _play(_Play(stage, carol, found))
    return found


def _bot(engine: ScriptedEngine, store: RedisStore) -> HermesBot:
    settings = load({}, dotenv=None)
    model = Model(engine, None, settings.max_reply_tokens)
    return HermesBot(
        settings,
        conversations=Conversations(engine, store, model, (), None),
        store=store,
        json_mode=JsonMode(engine, model),
        reads_everything=True,
    )


@dataclass
class _Play:
    """The stage, who leads the story, and where to put what comes of it."""

    stage: Stage
    carol: MemberActor
    found: Evening

    async def command(self, who: MemberActor, command: str, /, **options: Any) -> InteractionResult:
        """Use a command."""
        return await who.slash(self.stage.channel, command, **options)

    async def says(self, who: MemberActor, text: str, *answers: str) -> None:
        """Somebody writes, and the model answers so."""
        self.stage.engine.answers = list(answers)
        await who.send(self.stage.channel, text)
        await self.pause()

    async def pause(self) -> None:
        """A while passes: Discord takes about thirty messages a minute from a webhook."""
        await play(self.stage.env, 40, step=5)


async def _play(story: _Play) -> None:
    await _set_up(story)
    await _talk(story)
    await _look(story)


async def _set_up(story: _Play) -> None:
    stage, carol = story.stage, story.carol
    await story.command(carol, "channel", mode="always")
    for name, (card, portrait) in CARDS.items():
        file = (name, as_png(card, portrait()))
        await story.command(carol, "character import", file=file, **{"for": "server"})
    # Before the model has said anything: the scripted engine counts words, and estimates learn.
    shown = await story.command(stage.alice, "character show", character="Mira")
    story.found.shown = await _seen(shown, story.found.pictures)
    form = await story.command(stage.alice, "persona set")
    text = "A young smith from the Fen. She limps since the war."
    await stage.alice.submit_modal(form, {"name": "Ada", "text": text})
    await story.command(
        carol,
        "scene start",
        title="The bell under the ford",
        scenario=SCENARIO,
        character="Mira",
        second="Captain Voss",
        third="Nix",
    )
    await story.command(carol, "scene mood", mood="uneasy")
    form = await story.command(carol, "note set")
    written = {"text": NOTE, "depth": "4", "every": "1", "role": ["system"]}
    await carol.submit_modal(form, written)
    await story.pause()


async def _talk(story: _Play) -> None:
    stage, carol = story.stage, story.carol
    await story.says(
        stage.alice,
        "*drops onto the bench* Something warm, Mira. And tell me that isn't a bell.",
        "*sets down a bowl without looking at the window* “Soup. And it is the wind, Ada. It has "
        "been the wind since Tuesday.”",
    )
    await story.command(carol, "narrate", text="The door bursts open. Nobody stands in it.")
    await story.says(
        stage.bob,
        "Captain Voss, you were the last one in. Did you bar it?",
        "“I did.” *He looks at the bar, which lies across the room.* “Twice.”",
    )
    await story.command(stage.alice, "roll", dice="1d20+3", reason="listening")
    await story.says(
        stage.bob,
        "I lift the lantern and lean out into the rain [[2d6]]. Nix, what do you see?",
        "*leans, all of it, towards the water* “A boat. It has no oars. Mira, it is tied to your "
        "bell.”",
        "“Then somebody has found the rope.” *She closes the ledger and takes the key from her "
        "neck.* “Bar that door, Ada, and do not count the knocks.”",
    )
    stage.engine.answers = [
        "“Tom.” *She does not turn round.* “You paid in full the night you drowned. Who sent you "
        "up?”"
    ]
    await story.command(carol, "as", name="Old Tom", text="The rent, Mira. I have brought it.")
    story.found.prompt = stage.engine.prompts[-1]
    await story.pause()


async def _look(story: _Play) -> None:
    stage, found = story.stage, story.found
    page = await story.command(stage.alice, "scene transcript", format="html")
    found.transcript = (await page.response.attachments[0].read()).decode()
    card = await story.command(stage.alice, "scene card")
    found.card = await _seen(card, found.pictures)


async def _seen(result: InteractionResult, pictures: dict[str, bytes]) -> list[dict[str, Any]]:
    """A panel's components, with addresses by which its pictures are found."""
    files = {file.filename: await file.read() for file in result.response.attachments}
    mark = f"{len(pictures)}/"
    pictures.update({mark + name: data for name, data in files.items()})
    return [_readdressed(one, mark) for one in result.response.components]


def _readdressed(component: Mapping[str, Any], mark: str) -> dict[str, Any]:
    """The component with its pictures' addresses made those of `Evening.pictures`."""
    made = dict(component)
    if media := made.get("media"):
        made["media"] = {"url": mark + str(media["url"]).partition("?")[0].rpartition("/")[2]}
    if accessory := made.get("accessory"):
        made["accessory"] = _readdressed(accessory, mark)
    if inner := made.get("components"):
        made["components"] = [_readdressed(one, mark) for one in inner]
    return made
