"""What is said of lorebooks: which there are, what stands in one, and what would be told now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.characters.lore.entry import Book, Entry
from bot.characters.lore.outcome import Found, Outcome, explain
from bot.characters.stage import Stage
from bot.conversation.library import World
from bot.language import later, tr
from cogs.characters.shelf import is_private, shown_name
from cogs.live.traces import harmless
from cogs.lore.shelved import Opened, switched_off, title_of
from cogs.reading.words import label, shortened

ON_A_PAGE = 8

_NONE = later(
    "There are no lorebooks here yet. `/lore import` brings one: a world file of SillyTavern, a "
    "`lorebook_v3`, or a card that has one."
)
# So long can one line be, so that all of a page fit into a message.
_LINE = 225
_KEYS = 70
_REASON = 180
_TOLD = 6
_SILENT = 4


def listed(worlds: Sequence[World], within: Mapping[str, int], stage: Stage) -> str:
    """The lorebooks of a place; `within` counts the entries of the cards on stage, by name."""
    if not worlds and not within:
        return tr(_NONE)
    on = {world for _, world in stage.lore}
    lines = [f"**{tr('Lorebooks here')}**"] if worlds else []
    for one in worlds:
        remarks = [_entries(one.entries)]
        remarks += [tr("private")] if is_private(one) else []
        remarks += [f"**{tr('on in this channel')}**"] if one.id in on else []
        lines.append(f"- **{shown_name(one.name)}** · {' · '.join(remarks)}")
    if within:
        lines.append(tr("**Within the cards on stage**, always on"))
        lines += [f"- **{shown_name(name)}** · {_entries(count)}" for name, count in within.items()]
    hint = tr("`/lore switch` switches one on or off here, `/lore test` tries it out.")
    lines.append(f"-# {hint}")
    return shortened("\n".join(lines), 2_000)


def page_of(opened: Opened, stage: Stage, page: int) -> str:
    """Some entries of a lorebook, one a line."""
    entries = opened.book.entries
    pages = max(1, -(-len(entries) // ON_A_PAGE))
    number = min(max(page, 1), pages)
    off = switched_off(stage, opened.shelved)
    shown = entries[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
    lines = [f"**{shown_name(opened.shelved.name)}** · {_entries(len(entries))}"]
    lines += [_entry(one, one.id in off) for one in shown]
    if pages > 1:
        hint = tr(
            "Page {number} of {pages}; see others with the option `page`.",
            number=number,
            pages=pages,
        )
        lines.append(f"-# {hint}")
    return shortened("\n".join(lines), 2_000)


def whole(entry: Entry) -> str:
    """One entry with its whole text, for a file."""
    keys = ", ".join((*entry.keys, *entry.secondary)) or tr("no keys")
    return f"{title_of(entry)}\n{tr('Keys: {keys}', keys=keys)}\n\n{entry.content}"


def tried(found: Found, names: Mapping[str, str]) -> str:
    """What would be told, and what not, each with its reason; `names` of the books by id."""
    tokens = sum(one.tokens for one in found.told)
    lines = [
        tr(
            "**Would be told now: {told} of {all} entries**, about {tokens:,} tokens",
            told=len(found.told),
            all=len(found.told) + len(found.silent),
            tokens=tokens,
        )
    ]
    lines += _reasons(found.told, names, _TOLD)
    near = sorted(found.silent, key=lambda one: one.why == "no key")
    if near:
        lines.append(f"**{tr('Not told')}**")
        lines += _reasons(near, names, _SILENT)
    lines += [f"⚠️ {harmless(shortened(tr(one), 200))}" for one in found.warnings[:2]]
    return shortened("\n".join(lines), 2_000)


def all_reasons(found: Found) -> str:
    """The same for all entries, for a file."""
    told, silent = map(_plain, found.told), map(_plain, found.silent)
    lines = [tr("Told"), *told, "", tr("Not told"), *silent]
    if found.told:
        lines += ["", tr("What is told"), *(f"\n[{one.name}]\n{one.text}" for one in found.told)]
    return "\n".join(lines)


def is_cut(found: Found) -> bool:
    """Whether `tried` leaves something out."""
    return len(found.told) > _TOLD or len(found.silent) > _SILENT


def brought(world: World, book: Book, warnings: Iterable[str]) -> str:
    """What is said of a lorebook that is new here."""
    lines = [_placed(world)]
    told = dict.fromkeys((*warnings, *book.warnings))
    lines += [f"⚠️ {harmless(shortened(tr(one), 300))}" for one in told]
    return shortened("\n".join(lines), 1_900)


def _placed(world: World) -> str:
    name, entries = shown_name(world.name), _entries(world.entries)
    if is_private(world):
        return tr(
            "**{name}** is in your own library; nobody else finds it: {entries}. It is told in a "
            "channel once it is switched on there: `/lore switch`.",
            name=name,
            entries=entries,
        )
    return tr(
        "**{name}** is in the library: {entries}. It is told in a channel once it is switched on "
        "there: `/lore switch`.",
        name=name,
        entries=entries,
    )


def _reasons(some: Sequence[Outcome], names: Mapping[str, str], most: int) -> list[str]:
    lines = [
        shortened(
            f"- **{shown_name(shortened(one.name, 40))}** "
            f"({shown_name(shortened(names.get(one.book, one.book), 30))}): "
            f"{harmless(tr(explain(one)))}",
            _REASON,
        )
        for one in some[:most]
    ]
    rest = len(some) - most
    if rest > 0:
        lines.append("- " + tr("… and {count:,} more, in the file", count=rest))
    return lines


def _plain(one: Outcome) -> str:
    return f"- {one.name}: {tr(explain(one))}"


def _entry(entry: Entry, off: bool) -> str:
    keys = tr("always") if entry.constant else ", ".join(entry.keys) or tr("no keys")
    remarks = " · ".join(
        filter(
            None,
            (
                shortened(harmless(label(keys)), _KEYS),
                f"**{tr('off here')}**" if off else "",
                "" if entry.enabled else tr("off in the book"),
            ),
        )
    )
    text = harmless(shortened(" ".join(entry.content.split()), _LINE))
    title = shown_name(shortened(title_of(entry), 40))
    return shortened(f"- **{title}** ({remarks}): {text}", _LINE)


def _entries(count: int) -> str:
    return tr("one entry", "{n:,} entries", n=count)
