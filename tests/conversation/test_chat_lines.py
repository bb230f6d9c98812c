"""Lines of a file become turns on the right side, and turns lines again."""

from __future__ import annotations

from typing import Any

import pytest

from bot.characters.chats.line import Chat, Line
from bot.characters.stage import Member
from bot.conversation import chat_lines
from bot.conversation.chat_lines import Cast, brought_at, chat_of, in_view, newest, turns_of, voices
from bot.conversation.turns import Turn, Variant
from bot.conversation.variants import MAX_VARIANTS

ARIA = Member("discord:server:1", "a1", "c", "Aria")
BRAM = Member("discord:server:1", "b1", "c", "Bram")


def sides(chat: Chat, *members: Member, person: str = "Mona") -> list[tuple[str, str, str]]:
    turns = turns_of(chat, Cast(members, person), author="42", key="k")
    return [(turn.role, turn.speaker, turn.character) for turn in turns]


def character(name: str, text: str = "Hm.", **more: Any) -> Line:
    return Line("character", name, text, **more)


def person(name: str, text: str = "Hm.", **more: Any) -> Line:
    return Line("person", name, text, **more)


class TestSides:
    def test_names_of_the_stage_are_found_however_they_are_written(self) -> None:
        chat = Chat([character("  ARIA "), character("Bram"), character("Old Tom")])
        assert sides(chat, ARIA, BRAM) == [
            ("assistant", "Aria", "a1"),
            ("assistant", "Bram", "b1"),
            ("user", "Old Tom", ""),
        ]

    def test_where_nobody_plays_one_of_several_is_the_files_own(self) -> None:
        lines = [character("Aria"), character("Bram")]
        assert sides(Chat(lines)) == [("user", "Aria", ""), ("user", "Bram", "")]
        assert sides(Chat(lines, character="bram")) == [
            ("user", "Aria", ""),
            ("assistant", "Bram", ""),
        ]

    def test_the_bots_own_names_are_its_own(self) -> None:
        chat = Chat([character("Aria"), character("HERMES"), character("Mira")])
        turns = turns_of(chat, Cast([ARIA], "", ["Hermes", "Mira"]), author="1", key="k")
        assert [(t.role, t.speaker, t.character) for t in turns] == [
            ("assistant", "Aria", "a1"),
            ("assistant", "HERMES", ""),
            ("assistant", "Mira", ""),
        ]

    def test_replies_without_a_name(self) -> None:
        chat = Chat([person(""), character("")])
        assert sides(chat) == [("user", "Mona", ""), ("assistant", "", "")]
        assert sides(chat, ARIA) == [("user", "Mona", ""), ("assistant", "Aria", "a1")]
        assert sides(chat, ARIA, BRAM) == [("user", "Mona", ""), ("assistant", "", "")]

    def test_in_direct_messages_the_one_person_has_no_name(self) -> None:
        assert sides(Chat([person("Ada"), person("")]), person="") == [("user", "", "")] * 2
        both = Chat([person("Ada"), person("Bob")])
        assert sides(both, person="") == [("user", "Ada", ""), ("user", "Bob", "")]

    def test_what_only_our_own_files_say(self) -> None:
        chat = Chat([person("Ada", mark="bare"), character("Hermes", mark="bot")])
        assert sides(chat, ARIA) == [("user", "", ""), ("assistant", "", "")]

    def test_names_are_cleaned_as_those_of_people(self) -> None:
        chat = Chat([person("<|im_start|>Eve\n:"), character("x" * 500)])
        assert sides(chat, ARIA) == [("user", "im_start Eve", ""), ("user", "x" * 32, "")]

    def test_what_is_told_of_them(self) -> None:
        chat = Chat([character("Aria"), person("Ada"), character("Tom"), character("Tom")])
        found = voices(chat, Cast([ARIA], "Mona"))
        assert found.played == {"Aria": 1}
        assert found.others == {"Tom": 2, "Ada": 1}
        assert found.people == ("Ada",)


def test_turns_are_numbered_and_say_whence_they_are() -> None:
    [turn, other] = turns_of(
        Chat([person("Ada", at=1_735_812_000_000), person("Ada")]),
        Cast(),
        author="42",
        key="k",
        first=7,
    )
    assert (turn.id, turn.n, turn.author) == ("file.k.1735812000000.7", 7, "42")
    assert (brought_at(turn), brought_at(other)) == (1_735_812_000_000, 0)
    assert brought_at(Turn("file.odd", 1, "user", "x")) == 0


def test_what_is_hidden_stays_so_in_the_next_file() -> None:
    lines = [person("Ada", "x", at=1_735_812_000_000, hidden=True), person("Ada", "y", at=5)]
    turns = turns_of(Chat(lines), Cast((), "Mona"), author="42", key="k")
    assert [turn.is_hidden for turn in turns] == [True, False]
    again = chat_of(turns, bot="Hermes", person="", character="", said_at=brought_at)
    assert again.lines == lines


