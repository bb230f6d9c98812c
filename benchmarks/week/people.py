"""What people do all week: each writes in places of their own, one thing after the other."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from benchmarks.week.engine import ROLL
from benchmarks.week.ledger import Question
from benchmarks.week.stage import Place, WeekStage, until
from cogs.ask_about import NAME as ASK_ABOUT
from cogs.replies import NOT_NEWEST
from tests.stand_ins.discord.interactions import Invocation

# How long an answer may take, troubles included. Who gets none is in the verdict.
_PATIENCE = 120.0

# So long after a trouble the bot may still be busy with what it left behind.
_RECOVERY = 5.0

# So long Discord waits for an answer to an interaction.
_PRESSED = 3.0

# So long an answer that is written once more is waited for.
_ANEW = 8.0

_VISITS = 0.05  # of quiet places, among all
_SUBJECTS = ("the weather", "my dog Rex", "bread and cheese", "long walks", "a heron", "the moon")

Deed = Callable[["Person", Place], Awaitable[None]]


class Crowd:
    """All people. `asked` are the questions so far; they stop at `most`, and rest when told to."""

    def __init__(self, stage: WeekStage, people: int, seed: int) -> None:
        self.stage = stage
        self.most = 0
        self.in_trouble = False
        self.deeds: Counter[str] = Counter()
        self.disappointed: Counter[str] = Counter()
        self._calm_since = 0.0
        self._awake = asyncio.Event()
        self._awake.set()
        self._under_way = 0
        self.people = [
            Person(self, stage.busy[n::people], stage.quiet[n::people], seed * 1_000 + n)
            for n in range(people)
        ]

    @property
    def asked(self) -> int:
        return len(self.stage.ledger.questions)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way and nothing is left to be asked."""
        return not self._under_way and self.asked >= self.most

    async def run(self) -> None:
        """Have everybody at it until enough was asked."""
        async with asyncio.TaskGroup() as group:
            for person in self.people:
                group.create_task(person.live())

    async def rest(self, timeout: float = _PATIENCE) -> bool:
        """Let nobody begin anything new; whether all that was begun has ended."""
        self._awake.clear()
        return await until(lambda: not self._under_way, timeout)

    async def come_back(self) -> None:
        """Press Retry where an answer failed after its asker had turned to something else."""
        questions = self.stage.ledger.questions
        left = [one for one in questions if one.retry and not one.settled]
        first = self.people[0]
        await asyncio.gather(*(first.answered(Place(one.place, (one.asker,)), one) for one in left))

    def wake(self) -> None:
        """Go on."""
        self._awake.set()

    async def turn(self) -> bool:
        """Wait for the day; whether there is anything left to be done."""
        await self._awake.wait()
        return self.asked < self.most

    def trouble(self, *, begins: bool) -> None:
        """Something goes wrong from now on, or no longer."""
        self.in_trouble = begins
        self._calm_since = time.monotonic() + _RECOVERY

    def was_calm(self, since: float) -> bool:
        """Whether nothing went wrong from a moment on (`time.monotonic`)."""
        return not self.in_trouble and self._calm_since < since

    async def at_work(self, name: str, deed: Awaitable[None]) -> None:
        self._under_way += 1
        try:
            await deed
        finally:
            self._under_way -= 1
        self.deeds[name] += 1


