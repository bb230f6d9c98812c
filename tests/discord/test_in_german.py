"""What the bot says in a channel whose language is another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import EngineInterrupted, EngineUnreachable
from cogs.places import conversation_in, server_place
from tests.discord.conftest import Stage
from tests.discord.live_support import VIRTUAL, labels, play, speech
from tests.language.german import german_catalogue

pytestmark = VIRTUAL

UNREACHABLE = "Das Modell ist gerade nicht zu erreichen."
MESSAGES = {
    "Retry": "Nochmal",
    "Stop": "Halt",
    "stopped": "angehalten",
    EngineUnreachable.text: UNREACHABLE,
    EngineInterrupted.text: "Das Modell hat mitten in der Antwort aufgehört.",
}


@pytest.fixture(autouse=True)
async def german(stage: Stage, tmp_path: Path):
    """The channel speaks German; the bot has started by then, which takes all catalogues."""
    await stage.bot.administration.change(
        str(stage.alice.id),
        server_place(stage.guild.id),
        conversation_in(stage.channel.id),
        "language",
        "de",
    )
    with german_catalogue(MESSAGES, tmp_path):
        yield


async def test_a_dead_engine_is_told_in_the_language_of_the_channel(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.engine.answers = [[EngineUnreachable()], ["Da bin ich."]]
    await stage.alice.send(stage.channel, f"{stage.me} hallo")
    await play(stage.env, 2)
    [failed] = stage.shown()
    assert failed.content == UNREACHABLE
    assert labels(failed) == ["Nochmal"]
    assert UNREACHABLE not in caplog.text
    await stage.alice.click(failed, label="Nochmal")
    await play(stage.env, 2)
    assert stage.said() == ["Da bin ich."]


async def test_what_broke_off_says_so_below_its_text(stage: Stage) -> None:
    stage.engine.answers = [[1.0, "Es begann", 1.0, EngineInterrupted()]]
    await stage.alice.send(stage.channel, f"{stage.me} hallo")
    await play(stage.env, 3.5)
    assert stage.said() == ["Es begann\n-# ⚠ Das Modell hat mitten in der Antwort aufgehört."]


async def test_what_is_shown_again_stays_in_the_language_of_the_channel(stage: Stage) -> None:
    stage.engine.answers = [speech(20, 1.0)]
    await stage.alice.send(stage.channel, f"{stage.me} hallo")
    await play(stage.env, 3.5)
    await stage.alice.click(stage.shown()[0], label="Halt")
    await play(stage.env, 1)
    [stopped] = stage.said()
    assert stopped.endswith("\n-# angehalten")
    for command in ("undo", "redo"):
        await stage.alice.slash(stage.channel, command)
        await play(stage.env, 3)
    assert stopped in stage.said()


async def test_another_channel_stays_english(stage: Stage) -> None:
    there = stage.guild.create_text_channel("english")
    stage.engine.answers = [[EngineUnreachable()]]
    await stage.alice.send(there, f"{stage.me} hi")
    await play(stage.env, 2)
    [failed] = stage.shown(there)
    assert failed.content == EngineUnreachable.text
    assert labels(failed) == ["Retry"]
