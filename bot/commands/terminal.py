"""Questions in a terminal, and what stands in for the answers where nobody is asked."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence

from bot.errors import SettingsError


class Terminal:
    """Asks questions; with `asks` False each one takes its default, or is a `SettingsError`."""

    def __init__(self, *, asks: bool) -> None:
        self.asks = asks

    def say(self, text: str = "") -> None:
        """Print a line."""
        print(text, flush=True)

    def ask(self, question: str, default: str = "") -> str:
        """One line, or the default."""
        if not self.asks:
            return default
        shown = f" [{default}]" if default else ""
        return input(f"{question}{shown}: ").strip() or default

    def agree(self, question: str) -> bool:
        """Yes, which it is too where nobody says anything, or no."""
        while self.asks:
            answer = input(f"{question} [Y/n]: ").strip().casefold()
            if answer in ("y", "yes", "n", "no", ""):
                return not answer.startswith("n")
        return True

    def choose(self, question: str, options: Sequence[str], default: int = 0) -> int:
        """The place of one of several options."""
        if not self.asks:
            return default
        for number, option in enumerate(options, 1):
            self.say(f"  {number}  {option}")
        while True:
            answer = self.ask(question, str(default + 1))
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                return int(answer) - 1
            self.say(f"  A number from 1 to {len(options)}, please.")

    def secret(self, question: str, otherwise: str) -> str:
        """A line that is not shown; where nobody can be asked, `otherwise` says what to do."""
        if not self.asks:
            raise SettingsError(otherwise)
        return getpass.getpass(f"{question} (it is not shown): ").strip()


def is_there() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
