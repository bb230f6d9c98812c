"""What people see in the language of their Discord: messages, buttons, forms, panels, errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import interactions
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.characters.policy import Policy
from cogs.reports import REASONS
from tests.discord import webhooks
from tests.discord.conftest import Stage
from tests.discord.scene_support import director, panel, scene
from tests.language.german import german_catalogue

GERMAN = {
    "There is no scene here. `/scene start` begins one.": "Hier ist keine Szene.",
    "“{name}” is not on stage here.": "„{name}“ ist hier nicht auf der Bühne.",
    "talks {level}": "spricht {level}",
    "always": "immer",
    "Let speak": "Sprechen lassen",
    "Mute": "Stumm schalten",
    "Choose somebody to change": "Wer soll sich ändern?",
    "Author's note": "Notiz der Autorin",
    "Depth": "Tiefe",
    "“{what}” has to be a whole number from {least} to {most}.": (
        "„{what}“ muss eine ganze Zahl von {least} bis {most} sein."
    ),
    "Taken back with {command}. /redo brings it back.": "Zurückgenommen mit {command}.",
    "Taken back: {what}. /redo brings it back.": "Zurückgenommen: {what}.",
    "{words} and my reply": "{words} und meine Antwort",
    "Edit": "Bearbeiten",
    "Delete": "Löschen",
    "Done: {link}. All characters read it.": "Fertig: {link}. Alle Figuren lesen es.",
    ("This takes back the message after it.", "This takes back the {n:,} messages after it."): (
        "Das nimmt die Nachricht danach zurück.",
        "Das nimmt die {n:,} Nachrichten danach zurück.",
    ),
    "Take them back and regenerate": "Zurücknehmen und neu schreiben",
    "Report": "Melden",
    "Hate or harassment": "Hass oder Belästigung",
    "Thank you. The moderators of this server have your report.": "Danke. Die Meldung ist da.",
    "Erase everything": "Alles löschen",
    ("one message of yours", "{n:,} messages of yours"): (
        "eine Nachricht von dir",
        "{n:,} Nachrichten von dir",
    ),
    ("one reply", "{n:,} replies"): ("eine Antwort", "{n:,} Antworten"),
    ("in one conversation", "in {n:,} conversations"): (
        "in einem Gespräch",
        "in {n:,} Gesprächen",
    ),
    "{messages} and {replies} {places}": "{messages} und {replies} {places}",
    "In channels that are not age-restricted characters need not be suitable for all ages now.": (
        "Wo keine Altersgrenze gilt, sind die Figuren ab jetzt frei."
    ),
}

Speaks = Callable[[MemberActor, str], None]

REFUSED = pytest.mark.simcord(check_errors=False)


@pytest.fixture(autouse=True)
def voices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks as an application has them."""
    webhooks.install(monkeypatch)


@pytest.fixture(autouse=True)
async def german(voices: None, stage: Stage, tmp_path: Path):
    """A small catalogue; the bot has started by then, which takes all of its own."""
    with german_catalogue(GERMAN, tmp_path):
        yield


@pytest.fixture
def speaks(monkeypatch: pytest.MonkeyPatch) -> Speaks:
    """Gives somebody's Discord a language; simcord's people all have English."""
    locales: dict[int, str] = {}
    plain = interactions.base_payload

    def with_locale(*args: Any, **options: Any) -> Any:
        record, payload = plain(*args, **options)
        user = payload.get("user") or payload["member"]["user"]
        payload["locale"] = locales.get(int(user["id"]), payload["locale"])
        return record, payload

    monkeypatch.setattr(interactions, "base_payload", with_locale)
    return lambda actor, locale: locales.update({actor.id: locale})


def labels(shown: InteractionResult | Any) -> list[str]:
    """What the buttons under a response are called."""
    return [item.get("label", "") for row in shown.components for item in row["components"]]


