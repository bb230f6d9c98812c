"""The playground's API: what a page sends, and what all pages are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import aiohttp
import pytest

from bot.conversation import queue
from bot.errors import EngineBusy, EngineInterrupted, StoreUnavailable
from bot.store.history import RedisStore
from bot.web.audience import Audience, Event
from tests.web.conftest import Page, open_page, serve_playground
from tests.web.scripted import ScriptedEngine


async def test_a_page_begins_with_the_whole_state(page: Page):
    name, state = page.seen[0]
    assert name == "state"
    assert state["messages"] == []
    assert state["writing"] is None
    assert state["busy"] is False
    assert "Hermes Tiny" in state["system"]["text"]
    assert state["system"]["own"] is False


async def test_an_answer_streams_and_is_remembered(page: Page, engine: ScriptedEngine):
    first, second = asyncio.Event(), asyncio.Event()
    engine.will_say("Nice", first, " to meet", second, " you.")
    await page.send("POST", "/api/messages", {"text": "My name is Marisol."})
    assert (await page.until("text"))["add"] == "Nice"
    first.set()
    assert (await page.until("text"))["add"] == " to meet"
    second.set()
    assert (await page.until("text"))["add"] == " you."
    done = await page.until("done")
    assert done["text"] == "Nice to meet you."
    assert done["status"] == ""
    assert done["usage"]["prompt_tokens"] > 0
    names = [name for name, _ in page.seen]
    assert names == ["state", "asked", "writing", "text", "text", "text", "done"]
    assert await page.texts() == ["My name is Marisol.", "Nice to meet you."]


async def test_a_busy_model_is_waited_for_and_the_page_hears_the_place(
    page: Page, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(queue, "_PAUSE", 3.0)  # so long it stands in line
    engine.will_say(EngineBusy())
    engine.will_say("Here I am.")
    await page.send("POST", "/api/messages", {"text": "Hello?"})
    told = await page.until("place")
    assert told["place"] == 1
    assert (await page.state())["writing"] == {"id": told["id"], "place": 1}
    assert (await page.until("place"))["place"] is None
    assert (await page.until("done"))["text"] == "Here I am."


async def test_a_question_can_be_taken_out_of_the_line(
    page: Page, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(queue, "_PAUSE", 60.0)
    monkeypatch.setattr(queue, "_LONGEST_PAUSE", 60.0)
    engine.will_say(EngineBusy())
    await page.send("POST", "/api/messages", {"text": "Hello?"})
    await page.until("place")
    await page.send("POST", "/api/stop")
    done = await page.until("done")
    assert (done["text"], done["status"]) == ("", "stopped")
    assert await page.texts() == ["Hello?"]
    assert len(engine.prompts) == 1


async def test_a_lost_connection_does_not_lose_the_answer(address: str, engine: ScriptedEngine):
    held = asyncio.Event()
    engine.will_say("One,", held, " two.")
    async with open_page(address) as other:
        await other.send("POST", "/api/messages", {"text": "Count."})
        await other.until("text")
    async with open_page(address) as back:
        state = back.seen[0][1]
        assert [message["text"] for message in state["messages"]] == ["Count.", "One,"]
        assert state["writing"]["id"] == state["messages"][-1]["id"]
        held.set()
        assert (await back.until("text"))["add"] == " two."
        await back.until("done")
        assert await back.texts() == ["Count.", "One, two."]


async def test_an_answer_is_finished_though_nobody_watches(address: str, engine: ScriptedEngine):
    held = asyncio.Event()
    engine.will_say("One,", held, " two.")
    async with aiohttp.ClientSession(address) as session:
        page = Page(session)
        await page.send("POST", "/api/messages", {"text": "Count."})
        held.set()
        await page.idle()
        assert await page.texts() == ["Count.", "One, two."]


async def test_stop_keeps_what_was_written(page: Page, engine: ScriptedEngine):
    engine.will_say("One, ", asyncio.Event())
    await page.send("POST", "/api/messages", {"text": "Count."})
    await page.until("text")
    await page.send("POST", "/api/stop")
    assert (await page.until("done"))["status"] == "stopped"
    assert engine.closed == 1
    message = (await page.state())["messages"][-1]
    assert (message["text"], message["status"]) == ("One,", "stopped")


async def test_what_two_tabs_ask_meanwhile_is_answered_together(
    address: str, page: Page, engine: ScriptedEngine
):
    held = asyncio.Event()
    engine.will_say(held, "First.")
    engine.will_say("Both.")
    async with open_page(address) as other:
        await page.send("POST", "/api/messages", {"text": "One?"})
        await page.until("writing")
        await page.send("POST", "/api/messages", {"text": "Two?"})
        await other.send("POST", "/api/messages", {"text": "Three?"})
        state = await page.state()
        assert [m["text"] for m in state["messages"]] == ["One?", "", "Two?", "Three?"]
        held.set()
        for each in (page, other):
            assert (await each.until("done"))["text"] == "First."
            assert (await each.until("done"))["text"] == "Both."
    assert await page.texts() == ["One?", "First.", "Two?", "Three?", "Both."]
    assert len(engine.prompts) == 2


async def test_reset_forgets_everything_and_what_still_waits(page: Page, engine: ScriptedEngine):
    engine.will_say("One, ", asyncio.Event())
    await page.send("POST", "/api/messages", {"text": "Count."})
    await page.until("text")
    await page.send("POST", "/api/messages", {"text": "Waiting."})
    await page.send("POST", "/api/reset")
    await page.until("done")
    assert (await page.until("state"))["messages"] == []
    assert await page.texts() == []
    await page.say("New.")
    assert "Count" not in engine.prompts[-1]
    assert "Waiting" not in engine.prompts[-1]


async def test_the_system_prompt_can_be_set_and_cleared(page: Page, engine: ScriptedEngine):
    await page.send("PUT", "/api/system", {"text": "You are a pirate."})
    state = await page.until("state")
    assert state["system"] == {"text": "You are a pirate.", "own": True}
    await page.say("Hi.")
    assert "<|im_start|>system\nYou are a pirate.<|im_end|>" in engine.prompts[-1]
    await page.send("PUT", "/api/system", {"text": ""})
    state = await page.until("state")
    assert state["system"]["own"] is False
    assert "Hermes Tiny" in state["system"]["text"]


async def test_a_system_prompt_longer_than_the_context_is_refused(page: Page):
    async with page.session.put("/api/system", json={"text": "word " * 9_000}) as response:
        assert response.status == 400
        assert "room" in (await response.json())["error"]


async def test_the_context_is_what_the_engine_was_sent(page: Page, engine: ScriptedEngine):
    context = await page.send("GET", "/api/context")
    assert context["prompt"] is None
    assert context["model"] == "Hermes-Tiny"
    assert "tiny" in context["note"]
    await page.say("Hi <|im_end|> there.")
    context = await page.send("GET", "/api/context")
    assert context["prompt"] == engine.prompts[-1]
    assert "<|im_end|> there" not in context["prompt"]
    assert context["usage"]["prompt"] == len(context["prompt"]) // 4
    assert context["usage"]["cached"] == len(context["prompt"]) // 8
    assert context["prompt_limit"] + context["reply_limit"] <= context["context"] == 2048


async def test_a_broken_answer_keeps_its_text_and_can_be_asked_again(
    page: Page, engine: ScriptedEngine
):
    engine.will_say("I thi", EngineInterrupted())
    engine.will_say("I think so.")
    await page.send("POST", "/api/messages", {"text": "Really?"})
    assert (await page.until("done"))["status"] == "interrupted"
    failed = await page.until("failed")
    assert failed == {"text": EngineInterrupted.text, "retry": True}
    state = await page.state()
    assert state["messages"][-1]["status"] == "interrupted"
    assert state["trouble"] == failed
    await page.send("POST", "/api/retry")
    assert (await page.until("writing"))["again"] is True
    assert (await page.until("done"))["text"] == "I think so."
    assert await page.texts() == ["Really?", "I think so."]
    assert (await page.state())["trouble"] is None


async def test_an_engine_that_is_down_is_told_and_recovers(page: Page, engine: ScriptedEngine):
    engine.is_up = False
    await page.send("POST", "/api/messages", {"text": "Hello?"})
    failed = await page.until("failed")
    assert failed["retry"]
    assert "not reachable" in failed["text"]
    assert (await page.send("GET", "/api/context"))["serves"] is None
    engine.is_up = True
    await page.send("POST", "/api/retry")
    assert (await page.until("done"))["text"] == "Hello!"
    assert await page.texts() == ["Hello?", "Hello!"]


async def test_a_defect_is_told_with_a_reference(page: Page, engine: ScriptedEngine, caplog):
    engine.will_say("Hm", RuntimeError("a defect"))
    await page.send("POST", "/api/messages", {"text": "Hi."})
    failed = await page.until("failed")
    reference = failed["text"].split("`")[1]
    assert reference in caplog.text
    assert "a defect" in caplog.text


@pytest.fixture
def break_store(store: RedisStore, monkeypatch: pytest.MonkeyPatch):
    """Let some of the store's methods fail until the returned function is called."""

    def break_(*names: str) -> Callable[[], None]:
        for name in names:
            monkeypatch.setattr(store, name, _unavailable)
        return monkeypatch.undo

    return break_


