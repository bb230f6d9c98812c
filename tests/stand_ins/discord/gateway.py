"""The gateway websocket: identify, heartbeats, compression, resume with replay, lost sessions."""

from __future__ import annotations

import asyncio
import copy
import json
import secrets
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import discord
from aiohttp import WSMsgType, web
from simcord import intents as rules
from simcord.backend import serializers

from .compression import Compress, stream
from .world import World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT = 0, 1, 2, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11
PRIVILEGED = {"presences": 1 << 8, "members": 1 << 1, "message_content": 1 << 15}
REPLAY = 5_000


class Connection:
    """One websocket: a queue in front of it keeps the order of what is sent."""

    def __init__(self, socket: web.WebSocketResponse, compress: Compress | None) -> None:
        self._socket = socket
        self._compress = compress
        self._queue: asyncio.Queue[str | int] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def send(self, payload: str) -> None:
        self._queue.put_nowait(payload)

    def send_op(self, op: int, data: Any) -> None:
        self.send(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def close(self, code: int) -> None:
        """Close after everything queued before has been sent."""
        self._queue.put_nowait(code)

    async def _write(self) -> None:
        with suppress(ConnectionError):
            while True:
                item = await self._queue.get()
                if isinstance(item, int):
                    await self._socket.close(code=item)
                    return
                if self._compress is None:
                    await self._socket.send_str(item)
                else:
                    await self._socket.send_bytes(self._compress(item))

    async def finish(self) -> None:
        self._writer.cancel()
        with suppress(asyncio.CancelledError):
            await self._writer


@dataclass
class Session:
    """What Discord remembers of an identified client, connected or not."""

    intents: discord.Intents
    shard: tuple[int, int]
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    seq: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAY))
    connection: Connection | None = None

    def dispatch(self, event: str, data: Any) -> None:
        self.seq += 1
        text = json.dumps({"op": DISPATCH, "t": event, "s": self.seq, "d": data})
        self.sent.append((self.seq, text))
        if self.connection is not None:
            self.connection.send(text)


