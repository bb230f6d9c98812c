"""Errors that carry their own words for the person who asked.

Every failure that a user can meet is a `UserError` with a finished sentence: what happened and
what to do. Anything else is a defect; it is shown with a reference that the log repeats.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from bot.language import later, tr


class UserError(Exception):
    """A failure that can be told to a user as it stands.

    `text` is the sentence shown in the channel, made with `later`, so that `explain` can say it in
    the reader's language; `retry` says whether asking again may help.
    """

    text: str = later("Something went wrong.")
    retry = False

    def __init__(self, text: str | None = None, *, detail: str = "") -> None:
        """Take another `text` than the class's own, and `detail` for the log only."""
        if text is not None:
            self.text = text
        self.detail = detail
        super().__init__(f"{self.text} ({detail})" if detail else self.text)


class EngineError(UserError):
    """The model's server did not give a whole answer.

    `after` is in how many seconds that server wants to be asked again, if it has said so.
    """

    text = later("The model could not answer.")
    retry = True

    def __init__(
        self, text: str | None = None, *, detail: str = "", after: float | None = None
    ) -> None:
        super().__init__(text, detail=detail)
        self.after = after


class EngineBusy(EngineError):
    """The engine refused because too many requests are already waiting there."""

    text = later("The model is busy with other people's questions. Please try again in a moment.")


class EngineUnreachable(EngineError):
    """Nothing answers at the engine's address: it is down, or still loading the model."""

    text = later(
        "The model is not reachable. It may still be starting (a large model takes minutes). "
        "Please try again shortly."
    )


class EngineChanged(EngineError):
    """The engine serves another model now: what was written for the other one does not fit it."""

    text = later("Another model has just been put in my place. Please ask again.")


class PromptTooLong(EngineError):
    """The engine counted more tokens than its context holds."""

    text = later("That is more text than this model can read at once. Please shorten it.")
    retry = False


class EngineInterrupted(EngineError):
    """The engine broke off in the middle of an answer."""

    text = later("The model broke off in the middle of its answer.")


class EngineTimeout(EngineError):
    """The engine stayed silent for longer than the configured limit."""

    text = later("The model took too long to answer.")


class EngineRefused(EngineError):
    """The engine does not accept the request: a wrong key, a wrong address, a wrong parameter."""

    text = later(
        "The model's server refused the request. The bot's operator has to look at its log."
    )
    retry = False


class StoreUnavailable(UserError):
    """Redis does not answer."""

    text = later(
        "The bot cannot reach its memory (Redis) right now, so it would forget this "
        "conversation. Please try again shortly."
    )
    retry = True


class LimitReached(UserError):
    """Somebody has asked more than the operator allows; the text says when it is possible again.

    `repeated`: the same person has heard the same within the last minute.
    """

    text = later("That is too much at once. Please try again later.")
    retry = True

    def __init__(self, text: str, *, repeated: bool = False) -> None:
        super().__init__(text)
        self.repeated = repeated


class BadInput(UserError):
    """The user gave something that cannot be used; the text says what can."""

    text = later("That cannot be used.")


class AnswerUnfit(UserError):
    """The model's answers do not fit the schema that was asked for.

    `answer` is the last of them as the model wrote it, `errors` is what was wrong with each.
    """

    retry = True

    def __init__(self, text: str, *, answer: str, errors: tuple[str, ...]) -> None:
        super().__init__(text)
        self.answer = answer
        self.errors = errors


class SettingsError(Exception):
    """A setting is wrong, unknown or missing: one line, ready to be printed (exit code 78)."""


def shown(value: object) -> str:
    """A wrong value as its error may repeat it: short, and without a password in an address."""
    text = str(value)
    before, at, after = text.rpartition("@")
    if at:
        scheme, slashes, _ = before.partition("//")
        text = f"{scheme + slashes if slashes else ''}…@{after}"
    return repr(text[:80])


class StartupError(Exception):
    """The bot cannot start although its settings are well-formed: one line for the operator."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a user is told about a failure.

    `text` is one or two plain sentences, `retry` whether a Retry button makes sense and
    `reference` the code that the log line of an unexpected error repeats (else empty).
    """

    text: str
    retry: bool
    reference: str = ""


def explain(error: BaseException) -> Explanation:
    """Say in the language of the running task what happened.

    An unexpected error gets a reference to find it by.
    """
    if isinstance(error, UserError):
        return Explanation(tr(error.text), error.retry)
    reference = secrets.token_hex(3)
    text = tr("Something broke on my side (ref `{reference}`).", reference=reference)
    return Explanation(text, True, reference)
