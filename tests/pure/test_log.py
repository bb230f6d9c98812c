"""The lines of the log: one reference for all that is about one reply."""

from __future__ import annotations

import asyncio
import json
import linecache
import logging
import sys

import pytest

from bot.log import JsonFormatter, PrettyFormatter, about_reply


def line(formatter: logging.Formatter, message: str = "hello", **extra: object) -> str:
    record = logging.LogRecord("bot.x", logging.INFO, __file__, 1, message, None, None)
    vars(record).update(extra)
    return formatter.format(record)


def test_a_line_about_a_reply_names_it():
    with about_reply("r7"):
        assert json.loads(line(JsonFormatter()))["reply"] == "r7"
        assert line(PrettyFormatter()).endswith("bot.x: hello reply=r7")
    assert "reply" not in json.loads(line(JsonFormatter()))
    assert line(PrettyFormatter()).endswith("bot.x: hello")


def test_a_line_that_names_its_reply_says_it_once():
    with about_reply("r7"):
        assert line(PrettyFormatter(), "reply r7: gone").endswith("bot.x: reply r7: gone")


def test_a_reply_within_another_one_is_the_inner_one():
    with about_reply("r7"):
        with about_reply("r8"):
            assert json.loads(line(JsonFormatter()))["reply"] == "r8"
        assert json.loads(line(JsonFormatter()))["reply"] == "r7"


async def test_tasks_that_are_begun_inside_name_it_for_as_long_as_they_run():
    async def later() -> str:
        await asyncio.sleep(0)
        return line(PrettyFormatter())

    with about_reply("r7"):
        task = asyncio.create_task(later())
    other = asyncio.create_task(later())
    assert (await task).endswith("reply=r7")
    assert (await other).endswith("hello")


def test_extras_and_tracebacks_are_in_the_object():
    try:
        raise ValueError("no")
    except ValueError:
        record = logging.LogRecord(
            "bot.x", logging.ERROR, __file__, 1, "ref %s", ("7f3a92",), sys.exc_info()
        )
    record.channel = 5
    entry = json.loads(JsonFormatter().format(record))
    assert (entry["message"], entry["channel"], entry["level"]) == ("ref 7f3a92", 5, "error")
    assert "ValueError: no" in entry["exception"]


@pytest.mark.parametrize("formatter", [JsonFormatter(), PrettyFormatter()])
def test_a_traceback_shows_its_line_and_leaves_no_source_file_in_memory(formatter):
    try:
        raise ValueError("no")
    except ValueError:
        record = logging.LogRecord("bot.x", logging.ERROR, __file__, 1, "ref", None, sys.exc_info())
    assert "raise ValueError" in formatter.format(record)
    assert __file__ not in linecache.cache
