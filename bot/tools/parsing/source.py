"""The text that a scanner has been given so far, as much of it as may still be needed."""

from __future__ import annotations

import re

from bot.tools.parsing.strings import whole_characters

# No mark that is searched for is longer, so that a search may go on this far from the end.
_LONGEST_MARK = 32


class Source:
    """Text that comes in pieces, and a place `at` in it, up to which it has been read.

    What was read is forgotten with the next piece, but for what is held: a scanner can go back to
    where it said `hold`. Nothing is copied more often than it is read.
    """

    def __init__(self) -> None:
        self.text = ""
        self.at = 0
        self.final = False
        # All that ever came is this long.
        self._fed = 0
        self._half: str = ""
        # Held is all from the mark, and before it these parts of earlier pieces. Negative: nothing.
        self._mark = -1
        self._held: list[str] = []

    def add(self, piece: str) -> None:
        """Take another piece. Half of a character waits for its other half."""
        if self._half or not piece.isascii():
            piece, self._half = self._half + piece, ""
            if piece and "\ud800" <= piece[-1] <= "\udbff":
                piece, self._half = piece[:-1], piece[-1]
            piece = whole_characters(piece)
        if self._mark >= 0:
            self._held.append(self.text[self._mark : self.at])
            self._mark = 0
        self.text = self.text[self.at :] + piece
        self.at = 0
        self._fed += len(piece)

    @property
    def is_spent(self) -> bool:
        """Whether all that came has been read, and nothing is kept."""
        return self.at == len(self.text) and self._mark < 0 and not self._half

    def pass_over(self, piece: str) -> None:
        """Take a piece that needs no reading, while the source is spent."""
        self._fed += len(piece)

    def end(self) -> None:
        """There is no more text."""
        half, self._half = self._half, ""
        self.add("\ufffd" if half else "")
        self.final = True

    def place(self) -> int:
        """Where `at` is in all that ever came."""
        return self.place_of(self.at)

    def place_of(self, index: int) -> int:
        """Where an index of `text` is in all that ever came."""
        return self._fed - len(self.text) + index

    def index_of(self, place: int) -> int:
        """The index in `text` of a place that has not been forgotten."""
        return place - self._fed + len(self.text)

    def hold(self) -> None:
        """Keep what is read from here on."""
        self._mark = self.at

    def release(self) -> None:
        """Forget what was held."""
        self._held.clear()
        self._mark = -1

    def back(self, skip: int = 0) -> str:
        """Go back to where it was held, but for `skip` characters; return those."""
        begin = self._mark
        if self._held:
            self.text = "".join([*self._held, self.text[begin:]])
            begin = 0
        self.release()
        self.at = begin + skip
        return self.text[begin : self.at]

    def find(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Look on for a mark, in the text that has not been read."""
        found = pattern.search(self.text, self.at)
        if found is None:
            self.at = max(self.at, len(self.text) - _LONGEST_MARK + 1)
        return found
