"""What people see while a reply is written, and when it is done."""

from __future__ import annotations

import inspect
import logging
import re

import discord
import pytest

from bot.conversation.reply import Reply
from bot.errors import EngineInterrupted, EngineUnreachable, StoreUnavailable
from cogs.live import live_of
from cogs.live.wording import UNFIT
from tests.discord.conftest import Stage
from tests.discord.live_support import VIRTUAL, Watch, labels, play, speech

pytestmark = VIRTUAL


@pytest.fixture
def watch(stage: Stage) -> Watch:
    return Watch(stage.env)


async def ask(stage: Stage, text: str = "hi") -> None:
    await stage.alice.send(stage.channel, f"{stage.me} {text}")


async def test_a_quick_reply_is_one_message_without_an_edit(stage: Stage, watch: Watch) -> None:
    stage.engine.answers = [[1.0, "All ", 0.05, "right."]]
    await ask(stage)
    await play(stage.env, 1.5)
    assert stage.said() == ["All right."]
    assert watch.kinds == ["typing", "send"]
    assert watch.of("send")[0].at == pytest.approx(1.05, abs=0.01)
    assert not labels(stage.shown()[0])


async def test_a_120_token_reply_takes_five_requests_and_ends_at_once(
    stage: Stage, watch: Watch
) -> None:
    stage.engine.answers = [speech(120, 0.02)]
    await ask(stage)
    await play(stage.env, 6)
    assert watch.kinds == ["typing", "send", "edit", "edit", "edit"]
    assert watch.of("typing")[0].at == 0
    last_token = 1.0 + 119 * 0.02
    assert watch.times("send") == [pytest.approx(1.15, abs=0.02)]
    assert watch.times("edit") == [
        pytest.approx(2.25, abs=0.03),
        pytest.approx(3.35, abs=0.03),
        pytest.approx(last_token, abs=0.02),
    ]
    assert stage.said() == [("word " * 120).strip()]


async def test_typing_lasts_until_the_first_words_and_no_longer(stage: Stage, watch: Watch) -> None:
    stage.engine.answers = [speech(40, 0.5, first=20.0)]
    await ask(stage)
    await play(stage.env, 45, step=0.5)
    assert watch.times("typing") == [0, pytest.approx(8, abs=0.1), pytest.approx(16, abs=0.1)]


async def test_previews_keep_the_channels_pace(stage: Stage, watch: Watch) -> None:
    stage.engine.answers = [speech(300, 0.1)]
    await ask(stage)
    await play(stage.env, 32, step=0.5)
    times = watch.times("edit")
    for start in times:
        assert len([t for t in times if start <= t < start + 5]) <= 5
    assert times[-1] == pytest.approx(1.0 + 29.9, abs=0.02)
    texts = [request.content for request in watch.of("edit")]
    assert all(a.startswith(b) for a, b in zip(texts[1:], texts, strict=False))


async def test_the_stop_button_is_there_only_while_writing(stage: Stage) -> None:
    stage.engine.answers = [speech(60, 0.1)]
    await ask(stage)
    await play(stage.env, 3.5)
    assert labels(stage.shown()[0]) == ["Stop"]
    await play(stage.env, 6)
    assert labels(stage.shown()[0]) == []


async def test_previews_are_balanced_and_the_end_is_as_written(stage: Stage, watch: Watch) -> None:
    code = "Look:\n```py\n" + "x = 1\n" * 40 + "```\n**bold " + "words " * 20 + "end**"
    pieces = [code[n : n + 5] for n in range(0, len(code), 5)]
    stage.engine.answers = [[1.0, *[part for piece in pieces for part in (piece, 0.1)]]]
    await ask(stage)
    await play(stage.env, 15, step=0.5)
    for request in watch.requests[1:]:
        assert request.content.count("```") % 2 == 0
        assert request.content.count("**") % 2 == 0
    assert stage.said() == [code]


async def test_long_replies_are_split_quietly_and_code_stays_code(
    stage: Stage, watch: Watch
) -> None:
    lines = "".join(f"    values[{n}] = compute({n})\n" for n in range(120))
    stage.engine.answers = [[1.0, "```py\n", lines[:1500], 1.0, lines[1500:], 1.0, "```"]]
    await ask(stage)
    await play(stage.env, 6, step=0.5)
    shown = stage.shown()
    assert len(shown) == 2 + (len(lines) > 3900)
    for message in shown:
        assert message.content.startswith("```py\n")
        assert message.content.endswith("\n```")
        assert not labels(message)
    assert [line for m in shown for line in m.content.split("\n") if "values" in line] == (
        lines.rstrip("\n").split("\n")
    )
    first, *others = watch.of("send")
    assert "message_reference" in first.body
    assert not first.body.get("flags")
    for other in others:
        assert other.body["flags"] == 4096
        assert "message_reference" not in other.body
    assert len({send.body["nonce"] for send in watch.of("send")}) == len(shown)
    assert all(send.body["enforce_nonce"] for send in watch.of("send"))


