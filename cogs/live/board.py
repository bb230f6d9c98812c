"""The messages that show one reply, and how they get from one look to the next."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import discord

from bot.client import HermesBot
from bot.errors import StoreUnavailable
from cogs.live.layout import Draft
from cogs.live.pace import Pace, Priority
from cogs.live.sending import (
    FAILURES,
    Gone,
    Refused,
    TooOldToEdit,
    Unfit,
    for_good,
    insist,
    note_refusal,
)
from cogs.live.target import Target

log = logging.getLogger(__name__)

T = TypeVar("T")


class _Sender(Protocol):
    """Makes a request once, or until it is taken."""

    def __call__(
        self, request: Callable[[], Awaitable[T]], /, *, new: bool = False
    ) -> Awaitable[T]: ...


# How many of its own deletions the bot waits to hear of.
_REMEMBERED = 1_000


class OwnRemovals:
    """The messages that the bot takes away itself: that tells nothing about the talk."""

    def __init__(self, bot: HermesBot | None = None) -> None:
        self._bot = bot
        self._ids: OrderedDict[int, None] = OrderedDict()

    async def tell(self, message: int) -> None:
        """The same as `note`, and other processes of the bot, if there are any, learn of it."""
        self.note(message)
        if self._bot and not self._bot.conversations.presence.alone:
            try:
                await self._bot.store.note_removals([str(message)])
            except StoreUnavailable as error:
                log.info("others are not told that message %s goes: %s", message, error)

    async def others(self, messages: Sequence[int]) -> list[int]:
        """Those of some messages that are gone which the bot has not taken away itself."""
        left = [message for message in messages if not self.take(message)]
        if not left or self._bot is None or self._bot.conversations.presence.alone:
            return left
        try:
            ours = await self._bot.store.removals([str(message) for message in left])
        except StoreUnavailable as error:
            log.info("not known who took messages away: %s", error)
            return left
        return [message for message in left if str(message) not in ours]

    def note(self, message: int) -> None:
        """A message is about to be taken away."""
        self._ids[message] = None
        if len(self._ids) > _REMEMBERED:
            self._ids.popitem(last=False)

    def take(self, message: int) -> bool:
        """Whether the news that a message is gone is about one of these; each is told once."""
        return self._ids.pop(message, 0) is None


@dataclass(slots=True)
class _Shown:
    """A message and what it shows, as far as known: None for one that was there before."""

    id: int
    draft: Draft | None


class Board:
    """Shows drafts as messages: posts new ones, edits what differs, takes away what is too much."""

    def __init__(self, name: str, target: Target, pace: Pace, removals: OwnRemovals) -> None:
        self._name = name
        self._target = target
        self._pace = pace
        self._removals = removals
        self._shown = [_Shown(message, None) for message in target.standing]
        self._tried: set[str] = set()
        self._replaced = 0
        self._fixed = False
        self._lost: set[str] = set()

    @property
    def ids(self) -> tuple[str, ...]:
        """The messages, in order."""
        return tuple(str(shown.id) for shown in self._shown)

    @property
    def used(self) -> bool:
        """Whether anything of this reply is to be seen."""
        return any(shown.draft for shown in self._shown)

    @property
    def drafts(self) -> list[Draft]:
        """What Discord has taken of this reply, in order."""
        return [shown.draft for shown in self._shown if shown.draft]

    def lose(self, messages: Collection[str]) -> bool:
        """Others took messages away; returns whether one of these was here."""
        self._lost.update(messages)
        return not self._lost.isdisjoint(self.ids)

    def shows(self, drafts: Sequence[Draft]) -> bool:
        """Whether there is nothing to do for `drafts`."""
        return [shown.draft for shown in self._shown[: len(drafts)]] == list(drafts)

    async def try_to_show(self, drafts: Sequence[Draft]) -> bool:
        """Show drafts with one try each; False if Discord did not take one this time.

        Raises `Gone` or `Refused` if it never will. Where it takes no more edits, the last words
        may still come as another message.
        """
        if self._fixed:
            return False
        is_new = False
        try:
            for position, draft in enumerate(drafts):
                is_new = position == len(self._shown)
                await self._bring(position, draft, self._once)
        except TooOldToEdit:
            return False
        except Refused as refused:
            if is_new or isinstance(refused, Unfit):
                raise
            self._fixed = True
            return False
        except FAILURES as error:
            log.info("reply %s: a preview was not taken: %s", self._name, error)
            return False
        return True

    async def show(self, drafts: Sequence[Draft]) -> None:
        """Show the final drafts, however long it takes, and nothing else.

        Raises `Gone` or `Refused`.
        """
        for position, draft in enumerate(drafts):
            is_new = position == len(self._shown)
            try:
                await self._bring(position, draft, self._surely(position))
            except TooOldToEdit:
                await self._replace(position, draft)
            except Refused as refused:
                if is_new or isinstance(refused, Unfit):
                    raise
                # A thread that was archived takes no edit, but a message, which opens it again.
                await self._replace(position, draft)
        for shown in self._shown[len(drafts) :]:
            await self._remove(shown.id)
        del self._shown[len(drafts) :]

    async def post_below(self, draft: Draft, name: str) -> None:
        """Post a message that is no part of the reply; `name` tells it from others below it.

        Raises `Gone` or `Refused`.
        """
        nonce = self._nonce(name)
        self._pace.channel(self._target.key).posted()
        if self._target.metered:
            await self._pace.take(Priority.FOLLOW_UP)
        await insist(
            lambda: self._target.send(draft, first=False, nonce=nonce), self._pace, new=True
        )

    async def call_asker(self) -> None:
        """Ping the asker by a message of its own, since edits notify nobody.

        Raises `Gone` or `Refused`.
        """
        nonce = self._nonce("done")
        self._pace.channel(self._target.key).posted()
        if self._target.metered:
            await self._pace.take(Priority.FOLLOW_UP)
        first = self._shown[0].id
        await insist(lambda: self._target.call(first, nonce), self._pace, new=True)

    async def _bring(self, position: int, draft: Draft, send: _Sender) -> None:
        """Make the message at `position` look like `draft`."""
        if position == len(self._shown):
            await self._post(position, draft, send)
        shown = self._shown[position]
        if shown.draft == draft:
            return
        self._pace.channel(self._target.key).edited()
        try:
            await send(lambda: self._target.edit(shown.id, draft, first=position == 0))
        except Gone:
            if shown.draft is not None or shown.id not in self._target.standing:
                raise
            # It was there before this reply, and gone before this reply came to it.
            del self._shown[position]
            await self._bring(position, draft, send)
        else:
            shown.draft = draft

    async def _post(self, position: int, draft: Draft, send: _Sender) -> None:
        nonce = self._nonce(position)
        doubtful = nonce in self._tried
        self._pace.channel(self._target.key).posted()

        async def post() -> discord.Message:
            nonlocal doubtful
            doubtful = doubtful or nonce in self._tried
            self._tried.add(nonce)
            return await self._target.send(draft, first=position == 0, nonce=nonce)

        message = await send(post, new=True)
        # After a try whose answer got lost, Discord gives the message of then, with its text; or
        # the one that another process has posted for the same reply.
        doubtful = doubtful or draft.content.strip() not in message.content
        self._shown.append(_Shown(message.id, None if doubtful else draft))

    async def _replace(self, position: int, draft: Draft) -> None:
        """Post a message again that cannot be edited any more."""
        later, self._shown = self._shown[position + 1 :], self._shown[: position + 1]
        old = self._shown.pop()
        self._replaced += 1
        try:
            await self._post(position, draft, self._surely(position))
        except (Gone, Refused):
            self._shown += [old, *later]
            raise
        await self._remove(old.id)
        self._shown += later

    async def _remove(self, message: int) -> None:
        if str(message) in self._lost:
            return
        await self._removals.tell(message)
        try:
            await self._target.delete(message)
        except FAILURES as error:
            log.info("reply %s: message %s stays: %s", self._name, message, error)

    async def _once(self, request: Callable[[], Awaitable[T]], *, new: bool = False) -> T:
        try:
            return await request()
        except FAILURES as error:
            note_refusal(error, self._pace)
            if refusal := for_good(error, new=new):
                raise refusal from error
            raise

    def _surely(self, position: int) -> _Sender:
        priority = Priority.FOLLOW_UP if position == len(self._shown) > 0 else Priority.FINAL

        async def send(request: Callable[[], Awaitable[T]], *, new: bool = False) -> T:
            if self._target.metered:
                await self._pace.take(priority)
            return await insist(request, self._pace, new=new)

        return send

    def _nonce(self, position: int | str) -> str:
        """The same for every try to post the same message; 24 characters (25 are allowed)."""
        name = f"{self._name}/{position}/{self._replaced}"
        return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
