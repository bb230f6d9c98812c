"""What is wrong with the server that keeps the conversations."""

from __future__ import annotations

from collections.abc import Iterator

from bot.checks.finding import Finding, fine, problem, warning
from bot.conversation.ports import Store
from bot.conversation.server import ServerInfo
from bot.errors import UserError

_MEBIBYTE = 2**20

# A server that is fuller than this share of its memory deserves attention.
_FULL = 0.85


async def findings(store: Store, where: str, *, private: bool = False) -> list[Finding]:
    """Ask the store's server; `where` is how its operator knows it. Never fails.

    `private`: others than the operator read it, so that no addresses are told.
    """
    try:
        info = await store.server()
    except UserError as error:
        return [_silent(where, "it does not answer" if private else error.detail)]
    return [
        fine(
            "store.reachable",
            "Redis",
            f"{where}: {info.product} {info.version} answers and holds {info.keys:,} keys",
        ),
        _persistence(info),
        *_memory(info),
    ]


def _silent(where: str, why: str) -> Finding:
    if "NOPERM" in why:
        return warning(
            "store.reachable", "Redis", f"{where} does not let the bot ask INFO", "allow that"
        )
    return problem(
        "store.reachable",
        "Redis",
        f"{where}: {why}",
        "start it, or correct REDIS_URL (unset: the bot runs a private one)",
    )


def _persistence(info: ServerInfo) -> Finding:
    check, subject = "store.persistence", "persistence"
    if info.writes_fail:
        return problem(
            check,
            subject,
            f"the server could not write its {info.writes_fail}, so it will forget at a restart",
            "look at its log; is its disk full?",
        )
    if not info.append_only:
        return warning(
            check,
            subject,
            "the append-only file is off: what was said since its last snapshot is lost when the "
            "server stops",
            "start it with --appendonly yes, or set that in its configuration",
        )
    return fine(check, subject, "the append-only file is on: conversations outlive a restart")


def _memory(info: ServerInfo) -> Iterator[Finding]:
    used = f"{info.memory / _MEBIBYTE:,.0f} MiB"
    limit = f" of {info.max_memory / _MEBIBYTE:,.0f}" if info.max_memory else ""
    text = f"{used}{limit} in use, policy {info.policy or 'unknown'}"
    evicts = info.policy not in ("", "noeviction")
    if info.max_memory and info.memory > info.max_memory * _FULL:
        yield problem(
            "store.memory", "memory", text, "raise its maxmemory, or keep less: HISTORY_DAYS"
        )
    elif evicts:
        yield warning(
            "store.memory",
            "memory",
            f"{text}: a full server silently drops conversations",
            "set maxmemory-policy to noeviction",
        )
    else:
        yield fine("store.memory", "memory", text)
