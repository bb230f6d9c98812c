"""Faults that a test orders for REST requests: by route, for a number of times."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass
class Fault:
    """What happens to the next requests that match.

    `status` answers with that code (429 with `retry_after`, `is_global`); `drop` closes the
    connection without an answer. A request takes effect all the same if `applied`; `delay` waits
    first. `said` is the body of the answer, as JSON or in bytes. `headers` are what the answer to a
    request that passes says besides.
    The first `skip` matching requests pass, then `times` are hit (None: all). `when` looks at the
    JSON body and may let a request pass.
    """

    method: str
    path: str
    status: int | None = None
    drop: bool = False
    applied: bool = False
    delay: float = 0.0
    times: int | None = 1
    skip: int = 0
    retry_after: float = 0.3
    is_global: bool = False
    said: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    when: Callable[[Any], bool] | None = None
    hits: int = 0

    def matches(self, method: str, path: str, body: Any) -> bool:
        """Whether this request is hit; counts it."""
        if self.method not in (method, "*") or not fnmatch.fnmatchcase(path, self.path):
            return False
        if self.when is not None and not self.when(body):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        self.hits += 1
        return True


Outcome = Literal["answered", "limited", "faulted", "dropped"]
