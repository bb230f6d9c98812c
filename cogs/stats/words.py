"""A server's figures in words. Pure."""

from __future__ import annotations

from bot.conversation.statistics import BOUNDS, HOUR, Figures, Statistics

_NOTHING = "Nobody has asked me anything in this server in the last {over}."
_HEAD = "**This server, the last {over}**"
_REPLIES = "{replies} to {people}{failed}."
_FAILED = ", of which **{failed:,}** failed"
_FIRST = "First words: half of them {half}, 19 of 20 {most}."
_SLOW = "First words: half of them {half}."
_WITHIN = "within **{seconds} s**"
_WHOLE = "A whole reply took **{seconds:.1f} s** on average."
_TOKENS = "Tokens: **{prompt:,}** read, **{generated:,}** written."
_BUSIEST = "Busiest: {hours}."
_BEYOND = f"take longer than {BOUNDS[-1]} s"

_SHOWN = 3


def in_words(found: Statistics, over: str) -> str:
    """All figures together, and the busiest hours; `over` is how far they go back."""
    total = found.total
    if not total.replies:
        return _NOTHING.format(over=over)
    failed = _FAILED.format(failed=total.failed) if total.failed else ""
    lines = [
        _HEAD.format(over=over),
        _REPLIES.format(
            replies=_counted(total.replies, "reply", "replies"),
            people=_counted(found.people, "person", "people"),
            failed=failed,
        ),
        *_times(total),
        _TOKENS.format(prompt=total.prompt, generated=total.generated),
        _BUSIEST.format(hours=", ".join(_busiest(found))),
    ]
    return "\n".join(lines)


def _times(total: Figures) -> list[str]:
    lines: list[str] = []
    if any(total.first_words):
        half, most = total.within(0.5), total.within(0.95)
        told = _FIRST if half else _SLOW
        lines.append(told.format(half=_bound(half), most=_bound(most)))
    if total.seconds is not None:
        lines.append(_WHOLE.format(seconds=total.seconds))
    return lines


def _bound(seconds: int | None) -> str:
    return _BEYOND if seconds is None else _WITHIN.format(seconds=seconds)


def _busiest(found: Statistics) -> list[str]:
    """The hours with the most replies, as times that everybody sees in their own time zone."""
    ranked = sorted(enumerate(found.hours), key=lambda one: (-one[1].replies, one[0]))
    return [
        f"<t:{(found.first_hour + place) * HOUR}:f> ({hour.replies:,})"
        for place, hour in ranked[:_SHOWN]
        if hour.replies
    ]


def _counted(number: int, one: str, several: str) -> str:
    return f"**{number:,}** {one if number == 1 else several}"
