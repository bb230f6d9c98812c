"""Which model answers, and how much it can read."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.conversation import faults
from bot.conversation.ports import Engine, EngineInfo, Sampling, Tokenizer
from bot.conversation.queue import PATIENCE
from bot.conversation.wishes import sampled
from bot.errors import (
    EngineChanged,
    EngineError,
    EngineRefused,
    EngineTimeout,
    EngineUnreachable,
)
from bot.models import catalogue
from bot.models.generic import GENERIC
from bot.models.profile import Profile

log = logging.getLogger(__name__)

T = TypeVar("T")

# A reply is promised at most this share of the context: the rest is for what was said before.
_REPLY_SHARE = 0.25

# Room for what an estimate is off by, and for engines that count a token or two differently.
_MARGIN = 16

# UTF-8 bytes per token before anything was measured; English prose has 4 to 5.
_BYTES_PER_TOKEN = 3.0
_CAUTION = 1.15

# A question waits so many seconds at most for what the engine says of itself; for one that was
# silent for longer just now, hardly at all. What it says later is listened to all the same.
_MOMENT = 2.5
_GLANCE = 0.2

# One that is there, but has failed to say it twice in a row, is left alone for so many seconds.
_LEFT_ALONE = 2.0

# How long one count of tokens may take, and how long they are estimated where it took longer.
_COUNT_SECONDS = 2.5
_UNCOUNTED_SECONDS = 60.0

# An engine that is away is asked again after so many seconds, as for an answer (bot.engine.limits),
# and as long as that has not taken longer than the last figure.
_PAUSES = (0.6, 1.2)
_PATIENCE = 4.0


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """A profile together with the limits of the engine that serves it, in tokens.

    `context` is prompt plus reply, `max_reply` the longest reply, `prompt_limit` the longest
    prompt that leaves room for it. `info` is None while the engine cannot be asked. `sampling` is
    the card's with what the operator has set.
    """

    profile: Profile
    info: EngineInfo | None
    context: int
    max_reply: int
    prompt_limit: int
    sampling: Sampling

    @property
    def name(self) -> str:
        """What the engine calls the model, or the profile's name where it does not tell."""
        return (self.info.model if self.info else "") or self.profile.name


