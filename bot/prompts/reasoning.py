"""Keeping what a model thinks apart from what it says, while both arrive. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Parted(NamedTuple):
    """A piece of a stream, parted."""

    thought: str = ""
    said: str = ""


class ReasoningSplitter:
    """Parts a stream at a pair of tags, wherever its pieces are cut; None: nothing is thought.

    Only at the beginning, blanks aside, does the opening tag mean anything: later on it is
    something that the model talks about. A thought that is never closed reaches to the end.
    """

    def __init__(self, tags: tuple[str, str] | None) -> None:
        self._opening, self._closing = tags or ("", "")
        self._state = "before" if tags else "after"
        self._held = ""

    def feed(self, text: str) -> Parted:
        """Take the next piece; give what is certain."""
        if self._state == "after":
            return Parted(said=text)
        self._held += text
        if self._state == "before":
            begun = self._held.lstrip()
            if self._opening.startswith(begun):
                return Parted()
            if not begun.startswith(self._opening):
                return self.finish()
            self._state, self._held = "inside", begun[len(self._opening) :]
        thought, closed, said = self._held.partition(self._closing)
        if closed:
            self._state, self._held = "after", ""
            return Parted(thought, said)
        sure = len(thought) - _begun(thought, self._closing)
        self._held = thought[sure:]
        return Parted(thought[:sure])

    def finish(self) -> Parted:
        """The stream has ended: what was held back belongs where it stands."""
        held, self._held = self._held, ""
        inside, self._state = self._state == "inside", "after"
        return Parted(held) if inside else Parted(said=held)


def _begun(text: str, tag: str) -> int:
    """Length of the longest end of `text` that begins `tag`."""
    for length in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-length:]):
            return length
    return 0
