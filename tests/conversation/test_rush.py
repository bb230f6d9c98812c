"""Replies that are begun in the same moment: so many side by side, none in another one's way."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from bot.conversation.rush import Rush


class Beginning:
    """A reply that is begun, which `began` tells, until `go_on` is set."""

    def __init__(self, rush: Rush, begun: list[str], name: str) -> None:
        self.began, self.go_on = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._run(rush, begun, name))

    async def _run(self, rush: Rush, begun: list[str], name: str) -> None:
        async with rush.place():
            begun.append(name)
            self.began.set()
            await self.go_on.wait()


async def turns_of_the_loop() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_next_one_begins_when_one_is_done_in_the_order_they_came():
    rush, begun = Rush(most=2, held=60), []
    first, second, third, fourth = (Beginning(rush, begun, name) for name in "abcd")
    await turns_of_the_loop()
    assert begun == ["a", "b"]
    second.go_on.set()
    await turns_of_the_loop()
    assert begun == ["a", "b", "c"]
    for one in (first, third, fourth):
        one.go_on.set()
    await asyncio.gather(first.task, third.task, fourth.task)
    assert begun == ["a", "b", "c", "d"]


async def test_one_that_waits_for_something_keeps_nobody_waiting_for_long():
    rush, begun = Rush(most=1, held=0.05), []
    stuck, other = Beginning(rush, begun, "stuck"), Beginning(rush, begun, "other")
    async with asyncio.timeout(5):
        await other.began.wait()
    assert begun == ["stuck", "other"]
    stuck.go_on.set()
    other.go_on.set()
    await asyncio.gather(stuck.task, other.task)


async def test_places_are_neither_lost_nor_made():
    rush, begun = Rush(most=2, held=1.0), []
    ends = [Beginning(rush, begun, str(number)) for number in range(3)]
    async with asyncio.timeout(5):
        await ends[2].began.wait()  # the first two have given up their places
    await asyncio.sleep(1.1)
    ends[0].task.cancel()
    for one in ends[1:]:
        one.go_on.set()
    for one in ends:
        with suppress(asyncio.CancelledError):
            await one.task

    begun.clear()
    left, right, waiting = (Beginning(rush, begun, name) for name in ("left", "right", "waiting"))
    await turns_of_the_loop()
    assert begun == ["left", "right"]
    waiting.task.cancel()
    left.task.cancel()
    right.go_on.set()
    await asyncio.gather(left.task, right.task, waiting.task, return_exceptions=True)
    after = [Beginning(rush, begun, name) for name in ("c", "d", "e")]
    await turns_of_the_loop()
    assert begun == ["left", "right", "c", "d"]
    for one in after:
        one.go_on.set()
    await asyncio.gather(*(one.task for one in after))
