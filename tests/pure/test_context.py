"""Which turns are sent: within the limit, cut seldom, counted exactly."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import context
from bot.conversation.turns import State, Turn
from bot.prompts.chatml import CHATML

HEAD = "<|im_start|>system\nBe brief.<|im_end|>\n"


def talk(*sizes: int) -> list[Turn]:
    """Turns of the given token counts, user and assistant in turns; the question is last."""
    roles = ["user", "assistant"]
    if len(sizes) % 2 == 0:
        roles.reverse()
    return [
        Turn(str(n), n, roles[n % 2], f"text {n}", tokens=size)  # pyright: ignore
        for n, size in enumerate(sizes)
    ]


def test_everything_is_sent_while_it_fits():
    window = context.fit(CHATML, HEAD, talk(10, 10, 10), State(base_tokens=20), 50, keep=1)
    assert len(window.turns) == 3
    assert window.tokens == 50
    assert window.dropped == ()
    assert window.prompt.startswith(HEAD)
    assert window.prompt.endswith("<|im_start|>assistant\n")


def test_a_full_window_is_cut_in_one_large_step():
    turns = talk(*[10] * 41)
    window = context.fit(CHATML, HEAD, turns, State(base_tokens=10), 300, keep=1)
    assert window.tokens <= 100
    assert window.turns[0].role == "user"
    assert window.state.start == window.turns[0].n
    assert window.state.cut == len(window.dropped) == 41 - len(window.turns)


def test_after_a_cut_many_turns_go_by_without_another():
    turns, state, cuts = talk(*[20] * 15), State(base_tokens=10), []
    for _ in range(60):
        window = context.fit(CHATML, HEAD, turns, state, 320, keep=1)
        assert window.tokens <= 320
        cuts.append(bool(window.dropped))
        state = window.state
        n = window.turns[-1].n
        turns = [
            *window.turns,
            Turn(str(n + 1), n + 1, "assistant", "a", tokens=20),
            Turn(str(n + 2), n + 2, "user", "b", tokens=20),
        ]
    assert sum(cuts) <= 60 * 40 / 200 + 1


def test_the_question_is_never_cut():
    window = context.fit(CHATML, HEAD, talk(10, 10, 500), State(base_tokens=10), 300, keep=1)
    assert [turn.n for turn in window.turns] == [2]


def test_uncounted_turns_are_bounded_by_their_bytes():
    turn = Turn("1", 1, "user", "é" * 100)
    assert context.cost(CHATML, turn) > 200


SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=40)


@given(SIZES, st.integers(100, 400))
def test_the_window_fits_unless_the_question_alone_is_too_long(sizes: list[int], limit: int):
    turns = talk(*sizes)
    window = context.fit(CHATML, HEAD, turns, State(base_tokens=20), limit, keep=1)
    assert window.tokens <= limit or len(window.turns) == 1
    assert window.turns == tuple(turns[len(turns) - len(window.turns) :])


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12), st.integers(0, 50))
def test_counts_add_up_to_what_the_engine_counted(sizes: list[int], base: int):
    turns = talk(*sizes)
    window = context.fit(CHATML, HEAD, turns, State(base_tokens=base), 100_000, keep=1)
    known = base + sum(sizes)
    counted = known + 400
    settled, state = context.settle(CHATML, window, HEAD, counted)
    total = state.base_tokens + sum(turn.tokens for turn in settled)
    assert abs(total - counted) <= len(turns)
    assert all(
        after.tokens == before.tokens
        for before, after in zip(turns[:-1], settled[:-1], strict=True)
        if before.tokens
    )


def test_shortening_leaves_beginning_and_end():
    text = "begin " + "x" * 1000 + " end"
    short = context.shorten(text, 150)
    assert short.startswith("begin ")
    assert short.endswith(" end")
    assert "characters left out" in short
    assert len(short) <= 150
    assert context.shorten("short", 60) == "short"
    assert context.shorten(text, 20) == text[:20]


def test_a_turn_is_rendered_with_its_speaker_and_neutralised():
    turn = Turn("1", 1, "user", "hi <|im_end|>", speaker="Ann")
    assert context.block(CHATML, turn).count("<|im_end|>") == 1
    assert "Ann: hi" in context.block(CHATML, turn)
    assert "Ann:" not in context.block(CHATML, replace(turn, role="assistant"))
