"""Reminders: set now, told when they are due, whatever happens to the bot in between."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import discord

from bot.client.failures import DISCORD_FAILURES
from bot.conversation.reminding import MAX_REMINDERS, Reminder
from bot.errors import StoreUnavailable
from bot.language import later, speaking, tr
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.tool import ToolError, tool
from bot.tools.when import moment, shown
from cogs.asker import client_of, language_at
from cogs.said import Said
from cogs.tools import ToolCog

log = logging.getLogger(__name__)

_LONGEST = 500
_PRIVATE = "(set in private, so it is not told here)"
_YEAR = 366 * 86_400
_DAY = 86_400
_LATE = 120.0
"""Seconds after which a reminder says that it is late."""

# A claim ends long after the attempt to deliver, so that two never run at a time.
_CLAIM = 120.0
_ATTEMPT = 60.0
# Other processes' reminders, and a store that came back, are found within this time.
_LONGEST_PAUSE = 30.0
_SHORTEST_PAUSE = 0.1
# How long the end of the process waits for a reminder that is just being delivered.
_LAST_DELIVERY = 2.0
_CLOSED = later("I cannot write any more where you asked me to remind you.")
_LEFT = later("You are no longer in the server where you asked me to remind you.")
# Our clock and Discord's need not agree when we look for what was posted.
_CLOCKS_APART = 300.0
_LOOKED_THROUGH = 200
# What Discord answers to a message that it will not take tomorrow either.
_FOR_GOOD = (400, 403, 404)
_UNKNOWN_MEMBER = 10007
# How long a reminder waits to hear whether its owner has left the server.
_ASKED_FOR = 5.0


class Reminders(ToolCog):
    """Tools that remind people, and the loop that does it."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._news = asyncio.Event()
        self._ending = self._delivering = False
        self._loop: asyncio.Task[None] | None = None
        self._said = Said()

    @tool(shows=later("reminder {when}: {text}"), changes=True, needs_discord=True)
    async def set_reminder(self, context: ToolContext, text: str, when: str) -> object:
        """Remind the user of something later, in this channel.

        Args:
            text: What to remind them of.
            when: When, such as in 20 minutes, tomorrow at 9:00 Europe/Paris or 2026-12-24 18:00.
        """
        text = " ".join(text.split())
        if not 1 <= len(text) <= _LONGEST:
            raise ToolError(
                later("The text of a reminder has 1 to {most} characters.", most=_LONGEST)
            )
        now = time.time()
        due = _due(when, _asked_at(context, now), now)
        reminder = Reminder(
            id=secrets.token_hex(8),
            asker=_asker(context),
            text=text,
            due=due.timestamp(),
            at=now,
            channel=context.channel,
            private=context.private,
            server=context.server,
        )
        number = await self.kit.store.save_reminder(reminder)
        if not number:
            raise ToolError(
                later(
                    "You have {count} reminders already, and more are not possible. "
                    "Cancel one first.",
                    count=MAX_REMINDERS,
                )
            )
        self._news.set()
        return {"number": number, "text": text, "due": shown(due)}

    @tool(shows=later("looking at reminders"), needs_discord=True)
    async def list_reminders(self, context: ToolContext) -> object:
        """List the reminders that the user has set, the next one first."""
        found = await self.kit.store.reminders(_asker(context))
        return {"reminders": [_told(reminder, context) for reminder in found]}

    @tool(shows=later("cancelling reminder {number}"), changes=True, needs_discord=True)
    async def cancel_reminder(self, context: ToolContext, number: int) -> object:
        """Cancel a reminder of the user.

        Args:
            number: The number of the reminder, from list_reminders.
        """
        cancelled = await self.kit.store.cancel_reminder(_asker(context), number)
        if cancelled is None:
            raise ToolError(later("You have no reminder with the number {number}.", number=number))
        return {"cancelled": _told(cancelled, context)}

    # ------------------------------------------------------------------ delivering

    async def cog_load(self) -> None:
        """Begin to deliver."""
        self._loop = asyncio.create_task(self._deliver_for_ever(), name="reminders")

    async def cog_unload(self) -> None:
        """Stop, once what is being delivered is; what hangs is taken up by whoever comes next."""
        self._ending = True
        self._news.set()
        if self._loop is not None:
            if self._delivering:
                await asyncio.wait([self._loop], timeout=_LAST_DELIVERY)
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop

    async def _deliver_for_ever(self) -> None:
        await client_of(self.kit).wait_until_ready()
        while not self._ending:
            self._news.clear()
            try:
                pause = await self._deliver_due()
            except StoreUnavailable as error:
                log.warning("reminders wait for the store: %s", error)
                pause = _LONGEST_PAUSE
            except Exception:
                log.exception("reminders: a round failed")
                pause = _LONGEST_PAUSE
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._news.wait()

    async def _deliver_due(self) -> float:
        """Deliver what is due; returns how many seconds to sleep."""
        now = time.time()
        self._delivering = True
        try:
            claims = await self.kit.store.claim_reminders(now, now + _CLAIM)
            async with asyncio.TaskGroup() as group:
                for reminder, claimed in claims.reminders:
                    group.create_task(self._deliver(reminder, claimed))
        finally:
            self._delivering = False
        if claims.next_due is None:
            return _LONGEST_PAUSE
        return min(max(claims.next_due - time.time(), _SHORTEST_PAUSE), _LONGEST_PAUSE)

    async def _deliver(self, reminder: Reminder, claimed: float | None) -> None:
        """Post a reminder and settle it; one that cannot be posted now is claimed again later."""
        try:
            async with asyncio.timeout(_ATTEMPT):
                client = client_of(self.kit)
                with speaking(language_at(client, int(reminder.channel))):
                    posted = await post(client, reminder, claimed)
            if posted is None:
                log.warning("reminder %s can be delivered nowhere and is dropped", reminder.id)
            await self.kit.store.settle_reminder(reminder)
            if posted is not None:
                self._said.tell(client_of(self.kit), posted, reminder.asker)
        except (TimeoutError, StoreUnavailable, *DISCORD_FAILURES) as error:
            log.warning("reminder %s is tried again: %s", reminder.id, str(error) or "too slow")
        except Exception:
            log.exception("reminder %s is tried again", reminder.id)


