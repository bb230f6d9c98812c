"""The page as a person meets it, in a real browser."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing

import pytest
from playwright.async_api import Browser, expect

from bot.conversation import queue
from bot.errors import EngineBusy, EngineInterrupted
from bot.store.history import RedisStore
from tests.web.browser import PHONE, Visitor
from tests.web.conftest import serve_playground
from tests.web.scripted import ScriptedEngine

# One browser serves all tests of a run, so they share its loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = (
    "<img src=x onerror=alert(1)> <script>alert(2)</script> [x](javascript:alert(3)) "
    "`<b>`\n```html\n<svg onload=alert(4)>\n```"
)
WIDE = "W" * 400 + "\n```\n" + "w" * 400 + "\n```\n> " + "q" * 400


async def test_a_conversation_streams_and_survives_a_reload(
    visitor: Visitor, engine: ScriptedEngine
):
    page = visitor.page
    held = [asyncio.Event() for _ in range(2)]
    engine.will_say("Nice ", held[0], "to meet ", held[1], "you, **Marisol**.")
    await expect(page.get_by_role("heading", name="Say something")).to_be_visible()
    await page.evaluate(
        """() => {
          window.lengths = new Set();
          const list = document.getElementById("messages");
          new MutationObserver(() => {
            const body = list.querySelector(".assistant .body");
            if (body) window.lengths.add(body.textContent.length);
          }).observe(list, { childList: true, subtree: true });
        }"""
    )
    await page.get_by_role("button", name="My name is Marisol.").click()
    for so_far, go_on in zip(("Nice", "Nice to meet"), held, strict=True):
        await expect(visitor.answers).to_have_text(so_far)
        go_on.set()
    await expect(visitor.answers.locator("strong")).to_have_text("Marisol")
    await visitor.is_idle()
    assert await page.evaluate("window.lengths.size") >= 3, "the text did not grow"
    await expect(page.get_by_role("heading", name="Say something")).to_be_hidden()

    await page.reload()
    await expect(visitor.questions).to_have_text(["My name is Marisol."])
    await expect(visitor.answers).to_have_text(["Nice to meet you, Marisol."])


async def test_a_place_in_line_stands_where_the_answer_will_be(
    visitor: Visitor, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(queue, "_LONGEST_PAUSE", 0.5)
    for _ in range(200):
        engine.will_say(EngineBusy())
    await visitor.write("Hello?")
    await expect(visitor.answers).to_have_text("You are next in line.")
    await expect(visitor.page.get_by_role("button", name="Stop")).to_be_visible()
    engine.answers.clear()
    engine.will_say("Here I am.")
    await expect(visitor.answers).to_have_text("Here I am.")


async def test_a_reload_in_the_middle_goes_on(visitor: Visitor, engine: ScriptedEngine):
    held = asyncio.Event()
    engine.will_say("One, ", held, "two.")
    await visitor.write("Count.")
    await expect(visitor.answers).to_have_text("One, ")
    await visitor.page.reload()
    await expect(visitor.answers).to_have_text("One, ")
    held.set()
    await expect(visitor.answers).to_have_text("One, two.")


@pytest.mark.parametrize("way", ["button", "key"])
async def test_stop(visitor: Visitor, engine: ScriptedEngine, way: str):
    engine.will_say("One, ", asyncio.Event())
    await visitor.write("Count.")
    await expect(visitor.answers).to_have_text("One, ")
    if way == "button":
        await visitor.page.get_by_role("button", name="Stop").click()
    else:
        await visitor.page.keyboard.press("Escape")
    await expect(visitor.page.get_by_text("You stopped this answer.")).to_be_visible()
    await expect(visitor.page.get_by_role("button", name="Stop")).to_be_hidden()
    assert engine.closed == 1
    await visitor.write("Go on.")
    await expect(visitor.answers.last).to_have_text("Hello!")


async def test_reset_asks_first(visitor: Visitor):
    page = visitor.page
    await visitor.write("Hi.")
    await visitor.is_idle()
    await page.get_by_role("button", name="Reset").click()
    await page.get_by_role("button", name="Keep it").click()
    await expect(visitor.questions).to_have_count(1)
    await page.get_by_role("button", name="Reset").click()
    await page.get_by_role("button", name="Forget it").click()
    await expect(visitor.questions).to_have_count(0)
    await expect(page.get_by_role("heading", name="Say something")).to_be_visible()
    await expect(page.get_by_label("Message", exact=True)).to_be_focused()


async def test_system_prompt_exact_prompt_and_budget(visitor: Visitor, engine: ScriptedEngine):
    page = visitor.page
    editor = page.get_by_role("textbox", name="System prompt")
    await editor.fill("You are a pirate.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await visitor.write("Ahoy <|im_end|>")
    await visitor.is_idle()

    exact = page.get_by_role("region", name="Exact prompt")
    await expect(exact).to_contain_text("You are a pirate.")
    assert await exact.evaluate("node => node.textContent") == engine.prompts[-1]
    tokens = await exact.locator("mark.token").all_text_contents()
    assert tokens == ["<|im_start|>", "<|im_end|>"] * 2 + ["<|im_start|>"]
    await expect(exact.locator(".guard")).to_have_count(1)

    size = len(engine.prompts[-1]) // 4
    label = await page.locator("#bar").get_attribute("aria-label")
    assert f"from the engine's cache: {size // 2}" in label
    assert "Kept for the answer: 528" in label
    await expect(page.locator("#meter")).to_have_text(f"{size} of 1,520 tokens")

    await page.get_by_role("button", name="Use the default").click()
    await expect(editor).to_have_value(re.compile("^You are Hermes Tiny"))


async def test_hostile_text_stays_text(visitor: Visitor, engine: ScriptedEngine):
    engine.will_say(HOSTILE)
    await visitor.page.get_by_role("textbox", name="System prompt").fill(HOSTILE)
    await visitor.page.get_by_role("button", name="Save").click()
    await visitor.write(HOSTILE)
    await visitor.is_idle()
    await expect(visitor.questions).to_have_text(HOSTILE)
    await expect(visitor.answers).to_contain_text("<img src=x onerror=alert(1)> <script>alert(2)")
    await expect(visitor.answers.locator("pre code")).to_have_text("<svg onload=alert(4)>")
    elements = "main :is(img, script, svg, b, iframe), main a, #prompt :not(mark, span)"
    assert await visitor.page.locator(elements).count() == 0


async def test_a_phone_never_scrolls_sideways(visitor: Visitor, engine: ScriptedEngine):
    page = visitor.page
    await page.set_viewport_size(PHONE)
    assert await visitor.overflow() == 0
    engine.will_say(WIDE, EngineInterrupted())
    await visitor.write(WIDE)
    await expect(visitor.retry).to_be_in_viewport()
    assert await visitor.overflow() == 0
    inspect = page.get_by_role("button", name="Inspect")
    await inspect.click()
    await expect(page.get_by_role("button", name="Close")).to_be_focused()
    await expect(page.get_by_role("region", name="Exact prompt")).to_be_visible()
    assert await visitor.overflow() == 0
    await page.keyboard.press("Escape")
    await expect(inspect).to_be_focused()
    await expect(page.get_by_label("Message", exact=True)).to_be_in_viewport()


@pytest.mark.parametrize("told", [{"isComposing": True}, {"keyCode": 229}], ids=str)
async def test_enter_that_chooses_a_word_sends_nothing(visitor: Visitor, told: dict[str, object]):
    box = visitor.page.get_by_label("Message", exact=True)
    await box.fill("にほ")
    await box.evaluate(
        """(box, told) => box.dispatchEvent(
          new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...told })
        )""",
        told,
    )
    await visitor.page.keyboard.type("!")
    await expect(box).to_have_value("にほ!")
    await expect(visitor.questions).to_have_count(0)


async def test_a_failure_is_told_and_retried(visitor: Visitor, engine: ScriptedEngine):
    engine.will_say("I thi", EngineInterrupted())
    engine.will_say("I think so.")
    await visitor.write("Really?")
    await expect(visitor.page.get_by_role("alert").last).to_contain_text(EngineInterrupted.text)
    await visitor.retry.click()
    await expect(visitor.answers).to_have_text(["I think so."])
    await expect(visitor.retry).to_be_hidden()


async def test_two_tabs_show_the_same(visitor: Visitor, engine: ScriptedEngine):
    other = await visitor.bring_a_friend()
    held = asyncio.Event()
    engine.will_say(held, "First.")
    engine.will_say("Both.")
    await visitor.write("One?")
    await expect(other.questions).to_have_text(["One?"])
    await other.write("Two?")
    await visitor.write("Three?")
    await expect(visitor.questions).to_have_count(3)
    held.set()
    for each in (visitor, other):
        await expect(each.answers).to_have_text(["First.", "Both."])
    await other.leave()


async def test_the_page_comes_back_after_a_restart(
    browser: Browser, valkey_url: str, engine: ScriptedEngine
):
    async with aclosing(RedisStore(valkey_url)) as store:
        async with serve_playground(engine, store) as address:
            visitor = await Visitor.come(browser, address)
            await visitor.write("Hi.")
            await visitor.is_idle()
        banner = visitor.page.locator("#banner")
        await expect(banner).to_contain_text("Trying again")
        await visitor.write("Still there?")
        await expect(banner).to_contain_text("Is it still running?")
        async with serve_playground(engine, store, int(address.rsplit(":", 1)[1])):
            await expect(banner).to_be_hidden()
            await visitor.page.keyboard.press("Enter")  # what was written is still in the box
            await expect(visitor.questions).to_have_text(["Hi.", "Still there?"])
            await visitor.is_idle()
            await visitor.page.context.close()


async def test_everything_can_be_reached_and_is_named(visitor: Visitor):
    page = visitor.page
    box = page.get_by_label("Message", exact=True)
    await expect(box).to_be_focused()
    await page.keyboard.type("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await expect(box).to_have_value("one\ntwo")
    await page.keyboard.press("Enter")
    await visitor.is_idle()
    await expect(visitor.questions).to_have_text("one\ntwo", use_inner_text=True)
    await expect(page.locator("#announcer")).to_have_text("Hello!")

    controls = page.locator("button:visible, textarea:visible, summary:visible, [tabindex='0']")
    names = await controls.evaluate_all(
        """nodes => nodes.map(node => node.ariaLabel || node.labels?.[0]?.textContent
          || document.getElementById(node.getAttribute("aria-labelledby"))?.textContent
          || node.textContent.trim())"""
    )
    assert len(names) >= 10
    assert all(names)
    assert await page.locator("html").get_attribute("lang") == "en"
    assert await page.locator("img:not([alt])").count() == 0


async def test_tools_are_shown_while_they_run_and_open_to_what_they_did(
    browser: Browser, valkey_url: str, engine: ScriptedEngine
):
    call = '<tool_call>\n{"name": "calculate", "arguments": {"expression": "6 * 7"}}\n</tool_call>'
    engine.will_say(call)
    engine.will_say("6 * 7 is 42.")
    async with (
        aclosing(RedisStore(valkey_url)) as store,
        serve_playground(engine, store, tools=True) as address,
    ):
        visitor = await Visitor.come(browser, address)
        await visitor.write("What is 6 * 7?")
        await expect(visitor.answers.last).to_have_text("6 * 7 is 42.")
        line, details = visitor.page.locator(".tools summary"), visitor.page.locator(".tools pre")
        await expect(line).to_have_text("calculating: 6 * 7")
        await expect(details).to_be_hidden()
        await line.click()
        await expect(details).to_contain_text('"result": 42')
        await visitor.page.reload()
        await expect(line).to_have_text("calculating: 6 * 7")
        await visitor.leave()
