"""Teach simcord what an application's webhooks do: threads, buttons, names that are refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from simcord.backend import errors, serializers
from simcord.http.router import RequestContext
from simcord.http.routes import channels, interactions

MOST = 15


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patch simcord for one test."""
    message_payload = serializers.message_payload
    bot_message = interactions.bot_message
    create = channels.create_webhook

    def with_application(backend: Any, message: Any, **more: Any) -> Any:
        payload = message_payload(backend, message, **more)
        if message.webhook_id is not None:
            payload["application_id"] = str(backend.application_id)
            payload["author"]["bot"] = True
        return payload

    def with_components(ctx: RequestContext) -> tuple[dict[str, Any], bool]:
        body = dict(ctx.body())
        allowed = str(ctx.params.get("with_components", "")).lower() in {"1", "true"}
        if not allowed:
            body.pop("components", None)
        return body, True

    def place(ctx: RequestContext, home: int) -> int:
        thread = int(ctx.params.get("thread_id") or home)
        if thread != home and ctx.backend.get_channel(thread).parent_id != home:
            raise errors.BackendError(404, 10003, "Unknown Channel")
        return thread

    def in_thread(ctx: RequestContext, channel: int, **more: Any) -> Any:
        if more.get("webhook_id") is not None:
            _check_name(str((more.get("body") or {}).get("username") or "nobody"))
            channel = place(ctx, channel)
        return bot_message(ctx, channel, **more)

    def message_of(ctx: RequestContext) -> Any:
        webhook = interactions._incoming_webhook(ctx)
        there = place(ctx, webhook.channel_id)
        message = ctx.backend.get_message(there, ctx.int_arg("message_id"))
        if message.webhook_id != webhook.id:
            raise errors.unknown_message()
        return message

    def create_webhook(ctx: RequestContext) -> Any:
        channel = ctx.int_arg("channel_id")
        if sum(one.channel_id == channel for one in ctx.backend.webhooks.values()) >= MOST:
            raise errors.BackendError(400, 30007, "Maximum number of webhooks reached (15)")
        _check_name(str(ctx.body().get("name")))
        return create(ctx)

    monkeypatch.setattr(serializers, "message_payload", with_application)
    monkeypatch.setattr(interactions, "_incoming_webhook_body", with_components)
    monkeypatch.setattr(interactions, "bot_message", in_thread)
    monkeypatch.setattr(interactions, "_incoming_message", message_of)
    _swap(monkeypatch, "POST", create, create_webhook)


def _check_name(name: str) -> None:
    if re.search("clyde|discord", name, re.IGNORECASE) or not 1 <= len(name) <= 80:
        raise errors.invalid_form_body(f"username: {name!r} is refused")


def _swap(monkeypatch: pytest.MonkeyPatch, method: str, old: Any, new: Any) -> None:
    from simcord.http import router

    table = [(path, new if handler is old else handler) for path, handler in router._ROUTES[method]]
    monkeypatch.setitem(router._ROUTES, method, table)
