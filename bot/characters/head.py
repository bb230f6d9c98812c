"""The system text of a character: what stays the same whatever is said, and whoever is answered.

An engine reads again whatever follows the first changed byte, so nothing in here may depend on the
newest message, on the minute, or on who of several people has asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.characters.lore.entry import Place
from bot.characters.lore.outcome import Found
from bot.characters.macros import Values, expand
from bot.characters.playing import NOBODY, Player, Scene

DEFAULT = (
    "You write {{char}}'s part in a story that is told in a chat with {{user}}. Stay in character, "
    "drive the story on, and write the next message in {{char}}'s own voice."
)
"""The system prompt where neither the operator nor the card has one."""

DEFAULT_FOR_SEVERAL = (
    "You write the parts of {{char}} in a story that is told in a chat with {{user}}. Keep them in "
    "character, each with a voice of its own, and drive the story on."
)
"""The same for a scene with several characters."""

CAST_SHARE = 0.4
"""Up to which share of the limit all cards of a scene are told together."""

CARD_SHARE = 0.6
"""Up to which share of the limit one card is told in full."""

PERSONA_SHARE = 0.15
"""Up to which share of the limit the personas of all people are told in full."""

_SHORTEST = 200
_GLIMPSE = 160


@dataclass(frozen=True, slots=True)
class Head:
    """The players whose cards are told, all or the speaker's only, and the values for each.

    `longest` is how many characters of each text of a card are told.
    `expanded` keeps what macros made of texts, since a head that is too long is written several
    times.
    """

    scene: Scene
    players: tuple[Player, ...]
    longest: int = 1_000_000
    expanded: dict[tuple[str, Values], str] = field(
        default_factory=dict[tuple[str, Values], str], repr=False, compare=False
    )

    @property
    def together(self) -> bool:
        """Whether the text is the same whoever speaks."""
        return len(self.players) > 1

    def values(self, player: Player | None = None) -> Values:
        """What macros stand for in a card's text; in a text of all, `{{char}}` is all of them."""
        scene = self.scene
        if player is None and not self.together:
            player = scene.player
        people = scene.people
        return Values(
            char=player.card.called if player else names(scene.cast),
            user=people[0].name if len(people) == 1 else NOBODY,
            group=", ".join(one.name for one in scene.cast),
            now=scene.now,
            seed=scene.seed,
            story=scene.seed,
            steady=True,
        )


def head_of(scene: Scene) -> Head:
    """Decide whose cards are told: all while they fit, else the speaker's."""
    if not scene.shared:
        return Head(scene, (scene.player,))
    everybody = Head(scene, tuple(scene.cast))
    size = scene.count(_cards(everybody, Found()))
    return everybody if size <= scene.limit * CAST_SHARE else Head(scene, (scene.player,))


def system_text(head: Head, found: Found) -> str:
    """The whole system text; of a card that would fill the prompt, long texts lose their ends."""
    scene = head.scene
    text = _text(head, found)
    longest = max(map(len, _texts(head)))
    while scene.count(text) > scene.limit * CARD_SHARE and longest > _SHORTEST:
        longest = longest * 3 // 4
        text = _text(replace(head, longest=longest), found)
    return text


def names(players: Iterable[Player]) -> str:
    """Names in a row: `Aria, Bram and Cleo`."""
    return in_a_row([player.name for player in players])


def in_a_row(words: Sequence[str]) -> str:
    """Words as a sentence counts them up."""
    return " and ".join((", ".join(words[:-1]), words[-1]) if len(words) > 1 else tuple(words))


def _text(head: Head, found: Found) -> str:
    parts = (
        _instruction(head),
        _lore(found, "before"),
        _cards(head, found),
        _lore(found, "after", "examples_top", "examples_bottom"),
        *_absent(head),
        *_personas(head.scene),
        _rules(head),
    )
    return "\n\n".join(part for part in parts if part)


def _instruction(head: Head) -> str:
    """The operator's system prompt, or the card's in its stead."""
    default = DEFAULT_FOR_SEVERAL if head.together else DEFAULT
    base = expand(head.scene.base.strip() or default, head.values()).strip()
    # Where all are told together nobody's own prompt may replace it for the others.
    if head.together:
        return base
    player = head.players[0]
    own = player.card.system_prompt.strip()
    return _told(head, own, head.values(player).over(base)) if own else base