async def post(
    client: discord.Client, reminder: Reminder, claimed: float | None
) -> discord.Message | None:
    """Post a reminder where it was set, or to its owner; None if neither is possible.

    What was asked for privately goes to its owner first, and is not told where others read. In a
    server that its owner has left it would be noise to everybody else, so it is not posted there.
    `claimed` is when somebody else began to post it and was not heard of again. It may be in
    Discord all the same, so it is looked for first. Failures that may pass are raised.
    """
    owner = discord.Object(int(reminder.asker))
    pings = discord.AllowedMentions(everyone=False, roles=False, users=[owner], replied_user=False)
    left = False
    for direct in (reminder.private, not reminder.private):
        try:
            place = await _place(client, reminder, direct)
            head = _head(reminder, direct)
            if claimed is not None and (found := await _posted(client, place, head, claimed)):
                return found
            if not direct and (left := await _has_left(client, reminder)):
                log.info("reminder %s: its owner has left the server", reminder.id)
                continue
            # The nonce makes Discord itself refuse a second one that comes soon after.
            return await place.send(
                words(reminder, time.time(), direct=direct, left=left),
                allowed_mentions=pings,
                nonce=reminder.id,
            )
        except discord.HTTPException as error:
            if error.status not in _FOR_GOOD:
                raise
            log.info("reminder %s cannot be posted: %s", reminder.id, error)
    return None


def words(reminder: Reminder, now: float, *, direct: bool = False, left: bool = False) -> str:
    """What a reminder says; `direct`: to its owner alone, who has `left` the server."""
    lines = [_head(reminder, direct)]
    if now - reminder.due > _LATE:
        due = f"<t:{int(reminder.due)}:f>"
        lines.append("-# " + tr("This comes late: it was due {due}, and I was away.", due=due))
    if direct and not reminder.private:
        lines.append("-# " + tr(_LEFT if left else _CLOSED))
    return "\n".join(lines)


def _head(reminder: Reminder, direct: bool) -> str:
    """The first line, which no other reminder has: it names the second when it was set."""
    person, when = f"<@{reminder.asker}>", f"<t:{int(reminder.at)}:R>"
    if reminder.private and not direct:
        return tr(
            "{person} You asked me {when}, in private, to remind you of something now. "
            "I cannot write to you directly, and here I do not say what it is.",
            person=person,
            when=when,
        )
    return tr("{person} You asked me {when}: {text}", person=person, when=when, text=reminder.text)


async def _place(client: discord.Client, reminder: Reminder, direct: bool) -> Any:
    if not direct:
        # Nothing is asked of Discord but to take the message.
        return client.get_partial_messageable(int(reminder.channel))
    return await client.create_dm(discord.Object(int(reminder.asker)))


async def _has_left(client: discord.Client, reminder: Reminder) -> bool:
    """Whether Discord says for certain that the owner is no longer in the server.

    No member is kept in memory. Whatever else becomes of the question holds no reminder back.
    """
    if not reminder.server.isdecimal():
        return False
    try:
        async with asyncio.timeout(_ASKED_FOR):
            await client.http.get_member(int(reminder.server), int(reminder.asker))
    except discord.NotFound as error:
        return error.code == _UNKNOWN_MEMBER
    except (TimeoutError, *DISCORD_FAILURES) as error:
        log.info("reminder %s: its owner may be there: %s", reminder.id, str(error) or "too slow")
    return False


async def _posted(
    client: discord.Client, place: Any, head: str, since: float
) -> discord.Message | None:
    after = datetime.fromtimestamp(since - _CLOCKS_APART, UTC)
    me = client.user.id if client.user else 0
    with suppress(discord.Forbidden):  # to read back; whether it may write is seen when it writes
        async for message in place.history(limit=_LOOKED_THROUGH, after=after, oldest_first=True):
            if message.author.id == me and message.content.startswith(head):
                return message
    return None


def _due(when: str, asked: float, now: float) -> datetime:
    due = moment(when, datetime.fromtimestamp(asked, UTC))
    if due.timestamp() <= now:
        raise ToolError(
            later("“{when}” has passed meanwhile: it was {due}.", when=when, due=shown(due))
        )
    if due.timestamp() - now > _YEAR:
        raise ToolError(later("I remember reminders for a year at most."))
    return due


def _asked_at(context: ToolContext, now: float) -> float:
    """When the question was written: "in 20 minutes" counts from there, not from the Confirm."""
    if not context.message.isdecimal() or int(context.message) >= 1 << 63:
        return now
    asked = discord.utils.snowflake_time(int(context.message)).timestamp()
    return asked if now - 2 * _DAY < asked < now else now


def _asker(context: ToolContext) -> str:
    if not context.asker.isdecimal():
        raise ToolError(later("I do not know whom to remind."))
    return context.asker


def _told(reminder: Reminder, context: ToolContext) -> dict[str, Any]:
    due = datetime.fromtimestamp(reminder.due, UTC)
    alone = context.private or not context.server
    text = reminder.text if alone or not reminder.private else _PRIVATE
    return {"number": reminder.number, "text": text, "due": shown(due)}
