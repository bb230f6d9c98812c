"""One evening at an inn: three characters and three people, and every prompt that it takes."""

from __future__ import annotations

import asyncio
import re

import pytest

from bot.conversation.ports import Generation
from bot.errors import EngineUnreachable
from tests.discord import webhooks
from tests.discord.conftest import Stage
from tests.discord.live_support import play
from tests.discord.scene_support import character, director, lines, story

pytestmark = pytest.mark.simcord(check_errors=False)


@pytest.fixture(autouse=True)
def voices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks as an application has them."""
    webhooks.install(monkeypatch)


class Evening:
    """What is said there, and what the model was told for each line."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.seen = 0
        self.told = 0

    async def begins(self) -> None:
        """Mira, Captain Voss and Nix come on stage; every message in the channel is answered."""
        stage = self.stage
        await character(stage, "Mira", greeting="*looks up* “Come in, {{user}}.”")
        await character(stage, "Captain Voss", greeting="*nods*", talkativeness=0.0)
        await character(stage, "Nix", talkativeness=1e-6)
        self.carol = director(stage, "Carol")
        await stage.bot.always_on.switch(f"discord:{stage.channel.id}", True)
        await self.carol.slash(
            stage.channel,
            "scene start",
            title="The Inn",
            scenario="A storm has cut off the road.",
            character="mira",
            second="captain-voss",
            third="nix",
        )

    def answers(self, *texts: object) -> None:
        """What the model says next."""
        self.stage.engine.answers = list(texts)

    def new(self) -> list[tuple[str, str]]:
        """What was posted since the last look."""
        every = story(self.stage)
        found, self.seen = every[self.seen :], len(every)
        return found

    def prompts(self) -> list[str]:
        """What the model was sent since the last look."""
        every = self.stage.engine.prompts
        found, self.told = every[self.told :], len(every)
        return found

    def speakers(self) -> list[str]:
        """For whom the model was to write since the last look."""
        found: list[str] = []
        for prompt in self.prompts():
            begun = re.search(r"<\|im_start\|>assistant\n([^\n]*):\Z", prompt)
            assert begun, prompt[-200:]
            found.append(begun[1])
        return found


async def test_an_evening(stage: Stage) -> None:
    evening = Evening(stage)
    for part in (
        begins,
        called_by_name,
        replied_to,
        among_themselves,
        narrator_and_guest,
        dice,
        pause,
        interruption,
        a_line_that_fails,
        the_file,
    ):
        await part(evening)
        # Discord takes about thirty messages a minute from a webhook.
        await play(stage.env, 60, step=5)


async def begins(evening: Evening) -> None:
    """All of them are there, and who has something to say at first says it."""
    await evening.begins()
    posted = evening.new()
    assert ("Mira", "*looks up* “Come in, Carol.”") in posted
    assert ("Captain Voss", "*nods*") in posted
    assert all(name != "Nix" for name, _ in posted), "it has nothing to say at first"
    assert evening.prompts() == []


async def called_by_name(evening: Evening) -> None:
    """Who is called answers, and nobody else; all that is known stands in the prompt."""
    stage = evening.stage
    evening.answers("*pours* Ale it is.")
    await stage.alice.send(stage.channel, "An ale, Mira!")
    assert evening.new() == [("Mira", "*pours* Ale it is.")]
    [prompt] = evening.prompts()
    head, _, talk = prompt.partition("<|im_end|>")
    for name in ("Mira", "Captain Voss", "Nix"):
        assert f"{name} is somebody." in head
    assert "A storm has cut off the road." in head
    assert "<|im_start|>assistant\nMira: *looks up* “Come in, Carol.”" in talk
    assert "<|im_start|>assistant\nCaptain Voss: *nods*" in talk
    assert "<|im_start|>user\nAlice: An ale, Mira!" in talk
    assert prompt.endswith("<|im_start|>assistant\nMira:")

    evening.answers("Aye.", "Never seen it.")
    await stage.bob.send(stage.channel, "Voss, have you seen the ship? And you, nix?")
    assert [name for name, _ in evening.new()] == ["Captain Voss", "Nix"]
    first, second = evening.prompts()
    assert first.endswith("Captain Voss:")
    assert second.endswith("Nix:")
    shared = first.index("Bob: Voss, have you seen the ship?")
    assert first[:shared] == second[:shared], "whoever speaks, the prompt begins alike"
    assert "<|im_start|>assistant\nCaptain Voss: Aye.<|im_end|>" in second


async def replied_to(evening: Evening) -> None:
    """A reply is an address; without any, chance decides: Voss talks only when addressed."""
    stage = evening.stage
    aye = next(m for m in lines(stage) if "Aye." in m.content)
    evening.answers("The north pier.")
    await stage.reply(stage.alice, aye, "And where was that?")
    assert evening.new() == [("Captain Voss", "The north pier.")]
    assert evening.speakers() == ["Captain Voss"]
    nix = next(m for m in lines(stage) if "Never seen it." in m.content)
    evening.answers("A ship, Mira? None.")
    stage.engine.answers.append("I saw one.")
    await stage.reply(stage.bob, nix, "Really?")
    assert [name for name, _ in evening.new()] == ["Nix", "Mira"]
    assert evening.speakers() == ["Nix", "Mira"]
    evening.answers("Sure.")
    none = next(m for m in lines(stage) if "A ship, Mira?" in m.content)
    await stage.reply(stage.bob, none, "Sure?")
    assert evening.new() == [("Nix", "Sure.")], "whom it quotes is not called"
    assert evening.speakers() == ["Nix"]
    evening.answers("Rain again.")
    await stage.alice.send(stage.channel, "What a night.")
    assert [name for name, _ in evening.new()] == ["Mira"]
    assert evening.speakers() == ["Mira"]


