"""A small Llama in torch: RMS norm, rotary positions, SwiGLU, tied embeddings.

`Llama.forward` takes a stream of many texts and, optionally, one prefix that stands before some
of them: the tools' system turn is computed once for many conversations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers of a model. Rotary pairs are neighbouring dimensions, as llama.cpp has them."""

    vocab: int
    width: int = 192
    layers: int = 4
    heads: int = 6
    hidden: int = 512
    context: int = 4096
    rope_base: float = 10_000.0
    norm_eps: float = 1e-5


class Norm(nn.Module):
    """Root mean square norm."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Scale each vector to unit mean square."""
        normed = F.rms_norm(x, (x.shape[-1],), self.weight, self.eps)
        return normed.bfloat16() if torch.is_autocast_enabled("cpu") else normed


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate neighbouring pairs; x is (heads, time, head width)."""
    even, odd = x[..., 0::2].float(), x[..., 1::2].float()
    turned = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)
    return turned.to(x.dtype)


def _attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Attention written out: on a CPU about twice as fast to train as the fused kernel."""
    scores = (q * q.shape[-1] ** -0.5) @ k.mT
    scores[..., -len(mask) :] += mask.to(q.dtype)
    return torch.softmax(scores, dim=-1) @ v


def _causal_mask(time: int) -> Tensor:
    """What `time` tokens may see of themselves: what came before."""
    return torch.full((time, time), -torch.inf, dtype=torch.bfloat16).triu(1)


class Layer(nn.Module):
    """Attention and feed-forward."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.attn_norm = Norm(width, shape.norm_eps)
        self.ffn_norm = Norm(width, shape.norm_eps)
        self.q = nn.Linear(width, width, bias=False)
        self.k = nn.Linear(width, width, bias=False)
        self.v = nn.Linear(width, width, bias=False)
        self.o = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, shape.hidden, bias=False)
        self.up = nn.Linear(width, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, width, bias=False)

    def qkv(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values as (heads, time, head width)."""
        h = self.attn_norm(x)
        q, k, v = (
            linear(h).view(len(x), self.heads, -1).transpose(0, 1)
            for linear in (self.q, self.k, self.v)
        )
        return _rotate(q, *rope), _rotate(k, *rope), v

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Add the attention's output, then the feed-forward's."""
        x = x + self.o(attended.transpose(0, 1).flatten(1))
        h = self.ffn_norm(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    """The whole model."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocab, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.norm_eps)
        half = shape.width // shape.heads // 2
        self.register_buffer(
            "freqs", shape.rope_base ** (-torch.arange(half) / half), persistent=False
        )
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                scale = (
                    (2 * shape.layers) ** -0.5
                    if name.endswith(("o.weight", "down.weight"))
                    else 1.0
                )
                nn.init.normal_(weight, std=0.05 * scale if "embed" not in name else 0.02)

    def _rope(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        angles = positions[:, None].float() * self.freqs
        return angles.cos(), angles.sin()

    def forward(
        self,
        ids: Tensor,
        positions: Tensor,
        texts: Sequence[tuple[int, bool]] = (),
        prefix: int = 0,
    ) -> Tensor:
        """Hidden states of a stream of tokens; multiply with `embed.weight` for logits.

        The stream is a prefix and then `texts`: the length of each, and whether it stands behind
        the prefix. Texts do not see each other. Without `texts` the stream is one text.
        """
        texts = texts or [(len(ids), False)]
        x, rope = self.embed(ids), self._rope(positions)
        masks = [_causal_mask(length) for length, _ in texts]
        own = _causal_mask(prefix) if prefix else None
        lengths = [prefix, *(length for length, _ in texts)]
        for layer in self.layers:
            q, k, v = (part.split(lengths, dim=1) for part in layer.qkv(x, rope))
            attended: list[Tensor] = [] if own is None else [_attend(q[0], k[0], v[0], own)]
            for index, (_, behind) in enumerate(texts):
                at = index + 1
                keys = torch.cat((k[0], k[at]), dim=1) if behind else k[at]
                values = torch.cat((v[0], v[at]), dim=1) if behind else v[at]
                attended.append(_attend(q[at], keys, values, masks[index]))
            x = layer.finish(x, torch.cat(attended, dim=1))
        return self.norm(x)
