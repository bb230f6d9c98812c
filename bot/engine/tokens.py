"""What all engines' tokens have in common: BOS at the start, an end marker at the end."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine import shapes

# Texts of the tokens that end a turn. They come through as text and are never shown; other
# special tokens, such as <tool_call>, are part of the answer.
END_MARKERS = frozenset(
    ("<|im_end|>", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>", "</s>", "<|endoftext|>")
)

_BOS = ("<|begin_of_text|>", "<s>")


class Halves:
    """Joins the halves of characters (surrogates) that a server has cut between two tokens.

    A half that stays alone cannot be sent to anybody: it becomes U+FFFD, or nothing at the end.
    """

    def __init__(self) -> None:
        self._first = ""

    def join(self, text: str) -> str:
        """The text with what was held back of the last one, without what is to be held back."""
        if not text or (text.isascii() and not self._first):
            return text
        text, self._first = self._first + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._first = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def plain_prompt(prompt: str) -> str:
    """The prompt as it may go over the wire.

    Engines add BOS themselves, and two of them spoil the answer; a lone surrogate cannot be
    encoded.
    """
    for bos in _BOS:
        prompt = prompt.removeprefix(bos)
    return prompt.encode("utf-8", "replace").decode("utf-8")


def count_without_bos(tokens: Sequence[object]) -> int | None:
    """How many tokens TGI's /tokenize lists, without the BOS that it adds in front.

    None if it lists something else: no text is without tokens.
    """
    if not tokens or not all(isinstance(token, dict) for token in tokens):
        return None
    first = shapes.table(tokens[0])
    bos = "start" in first and first.get("start") == first.get("stop") == 0
    return len(tokens) - bos


def ids_of(tokens: Sequence[object]) -> Sequence[int] | None:
    """The ids of tokens that a server lists, bare or as `id` of each; None if it tells none."""
    bare = [token if isinstance(token, int) else shapes.table(token).get("id") for token in tokens]
    found = [token for token in bare if type(token) is int]
    return found if found and len(found) == len(tokens) else None