async def _unavailable(*_args: object, **_more: object) -> None:
    raise StoreUnavailable


async def test_questions_that_could_not_be_stored_are_asked_again(
    page: Page, engine: ScriptedEngine, break_store
):
    mend = break_store("journal")
    await page.send("POST", "/api/messages", {"text": "One?"})
    assert (await page.until("failed"))["text"] == StoreUnavailable.text
    assert await page.texts() == ["One?"]
    mend()
    await page.send("POST", "/api/retry")
    await page.until("done")
    assert await page.texts() == ["One?", "Hello!"]


async def test_gathered_questions_that_could_not_be_stored_are_all_asked_again(
    page: Page, engine: ScriptedEngine, break_store
):
    held = asyncio.Event()
    engine.will_say(held, "First.")
    await page.send("POST", "/api/messages", {"text": "One?"})
    await page.until("writing")
    for text in ("Two?", "Three?"):
        await page.send("POST", "/api/messages", {"text": text})
    mend = break_store("journal")
    held.set()
    await page.until("failed")
    assert await page.texts() == ["One?", "First.", "Two?", "Three?"]
    mend()
    await page.send("POST", "/api/messages", {"text": "Four?"})
    await page.until("done")
    await page.idle()
    questions = [m["text"] for m in (await page.state())["messages"] if m["role"] == "user"]
    assert questions == ["One?", "Two?", "Three?", "Four?"]


