"""What stands far from its reader is said in the reader's language, and English elsewhere."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from bot.checks import access
from bot.checks.engine import _about
from bot.conversation.structured import _unfit
from bot.errors import BadInput, explain
from bot.language import later, speaking, tr
from bot.prompts.json_dialogue import Failed, messages
from bot.schemas import answers, reading
from bot.schemas.loose import Unreadable
from bot.tools.context import ToolContext
from bot.tools.dice import roll
from bot.tools.run import ToolRun
from bot.tools.runner import run
from bot.tools.tool import ToolError, tool, tools_of
from cogs.help import pages
from cogs.live.buttons import retry_button
from cogs.live.questions import outcome, question
from cogs.live.wording import also_for, in_line, small
from tests.language.german import german_catalogue

MESSAGES = {
    "Retry": "Nochmal",
    "stopped": "angehalten",
    "also for {people}": "auch für {people}",
    "You are next in line.": "Du bist als Nächstes dran.",
    "You are {place} in line.": "Du bist {place} in der Reihe.",
    "{number:,}nd": "{number:,}.",
    "{number:,}th": "{number:,}.",
    "weather: {location}": "Wetter: {location}",
    "Shall I do this? **{what}**": "Soll ich das tun? **{what}**",
    "⚠️ Not done: **{what}**\n{why}": "⚠️ Nicht getan: **{what}**\n{why}",
    "There is no such place.": "Diesen Ort gibt es nicht.",
    "I cannot read the dice `{dice}`: {what}.": "Die Würfel `{dice}` verstehe ich nicht: {what}.",
    "a closing parenthesis should be {place}": "{place} fehlt eine Klammer",
    "at the end": "am Ende",
    "Nothing can fit that schema: {reason}.": "In das Schema passt nichts: {reason}.",
    "{place} allows nothing": "{place} erlaubt nichts",
    "the whole": "das Ganze",
    (
        "After one try the model's answer does not give readable JSON: {error}.",
        "After {n} tries the model's answer does not give readable JSON: {error}.",
    ): (
        "Nach einem Versuch ist die Antwort kein JSON: {error}.",
        "Nach {n} Versuchen ist die Antwort kein JSON: {error}.",
    ),
    "it needs {wanted} where it has {seen!r}": "{wanted} fehlt vor {seen!r}",
    "a colon": "ein Doppelpunkt",
    "engine": "Modellserver",
    "{what} {engine}": "{what} {engine}",
    "Send Messages": "Nachrichten senden",
}


@pytest.fixture(autouse=True)
def german(tmp_path: Path):
    with german_catalogue(MESSAGES, tmp_path):
        yield


def test_small_print_and_buttons_speak_the_language_of_the_task() -> None:
    with speaking("de"):
        assert small(later("stopped"), "as written") == "-# angehalten\n-# as written"
        assert also_for([7]) == "-# auch für <@7>"
        assert retry_button("discord:1", 2, 3).label == "Nochmal"
        assert in_line(1) == "-# Du bist als Nächstes dran."
        assert [in_line(place) for place in (2, 11)] == [
            "-# Du bist 2. in der Reihe.",
            "-# Du bist 11. in der Reihe.",
        ]
    assert in_line(2) == "-# You are 2nd in line."


class Weather:
    """A tool that goes wrong."""

    @tool(shows=later("weather: {location}"))
    async def weather(self, location: str) -> object:
        """Look up the weather.

        Args:
            location: Where.
        """
        raise ToolError(later("There is no such place."))


def test_a_tool_shows_its_line_to_people_and_its_error_to_the_model_in_english() -> None:
    [weather] = tools_of(Weather())
    context = ToolContext(conversation="", asker="1")
    with speaking("de"):
        done = asyncio.run(run(weather, context, {"location": "Oz"}))
        assert done.line == "Wetter: Oz"
        assert done.content == {"error": "There is no such place."}
        assert outcome(done) == "⚠️ Nicht getan: **Wetter: Oz**\nDiesen Ort gibt es nicht."
        waiting = ToolRun("weather", {}, None, done.line, action="0" * 16)
        assert question(waiting).content.startswith("Soll ich das tun? **Wetter: Oz**\n")
    assert weather.line({"location": "Oz"}) == "weather: Oz"


def test_an_error_made_of_parts_is_one_sentence() -> None:
    with pytest.raises(ToolError) as wrong:
        roll("(2d6", random.Random(1))
    assert (
        str(wrong.value)
        == "I cannot read the dice `(2d6`: a closing parenthesis should be at the end."
    )
    with speaking("de"):
        assert explain(wrong.value).text == (
            "Die Würfel `(2d6` verstehe ich nicht: am Ende fehlt eine Klammer."
        )


def test_what_is_wrong_with_a_schema_is_told_to_its_writer() -> None:
    with pytest.raises(BadInput) as wrong:
        reading.of({"allOf": [False], "type": "object"})
    with speaking("de"):
        assert explain(wrong.value).text == (
            "In das Schema passt nichts: `allOf/0` erlaubt nichts."
        )


def test_what_is_wrong_with_an_answer_is_english_for_the_model_alone() -> None:
    with pytest.raises(Unreadable) as wrong:
        answers.read('{"title": "x", "year" 3}')
    failed = Failed("{", readable=False, errors=(wrong.value.text,))
    with speaking("de"):
        again = messages("{}", "A film", [failed, failed], tools=True)[-1].content
        assert "it needs a colon where it has '3}'" in again
        assert explain(_unfit([failed, failed])).text == (
            "Nach 2 Versuchen ist die Antwort kein JSON: ein Doppelpunkt fehlt vor '3}'."
        )


def test_help_takes_a_second_message_where_a_language_is_too_long_for_one() -> None:
    assert pages(["a", "b", "c"]) == ["a\n\nb\n\nc"]
    assert pages(["a" * 1990, "b" * 8, "c"]) == ["a" * 1990 + "\n\n" + "b" * 8, "c"]


def test_engines_and_permissions_are_named_in_the_readers_language() -> None:
    with speaking("de"):
        assert tr(_about(later("engine"), "big")) == "Modellserver big"
        assert tr(access.PERMISSIONS[access.SEND_MESSAGES]) == "Nachrichten senden"
    assert access.names([access.SEND_MESSAGES]) == "Send Messages"
