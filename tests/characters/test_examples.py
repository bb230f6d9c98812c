"""Example dialogue: blocks, whose line is whose, and who the user in them is."""

from __future__ import annotations

import pytest

from bot.characters.examples import BEGINNING, END, MOST_BLOCKS, blocks
from bot.prompts.messages import Message
from tests.characters.telling import VALUES


def inner(text: str, **more) -> list[list[tuple[str, str]]]:
    """The turns of each block without the two remarks around them."""
    found = blocks(text, "Aria", VALUES, **more)
    for block in found:
        assert block[0] == Message("system", BEGINNING.format(name="Aria"))
        assert block[-1] == Message("system", END)
    return [[(line.role, line.content) for line in block[1:-1]] for block in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n<START>\n <start>\n", []),
        (
            "<START>\n{{user}}: Hi.\n{{char}}: *bows*\nHello!\n\nMore.",
            [[("user", "Hi."), ("assistant", "*bows*\nHello!\n\nMore.")]],
        ),
        # The first separator may be left out, and its case does not matter.
        (
            "{{char}}: One<Start>Aria: Two<START>USER: Three",
            [[("assistant", "One")], [("assistant", "Two")], [("user", "Three")]],
        ),
        # What stands before the first speaker is left out.
        ("Note this.\n{{char}}: Hi.", [[("assistant", "Hi.")]]),
        # Where nobody speaks, the text stays as it is.
        ("Aria talks in rhyme.", [[("system", "Aria talks in rhyme.")]]),
        # Names are whole and stand at the beginning of a line, followed by a colon.
        (
            "{{char}}: I am Aria: a bard.\nAriadne: no",
            [[("assistant", "I am Aria: a bard.\nAriadne: no")]],
        ),
        ("  <bot> : Hi.", [[("assistant", "Hi.")]]),
        # As the cards for Gradio have it.
        (
            "You: Hi.\n{{char}}: Ho. You?\nYou: Same.",
            [[("user", "Hi."), ("assistant", "Ho. You?"), ("user", "Same.")]],
        ),
        ("{{char}}:\n{{user}}: Hi", [[("user", "Hi")]]),
    ],
)
def test_blocks(text: str, expected: list[list[tuple[str, str]]]):
    assert inner(text) == expected


def test_the_user_of_an_example_is_nobody_who_is_here():
    found = inner("{{user}}: I am {{user}}.\n{{char}}: Hello {{user}}, <USER>!\nMia: no")
    assert found == [[("user", "I am User."), ("assistant", "Hello User, User!\nMia: no")]]


def test_names_stand_before_lines_where_several_talk():
    found = inner("{{user}}: Hi\n{{char}}: Ho", speaker="Aria", user="User")
    assert found == [[("user", "User: Hi"), ("assistant", "Aria: Ho")]]


def test_a_name_is_no_pattern():
    text = "A.*: no\n{{char}}: Hi"
    assert blocks(text, "A.*(", VALUES)[0][1] == Message("assistant", "Hi")
    assert len(blocks("<START>x" * 500, "Aria", VALUES)) == MOST_BLOCKS
