"""The stand-in as a whole: one aiohttp server and the hands that tests and benchmarks use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from aiohttp import web
from simcord.backend.models import AllowedMentions

from .faults import Fault
from .gateway import Gateway
from .interactions import Interactions, Invocation
from .limits import DISCORD_LIMITS, RateLimits
from .rest import Call, Rest
from .world import Trail, World

# How much longer than alone a bot may take among other tests.
_BUSY = 3


class DiscordStandIn:
    """Discord on a loopback port: REST, gateway and CDN over real sockets.

    Everything is made and seen through plain ids. `limits` turns on the buckets per channel,
    `global_limit` the limit of a bot in requests per second, `latency` delays every REST answer,
    `token` is the only token accepted (None: any), `intents` are the approved privileged intents.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        limits: bool = True,
        global_limit: int | None = None,
        latency: float = 0.0,
        token: str | None = None,
        intents: Sequence[str] = ("message_content", "members", "presences"),
    ) -> None:
        self.world = World()
        self.gateway = Gateway(self.world)
        self.gateway.approved = set(intents)
        self.gateway.token = token
        rates = RateLimits(DISCORD_LIMITS if limits else (), global_limit)
        self.rest = Rest(self.world, self.gateway, rates, latency, token)
        self.typing: list[tuple[float, int]] = []
        self._interactions = Interactions(self.world)
        self._runner: web.AppRunner | None = None
        self._port = port
        self.extra_routes: Sequence[Callable[[web.Application], None]] = ()
        self.url = ""
        self.world.subscribers.append(self._watch)

    # ------------------------------------------------------------------ life

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_get("/gateway-socket/", self.gateway.connect)
        app.router.add_get("/gateway-socket", self.gateway.connect)
        app.router.add_get("/cdn/{tail:.*}", self.rest.attachment)
        for register in self.extra_routes:
            register(app)
        app.router.add_route("*", "/{tail:.*}", self.rest.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        self.gateway.url = f"ws://127.0.0.1:{port}/gateway-socket"
        self.world.cdn.base = f"{self.url}/cdn"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.gateway.drop(1001)
        await asyncio.sleep(0)
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api(self) -> str:
        """What a bot takes as DISCORD_API_URL."""
        return f"{self.url}/api/v10"

    @property
    def bot_id(self) -> int:
        return self.world.bot_user.id

    @property
    def mention(self) -> str:
        return f"<@{self.bot_id}>"

    # ------------------------------------------------------------------ making a world

    def add_guild(self, name: str = "Home") -> int:
        return self.world.create_guild(name).id

    def add_channel(self, guild: int, name: str = "general", **fields: Any) -> int:
        return self.world.create_channel(guild, name, **fields).id

    def add_user(self, name: str, *guilds: int, **fields: Any) -> int:
        """Make a user, member of the guilds; `nick` is the name there."""
        nick = fields.pop("nick", None)
        user = self.world.make_user(name, **fields)
        for guild in guilds:
            self.world.add_member(guild, user.id, nick=nick, announce=True)
        return user.id

    def add_thread(self, channel: int, name: str, owner: int) -> int:
        return self.world.create_thread(channel, name, owner).id

    def dm(self, user: int) -> int:
        """The DM channel between the bot and a user."""
        return self.world.get_dm_channel(user).id

    # ------------------------------------------------------------------ what users do

    def send(
        self,
        channel: int,
        user: int,
        content: str = "",
        *,
        reply_to: int | None = None,
        ping: bool = True,
        attachments: Sequence[tuple[str, bytes]] = (),
    ) -> int:
        """Write a message as a user (up to 4,000 characters, as subscribers may)."""
        reference = None
        if reply_to is not None:
            reference = {"channel_id": str(channel), "message_id": str(reply_to)}
        message = self.world.prepare_message(
            channel,
            user,
            content[:2_000],
            reference=reference,
            attachments=self.world.store_attachments(channel, attachments),
            allowed_mentions=AllowedMentions(replied_user=ping),
        )
        message.content = content
        return self.world.commit_message(message).id

    def edit(self, message: int, content: str) -> None:
        """Change a user's message."""
        channel = self.world.trails[message].channel_id
        self.world.edit_message(channel, message, {"content": content})

    def delete(self, message: int) -> None:
        """Delete a message."""
        self.world.delete_message(self.world.trails[message].channel_id, message)

    def delete_many(self, messages: Sequence[int]) -> None:
        """Delete messages of one channel at once, as moderators do."""
        channel = self.world.trails[messages[0]].channel_id
        self.world.bulk_delete_messages(channel, list(messages))

    def press(self, message: int, user: int, label: str) -> Invocation:
        """Press a button of a message."""
        return self._interactions.press(user, message, label)

    def slash(self, channel: int, user: int, name: str, /, **options: Any) -> Invocation:
        """Run a slash command, `slash(c, u, "system set", prompt="...")`."""
        return self._interactions.slash(channel, user, name, options)

    def autocomplete(
        self, channel: int, user: int, name: str, option: str, value: str
    ) -> Invocation:
        """Type into an option of a command."""
        return self._interactions.autocomplete(channel, user, name, option, value)

    def message_command(self, message: int, user: int, name: str) -> Invocation:
        """Run a command from a message's context menu."""
        return self._interactions.message_command(user, name, message)

    def submit(self, user: int, shown: Invocation, **values: str) -> Invocation:
        """Send a modal that an interaction showed."""
        return self._interactions.submit(user, shown, values)

    # ------------------------------------------------------------------ what there is to see

    def messages(self, channel: int, *, bot_only: bool = False) -> list[Trail]:
        """All messages of a channel that still stand, oldest first (no ephemeral ones)."""
        shown = [
            self.world.trails[message.id]
            for message in self.world.messages[channel].values()
            if not message.is_ephemeral
        ]
        return [trail for trail in shown if not bot_only or trail.author_id == self.bot_id]

    def trail(self, message: int) -> Trail:
        """One message with its whole history, deleted or not."""
        return self.world.trails[message]

    def replies(self, message: int) -> list[Trail]:
        """The bot's messages in the channel that came after a message."""
        channel = self.world.trails[message].channel_id
        return [trail for trail in self.messages(channel, bot_only=True) if trail.id > message]

    @property
    def calls(self) -> list[Call]:
        return self.rest.calls

    def count(self, route: str) -> int:
        """How often a route was called, `count("POST /channels/{id}/messages")`."""
        return self.rest.counts()[route]

    def typed_in(self, channel: int) -> list[float]:
        """When the bot showed that it types in a channel."""
        return [at for at, where in self.typing if where == channel]

    def read_attachment(self, attachment: dict[str, Any]) -> bytes:
        """The bytes of an attachment of a message."""
        return self.world.cdn.bytes_of(attachment)

    @property
    def commands(self) -> list[str]:
        """The names of the global commands that are synced."""
        return sorted(name for name, _ in self.world.commands.get(None, {}))

    async def until(self, question: Callable[[], Any], timeout: float = 10.0) -> Any:
        """Wait until a question has a true answer and return it; raise TimeoutError else.

        `timeout` is in seconds on an idle machine; a busy one is given more.
        """
        deadline = time.monotonic() + _BUSY * timeout
        while not (answer := question()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {timeout} s")
            await asyncio.sleep(0.01)
        return answer

    # ------------------------------------------------------------------ faults

    def fault(self, method: str, path: str, **what: Any) -> Fault:
        """Order a fault for requests to a path glob: see `Fault`."""
        ordered = Fault(method, path, **what)
        self.rest.faults.append(ordered)
        return ordered

    def heal(self) -> None:
        """Take back all REST faults."""
        self.rest.faults.clear()

    def _watch(self, event: str, payload: Any) -> None:
        if event == "TYPING_START" and payload["user_id"] == str(self.bot_id):
            self.typing.append((time.monotonic(), int(payload["channel_id"])))
