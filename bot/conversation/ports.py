"""The two ports of the conversation: the engine that writes text and the store that remembers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from bot.conversation.config import Configuring
from bot.conversation.departures import DepartureStore
from bot.conversation.facts import FactStore
from bot.conversation.lending import Lending
from bot.conversation.library import Library
from bot.conversation.people import People
from bot.conversation.presence import ProcessStore
from bot.conversation.quotas import Kind
from bot.conversation.reminding import ReminderStore
from bot.conversation.revising import Revising
from bot.conversation.server import Surveyed
from bot.conversation.statistics import StatisticsStore, Use
from bot.conversation.turns import Pending, Snapshot, State, Turn
from bot.tools.context import ToolContext

FinishReason = Literal["stop", "length"]

MAX_SCHEMAS = 50
"""How many schemas a server, or a person, can save."""


ACTION_DAYS = 1
"""How long a question for confirmation can be answered."""

THOUGHTS_DAYS = 1
"""How long what a model thought before a reply is kept."""

MAX_THOUGHTS = 20
"""Of how many replies of a conversation that is kept; the newest stay."""

LONGEST_THOUGHT = 16_384
"""How many characters of what was thought before one reply are kept."""

MAX_LOGGED = 1_000
"""How many calls the log of a server keeps."""


@dataclass(frozen=True, slots=True)
class Action:
    """A call that changes something and waits for its asker's confirmation, since a Unix time."""

    id: str
    tool: str
    arguments: dict[str, Any]
    context: ToolContext
    since: float
    reply: str = ""


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """Who called which tool with what, and when (Unix time)."""

    at: float
    asker: str
    channel: str
    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the engine draws tokens; None leaves a value to the engine. Temperature 0 is greedy."""

    temperature: float = 0.8
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """One request for text.

    `prompt` is the rendered prompt without BOS text (every supported engine adds BOS itself).
    `max_tokens` may exceed what an engine takes per call; the engine then continues by itself.
    `stop` may hold any number of strings; none of them appears in the streamed text. `session`
    names the conversation, so that a load balancer can keep it on the replica that holds its
    prefix. `hints` are further texts at which the engine may end the answer, or not: nothing is
    done about them on this side. `schema` asks for JSON that fits a JSON Schema, where the engine
    can force it.
    """

    prompt: str
    max_tokens: int
    stop: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    session: str = ""
    schema: dict[str, Any] | None = None
    hints: tuple[str, ...] = ()

    @property
    def engine_stops(self) -> tuple[str, ...]:
        """What an engine is told to end at, the most useful first: some take four texts only.

        Most end at their model's own end marker anyway, of which the later ones are variants.
        """
        return (*self.stop[:2], *self.hints, *self.stop[2:])


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The answer is complete.

    `reason` is "length" when `max_tokens` ran out. Token counts are the engine's own;
    `prompt_tokens` counts the whole prompt with BOS and is None where the engine does not tell,
    as is `cached_tokens`, the part of the prompt that came from the engine's prefix cache.
    """

    reason: FinishReason
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    generated_tokens: int = 0


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine says about itself.

    `context` is prompt plus answer in tokens, `max_prompt` the longest prompt it takes; both are
    None where it does not tell. `model` is the id it serves ("" if unknown). `forces_schema`
    tells whether it holds an answer to the `schema` of a request. `slots` is how many answers it
    writes, or lets wait inside, before it refuses more; None where it does not tell.
    `max_stops` is how many stop strings a request may have, None where it does not tell.
    """

    kind: str
    model: str = ""
    context: int | None = None
    max_prompt: int | None = None
    forces_schema: bool = False
    slots: int | None = None
    max_stops: int | None = None


@dataclass(slots=True)
class Tally:
    """A reply to be counted for those who caused it, in an hour (hours since 1970).

    `counts` is filled in by the store: how many each of `owners` has had in that hour, this one
    included.
    """

    owners: tuple[str, ...]
    hour: int
    counts: tuple[int, ...] = ()


@dataclass(slots=True)
class Counts:
    """What some people and servers have had in an hour: looked up beside something else.

    `wanted` is what of whom; `found` is filled in by the store.
    """

    wanted: tuple[tuple[Kind, str], ...]
    hour: int
    found: Mapping[tuple[Kind, str], int] = field(default_factory=dict[tuple[Kind, str], int])


@dataclass(frozen=True, slots=True)
class Spending:
    """The tokens of a reply, to be counted for those who caused it, in an hour."""

    owners: tuple[str, ...]
    hour: int
    tokens: int


class Engine(Protocol):
    """A server that continues a prompt. Errors are `bot.errors.EngineError`s."""

    def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        """Yield text as it comes and exactly one `End`, last; raise if there is no whole answer.

        Closing the generator (or cancelling the task that reads it) closes the connection at
        once, so that the engine stops working. Before the first piece of text, an engine that is
        busy, unreachable or breaks off is asked again a few times; afterwards never.
        """
        ...

    async def count_tokens(self, text: str) -> int | None:
        """Count the tokens of `text` without BOS, or None if the engine cannot."""
        ...

    async def describe(self) -> EngineInfo:
        """Ask the engine what it serves."""
        ...

    async def aclose(self) -> None:
        """Give back connections; a stream in flight ends."""
        ...


@runtime_checkable
class Tokenizer(Protocol):
    """What an engine can have beside `Engine`: it shows how it reads a prompt."""

    async def tokenize(self, prompt: str) -> Sequence[int] | None:
        """The token ids of a prompt, with what the engine puts in front; None if it cannot."""
        ...


class Store(
    FactStore,
    Revising,
    People,
    Library,
    Lending,
    ReminderStore,
    StatisticsStore,
    Surveyed,
    Configuring,
    ProcessStore,
    DepartureStore,
    Protocol,
):
    """Where conversations live. Errors are `bot.errors.StoreUnavailable`."""

    async def load(
        self, conversation: str, facts_of: Sequence[str] = (), counts: Counts | None = None
    ) -> Snapshot:
        """Read turns, state and owed replies in one round trip, with the facts of some owners.

        What is asked in `counts` is filled in by the way.
        """
        ...

    async def journal(
        self,
        conversation: str,
        turns: Sequence[Turn],
        pending: Pending,
        tally: Tally | None = None,
    ) -> bool:
        """Write the user's turns and the owed reply in one round trip, all or nothing.

        The reply is counted in the same round trip, if a `tally` is given.

        Returns False, and changes nothing, if the reply was journalled before: the same message
        came twice, or another process has it.
        """
        ...

    async def commit(
        self,
        conversation: str,
        reply: str,
        turn: Turn | None,
        state: State,
        *,
        counted: Sequence[Turn] = (),
        dropped: Sequence[str] = (),
        replaced: str = "",
        prompt: str | None = None,
        thoughts: str = "",
        use: Use | None = None,
        spent: Spending | None = None,
    ) -> bool:
        """Settle a reply in one round trip.

        Writes the reply's `turn`, in place of the one with the id `replaced`; gives the turns in
        `counted` their token counts, unless their text is another one by now; removes the turns
        with the ids in `dropped` (cut from the window; they move to the archive), stores `state`
        and the exact `prompt` for `/context` (None keeps the one before), and removes the owed
        reply from the journal. `thoughts` are kept apart from the turns, for `THOUGHTS_DAYS` and
        of the newest `MAX_THOUGHTS` replies. `use` is counted for its server, `spent` for whom it
        names. Doing it again changes nothing. Returns False, and changes nothing, if the reply is
        neither owed nor written: what it answers was forgotten meanwhile.
        """
        ...

    async def thoughts(self, conversation: str) -> Mapping[str, str]:
        """What was thought before replies, by reply, as far as it is still kept."""
        ...

    async def save_state(self, conversation: str, state: State) -> None:
        """Store a changed state."""
        ...

    async def last_prompt(self, conversation: str) -> str | None:
        """The exact prompt of the newest reply, if it is still kept."""
        ...

    async def owed(self) -> Sequence[tuple[str, Pending]]:
        """All replies that are owed, as (conversation, entry), oldest first."""
        ...

    async def schema_names(self, owner: str) -> Sequence[str]:
        """The names of the schemas that an owner (a server, or a person) has saved, in order."""
        ...

    async def schema(self, owner: str, name: str) -> str | None:
        """A saved schema as it was written, None if there is none of that name."""
        ...

    async def save_schema(self, owner: str, name: str, text: str) -> bool:
        """Save a schema, in place of one with the same name.

        Returns False, and changes nothing, if the owner has `MAX_SCHEMAS` others already.
        """
        ...

    async def delete_schema(self, owner: str, name: str) -> bool:
        """Forget a saved schema; returns whether there was one."""
        ...

    async def tool_rules(self) -> Mapping[str, str]:
        """What was set about tools, by place, as `ToolRules` wrote it."""
        ...

    async def set_tool_rules(self, place: str, text: str | None) -> None:
        """Keep what was set about tools in a place, None to forget it."""
        ...

    async def policies(self) -> Mapping[str, str]:
        """What servers allow, by server, as `Policies` wrote it."""
        ...

    async def set_policy(self, server: str, text: str | None) -> None:
        """Keep what a server allows, None to forget it: then the defaults hold."""
        ...

    async def log_calls(
        self, owner: str, calls: Sequence[LoggedCall], counted: Sequence[str] = ()
    ) -> Sequence[int]:
        """Add calls to a server's log, in one round trip.

        Returns how many calls each of `counted`, people and servers, has had in the current hour,
        these included.
        """
        ...

    async def forgive_calls(self, at: float, count: int, counted: Sequence[str]) -> None:
        """Count calls no more that were logged at a Unix time, and refused."""
        ...

    async def count(self, counts: Counts) -> None:
        """Look up what some have had in an hour, in one round trip."""
        ...

    async def tally(self, tally: Tally, name: str) -> None:
        """Count something as a reply that is none, in one round trip; a name counts once."""
        ...

    async def spend(self, spent: Spending, name: str) -> None:
        """Count tokens that are no reply's, in one round trip; a name counts once."""
        ...

    async def logged_calls(self, owner: str, count: int) -> Sequence[LoggedCall]:
        """The newest calls of a server's log, newest first."""
        ...

    async def save_action(self, action: Action) -> None:
        """Keep what waits for confirmation, for `ACTION_DAYS`."""
        ...

    async def action(self, action: str) -> Action | None:
        """What waits for confirmation under an id, if it still does."""
        ...

    async def take_action(self, action: str) -> bool:
        """Settle what waits for confirmation; only one caller is told True."""
        ...

    async def active(self, since: float) -> Sequence[str]:
        """Conversations with a question since a Unix time, newest first."""
        ...

    async def last_heard(self) -> float | None:
        """Until when a bot process heard all messages, by the front's clock (Unix time)."""
        ...

    async def say_heard(self, until: float) -> None:
        """Note that all messages until the Unix time `until` were heard."""
        ...

    async def ping(self) -> None:
        """Return if the store answers."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...