class TestScenes:
    @REFUSED
    async def test_errors(self, stage: Stage, speaks: Speaks) -> None:
        speaks(stage.alice, "de")
        german = await stage.alice.slash(stage.channel, "scene card")
        assert german.response.content == "Hier ist keine Szene."
        english = await stage.bob.slash(stage.channel, "scene card")
        assert english.response.content.startswith("There is no scene here.")
        await scene(stage, "Ada")
        missing = await stage.alice.slash(stage.channel, "scene next", character="Zoe")
        assert missing.response.content == "„Zoe“ ist hier nicht auf der Bühne."

    async def test_the_panel_of_the_cast(self, stage: Stage, speaks: Speaks) -> None:
        await scene(stage, "Ada")
        dora = director(stage)
        speaks(dora, "de")
        shown = await dora.slash(stage.channel, "scene cast")
        assert "**Ada** · spricht immer" in panel(shown.response.components).text
        await dora.select(shown.response, custom_id="cast-pick:", values=["ada"])
        told = str(shown.response.components)
        assert "Stumm schalten" in told
        assert "Wer soll sich ändern?" in told
        await dora.click(shown.response, custom_id="cast-mute:ada")
        assert "Sprechen lassen" in str(shown.response.components)

    @REFUSED
    async def test_a_form_and_what_is_wrong_in_it(self, stage: Stage, speaks: Speaks) -> None:
        await scene(stage, "Ada")
        dora = director(stage)
        speaks(dora, "de")
        form = await dora.slash(stage.channel, "note set")
        assert form.modal["title"] == "Notiz der Autorin"
        assert "Tiefe" in [part["label"] for part in form.modal["components"]]
        wrong = await dora.submit_modal(
            form, {"text": "Slow.", "depth": "-1", "every": "1", "role": ["system"]}
        )
        assert wrong.response.content == "„Tiefe“ muss eine ganze Zahl von 0 bis 100 sein."

    async def test_what_becomes_part_of_the_story_stays(self, stage: Stage, speaks: Speaks) -> None:
        await scene(stage, "Ada")
        speaks(stage.alice, "de")
        done = await stage.alice.slash(stage.channel, "narrate", text="It snows.")
        assert done.response.content.startswith("Fertig: https://discord.com")
        assert labels(done.response) == ["Bearbeiten", "Löschen"]
        turns = await stage.bot.conversations.history(f"discord:{stage.channel.id}")
        assert turns[-1].speaker == "Narrator"


class TestReplies:
    async def test_the_question_before_something_is_discarded(
        self, stage: Stage, speaks: Speaks
    ) -> None:
        speaks(stage.alice, "de")
        await stage.alice.send(stage.channel, f"{stage.me} one")
        first = stage.shown()[0]
        await stage.alice.send(stage.channel, f"{stage.me} two")
        asked = await stage.alice.context_menu(stage.channel, "Regenerate", first)
        assert asked.response.content == "Das nimmt die 2 Nachrichten danach zurück."
        assert labels(asked.response)[0] == "Zurücknehmen und neu schreiben"

    async def test_what_all_read_is_in_the_language_of_the_channel(
        self, stage: Stage, speaks: Speaks
    ) -> None:
        speaks(stage.alice, "de")
        await stage.alice.send(stage.channel, f"{stage.me} one")
        told = await stage.alice.slash(stage.channel, "undo")
        assert told.response.content == "-# Zurückgenommen: “one” und meine Antwort."
        assert stage.said()[0] == "-# Taken back with /undo. /redo brings it back."

    async def test_what_is_erased_is_counted(self, stage: Stage, speaks: Speaks) -> None:
        speaks(stage.alice, "de")
        await stage.alice.send(stage.channel, f"{stage.me} one")
        asked = await stage.alice.slash(stage.channel, "privacy erase")
        assert "eine Nachricht von dir und eine Antwort in einem Gespräch" in asked.response.content
        assert labels(asked.response)[0] == "Alles löschen"


class TestModerators:
    async def test_a_report_is_read_in_the_language_of_its_channel(
        self, stage: Stage, speaks: Speaks
    ) -> None:
        room = stage.guild.create_text_channel("reports")
        await stage.bot.conversations.policies.change(
            str(stage.guild.id), lambda _: Policy(report_channel=str(room.id))
        )
        await stage.alice.send(stage.channel, f"{stage.me} hello")
        reply = stage.shown()[0]
        speaks(stage.bob, "de")
        shown = await stage.bob.context_menu(stage.channel, "Manage reply", reply)
        assert labels(shown.response) == ["Melden"]
        form = await stage.bob.click(shown.response, custom_id=f"report:{reply.id}")
        assert "Hass oder Belästigung" in str(form.modal)
        done = await stage.bob.submit_modal(form, {"reason": [REASONS[2]], "note": ""})
        assert done.response.content == "Danke. Die Meldung ist da."
        assert f"<@{stage.bob.id}>: Hate or harassment" in stage.shown(room)[-1].content

    async def test_the_log_stays_english(
        self, stage: Stage, speaks: Speaks, caplog: pytest.LogCaptureFixture
    ) -> None:
        role = stage.guild.create_role("Boss", permissions=discord.Permissions(manage_guild=True))
        boss = stage.guild.add_member(stage.env.create_user("boss"), roles=[role])
        speaks(boss, "de")
        with caplog.at_level("INFO"):
            told = await boss.slash(stage.channel, "safety set", **{"all-ages": False})
        assert told.response.content.startswith("Wo keine Altersgrenze gilt")
        assert any(
            "need not be suitable for all ages now" in r.getMessage() for r in caplog.records
        )
