"""A real, headless Chromium, and what people do with the page in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from tests.web.find_browser import find_browser

# Without these, a fresh Chromium talks to its maker's servers.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PHONE = {"width": 360, "height": 640}

# The tests run beside others on few cores.
expect.set_options(timeout=30_000)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(), args=_QUIET)
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """Somebody with the page open; `complaints` are what the browser's console shows."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    @classmethod
    async def come(cls, browser: Browser, address: str, **look: object) -> Visitor:
        look = {"viewport": {"width": 1280, "height": 800}, **look}
        visitor = cls(await browser.new_page(**look), address)
        await visitor.page.goto(address)
        await expect(visitor.page.locator("#about")).not_to_have_text("Connecting…")
        return visitor

    async def bring_a_friend(self) -> Visitor:
        """Somebody else with the same page."""
        browser = self.page.context.browser
        assert browser
        return await Visitor.come(browser, self.address)

    async def leave(self) -> None:
        await self.page.context.close()
        assert self.complaints == []

    async def write(self, text: str) -> None:
        await self.page.get_by_label("Message", exact=True).fill(text)
        await self.page.keyboard.press("Enter")

    @property
    def answers(self):
        return self.page.locator(".message.assistant .body")

    @property
    def questions(self):
        return self.page.locator(".message.user .body")

    @property
    def retry(self):
        return self.page.get_by_role("button", name="Retry")

    async def is_idle(self) -> None:
        await expect(self.page.get_by_role("button", name="Try again")).to_be_visible()

    async def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        return await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
