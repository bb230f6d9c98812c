"""`/stats` as who manages a server sees it: what was counted, and the picture."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import pytest
from PIL import Image

from bot.conversation.statistics import BOUNDS, HOUR, Figures, Statistics
from bot.errors import EngineInterrupted
from cogs.stats import picture
from cogs.stats.words import in_words
from tests.discord.conftest import Stage
from tests.stand_ins.engine import ScriptedEngine

pytestmark = pytest.mark.usefixtures("one_hour")


@pytest.mark.simcord(horizon=5.0)  # The reply that breaks off is one of those that are counted.
async def test_what_people_have_asked(stage: Stage, engine: ScriptedEngine):
    await stage.alice.send(stage.channel, f"{stage.me} hello")
    await stage.alice.send(stage.channel, f"{stage.me} hello again")
    engine.answers.append(["So", EngineInterrupted()])
    await stage.bob.send(stage.channel, f"{stage.me} and me?")
    await stage.settle()
    shown = await stage.person("Boss", manage_guild=True).slash(stage.channel, "stats")
    text = shown.response.content
    assert shown.ephemeral
    assert "**3** replies to **2** people, of which **1** failed." in text
    assert "half of them within **1 s**" in text
    read = sum(len(request.prompt.split()) + 1 for request in engine.ended)
    assert f"Tokens: **{read:,}** read, **2** written." in text
    hour = int(time.time()) // HOUR * HOUR
    assert f"<t:{hour}:f> (3)" in text or f"<t:{hour - HOUR}:f>" in text
    [file] = shown.response.attachments
    image = Image.open(io.BytesIO(await file.read()))
    assert (image.format, image.size) == ("PNG", (picture.WIDTH, picture.HEIGHT))
    assert "alice" not in text.lower()


async def test_other_servers_and_direct_messages_do_not_count(stage: Stage):
    other = stage.env.create_guild("Elsewhere")
    there = other.create_text_channel("general")
    eve = other.add_member(stage.env.create_user("eve"))
    await eve.send(there, f"{stage.me} hello")
    await stage.alice.send_dm("hello")
    await stage.settle()
    boss = stage.person("Boss", manage_guild=True)
    shown = await boss.slash(stage.channel, "stats", over="7 days")
    assert shown.response.content == (
        "Nobody has asked me anything in this server in the last 7 days."
    )
    assert shown.response.attachments == []


async def test_it_is_for_those_who_manage_the_server(stage: Stage):
    command = stage.bot.tree.get_command("stats")
    assert command.default_permissions.value == 1 << 5
    assert not command.allowed_contexts.dm_channel


# ------------------------------------------------------------------ words


def test_the_busiest_hours_come_first():
    hours = [Figures(), *(Figures(replies=n, done=n) for n in (2, 9, 1, 4))]
    text = in_words(Statistics(1_000, hours, 3), "24 hours")
    busiest = [f"<t:{(1_000 + place) * HOUR}:f>" for place in (2, 4, 1)]
    assert f"Busiest: {busiest[0]} (9), {busiest[1]} (4), {busiest[2]} (2)." in text


def test_times_that_are_beyond_all_bounds():
    first = (0,) * len(BOUNDS) + (4,)
    hour = Figures(replies=4, done=4, milliseconds=400_000, first_words=first)
    text = in_words(Statistics(0, [hour], 1), "24 hours")
    assert "within **longer than" not in text
    assert "First words: half of them take longer than 40 s." in text
    assert "**100.0 s** on average" in text


@pytest.mark.parametrize(
    ("counts", "half", "most"),
    [((1, 0), 1, 1), ((9, 1), 1, 2), ((1, 9), 2, 2), ((0, 0, 0, 5), 5, 5), ((0,), None, None)],
)
def test_within_which_bound_a_share_lies(counts, half, most):
    first = (*counts, *(0,) * (len(BOUNDS) + 1 - len(counts)))
    found = Figures(first_words=first)
    assert (found.within(0.5), found.within(0.95)) == (half, most)


# ------------------------------------------------------------------ the picture


def drawn(hours: list[Figures]) -> Image.Image:
    return Image.open(io.BytesIO(picture.draw(Statistics(490_123, hours, 1)))).convert("RGB")


def colour(hexadecimal: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(hexadecimal[1:]))


@pytest.mark.parametrize("count", [24, 168])
def test_a_bar_is_as_high_as_its_hour(count):
    busy = Figures(replies=10, failed=2)
    hours = [Figures()] * count
    hours[3], hours[5] = busy, replace(busy, replies=5, failed=0)
    image = drawn(hours)

    def bar(place: int, paint: str) -> int:
        left, _ = picture.span(place, count)
        column = [image.getpixel((left, y)) for y in range(picture.TOP, picture.BOTTOM)]
        return column.count(colour(paint))

    tall = picture.BOTTOM - picture.TOP
    assert bar(3, picture.BARS) + bar(3, picture.FAILED) == pytest.approx(tall, abs=1)
    assert bar(3, picture.FAILED) == pytest.approx(tall / 5, abs=1)
    assert bar(5, picture.BARS) == pytest.approx(tall / 2, abs=1)
    assert bar(4, picture.BARS) == bar(0, picture.BARS) == 0


def test_the_line_is_broken_where_nothing_was_answered():
    slow = Figures(replies=1, done=1, milliseconds=4_000)
    image = drawn([slow, slow, Figures(), slow, *[Figures()] * 20])
    line = colour(picture.LINE)

    def has_line(place: int) -> bool:
        left, right = picture.span(place, 24)
        middle = [(x, picture.TOP) for x in range(left, right + 4)]
        return sum(image.getpixel(at) == line for at in middle) > 8

    assert has_line(0)
    assert not has_line(2)


def test_nothing_at_all_can_be_drawn():
    assert drawn([Figures()] * 24).size == (picture.WIDTH, picture.HEIGHT)
