"""The bot processes that share this store: who lives, who has which reply, who takes what.

A process is told by a name that it gives itself at its start. It says every few seconds that it
lives, by a number that grows; whose number stands still may be dead.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.conversation.presence import Beat, Claim
from bot.conversation.turns import Pending
from bot.store import keys, process_scripts, records
from bot.store.connection import Command, Connection, call
from bot.store.keys import ConversationKeys, encoded

log = logging.getLogger(__name__)

_DAY = 86_400
_REMOVED_SECONDS = 600
_DONE = b"done"

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


def new_name(share: str = "") -> str:
    """A name for this process that no other one ever has, on whatever machine.

    On Linux it tells where the process is to be found: `machine/namespace/pid/start/random`. It
    ends with the process's share of the work (`bot.conversation.presence.share`), if not all.
    """
    try:
        # Some sandboxes have the same kernel id everywhere, but not the same host name.
        kernel = f"{_BOOT.read_text().strip()} {socket.gethostname()}"
        machine = hashlib.blake2b(kernel.encode(), digest_size=6).hexdigest()
        space = "".join(filter(str.isdigit, _NAMESPACE.readlink().name))
        place = f"{machine}/{space}/{os.getpid()}/{_start_of(os.getpid())}"
    except OSError:
        place = "?/?/?/?"
    return f"{place}/{secrets.token_hex(4)}{share}"


def has_ended(name: str, own: str) -> bool:
    """Whether a process is known to have ended, since it would have to be found beside this one.

    False says nothing: it may run elsewhere. What another store of this very process wrote counts
    as ended.
    """
    parts, mine = name.split("/"), own.split("/")
    if len(parts) != len(mine) or mine[0] == "?" or parts[:2] != mine[:2]:
        return False
    return parts[2] == mine[2] or _start_of(int(parts[2])) != parts[3]


def _start_of(pid: int) -> str:
    """When a process began, in ticks since the boot: tells it from a later one of that number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The name in brackets may hold anything; the start is the 20th field behind it.
    return stat.rpartition(")")[2].split()[19]


class ProcessRecords:
    """The part of the store that is about its processes; `process` is this one's name."""

    _redis: Connection
    process: str
    _signs: int = 0
    _was_there: bool = False
    _was_buried: bool = False

    async def beat(self) -> Beat:
        """Say that this process lives, and see who else does. One round trip."""
        sign, changes = await self._redis.run(self._alive(), ("HGETALL", keys.CHANGES))
        self._note_sign(sign)
        buried, self._was_buried = self._was_buried, False
        names, counts = sign[1][::2], sign[1][1::2]
        others = {
            name.decode("utf-8", "replace"): int(count)
            for name, count in zip(names, counts, strict=True)
        }
        others.pop(self.process, None)
        return Beat(
            buried=buried,
            others=others,
            changes={kind.decode(): int(count) for kind, count in changes.items()},
        )

    async def leave(self) -> None:
        """Say that this process ends: whatever it still owes is for the others from now on."""
        await self.bury([self.process])

    async def bury(self, processes: Sequence[str]) -> None:
        """Take processes as dead; one that lives after all learns of it with its next sign."""
        await self._redis.run(("HDEL", keys.ALIVE, *processes))

    def has_ended(self, process: str) -> bool:
        """Whether a process is known to have ended, since it would be on this machine."""
        return has_ended(process, self.process)

    async def take_over(self, conversation: str, owed: Pending, to: str | None = None) -> bool:
        """Make an owed reply this process's own, if it is still whose it was when it was read.

        Only one process is told True. `to` gives it to somebody else instead.
        """
        to = self.process if to is None else to
        if owed.by == to:
            return True
        key, field = ConversationKeys.of(conversation).pending, encoded(owed.reply)
        (entry,) = await self._redis.run(("HGET", key, field))
        known = records.read_pending({field: entry}) if entry else ()
        if not known or known[0].by != owed.by:
            return False
        new = records.write_pending(replace(known[0], by=to), nonce=secrets.token_hex(8))
        (taken,) = await self._redis.run(call(process_scripts.TAKE, (key,), field, entry, new))
        return taken == 1

    async def claim(self, what: str, seconds: int) -> Claim:
        """Take on something that only one process is to do, for some time. One round trip."""
        key = keys.claim(what)
        _, holder = await self._redis.run(
            ("SET", key, self.process, "NX", "EX", seconds), ("GET", key)
        )
        if holder == self.process.encode():
            return "mine"
        return "done" if holder == _DONE else "taken"

    async def settle_claim(self, what: str, seconds: int) -> None:
        """Note that something claimed is done, so that nobody does it again for some time."""
        await self._redis.run(("SET", keys.claim(what), _DONE, "EX", seconds))

    async def unclaim(self, what: str) -> None:
        """Let something be claimed anew."""
        await self._redis.run(("DEL", keys.claim(what)))

    async def note_removals(self, messages: Sequence[str]) -> None:
        """Tell the other processes that this one takes messages away itself."""
        await self._redis.run(
            *(("SET", keys.removal(one), 1, "EX", _REMOVED_SECONDS) for one in messages)
        )

    async def removals(self, messages: Sequence[str]) -> frozenset[str]:
        """Which of these messages a process of the bot has taken away itself."""
        found: list[Any] = await self._redis.run(
            *(("EXISTS", keys.removal(one)) for one in messages)
        )
        return frozenset(one for one, known in zip(messages, found, strict=True) if known)

    def _alive(self) -> Command:
        """What says that this process lives; it goes with every entry in the journal."""
        self._signs += 1
        return call(process_scripts.BEAT, (keys.ALIVE,), self.process, self._signs, _DAY)

    def _note_sign(self, sign: Sequence[Any]) -> None:
        """Read the answer: who was there once and is not any more was taken for dead."""
        self._was_buried |= self._was_there and sign[0] == 0
        self._was_there = True


def changed(kind: str) -> tuple[Command, ...]:
    """What goes along with a change of settings, so that other processes read them again."""
    return ("HINCRBY", keys.CHANGES, kind, 1), ("EXPIRE", keys.CHANGES, _DAY)