class Model:
    """Finds out once what the engine serves, and asks again after it was away.

    No question waits for an engine that keeps silent about itself: it goes on with what is known,
    and the answer counts from when it comes.

    `wanted` is a profile's name, from the `setting` that is named when it is wrong; without it the
    engine's own answer decides. While the engine cannot be asked, what it served last stands in,
    or the profile with its limits, or the generic one. `patience` is how many seconds a server may
    want to be left alone before people are told so. `slots` is how many replies the engine last
    said it can write at once, None if it never told. `sampling` is what the operator has set.
    """

    def __init__(
        self,
        engine: Engine,
        wanted: str | None,
        max_reply_tokens: int,
        setting: str = "MODEL",
        sampling: Mapping[str, float] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._engine = engine
        self._wanted = catalogue.named(wanted, setting) if wanted else None
        self._setting = setting
        self._max_reply = max_reply_tokens
        self._sampling = sampling or {}
        self._longest_wait = patience
        self.slots: int | None = None
        self._known: ModelInUse | None = None
        self._last: ModelInUse | None = None
        self._asking: asyncio.Task[ModelInUse | EngineError] | None = None
        self._wait_until = 0.0
        self._ask_from = 0.0
        self._failed = False
        self._silent = False
        self._guess_told = False
        self._count_from = 0.0
        self._told: set[str] = set()
        self._bytes_per_token = _BYTES_PER_TOKEN

    async def current(self) -> ModelInUse:
        """The model in use. Never fails."""
        try:
            return await self._described()
        except EngineError as error:
            return self._assumed(error)

    async def ready(self) -> ModelInUse:
        """The model in use, for a prompt that is sent at once.

        Where only the engine can tell which model that is, one that is away is asked again for a
        moment, or when its server wants to be: once it is back, a prompt that was made before might
        have the wrong format. Raises `EngineUnreachable` if it stays away.
        """
        if self._wanted:
            return await self.current()
        give_up = time.monotonic() + _PATIENCE
        latest = time.monotonic() + self._longest_wait
        pauses = iter(_PAUSES)
        while True:
            try:
                return await self._described()
            except EngineUnreachable as error:
                if error.after is not None and error.after > _PAUSES[-1]:
                    wait = error.after * random.uniform(1.0, 1.1)
                    give_up += wait
                else:
                    wait = next(pauses, math.inf) * random.uniform(0.5, 1.0)
                if time.monotonic() + wait > min(give_up, latest):
                    raise
                log.info("engine: %s; asking again in %.1f s", error.detail or error, wait)
            except EngineError as error:
                # It is there, but does not tell; it may answer all the same.
                return self._assumed(error)
            await asyncio.sleep(wait)

    async def written(self, write: Callable[[ModelInUse], Awaitable[T]]) -> T:
        """What `write` makes with the model in use, as `ready` gives it.

        If another one has come in its place meanwhile, it is done once more for that one.
        """
        try:
            return await write(await self.ready())
        except EngineChanged as changed:
            log.info("%s: written anew for the model that is there now", changed.detail)
            self.forget()
            return await write(await self.ready())

    def _assumed(self, error: EngineError) -> ModelInUse:
        """The model as far as it is known where the engine does not tell."""
        log.debug("engine not described: %s", error)
        if isinstance(error, EngineRefused):
            self._tell_guess(f": {error.detail}")
        return self._stand_in()

    def supposed(self) -> ModelInUse:
        """The model in use as far as it is known, without asking anybody."""
        return self._known or self._stand_in()

    def _stand_in(self) -> ModelInUse:
        # It may be back when the prompt is sent: then another format would be a wrong one.
        if self._last:
            return replace(self._last, info=None)
        return self._in_use(self._wanted or GENERIC, None)

    async def look(self) -> EngineInfo:
        """Ask the engine now, as long as that takes; what it says is what is in use from now on.

        Raises its errors.
        """
        info = await self._engine.describe()
        self._take(info)
        return info

    async def _described(self) -> ModelInUse:
        """What the engine says that it serves, asked once; raises its errors.

        `EngineTimeout` if it does not say it in a moment. A question wants to know it many times,
        so a failure is remembered for a moment.
        """
        if self._known:
            return self._known
        now = time.monotonic()
        if self._asking is None or (self._asking.done() and now >= self._ask_from):
            self._asking = asyncio.create_task(self._asked(), name="what the engine serves")
            self._wait_until = now + (_GLANCE if self._silent else _MOMENT)
        await asyncio.wait([self._asking], timeout=max(self._wait_until - now, 0.0))
        if not self._asking.done():
            self._tell_guess()
            self._silent = True
            raise EngineTimeout(detail="it does not say what it serves")
        found = self._asking.result()
        if isinstance(found, EngineError):
            raise found
        return found

    async def _asked(self) -> ModelInUse | EngineError:
        """What the engine serves, or its error: perhaps nobody waits for it any more."""
        began = time.monotonic()
        try:
            return self._take(await self._engine.describe())
        except EngineError as error:
            now = time.monotonic()
            self._silent = now - began >= _MOMENT
            # A single fault may be over already, and one that is away be back at any moment.
            there = not isinstance(error, EngineUnreachable)
            if there and self._failed:
                self._ask_from = now + _LEFT_ALONE
            self._failed = there
            return error

    def _take(self, info: EngineInfo) -> ModelInUse:
        """Go by what the engine says."""
        self._silent = self._guess_told = self._failed = False
        self._ask_from = 0.0
        if self._known and self._known.info == info:
            return self._known
        self.slots = info.slots
        self._known = self._last = self._in_use(
            self._wanted or catalogue.recognise(info.model), info
        )
        log.info(
            "model %s as %s, %d tokens of context",
            info.model or "unknown",
            self._known.profile.name,
            self._known.context,
        )
        for fault in self._contradictions(self._known):
            self._tell(fault)
        if remark := self.remark(self._known):
            log.info("%s", remark)
        return self._known

    def remark(self, model: ModelInUse) -> str:
        """A sentence about a context that is not the one of the model's training, else ""."""
        if model.info is None:
            return ""
        return faults.of_context(
            model.profile, model.info, wanted_reply=self._max_reply, reply=model.max_reply
        )

    async def check(self) -> list[str]:
        """Everything that is wrong about the model in use; logged as well, each thing once.

        Asks the engine how it reads a prompt, so it is for the start and for `doctor`. Never
        fails: an engine that cannot be asked is not wrong about anything.
        """
        model = await self.current()
        found = self._contradictions(model)
        try:
            ids = await self._engine.tokenize("Hi") if isinstance(self._engine, Tokenizer) else None
        except EngineError as error:
            log.debug("BOS not checked: %s", error)
            ids = None
        if ids is not None and (wrong := faults.of_bos(model.profile, ids)):
            found.append(wrong)
            self._tell(wrong)
        return found

    def _contradictions(self, model: ModelInUse) -> list[str]:
        if model.info is None:
            return []
        chosen = self._wanted is not None
        return list(
            faults.of_model(model.profile, model.info, chosen=chosen, setting=self._setting)
        )

    def _tell_guess(self, why: str = "") -> None:
        """Log for which model prompts are written as long as the engine does not tell; once."""
        if self._guess_told:
            return
        self._guess_told = True
        log.warning(
            "the engine does not say what it serves%s; until it does, prompts are written for %s "
            "(%s names another model)",
            why,
            self._stand_in().profile.name,
            self._setting,
        )

    def _tell(self, fault: str) -> None:
        if fault not in self._told:
            self._told.add(fault)
            log.warning("%s", fault)

    def forget(self) -> None:
        """Ask the engine again next time: it was away and may serve another model now."""
        self._known = None

    async def count(self, text: str) -> int:
        """Tokens of `text`: the engine's own count, else a careful estimate. Never fails.

        A prompt may need many counts, so an engine that is slow to count is left alone for a while.
        """
        if time.monotonic() < self._count_from:
            return self.estimate(text)
        try:
            async with asyncio.timeout(_COUNT_SECONDS):
                counted = await self._engine.count_tokens(text)
        except EngineError:
            counted = None
        except TimeoutError:
            log.info("the engine does not count tokens in time: they are estimated for a minute")
            self._count_from = time.monotonic() + _UNCOUNTED_SECONDS
            counted = None
        return self.estimate(text) if counted is None else counted

    def estimate(self, text: str) -> int:
        """A careful guess of the tokens of `text`, for engines that cannot count."""
        size = len(text.encode("utf-8", "surrogatepass"))
        return int(size / self._bytes_per_token * _CAUTION) + 1

    def learn(self, text: str, tokens: int) -> None:
        """Take the engine's count of a prompt as a measure for later estimates."""
        if tokens > 0:
            measured = len(text.encode("utf-8", "surrogatepass")) / tokens
            self._bytes_per_token += (measured - self._bytes_per_token) / 8

    def _in_use(self, profile: Profile, info: EngineInfo | None) -> ModelInUse:
        context = profile.context
        if info and info.context:
            # An unknown model is what the engine says; a known one is never read past its training.
            context = info.context if profile.is_generic else min(context, info.context)
        max_reply = min(self._max_reply, max(int(context * _REPLY_SHARE), 1))
        prompt_limit = context - max_reply - _MARGIN
        if info and info.max_prompt:
            prompt_limit = min(prompt_limit, info.max_prompt - _MARGIN)
        sampling = sampled(profile.sampling, self._sampling)
        return ModelInUse(profile, info, context, max_reply, prompt_limit, sampling)
