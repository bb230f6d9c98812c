"""What is wrong with the server that keeps the conversations."""

from __future__ import annotations

from collections.abc import Iterator

from bot.checks.finding import Finding, fine, problem, warning
from bot.conversation.ports import Store
from bot.conversation.server import ServerInfo
from bot.errors import UserError
from bot.language import Text, later

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
        return [_silent(where, error.detail, private=private)]
    return [
        fine(
            "store.reachable",
            "Redis",
            later(
                "{where}: {server} answers and holds {keys:,} keys",
                where=where,
                server=f"{info.product} {info.version}",
                keys=info.keys,
            ),
        ),
        _persistence(info),
        *_memory(info),
    ]


def _silent(where: str, why: str, *, private: bool) -> Finding:
    # redis-py's name for NOPERM, which it takes off the server's words.
    if "NoPermission" in why:
        return warning(
            "store.reachable",
            "Redis",
            later("{where} does not let the bot ask INFO", where=where),
            later("allow that"),
        )
    return problem(
        "store.reachable",
        "Redis",
        later("{where}: {why}", where=where, why=later("it does not answer") if private else why),
        later("start it, or correct REDIS_URL (unset: the bot runs a private one)"),
    )


def _persistence(info: ServerInfo) -> Finding:
    check, subject = "store.persistence", later("persistence")
    if info.writes_fail:
        return problem(
            check,
            subject,
            later(
                "the server could not write its {file}, so it will forget at a restart",
                file=info.writes_fail,
            ),
            later("look at its log; is its disk full?"),
        )
    if not info.append_only:
        return warning(
            check,
            subject,
            later(
                "the append-only file is off: what was said since its last snapshot is lost when "
                "the server stops"
            ),
            later("start it with --appendonly yes, or set that in its configuration"),
        )
    return fine(
        check, subject, later("the append-only file is on: conversations outlive a restart")
    )


def _memory(info: ServerInfo) -> Iterator[Finding]:
    subject, text = later("memory"), _used(info)
    evicts = info.policy not in ("", "noeviction")
    if info.max_memory and info.memory > info.max_memory * _FULL:
        yield problem(
            "store.memory",
            subject,
            text,
            later("raise its maxmemory, or keep less: HISTORY_DAYS"),
        )
    elif evicts:
        yield warning(
            "store.memory",
            subject,
            later("{used}: a full server silently drops conversations", used=text),
            later("set maxmemory-policy to noeviction"),
        )
    else:
        yield fine("store.memory", subject, text)


def _used(info: ServerInfo) -> Text:
    used, policy = info.memory / _MEBIBYTE, info.policy or later("unknown")
    if not info.max_memory:
        return later("{used:,.0f} MiB in use, policy {policy}", used=used, policy=policy)
    return later(
        "{used:,.0f} MiB of {most:,.0f} in use, policy {policy}",
        used=used,
        most=info.max_memory / _MEBIBYTE,
        policy=policy,
    )
