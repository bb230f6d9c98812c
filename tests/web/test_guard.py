from __future__ import annotations

import pytest


async def _status(page, method: str, path: str, **more) -> int:
    async with page.session.request(method, path, **more) as response:
        return response.status


@pytest.mark.parametrize("path", ["/", "/api/state", "/api/events", "/main.js"])
async def test_a_rebound_host_name_gets_nothing(page, path):
    assert await _status(page, "GET", path, headers={"Host": "evil.example:8420"}) == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
@pytest.mark.parametrize("path", ["/api/messages", "/api/reset", "/api/stop", "/api/retry"])
async def test_another_site_cannot_post(page, path, origin):
    body = {"text": "hi"}
    assert await _status(page, "POST", path, json=body, headers={"Origin": origin}) == 403
    assert await page.texts() == []


async def test_its_own_page_can_post(page, address):
    headers = {"Origin": address}
    assert await _status(page, "POST", "/api/messages", json={"text": "hi"}, headers=headers) == 202


async def test_a_form_cannot_post(page):
    assert await _status(page, "POST", "/api/messages", data={"text": "hi"}) == 400


@pytest.mark.parametrize("path", ["/", "/main.js", "/api/state", "/nothing"])
async def test_pages_may_load_nothing_from_elsewhere(page, path):
    async with page.session.get(path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"hi"', b'{"text": 5}', b'{"text": "  "}', b"[" * 100_000, b"\xff"]
)
async def test_bad_input_is_told_in_words(page, body):
    headers = {"Content-Type": "application/json"}
    async with page.session.post("/api/messages", data=body, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["error"].endswith(".")


async def test_a_huge_message_is_told_in_words(page):
    async with page.session.post("/api/messages", json={"text": "x" * 2_000_000}) as response:
        assert response.status == 413
        assert "too much text" in (await response.json())["error"]