class Person:
    """One who has places of their own, so that nobody talks in between."""

    def __init__(self, crowd: Crowd, busy: list[Place], quiet: list[Place], seed: int) -> None:
        self._crowd = crowd
        self._stage = crowd.stage
        self._ledger = crowd.stage.ledger
        self._discord = crowd.stage.discord
        self._busy, self._quiet = busy, quiet
        self._random = random.Random(seed)
        self._began = 0.0

    async def live(self) -> None:
        """Do one thing after the other, each where it comes to mind."""
        deeds: dict[str, tuple[int, Deed]] = DEEDS
        names, weights = list(deeds), [weight for weight, _ in deeds.values()]
        while self._busy and await self._crowd.turn():
            visits = self._quiet and self._random.random() < _VISITS
            place = self._random.choice(self._quiet if visits else self._busy)
            [name] = self._random.choices(names, weights)
            if place.kind != "channel":
                name = "mention"  # what else there is differs too much
            self._began = time.monotonic()
            await self._crowd.at_work(name, deeds[name][1](self, place))
            self._stage.prune(place)

    # ------------------------------------------------------------------ deeds

    async def mention(self, place: Place) -> None:
        """Ask something, and wait for the answer."""
        await self.ask(place, f"Tell me about {self._subject()}.")

    async def reply(self, place: Place) -> None:
        """Go on by a reply to what was answered last."""
        newest = place.newest
        if newest not in self._discord.world.messages[place.channel]:
            await self.mention(place)
            return
        question = self._ledger.ask(place.channel, place.people[0])
        text = f"What else of {self._subject()}? [w{question.number}]"
        sent = self._discord.send(place.channel, question.asker, text, reply_to=newest)
        self._ledger.asked(question, sent)
        await self.answered(place, question)

    async def two_at_once(self, place: Place) -> None:
        """Two people ask before the first one is answered."""
        first = self._ledger.ask(place.channel, place.people[0])
        second = self._ledger.ask(place.channel, place.people[-1])
        for question in (first, second):
            self._write(place, question, f"Is it {self._subject()}?")
        await asyncio.gather(*(self.answered(place, one) for one in (first, second)))

    async def tool(self, place: Place) -> None:
        """Have the model use a tool."""
        await self.ask(place, f"{ROLL} for {self._subject()}.")

    async def edit(self, place: Place) -> None:
        """Ask, change the question, and have it answered again."""
        question = await self.ask(place, f"Tell me about {self._subject()}.")
        self._discord.edit(
            question.message, f"{self._discord.mention} And {self._subject()}? [w{question.number}]"
        )
        newest = max(question.answers, default=0)
        if await until(lambda: self._has(newest, "renew:"), 2.0):
            await self._anew(place, question, newest, "renew:")
        else:
            self._disappointed("edit")

    async def again(self, place: Place) -> None:
        """Ask, and have the answer written once more by its button."""
        question = await self.ask(place, f"Say something of {self._subject()}.")
        newest = max(question.answers, default=0)
        if self._has(newest, "control:again"):
            await self._anew(place, question, newest, "control:again")
        else:
            self._disappointed("again")

    async def _anew(self, place: Place, question: Question, newest: int, button: str) -> None:
        """Have an answer written once more."""
        before = question.words
        await self._press(newest, question.asker, button)
        if not await until(lambda: question.words != before or question.retry, _ANEW):
            self._disappointed(button)
        await self.answered(place, question)

    async def command(self, place: Place) -> None:
        """Run one of the slash commands."""
        asker = place.people[0]
        name, options = self._random.choice(
            (
                ("help", {}),
                ("context", {}),
                ("ask", {"question": f"What of {self._subject()}?"}),
                ("ask", {"question": f"And {self._subject()}?", "private": True}),
                ("memory list", {}),
            )
        )
        sent = self._discord.slash(place.channel, asker, name, **options)
        if not await until(lambda: sent.answered, 8.0):
            self._disappointed(f"/{name}")

    async def form(self, place: Place) -> None:
        """Open a form, and think better of it: it is never sent."""
        question = await self.ask(place, f"Tell me of {self._subject()}.")
        if newest := max(question.answers, default=0):
            sent = self._discord.message_command(newest, question.asker, ASK_ABOUT)
            if not await until(lambda: sent.responded, 5.0):
                self._disappointed("form")

    # ------------------------------------------------------------------ asking

    async def ask(self, place: Place, text: str) -> Question:
        """Ask by a mention and see it through."""
        question = self._ledger.ask(place.channel, place.people[0])
        self._write(place, question, text)
        await self.answered(place, question)
        return question

    def _write(self, place: Place, question: Question, text: str) -> None:
        content = f"{self._discord.mention} {text} [w{question.number}]"
        sent = self._discord.send(place.channel, question.asker, content)
        self._ledger.asked(question, sent)

    async def answered(self, place: Place, question: Question) -> None:
        """Wait for the answer, and press Retry wherever that is offered."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE
        while not question.settled and loop.time() < deadline:
            question.news.clear()
            if question.retry:
                await self._try_again(question)
                continue
            try:
                async with asyncio.timeout_at(deadline):
                    await question.news.wait()
            except TimeoutError:
                break
        place.newest = max(question.answers, default=place.newest)

    async def _try_again(self, question: Question) -> None:
        await asyncio.sleep(self._random.uniform(0.3, 1.0))
        if not question.retry or question.settled:
            return
        question.retries += 1
        pressed = await self._press(question.retry, question.asker, "retry")
        if pressed is None:
            return

        def refused() -> bool:
            return NOT_NEWEST in pressed.text

        # The buttons go once the reply is journalled, what comes of it is told later.
        await until(lambda: question.answered or not question.retry or refused(), _PRESSED)
        await until(lambda: question.answered or question.retry or refused(), _PRESSED)
        question.moved_on = refused()  # somebody else has asked meanwhile

    async def _press(self, message: int, user: int, label: str) -> Invocation | None:
        """Press a button; None if the bot has not noticed."""
        try:
            pressed = self._discord.press(message, user, label)
        except (AssertionError, KeyError):
            return None  # gone in this moment
        return pressed if await until(lambda: pressed.responded, _PRESSED) else None

    def _has(self, message: int, custom_id: str) -> bool:
        trail = self._discord.world.trails.get(message)
        return trail is not None and any(
            str(button.get("custom_id")).startswith(custom_id) for button in trail.buttons
        )

    def _disappointed(self, what: str) -> None:
        """In calm times everything has to work; what is lost in troubles is tried again."""
        calm = self._crowd.was_calm(self._began)
        self._crowd.disappointed[what if calm else f"{what} (in trouble)"] += 1

    def _subject(self) -> str:
        return self._random.choice(_SUBJECTS)


DEEDS: dict[str, tuple[int, Deed]] = {
    "mention": (66, Person.mention),
    "reply": (10, Person.reply),
    "two at once": (5, Person.two_at_once),
    "tool": (5, Person.tool),
    "command": (5, Person.command),
    "edit": (3, Person.edit),
    "again": (4, Person.again),
    "form": (2, Person.form),
}
