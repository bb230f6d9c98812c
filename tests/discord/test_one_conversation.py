"""What people see is what the model knows: a random walk through everything that can be done.

After each step the turns that the next prompt would be made of are compared with what stands in
the channel, read off it as a person would. `STEPS=10000` walks further; `SEED` takes another way.
"""

from __future__ import annotations

import logging
import os
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable

import discord
import pytest

from bot.conversation.turns import Turn
from bot.errors import EngineUnreachable
from tests.discord.conftest import Stage
from tests.discord.live_support import play

# Refusals are told, which the simulation takes for errors; defects fail the test below.
pytestmark = pytest.mark.simcord(horizon=1.5, check_errors=False)

STEPS = int(os.environ.get("STEPS", "150"))
SEED = os.environ.get("SEED", "1")

# A channel's talk stays shorter than the window, so that nothing is cut from it.
PER_CHANNEL = 40

MARK = "↩️"
FAILED = EngineUnreachable().text
BLOCK = re.compile(r"<\|im_start\|>(user|assistant)\n(.*?)<\|im_end\|>", re.DOTALL)


class Walk:
    """One person, a moderator, and the bot in a channel; `step` does something at random."""

    def __init__(self, stage: Stage, rng: random.Random) -> None:
        self.stage, self.rng = stage, rng
        self.count = 0
        self.done: list[str] = []
        role = stage.guild.create_role(
            "mods", permissions=discord.Permissions(manage_messages=True)
        )
        self.moderator = stage.guild.add_member(stage.env.create_user("carol"), roles=[role])
        stage.engine.default = lambda _: self.new("Answer")
        self.move()

    def move(self) -> None:
        """Go on in a channel of its own."""
        self.channel = self.stage.guild.create_text_channel(f"room-{self.count}")
        self.addressed: set[int] = set()
        self.floor, self.floor_before = 0, 0

    def new(self, what: str) -> str:
        self.count += 1
        return f"{what} {self.count}."

    @property
    def place(self) -> str:
        return f"discord:{self.channel.id}"

    # ------------------------------------------------------------------ what a person sees

    def messages(self) -> list[discord.Message]:
        every = sorted(self.channel.history(), key=lambda message: message.id)
        return [m for m in every if m.id > self.floor and not self.taken_back(m)]

    def taken_back(self, message: discord.Message) -> bool:
        return any(str(reaction.emoji) == MARK for reaction in message.reactions)

    def questions(self) -> list[discord.Message]:
        return [m for m in self.messages() if m.id in self.addressed]

    def replies(self) -> list[discord.Message]:
        mine = (m for m in self.messages() if m.author.id == self.stage.bot_id)
        return [m for m in mine if self.spoken(m)]

    def spoken(self, message: discord.Message) -> str:
        """What the bot says in a message, without small print, failures and answers to commands."""
        if message.interaction_metadata is not None:
            return ""
        lines = [line for line in message.content.split("\n") if not line.startswith("-# ")]
        text = "\n".join(lines).strip()
        return "" if text == FAILED else text

    def visible(self) -> Counter[str]:
        said = [f"Alice: {self.written(m)}" for m in self.questions()]
        return Counter([*said, *map(self.spoken, self.replies())])

    def written(self, message: discord.Message) -> str:
        return message.content.replace(self.stage.me, "").strip()

    # ------------------------------------------------------------------ what the model knows

    async def turns(self) -> list[Turn]:
        return list(await self.stage.env.bot.conversations.history(self.place))

    async def check(self) -> None:
        turns = await self.turns()
        known = Counter(t.text if t.role == "assistant" else f"Alice: {t.text}" for t in turns)
        assert known == self.visible(), self.story()
        written = [turn.text for turn in turns if turn.role == "user"]
        assert written == [self.written(m) for m in self.questions()], self.story()

    def story(self) -> str:
        return f"SEED={SEED}, after {' | '.join(self.done[-12:])}"

    # ------------------------------------------------------------------ what can be done

    async def step(self) -> None:
        name = self.rng.choices(list(DEEDS), [weight for weight, _ in DEEDS.values()])[0]
        self.done.append(name)
        await DEEDS[name][1](self)
        await play(self.stage.env, 0.5)
        await self.check()

    async def ask(self) -> None:
        text = self.new("Question")
        before, asked = self.visible(), len(self.stage.engine.requests)
        sent = await self.stage.alice.send(self.channel, f"{self.stage.me} {text}")
        self.addressed.add(sent.id)
        for _ in range(10):
            if len(self.stage.engine.requests) == asked:
                await play(self.stage.env, 0.5)
        blocks = BLOCK.findall(self.stage.engine.prompts[-1])
        assert Counter(text for _, text in blocks) == before + Counter([f"Alice: {text}"]), (
            self.story()
        )

    async def stop(self) -> None:
        word = self.new("Stopped")
        self.stage.engine.answers = [[2.0, word, 2.0, " too late"]]
        await self.stage.alice.send(self.channel, f"{self.stage.me} {self.new('Question')}")
        self.addressed.add(max(m.id for m in self.messages() if m.author.id == self.stage.alice.id))
        await play(self.stage.env, 2.5)
        await self.press("Stop")
        self.stage.engine.answers = []

    async def begin(self) -> discord.Message:
        """Ask something whose answer takes four seconds."""
        self.stage.engine.answers = [[2.0, "Begun", 2.0, f" {self.new('and ended')}"]]
        sent = await self.stage.alice.send(self.channel, f"{self.stage.me} {self.new('Question')}")
        self.addressed.add(sent.id)
        await play(self.stage.env, 2.5)
        return sent

    async def edit_while_written(self) -> None:
        sent = await self.begin()
        await self.stage.alice.edit(sent, f"{self.stage.me} {self.new('Edited')}")
        await play(self.stage.env, 6)
        self.stage.engine.answers = []

    async def delete_while_written(self) -> None:
        await self.stage.alice.delete(await self.begin())
        await play(self.stage.env, 6)
        self.stage.engine.answers = []

    async def gap(self) -> None:
        """Things happen while the bot is away."""
        env, backend = self.stage.env, self.stage.env.backend
        with env._bot_scope():
            await env.bot.shards[0].disconnect()
        mine = self.questions()
        if len(mine) > 1:
            gone, changed = self.rng.sample(mine, 2)
            backend.delete_message(self.channel.id, gone.id)
            backend.edit_message(self.channel.id, changed.id, {"content": self.new("Edited")})
        with env._bot_scope():  # else what discord.py then does is on the real clock
            await env.bot.shards[0].reconnect()
        await play(env, 30)

    async def chat(self) -> None:
        await self.stage.alice.send(self.channel, self.new("Chatter"))

    async def fail(self) -> None:
        self.stage.engine.answers = [[EngineUnreachable()]]
        sent = await self.stage.alice.send(self.channel, f"{self.stage.me} {self.new('Question')}")
        self.addressed.add(sent.id)
        self.stage.engine.answers = []

    async def edit(self) -> None:
        if mine := self.questions():
            message = self.rng.choice(mine)
            mention = self.rng.choice((f"{self.stage.me} ", ""))
            await self.stage.alice.edit(message, mention + self.new("Edited"))

    async def mention_by_edit(self) -> None:
        sent = await self.stage.alice.send(self.channel, self.new("Chatter"))
        await self.stage.alice.edit(sent, f"{self.stage.me} {self.new('Question')}")
        self.addressed.add(sent.id)

    async def answer_again(self) -> None:
        await self.press("Answer again")

    async def delete_question(self) -> None:
        if mine := self.questions():
            await self.stage.alice.delete(self.rng.choice(mine))

    async def delete_reply(self) -> None:
        if replies := self.replies():
            await self.moderator.delete(self.rng.choice(replies))

    async def bulk_delete(self) -> None:
        if (every := [*self.questions(), *self.replies()]) and len(every) > 3:
            gone = self.rng.sample(every, 3)
            self.stage.env.backend.bulk_delete_messages(
                self.channel.id, [message.id for message in gone]
            )
            await self.stage.settle()

    async def regenerate(self) -> None:
        await self.press("🔁")

    async def previous(self) -> None:
        await self.press("◀️")

    async def next(self) -> None:
        await self.press("▶️")

    async def go_on(self) -> None:
        self.stage.engine.answers = [" " + self.new("More")]
        await self.press("⏩")
        self.stage.engine.answers = []

    async def delete(self) -> None:
        await self.press("🗑️")

    async def retry(self) -> None:
        await self.press("Retry")

    async def rewrite(self) -> None:
        pressed = await self.press("✏️")
        if pressed is not None and pressed.modal is not None:
            [label] = pressed.modal["components"]
            field = label["component"]["custom_id"]
            await self.moderator.submit_modal(pressed, {field: self.new("Rewritten")})

    async def undo(self) -> None:
        if not await self.turns() and self.floor != self.floor_before:
            self.floor = self.floor_before
        await self.moderator.slash(self.channel, "undo")

    async def redo(self) -> None:
        await self.moderator.slash(self.channel, "redo")

    async def rewind(self) -> None:
        every = [*self.questions(), *self.replies()]
        if every:
            await self.take_to(self.rng.choice(every))

    async def take_to(self, message: discord.Message) -> None:
        shown = await self.moderator.slash(self.channel, "rewind", to=message.jump_url)
        if shown.response and "Take it back" in str(shown.response.components):
            await self.moderator.click(shown.response, label="Take it back")

    async def reset(self) -> None:
        had = bool(await self.turns())
        await self.moderator.slash(self.channel, "reset")
        if had:
            newest = max(message.id for message in self.channel.history())
            self.floor_before, self.floor = self.floor, newest

    async def restart(self) -> None:
        await self.stage.env.restart_bot(MAKE[0]())
        await play(self.stage.env, 6)

    async def press(self, wanted: str):
        """Press a button of the newest reply that has it."""
        for message in sorted(self.channel.history(), key=lambda m: -m.id):
            for row in message.components:
                for item in row.children:
                    if wanted in (str(item.emoji), item.label) and not item.disabled:
                        return await self.moderator.click(message, custom_id=item.custom_id)
        return None