async def test_a_very_long_reply_ends_as_a_file(stage: Stage) -> None:
    text = "".join(f"Line {n} of a very long answer that goes on and on.\n" for n in range(400))
    stage.engine.answers = [[1.0, text]]
    await ask(stage)
    await play(stage.env, 2.5)
    *pages, last = stage.shown()
    assert len(pages) == 4
    assert last.content == "-# The rest of this answer is in the file."
    [file] = last.attachments
    assert file.filename == "reply.md"
    rest = (await file.read()).decode()
    assert "\n".join([m.content for m in pages] + [rest]).split("\n") == text.strip().split("\n")


async def test_nobody_but_the_asker_is_pinged(stage: Stage, watch: Watch) -> None:
    stage.engine.answers = [[1.0, f"@everyone <@{stage.bob.id}> <@&1> hello ", 2.0, "all"]]
    await ask(stage)
    await play(stage.env, 6)
    for request in watch.requests:
        if request.kind in ("send", "edit"):
            allowed = request.body["allowed_mentions"]
            assert not allowed.get("parse")
            assert not allowed.get("users")
            assert not allowed.get("roles")
            assert allowed["replied_user"] is True


async def test_an_error_keeps_the_text_and_offers_a_retry(stage: Stage) -> None:
    stage.engine.answers = [[1.0, "It was a **dark", 1.0, " and stormy", EngineInterrupted()]]
    await ask(stage)
    await play(stage.env, 3.5)
    [message] = stage.shown()
    assert message.content == (
        "It was a **dark and stormy**\n-# ⚠ The model broke off in the middle of its answer."
    )
    assert labels(message) == ["Retry"]


async def test_an_error_before_the_first_word_is_told_in_plain_words(stage: Stage) -> None:
    stage.engine.answers = [[1.0, EngineUnreachable()]]
    await ask(stage)
    await play(stage.env, 1.5)
    [message] = stage.shown()
    assert message.content == EngineUnreachable.text
    assert labels(message) == ["Retry"]


