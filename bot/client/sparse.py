"""What a server leaves out of what it sends, filled in as Discord says that there is nothing.

discord.py (2.7.1) fails on fields that are not there, such as a message without a `type`. Servers
that only resemble Discord send less than it does; so do older ones and proxies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import discord

Fields: TypeAlias = dict[str, Any]

_USER = {"username": "", "discriminator": "0", "avatar": None}
_MEMBER = {"roles": (), "flags": 0}
_MESSAGE = {"type": 0, "content": "", "mentions": (), "mention_roles": (), "components": ()}
_SNAPSHOT = {
    "type": 0,
    "content": "",
    "embeds": (),
    "attachments": (),
    "timestamp": None,
    "edited_timestamp": None,
}
_CHANNEL = {"name": "", "position": 0, "bitrate": 64_000, "user_limit": 0}
_INTERACTION = {
    "version": 1,
    "attachment_size_limit": 10 * 2**20,
    # What the bot may do there is not known, so it is tried.
    "app_permissions": str(discord.Permissions.all().value),
}
_APPLICATION = {
    "name": "",
    "description": "",
    "icon": None,
    "bot_public": False,
    "bot_require_code_grant": False,
    "verify_key": "",
}
# When a poll ends that does not.
_NEVER = "2200-01-01T00:00:00+00:00"
_STARTS = {"total": 1_000, "remaining": 1_000, "reset_after": 0, "max_concurrency": 1}

_MESSAGES = "/channels/{channel_id}/messages"
_BY_TOKEN = "/webhooks/{webhook_id}/{webhook_token}"


def complete_event(event: str, data: Any) -> Any:
    """The data of an event of the gateway with all that discord.py takes for granted.

    Raises `KeyError` or `TypeError` for what cannot be filled in.
    """
    if not isinstance(data, dict):
        return data
    fields = cast("Fields", data)
    match event:
        case "MESSAGE_CREATE" | "MESSAGE_UPDATE":
            return _message({**fields, "author": fields["author"]})  # Nobody is no author.
        case "INTERACTION_CREATE":
            return _interaction(fields)
        case "GUILD_CREATE":
            channels = [_filled(channel, _CHANNEL) for channel in _list(fields, "channels")]
            members = [_member(member) for member in _list(fields, "members")]
            return {**fields, "channels": channels, "members": members}
        case "CHANNEL_CREATE" | "CHANNEL_UPDATE":
            return _filled(fields, _CHANNEL)
        case "READY":
            return {**fields, "user": _user(fields["user"]), "guilds": _list(fields, "guilds")}
        case _:
            return fields


def complete_answer(method: str, path: str, answer: Any) -> Any:
    """The answer to a request, `path` as discord.py writes it; raises `TypeError` if it is none."""
    if path == _MESSAGES and method == "GET":
        return [_message(message) for message in answer]
    if (path, method) == (_MESSAGES, "POST") or path == f"{_MESSAGES}/{{message_id}}":
        return answer if method == "DELETE" else _message(_identified(answer))
    if path.startswith(f"{_BY_TOKEN}/messages/"):
        return answer if method == "DELETE" else _message(_identified(answer))
    if (path, method) == (_BY_TOKEN, "POST"):
        # A webhook that nobody waits for answers with nothing.
        return _message(_identified(answer)) if isinstance(answer, dict) else answer
    match path:
        case "/interactions/{webhook_id}/{webhook_token}/callback":
            return _taken(answer)
        case "/users/@me":
            return _user(_identified(answer))
        case "/oauth2/applications/@me":
            application = _filled(_identified(answer), _APPLICATION)
            owner = application.get("owner") or {"id": "0"}
            return {**application, "owner": _user(owner)}
        case "/gateway/bot":
            return {"shards": 1, "session_start_limit": _STARTS, **answer}
        case _:
            return answer


def _taken(answer: Any) -> Fields:
    """What became of the answer to a command, which Discord tells only if it is asked to."""
    told = cast("Fields", answer) if isinstance(answer, dict) else {}
    return {**told, "interaction": {"id": "0", **(told.get("interaction") or {})}}


def _identified(answer: Any) -> Fields:
    """The object that was asked for."""
    if not isinstance(answer, dict) or "id" not in answer:
        raise TypeError("the answer is not what was asked for")
    return cast("Fields", answer)


def _message(message: Fields) -> Fields:
    whole = _filled(message, _MESSAGE)
    if isinstance(author := whole.get("author"), dict):
        whole["author"] = _user(cast("Fields", author))
    if isinstance(member := whole.get("member"), dict):
        whole["member"] = _filled(cast("Fields", member), _MEMBER)
    whole["mentions"] = [_user(mentioned) for mentioned in _list(whole, "mentions")]
    for snapshot in _list(whole, "message_snapshots"):
        snapshot["message"] = _filled(snapshot["message"], _SNAPSHOT)
    if isinstance(poll := whole.get("poll"), dict):
        whole["poll"] = _poll(cast("Fields", poll))
    if isinstance(quoted := whole.get("referenced_message"), dict):
        whole["referenced_message"] = _message(cast("Fields", quoted))
    return whole


def _poll(poll: Fields) -> Fields:
    # Discord warns that answers may come without words one day.
    answers = [
        {**answer, "poll_media": _worded(answer["poll_media"])} for answer in _list(poll, "answers")
    ]
    question = _worded(poll["question"])
    expiry = poll.get("expiry") or _NEVER
    return {**poll, "question": question, "answers": answers, "expiry": expiry}


def _worded(media: Fields) -> Fields:
    return {**media, "text": media.get("text") or ""}


def _interaction(interaction: Fields) -> Fields:
    whole = _filled(interaction, _INTERACTION)
    guild = whole.get("guild_id")
    if place := whole.get("channel_id"):
        # A channel that is known is found by its id alone.
        where = {"id": place, "type": 0 if guild else 1, **_CHANNEL}
        whole["channel"] = {**where, **(whole.get("channel") or {})}
    if guild and "authorizing_integration_owners" not in whole:
        whole["authorizing_integration_owners"] = {"0": guild}
    if isinstance(user := whole.get("user"), dict):
        whole["user"] = _user(cast("Fields", user))
    if isinstance(member := whole.get("member"), dict):
        whole["member"] = {"permissions": "0", **_member(cast("Fields", member))}
    if isinstance(message := whole.get("message"), dict):
        whole["message"] = _message(cast("Fields", message))
    if isinstance(data := whole.get("data"), dict):
        whole["data"] = _targeted(cast("Fields", data))
    return whole


def _targeted(data: Fields) -> Fields:
    """The data of a command with the messages in whose menus it was chosen."""
    resolved: Fields = data.get("resolved") or {}
    if not (messages := cast("Fields", resolved.get("messages") or {})):
        return data
    whole = {number: _message(message) for number, message in messages.items()}
    return {**data, "resolved": {**resolved, "messages": whole}}


def _member(member: Fields) -> Fields:
    return {**_filled(member, _MEMBER), "user": _user(member["user"])}


def _user(user: Fields) -> Fields:
    return _filled(user, _USER)


def _filled(given: Fields, missing: Mapping[str, Any]) -> Fields:
    """What was given, and of what is missing a fresh copy: lists may be changed later on."""
    whole: Fields = {name: [] if value == () else value for name, value in missing.items()}
    whole.update(given)
    return whole


def _list(fields: Fields, name: str) -> list[Fields]:
    return cast("list[Fields]", fields.get(name) or [])
