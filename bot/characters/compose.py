"""From a scene to the `Part` of the character who speaks next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.characters import examples, late
from bot.characters.card import Card
from bot.characters.head import Head, head_of, system_text
from bot.characters.lore.outcome import Found
from bot.characters.lore.scan import Moment, Opened, look_up
from bot.characters.macros import TIMELESS, Values, expand
from bot.characters.part import Part
from bot.characters.playing import NOBODY, Player, Scene
from bot.prompts.messages import Message
from bot.prompts.speakers import spoken

LORE_SHARE = 0.2
"""How much of the limit all lore can take. The writer leaves twice that for what stands late."""

NUDGE = "[Write the next reply only as {name}.]"


def compose(scene: Scene) -> Part:
    """What the speaker is told for its next reply.

    Pure: the same scene makes the same part, and neither `system` nor `examples` depends on what
    was said, on who of several people asks, or (while all cards fit) on who speaks.
    """
    head = head_of(scene)
    found = _look_up(head)
    values = late_values(scene, scene.player)
    system = system_text(head, found)
    last = [expand(scene.player.card.post_history_instructions, values).strip()]
    if scene.shared:
        last.append(NUDGE.format(name=scene.player.name))
    said = late.prefill(found)
    return Part(
        character=scene.player.id,
        name=scene.player.name,
        system=system,
        examples=_examples(head),
        injections=tuple(late.injections(scene, found, values, clock=TIMELESS in system)),
        last="\n".join(text for text in last if text),
        prefill=spoken(scene.player.name, said).rstrip() if scene.shared else said,
        own=(scene.player.card.called,),
        others=_others(scene),
        shared=scene.shared,
        trim=scene.stage.trim,
        timers=found.timers,
    )


def lore_of(scene: Scene) -> Found:
    """What the lorebooks have to say for the next reply, and why: for those who test them."""
    return _look_up(head_of(scene))


def greeting(card: Card, index: int, values: Values) -> str:
    """The text of a greeting, with the names that hold now; "" if there is no such greeting.

    Greetings for scenes with several characters are counted behind the others.
    """
    texts = (*card.greetings, *card.group_only_greetings)
    return expand(texts[index], values).strip() if 0 <= index < len(texts) else ""


def greeting_values(scene: Scene, player: Player) -> Values:
    """The values for a greeting of one player."""
    return late_values(scene, player)


def late_values(scene: Scene, player: Player | None) -> Values:
    """What macros stand for in what is told late: who is answered, and the time it is."""
    lines = scene.talk.lines
    group = ", ".join(one.name for one in scene.cast)
    return Values(
        char=player.card.called if player else group,
        user=scene.asker.name if scene.asker else NOBODY,
        group=group,
        last_message=lines[-1].text if lines else "",
        now=scene.now,
        idle=scene.talk.idle,
        seed=f"{scene.seed}/{scene.talk.messages}",
        story=scene.seed,
    )


def _look_up(head: Head) -> Found:
    scene = head.scene
    books = [*_own_books(head), *_worlds(head)]
    return look_up(
        books,
        [spoken(line.name, line.text) for line in scene.talk.lines],
        Moment(scene.talk.messages, scene.talk.replies, scene.seed),
        count=scene.count,
        room=int(scene.limit * LORE_SHARE),
        off=scene.stage.lore_off,
        timers=scene.timers,
    )


def _own_books(head: Head) -> Iterable[Opened]:
    """The books of the cards that are told, in the order of the cast."""
    for player in head.players:
        if player.book:
            values = late_values(head.scene, player)
            yield Opened(player.id, player.book, values, head.values(player), player.greeting)


def _worlds(head: Head) -> Iterable[Opened]:
    values = late_values(head.scene, head.scene.player)
    for name, book in head.scene.worlds:
        yield Opened(name, book, values, head.values(), head.scene.player.greeting)


def _examples(head: Head) -> tuple[tuple[Message, ...], ...]:
    named = head.scene.shared or head.scene.named
    return tuple(
        block
        for player in head.players
        for block in examples.blocks(
            player.card.mes_example,
            player.name,
            head.values(player),
            speaker=player.name if head.scene.shared else "",
            user=examples.USER if named else "",
        )
    )


def _others(scene: Scene) -> tuple[str, ...]:
    """All names that the speaker must not write for, who is answered first."""
    asker = [scene.asker.name] if scene.asker else []
    people: Sequence[str] = [one.name for one in scene.people]
    heard = [line.name for line in scene.talk.lines]
    cast = [name for one in scene.cast for name in (one.name, one.card.called)]
    own = {scene.player.name.casefold(), scene.player.card.called.casefold()}
    found: dict[str, str] = {}
    for name in (*asker, *people, *cast, *heard):
        if name and name.casefold() not in own:
            found.setdefault(name.casefold(), name)
    return tuple(found.values())
