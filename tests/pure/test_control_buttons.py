"""Which buttons hang under a reply, and that Discord takes them."""

from __future__ import annotations

import pytest

from bot.conversation.turns import Turn, Variant
from bot.conversation.variants import MAX_VARIANTS, after
from bot.tools.run import Step, ToolRun
from cogs.live.buttons import CONTROL, Button, control_button, in_rows
from cogs.live.controls import controls, has_controls
from cogs.live.stored import buttons_of, drafts_of, lasting_buttons

PLACE = f"discord:{2**64 - 1}"
ASKER = 2**64 - 1
STEP = Step((ToolRun("dice", {}, 6),))


def rows(buttons: tuple[Button, ...]) -> list[list[str]]:
    shown: list[list[str]] = [[] for _ in range(max((b.row for b in buttons), default=-1) + 1)]
    for button in buttons:
        shown[button.row].append(button.label or button.emoji)
    return shown


def reply(**given: object) -> Turn:
    return Turn("r12.ab", 2, "assistant", "Yes.", **given)


def test_ids_are_as_short_as_discord_wants_and_read_back() -> None:
    for button in controls(PLACE, ASKER, [], variant=9, count=10):
        assert len(button.custom_id) <= 100
        assert CONTROL.fullmatch(button.custom_id)
    found = CONTROL.fullmatch(control_button("continue", PLACE, ASKER, message=2**64 - 1).custom_id)
    assert found
    assert found.groupdict() == {
        "what": "continue",
        "conversation": PLACE,
        "asker": str(ASKER),
        "message": str(2**64 - 1),
    }
    assert len(found[0]) <= 100


def test_all_of_them_take_three_rows_at_most() -> None:
    broken = reply(
        status="interrupted", steps=(STEP,), variants=(Variant("No."), Variant("Yes.")), variant=1
    )
    assert rows(buttons_of(PLACE, ASKER, broken, thoughts=True)) == [
        ["◀️", "2/2", "▶️"],
        ["⏩", "✏️", "🗑️", "Retry", "Details"],
        ["Thoughts"],
    ]
    assert rows(buttons_of(PLACE, ASKER, reply(), thoughts=False)) == [["🔁", "⏩", "✏️", "🗑️"]]
    assert lasting_buttons(PLACE, ASKER, reply(), False) == ()


def test_no_row_is_left_empty() -> None:
    assert in_rows((), ()) == ()
    assert rows(in_rows((), [control_button("x", PLACE, 1, label=str(n)) for n in range(6)])) == [
        ["0", "1", "2", "3", "4"],
        ["5"],
    ]


@pytest.mark.parametrize(
    ("conversation", "has"),
    [
        ("discord:1", True),
        ("discord:1:2", False),
        ("discord:user:2", False),
        ("play:1", False),
    ],
)
def test_only_what_the_bot_can_reach_has_controls(conversation: str, has: bool) -> None:
    assert has_controls(conversation) is has


def test_the_number_is_known_before_the_reply_is_stored() -> None:
    two = reply(variants=(Variant("No."), Variant("Yes.")), variant=0)
    many = reply(variants=(Variant("No."),) * MAX_VARIANTS, variant=3)
    assert after(None, "") == (0, 1)
    assert after(reply(), "variant") == (1, 2)
    assert after(two, "variant") == (2, 3)
    assert after(two, "continue") == (0, 2)
    assert after(many, "variant") == (MAX_VARIANTS - 1, MAX_VARIANTS)


def test_a_stored_reply_looks_as_it_did() -> None:
    [draft] = drafts_of(reply(steps=(STEP,), status="interrupted"), others=[7])
    assert draft.content == "-# also for <@7>\nYes.\n-# broken off here"
