"""How one reply looks at each moment: its text in pages, the small print, the buttons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.conversation.reply import Reply
from bot.conversation.turns import Turn
from bot.conversation.variants import after
from bot.language import tr
from cogs.live.buttons import (
    Button,
    details_button,
    question_of,
    retry_button,
    stop_button,
    thoughts_button,
)
from cogs.live.controls import controls as controls_of
from cogs.live.controls import has_controls
from cogs.live.layout import Draft, when_done, when_unfit, while_waiting, while_writing
from cogs.live.split import MESSAGE_LIMIT, Page, split
from cogs.live.stored import buttons_of, drafts_of
from cogs.live.target import Target
from cogs.live.traces import rendered
from cogs.live.wording import BACK_SOON, UNFIT, Ending, also_for


class Looks:
    """Draws one reply for one target; what it has drawn already stays where it is.

    `controls` is whether the newest reply has buttons, `thoughts` whether those of the reply that
    was there before are kept.
    """

    def __init__(self, reply: Reply, target: Target, *, controls: bool, thoughts: bool) -> None:
        self._reply = reply
        self._target = target
        self._controls = controls and target.lasting and has_controls(reply.conversation)
        self._thoughts = thoughts
        self._pages: list[Page] = []
        self._stop = stop_button(reply.conversation, target.asker, reply.id)
        waiting = () if reply.unasked else reply.askers
        others = (int(asker) for asker in waiting if asker.isdecimal())
        self._others = tuple(other for other in others if other != target.asker)

    def without_controls(self) -> None:
        """Nothing can be done with the reply any more."""
        self._controls = False

    def in_line(self, place: int) -> Draft:
        """Its message while it waits for its turn."""
        return while_waiting(place, self._stop)

    def now(self) -> list[Draft]:
        """The messages as they should look now, while the reply is written."""
        self._pages = self._split(self._headed(rendered(self._reply.parts)))
        return self._calling(while_writing(self._pages, self._stop, most=self._target.most_pages))

    def left(self) -> list[Draft]:
        """What there is of it, and that the bot is back soon to go on."""
        text = self._headed(rendered(self._reply.parts))
        drafts = when_done(
            text,
            self._split(text),
            [tr(BACK_SOON)],
            room=self._target.room,
            buttons=(),
            cut_short=bool(text),
            most=self._target.most_pages,
        )
        return self._calling(drafts)

    def unfit(self, taken: Sequence[Draft]) -> list[Draft]:
        """What Discord has taken of the reply, and that it takes no more."""
        retry = retry_button(
            self._reply.conversation, self._target.asker, question_of(self._reply.id)
        )
        return self._calling(when_unfit(taken, tr(UNFIT), retry))

    def final(self, ending: Ending) -> list[Draft]:
        """The messages of the finished reply."""
        reply = self._reply
        written = bool(reply.text.strip())
        if reply.how == "variant" and reply.older and not written and not reply.steps:
            return self._as_before(reply.older, ending)
        # Without any text, what went wrong stands in its place.
        text = "\n".join(filter(None, (rendered(reply.parts), "" if written else ending.words)))
        text = self._headed(text)
        self._pages = self._split(text)
        return self._calling(
            when_done(
                text,
                self._pages,
                ending.lines(reply.notices, with_words=written),
                buttons=self._with_controls(ending, tuple(self._buttons(ending))),
                cut_short=written and (bool(ending.words) or ending.stopped or ending.cut),
                most=self._target.most_pages,
                room=self._target.room,
            )
        )

    def _headed(self, text: str) -> str:
        """The text below the line that says whom else it answers."""
        return "\n".join(filter(None, (also_for(self._others), text))) if text else ""

    def _calling(self, drafts: list[Draft]) -> list[Draft]:
        """The drafts; the first one pings the others, since each of them asked."""
        return [replace(drafts[0], calls=self._others), *drafts[1:]] if drafts else []

    def _split(self, text: str) -> list[Page]:
        """The messages' shares of a text; pages that are full already stay as they are."""
        return split(text, self._pages[:-1], MESSAGE_LIMIT - self._target.room)

    def _as_before(self, older: Turn, ending: Ending) -> list[Draft]:
        """The reply that stands since nothing came of another text for it."""
        trouble = [f"⚠ {ending.words}"] if ending.words else []
        buttons = ()
        if self._controls:
            conversation, asker = self._reply.conversation, self._target.asker
            buttons = buttons_of(conversation, asker, older, thoughts=self._thoughts)
        notices = [*self._reply.notices, *trouble]
        return drafts_of(
            older,
            buttons=buttons,
            small_print=notices,
            others=self._others,
            room=self._target.room,
        )

    def _with_controls(self, ending: Ending, more: tuple[Button, ...]) -> tuple[Button, ...]:
        """What can be done with the reply now that it is the newest, if it is one that is kept."""
        reply = self._reply
        if not self._controls or not reply.text.strip():
            return more
        variant, count = after(reply.older, reply.how)
        return controls_of(
            reply.conversation,
            self._target.asker,
            more,
            variant=variant,
            count=count,
            again=not ending.retry,
        )

    def _buttons(self, ending: Ending) -> Iterator[Button]:
        """What can be pressed under the finished reply."""
        reply, asker = self._reply, self._target.asker
        if ending.retry:
            yield retry_button(reply.conversation, asker, question_of(reply.id))
        if reply.steps:
            yield details_button(reply.conversation, asker, reply.id)
        if reply.reasoning.strip():
            yield thoughts_button(reply.conversation, asker, reply.id)