MAKE: list[Callable[[], object]] = []

DEEDS: dict[str, tuple[int, Callable[[Walk], Awaitable[object]]]] = {
    "ask": (30, Walk.ask),
    "chat": (4, Walk.chat),
    "fail": (3, Walk.fail),
    "retry": (3, Walk.retry),
    "stop": (3, Walk.stop),
    "edit while it is written": (3, Walk.edit_while_written),
    "delete while it is written": (2, Walk.delete_while_written),
    "gap": (2, Walk.gap),
    "edit": (10, Walk.edit),
    "answer again": (5, Walk.answer_again),
    "mention by edit": (4, Walk.mention_by_edit),
    "delete question": (5, Walk.delete_question),
    "delete reply": (4, Walk.delete_reply),
    "bulk delete": (2, Walk.bulk_delete),
    "regenerate": (8, Walk.regenerate),
    "previous": (4, Walk.previous),
    "next": (4, Walk.next),
    "continue": (4, Walk.go_on),
    "rewrite": (3, Walk.rewrite),
    "delete": (3, Walk.delete),
    "undo": (6, Walk.undo),
    "redo": (5, Walk.redo),
    "rewind": (2, Walk.rewind),
    "reset": (2, Walk.reset),
    "restart": (1, Walk.restart),
}


async def test_what_is_seen_is_what_is_known(stage: Stage, make_bot, caplog) -> None:
    MAKE[:] = [make_bot]
    walk = Walk(stage, random.Random(SEED))
    for number in range(STEPS):
        if number and number % PER_CHANNEL == 0:
            walk.move()
        await walk.step()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
