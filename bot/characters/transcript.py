"""A story as a file to keep: Markdown, or one HTML page with the characters' pictures in it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

from bot.language import spoken, tr

Kind = Literal["character", "person", "narrator", "dice"]

_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}

_PAGE = """\
<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
 body {{ max-width: 42rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff;
  font: 1rem/1.5 Georgia, serif; }}
 h1 {{ font-weight: normal; }}
 header p {{ color: #666; }}
 .line {{ display: flex; gap: .8rem; margin: 1rem 0; }}
 .face {{ flex: none; width: 3rem; height: 3rem; border-radius: 50%; object-fit: cover;
  background: #ddd; }}
 .name {{ font-weight: bold; }}
 .text {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
 .narrator, .dice {{ margin: 1rem 0 1rem 3.8rem; color: #555; font-style: italic; }}
 time {{ color: #999; font-size: .8rem; }}
 @media (prefers-color-scheme: dark) {{ body {{ color: #ddd; background: #1c1c1e; }} }}
</style>
{body}
</html>
"""


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a story. `character` is the id of who said it; `time` is as people read it."""

    name: str
    text: str
    kind: Kind = "person"
    character: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """What a transcript is made of. `cast` are names; `pictures` are bytes by character."""

    title: str
    lines: Sequence[Said]
    scenario: str = ""
    mood: str = ""
    cast: tuple[str, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


def as_markdown(story: Story) -> str:
    """The story as Markdown; what people wrote stands as they wrote it."""
    parts = [f"# {_plain(story.title)}"]
    parts += [f"*{_plain(told)}*" for told in _setting(story)]
    parts += [_markdown(line) for line in story.lines]
    return "\n\n".join(parts) + "\n"


def as_html(story: Story) -> str:
    """The story as one page that loads nothing from elsewhere; all that was said is text in it."""
    about = "".join(f"<p>{escape(told)}</p>\n" for told in _setting(story))
    faces = {who: _face(picture) for who, picture in story.pictures.items()}
    lines = "\n".join(_html(line, faces) for line in story.lines)
    title = escape(story.title)
    body = f"<header>\n<h1>{title}</h1>\n{about}</header>\n<main>\n{lines}\n</main>"
    return _PAGE.format(language=spoken(), title=title, body=body)


def _setting(story: Story) -> list[str]:
    cast = tr("With {names}", names=", ".join(story.cast)) if story.cast else ""
    mood = tr("Mood: {mood}", mood=story.mood) if story.mood else ""
    return [told for told in (cast, story.scenario, mood) if told]


def _markdown(line: Said) -> str:
    if line.kind in ("narrator", "dice") or not line.name:
        return f"*{_plain(line.text)}*" if line.kind != "person" else line.text
    return f"**{_plain(line.name)}:** {line.text}"


def _plain(text: str) -> str:
    """One line that is no markup."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(text.split()))


def _html(line: Said, faces: Mapping[str, str]) -> str:
    text, when = _emphasised(line.text), f" <time>{escape(line.time)}</time>" if line.time else ""
    if line.kind in ("narrator", "dice"):
        return f'<p class="{line.kind}"><span class="text">{text}</span>{when}</p>'
    address = faces.get(line.character, "")
    face = f'<img class="face" alt="" src="{address}">' if address else '<div class="face"></div>'
    name = f'<span class="name">{escape(line.name)}</span>' if line.name else ""
    return f'<div class="line">{face}<div>{name}{when}\n<div class="text">{text}</div></div></div>'


def _emphasised(text: str) -> str:
    """Text as HTML, with what stands between asterisks emphasised."""
    safe = escape(text)
    safe = re.sub(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*", r"<strong>\1</strong>", safe)
    return re.sub(r"\*(?=\S)([^*\n]+?)(?<=\S)\*", r"<em>\1</em>", safe)


def _face(picture: bytes) -> str:
    """A picture as an address that holds it, "" if its kind is not known."""
    kind = next((kind for start, kind in _PICTURES.items() if picture.startswith(start)), "")
    return f"data:{kind};base64,{base64.b64encode(picture).decode('ascii')}" if kind else ""
