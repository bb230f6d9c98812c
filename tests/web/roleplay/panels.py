"""Discord's panels (Components v2) as a plain page: what they hold, not how Discord draws it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

Component = Mapping[str, Any]


def page(panels: Sequence[Sequence[Component]], pictures: Mapping[str, bytes]) -> str:
    """The panels side by side; `pictures` are those that they hold, by address."""
    columns = "\n".join(
        f"<section>{''.join(_part(one, pictures) for one in panel)}</section>" for panel in panels
    )
    return _PAGE.replace("COLUMNS", columns)


def _part(component: Component, pictures: Mapping[str, bytes]) -> str:
    """One component as HTML, with what is in it."""
    inner = "".join(_part(one, pictures) for one in component.get("components") or [])
    match component["type"]:
        case 1:
            return f'<div class="buttons">{inner}</div>'
        case 2:
            return f"<button>{escape(str(component.get('label') or ''))}</button>"
        case 9:
            accessory = _part(component["accessory"], pictures)
            return f'<div class="section"><div>{inner}</div>{accessory}</div>'
        case 10:
            return _text(str(component["content"]))
        case 11:
            data = base64.b64encode(pictures[component["media"]["url"]]).decode("ascii")
            return f'<img alt="" src="data:image/png;base64,{data}">'
        case 14:
            return "<hr>"
        case 17:
            colour = component.get("accent_color")
            edge = f' style="border-left-color: #{colour:06x}"' if colour else ""
            return f'<div class="box"{edge}>{inner}</div>'
        case other:
            raise ValueError(f"no picture has a component of type {other} yet")


def _text(content: str) -> str:
    return "".join(_line(line) for line in content.split("\n"))


def _line(line: str) -> str:
    """One line of Discord's Markdown, as much of it as panels use."""
    for mark, tag in (("## ", "h2"), ("-# ", "small"), ("> ", "blockquote")):
        if line.startswith(mark):
            return f"<{tag}>{_inline(line.removeprefix(mark))}</{tag}>"
    return f"<p>{_inline(line)}</p>"


def _inline(text: str) -> str:
    # What is escaped is set aside, so that it is no markup.
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[1])
        return f"\x00{len(kept) - 1}\x00"

    safe = escape(re.sub(r"\\([^\w\s])", keep, text), quote=False)
    safe = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", safe)
    safe = re.sub(r"\*(.+?)\*", r"<em>\1</em>", safe)
    safe = re.sub(r"`(.+?)`", r"<code>\1</code>", safe)
    return re.sub(r"\x00(\d+)\x00", lambda found: escape(kept[int(found[1])]), safe)


_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Panels</title>
<style>
 body { margin: 0; padding: 20px; width: 940px; background: #fff; color: #2b2d31;
  font: 14px/1.4 system-ui, sans-serif; }
 main { display: flex; gap: 20px; align-items: flex-start; }
 section { flex: 1; }
 .box { padding: 12px 16px; background: #f2f3f5; border: 1px solid #d9dbdf;
  border-left: 4px solid #d9dbdf; border-radius: 8px; }
 .section { display: flex; justify-content: space-between; gap: 12px; margin: 6px 0; }
 .section p, p { margin: 2px 0; }
 img { flex: none; width: 64px; height: 64px; border-radius: 8px; object-fit: cover; }
 h2 { margin: 0 0 2px; font-size: 19px; }
 small { display: block; color: #5c5f66; font-size: 12px; }
 blockquote { margin: 2px 0; padding-left: 10px; border-left: 3px solid #c4c7cd; }
 hr { border: 0; border-top: 1px solid #d9dbdf; margin: 10px 0; }
 .buttons { margin-top: 8px; }
 button { padding: 7px 14px; border: 0; border-radius: 8px; color: #fff; background: #5865f2;
  font: inherit; }
</style>
<main>
COLUMNS
</main>
</html>
"""
