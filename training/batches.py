"""Batches: a stream of many conversations, some of them behind one shared set of tools.

Conversations do not see each other, positions start anew for each. Now and then the positions
jump ahead, as if a longer conversation stood between: so the model learns distances up to its
whole context from short texts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.data import mix
from training.sample import Piece, render, tools_turn
from training.tokens import BOS

_LONGEST = 700
_DECISIVE = 4.0
_ALL_DECIDES = 64.0


@dataclass(slots=True)
class _Stream:
    ids: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    texts: list[tuple[int, bool]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Batch:
    """A stream of tokens, what comes next, and how much each prediction counts.

    `prefix` is the length of the shared prefix, `texts` says how long each text is and whether it
    stands behind the prefix.
    """

    ids: Tensor
    targets: Tensor
    weights: Tensor
    positions: Tensor
    texts: list[tuple[int, bool]]
    prefix: int


def _add(
    stream: _Stream,
    tokenizer: Tokenizer,
    pieces: list[Piece],
    rng: Random,
    context: int,
    prefix: int,
    *,
    decides: float = 1.0,
) -> None:
    """Add a text with its targets already shifted; texts that are too long are left out."""
    ids = [] if prefix else [tokenizer.token_to_id(BOS)]
    weights = [0.0] * len(ids)
    encoded = tokenizer.encode_batch([piece.text for piece in pieces])
    for piece, part in zip(pieces, encoded, strict=True):
        ids += part.ids
        weights += [piece.learn] * len(part.ids)
        if piece.learn and part.ids:
            # The first token says whether a tool is called.
            weights[-len(part.ids)] *= decides
    if len(ids) > _LONGEST:
        return
    positions = list(range(prefix, prefix + len(ids)))
    if rng.random() < 0.4:
        at, jump = rng.randrange(len(ids)), int((context - positions[-1] - 1) * rng.random() ** 2)
        positions[at:] = [position + jump for position in positions[at:]]
    stream.ids += ids
    stream.weights += [*weights[1:], 0.0]
    stream.positions += positions
    stream.texts.append((len(ids), prefix > 0))


def build(
    rng: Random, tokenizer: Tokenizer, *, tool_tokens: int, plain_tokens: int, context: int
) -> Batch:
    """A stream of about as many tokens behind tools, and without; without any tools, a drill.

    Most streams have many conversations behind one block of tools, the others single messages
    that have a small block each.
    """
    if tool_tokens and rng.random() < 0.2:
        return _with_own_tools(rng, tokenizer, tool_tokens, plain_tokens, context)
    offered = mix.offer(rng)
    prefix = [tokenizer.token_to_id(BOS), *tokenizer.encode(tools_turn(offered.schemas)).ids]
    prefix = prefix if tool_tokens else []
    stream = _Stream(list(prefix), [0.0] * len(prefix), list(range(len(prefix))))
    while len(stream.ids) < len(prefix) + tool_tokens:
        sample = mix.with_tools(rng, offered)
        _add(stream, tokenizer, render(sample), rng, context, len(prefix), decides=_DECISIVE)
    while len(stream.ids) < len(prefix) + tool_tokens + plain_tokens:
        sample = mix.plain(rng) if tool_tokens else mix.drill(rng)
        _add(stream, tokenizer, render(sample), rng, context, 0)
    return _batch(stream, len(prefix))


def _last_learnt(pieces: list[Piece]) -> list[Piece]:
    """The same pieces, of which only the last that is written by the model is learnt."""
    last = max(index for index, piece in enumerate(pieces) if piece.learn)
    return [Piece(piece.text, piece.learn * (at == last)) for at, piece in enumerate(pieces)]


def contrast(rng: Random, tokenizer: Tokenizer, *, tokens: int, context: int) -> list[Batch]:
    """Two streams of the same questions, each behind the tools that the other one lacks.

    Whether a tool is called depends on the block alone: what was learnt from the questions cancels
    out between the two, and what is left to learn is to look for the tool.
    """
    offers = mix.halves(rng)
    prefixes = [
        [tokenizer.token_to_id(BOS), *tokenizer.encode(tools_turn(offered.schemas)).ids]
        for offered in offers
    ]
    streams = [
        _Stream(list(prefix), [0.0] * len(prefix), list(range(len(prefix)))) for prefix in prefixes
    ]
    while sum(length for length, _ in streams[0].texts) < tokens // 2:
        for stream, prefix, sample in zip(streams, prefixes, mix.pair(rng, *offers), strict=True):
            pieces = _last_learnt(render(sample))
            _add(stream, tokenizer, pieces, rng, context, len(prefix), decides=_ALL_DECIDES)
    return [_batch(stream, len(prefix)) for stream, prefix in zip(streams, prefixes, strict=True)]


_OWN_BLOCKS = 2
"""How many times as many tokens a stream has behind tools when the block is not shared."""


def _with_own_tools(
    rng: Random, tokenizer: Tokenizer, tool_tokens: int, plain_tokens: int, context: int
) -> Batch:
    stream = _Stream()
    while len(stream.ids) < _OWN_BLOCKS * tool_tokens:
        offered = mix.offer(rng, few=True)
        pieces = [Piece(tools_turn(offered.schemas), 0.0), *render(mix.single(rng, offered))]
        _add(stream, tokenizer, pieces, rng, context, 0, decides=_DECISIVE)
    while len(stream.ids) < _OWN_BLOCKS * tool_tokens + plain_tokens:
        _add(stream, tokenizer, render(mix.plain(rng)), rng, context, 0)
    return _batch(stream, 0)


def _batch(stream: _Stream, prefix: int) -> Batch:
    ids = torch.tensor(stream.ids)
    return Batch(
        ids=ids,
        targets=ids.roll(-1),
        weights=torch.tensor(stream.weights),
        positions=torch.tensor(stream.positions),
        texts=stream.texts,
        prefix=prefix,
    )
