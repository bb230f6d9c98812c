"""Which interactions this process answers, where several serve one token: each is told to all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

from bot.conversation.ports import Store
from bot.conversation.service import Conversations
from bot.errors import StoreUnavailable

log = logging.getLogger(__name__)

# Whoever writes in a channel is first to hear of what is pressed there: it alone can stop.
_HEAD_START = 0.25

# Discord gives three seconds for the first answer.
_PATIENCE = 1.0
_CLAIMED_SECONDS = 900

_AUTOCOMPLETE = 4


class Gate:
    """Lets an interaction through to `pass_on` if this process is the one to answer it.

    Where no other process is known to hear the same shards that is all of them, at once. Else
    they are claimed in the store, each by one. While it is away, Discord decides: it takes one
    first answer. When the process is about to end, and there is no other one, they go to `refuse`.
    """

    def __init__(
        self,
        conversations: Conversations,
        store: Store,
        pass_on: Callable[[Any], None],
        refuse: Callable[[Any], None],
    ) -> None:
        self._conversations = conversations
        self._store = store
        self._pass_on = pass_on
        self._refuse = refuse
        self._asking: set[asyncio.Task[None]] = set()
        self.closing = False

    def hear(self, data: Any) -> None:
        """An interaction has come, as Discord sends it."""
        here = self._is_written_here(data)
        presence = self._conversations.presence
        if self.closing and not here:
            if presence.alone and data.get("type") != _AUTOCOMPLETE:
                self._refuse(data)  # Else another process answers it.
        elif presence.alone or data.get("type") == _AUTOCOMPLETE:
            self._pass_on(data)
        elif presence.known:
            task = asyncio.create_task(self._ask(data, here=here), name="interaction")
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        # Else the others do not know of this process yet, and answer without asking.

    def close(self) -> None:
        """Let nothing more through."""
        for task in self._asking:
            task.cancel()

    async def _ask(self, data: Any, *, here: bool) -> None:
        if not here:
            await asyncio.sleep(_HEAD_START)
        try:
            async with asyncio.timeout(_PATIENCE):
                claim = await self._store.claim(f"interaction:{data['id']}", _CLAIMED_SECONDS)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("interaction %s is answered unclaimed: %s", data["id"], error)
            claim = "mine"
        if claim == "mine":
            self._pass_on(data)

    def _is_written_here(self, data: Any) -> bool:
        channel = cast("str | None", data.get("channel_id"))
        return channel is not None and self._conversations.handover.busy_in(f"discord:{channel}")
