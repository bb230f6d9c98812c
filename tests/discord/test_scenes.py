"""`/scene`, `/narrate`, `/as`, `/roll` and `/note` as people see them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.characters.export import plain_picture
from bot.conversation.library import Persona
from bot.conversation.turns import Snapshot
from bot.store.history import RedisStore
from tests.discord import webhooks
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL, play
from tests.discord.scene_support import (
    character,
    director,
    lines,
    panel,
    scene,
    setting,
    story,
)


@pytest.fixture(autouse=True)
def voices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks as an application has them."""
    webhooks.install(monkeypatch)


REFUSED = pytest.mark.simcord(check_errors=False)


class TestSetup:
    """Who may set up what, and what is shown of it."""

    async def test_a_scene_is_begun_with_its_characters_and_their_greetings(
        self, stage: Stage
    ) -> None:
        ada = await character(stage, "Ada", greeting="*She waves at {{user}}.*")
        await character(stage, "Bob")
        dora = director(stage)
        result = await dora.slash(
            stage.channel,
            "scene start",
            title="The *Inn*",
            scenario="Snow.",
            character=ada,
            second="bob",
        )
        assert result.response.content == (
            "🎬 **The \\*Inn\\*** begins.\n"
            "-# Mention me or reply to talk to them; with `/channel` every message counts."
        )
        card = panel(result.followups[0].components)
        assert "## The \\*Inn\\*" in card.text
        assert "Snow." in card.text
        assert "**Ada** · talks always\n**Bob** · talks always" in card.text
        assert story(stage)[-1] == ("Ada", "*She waves at Dora.*")
        found = await setting(stage)
        assert [one.name for one in found.cast] == ["Ada", "Bob"]
        assert found.host == str(dora.id)
        await stage.alice.send(stage.channel, f"{stage.me} Hello Ada")
        prompt = stage.engine.prompts[-1]
        assert "Ada: *She waves at Dora.*" in prompt
        assert "Snow." in prompt
        assert "Alice: Hello Ada" in prompt

    async def test_who_begins_chooses_the_greeting(self, stage: Stage) -> None:
        others = ["*Snow falls.* {{user}}?", "x" * 200]
        await character(stage, "Ada", greeting="Hi.", others=others, company=["All of you!"])
        await character(stage, "Bob", greeting="Bob here.", others=["Again, Bob."])
        dora = director(stage)
        offered = await dora.autocomplete(
            stage.channel, "scene start", "greeting", "", title="X", character="ada"
        )
        assert [(one["value"], one["name"]) for one in offered][:3] == [
            (0, "0: None: you begin"),
            (1, "1: Hi."),
            (2, "2: *Snow falls.* {{user}}?"),
        ]
        assert [one["value"] for one in offered] == [0, 1, 2, 3, 4]
        assert max(len(one["name"]) for one in offered) == 100
        fitting = await dora.autocomplete(
            stage.channel, "scene start", "greeting", "2", title="X", character="ada"
        )
        assert [one["value"] for one in fitting] == [2]
        nobody = await dora.autocomplete(stage.channel, "scene start", "greeting", "", title="X")
        assert nobody == []
        await dora.slash(
            stage.channel, "scene start", title="X", character="ada", second="bob", greeting=2
        )
        assert story(stage)[-2:] == [("Ada", "*Snow falls.* Dora?"), ("Bob", "Bob here.")]
        assert [one.greeting for one in (await setting(stage)).cast] == [1, 0]
        await dora.slash(stage.channel, "scene greet")
        assert story(stage)[-2:] == [("Ada", "*Snow falls.* Dora?"), ("Bob", "Bob here.")]

    async def test_without_a_choice_company_is_greeted_and_0_is_silence(self, stage: Stage) -> None:
        await character(stage, "Ada", greeting="Hi.", company=["All of you!"])
        await character(stage, "Bob", greeting="Bob here.")
        dora, options = director(stage), {"title": "X", "character": "ada", "second": "bob"}
        await dora.slash(stage.channel, "scene start", **options)
        assert story(stage)[-2:] == [("Ada", "All of you!"), ("Bob", "Bob here.")]
        assert [one.greeting for one in (await setting(stage)).cast] == [1, 0]
        await dora.slash(stage.channel, "scene end")
        before = len(story(stage))
        await dora.slash(stage.channel, "scene start", **options, greeting=0)
        assert [text for _, text in story(stage)[before:] if text in ("Hi.", "All of you!")] == []
        assert story(stage)[-1] == ("Bob", "Bob here.")

    @REFUSED
    async def test_a_greeting_that_there_is_not_is_told(self, stage: Stage) -> None:
        await character(stage, "Ada", greeting="Hi.", others=["Ho."])
        await character(stage, "Bob", greeting="Hm.")
        await character(stage, "Cleo")
        dora = director(stage)
        for name, number, told in (
            ("ada", 3, "**Ada** has no such greeting: please choose a number from 1 to 2, or 0"),
            ("bob", 2, "**Bob** has no such greeting, only the one: please choose number 1"),
            ("cleo", 1, "**Cleo** has no greeting to choose."),
            ("", 1, "Please choose a character as well"),
        ):
            options = {"character": name} if name else {}
            refused = await dora.slash(
                stage.channel, "scene start", title="X", greeting=number, **options
            )
            assert refused.response.content.startswith(told)
            assert await stage.bot.conversations.stages.get(f"discord:{stage.channel.id}") is None

    @REFUSED
    async def test_who_may_begin_and_change_one(self, stage: Stage) -> None:
        await character(stage, "Ada")
        nothing = await stage.alice.slash(stage.channel, "scene card")
        assert nothing.response.content.startswith("There is no scene here.")
        thread = stage.thread()
        await stage.bob.slash(thread, "scene start", title="Mine", character="Ada")
        await stage.bob.slash(thread, "scene end")
        own = await stage.alice.slash(thread, "scene start", title="Mine", character="Ada")
        assert "begins" in own.response.content
        assert (
            "Mood: *dark*"
            in (await stage.alice.slash(thread, "scene mood", mood="dark")).response.content
        )
        for command, options in (
            ("mood", {"mood": "x"}),
            ("order", {"order": "list"}),
            ("end", {}),
        ):
            other = await stage.bob.slash(thread, f"scene {command}", **options)
            assert "Only whoever leads this scene" in other.response.content
        again = await stage.alice.slash(thread, "scene start", title="Again")
        assert "A scene is on here already: **Mine**" in again.response.content
        assert (await stage.bot.conversations.stages.get(f"discord:{stage.channel.id}")) is None

    @REFUSED
    async def test_a_scene_whose_leader_has_left_is_passed_on(self, stage: Stage) -> None:
        await character(stage, "Ada")
        carol, cora = stage.person("Carol"), stage.person("Cora")
        await carol.slash(stage.channel, "scene start", title="The Inn", character="ada")
        for person in (carol, cora, stage.alice, stage.bob, stage.alice):
            await person.send(stage.channel, f"{stage.me} Hello")
        refused = await stage.bob.slash(stage.channel, "scene mood", mood="dark")
        assert refused.response.content.startswith("Only whoever leads this scene")
        assert (await setting(stage)).host == str(carol.id)
        for gone in (carol, cora):
            stage.guild.remove_member(gone)
        refused = await stage.bob.slash(stage.channel, "scene mood", mood="dark")
        assert refused.response.content == (
            f"Who led this story has left the server, and <@{stage.alice.id}> leads it now. Only "
            "they, or somebody who may manage channels here, can change that."
        )
        refused = await stage.bob.slash(stage.channel, "scene end")
        assert refused.response.content.startswith("Only whoever leads this scene")
        ended = await stage.alice.slash(stage.channel, "scene end")
        assert "has ended" in ended.response.content

    async def test_who_takes_part_may_go_on_at_once(self, stage: Stage) -> None:
        await character(stage, "Ada")
        carol = stage.person("Carol")
        await carol.slash(stage.channel, "scene start", title="The Inn", character="ada")
        await stage.bob.send(stage.channel, f"{stage.me} Hello")
        stage.guild.remove_member(carol)
        shown = await stage.bob.slash(stage.channel, "scene cast")
        assert "cast-pick:" in panel(shown.response.components).ids
        left = await stage.bob.slash(stage.channel, "character leave")
        assert "**Ada** has left the stage." in left.response.content

    async def test_a_scene_in_which_nobody_else_played_is_anybodys(self, stage: Stage) -> None:
        await character(stage, "Ada")
        carol = stage.person("Carol")
        await carol.slash(stage.channel, "scene start", title="The Inn", character="ada")
        await carol.send(stage.channel, f"{stage.me} Hello")
        stage.guild.remove_member(carol)
        told = await stage.bob.slash(stage.channel, "scene mood", mood="dark")
        assert told.response.content == "Mood: *dark*"

    @REFUSED
    async def test_adults_are_for_age_restricted_channels(self, stage: Stage) -> None:
        await character(stage, "Eve", adult=True)
        dora = director(stage)
        refused = await dora.slash(stage.channel, "scene start", title="X", character="Eve")
        assert "age-restricted" in refused.response.content
        assert (await stage.bot.conversations.stages.get(f"discord:{stage.channel.id}")) is None

    async def test_the_cast_is_changed_in_a_panel(self, stage: Stage) -> None:
        await character(stage, "Cleo", greeting="Hm.")
        await scene(stage, "Ada", "Bob")
        dora = director(stage, "Dan")
        shown = await dora.slash(stage.channel, "scene cast")
        assert shown.ephemeral
        told = panel(shown.response.components)
        assert told.ids == ["cast-pick:", "cast-enter:"]
        await dora.select(shown.response, custom_id="cast-pick:", values=["bob"])
        told = panel(shown.response.components)
        assert told.ids == [
            "cast-pick:",
            "cast-level:bob",
            "cast-mute:bob",
            "cast-remove:bob",
            "cast-enter:",
        ]
        await dora.select(shown.response, custom_id="cast-level:bob", values=["0.25"])
        await dora.click(shown.response, custom_id="cast-mute:bob")
        assert "**Bob** · talks seldom · muted" in panel(shown.response.components).text
        await dora.select(shown.response, custom_id="cast-enter:", values=["cleo"])
        assert story(stage)[-1] == ("Cleo", "Hm.")
        await dora.click(shown.response, custom_id="cast-remove:cleo")
        found = await setting(stage)
        assert [(one.name, one.talkativeness, one.muted) for one in found.cast] == [
            ("Ada", 1.0, False),
            ("Bob", 0.25, True),
        ]
        seen = panel((await stage.alice.slash(stage.channel, "scene cast")).response.components)
        assert seen.ids == [], "who may not change it only sees it"

    @REFUSED
    async def test_tools_are_for_who_may_manage_channels(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        refused = await stage.alice.slash(stage.channel, "scene style", tools=True)
        assert "manage channels" in refused.response.content
        assert not (await setting(stage)).tools
        dora = director(stage, "Dan")
        told = await dora.slash(stage.channel, "scene style", tools=True, whole_sentences=True)
        assert told.response.content == (
            "Unfinished last sentences are left out. Characters may use the tools that are on here."
        )
        found = await setting(stage)
        assert (found.tools, found.trim) == (True, True)

    async def test_scenario_mood_and_order(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob")
        dora = director(stage, "Dan")
        form = await dora.slash(stage.channel, "scene scenario")
        await dora.submit_modal(form, {"text": "A *cave*."})
        await dora.slash(stage.channel, "scene mood", mood="tense")
        told = await dora.slash(stage.channel, "scene order", order="list", rounds=0)
        assert told.response.content == "Who speaks: everybody in turn."
        card = await stage.alice.slash(stage.channel, "scene card")
        assert card.ephemeral
        text = panel(card.response.components).text
        assert "A \\*cave\\*." in text
        assert "*Mood: tense*" in text
        assert "Who speaks: everybody in turn" in text
        public = await stage.alice.slash(stage.channel, "scene card", public=True)
        assert not public.ephemeral
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        assert len(stage.engine.prompts) == 2
        assert "A *cave*." in stage.engine.prompts[0]
        await dora.slash(stage.channel, "scene mood")
        assert (await setting(stage)).mood == ""

    @REFUSED
    async def test_the_card_shows_pictures(self, stage: Stage) -> None:
        await character(stage, "Ada", picture=plain_picture("Ada"))
        await scene(stage, "Bob")
        dora = director(stage, "Dan")
        shown = await dora.slash(stage.channel, "scene cast")
        await dora.select(shown.response, custom_id="cast-enter:", values=["ada"])
        card = await stage.alice.slash(stage.channel, "scene card")
        assert [file.filename for file in card.response.attachments] == ["face-0.png"]
        assert "face-0.png" in str(card.response.components)
        for command in ("transcript", "recap"):
            nothing = await stage.alice.slash(stage.channel, f"scene {command}")
            assert nothing.response.content.startswith("Nothing has ")
        stage.engine.answers = ["<b>One</b>"]
        await stage.alice.send(stage.channel, f"{stage.me} Ada?")
        page = await stage.alice.slash(stage.channel, "scene transcript", format="html")
        [file] = page.response.attachments
        text = (await file.read()).decode()
        assert file.filename == "the-inn.html"
        assert text.count('src="data:image/png;base64,') == 1
        assert "&lt;b&gt;One" in text

    async def test_characters_are_offered_while_a_name_is_typed(self, stage: Stage) -> None:
        for name in ("Ada", "Adam", "Bob"):
            await character(stage, name)
        for option in ("character", "fifth"):
            found = await stage.alice.autocomplete(
                stage.channel, "scene start", option, "ad", title="X"
            )
            assert [choice["value"] for choice in found] == ["ada", "adam"]

    async def test_the_end(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        dora = director(stage, "Dan")
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        ended = await dora.slash(stage.channel, "scene end")
        assert ended.response.content.startswith("🎬 **The Inn** has ended.\n-# I still know")
        [offer] = ended.followups
        assert offer.ephemeral
        [file] = offer.attachments
        assert file.filename == "the-inn.md"
        text = (await file.read()).decode()
        assert "# The Inn" in text
        assert "**Alice:** Hello" in text
        assert "**Ada:** All right." in text
        assert await stage.bot.conversations.stages.get(f"discord:{stage.channel.id}") is None
        await stage.alice.send(stage.channel, f"{stage.me} And you?")
        assert "Hello" in stage.engine.prompts[-1]

    async def test_the_end_of_it_all(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        dora = director(stage, "Dan")
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        ended = await dora.slash(stage.channel, "scene end", forget=True)
        assert "is forgotten" in ended.response.content
        assert ended.followups[0].attachments
        await stage.alice.send(stage.channel, f"{stage.me} And you?")
        assert "Hello" not in stage.engine.prompts[-1]


class TestLines:
    """What people put into a story in another name."""

    async def test_a_narrator_is_read_by_all(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob")
        told = await stage.alice.slash(stage.channel, "narrate", text="Thunder.\nThen *silence*.")
        assert told.ephemeral
        assert told.response.content.startswith("Done: https://discord.com/channels/")
        assert stage.said()[-1] == "*Thunder.*\nThen *silence*."
        assert stage.engine.prompts == [], "nobody was called"
        await stage.bob.send(stage.channel, f"{stage.me} Bob?")
        assert "Narrator: Thunder.\nThen *silence*." in stage.engine.prompts[-1]

    async def test_somebody_else_speaks_and_who_is_called_answers(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob")
        stage.engine.answers = ["Never."]
        await stage.alice.slash(
            stage.channel, "as", name="Old *Tom*", text="Bob, your rent! @everyone"
        )
        assert story(stage)[-2:] == [
            ("Old Tom", "Bob, your rent! @everyone"),
            ("Bob", "Never."),
        ]
        assert not lines(stage)[-2].mention_everyone
        assert "Old Tom: Bob, your rent!" in stage.engine.prompts[-1]
        turns = await stage.bot.conversations.history(f"discord:{stage.channel.id}")
        assert [(turn.speaker, turn.author) for turn in turns] == [
            ("Old Tom", str(stage.alice.id)),
            ("Bob", ""),
        ]

    async def test_who_wrote_them_keeps_their_own_name(self, stage: Stage) -> None:
        await character(stage, "Ada", after="[Speak to {{user}}.]")
        await director(stage).slash(stage.channel, "scene start", title="X", character="ada")
        await stage.bob.send(stage.channel, f"{stage.me} Hello")
        assert "[Speak to Bob.]" in stage.engine.prompts[-1]
        await stage.bob.slash(stage.channel, "as", name="Old Tom", text="Rent!")
        await stage.bob.slash(stage.channel, "narrate", text="Ada shivers.")
        assert len(stage.engine.prompts) == 2
        assert "[Speak to Bob.]" in stage.engine.prompts[-1]

    @REFUSED
    async def test_names_of_others_are_refused(self, stage: Stage) -> None:
        nowhere = await stage.alice.slash(stage.channel, "narrate", text="Thunder.")
        assert nowhere.response.content.startswith("There is no scene here.")
        await scene(stage, "Ada Lovelace", "Bob")
        await stage.bob.send(stage.channel, f"{stage.me} Ada?")
        for name, why in (
            ("ada", "is a character on stage"),
            ("ADA LOVELACE", "is a character on stage"),
            ("Narrator", "is for `/narrate`"),
            ("Mr Discord", "does not allow"),
        ):
            refused = await stage.alice.slash(stage.channel, "as", name=name, text="Hm.")
            assert why in refused.response.content
        await stage.bob.slash(stage.channel, "as", name="Tom", text="Hm.")
        taken = await stage.alice.slash(stage.channel, "as", name="tom", text="Hm.")
        assert "is somebody else here" in taken.response.content
        again = await stage.bob.slash(stage.channel, "as", name="Tom", text="Hm.")
        assert again.response.content.startswith("Done")
        empty = await stage.bob.slash(stage.channel, "as", name="Tom", text="\u200b")
        assert "no text" in empty.response.content

    @REFUSED
    async def test_their_writer_changes_and_deletes_them(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        told = await stage.alice.slash(stage.channel, "as", name="Tom", text="Rent!")
        line = lines(stage)[-1]
        form = await stage.alice.click(told.response, label="Edit")
        await stage.alice.submit_modal(form, {"text": "Money!"})
        assert story(stage)[-1] == ("Tom", "Money!")
        await stage.bob.send(stage.channel, f"{stage.me} Ada?")
        assert "Tom: Money!" in stage.engine.prompts[-1]
        assert "Rent" not in stage.engine.prompts[-1]
        await stage.alice.click(told.response, label="Delete")
        assert line.id not in [message.id for message in lines(stage)]
        await stage.bob.send(stage.channel, f"{stage.me} Ada?")
        assert "Money!" not in stage.engine.prompts[-1]

    @REFUSED
    async def test_they_can_be_managed_later(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        await stage.alice.slash(stage.channel, "as", name="Tom", text="Rent!")
        line = lines(stage)[-1]
        refused = await stage.bob.context_menu(stage.channel, "Manage reply", line)
        assert "Only whoever wrote that line" in refused.response.content
        managed = await stage.alice.context_menu(stage.channel, "Manage reply", line)
        assert managed.ephemeral
        await stage.alice.click(managed.response, label="Delete")
        assert line.id not in [message.id for message in lines(stage)]
        await stage.bob.send(stage.channel, f"{stage.me} Ada?")
        usual = await stage.bob.context_menu(stage.channel, "Manage reply", lines(stage)[-1])
        assert "line of the story" not in usual.response.content

    async def test_they_are_erased_with_their_writer(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        await stage.alice.slash(stage.channel, "as", name="Tom", text="A very special rent!")
        await stage.bot.conversations.erase(str(stage.alice.id))
        await stage.bob.send(stage.channel, f"{stage.me} Ada?")
        assert "special" not in stage.engine.prompts[-1]


class TestDice:
    """Dice that the story knows of."""

    async def test_a_roll_is_posted_and_read(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        rolled = await stage.alice.slash(
            stage.channel, "roll", dice="2d1+1", reason="the *lock*\n@everyone"
        )
        shown = rolled.response.content
        assert shown.startswith("🎲 Alice rolls 2d1+1 (the \\*lock\\* @")
        assert shown.endswith(": \\[1, 1\\] + 1 = 3")
        await stage.bob.send(stage.channel, f"{stage.me} Well?")
        assert (
            "Alice rolls 2d1+1 (the *lock* @everyone): [1, 1] + 1 = 3" in stage.engine.prompts[-1]
        )

    @REFUSED
    async def test_what_is_no_dice(self, stage: Stage) -> None:
        refused = await stage.alice.slash(stage.channel, "roll", dice="2d6+")
        assert refused.response.content.startswith("I cannot read the dice")
        assert refused.ephemeral

    async def test_dice_within_a_message(self, stage: Stage) -> None:
        await stage.alice.send(stage.channel, f"{stage.me} I pick it [[1d1]]")
        assert "[[1d1]]" in stage.asked, "there is no scene"
        assert len(stage.said()) == 1
        await scene(stage, "Ada")
        await stage.alice.send(stage.channel, f"{stage.me} I pick it [[1d1+2]] [[Home]]")
        assert "I pick it [1d1+2: [1] + 2 = 3] [[Home]]" in stage.engine.prompts[-1]
        told = [text for _, text in story(stage)]
        assert told.count("-# 🎲 1d1+2: \\[1\\] + 2 = 3") == 1
        assert sum("🎲" in text for text in told) == 1

    async def test_dice_in_a_message_for_others_are_heard_as_well(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        await stage.alice.send(stage.channel, "I pick it [[1d1+2]]")
        assert stage.engine.prompts == []
        await stage.bob.send(stage.channel, f"{stage.me} Well?")
        assert "Alice rolls 1d1+2: [1] + 2 = 3" in stage.engine.prompts[-1]

    async def test_editing_throws_nothing_anew(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        message = await stage.alice.send(stage.channel, f"{stage.me} [[d1000]]")
        fell = stage.engine.prompts[-1].split("d1000: [")[1].split("]")[0]
        await stage.alice.edit(message, f"{stage.me} with care [[d1000]] [[1d1]]")
        assert stage.said()[-1].count("🎲") == 2
        await stage.bob.send(stage.channel, f"{stage.me} Well?")
        assert f"with care [d1000: [{fell}]" in stage.engine.prompts[-1]


class TestNotes:
    """The author's note."""

    async def test_it_is_written_shown_and_cleared(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        dora = director(stage, "Dan")
        form = await dora.slash(stage.channel, "note set")
        assert "Whoever asks for it sees it." in str(form.modal)
        done = await dora.submit_modal(
            form,
            {"text": "Nobody *trusts* anybody.", "depth": "0", "every": "1", "role": ["system"]},
        )
        assert "with every message, at the very end" in done.response.content
        shown = await stage.alice.slash(stage.channel, "note show")
        assert "Nobody \\*trusts\\* anybody." in shown.response.content
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        assert "Nobody *trusts* anybody." in stage.engine.prompts[-1]
        await dora.slash(stage.channel, "note clear")
        assert (
            "There is no author's note"
            in (await stage.alice.slash(stage.channel, "note show")).response.content
        )
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        assert "trusts" not in stage.engine.prompts[-1].rsplit("Hello", 1)[1]

    @REFUSED
    async def test_what_is_refused(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        dora = director(stage, "Dan")
        for name in ("set", "clear"):
            refused = await stage.alice.slash(stage.channel, f"note {name}")
            assert "Only whoever leads" in refused.response.content
        form = await dora.slash(stage.channel, "note set")
        wrong = await dora.submit_modal(
            form, {"text": "x", "depth": "-1", "every": "1", "role": ["user"]}
        )
        assert "“Depth” has to be a whole number from 0 to 100." in wrong.response.content


class TestPlaying:
    """Who speaks, and when nobody does."""

    async def test_all_who_are_due_speak_one_after_the_other(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob", "Cleo", order="list")
        stage.engine.answers = ["One.", "Two.", "Three."]
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        assert story(stage)[-3:] == [("Ada", "One."), ("Bob", "Two."), ("Cleo", "Three.")]
        assert len(stage.engine.prompts) == 3
        assert "Ada: One." in stage.engine.prompts[1]
        assert stage.engine.prompts[2].endswith("<|im_start|>assistant\nCleo:")
        pinged = [str(stage.alice.id) in m.content for m in lines(stage)[-3:]]
        assert pinged == [True, False, False]

    async def test_by_command_all_speak_as_well(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob", order="list")
        stage.engine.answers = ["One.", "Two."]
        await stage.alice.slash(stage.channel, "ask", question="Hello")
        assert [text.removeprefix("**Ada**\n") for _, text in story(stage)[-2:]] == ["One.", "Two."]

    async def test_who_calls_another_has_an_answer_up_to_a_limit(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob")
        stage.engine.answers = ["Bob?", "Ada?", "Bob?", "Ada?"]
        await stage.alice.send(stage.channel, f"{stage.me} Ada!")
        assert [name for name, _ in story(stage)[-3:]] == ["Ada", "Bob", "Ada"]
        assert len(stage.engine.prompts) == 3

    async def test_who_is_replied_to_answers(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob")
        await stage.alice.send(stage.channel, f"{stage.me} Bob!")
        stage.engine.answers = ["It is me."]
        await stage.reply(stage.bob, lines(stage)[-1], "and what else?")
        assert story(stage)[-1] == ("Bob", "It is me.")

    @REFUSED
    async def test_next_has_somebody_speak_without_a_question(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob")
        dora = director(stage, "Dan")
        spoken = await stage.alice.slash(stage.channel, "scene next", character="bob")
        assert spoken.response.content == "**Bob** has spoken."
        assert story(stage)[-1] == ("Bob", "All right.")
        await stage.alice.slash(stage.channel, "scene next")
        assert story(stage)[-1] == ("Ada", "All right."), "who spoke last does not go on"
        found = await stage.alice.autocomplete(stage.channel, "scene next", "character", "A")
        assert [choice["name"] for choice in found] == ["Ada"]
        shown = await dora.slash(stage.channel, "scene cast")
        await dora.select(shown.response, custom_id="cast-pick:", values=["bob"])
        await dora.click(shown.response, custom_id="cast-mute:bob")
        for name, why in (("Bob", "**Bob** is muted"), ("Zoe", "“Zoe” is not on stage")):
            refused = await stage.alice.slash(stage.channel, "scene next", character=name)
            assert why in refused.response.content

    @REFUSED
    async def test_a_paused_scene_is_silent(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob")
        await stage.alice.slash(stage.channel, "scene pause")
        await stage.bot.always_on.switch(f"discord:{stage.channel.id}", True)
        before = len(lines(stage))
        await stage.alice.send(stage.channel, "just between us, Ada")
        assert len(lines(stage)) == before
        await stage.alice.send(stage.channel, f"{stage.me} Ada?")
        assert story(stage)[-1][1].startswith("-# The scene is paused")
        refused = await stage.alice.slash(stage.channel, "scene next")
        assert "is paused" in refused.response.content
        asked = await stage.alice.slash(stage.channel, "ask", question="Ada?")
        assert "is paused" in asked.response.content
        await stage.bob.slash(stage.channel, "scene resume")
        await stage.alice.send(stage.channel, "Ada?")
        assert story(stage)[-1] == ("Ada", "All right.")
        assert "just between us" not in stage.engine.prompts[-1]

    async def test_a_name_wakes_its_character_where_names_count(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Captain Voss")
        dora = director(stage, "Dan")
        await stage.alice.send(stage.channel, "Ada, are you there?")
        assert stage.engine.prompts == []
        await dora.slash(stage.channel, "channel", mode="name")
        await stage.alice.send(stage.channel, "What a storm. Adamant as ever.")
        bot = stage.env.backend.bot_user.name
        await stage.alice.send(stage.channel, f"{bot}, stop that.")
        assert stage.engine.prompts == [], "somebody is on stage, and not called"
        await stage.alice.send(stage.channel, "What do you say, voss?")
        assert story(stage)[-1] == ("Captain Voss", "All right.")
        assert len(stage.engine.prompts) == 1
        shown = await stage.alice.slash(stage.channel, "config why")
        assert "who says the name of somebody on stage" in shown.response.content
        await dora.slash(stage.channel, "scene pause")
        await stage.alice.send(stage.channel, "Ada, are you there?")
        assert len(stage.engine.prompts) == 1

    async def test_a_reset_keeps_the_scene(self, stage: Stage) -> None:
        await character(stage, "Ada", greeting="Welcome, {{user}}.")
        dora = director(stage, manage_messages=True)
        await dora.slash(stage.channel, "scene start", title="X", character="ada")
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        told = await dora.slash(stage.channel, "reset")
        assert "The scene stays as it is set up." in told.response.content
        await dora.slash(stage.channel, "scene greet")
        assert story(stage)[-1] == ("Ada", "Welcome, Dora.")
        await stage.alice.send(stage.channel, f"{stage.me} And now?")
        assert "Welcome, Dora." in stage.engine.prompts[-1]
        assert "Hello" not in stage.engine.prompts[-1]

    async def test_a_recap_is_no_part_of_the_story(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob")
        await stage.alice.send(stage.channel, f"{stage.me} Ada, open the door")
        stage.engine.answers = ["Alice asks Ada to open the door."]
        recap = await stage.bob.slash(stage.channel, "scene recap")
        assert recap.ephemeral
        assert recap.response.content == (
            "**The Inn: the story so far**\nAlice asks Ada to open the door."
        )
        assert "Alice: Ada, open the door\nAda: All right." in stage.engine.prompts[-1]
        await stage.alice.send(stage.channel, f"{stage.me} Bob?")
        assert "asks Ada to open" not in stage.engine.prompts[-1]

    async def test_a_recap_can_become_part_of_it(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        stage.engine.answers = ["Alice has come in."]
        recap = await stage.bob.slash(stage.channel, "scene recap", remember=True)
        assert not recap.ephemeral
        await stage.alice.send(stage.channel, f"{stage.me} And now?")
        assert "Narrator: Alice has come in." in stage.engine.prompts[-1]

    async def test_the_model_chooses_where_that_is_wished(self, stage: Stage) -> None:
        await scene(stage, "Ada", "Bob", order="model")
        stage.engine.answers = ["Bob.", "It is my turn."]
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        assert story(stage)[-1] == ("Bob", "It is my turn.")
        asked = stage.engine.prompts[0]
        assert "Alice: Hello\n\nWhich of these characters speaks next: Ada, Bob?" in asked
        assert len(stage.engine.prompts) == 2

    async def test_in_direct_messages(self, stage: Stage) -> None:
        await character(stage, "Ada", library=f"discord:user:{stage.alice.id}")
        begun = await stage.alice.user.slash("scene start", title="Us two", character="Ada")
        assert "begins" in begun.response.content
        await stage.alice.send_dm("Hello")
        assert (
            "You are Ada" in stage.engine.prompts[-1]
            or "Ada is somebody." in (stage.engine.prompts[-1])
        )
        rolled = await stage.alice.user.slash("roll", dice="1d1")
        assert "Alice rolls 1d1: \\[1\\] = 1" in rolled.response.content


class TestPeople:
    """What becomes of people's own."""

    async def test_who_began_a_scene_is_forgotten_and_the_scene_stays(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        host = (await setting(stage)).host
        await stage.bot.conversations.erase(host)
        found = await setting(stage)
        assert [one.name for one in found.cast] == ["Ada"]
        assert host not in found.host

    async def test_a_persona_rolls_in_its_own_name(self, stage: Stage) -> None:
        await scene(stage, "Ada")
        library = f"discord:server:{stage.guild.id}"
        await stage.bot.store.set_persona(library, str(stage.alice.id), Persona("Sir *Kay*"))
        rolled = await stage.alice.slash(stage.channel, "roll", dice="1d1")
        assert rolled.response.content.startswith("🎲 Sir Kay rolls 1d1")
        await stage.alice.send(stage.channel, "I jump [[1d1]]")
        await stage.bob.send(stage.channel, f"{stage.me} Well?")
        assert stage.engine.prompts[-1].count("Sir Kay rolls 1d1: ") == 2


class TestRestarts:
    """A bot that goes away in the middle of a round."""

    @VIRTUAL
    async def test_a_round_goes_on_where_it_was(self, stage: Stage, make_bot: MakeBot) -> None:
        await scene(stage, "Ada", "Bob", "Cleo", order="list")
        begun: list[object] = [1.0, "Two", 5.0, "!"]
        stage.engine.answers = ["One.", begun]
        await stage.alice.send(stage.channel, f"{stage.me} Hello")
        await play(stage.env, 2)
        assert [name for name, _ in story(stage)[-2:]] == ["Ada", "Bob"]
        stage.engine.answers = ["Two anew.", "Three."]
        await stage.env.restart_bot(make_bot())
        await play(stage.env, 5)
        assert story(stage)[-3:] == [("Ada", "One."), ("Bob", "Two anew."), ("Cleo", "Three.")]


async def test_an_ordinary_reply_asks_the_store_for_nothing_more(
    stage: Stage, store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    load = store.load

    async def counted(conversation: str, *more: Any) -> Snapshot:
        loaded.append(conversation)
        return await load(conversation, *more)

    monkeypatch.setattr(store, "load", counted)
    await stage.alice.send(stage.channel, f"{stage.me} Hello")
    assert len(loaded) == 1
    assert len(stage.engine.prompts) == 1
