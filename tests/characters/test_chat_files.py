"""Chat files of every kind are read, and nothing in one does harm."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.characters.chats import dates
from bot.characters.chats.line import Chat, Line
from bot.characters.chats.read import read_chat
from bot.characters.chats.write import as_jsonl
from bot.errors import BadInput

AT = 1_735_812_000_000  # 2025-01-02 10:00 UTC

# Whatever the readers look for in an object.
FIELDS = (
    *("name", "mes", "is_user", "is_system", "send_date", "swipes", "swipe_id", "extra"),
    *("role", "content", "from", "value", "messages", "conversations", "tool_calls"),
    *("user_name", "chat_metadata"),
)


def read(*rows: object) -> Chat:
    return read_chat("\n".join(json.dumps(row) for row in rows).encode())


def said(chat: Chat) -> list[tuple[str, str, str]]:
    return [(line.side, line.name, line.text) for line in chat.lines]


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2025-01-02T10:00:00.000Z", AT),
        ("2025-01-02T11:00:00+01:00", AT),
        ("2025-01-02 10:00:00", AT),
        ("2025-1-2 @10h 00m 00s 007ms", AT + 7),
        ("2025-1-2@10h0m0s", AT),
        ("January 2, 2025 10:00am", AT),
        ("Jan 2, 2025 10:00 AM", AT),
        ("January 2, 2025 12:00am", AT - 10 * 3_600_000),
        ("January 2, 2025 12:30pm", AT + 9_000_000),
        (AT, AT),
        (AT / 1000, AT),
        (str(AT), AT),
        (AT + 0.5, AT),
        ("Smarch 2, 2025 10:00am", 0),
        ("2025-13-40 @99h 99m 99s 999ms", 0),
        ("yesterday", 0),
        ("", 0),
        ("9" * 90, 0),
        ("1" * 5_000, 0),
        (None, 0),
        (True, 0),
        (float("nan"), 0),
        (float("inf"), 0),
        (-1, 0),
        (10**400, 0),
        (-(10**400), 0),
        ({}, 0),
        ([], 0),
    ],
)
def test_dates_of_all_times(written: object, at: int) -> None:
    assert dates.milliseconds(written) == at


def test_a_date_is_written_as_it_is_read() -> None:
    assert dates.written(AT + 7) == "2025-01-02T10:00:00.007Z"
    assert dates.milliseconds(dates.written(AT + 7)) == AT + 7


class TestSillyTavern:
    def test_a_chat_of_two(self) -> None:
        chat = read(
            {"user_name": "Ada", "character_name": "Aria", "chat_metadata": {"note_prompt": "x"}},
            {"name": "Aria", "is_user": False, "mes": "Hail!", "send_date": AT},
            {"name": "Ada", "is_user": True, "mes": "You too."},
        )
        assert said(chat) == [("character", "Aria", "Hail!"), ("person", "Ada", "You too.")]
        assert (chat.user, chat.character, chat.note) == ("Ada", "Aria", True)
        assert chat.lines[0].at == AT

    def test_newer_ones_have_no_names_in_the_first_line(self) -> None:
        chat = read(
            {"chat_metadata": {}, "user_name": "unused", "character_name": "unused"},
            {"name": "Aria", "mes": "Hail!"},
        )
        assert (chat.user, chat.character, chat.note) == ("", "", False)

    def test_older_groups_have_no_first_line(self) -> None:
        assert said(read({"name": "Aria", "mes": "Hail!"})) == [("character", "Aria", "Hail!")]

    def test_a_chat_of_chub(self) -> None:
        chat = read(
            {"name": "Aria", "mes": {"message": "Hail!"}, "swipes": [{"message": "Hm."}, "Hail!"],
             "swipe_id": 1}
        )  # fmt: skip
        assert chat.lines[0].variants == ("Hm.", "Hail!")

    @pytest.mark.parametrize(
        ("swipes", "shown", "texts", "number"),
        [
            (["a", "b"], 1, ("a", "mes"), 1),
            (["a", "", "b"], 2, ("a", "mes"), 1),
            (["a", 7, None], 0, (), 0),
            (["a", "b"], 2, (), 0),
            (["a", "b"], -1, (), 0),
            (["a", "b"], "1", (), 0),
            (["a", "b"], None, (), 0),
            ("ab", 0, (), 0),
            ([], 0, (), 0),
        ],
    )
    def test_swipes(
        self, swipes: object, shown: object, texts: tuple[str, ...], number: int
    ) -> None:
        [line] = read({"name": "A", "mes": "mes", "swipes": swipes, "swipe_id": shown}).lines
        assert (line.text, line.variants, line.variant) == ("mes", texts, number)

    def test_what_is_hidden_and_what_is_no_line(self) -> None:
        chat = read(
            {"name": "A", "mes": "hidden", "is_system": True},
            {"name": "Note", "mes": "x", "is_system": True, "extra": {"type": "comment"}},
            {"name": "System", "mes": "It rains.", "extra": {"type": "narrator"}},
            {"name": "A", "mes": 7},
            {"name": ["A"], "mes": "odd", "is_user": "yes", "extra": [], "is_system": "no"},
            {"name": "A", "mes": ""},
            "text",
            None,
        )
        assert said(chat) == [
            ("character", "A", "hidden"),
            ("narrator", "Narrator", "It rains."),
            ("character", "", "odd"),
        ]
        assert [line.hidden for line in chat.lines] == [True, False, False]
        assert chat.left_out == {"notices": 1, "unreadable": 3}


class TestMessages:
    def test_chatml(self) -> None:
        chat = read(
            [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Hail!", "name": "Ada"},
                {"role": "assistant", "content": None, "tool_calls": [{}]},
                {"role": "tool", "content": "{}"},
                {"role": "assistant", "content": [{"text": "You"}, {"text": "too."}]},
                {"role": "system", "content": "It rains."},
                {"role": "elf", "content": "?"},
                {"content": "?"},
                {"role": "user", "content": 7},
            ]
        )  # fmt: skip
        assert said(chat) == [
            ("person", "Ada", "Hail!"),
            ("character", "", "You\ntoo."),
            ("narrator", "Narrator", "It rains."),
        ]
        assert chat.left_out == {"system": 1, "tools": 2, "unreadable": 3}

    def test_sharegpt(self) -> None:
        chat = read(
            {
                "id": "1",
                "conversations": [
                    {"from": "system", "value": "Be kind."},
                    {"from": "human", "value": "Hail!"},
                    {"from": "gpt", "value": "<tool_call>{}</tool_call>"},
                    {"from": "tool", "value": "{}"},
                ],
            }
        )
        assert said(chat) == [
            ("person", "", "Hail!"),
            ("character", "", "<tool_call>{}</tool_call>"),
        ]

    def test_one_message_a_line(self) -> None:
        assert (
            len(read({"role": "user", "content": "a"}, {"role": "user", "content": "b"}).lines) == 2
        )

    def test_a_data_set_is_too_many(self) -> None:
        one = {"conversations": [{"from": "human", "value": "Hail!"}]}
        assert len(read(one).lines) == 1
        with pytest.raises(BadInput, match="2 conversations"):
            read(one, one)


class TestHostile:
    def test_marks_and_bytes_that_are_no_text(self) -> None:
        row = json.dumps({"name": "A", "mes": "Grüße \ud83d\x00\x1b[2J\u2028x"}).encode()
        [line] = read_chat(b"\xef\xbb\xbf" + row + b"\r\n\xff\xfe\xfd\r\n").lines
        assert line.text == "Grüße ?[2J\u2028x"
        raw = '{"name": "A", "mes": "Grüße"}'
        assert read_chat(raw.encode("utf-16")).lines[0].text == "Grüße"
        assert read_chat(raw.encode("latin-1")).lines[0].text == "Gr\ufffd\ufffde"

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"   \n\n",
            b"\x00" * 1000,
            b"[" * 200_000,
            b'{"mes":' * 100_000,
            b"9" * 1_000_000,
            b'{"mes": ' + b"9" * 5_000 + b"}",
            b"null",
            b"7",
            b'"text"',
            b"[[[]]]",
            b'{"messages": {}}',
            b'{"conversations": "x"}',
            b'{"conversations": [' * 300 + b"]}" * 300,
            b"PK\x03\x04",
            b"<html>",
        ],
    )
    def test_what_is_no_chat_says_so(self, data: bytes) -> None:
        with pytest.raises(BadInput):
            read_chat(data)

    def test_a_deep_line_costs_only_itself(self) -> None:
        deep = b'{"mes": ' + b"[" * 100_000
        chat = read_chat(b'{"name": "A", "mes": "a"}\n' + deep + b'\n{"name": "A", "mes": "b"}')
        assert [line.text for line in chat.lines] == ["a", "b"]
        assert chat.left_out == {"unreadable": 1}

    def test_too_many_of_anything(self) -> None:
        with pytest.raises(BadInput, match="more than 100,000 messages"):
            read_chat(b'{"mes":"a"}\n' * 100_001)
        with pytest.raises(BadInput, match="more in it than I can read"):
            read_chat(b"[" + b"{}," * 1_000_000 + b"{}]")
        with pytest.raises(BadInput, match="no chat that I know"):
            read_chat(b"{}\n" * 3_000_000)

    def test_little_room_is_taken_by_much_that_is_nothing(self) -> None:
        data = b'{"mes": "a"}\n' + b"{}\n" * 300_000
        tracemalloc.start()
        try:
            assert read_chat(data).left_out == {"unreadable": 300_000}
            assert tracemalloc.get_traced_memory()[1] < 12 * 2**20
        finally:
            tracemalloc.stop()

    def test_a_hundred_thousand_lines_take_a_moment(self) -> None:
        data = b'{"name": "Aria", "is_user": false, "mes": "Hail and well met!"}\n' * 100_000
        begun = time.thread_time()
        assert len(read_chat(data).lines) == 100_000
        assert time.thread_time() - begun < 20

    json_values = st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=8,
    )

    @settings(max_examples=120, deadline=None)
    @given(st.lists(st.dictionaries(st.sampled_from(FIELDS), json_values), max_size=5))
    def test_whatever_stands_in_the_fields(self, rows: list[dict[str, object]]) -> None:
        try:
            chat = read(*rows)
        except BadInput:
            return
        for line in chat.lines:
            assert line.text.strip() == line.text != ""
            line.text.encode()
            assert not line.variants or line.variants[line.variant] == line.text
        assert said(read_chat(as_jsonl(chat))) == said(chat)


class TestWriting:
    def test_what_is_written_is_read_again(self) -> None:
        lines = [
            Line("character", "Aria", "b", AT, ("a", "b"), 1),
            Line("person", "Ada", "Hail!\nAll of you. <|im_end|>", AT + 1),
            Line("person", "Ada", "Ada rolls 2d6: 7", mark="bare"),
            Line("narrator", "Narrator", "It rains."),
            Line("character", "Bram", "Aye.", hidden=True),
            Line("character", "Bot", "I am myself.", mark="bot"),
        ]
        chat = Chat(lines, "Ada", "Aria")
        assert read_chat(as_jsonl(chat)) == chat

    def test_dates_that_nobody_knows_are_those_before(self) -> None:
        chat = Chat(
            [Line("person", "A", "a"), Line("person", "A", "b", AT), Line("person", "A", "c")]
        )
        dated = [json.loads(row).get("send_date") for row in as_jsonl(chat, AT + 5).splitlines()]
        assert dated[1:] == ["2025-01-02T10:00:00.000Z"] * 3
        undated = [json.loads(row)["mes"] for row in as_jsonl(chat).splitlines()[1:]]
        assert undated == ["a", "b", "c"]

    def test_a_group_says_whose_picture_it_is(self) -> None:
        chat = Chat([Line("character", "Old Tom", "a"), Line("character", "Bram", "b")])
        row = json.loads(as_jsonl(chat).splitlines()[1])
        assert row["original_avatar"] == "Old Tom.png"
        assert row["force_avatar"] == "/thumbnail?type=avatar&file=Old%20Tom.png"
