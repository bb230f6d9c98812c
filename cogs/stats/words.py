"""A server's figures in words. Pure."""

from __future__ import annotations

from bot.conversation.statistics import BOUNDS, HOUR, Figures, Statistics
from bot.language import Text, later, tr

_OVER = {"24 hours": later("24 hours"), "7 days": later("7 days")}
_BEYOND = later("take longer than {seconds} s", seconds=BOUNDS[-1])

_SHOWN = 3


def in_words(found: Statistics, over: str) -> str:
    """All figures together, and the busiest hours; `over` is how far they go back."""
    total, last = found.total, _OVER[over]
    if not total.replies:
        return tr("Nobody has asked me anything in this server in the last {over}.", over=last)
    lines = [
        tr("**This server, the last {over}**", over=last),
        _replies(found),
        *_times(total),
        tr(
            "Tokens: **{prompt:,}** read, **{generated:,}** written.",
            prompt=total.prompt,
            generated=total.generated,
        ),
        tr("Busiest: {hours}.", hours=", ".join(_busiest(found))),
    ]
    return "\n".join(lines)


def _replies(found: Statistics) -> str:
    total = found.total
    replies = later("**{n:,}** reply", "**{n:,}** replies", n=total.replies)
    people = later("**{n:,}** person", "**{n:,}** people", n=found.people)
    if not total.failed:
        return tr("{replies} to {people}.", replies=replies, people=people)
    return tr(
        "{replies} to {people}, of which **{failed:,}** failed.",
        replies=replies,
        people=people,
        failed=total.failed,
    )


def _times(total: Figures) -> list[str]:
    lines: list[str] = []
    if any(total.first_words):
        half, most = total.within(0.5), total.within(0.95)
        if half:
            lines.append(
                tr(
                    "First words: half of them {half}, 19 of 20 {most}.",
                    half=_bound(half),
                    most=_bound(most),
                )
            )
        else:
            lines.append(tr("First words: half of them {half}.", half=_bound(half)))
    if total.seconds is not None:
        told = tr("A whole reply took **{seconds:.1f} s** on average.", seconds=total.seconds)
        lines.append(told)
    return lines


def _bound(seconds: int | None) -> Text:
    return _BEYOND if seconds is None else later("within **{seconds} s**", seconds=seconds)


def _busiest(found: Statistics) -> list[str]:
    """The hours with the most replies, as times that everybody sees in their own time zone."""
    ranked = sorted(enumerate(found.hours), key=lambda one: (-one[1].replies, one[0]))
    return [
        f"<t:{(found.first_hour + place) * HOUR}:f> ({hour.replies:,})"
        for place, hour in ranked[:_SHOWN]
        if hour.replies
    ]