def _cards(head: Head, found: Found) -> str:
    cards = [_card(head, player, found) for player in head.players]
    if scenario := head.scene.stage.scenario.strip():
        cards.append(f"Scenario: {_told(head, scenario, head.values())}")
        cards.append(_lore(found, "scenario"))
    return "\n\n".join(card for card in cards if card)


def _card(head: Head, player: Player, found: Found) -> str:
    card, values = player.card, head.values(player)
    lore = replace(found, told=tuple(one for one in found.told if _is_at(one.book, player, head)))
    parts = [f"[{player.name}]"] if head.together else []
    if head.together:
        parts.append(_told(head, card.system_prompt, values))
    parts += (_told(head, card.description, values), _lore(lore, "after_description"))
    if personality := _told(head, card.personality, values):
        parts.append(f"{values.char}'s personality: {personality}")
    parts.append(_lore(lore, "personality"))
    if not head.scene.stage.scenario.strip():
        if scenario := _told(head, card.scenario, values):
            parts.append(f"Scenario: {scenario}")
        parts.append(_lore(lore, "scenario"))
    return "\n\n".join(part for part in parts if part)


def _texts(head: Head) -> list[str]:
    """The texts of a head that can be cut."""
    cards = [player.card for player in head.players]
    texts = [text for one in cards for text in (one.description, one.personality, one.scenario)]
    return [*texts, *(one.system_prompt for one in cards), head.scene.stage.scenario]


def _told(head: Head, text: str, values: Values) -> str:
    """A text of a card, as much of it as there is room for."""
    said = _expanded(head, text, values)
    return said if len(said) <= head.longest else said[: head.longest].rstrip() + " …"


def _expanded(head: Head, text: str, values: Values) -> str:
    if (text, values) not in head.expanded:
        head.expanded[text, values] = expand(text, values).strip()
    return head.expanded[text, values]


def _personas(scene: Scene) -> list[str]:
    """What people's personas say; all alike are cut if they take too much, the last left out."""
    told = [(one.name, one.text.strip()) for one in scene.people if one.text.strip()]
    longest = max((len(text) for _, text in told), default=0)
    while True:
        texts = [f"About {name}: {text[:longest].rstrip()}" for name, text in told]
        if not told or scene.count("\n".join(texts)) <= scene.limit * PERSONA_SHARE:
            return texts
        if longest > _SHORTEST:
            longest = longest * 3 // 4
        else:
            told.pop()


def _is_at(book: str, player: Player, head: Head) -> bool:
    """Whether a book's lore about the card stands with this player's: its own, or the last's."""
    owners = [one.id for one in head.players]
    return book == player.id if book in owners else player is head.players[-1]


def _lore(found: Found, *places: Place) -> str:
    """The lore of these places that is always told, further down what has the higher order."""
    return "\n".join(one.text for one in found.told if one.steady and one.entry.place in places)


def _absent(head: Head) -> list[str]:
    """One line for each on stage whose card is not told."""
    shown = [player.id for player in head.players]
    return [
        f"Also here: {player.name}. {_glimpse(head, player)}".strip()
        for player in head.scene.cast
        if player.id not in shown
    ]


def _glimpse(head: Head, player: Player) -> str:
    line = " ".join(_expanded(head, player.card.description, head.values(player)).split())
    return line if len(line) <= _GLIMPSE else line[:_GLIMPSE].rsplit(" ", 1)[0] + " …"


def _rules(head: Head) -> str:
    scene = head.scene
    people = scene.people
    them = people[0].name if len(people) == 1 else "any person in the chat"
    if scene.shared:
        rules = [
            f"These characters are yours: {names(scene.cast)}. Each message of yours is one "
            "character's, and begins with its name and a colon.",
            "Write only the character whose turn it is; never decide words or actions of "
            f"{them}, or of the other characters.",
        ]
    else:
        char = head.values().char
        rules = [f"Write only {char}; never decide words or actions of {them}, or of anybody else."]
    if scene.named:
        rules.append("What people say begins with the name of who says it, and a colon.")
    if len(people) > 1:
        rules.append(f"“{NOBODY}” is whoever is being answered.")
    return " ".join(rules)
