"""Turns out of a file, put into a conversation as one step that can be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.revising import RESTORE_SECONDS, Brought
from bot.store import keys, records, revision_scripts
from bot.store.connection import call
from bot.store.keys import ConversationKeys, encoded
from bot.store.retention import RetentionRecords
from bot.store.revisions import TOLD_BY_TURNS


class BroughtRecords(RetentionRecords):
    """The part of the store that takes in what people bring; an undo is `restore`."""

    _archive_turns: int

    async def bring(self, conversation: str, brought: Brought, server: str = "") -> None:
        """Put turns out of a file into a conversation, all or nothing; one round trip.

        What stood there is kept aside for `RESTORE_SECONDS`. `server` is whose conversation it is.
        """
        stored, owed = await self._bring(conversation, brought, server)
        await self._kept_right(conversation, server, stored)
        if owed:
            members = (keys.owed_member(conversation, keys.decoded(reply)) for reply in owed)
            await self._redis.run(("ZREM", keys.OWED, *members))

    async def _bring(
        self, conversation: str, brought: Brought, server: str
    ) -> tuple[bytes | None, Sequence[bytes]]:
        live = [part for t in brought.window for part in (encoded(t.id), records.write_turn(t))]
        cut = [part for t in brought.cut for part in (t.n, records.write_turn(t))]
        script = call(
            revision_scripts.BRING,
            ConversationKeys.of(conversation).every,
            self._seconds,
            RESTORE_SECONDS,
            self._archive_turns,
            int(brought.instead),
            len(TOLD_BY_TURNS),
            *TOLD_BY_TURNS,
            brought.start,
            len(brought.cut) + len(brought.dropped),
            len(brought.dropped),
            *map(encoded, brought.dropped),
            len(brought.window),
            *live,
            *cut,
        )
        *kept, (_, owed) = await self._redis.run(*self._keep(conversation, server), script)
        return (kept[-1] if kept else None), owed

    async def is_brought(self, conversation: str) -> bool:
        """Whether turns out of a file stand there, and nothing was said since they came."""
        key = ConversationKeys.of(conversation).before
        (marked,) = await self._redis.run(("HEXISTS", key, "b:"))
        return marked == 1