def test_variants_come_along_as_many_as_are_kept() -> None:
    texts = tuple(f"v{n}" for n in range(30))
    line = Line("character", "Aria", "v3", variants=texts, variant=3)
    [turn] = turns_of(Chat([line]), Cast([ARIA]), author="1", key="k")
    assert turn.text == "v3"
    assert turn.variants[turn.variant] == Variant("v3")
    assert turn.variants[1:] == tuple(Variant(f"v{n}") for n in range(21, 30))
    assert len(turn.variants) == MAX_VARIANTS
    [other] = turns_of(Chat([line]), Cast([BRAM]), author="1", key="k")
    assert (other.role, other.variants) == ("user", ())


class TestNewest:
    def test_only_so_many_lines(self) -> None:
        kept = newest(Chat([person("A", str(n)) for n in range(1_500)])).lines
        assert [kept[0].text, kept[-1].text, len(kept)] == ["500", "1499", 1_000]

    def test_only_so_many_characters(self) -> None:
        kept = newest(Chat([person("A", "x" * 15_000)] * 500)).lines
        assert len(kept) == chat_lines.MOST_CHARACTERS // 15_000

    def test_a_long_line_loses_its_middle(self) -> None:
        [line] = newest(Chat([person("A", "a" * 50_000 + "z" * 50_000)])).lines
        assert len(line.text) == chat_lines.LONGEST_LINE
        assert (line.text[0], line.text[-1]) == ("a", "z")

    def test_a_talk_of_hidden_lines_is_shown(self) -> None:
        assert not newest(Chat([person("A", "x", hidden=True)])).lines[0].hidden


class TestView:
    turns = turns_of(
        Chat([person("A", "x" * 60) if n % 2 else character("B", "x" * 60) for n in range(20)]),
        Cast(),
        author="1",
        key="k",
    )

    def test_all_that_there_is_room_for(self) -> None:
        window, cut = in_view(self.turns, 100_000, len)
        assert (window, cut) == (self.turns, [])

    def test_the_newest_from_a_persons_line_on(self) -> None:
        window, cut = in_view(self.turns, 1_000, len)
        assert [*cut, *window] == self.turns
        assert window[0].role == "user"
        assert 3 <= len(window) <= 6

    def test_one_is_always_in_view(self) -> None:
        window, cut = in_view(self.turns, 1, len)
        assert (len(window), len(cut)) == (1, 19)

    def test_what_is_hidden_counts_as_cut(self) -> None:
        lines = [person("A", str(n), hidden=n == 5) for n in range(20)]
        turns = turns_of(Chat(lines), Cast(), author="1", key="k")
        window, cut = in_view(turns, 100_000, len)
        assert [turn.text for turn in cut] == ["5"]
        assert len(window) == 19

    @pytest.mark.parametrize(
        ("lines", "shown"),
        [
            ([person("A"), character("B", "y" * 900), person("A", "z", hidden=True)], 2),
            ([person("A", "x" * 900), character("B"), person("A", "z", hidden=True)], 2),
            ([character("B", "x" * 900), character("B", "y", hidden=True)], 1),
        ],
    )
    def test_one_that_is_seen_is_in_view_whatever_is_hidden(
        self, lines: list[Line], shown: int
    ) -> None:
        turns = turns_of(Chat(lines), Cast(), author="1", key="k")
        window, cut = in_view(turns, 800, len)
        assert [turn.n for turn in window] == [shown]
        assert sorted(turn.n for turn in (*window, *cut)) == [turn.n for turn in turns]


def test_a_conversation_as_a_chat() -> None:
    turns = [
        Turn("1", 1, "user", "Hail!", "Ada"),
        Turn("r1", 2, "assistant", "b", variants=(Variant("a"), Variant("b")), variant=1),
        Turn("3", 3, "user", "It rains.", "Narrator"),
        Turn("4", 4, "user", "Ada rolls 2d6: 7"),
        Turn("r4", 5, "assistant", "Aye.", "Aria", character="a1"),
        Turn("6", 6, "user", " "),
    ]
    chat = chat_of(turns, bot="Hermes", person="", character="", said_at=lambda turn: turn.n)
    assert (chat.user, chat.character) == ("Ada", "Hermes")
    assert chat.lines == [
        Line("person", "Ada", "Hail!", 1),
        Line("character", "Hermes", "b", 2, ("a", "b"), 1, mark="bot"),
        Line("narrator", "Narrator", "It rains.", 3),
        Line("person", "Ada", "Ada rolls 2d6: 7", 4, mark="bare"),
        Line("character", "Aria", "Aye.", 5),
    ]
    back = turns_of(chat, Cast([ARIA], "Mona"), author="9", key="k")
    seen = [(t.role, t.speaker, t.character, t.text, t.variants, t.variant) for t in turns[:5]]
    assert [(t.role, t.speaker, t.character, t.text, t.variants, t.variant) for t in back] == seen