async def test_an_answer_that_could_not_be_stored_is_written_once(
    page: Page, engine: ScriptedEngine, store: RedisStore, break_store
):
    engine.will_say("Lost.")
    mend = break_store("commit")
    await page.send("POST", "/api/messages", {"text": "One?"})
    assert (await page.until("failed"))["retry"]
    mend()
    assert await store.owed()
    await page.send("POST", "/api/retry")
    assert (await page.until("done"))["text"] == "Hello!"
    assert await store.owed() == []
    assert await page.texts() == ["One?", "Hello!"]


async def test_a_page_is_told_when_the_store_is_down(page: Page, break_store):
    break_store("load")
    async with page.open() as other:
        assert await other.until("unavailable") == {"text": StoreUnavailable.text}
        with pytest.raises(EOFError):
            await other.next()


async def test_a_restart_finishes_the_answer_that_was_owed(valkey_url: str):
    engine = ScriptedEngine()
    engine.will_say("One, ", asyncio.Event())
    engine.will_say(held := asyncio.Event(), "One, two.")
    async with aclosing(RedisStore(valkey_url)) as store:
        async with serve_playground(engine, store) as address, open_page(address) as page:
            await page.send("POST", "/api/messages", {"text": "Count."})
            await page.until("text")
        async with serve_playground(engine, store) as address, open_page(address) as page:
            held.set()
            await page.until("done")
            assert await page.texts() == ["Count.", "One, two."]


async def test_halves_of_surrogate_pairs_do_no_harm(page: Page, engine: ScriptedEngine):
    headers = {"Content-Type": "application/json"}
    body = b'{"text": "half \\ud800 whole \\ud83d\\ude00"}'
    async with page.session.post("/api/messages", data=body, headers=headers) as response:
        assert response.status == 202
    await page.until("done")
    assert "half ? whole 😀" in engine.prompts[-1]


async def test_a_page_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.web.audience._BACKLOG", 3)
    audience = Audience()
    with audience.join(Event("state", {})) as slow, audience.join(Event("state", {})) as quick:
        for number in range(3):
            audience.tell(Event("asked", {"id": number}))
            quick.get_nowait()
        assert slow.get_nowait() is None
        assert slow.empty()
        assert quick.get_nowait() == Event("asked", {"id": 2})
