"""Who speaks next on a stage: by address, by chance, in turn, or by the model's choice."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.characters.naming import named
from bot.characters.scene import (
    Line,
    cue,
    needs_choice,
    next_up,
    read_choice,
    still_due,
    who_is_next_prompt,
)
from bot.characters.stage import Member, Order, Stage


def member(id: str, name: str, talkativeness: float = 0.5, *, muted: bool = False) -> Member:
    return Member("lib", id, f"card-{id}", name, talkativeness=talkativeness, muted=muted)


ADA = member("a", "Ada Lovelace", 1.0)
BOB = member("b", "Bob", 1.0)
CLEO = member("c", "Cleo", 1.0)
QUIET = member("q", "Quentin", 0.0)
ROOM = Stage(cast=(ADA, BOB, CLEO))


def luck(seed: object = 1):
    return random.Random(str(seed)).random


def asked(stage: Stage, said: str = "", addressed: str = "", seed: object = 1) -> tuple[str, ...]:
    return cue(stage, said, addressed, "", by_person=True, dice=luck(seed))


class TestNames:
    @pytest.mark.parametrize(
        ("text", "ids"),
        [
            ("Bob, what do you see? And you, Ada?", "ba"),
            ("hey ADA", "a"),
            ("@Cleo come here", "c"),
            ("Is that Lovelace's engine?", "a"),
            ("ada   lovelace!", "a"),
            ("*looks at Bob*", "b"),
            ("Ａｄａ, please", "a"),
            ("bobbing along in Canada, Cleopatra", ""),
            ("", ""),
        ],
    )
    def test_in_the_order_of_the_text(self, text: str, ids: str):
        assert "".join(named(text, ROOM.cast)) == ids

    def test_a_word_that_two_share_calls_neither(self):
        crew = (member("v", "Captain Voss"), member("m", "Captain Mara"))
        assert named("Captain! Captain!", crew) == ()
        assert named("Captain Mara", crew) == ("m",)
        assert named("Voss?", crew) == ("v",)

    def test_the_longest_name_is_meant(self):
        both = (member("m", "Mara"), member("v", "Mara Voss"))
        assert named("Mara Voss, listen", both) == ("v",)
        assert named("Mara, listen", both) == ("m",)

    def test_small_words_of_a_name_call_nobody(self):
        assert named("the road of the king", (member("e", "Eldon the Grey of Oz"),)) == ()

    def test_ordinary_words_call_with_a_capital_letter_only(self):
        cast = (member("w", "Will"), member("b", "Bob"))
        assert named("I will go with bob", cast) == ("b",)
        assert named("Go, Will!", cast) == ("w",)

    def test_names_in_scripts_without_spaces(self):
        cast = (member("x", "小明"), member("k", "민수"))
        assert named("小明你好", cast) == ("x",)
        assert named("민수야 안녕", cast) == ("k",)

    def test_names_that_are_no_words(self):
        cast = (member("g", "GL+DOS [v2]*"), member("e", "…"))
        assert named("ask gl+dos [v2]* now", cast) == ("g",)

    @given(st.text(), st.lists(st.text(max_size=20), max_size=4))
    def test_any_text_and_any_names(self, text: str, names: list[str]):
        cast = [member(str(at), name) for at, name in enumerate(names)]
        called = named(text, cast)
        assert len(set(called)) == len(called)
        assert set(called) <= {one.character for one in cast}


class TestNatural:
    def test_who_is_called_speaks_alone(self):
        assert all(asked(ROOM, "Bob?", seed=seed) == ("b",) for seed in range(20))

    def test_who_is_replied_to_speaks_first(self):
        assert asked(ROOM, "and what does Bob say?", addressed="c") == ("c", "b")

    @pytest.mark.parametrize(
        "said",
        [
            '[in reply to Zoe: "Cleo and Ada?"] Bob!',
            '[in reply to Cleo: "I am Cleo.\nAda?"]\nBob!',
            "[in reply to Ada] Bob!",
            'Well.\n[in reply to Zoe: "Cleo?"] Bob!',
        ],
    )
    def test_names_that_are_quoted_call_nobody(self, said: str):
        assert asked(ROOM, said) == ("b",)

    def test_nobody_is_called(self):
        assert sorted(asked(ROOM, "hello there")) == ["a", "b", "c"]

    def test_talkativeness_is_a_chance(self):
        stage = replace(ROOM, cast=(replace(ADA, talkativeness=0.25), BOB))
        spoke = sum("a" in asked(stage, seed=seed) for seed in range(2000))
        assert 400 < spoke < 600

    def test_one_is_drawn_if_chance_gives_nobody(self):
        stage = replace(ROOM, cast=(replace(ADA, talkativeness=1e-9), QUIET))
        assert {asked(stage, seed=seed) for seed in range(20)} == {("a",)}

    def test_who_never_talks_answers_when_called(self):
        stage = replace(ROOM, cast=(QUIET, replace(QUIET, character="r", name="Rhea")))
        assert asked(stage, "hello") == ()
        assert asked(stage, "hello Quentin") == ("q",)

    def test_alone_it_always_answers(self):
        stage = Stage(cast=(QUIET,))
        assert asked(stage, "hello") == ("q",)
        assert cue(stage, "Hm.", "", "q", by_person=False, dice=luck()) == ("q",)

    def test_who_spoke_last_does_not_go_on(self):
        for seed in range(50):
            assert "b" not in cue(ROOM, "I am Bob.", "", "b", by_person=False, dice=luck(seed))

    def test_who_spoke_last_may_answer_a_person(self):
        assert "b" in cue(ROOM, "A beer.", "", "b", by_person=True, dice=luck())

    def test_muted_ones_never_speak(self):
        stage = replace(ROOM, cast=(replace(ADA, muted=True), BOB))
        assert asked(stage, "Ada?", addressed="a") == ("b",)

    def test_a_paused_scene(self):
        paused = replace(ROOM, paused=True)
        assert asked(paused, "Ada?", addressed="a") == ()
        assert next_up(paused, "", "", dice=luck()) == ""


class TestOtherOrders:
    def test_all_in_turn(self):
        stage = replace(ROOM, order="list")
        assert asked(stage, "Cleo?") == ("a", "b", "c")
        assert next_up(stage, "…", "a", dice=luck()) == "b"
        assert next_up(stage, "…", "c", dice=luck()) == "a"

    def test_by_command_or_address(self):
        stage = replace(ROOM, order="manual")
        assert asked(stage, "hello") == ()
        assert asked(stage, "hello Bob") == ("b",)
        assert next_up(stage, "hello", "", dice=luck()) in ("a", "b", "c")

    def test_the_model_is_asked_when_nobody_is_called(self):
        stage = replace(ROOM, order="model")
        assert needs_choice(stage, "hello", "")
        assert not needs_choice(stage, "hello Bob", "")
        assert not needs_choice(stage, "hello", "a")
        assert not needs_choice(replace(stage, cast=(ADA,)), "hello", "")
        assert not needs_choice(ROOM, "hello", "")

    def test_the_question_to_the_model(self):
        lines = [Line("Zoe", f"line {n}") for n in range(50)] + [Line("Bob", "x" * 5000, "b")]
        text = who_is_next_prompt(["Ada", "Bob"], lines)
        assert "Zoe: line 49\n" in text
        assert "line 30" not in text
        assert "Ada, Bob?" in text
        assert len(text) < 2000

    @pytest.mark.parametrize(
        ("answer", "name"),
        [
            ("Bob", "Bob"),
            ('"Ada Lovelace".', "Ada Lovelace"),
            ("<think>Bob spoke.</think>\nAda", "Ada Lovelace"),
            ("I think Bob, as Ada spoke last", "Bob"),
            ("nobody", None),
            ("", None),
        ],
    )
    def test_the_answer_of_the_model(self, answer: str, name: str | None):
        assert read_choice(answer, ["Ada Lovelace", "Bob"]) == name


class TestFollowUps:
    def due(self, stage: Stage, said: str, *spoken: tuple[str, str]) -> tuple[str, ...]:
        lines = [Line("", text, who) for who, text in spoken]
        return still_due(stage, said, "", lines, dice=luck())

    def test_the_rest_of_the_cued_ones(self):
        assert self.due(ROOM, "Ada! Bob!", ("a", "Hm.")) == ("b",)
        assert self.due(ROOM, "Ada! Bob!", ("a", "Hm."), ("b", "Hm.")) == ()

    def test_who_is_called_by_a_character_answers_at_once(self):
        assert self.due(ROOM, "Ada! Bob!", ("a", "And Cleo?")) == ("c", "b")
        assert self.due(ROOM, "Ada! Bob!", ("a", "And Cleo?"), ("c", "No.")) == ("b",)

    def test_nobody_answers_itself(self):
        assert self.due(ROOM, "Ada!", ("a", "I, Ada, say so.")) == ()

    def test_no_more_than_the_rounds(self):
        talk = [("a", "Bob?"), ("b", "Ada?")]
        assert self.due(ROOM, "Ada!", *talk) == ("a",)
        assert self.due(ROOM, "Ada!", *talk, ("a", "Bob?")) == ()
        assert self.due(replace(ROOM, rounds=0), "Ada!", ("a", "Bob?")) == ()

    def test_muting_and_pausing_count_at_once(self):
        muted = replace(ROOM, cast=(ADA, replace(BOB, muted=True)))
        assert self.due(muted, "Ada!", ("a", "Bob?")) == ()
        assert self.due(replace(ROOM, paused=True), "Ada! Bob!", ("a", "Hm.")) == ()

    def test_the_one_whom_the_model_chose_is_followed_by_nobody(self):
        stage = replace(ROOM, order="model")
        assert self.due(stage, "hello", ("b", "Hm.")) == ()
        assert self.due(stage, "hello", ("b", "Ada?")) == ("a",)

    def test_in_turn_and_by_command_nobody_is_drawn_in(self):
        assert self.due(replace(ROOM, order="manual"), "Ada!", ("a", "Bob?")) == ()
        talk = [("a", "Cleo?"), ("b", "Ada?"), ("c", "Ada?")]
        assert self.due(replace(ROOM, order="list"), "hello", *talk) == ()


NAMES = ["Ada", "Bob", "Cleo", "Dora", "Edgar"]
texts = st.lists(st.sampled_from([*NAMES, "hello", "and", "?"]), max_size=6).map(" ".join)


@st.composite
def stages(draw: st.DrawFn) -> Stage:
    count = draw(st.integers(1, 5))
    cast = tuple(
        member(
            str(at), NAMES[at], draw(st.sampled_from([0.0, 0.3, 1.0])), muted=draw(st.booleans())
        )
        for at in range(count)
    )
    orders: list[Order] = ["natural", "list", "model", "manual"]
    order = draw(st.sampled_from(orders))
    return Stage(cast, order=order, rounds=draw(st.integers(0, 4)))


class TestAlways:
    @given(stages(), texts, st.sampled_from(["", "0", "1", "9"]), st.integers())
    def test_a_cue(self, stage: Stage, said: str, addressed: str, seed: int):
        cued = asked(stage, said, addressed, seed)
        assert cued == asked(stage, said, addressed, seed)
        assert len(set(cued)) == len(cued)
        assert set(cued) <= {one.character for one in stage.cast if not one.muted}

    @given(stages(), texts, st.integers(), st.data())
    def test_a_round_ends(self, stage: Stage, said: str, seed: int, data: st.DataObject):
        cued = asked(stage, said, seed=seed)
        lines: list[Line] = []
        while due := still_due(stage, said, "", lines, dice=luck(seed)):
            assert len(lines) < len(cued) + stage.rounds
            assert not lines or lines[-1].character != due[0]
            lines.append(Line("", data.draw(texts), due[0]))
        if not needs_choice(stage, said, ""):
            assert set(cued) <= {line.character for line in lines}

    @settings(max_examples=30)
    @given(stages().filter(lambda stage: stage.order in ("natural", "model")))
    def test_all_who_talk_get_to_speak(self, stage: Stage):
        heard = {one for seed in range(300) for one in asked(stage, "hello", seed=seed)}
        assert heard >= {
            one.character for one in stage.cast if one.talkativeness > 0 and not one.muted
        }
