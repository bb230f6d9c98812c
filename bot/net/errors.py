"""What a fetch can fail at, in words that a model and a person can read.

The words name only what the asker named. Where a name leads, and whether a name of a private
network exists, is for the log.
"""

from __future__ import annotations

from bot.errors import UserError


class FetchError(UserError):
    """Something could not be fetched; `status` is the HTTP status if a server refused."""

    text = "That address could not be fetched."

    def __init__(
        self, text: str | None = None, *, detail: str = "", status: int = 0, retry: bool = False
    ) -> None:
        super().__init__(text, detail=detail)
        self.status = status
        self.retry = retry


class AddressRefused(FetchError):
    """The address is malformed, or does not lead to a public server; nothing was connected."""

    text = "That is not the address of a public web page."


class TooLarge(FetchError):
    """The answer is larger than what was asked for."""

    text = "The answer is too large to read."


class WrongType(FetchError):
    """The answer is not of a kind that was asked for, such as a video in place of a page."""

    text = "There is no text to read at that address."
