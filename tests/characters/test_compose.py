"""From a scene to a part: what stands where, and what stays the same whoever says what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.characters.compose import compose, greeting, lore_of
from bot.characters.head import DEFAULT
from bot.characters.part import Injection
from bot.characters.playing import Line, Listener, Talk
from bot.characters.stage import Note, Stage
from tests.characters.telling import NOW, VALUES, book, entry, player, scene

FULL = {
    "description": "{{char}} is a bard.",
    "personality": "witty",
    "scenario": "An inn.",
    "system_prompt": "",
    "mes_example": "<START>\n{{user}}: Hi\n{{char}}: Ho",
}


def in_order(text: str, *parts: str) -> bool:
    """Whether all parts are there, one behind the other."""
    at = -1
    for part in parts:
        at = text.find(part, at + 1)
        if at < 0:
            return False
    return True


def test_the_order_of_the_system_text():
    lore = [
        entry("@@position before_desc\nLore B.", constant=True),
        entry("@@position after_desc\nLore D.", constant=True),
        entry("@@position personality\nLore P.", constant=True),
        entry("@@position scenario\nLore S.", constant=True),
        entry("Lore A.", constant=True, position="after_char"),
    ]
    aria = player(**FULL, character_book={"entries": lore})
    made = scene(aria, base="Be a storyteller.", asker=Listener("Mia", "A knight {{char}}."))
    assert compose(made).system == (
        "Be a storyteller.\n\nLore B.\n\nAria is a bard.\n\nLore D.\n\n"
        "Aria's personality: witty\n\nLore P.\n\nScenario: An inn.\n\nLore S.\n\nLore A.\n\n"
        # What people wrote is no macro.
        "About Mia: A knight {{char}}.\n\n"
        "Write only Aria; never decide words or actions of Mia, or of anybody else."
    )


def test_the_cards_system_prompt_stands_for_the_operators():
    own = player(system_prompt="You are {{char}}. {{original}}|{{original}}|")
    text = compose(scene(own, base="Be kind to {{user}}.")).system
    assert text.startswith("You are Aria. Be kind to Mia.||\n\n")
    assert compose(scene(player(system_prompt=" "), base="Be kind.")).system.startswith("Be kind.")
    expected = DEFAULT.replace("{{char}}", "Aria").replace("{{user}}", "Mia")
    assert compose(scene(player())).system.startswith(expected)


def test_the_stages_scenario_stands_for_the_cards():
    text = compose(scene(player(**FULL), stage=Stage(scenario="{{char}} is at sea."))).system
    assert "Scenario: Aria is at sea." in text
    assert "inn" not in text


def test_a_nickname_is_what_char_means_and_the_name_what_people_see():
    part = compose(scene(player("Captain Aria", nickname="Ari", description="{{char}} sails.")))
    assert "Ari sails." in part.system
    assert part.name == "Captain Aria"


def test_who_the_user_is_before_the_conversation():
    card = player(description="{{char}} likes {{user}}.")
    assert "Aria likes Mia." in compose(scene(card)).system
    several = scene(card, others=[Listener("Joe")])
    assert "Aria likes the user." in compose(several).system
    assert (
        compose(several).system
        == compose(replace(several, asker=Listener("Joe"), others=[Listener("Mia")])).system
    )
    # Late, it is whoever is answered.
    late = player(post_history_instructions="Answer {{user}}.")
    assert compose(scene(late, others=[Listener("Joe")])).last == "Answer Mia."


def test_personas_of_all_stand_there_in_one_order():
    mia, joe = Listener("Mia", "A knight."), Listener("Joe", "A cook.")
    one = compose(scene(asker=mia, others=[joe])).system
    assert one == compose(scene(asker=joe, others=[mia])).system
    assert in_order(one, "About Joe: A cook.", "About Mia: A knight.", "Write only Aria;")


def test_called_lore_stands_late_and_constant_lore_does_not():
    lore = [
        entry("@@position before_desc\nOf dragons.", "hello"),
        entry("Of inns.", "hello", insertion_order=1),
        entry("@@depth 2\n@@role user\nOf {{user}}.", "hello"),
        entry("@@depth 1\nAlways deep.", constant=True),
    ]
    part = compose(scene(player(character_book={"entries": lore})))
    assert part.injections == (
        Injection("Of dragons.\nOf inns.", 4, "system"),
        Injection("Of Mia.", 2, "user"),
        Injection("Always deep.", 1, "system"),
    )
    assert "Of" not in part.system
    assert "deep" not in part.system


def test_note_mood_depth_prompt_and_time_stand_late():
    card = player(
        description="It is {{time}}.",
        extensions={"depth_prompt": {"prompt": "{{char}} limps.", "depth": 3, "role": "user"}},
        character_book={
            "entries": [
                entry("Above.", "hello", extensions={"position": 2}),
                entry("Below.", "hello", extensions={"position": 3}),
            ]
        },
    )
    stage = Stage(note=Note("Be sad, {{char}}.", depth=5), mood="tense\n{{char}}")
    assert compose(scene(card, stage=stage)).injections == (
        Injection("Above.\nBe sad, Aria.\nBelow.", 5, "system"),
        Injection("Aria limps.", 3, "user"),
        Injection("[Mood of the scene: tense {{char}}]", 1, "system"),
        Injection("[It is 14:05 on Saturday, 21 November 2026.]", 1, "system"),
    )


def test_of_one_depth_the_systems_texts_come_first():
    lore = [entry(f"@@depth 2\n@@role {role}\n{role}", "hello") for role in ("assistant", "user")]
    lore += [entry("@@depth 2\nsystem", "hello"), entry("@@depth 9\nfar", "hello")]
    part = compose(scene(player(character_book={"entries": lore})))
    assert [one.text for one in part.injections] == ["far", "system", "user", "assistant"]


@pytest.mark.parametrize(
    ("every", "due"),
    [(1, [1, 2, 3, 4, 5, 6]), (3, [3, 6]), (0, [])],
)
def test_a_note_comes_with_every_so_many_messages_of_people(every: int, due: list[int]):
    told = []
    for asked in range(1, 7):
        lines = [("Mia", "x"), ("Aria", "y")] * asked
        made = scene(said=tuple(lines[:-1]), stage=Stage(note=Note("Note.", every=every)))
        if compose(made).injections:
            told.append(asked)
    assert told == due


def test_what_was_cut_counts_as_well():
    made = scene(stage=Stage(note=Note("Note.", every=5)))
    talk = Talk([Line("Mia", "x")], before=8, replies_before=4)
    assert compose(replace(made, talk=talk)).injections


def test_last_instructions_and_no_original():
    card = player(post_history_instructions="{{original}}{{char}}, be brief.")
    assert compose(scene(card)).last == "Aria, be brief."
    assert compose(scene()).last == ""


def test_lore_may_begin_the_reply():
    lore = [entry("@@depth 0\n@@role assistant\n*{{char}} sighs*", "hello")]
    aria = player(character_book={"entries": lore})
    part = compose(scene(aria))
    assert (part.prefill, part.injections) == ("*Aria sighs*", ())
    assert compose(scene(aria, player("Bram"))).prefill == "Aria: *Aria sighs*"


def test_a_scene_of_several():
    aria = player(**FULL | {"system_prompt": "Aria rhymes. {{original}}"})
    bram = player("Bram", description="{{char}} is a smith.", mes_example="{{char}}: Hm.")
    made = scene(
        aria,
        bram,
        said=(("Mia", "Hi"), ("Bram", "Hm."), ("Ghost", "Boo")),
        base="Tell of {{char}}.",
        named=True,
    )
    part = compose(made)
    assert part.shared
    assert part.prefill == "Aria:"
    assert part.last == "[Write the next reply only as Aria.]"
    assert part.others == ("Mia", "Bram", "Ghost")
    assert in_order(
        part.system,
        "Tell of Aria and Bram.",
        "[Aria]\n\nAria rhymes.\n\n",
        "Aria is a bard.",
        "[Bram]\n\nBram is a smith.",
        "These characters are yours: Aria and Bram.",
        "What people say begins with the name",
    )
    assert [[line.content for line in block[1:-1]] for block in part.examples] == [
        ["User: Hi", "Aria: Ho"],
        ["Bram: Hm."],
    ]
    other = compose(replace(made, speaker="bram"))
    assert (other.system, other.examples) == (part.system, part.examples)
    assert (other.prefill, other.last) == ("Bram:", "[Write the next reply only as Bram.]")
    assert other.others == ("Mia", "Aria", "Ghost")


def test_cards_that_do_not_fit_together_are_told_one_by_one():
    aria = player(description="{{char}} sings. " * 30)
    bram = player("Bram", description="{{char}} is a smith. " * 30, system_prompt="Hammer.")
    part = compose(scene(aria, bram, limit=300))
    assert part.system.count("Aria sings.") == 30
    assert "[Aria]" not in part.system
    glimpse = next(line for line in part.system.splitlines() if line.startswith("Also here"))
    assert glimpse.startswith("Also here: Bram. Bram is a smith. Bram is")
    assert len(glimpse) < 200
    assert compose(replace(scene(aria, bram, limit=300), speaker="bram")).system.startswith(
        "Hammer.\n\nBram is a smith."
    )


def test_a_card_that_would_fill_the_prompt_is_cut():
    part = compose(scene(player(description="word " * 5_000), limit=1_000))
    assert 300 < len(part.system.split()) <= 600
    assert " …\n\nWrite only Aria;" in part.system


@pytest.mark.parametrize("field", ["system_prompt", "personality", "scenario"])
def test_every_long_text_of_a_card_is_cut(field: str):
    part = compose(scene(player(description="Short.", **{field: "word " * 5_000}), limit=1_000))
    assert 300 < len(part.system.split()) <= 600
    assert "Short." in part.system


def test_personas_of_a_crowd_leave_room_for_the_character():
    crowd = [Listener(f"P{n:03}", "a b " * 200) for n in range(100)]
    part = compose(scene(player(description="Short."), others=crowd, limit=2_000))
    told = [line for line in part.system.splitlines() if line.startswith("About ")]
    assert len(" ".join(told).split()) <= 300
    assert told[0].startswith("About P000: a b")
    few = compose(scene(others=crowd[:2], limit=2_000)).system
    assert few.count("About ") == 2
    assert len(few.split()) < 450


def test_worlds_stand_behind_the_cards_own_book():
    world = book(entry("{{char}} and the world.", constant=True), entry("W", "hello"))
    aria = player(character_book={"entries": [entry("{{char}} alone.", constant=True)]})
    part = compose(scene(aria, worlds=[("w1", world)]))
    assert in_order(part.system, "Aria alone.", "Aria and the world.")
    together = compose(scene(aria, player("Bram"), worlds=[("w1", world)]))
    assert in_order(together.system, "Aria alone.", "Aria and Bram and the world.")
    off = Stage(lore_off=("w1/1", "aria/0"))
    less = scene(aria, worlds=[("w1", world)], stage=off)
    assert "alone" not in compose(less).system
    assert {(one.book, one.entry.id) for one in lore_of(less).silent if one.why == "off"} == {
        ("w1", "1"),
        ("aria", "0"),
    }


def test_lore_of_a_card_has_the_cards_own_name():
    lore = {"entries": [entry("{{char}} glows.", "hello")]}
    bram = player("Bram", character_book=lore)
    part = compose(scene(player(), bram))
    assert part.injections[0].text == "Bram glows."


def test_a_fifth_of_the_prompt_at_most_is_lore():
    lore = {"entries": [entry("word " * 10 + str(n), "hello") for n in range(50)]}
    part = compose(scene(player(character_book=lore), limit=400))
    assert len(part.injections[0].text.split()) == 77


def test_greetings_have_the_names_that_hold_now():
    aria = player(
        first_mes="Hello, {{user}}!",
        alternate_greetings=("", "I am {{char}}."),
        group_only_greetings=("All of you!",),
    ).card
    said = [greeting(aria, n, VALUES) for n in range(-1, 4)]
    assert said == ["", "Hello, Mia!", "I am Aria.", "All of you!", ""]


def test_what_people_say_is_never_read_as_macros():
    said = "{{random:a,b}} {{char}} <BOT>"
    card = player(post_history_instructions="Last: {{lastMessage}}", description="{{user}}!")
    part = compose(scene(card, said=(("Mia", said),), asker=Listener(said, said)))
    assert part.last == f"Last: {said}"
    assert f"{said}!" in part.system
    assert f"About {said}: {said}" in part.system


# Stability


CARD = {
    "description": "{{char}} {{user}} {{time}} {{random:a,b,c,d}} {{roll:d100}} {{pick:x,y}}",
    "personality": "{{idle_duration}} {{lastMessage}} {{date}}",
    "mes_example": "{{char}}: {{random:a,b,c,d}} {{user}}<START>{{char}}: {{time}}",
    "character_book": {
        "recursive_scanning": True,
        "entries": [
            entry("Constant {{random:a,b,c,d}} {{user}}", constant=True, insertion_order=5),
            entry("Big " * 30, constant=True, extensions={"probability": 50}),
            entry("Big " * 30, constant=True, extensions={"group": "g"}),
            entry("@@activate_only_every 2\nBig " * 30, constant=True),
            entry("@@exclude_keys x\nBig " * 30, constant=True),
            entry("called " * 20, "a", priority=1_000),
            entry("called", "constant", "b", constant=False),
            entry("@@keep_activate_after_match\nkept", "c", constant=True),
        ],
    },
}
LINES = st.lists(
    st.tuples(st.sampled_from(["Mia", "Joe", "Aria", "Bram"]), st.text("abcx ", max_size=9)),
    max_size=8,
)


@given(LINES, LINES, st.sampled_from(["aria", "bram"]), st.integers(150, 400))
def test_the_head_stays_whoever_says_what(
    said: list[tuple[str, str]], more: list[tuple[str, str]], speaker: str, limit: int
):
    people = [Listener("Mia", "A knight."), Listener("Joe")]
    cast = (player(**CARD), player("Bram", description="A smith."))
    before = scene(*cast, said=tuple(said), limit=limit, others=people, asker=people[0])
    after = replace(
        scene(*cast, said=tuple(said + more), limit=limit, others=people, asker=people[1]),
        speaker=speaker,
        now=NOW + timedelta(hours=3),
        timers={"aria/7": 1},
    )
    first, second = compose(before), compose(after)
    assert compose(before) == first
    if "[Bram]" in first.system or speaker == "aria":
        assert (second.system, second.examples) == (first.system, first.examples)


JUNK = st.sampled_from(["{{", "}}", "char", "user", "<START>", "User:", "@@depth 1\n", "\n", "x"])
TEXT = st.lists(JUNK, max_size=12).map("".join)


@given(st.fixed_dictionaries({name: TEXT for name in FULL}), TEXT, TEXT, st.integers(0, 300))
def test_no_card_breaks_it(card: dict[str, Any], name: str, content: str, limit: int):
    lore = {"entries": [entry(content, name, constant=True), entry(content, "hello")]}
    aria = player(name or "x", **card, character_book=lore)
    compose(scene(aria, asker=None, limit=limit))
    compose(scene(aria, player("Bram", **card), asker=Listener(name), limit=limit))
