"""The tokenizer: byte-level BPE in which names keep their tokens wherever they stand.

Merges are learnt inside words only. A space is joined to a following word late and only for
frequent lower-case words, quotes and braces only with each other. So ` Velmora`, `"Velmora` and
`Velmora` end in the same tokens, and copying a name is copying tokens. Digits stay single.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

BOS = "<|begin_of_text|>"
END = "<|im_end|>"
CONTROL = (BOS, "<|end_of_text|>", "<|im_start|>", END, "<|pad|>")
TAGS = (
    "<tools>",
    "</tools>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<schema>",
    "</schema>",
)
SPACE, NEWLINE = "Ġ", "Ċ"
_PUNCTUATION = (
    (SPACE, SPACE), (SPACE * 2, SPACE * 2),
    ('"', ":"), ('"', ","), ("{", '"'), ('"', "}"), ('"}', "}"),
    (SPACE, '"'), (SPACE, '{"'), ("`", "`"), ("``", "`"), (SPACE, "{"), (SPACE, "="), (SPACE, "-"),
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_SPACED = re.compile(r" ([a-z]+)(?![^\W\d_])")


def _bpe(vocab: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    tokenizer = Tokenizer(BPE(vocab, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(text, special=True, normalized=False) for text in CONTROL]
    )
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in TAGS])
    return tokenizer


def learn(texts: Iterable[str], *, inside: int = 1000, spaced: int = 480) -> Tokenizer:
    """Learn a tokenizer: `inside` merges within words, then up to `spaced` of space and word."""
    counts: Counter[str] = Counter()
    behind_space: Counter[str] = Counter()
    for text in texts:
        counts.update(_WORD.findall(text))
        behind_space.update(_SPACED.findall(text))
    trained = Tokenizer(BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = BpeTrainer(vocab_size=256 + inside, initial_alphabet=alphabet, show_progress=False)
    lines = ("\n".join([word] * count) for word, count in sorted(counts.items()))
    trained.train_from_iterator(lines, trainer)
    state = json.loads(trained.to_str())["model"]
    merges = [tuple(pair) for pair in state["merges"] if NEWLINE not in "".join(pair)]
    vocab = {
        text: index for index, text in enumerate([*alphabet, *("".join(pair) for pair in merges)])
    }
    extra = [
        (SPACE, word) for word, _ in behind_space.most_common() if word in vocab and word.isascii()
    ][:spaced]
    for pair in (*_PUNCTUATION, *extra):
        if "".join(pair) not in vocab:
            vocab["".join(pair)] = len(vocab)
            merges.append(pair)
    return _bpe(vocab, merges)


def save(tokenizer: Tokenizer, path: Path) -> None:
    """Write a tokenizer as JSON."""
    path.write_text(tokenizer.to_str(), encoding="utf-8")


def load(path: Path) -> Tokenizer:
    """Read a tokenizer that `save` wrote."""
    return Tokenizer.from_file(str(path))
