"""Who is served next: one of each server in turn, and within a server one of each person. Pure.

So a person with ten questions does not delay others, and a server with a hundred busy channels
does not delay another server. What a person asked stays in order.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom something is asked: a person, and the server where they ask.

    `server` is "" where there is none; each person is then a server of their own. `roles` are
    those of theirs that any limit of the server names.
    """

    person: str = ""
    server: str = ""
    roles: frozenset[str] = field(default_factory=frozenset[str], compare=False)


class FairOrder(Generic[T]):
    """Things that wait, each once. Adding and removing take the same time however many wait."""

    def __init__(self) -> None:
        # Each level is in the order of its turns: who was served goes to the end. Not plain
        # dicts, which grow slow when much is taken from their front.
        self._servers: OrderedDict[str, OrderedDict[str, OrderedDict[T, None]]] = OrderedDict()
        self._of_person: Counter[str] = Counter()
        self._askers: dict[T, Asker] = {}

    def __len__(self) -> int:
        return len(self._askers)

    def __contains__(self, thing: object) -> bool:
        return thing in self._askers

    def __iter__(self) -> Iterator[T]:
        """All that wait, in the order in which they are served if nobody comes or goes."""
        return _in_turns(_in_turns(people.values()) for people in self._servers.values())

    def of(self, person: str) -> int:
        """How many things wait for a person, on all servers."""
        return self._of_person[person]

    def add(self, asker: Asker, thing: T) -> None:
        """Let a thing wait behind what its person waits for already."""
        people = self._servers.setdefault(_server(asker), OrderedDict())
        people.setdefault(asker.person, OrderedDict())[thing] = None
        self._of_person[asker.person] += 1
        self._askers[thing] = asker

    def remove(self, thing: T) -> bool:
        """Let a thing wait no longer, without a turn for it; returns whether it did wait."""
        asker = self._askers.pop(thing, None)
        if asker is None:
            return False
        people = self._servers[_server(asker)]
        del people[asker.person][thing]
        if not people[asker.person]:
            del people[asker.person]
        if not people:
            del self._servers[_server(asker)]
        self._of_person[asker.person] -= 1
        if not self._of_person[asker.person]:
            del self._of_person[asker.person]
        return True

    def take(self) -> T:
        """Remove the thing whose turn it is. Raises IndexError if nothing waits."""
        if not self._servers:
            raise IndexError("nothing waits")
        server, people = next(iter(self._servers.items()))
        person, things = next(iter(people.items()))
        self._servers.move_to_end(server)
        people.move_to_end(person)
        thing = next(iter(things))
        self.remove(thing)
        return thing


def _server(asker: Asker) -> str:
    # No server's id begins with a blank.
    return asker.server or f" {asker.person}"


def _in_turns(rows: Iterable[Iterable[T]]) -> Iterator[T]:
    """One of each row, then the second of each, until all are used up."""
    waiting = deque(map(iter, rows))
    while waiting:
        row = waiting.popleft()
        for thing in row:
            yield thing
            waiting.append(row)
            break
