"""What is open at the end of a text that Discord shows as Markdown, and how to close it.

Pure. Discord's own rules where they differ from CommonMark: a code block may begin in the middle
of a line and ends at the next three backticks wherever they stand. Longer fences and `~~~`, which
Discord does not know, follow CommonMark, since models write them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A fence longer than this is decoration, not code; it keeps what closes it short.
_LONGEST_FENCE = 12
_LONGEST_INFO = 24

# Python looks for one of a few letters far quicker than for a mark, and most text has none.
_BEGINS_MARK = re.compile(r"[\\`~\n*_|]")
_MARK = re.compile(
    r"""
    (?P<escape>\\(?:_|[^\w\s]))
    | (?P<ticks>`+)
    | (?P<tildes>~{3,})
    | (?P<paragraph>\n[^\S\n]*(?=\n))
    | (?P<style>\*{1,3}|_{1,3}|~~|\|\|)
    """,
    re.VERBOSE,
)
_INFO = re.compile(r"[\w+\-.#]*[^\S\n]*(?=\n|\Z)")
_LINE_START = re.compile(r"[\s>]*(?:[-*+][^\S\n]+|\d{1,9}[.)][^\S\n]+)?\Z")


@dataclass(frozen=True, slots=True)
class Open:
    """What is open: a code fence with its language, or inline marks from the outside inwards.

    `since` is the index at which the fence's content begins, for a fence only.
    """

    fence: str = ""
    info: str = ""
    inline: tuple[str, ...] = ()
    since: int = 0

    def __bool__(self) -> bool:
        return bool(self.fence or self.inline)

    @property
    def reopening(self) -> str:
        """What a text begins with that goes on where another was cut."""
        if self.fence:
            return f"{self.fence}{self.info}\n"
        return "".join(self.inline)

    def closing(self, text: str) -> str:
        """What has to follow `text`, at whose end this is open."""
        if self.fence:
            return self.fence if text.endswith("\n") else f"\n{self.fence}"
        return "".join(reversed(self.inline))


def open_at_end(text: str) -> Open:
    """Tell what is open at the end of `text`."""
    inline: list[str] = []
    position = 0
    while maybe := _BEGINS_MARK.search(text, position):
        mark = _MARK.match(text, maybe.start())
        if mark is None:
            position = maybe.end()
            continue
        position = mark.end()
        if mark["ticks"] or mark["tildes"]:
            if fence := _fence(text, mark):
                end = _end_of_fence(text, fence)
                if end is None:
                    return fence
                position, inline = end, []
            elif mark["ticks"]:
                end = _end_of_code(text, mark)
                if end is None:
                    # All that follows is code; nothing else counts in it.
                    return Open(inline=(*inline, mark["ticks"]))
                position = end
        elif mark["paragraph"] is not None:
            inline = []
        elif mark["style"]:
            _toggle(inline, text, mark)
    return Open(inline=tuple(inline))


def preview(text: str) -> str:
    """Make a text that breaks off anywhere fit to be shown: what is open is closed.

    Marks at the very end that may still become something else are left out for now.
    """
    shown = text.rstrip()
    while state := open_at_end(shown):
        shorter = _without_loose_end(shown, state)
        if shorter == shown:
            return shown + state.closing(shown)
        shown = shorter
    return shown


def close_fence(text: str) -> str:
    """Close a code fence that a finished text left open; other marks stay as they were meant."""
    state = open_at_end(text)
    return text + state.closing(text) if state.fence else text


def _fence(text: str, mark: re.Match[str]) -> Open | None:
    """The code fence that opens at `mark`, if one does."""
    run = mark["ticks"] or mark["tildes"]
    if not 3 <= len(run) <= _LONGEST_FENCE:
        return None
    info = _INFO.match(text, mark.end())
    if not info:
        return None
    begins_line = _LINE_START.match(text[text.rfind("\n", 0, mark.start()) + 1 : mark.start()])
    if not begins_line and run[0] == "~":
        return None
    language = info[0].strip()
    kept = language if len(language) <= _LONGEST_INFO else ""
    return Open(fence=run, info=kept, since=min(info.end() + 1, len(text)))


def _end_of_fence(text: str, fence: Open) -> int | None:
    """The index behind the end of a fence, None while it is open."""
    if fence.fence == "```":
        end = re.compile("`{3,}")
    else:
        end = re.compile(rf"^[\s>]*{fence.fence[0]}{{{len(fence.fence)},}}[^\S\n]*$", re.MULTILINE)
    found = end.search(text, fence.since)
    return found.end() if found else None


def _end_of_code(text: str, mark: re.Match[str]) -> int | None:
    """The index behind the inline code that opens at `mark`, None while it is open.

    A run of backticks whose paragraph ends without its like is only text.
    """
    run = mark["ticks"]
    end = re.compile(rf"(?<!`){run}(?!`)|\n[^\S\n]*\n").search(text, mark.end())
    if not end:
        return None
    return end.end() if end[0] == run else mark.end()


def _toggle(inline: list[str], text: str, mark: re.Match[str]) -> None:
    """Open or close what a run of style marks stands for."""
    run = mark["style"]
    before = text[mark.start() - 1 : mark.start()]
    after = text[mark.end() : mark.end() + 1]
    inside_word = run[0] == "_"
    closes = bool(before.strip()) and not (inside_word and after.isalnum())
    opens = not after.isspace() and not (inside_word and before.isalnum())
    for part in _parts(run, inline):
        if part in inline:
            if closes:
                # What was opened inside and never closed is text after all.
                del inline[inline.index(part) :]
        elif opens:
            inline.append(part)


def _parts(run: str, inline: list[str]) -> tuple[str, ...]:
    """A run of three marks is two of them: the inner one closes first."""
    if len(run) < 3:
        return (run,)
    inwards = [part for part in inline if part in (run[:2], run[2:])]
    return tuple(reversed(inwards)) if inwards else (run[:2], run[2:])


def _without_loose_end(text: str, state: Open) -> str:
    """`text` without a mark at its end that is not finished, or has nothing behind it yet."""
    if state.fence:
        if not text[state.since :].strip():
            opener = text.rfind(state.fence, 0, state.since)
            return text[:opener].rstrip()
        line = text.rfind("\n") + 1
        last = text[line:].strip()
        if last and line >= state.since and not last.strip(state.fence[0]):
            return text[:line].rstrip()
        return text
    loose = re.search(r"[`*_~|]+\Z", text)
    return text[: loose.start()].rstrip() if loose else text
