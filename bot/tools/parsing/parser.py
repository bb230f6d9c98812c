"""Reading what a Hermes model answers: its text, its calls, its thoughts. Pure, in linear time.

One scanner for a whole text and for a stream; docs/parse.md has the rules. What is not yet certain
is held back, so that nothing has to be taken back, and no tag is ever shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.tools.parsing import calls, marks
from bot.tools.parsing.answer import Answer, Findings, Piece
from bot.tools.parsing.marks import past
from bot.tools.parsing.prose import Prose
from bot.tools.parsing.region import Body, Ending
from bot.tools.parsing.source import Source
from bot.tools.parsing.untagged import Trials, Verdict

# With halves of characters, which have to be put together first.
_SPECIAL = re.compile("[<`\ud800-\udfff]")
_SPECIAL_OFFERED = re.compile("[<`{\\[\ud800-\udfff]")
_TICKS = re.compile(r"`{1,17}")
_FENCE = re.compile(marks.FENCE.pattern + r"\s{0,64}")
_RECOVERY = marks.one_of(marks.OPENER, marks.CLOSER, *marks.TURNS)
_BEHIND_OPENING = marks.one_of(marks.CLOSER, marks.RESPONSE, *marks.TURNS)


def parse(text: str, tools: Sequence[Mapping[str, Any]] | None) -> Answer:
    """Read a whole answer. `tools` are the schemas that were offered; never fails."""
    parser = Parser(tools)
    parser.feed(text)
    return parser.finish()


class Parser:
    """Reads an answer while it arrives. `over` says that nothing more of it can count."""

    def __init__(self, tools: Sequence[Mapping[str, Any]] | None) -> None:
        self.over = False
        names = calls.offered(tools)
        self._special = _SPECIAL_OFFERED if names else _SPECIAL
        self._findings = Findings()
        self._content = self._findings.content
        self._source = Source()
        self._state: Callable[[], bool] = self._text
        self._calm = False
        self._body = Body()
        self._trials = Trials(names)
        self._attempt = self._trials.begin(alone=False)
        self._pad = ""
        self._opening = ""
        self._prose = Prose(self._content)
        self._seen_call = False
        # Up to which place it is known how a thought ends, and what is behind an opening tag.
        self._unclosed: dict[str, int] = {}
        self._known, self._known_closed = -1, False

    def feed(self, chunk: str) -> Piece:
        """Take the next piece; return what is certain now."""
        if self._calm and not self._special.search(chunk):
            # Nearly every piece is like this, and there are thousands a second.
            self._source.pass_over(chunk)
            self._content.add(chunk)
        elif not self.over:
            self._source.add(chunk)
            self._run()
        return self._findings.take()

    def finish(self) -> Answer:
        """The answer has ended: what was held back is what it is."""
        if not self.over:
            self._source.end()
            self._run()
            self.over = True
        self._content.cut()
        return self._findings.answer()

    def _run(self) -> None:
        while not self.over and self._state():
            pass
        settled = self._source.is_spent and self._prose.is_settled
        self._calm = settled and not self.over and self._state == self._text

    # States: each reads on, and returns whether there is more to do without more text.

    def _text(self) -> bool:
        source = self._source
        text, at = source.text, source.at
        found = self._special.search(text, at)
        end = found.start() if found else len(text)
        if end > at:
            self._prose.say(text[at:end])
            source.at = end
        if found is None:
            return False
        if found[0] == "<":
            return self._angle()
        return self._ticks() if found[0] == "`" else self._brace()

    def _inside_call(self) -> bool:
        source, body = self._source, self._body
        source.at = body.feed(source.text, source.at, final=source.final)
        match body.ending:
            case None:
                return False
            case Ending.COMPLETE:
                source.release()
                self._seen_call = True
                self._prose.cut()
                self._findings.add_values(body.values, recovered=body.recovered)
                self._state = self._text
            case Ending.BAD:
                source.back(body.inner)
                self._drop(body.fault)
            case Ending.PROSE:
                self._opening = marks.OPENER + source.back(body.inner)
                self._judge_opening()
        return True

    def _recovering(self) -> bool:
        """Behind a call that was none: all up to the next tag is dropped."""
        found = self._source.find(_RECOVERY)
        if found is None:
            return False
        self._source.at = found.start()
        self._state = self._text
        return True

    def _behind_opening(self) -> bool:
        """Behind an opening tag that no call follows: is it one, or is it talked about?"""
        source = self._source
        found = source.find(_BEHIND_OPENING)
        if found is None and not source.final:
            return False
        self._known = source.place_of(found.start() if found else len(source.text))
        self._known_closed = found is not None and found[0] == marks.CLOSER
        source.back()
        self._judge_opening()
        return True

    def _thinking(self) -> bool:
        source = self._source
        found = source.find(marks.ENDS_OF_PAD[self._pad])
        if found is None and not source.final:
            return False
        end = source.place_of(found.start() if found else len(source.text))
        source.back()
        if found is not None and found[0] == marks.PADS[self._pad]:
            at = source.index_of(end)
            self._take_thought(source.text[source.at : at], at + len(found[0]))
        else:
            self._unclosed[self._pad] = end
            self._end_unclosed_thought()
        return True

    def _attempting(self) -> bool:
        source, attempt = self._source, self._attempt
        source.at = attempt.feed(source.text, source.at, final=source.final)
        if attempt.verdict is None:
            return False
        self._state = self._text
        if attempt.verdict is Verdict.CALLS:
            source.release()
            self._findings.add_calls(attempt.calls())
            for thought in attempt.thoughts:
                self._findings.add_thought(thought)
            self._content.cut()
            self._seen_call = self._seen_call or attempt.tagged
            return True
        failed = source.place()
        source.back()
        self._trials.failed(attempt, source.place(), failed - source.place())
        if source.text.startswith("```", source.at):
            return self._open_block()
        return self._plain(1)

    # What begins at a character that may mean something; these return the same.

    def _angle(self) -> bool:
        source = self._source
        mark = marks.ANY.match(source.text, source.at)
        if mark is None:
            return self._other_angle()
        if self._prose.in_span:
            end = self._prose.span_end(source.text, source.at, final=source.final)
            if end is None:
                return False
            self._prose.in_span = False
            if end > 0:
                return self._plain(end - source.at)
        tag = mark[0]
        source.at = mark.end()
        if tag == marks.OPENER:
            self._body = Body()
            self._hold_in(self._inside_call)
        elif tag in marks.PADS:
            self._content.cut()
            self._begin_thought(tag)
        elif tag in marks.TURNS:
            self.over = True
        elif tag == marks.RESPONSE:
            self._findings.add_fault("hallucinated_response")
            self.over = True
        elif tag == marks.SOFT_STOP:
            self._content.add_if_followed(tag)
        else:
            self._content.cut()
        return True

    def _other_angle(self) -> bool:
        source = self._source
        if not source.final and marks.may_become_one(source.text, source.at):
            return False
        if self._may_attempt():
            element = self._trials.element(source.text, source.at, final=source.final)
            if element is not False:
                return self._try(alone=False) if element else False
        return self._plain(1)

    def _ticks(self) -> bool:
        source, prose = self._source, self._prose
        end = past(_TICKS, source.text, source.at)
        length = end - source.at
        if end == len(source.text) and length < 17 and not source.final:
            return False
        if length == 1:
            prose.in_span = not prose.in_span
        if length < 3 or length > 16 or prose.in_span:
            return self._plain(length)
        if prose.round_calls is not None:
            prose.end_round_calls()
            source.at = end
            return True
        if prose.in_block:
            prose.in_block = False
            return self._plain(length)
        return self._fence()

    def _fence(self) -> bool:
        """A code block: text, or a call in a block, or a block round calls."""
        source = self._source
        text, end = source.text, past(_FENCE, source.text, source.at)
        if not source.final and (end == len(text) or marks.may_become_one(text, end)):
            return False
        if text.startswith(marks.OPENER, end):
            self._prose.round_calls, source.at = text[source.at : end], end
            return True
        if self._may_attempt():
            element = self._trials.element(text, end, final=source.final)
            if element is None:
                return False
            if element or text.startswith(("{", "["), end):
                return self._try(alone=False)
        return self._open_block()

    def _brace(self) -> bool:
        source = self._source
        alone = self._content.empty and not self._seen_call
        if self._may_attempt(tagged=True) and (alone or source.text[source.at] == "{"):
            bare = self._trials.bare(source.text, source.at, final=source.final)
            if bare is not False:
                return self._try(alone=alone) if bare else False
        return self._plain(1)

    # The steps that they share.

    def _plain(self, length: int) -> bool:
        """Take the next characters as text."""
        source = self._source
        end = source.at + length
        self._prose.say(source.text[source.at : end])
        source.at = end
        return True

    def _open_block(self) -> bool:
        self._plain(past(_FENCE, self._source.text, self._source.at) - self._source.at)
        self._prose.in_block = True
        return True

    def _may_attempt(self, *, tagged: bool = False) -> bool:
        """Whether a call without tags may begin; behind another one only if it has half of them."""
        allowed = self._prose.is_open and self._trials.are_allowed(self._source.place())
        return allowed and (tagged or not self._seen_call)

    def _try(self, *, alone: bool) -> bool:
        self._attempt = self._trials.begin(alone=alone)
        self._hold_in(self._attempting)
        return True

    def _hold_in(self, state: Callable[[], bool]) -> None:
        """Go on with a state that may have to go back to here."""
        self._source.hold()
        self._state = state

    def _begin_thought(self, tag: str) -> None:
        self._pad = tag
        if self._unclosed.get(tag, -1) >= self._source.place():
            self._end_unclosed_thought()
        else:
            self._hold_in(self._thinking)

    def _end_unclosed_thought(self) -> None:
        """A thought that is never closed ends at the next call, or with the turn."""
        source = self._source
        end = source.index_of(self._unclosed[self._pad])
        call = source.text.find(marks.OPENER, source.at, end)
        end = end if call < 0 else call
        self._take_thought(marks.without_stops(source.text[source.at : end]), end)

    def _take_thought(self, thought: str, end: int) -> None:
        self._findings.add_thought(thought)
        self._source.at = end
        self._state = self._text

    def _judge_opening(self) -> None:
        """What an opening tag means that no call follows."""
        if self._source.place() > self._known:
            self._hold_in(self._behind_opening)
        elif self._known_closed:
            self._drop("invalid_json")
        else:
            self._state = self._text
            self._prose.say(self._opening)

    def _drop(self, fault: str) -> None:
        """Behind an opening tag is no call: go on behind it."""
        self._seen_call = True
        self._prose.cut()
        self._findings.add_fault(fault)
        self._state = self._recovering
