"""The world behind the stand-in: simcord's backend on the real clock, with a memory of every edit.

simcord 3.2.1 keeps guilds, channels, messages, commands and interactions and checks requests as
Discord does. Here it gets real time, an address for attachments, message nonces and a trail of
everything that each message ever showed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import simcord.http.routes  # noqa: F401 - importing it registers every route
from simcord._clock import Clock
from simcord.backend import Backend
from simcord.backend.cdn import CDN_BASE, CdnStore
from simcord.backend.errors import BackendError
from simcord.backend.models import Channel, Message

NONCE_LIFETIME = 180.0


class RealClock(Clock):
    """simcord's clock, ticking for real."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        raise RuntimeError("real time cannot be advanced")


class Nothing(list[Any]):
    """A log that forgets: simcord's own transcripts would grow without end."""

    def append(self, _item: Any) -> None:
        return


class Cdn(CdnStore):
    """Attachments under the stand-in's own address, with a count of how often each was read."""

    def __init__(self) -> None:
        super().__init__()
        self.base = CDN_BASE
        self.reads: dict[str, int] = {}

    def store_attachment(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        stored = super().store_attachment(*args, **kwargs)
        stored["url"] = stored["proxy_url"] = stored["url"].replace(CDN_BASE, self.base)
        return stored

    def read(self, path: str) -> bytes | None:
        self.reads[path] = self.reads.get(path, 0) + 1
        return self.get(CDN_BASE + path)

    def bytes_of(self, attachment: Mapping[str, Any]) -> bytes:
        return self._blobs[attachment["url"].replace(self.base, CDN_BASE)]


@dataclass(frozen=True, slots=True)
class Revision:
    """What a message showed from a moment (`time.monotonic`) on."""

    at: float
    content: str
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Trail:
    """One message with all that it ever showed; `message` is its state now."""

    message: Message
    revisions: list[Revision]
    deleted_at: float | None = None
    nonce: str | None = None

    @property
    def id(self) -> int:
        return self.message.id

    @property
    def author_id(self) -> int:
        return self.message.author_id

    @property
    def channel_id(self) -> int:
        return self.message.channel_id

    @property
    def content(self) -> str:
        return self.message.content

    @property
    def created(self) -> float:
        return self.revisions[0].at

    @property
    def changed(self) -> float:
        return self.revisions[-1].at

    @property
    def replies_to(self) -> int | None:
        reference = self.message.reference
        return int(reference["message_id"]) if reference else None

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """Buttons that a user could press now."""
        from simcord.components import walk_components

        return [
            component
            for component in walk_components(self.message.components)
            if component.get("type") == 2 and not component.get("disabled")
        ]

    @property
    def labels(self) -> list[str]:
        """The words on them; the controls of a reply have none."""
        return [label for button in self.buttons if (label := str(button.get("label") or ""))]


class World(Backend):
    """simcord's backend with real time, nonces and trails."""

    def __init__(self) -> None:
        super().__init__(clock=RealClock())
        self.cdn = Cdn()
        self.transcript = Nothing()
        self.http_requests = Nothing()
        self.trails: dict[int, Trail] = {}
        self.nonces: dict[tuple[int, str], tuple[float, int]] = {}
        self.nonce: str | None = None  # of the request in hand; requests run one at a time
        self.touched = 0  # counts changes, so that waiting tests look only when there is news

    def commit_message(self, message: Message, *, broadcast: bool = True) -> Message:
        now = time.monotonic()
        self.trails[message.id] = Trail(message, [_revision(message, now)], nonce=self.nonce)
        if self.nonce is not None:
            self.nonces[message.channel_id, self.nonce] = (now, message.id)
        self.touched += 1
        return super().commit_message(message, broadcast=broadcast)

    def edit_message(self, channel_id: int, message_id: int, fields: dict[str, Any]) -> Message:
        message = super().edit_message(channel_id, message_id, fields)
        self.trails[message_id].revisions.append(_revision(message, time.monotonic()))
        self.touched += 1
        return message

    def delete_message(self, channel_id: int, message_id: int) -> None:
        super().delete_message(channel_id, message_id)
        self.trails[message_id].deleted_at = time.monotonic()
        self.touched += 1

    def bulk_delete_messages(self, channel_id: int, message_ids: Iterable[int]) -> list[int]:
        deleted = super().bulk_delete_messages(channel_id, message_ids)
        for message_id in deleted:
            self.trails[message_id].deleted_at = time.monotonic()
        self.touched += 1
        return deleted

    def create_thread(self, *args: Any, message_id: int | None = None, **more: Any) -> Channel:
        """A message has one thread at most, and of that one Discord posts no notice."""
        if message_id is None:
            return super().create_thread(*args, **more)
        if message_id in self.channels:
            raise BackendError(400, 160004, "A thread has already been created for this message")
        more["broadcast"] = False
        thread = super().create_thread(*args, message_id=message_id, **more)
        self.announce_thread_create(thread)
        self.touched += 1
        return thread

    def message_with_nonce(self, channel_id: int, nonce: str) -> Message | None:
        """The message that this nonce made in the last minutes, if any."""
        made, message_id = self.nonces.get((channel_id, nonce), (0.0, 0))
        if time.monotonic() - made > NONCE_LIFETIME:
            return None
        return self.messages.get(channel_id, {}).get(message_id)

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        if event == "MESSAGE_CREATE" and self.nonce is not None:
            payload = {**payload, "nonce": self.nonce}
        self.touched += 1
        super().emit(event, payload)


def _revision(message: Message, now: float) -> Revision:
    return Revision(now, message.content, list(message.components), list(message.attachments))
