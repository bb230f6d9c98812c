"""What a person gets to read of an answer, while it arrives."""

from __future__ import annotations


class Content:
    """Pieces of text, each without the blanks around it, one below the other.

    What has been taken is never changed later: blanks wait until something follows them.
    """

    def __init__(self) -> None:
        self._new: list[str] = []
        self._all: list[str] = []
        # Between the piece's last visible character and what may still follow.
        self._waiting: list[str] = []
        self._in_piece = False
        self.empty = True

    def add(self, text: str) -> None:
        """Go on with the piece."""
        visible = text.rstrip()
        if not visible:
            if self._in_piece and text:
                self._waiting.append(text)
            return
        if self._in_piece:
            if self._waiting:
                self._new += self._waiting
                self._waiting.clear()
            self._new.append(visible)
            self.empty = False
        else:
            self._begin(visible.lstrip())
        if len(visible) < len(text):
            self._waiting.append(text[len(visible) :])

    def add_if_followed(self, text: str) -> None:
        """Go on with something that only counts if the piece does not end with it."""
        self._waiting.append(text)
        if not self._in_piece:
            self._begin("")

    def cut(self) -> None:
        """End the piece here."""
        self._waiting.clear()
        self._in_piece = False

    def take(self) -> str:
        """What has become certain since the last time."""
        if not self._new:
            return ""
        new = "".join(self._new)
        self._new.clear()
        self._all.append(new)
        return new

    def text(self) -> str:
        """All of it so far."""
        return "".join([*self._all, *self._new])

    def _begin(self, text: str) -> None:
        if text:
            self._new.append(text if self.empty else f"\n{text}")
        elif not self.empty:
            self._waiting.insert(0, "\n")
        self._in_piece, self.empty = True, self.empty and not text