@pytest.mark.simcord(horizon=0.8, check_errors=False)
async def test_a_defect_has_a_reference_that_the_log_repeats(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.engine.answers = [[1.0, "Well", ZeroDivisionError("oops")]]
    await ask(stage)
    await play(stage.env, 1.5)
    [message] = stage.shown()
    reference = message.content.split("`")[1]
    assert f"ref {reference}" in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_an_empty_answer_is_said_to_be_empty(stage: Stage) -> None:
    stage.engine.answers = [[1.0, "  \n"]]
    await ask(stage)
    await play(stage.env, 1.5)
    [message] = stage.shown()
    assert message.content == "The model answered with nothing at all."
    assert labels(message) == ["Retry"]


async def test_a_503_on_a_preview_is_skipped(stage: Stage) -> None:
    stage.engine.answers = [speech(40, 0.1)]
    await ask(stage)
    await play(stage.env, 1.5)
    stage.env.inject_error("PATCH", "/channels/*/messages/*", status=503, times=1)
    await play(stage.env, 6)
    assert stage.said() == [("word " * 40).strip()]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_the_final_edit_keeps_trying(stage: Stage, status: int) -> None:
    stage.env.inject_error("PATCH", "/channels/*/messages/*", status=status, times=6)
    stage.engine.answers = [[1.0, "one ", 0.5, "two"]]
    await ask(stage)
    await play(stage.env, 60, step=1.0)
    [message] = stage.shown()
    assert message.content == "one two"
    assert not labels(message)


async def test_the_first_message_keeps_trying_and_carries_the_newest_text(
    stage: Stage, watch: Watch
) -> None:
    stage.env.inject_error("POST", "/channels/*/messages", status=503, times=3)
    stage.engine.answers = [speech(80, 0.1)]
    await ask(stage)
    await play(stage.env, 10, step=0.5)
    assert stage.said() == [("word " * 80).strip()]
    sends = watch.of("send")
    assert len(sends) == 4
    assert len({send.body["nonce"] for send in sends}) == 1
    assert len(sends[3].content) > len(sends[0].content)


async def test_a_message_taken_away_ends_the_reply(stage: Stage, watch: Watch) -> None:
    stage.engine.answers = [speech(100, 0.1)]
    await ask(stage)
    await play(stage.env, 1.5)
    stage.env.backend.delete_message(stage.channel.id, stage.shown()[0].id)
    await play(stage.env, 12, step=0.5)
    assert stage.said() == []
    assert len(watch.of("send")) == 1
    assert stage.engine.closed == 1
    conversation = f"discord:{stage.channel.id}"
    [turn] = await stage.bot.conversations.history(conversation)
    assert turn.role == "user"
    assert await stage.bot.conversations.owed() == []


@pytest.mark.simcord(horizon=0.8, check_errors=False)
async def test_a_place_that_refuses_is_left_in_peace(stage: Stage) -> None:
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    stage.engine.answers = [speech(100, 0.1)]
    await ask(stage)
    await play(stage.env, 2.5)
    assert stage.said() == []
    assert stage.engine.closed == 1
    assert await stage.bot.conversations.owed() == []


@pytest.mark.simcord(horizon=0.8, check_errors=False)
@pytest.mark.parametrize("at_once", [True, False])
async def test_words_that_discord_refuses_are_told_in_others(stage: Stage, at_once: bool) -> None:
    stage.engine.answers = [[1.0, "See " if at_once else "See this: ", 1.0, "bad.example"]]
    await ask(stage)
    await play(stage.env, 0.8 if at_once else 1.5)
    method, path = ("POST", "") if at_once else ("PATCH", "/*")
    stage.env.inject_error(method, f"/channels/*/messages{path}", status=400, code=240000, times=1)
    await play(stage.env, 3)
    [message] = stage.shown()
    assert message.content == UNFIT if at_once else f"See this:\n-# ⚠ {UNFIT}"
    assert labels(message) == ["Retry"]
    assert await stage.bot.conversations.owed() == []

    stage.engine.answers = [[0.1, "Ask elsewhere."]]
    await stage.alice.click(message, label="Retry")
    await play(stage.env, 2)
    assert stage.said()[-1] == "Ask elsewhere."


async def test_an_edit_that_is_too_old_is_posted_anew(stage: Stage, watch: Watch) -> None:
    stage.env.inject_error("PATCH", "/channels/*/messages/*", status=429, code=30046, times=1)
    stage.engine.answers = [[1.0, "one ", 0.5, "two"]]
    await ask(stage)
    await play(stage.env, 4.5)
    assert stage.said() == ["one two"]
    assert [send.content for send in watch.of("send")] == ["one", "one two"]


async def test_the_shown_messages_are_remembered_in_order(stage: Stage) -> None:
    stage.engine.answers = [[1.0, "A sentence of this answer. " * 120]]
    await ask(stage)
    await play(stage.env, 2.5)
    turns = await stage.bot.conversations.history(f"discord:{stage.channel.id}")
    assert turns[-1].shown == tuple(str(message.id) for message in stage.shown())
    assert len(turns[-1].shown) == 2


async def test_a_reply_that_cannot_be_saved_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(stage.bot.store, "commit", away)
    await ask(stage)
    await play(stage.env, 8)
    [message] = stage.shown()
    assert message.content == (
        "All right.\n-# My memory cannot be reached right now, so I will not remember this answer."
    )


async def test_slash_answers_edit_the_response_and_follow_up(stage: Stage) -> None:
    text = "A sentence of this answer. " * 120
    stage.engine.answers = [[1.0, text[:300], 2.0, text[300:]]]
    result = await stage.alice.slash(stage.channel, "ask", question="hi")
    await play(stage.env, 6)
    assert result.response.content.startswith("A sentence of this answer.")
    assert len(result.followups) == 1
    joined = " ".join([result.response.content, result.followups[0].content])
    assert joined == text.strip()
    assert not result.response.components


async def test_slash_answers_keep_the_pace_too(stage: Stage) -> None:
    stage.engine.answers = [speech(100, 0.1)]
    before = len(stage.env.http_requests)
    await stage.alice.slash(stage.channel, "ask", question="hi")
    await play(stage.env, 12, step=0.5)
    assert stage.said() == [("word " * 100).strip()]
    assert len(stage.env.http_requests) - before <= 12


async def test_a_global_refusal_that_discord_py_heals_slows_the_bot_down(stage: Stage) -> None:
    pace = live_of(stage.bot).pace
    usual = pace.rate
    source = inspect.getsource(discord.http.HTTPClient.request)
    [words] = re.findall(r"_log.warning\('(Global rate limit has been hit[^']*)'", source)
    logging.getLogger("discord.http").warning(words, 0.3)
    assert pace.rate < usual


async def test_notices_stand_small_under_the_text(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.engine.answers = [[1.0, "Fine."]]
    original = Reply.start

    def start(self: Reply, events: object) -> None:
        self.notices.append("I left out\nthe middle.")
        original(self, events)

    monkeypatch.setattr(Reply, "start", start)
    await ask(stage)
    await play(stage.env, 1.5)
    assert stage.said() == ["Fine.\n-# I left out the middle."]
