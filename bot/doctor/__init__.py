"""`python -m bot doctor`: what is wrong with the set-up and how to mend it. See docs/doctor.md."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing

from bot import __version__
from bot.checks import engine, store
from bot.checks.finding import Finding, fine, problem, worst
from bot.core import Core, open_core
from bot.doctor import account, machine, servers
from bot.doctor.api import Api
from bot.errors import SettingsError, StartupError, UserError
from bot.settings import Settings

# Raised by one with every change that a program which reads the JSON would notice.
_SCHEMA = 1

# From sysexits.h, as for every other command.
_EXIT_CONFIG = 78

_SETTINGS = "settings"


async def examine(settings: Settings, *, as_json: bool = False) -> int:
    """Print what was found, as it is found; return the exit code of docs/doctor.md."""
    found: list[Finding] = []
    async with aclosing(findings(settings)) as every:
        async for finding in every:
            found.append(finding)
            if not as_json:
                print(finding, flush=True)
    if as_json:
        print(report(found))
    if any(one.check == _SETTINGS and one.state == "problem" for one in found):
        return _EXIT_CONFIG
    return int(worst(found) == "problem")


def report(found: list[Finding]) -> str:
    """The JSON of `doctor --json`."""
    entries = [finding.as_json() for finding in found]
    whole = {"schema": _SCHEMA, "version": __version__, "state": worst(found)}
    return json.dumps({**whole, "findings": entries}, indent=2, ensure_ascii=False)


def refused(error: SettingsError) -> str:
    """The JSON of settings that are wrong: nothing else can be looked at then."""
    return report([_settings_fault(error)])


async def findings(settings: Settings) -> AsyncGenerator[Finding, None]:
    """Look at everything, cheapest first. Never fails: a check that breaks is a finding."""
    yield fine("settings", _SETTINGS, "every one is well-formed")
    for finding in machine.findings(settings.data_dir):
        yield finding
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(Api(settings.discord_api_url, _token(settings)))
        async for finding in _guarded(account.findings(api), "discord", "Discord"):
            yield finding
        core: Core | None = None
        try:
            core = await stack.enter_async_context(open_core(settings))
        except SettingsError as error:
            yield _settings_fault(error)
        except StartupError as error:
            yield problem("start", "start", str(error), "mend that first; the rest needs it")
        if core is not None:
            async for finding in _of_core(core, api, settings):
                yield finding


async def _of_core(core: Core, api: Api, settings: Settings) -> AsyncIterator[Finding]:
    where = "REDIS_URL" if settings.redis_url else f"private Valkey in {settings.data_dir}"
    for finding in await store.findings(core.store, where):
        yield finding
    if api.application is not None:
        places = _guarded(servers.findings(api, core.store), "discord.places", "channels")
        async for finding in places:
            yield finding
    addresses = {named.name: named.url for named in settings.engines or ()}
    for served in core.conversations.models:
        address = addresses.get(served.name, settings.engine_url) or "the embedded engine"
        async for finding in _guarded(engine.findings(served, address), "engine", "engine"):
            yield finding


async def _guarded(
    source: AsyncIterator[Finding], check: str, subject: str
) -> AsyncIterator[Finding]:
    """The findings of one source; a defect in it is said as one, and the rest is looked at."""
    try:
        async for finding in source:
            yield finding
    except UserError as error:
        yield problem(check, subject, error.text, error.detail or "try again")
    except Exception as error:
        # Whoever runs the doctor has trouble enough: the other checks go on.
        yield problem(
            check,
            subject,
            f"this check itself broke ({type(error).__name__}: {error})",
            "look at the other lines; please report this one",
        )


def _token(settings: Settings) -> str:
    return settings.discord_token.get_secret_value() if settings.discord_token else ""


def _settings_fault(error: SettingsError) -> Finding:
    return problem("settings", "settings", str(error), ".env.example explains every setting")