async def among_themselves(evening: Evening) -> None:
    """A character that another one calls answers; after two such lines a person has to speak."""
    stage = evening.stage
    evening.answers("Ask Nix!", "Mira lies.", "I never lie, Nix.", "You do, Mira.")
    await stage.bob.send(stage.channel, "Mira, who stole the lantern?")
    assert evening.new() == [
        ("Mira", "Ask Nix!"),
        ("Nix", "Mira lies."),
        ("Mira", "I never lie, Nix."),
    ]
    assert evening.speakers() == ["Mira", "Nix", "Mira"]


async def narrator_and_guest(evening: Evening) -> None:
    """Lines in other names are read by all; whoever they call answers."""
    stage = evening.stage
    evening.answers("never said")
    await evening.carol.slash(stage.channel, "narrate", text="The door bursts open.")
    assert [text for _, text in evening.new()] == ["*The door bursts open.*"]
    assert evening.prompts() == []
    evening.answers("On the bar, like always.")
    await stage.bob.slash(stage.channel, "as", name="Old Tom", text="Mira! The rent!")
    assert evening.new() == [
        ("Old Tom", "Mira! The rent!"),
        ("Mira", "On the bar, like always."),
    ]
    [prompt] = evening.prompts()
    assert "<|im_start|>user\nNarrator: The door bursts open.<|im_end|>" in prompt
    assert "<|im_start|>user\nOld Tom: Mira! The rent!<|im_end|>" in prompt


async def dice(evening: Evening) -> None:
    """Dice are thrown for real, and their results are part of the story."""
    stage = evening.stage
    await stage.alice.slash(stage.channel, "roll", dice="1d1+8", reason="lockpicking")
    assert evening.new()[0][1] == "🎲 Alice rolls 1d1+8 (lockpicking): \\[1\\] + 8 = 9"
    evening.answers("You open it.")
    await stage.alice.send(stage.channel, "Nix, I try the other one too [[2d1]]")
    posted = evening.new()
    assert ("Nix", "You open it.") in posted
    assert any(text == "-# 🎲 2d1: \\[1, 1\\] = 2" for _, text in posted)
    [prompt] = evening.prompts()
    assert "Alice rolls 1d1+8 (lockpicking): [1] + 8 = 9<|im_end|>" in prompt
    assert "Alice: Nix, I try the other one too [2d1: [1, 1] = 2]<|im_end|>" in prompt


async def pause(evening: Evening) -> None:
    """While it is paused, people talk among themselves, and no character hears it."""
    stage = evening.stage
    await stage.bob.slash(stage.channel, "scene pause")
    await stage.alice.send(stage.channel, "Mira is my favourite, by the way")
    await stage.bob.slash(stage.channel, "scene resume")
    assert evening.prompts() == []
    evening.new()
    evening.answers("Where were we?")
    await stage.alice.send(stage.channel, "Mira?")
    assert evening.new() == [("Mira", "Where were we?")]
    [prompt] = evening.prompts()
    assert "my favourite" not in prompt


async def interruption(evening: Evening) -> None:
    """A person who speaks meanwhile is heard first: the rest of the round does not come."""
    stage = evening.stage

    def while_bob_speaks(_: Generation) -> list[object]:
        stage.env.backend.create_message(stage.channel.id, stage.bob.id, "Nix, look out!")
        return "Well, Voss?"

    evening.answers(while_bob_speaks, "*ducks*")
    await stage.alice.send(stage.channel, "Mira, a song! Voss, sing along!")
    for _ in range(50):
        await stage.settle()
        if any(name == "Nix" for name, _ in story(stage)[evening.seen :]):
            break
        await asyncio.sleep(0.02)
    assert evening.new() == [("Mira", "Well, Voss?"), ("Nix", "*ducks*")]
    assert evening.speakers() == ["Mira", "Nix"]


async def a_line_that_fails(evening: Evening) -> None:
    """What fails ends the round; nobody speaks after that by themselves."""
    stage = evening.stage
    evening.answers([EngineUnreachable()])
    await stage.alice.send(stage.channel, "Mira, Voss, Nix: cheers!")
    evening.new()
    assert evening.speakers() == ["Mira"]


async def the_file(evening: Evening) -> None:
    """The transcript has all of it, in order."""
    stage = evening.stage
    shown = await stage.alice.slash(stage.channel, "scene transcript")
    [file] = shown.response.attachments
    text = (await file.read()).decode()
    told = [
        "# The Inn",
        "*With Mira, Captain Voss, Nix*",
        "**Mira:** *looks up* “Come in, Carol.”",
        "**Alice:** An ale, Mira!",
        "**Captain Voss:** Aye.",
        "*The door bursts open.*",
        "**Old Tom:** Mira! The rent!",
        "*Alice rolls 1d1+8 (lockpicking): \\[1\\] + 8 = 9*",
        "**Bob:** Nix, look out!",
        "**Nix:** *ducks*",
    ]
    places = [text.index(line) for line in told]
    assert places == sorted(places)
    assert "my favourite" not in text
    page = await stage.alice.slash(stage.channel, "scene transcript", format="html")
    html = (await page.response.attachments[0].read()).decode()
    assert "<em>looks up</em> “Come in, Carol.”" in html
