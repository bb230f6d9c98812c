"""What is set up in a conversation: its stage, a field of its state, and what it lends."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from typing import Any, cast

from bot.characters.part import Voice
from bot.characters.stage import Member, Note, Order, Stage
from bot.conversation.lending import Loan
from bot.conversation.turns import State
from bot.store import records, scripts
from bot.store.connection import Connection, call
from bot.store.keys import ConversationKeys

log = logging.getLogger(__name__)

STAGE = b"stage"
"""The field of a state."""

_SYSTEM = b"system"

_ORDERS: tuple[Order, ...] = ("natural", "list", "model", "manual")
_VOICES: tuple[Voice, ...] = ("system", "user", "assistant")
_PAIR = 2
_STAGE, _MEMBER, _NOTE = Stage(), Member("", "", "", ""), Note("")


class StageRecords:
    """The stages of conversations."""

    _redis: Connection
    _seconds: int

    async def save_stage(self, conversation: str, stage: Stage | None) -> None:
        """Set a conversation's stage, None to clear it. One round trip."""
        keys_of = ConversationKeys.of(conversation).every
        record = b"" if stage is None else write_stage(stage)
        await self._redis.run(call(scripts.SAVE_STAGE, keys_of, self._seconds, record))

    async def loan(self, conversation: str) -> Loan:
        """What a conversation can lend. One round trip."""
        state = ConversationKeys.of(conversation).state
        (stored,) = await self._redis.run(("HMGET", state, _SYSTEM, STAGE))
        found = {
            name: raw for name, raw in zip((_SYSTEM, STAGE), stored, strict=True) if raw is not None
        }
        return Loan(records.read_state(found).system or None, read_stage(found))

    async def lend(self, loan: Loan, to: str) -> None:
        """Set up in a conversation what another one lends, unless anything ever was. One trip."""
        system = records.write_state(State(system=loan.system))["system"] if loan.system else b""
        stage = b"" if loan.stage is None else write_stage(loan.stage)
        await self._redis.run(
            call(
                scripts.LEND,
                ConversationKeys.of(to).every,
                self._seconds,
                system,
                stage,
            )
        )


def write_stage(stage: Stage) -> bytes:
    """Write a stage as JSON; what is as it always is is left out."""
    fields = _unusual(asdict(stage), asdict(_STAGE))
    fields["cast"] = [_unusual(asdict(one), asdict(_MEMBER)) for one in stage.cast]
    if stage.note:
        fields["note"] = _unusual(asdict(stage.note), asdict(_NOTE))
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def read_stage(stored: Mapping[bytes, bytes]) -> Stage | None:
    """Read the stage out of a state's fields; None if there is none, or it is damaged."""
    raw = stored.get(STAGE)
    if raw is None:
        return None
    try:
        found: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        log.warning("a stored stage is damaged and left out: %s", error)
        return None
    return _stage(cast(dict[str, Any], found)) if isinstance(found, dict) else None


def without_brought(record: object, gone: AbstractSet[str]) -> object:
    """A stored stage without the characters and the lorebooks with these ids, or these cards.

    A card is named by its library, a space and its digest.
    """
    if not isinstance(record, dict):
        return record
    data = dict(cast(dict[str, Any], record))
    if "cast" in data:
        data["cast"] = [
            one
            for one in _objects(data["cast"])
            if gone.isdisjoint((one.get("character"), f"{one.get('library')} {one.get('card')}"))
        ]
    if "lore" in data:
        data["lore"] = [
            pair for pair in _list(data["lore"]) if not any(one in gone for one in _texts(pair))
        ]
    return data


def _unusual(fields: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value != usual[name]}


def _stage(data: dict[str, Any]) -> Stage:
    order = data.get("order")
    return Stage(
        cast=tuple(_member(item) for item in _objects(data.get("cast"))),
        title=_text(data, "title"),
        scenario=_text(data, "scenario"),
        mood=_text(data, "mood"),
        note=next((_note(item) for item in _objects([data.get("note")])), None),
        order=order if order in _ORDERS else _STAGE.order,
        rounds=_whole(data, "rounds", _STAGE.rounds),
        paused=data.get("paused") is True,
        lore=tuple(
            (pair[0], pair[1])
            for pair in map(_texts, _list(data.get("lore")))
            if len(pair) == _PAIR
        ),
        lore_off=tuple(_texts(data.get("lore_off"))),
        tools=data.get("tools") is True,
        trim=data.get("trim") is True,
        host=_text(data, "host"),
    )


def _member(data: dict[str, Any]) -> Member:
    talkativeness = data.get("talkativeness")
    known = isinstance(talkativeness, (int, float))
    return Member(
        library=_text(data, "library"),
        character=_text(data, "character"),
        card=_text(data, "card"),
        name=_text(data, "name"),
        picture=_text(data, "picture"),
        talkativeness=float(talkativeness) if known else _MEMBER.talkativeness,
        greeting=_whole(data, "greeting", 0),
        muted=data.get("muted") is True,
        adult=data.get("adult") is True,
    )


def _note(data: dict[str, Any]) -> Note:
    role = data.get("role")
    return Note(
        text=_text(data, "text"),
        depth=_whole(data, "depth", _NOTE.depth),
        every=_whole(data, "every", _NOTE.every),
        role=role if role in _VOICES else _NOTE.role,
    )


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _whole(data: dict[str, Any], name: str, default: int) -> int:
    value = data.get(name)
    return value if isinstance(value, int) else default


def _list(value: object) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [item for item in _list(value) if isinstance(item, str)]


def _objects(value: object) -> list[dict[str, Any]]:
    return [cast(dict[str, Any], item) for item in _list(value) if isinstance(item, dict)]
