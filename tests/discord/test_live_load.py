"""Many channels at once: every reply is completed, within Discord's limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace

import pytest

from bot.conversation.ports import End, Text
from bot.conversation.reply import Reply
from cogs.live import Live
from cogs.live.layout import Draft
from cogs.live.pace import RATE
from tests.stand_ins.clock import run

TOKENS, PAUSE = 120, 0.02
_ids = count(1)


@dataclass
class Discord:
    """Counts requests, answers each after 30 ms, and allows so many a second."""

    times: list[float] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    async def request(self, kind: str) -> None:
        self.times.append(now())
        self.kinds.append(kind)
        await asyncio.sleep(0.03)

    @property
    def most_in_a_second(self) -> int:
        return max(sum(1 for t in self.times if s <= t < s + 1) for s in self.times)


class Channel:
    """A target that keeps its messages to itself."""

    metered, silent_end, most_pages, standing, asker, room = True, True, 4, (), 1, 0

    def __init__(self, discord: Discord) -> None:
        self.key = next(_ids)
        self.discord = discord
        self.messages: dict[int, Draft] = {}
        self.last_at = 0.0

    def closes_in(self) -> float:
        return float("inf")

    async def typing(self) -> None:
        await self.discord.request("typing")

    async def send(self, draft: Draft, *, first: bool, nonce: str) -> SimpleNamespace:
        self.last_at = now()
        await self.discord.request("send")
        message = SimpleNamespace(id=next(_ids), content=draft.content)
        self.messages[message.id] = draft
        return message

    async def edit(self, message: int, draft: Draft, *, first: bool) -> None:
        self.last_at = now()
        await self.discord.request("edit")
        self.messages[message] = draft

    async def delete(self, message: int) -> None:
        await self.discord.request("delete")


def now() -> float:
    return asyncio.get_running_loop().time()


async def talk(live: Live, discord: Discord) -> tuple[float, list[Draft]]:
    """One reply; gives the time from its last token to the request that shows it."""
    ended = 0.0

    async def events() -> AsyncGenerator[Text | End, None]:
        nonlocal ended
        await asyncio.sleep(0.05)
        for n in range(TOKENS):
            yield Text(f"w{n} ")
            await asyncio.sleep(PAUSE)
        ended = now()
        yield End("stop")

    async def commit(*_: object) -> None:
        return None

    channel = Channel(discord)
    reply = Reply(f"r{channel.key}", f"discord:{channel.key}", (), commit)
    reply.start(events())
    await live.deliver(reply, channel)
    return channel.last_at - ended, list(channel.messages.values())


async def crowd(channels: int, live: Live) -> tuple[list[float], Discord]:
    discord = Discord()
    results = await asyncio.gather(*(talk(live, discord) for _ in range(channels)))
    whole = " ".join(f"w{n}" for n in range(TOKENS))
    assert all([draft.content for draft in drafts] == [whole] for _, drafts in results)
    assert all(not drafts[-1].buttons for _, drafts in results)
    return sorted(late for late, _ in results), discord


def test_one_channel_pays_nothing_for_the_limits() -> None:
    [late], discord = run(crowd(1, Live()))
    assert late == pytest.approx(0, abs=0.001)
    assert discord.kinds == ["typing", "send", "edit", "edit", "edit"]


@pytest.mark.parametrize("channels", [5, 20])
def test_a_few_channels_end_at_once(channels: int) -> None:
    late, discord = run(crowd(channels, Live()))
    assert late[-1] <= 0.5
    assert discord.most_in_a_second <= RATE


def test_200_channels_all_complete_below_the_global_limit() -> None:
    late, discord = run(crowd(200, Live(most=RATE)))
    assert discord.most_in_a_second <= RATE
    # Each needs a request after its last token, and all end at the same moment: 200 / 45.
    assert late[-1] <= 200 / RATE + 0.2


def test_200_channels_are_not_held_up_where_nothing_is_refused() -> None:
    late, discord = run(crowd(200, Live()))
    assert late[int(len(late) * 0.95)] <= 0.3
    assert len(discord.times) <= 5 * 200
