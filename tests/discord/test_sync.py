"""What has to be written so that Discord has the commands that the code declares."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bot.client.sync import canonical, plan
from tests.discord.conftest import MakeBot, Stage

WANTED: dict[str, Any] = {
    "name": "roll",
    "description": "Roll dice",
    "type": 1,
    "nsfw": False,
    "dm_permission": True,
    "default_member_permissions": 16,
    "contexts": [1, 0],
    "integration_types": [0],
    "options": [
        {
            "type": 4,
            "name": "sides",
            "description": "How many",
            "required": False,
            "min_value": 0,
            "choices": [{"name": "none", "value": 0}, {"name": "six", "value": 6}],
        }
    ],
}


def stored(**changes: Any) -> dict[str, Any]:
    """The command as Discord gives it back: with ids, defaults filled in or left out."""
    command = copy.deepcopy(WANTED) | {
        "id": "5",
        "application_id": "1",
        "version": "9",
        "default_member_permissions": "16",
        "contexts": [0, 1],
        "name_localizations": None,
        "description_localizations": None,
    }
    del command["options"][0]["required"]
    return command | changes


def test_same_command_needs_nothing() -> None:
    assert plan([WANTED], [stored()]).changes == 0


def test_every_field_that_we_set_counts() -> None:
    changes: list[dict[str, Any]] = [
        {"description": "Throw dice"},
        {"nsfw": True},
        {"default_member_permissions": None},
        {"default_member_permissions": "0"},
        {"contexts": None},
        {"contexts": [0]},
        {"integration_types": [0, 1]},
        {"name_localizations": {"de": "wurf"}},
        {"options": []},
    ]
    for change in changes:
        assert plan([WANTED], [stored(**change)]).write == (WANTED,), change


def test_changes_deep_in_the_options_count() -> None:
    for change in (
        {"min_value": 1},
        {"required": True},
        {"autocomplete": True},
        {"choices": [{"name": "none", "value": 0}]},
        {"choices": [{"name": "none", "value": ""}, {"name": "six", "value": 6}]},
    ):
        there = stored()
        there["options"][0] |= change
        assert plan([WANTED], [there]).write == (WANTED,), change
    without_least = stored()
    del without_least["options"][0]["min_value"]
    assert plan([WANTED], [without_least]).changes == 1


def test_order_of_options_counts_but_order_of_commands_does_not() -> None:
    other = {**WANTED, "name": "other"}
    assert plan([WANTED, other], [stored(name="other", id="6"), stored()]).changes == 0
    two = copy.deepcopy(WANTED)
    two["options"].append({"type": 3, "name": "what", "description": "What", "required": False})
    swapped = copy.deepcopy(two)
    swapped["options"].reverse()
    assert canonical(two) != canonical(swapped)


def test_what_is_gone_is_deleted_and_what_is_foreign_stays() -> None:
    launch = {"id": "7", "name": "launch", "type": 4, "handler": 2}
    menu = {"id": "8", "name": "roll", "type": 3}
    found = plan([WANTED], [stored(), menu, launch])
    assert found.delete == ("8",)
    assert found.foreign == (launch,)
    assert found.changes == 1


class TestStarting:
    """What a start writes."""

    def writes(self, stage: Stage) -> int:
        return sum(
            request.path.endswith("/commands") and request.method != "GET"
            for request in stage.env.http_requests
        )

    async def test_one_write_at_first_and_none_after_a_restart(
        self, stage: Stage, make_bot: MakeBot
    ) -> None:
        assert self.writes(stage) == 1
        await stage.env.restart_bot(make_bot())
        assert self.writes(stage) == 1
        asked = await stage.alice.slash(stage.channel, "ask", question="hi")
        assert asked.response.content == "All right."

    async def test_failed_sync_does_not_stop_the_bot_and_is_tried_again(
        self, stage: Stage, make_bot: MakeBot, caplog: pytest.LogCaptureFixture
    ) -> None:
        stage.env.backend.commands.clear()
        stage.env.inject_error("*", "/applications/*/commands", status=500)
        await stage.env.restart_bot(make_bot())
        assert "could not be synced" in caplog.text
        await stage.alice.send(stage.channel, f"{stage.me} hi")
        assert stage.said() == ["All right."]
        assert not stage.env.backend.commands.get(None)
        await stage.env.advance_time(61)
        assert stage.env.backend.commands.get(None)
