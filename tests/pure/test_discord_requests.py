"""What a request to Discord counts as."""

from __future__ import annotations

import pytest

from bot.client.requests import kind_of

ONE, TWO = "104729000000000042", "155149108183695360"


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", f"/channels/{ONE}/messages", "send"),
        ("PATCH", f"/channels/{ONE}/messages/{TWO}", "edit"),
        ("DELETE", f"/channels/{ONE}/messages/{TWO}", "delete"),
        ("GET", f"/channels/{ONE}/messages", "read"),
        ("GET", f"/channels/{ONE}/messages/{TWO}", "read"),
        ("POST", f"/channels/{ONE}/typing", "typing"),
        ("PUT", f"/channels/{ONE}/messages/{TWO}/reactions/%F0%9F%8E%B2/@me", "reaction"),
        ("POST", f"/channels/{ONE}/messages/{TWO}/threads", "other"),
        ("POST", f"/channels/{ONE}/messages/bulk-delete", "other"),
        ("PATCH", f"/channels/{ONE}", "other"),
        ("POST", f"/interactions/{ONE}/aW50ZXJhY3Rpb24/callback", "respond"),
        ("POST", f"/webhooks/{ONE}/dG9rZW4", "webhook"),
        ("PATCH", f"/webhooks/{ONE}/dG9rZW4/messages/@original", "webhook"),
        ("PATCH", f"/webhooks/{ONE}/dG9rZW4/messages/{TWO}", "webhook"),
        ("GET", "/gateway/bot", "other"),
        ("PUT", f"/applications/{ONE}/commands", "other"),
    ],
)
def test_each_request_has_a_kind(method, path, kind):
    for base in ("/api/v10", "", "/proxy/api/v10"):
        assert kind_of(method, base + path) == kind
