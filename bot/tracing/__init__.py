"""What happened within one reply, as an OpenTelemetry trace: every span is defined here.

It is told where `bot.metrics` counts, and like there no value is a name or a text of people. Ids of
places are told only where that is wanted; a reply's own id always, as in the log.

Unless traces are sent somewhere (`bot.tracing.export`), nothing is imported here, and whatever is
called looks at one variable and returns. Names are those of OpenTelemetry's semantic conventions
where there are any (`gen_ai.*`, `http.*`, `db.*`), else `hermes.*`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING

from bot.errors import BadInput, LimitReached
from bot.metrics import kind_of

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

Value = str | int | float | Sequence[str] | None


class _Sender:
    """Makes spans. `front` is what people talk through; `ids`: places are told by their ids."""

    def __init__(self, tracer: Tracer, front: str, *, ids: bool) -> None:
        self.tracer = tracer
        self.front = front
        self.ids = ids
        self.replies: set[_Reply] = set()


class _Trace:
    """What all spans of one reply share. `over`: what still comes of it is not told any more."""

    def __init__(self, sender: _Sender) -> None:
        self.sender = sender
        self.outcome = ""
        self.over = False
        self.discord: Counter[str] = Counter()


class _Open:
    """A span that has not ended: what begins inside becomes its child."""

    def __init__(self, trace: _Trace, span: Span) -> None:
        self.trace = trace
        self.span = span
        self._before: _Open | None = None

    def __enter__(self) -> None:
        self._before = _CURRENT.get()
        _CURRENT.set(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Not by a token: a generator around this may be closed in another task than began it.
        _CURRENT.set(self._before)
        if isinstance(error, Exception):
            self.fail(kind_of(error))
        self.span.end()

    def note(self, attributes: Mapping[str, Value]) -> None:
        """Say something of the span; None is left out."""
        for name, value in attributes.items():
            if value is not None:
                self.span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        """Mark the span as failed, by the error's kind alone: its text may quote people."""
        from opentelemetry.trace import StatusCode

        self.span.set_attribute("error.type", kind)
        self.span.set_status(StatusCode.ERROR)

    def child(self, name: str, began: int | None = None, *, outward: bool = False) -> _Open:
        """A span inside, from now or from a Unix time in ns; `outward`: it asks another service."""
        from opentelemetry.trace import SpanKind, set_span_in_context

        span = self.trace.sender.tracer.start_span(
            name,
            context=set_span_in_context(self.span),
            kind=SpanKind.CLIENT if outward else SpanKind.INTERNAL,
            start_time=began,
        )
        return _Open(self.trace, span)


class _Reply(_Open):
    """The span of a whole reply."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        refused = isinstance(error, (LimitReached, BadInput))
        if isinstance(error, Exception) and not refused and not self.trace.over:
            self.fail(kind_of(error))
        unsaid = "refused" if refused else "failed" if isinstance(error, Exception) else "none"
        self.close(unsaid)
        _CURRENT.set(self._before)

    def close(self, unsaid: str) -> None:
        """End the trace; `unsaid` is what became of the reply if nobody has told."""
        trace = self.trace
        if trace.over:
            return
        trace.over = True
        trace.sender.replies.discard(self)
        self.note({"hermes.reply.outcome": trace.outcome or unsaid})
        self.note({f"hermes.discord.{what}": count for what, count in trace.discord.items()})
        self.span.end()


_CURRENT: ContextVar[_Open | None] = ContextVar("span", default=None)
_NOTHING = nullcontext()
_sender: _Sender | None = None


@contextmanager
def making(tracer: Tracer, front: str, *, ids: bool) -> Generator[None, None, None]:
    """Make a trace of every reply that begins while this is open."""
    global _sender
    _sender = sender = _Sender(tracer, front, ids=ids)
    try:
        yield
    finally:
        _sender = None
        # The process ends in the middle of them; their tasks are cancelled later than this.
        for one in tuple(sender.replies):
            one.close("abandoned")


def _here() -> _Open | None:
    """The span that is open in this task, if its reply is."""
    here = _CURRENT.get()
    return None if here is None or here.trace.over else here


def _before(seconds: float) -> int:
    return time.time_ns() - int(seconds * 1e9)


def reply(asked: int) -> AbstractContextManager[None]:
    """The trace of one reply that was asked for at a Unix time in ns; all else is told inside.

    Its first span, `turn`, is the wait for what was being written in the conversation before.
    """
    if _sender is None:
        return _NOTHING
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind

    span = _sender.tracer.start_span(
        "reply", context=Context(), kind=SpanKind.SERVER, start_time=asked
    )
    opened = _Reply(_Trace(_sender), span)
    _sender.replies.add(opened)
    opened.note({"hermes.front": _sender.front})
    opened.child("turn", asked).span.end()
    return opened


def step(name: str) -> AbstractContextManager[None]:
    """A part of the work on a reply: `load`, `journal`, `prompt`, `commit`."""
    here = _here()
    return here.child(name) if here else _NOTHING


def reply_begun(reply_id: str, conversation: str, origin: Mapping[str, str]) -> None:
    """Tell by what id the log knows the reply, and where it is if that is wanted."""
    if here := _here():
        here.note({"hermes.reply.id": reply_id})
        if here.trace.sender.ids:
            here.note(
                {"gen_ai.conversation.id": conversation, "hermes.guild.id": origin.get("guild")}
            )


def reply_ended(outcome: str, error: str, finish: str | None) -> None:
    """Tell what became of the reply's text; `error` and `finish` as in metrics and `End`."""
    if here := _here():
        here.trace.outcome = outcome
        here.note({"gen_ai.response.finish_reasons": (finish,) if finish else None})
        if error:
            here.fail(error)


