"""A character's own lines in what a model writes: the place of `Speech` in a reply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.characters.part import Part
from bot.characters.sentences import whole_sentences
from bot.characters.speech import Speech
from bot.conversation.ports import End, Text
from bot.conversation.reply import Thought, Trimmed

# Of English prose. The pieces of a stream tell nothing: they are several tokens each.
_CHARACTERS_PER_TOKEN = 4


class OwnLines:
    """Passes on what a part may say; without a part, everything.

    `before` is the text that the reply goes on with. `cut` tells that the model goes on as somebody
    else: nothing more is to be read. `said` whether anything of the part was heard, and `changed`
    whether that is another text than the model wrote.
    """

    def __init__(self, part: Part | None, before: str = "") -> None:
        self._part = part
        self._before = before
        self._speech = self._new(before)
        self._text = ""
        self._heard = 0
        self._passed = 0
        self.said = False
        self._trimmed = False

    @property
    def cut(self) -> bool:
        """Whether the model goes on as somebody else."""
        return self._speech is not None and self._speech.cut is not None

    @property
    def changed(self) -> bool:
        """Whether the engine's count of tokens is not that of the text."""
        return self.cut or self._trimmed or self._heard != self._passed

    def pass_on(self, events: Iterable[Text | Thought]) -> Iterator[Text | Thought]:
        """What of it is the part's; thoughts are nobody else's."""
        for event in events:
            if isinstance(event, Thought) or self._speech is None:
                self.said = self.said or isinstance(event, Text)
                yield event
                continue
            self._heard += len(event.text)
            yield from self._told(self._speech.feed(event.text))

    def end(self, end: End) -> Iterator[Text | Trimmed]:
        """What was held back at the end of a generation, and what an unfinished one loses."""
        if self._speech is None or self._part is None:
            return
        broken_off = end.reason == "length"
        yield from self._told(self._speech.finish(broken_off=broken_off))
        if not (self._part.trim and broken_off):
            return
        whole = self._before + self._text
        kept = whole_sentences(whole)
        if len(kept) > len(self._before) and kept != whole.rstrip():
            self._trimmed = True
            yield Trimmed(kept)

    def go_on(self) -> None:
        """Another generation follows, behind a tool's result."""
        if not self.cut:
            self._before = self._text = ""
            self._speech = self._new("\n" if self.said else "")

    def broken_off(self) -> End:
        """The end of a generation that was not read to its end: the engine tells no counts."""
        return End("stop", generated_tokens=self._heard // _CHARACTERS_PER_TOKEN + 1)

    def _new(self, before: str) -> Speech | None:
        part = self._part
        return Speech([part.name, *part.own], part.others, before=before) if part else None

    def _told(self, text: str) -> Iterator[Text]:
        if text:
            self._passed += len(text)
            self._text += text
            self.said = True
            yield Text(text)
