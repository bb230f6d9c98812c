"""The engine of a wire test: the TGI stand-in with a script, one entry for each request."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from tests.stand_ins.tgi import Fault, Seen, TgiStandIn

_FAULTS: dict[str, Literal["overloaded", "rst", "fin", "error", "hang"]] = {
    "overloaded": "overloaded",
    "dies": "rst",
    "ends": "fin",
    "errors": "error",
    "hangs": "hang",
}


@dataclass(frozen=True)
class Line:
    """What the engine does with one request."""

    text: str
    fault: Fault | None = None
    ttft: float | None = None


class Engine(TgiStandIn):
    """About 25 tokens a second, a keep-alive comment each second, and `say` for what comes next."""

    def __init__(self) -> None:
        super().__init__(tokens_per_second=25.0, ttft=0.05, keep_alive=1.0)
        self.reply = self._spoken
        self._script: deque[Line] = deque()
        self._line = Line("I was not told what to say.")
        self._usual_ttft = self.ttft

    def say(
        self,
        *texts: str,
        fault: str | None = None,
        after: int = 0,
        ttft: float | None = None,
    ) -> None:
        """Say these texts to the next requests; `fault` strikes behind `after` tokens."""
        ordered = Fault(_FAULTS[fault], after=after) if fault else None
        self._script.extend(Line(text, ordered, ttft) for text in texts)

    def fail_always(self, fault: str) -> None:
        """Fail every request until `recover`."""
        self.fault = Fault(_FAULTS[fault])

    def recover(self) -> None:
        self.fault = None

    @property
    def prompts(self) -> list[str]:
        """The exact prompts that were received, in order."""
        bodies = [seen.body for seen in self.generations]
        return [body["inputs"] if "inputs" in body else body["prompt"] for body in bodies]

    @property
    def last(self) -> Seen:
        return self.generations[-1]

    def _spoken(self, _prompt: str) -> str:
        return self._line.text

    def _due(self) -> Fault | None:
        if (fault := super()._due()) is not None:
            return fault
        if self._script:
            self._line = self._script.popleft()
        self.ttft = self._usual_ttft if self._line.ttft is None else self._line.ttft
        fault, self._line = self._line.fault, Line(self._line.text)
        return fault