def answered_by(engine: str, kind: str, model: str) -> None:
    """Tell which engine writes the reply, and with what."""
    if here := _here():
        here.note(
            {
                "hermes.engine": engine,
                "gen_ai.provider.name": kind or None,
                "gen_ai.request.model": model,
            }
        )


def waited_in_line(seconds: float) -> None:
    """Tell how long the reply stood in front of the engine."""
    if here := _here():
        here.child("line", _before(seconds)).span.end()


def prompt_fits(tokens: int, turns: int, cut: int) -> None:
    """Tell what the prompt is expected to cost, how many turns it says and how many it has cut."""
    if here := _here():
        here.note(
            {
                "hermes.prompt.tokens": tokens,
                "hermes.prompt.turns": turns,
                "hermes.prompt.cut_turns": cut,
            }
        )


def generation(model: str, most: int, temperature: float) -> AbstractContextManager[None]:
    """One request to the engine, with all its repetitions, for at most so many tokens."""
    here = _here()
    if here is None:
        return _NOTHING
    opened = here.child(f"text_completion {model}", outward=True)
    opened.note(
        {
            "gen_ai.operation.name": "text_completion",
            "gen_ai.request.model": model,
            "gen_ai.request.max_tokens": most,
            "gen_ai.request.temperature": temperature,
        }
    )
    return opened


def first_token(seconds: float) -> None:
    """Tell that the engine begins to answer, so long after it was asked."""
    if here := _here():
        here.span.add_event("first token")
        here.note({"gen_ai.response.time_to_first_chunk": seconds})


def engine_busy() -> None:
    """Tell that the engine was too busy for the request, which is made again."""
    if here := _here():
        here.span.add_event("busy")


def generated(finish: str, prompt: int | None, cached: int | None, tokens: int) -> None:
    """Tell how the engine's answer ended, and its own counts of tokens."""
    if here := _here():
        here.note(
            {
                "gen_ai.response.finish_reasons": (finish,),
                "gen_ai.usage.input_tokens": prompt,
                "gen_ai.usage.cache_read.input_tokens": cached,
                "gen_ai.usage.output_tokens": tokens,
            }
        )


def context_headers() -> dict[str, str]:
    """Headers by which whom we ask can join the trace (`traceparent`); none without one."""
    here = _here()
    if here is None:
        return {}
    from opentelemetry.propagate import inject
    from opentelemetry.trace import set_span_in_context

    headers: dict[str, str] = {}
    inject(headers, context=set_span_in_context(here.span))
    return headers


def tool(name: str) -> AbstractContextManager[None]:
    """One call of a tool; its arguments and its result are not told."""
    here = _here()
    if here is None:
        return _NOTHING
    opened = here.child(f"execute_tool {name}")
    opened.note({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name})
    return opened


def tool_ended(outcome: str) -> None:
    """Tell what came of the call, in the words of `metrics.TOOL_CALLS`."""
    if here := _here():
        here.note({"hermes.tool.outcome": outcome})
        if outcome == "failed":
            here.fail("tool_failed")


def discord_request(kind: str, method: str, status: int, seconds: float) -> None:
    """Tell of a request to Discord that has ended; status 0 is no answer."""
    if here := _here():
        here.trace.discord["requests"] += 1
        here.trace.discord["rate_limited"] += status == 429
        asked = here.child(f"discord {kind}", _before(seconds), outward=True)
        asked.note({"http.request.method": method, "http.response.status_code": status or None})
        if not 200 <= status < 400:
            asked.fail(str(status) if status else "no_answer")
        asked.span.end()


def redis_call(outcome: str, commands: int, seconds: float) -> None:
    """Tell of a round trip to Redis that has ended, with its repetitions."""
    if here := _here():
        asked = here.child("redis", _before(seconds), outward=True)
        asked.note({"db.system.name": "redis", "db.operation.batch.size": commands})
        if outcome != "ok":
            asked.fail("store_unavailable")
        asked.span.end()