class Gateway:
    """All sessions of the bot, and the ways in which Discord loses them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.url = ""
        self.token: str | None = None
        self.approved: set[str] = set(PRIVILEGED)
        self.accepting = True
        self.sessions: dict[str, Session] = {}
        self.identifies = 0
        self.resumes = 0
        self.heartbeats = 0
        self.refused: list[int] = []
        self._connections: set[Connection] = set()
        world.subscribers.append(self.emit)

    # ------------------------------------------------------------------ what tests order

    @property
    def connected(self) -> bool:
        """Whether a client has identified and is still connected."""
        return any(session.connection is not None for session in self.sessions.values())

    def drop(self, code: int = 4000) -> None:
        """Close all connections; sessions stay, so a RESUME replays what was missed."""
        for connection in list(self._connections):
            connection.close(code)
        for session in self.sessions.values():
            session.connection = None

    def forget(self, code: int = 4000) -> None:
        """Close all connections and forget the sessions: what happens next is never replayed."""
        self.drop(code)
        self.sessions.clear()

    def invalidate(self) -> None:
        """Tell connected clients that their session is gone (op 9, not resumable)."""
        for connection in list(self._connections):
            connection.send_op(INVALID_SESSION, False)
        self.sessions.clear()

    # ------------------------------------------------------------------ events

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        """Give an event to every session that may see it."""
        for session in list(self.sessions.values()):
            if self._shard_of(event, payload, session.shard[1]) == session.shard[0]:
                self._give(session, event, payload)

    def _give(self, session: Session, event: str, payload: Mapping[str, Any]) -> None:
        gate = rules.required_intent(event, payload)
        if gate is not None and not getattr(session.intents, gate):
            return
        data: Any = payload
        bot_id = self._world.bot_user.id
        if not session.intents.message_content and event in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            data = copy.deepcopy(dict(payload))
            rules.censor_message(data, bot_id, backend=self._world)
        elif event == "GUILD_CREATE":
            data = dict(payload)
            rules.prune_guild_create(data, session.intents, bot_id)
        session.dispatch(event, data)

    @staticmethod
    def _shard_of(event: str, payload: Mapping[str, Any], shards: int) -> int:
        guild = payload.get("id") if event.startswith("GUILD_") else None
        guild = payload.get("guild_id", guild)
        return (int(guild) >> 22) % shards if guild is not None and shards > 1 else 0

    # ------------------------------------------------------------------ the socket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket."""
        if not self.accepting:
            return web.Response(status=503)
        try:
            compress = stream(request.query.get("compress", ""))
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        socket = web.WebSocketResponse(compress=False, max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(socket, compress)
        self._connections.add(connection)
        connection.send_op(HELLO, {"heartbeat_interval": 41_250})
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._hear(connection, json.loads(message.data))
        finally:
            self._connections.discard(connection)
            for session in self.sessions.values():
                if session.connection is connection:
                    session.connection = None
            await connection.finish()
        return socket

    def _hear(self, connection: Connection, message: dict[str, Any]) -> None:
        op, data = message.get("op"), message.get("d")
        if op == HEARTBEAT:
            self.heartbeats += 1
            connection.send_op(HEARTBEAT_ACK, None)
        elif op == IDENTIFY:
            self._identify(connection, data)
        elif op == RESUME:
            self._resume(connection, data)
        elif op == REQUEST_MEMBERS:
            self._chunk(connection, data)

    def _refuse(self, connection: Connection, code: int) -> None:
        self.refused.append(code)
        connection.close(code)

    def _identify(self, connection: Connection, data: dict[str, Any]) -> None:
        if self.token is not None and data["token"] != self.token:
            self._refuse(connection, 4004)
            return
        wanted = int(data["intents"])
        if any(wanted & bit and name not in self.approved for name, bit in PRIVILEGED.items()):
            self._refuse(connection, 4014)
            return
        self.identifies += 1
        shard, shards = data.get("shard") or (0, 1)
        session = Session(
            discord.Intents._from_value(wanted), (shard, shards), connection=connection
        )
        self.sessions[session.id] = session
        guilds = [g for g in self._world.guilds.values() if (g.id >> 22) % shards == shard]
        session.dispatch("READY", self._ready(session, [guild.id for guild in guilds]))
        for guild in guilds:
            self._give(
                session, "GUILD_CREATE", serializers.guild_create_payload(self._world, guild)
            )

    def _ready(self, session: Session, guilds: list[int]) -> dict[str, Any]:
        return {
            "v": 10,
            "user": dict(serializers.user_payload(self._world.bot_user)),
            "guilds": [{"id": str(guild), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": list(session.shard),
            "application": {"id": str(self._world.application_id), "flags": self.flags},
        }

    @property
    def flags(self) -> int:
        """The application's flags: the "limited" form of each approved privileged intent."""
        limited = {"presences": 1 << 13, "members": 1 << 15, "message_content": 1 << 19}
        return sum(bit for name, bit in limited.items() if name in self.approved)

    def _resume(self, connection: Connection, data: dict[str, Any]) -> None:
        session = self.sessions.get(data["session_id"])
        if session is None or (session.sent and data["seq"] < session.sent[0][0] - 1):
            connection.send_op(INVALID_SESSION, False)
            return
        self.resumes += 1
        session.connection = connection
        for seq, text in session.sent:
            if seq > data["seq"]:
                connection.send(text)
        session.dispatch("RESUMED", {"_trace": []})

    def _chunk(self, connection: Connection, data: dict[str, Any]) -> None:
        session = next(s for s in self.sessions.values() if s.connection is connection)
        guild = self._world.guilds[int(data["guild_id"])]
        wanted = {int(user) for user in data.get("user_ids") or ()}
        members = [m for m in guild.members.values() if not wanted or m.user_id in wanted]
        session.dispatch(
            "GUILD_MEMBERS_CHUNK",
            {
                "guild_id": str(guild.id),
                "members": [serializers.member_payload(self._world, guild, m) for m in members],
                "chunk_index": 0,
                "chunk_count": 1,
                "nonce": data.get("nonce"),
            },
        )
