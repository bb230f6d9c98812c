"""Muon: momentum whose matrices are made orthogonal; much faster than AdamW on so small a model.

Matrices of one shape are stacked and treated together, which keeps it cheap on a CPU.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor


def orthogonal(matrices: Tensor, steps: int = 5) -> Tensor:
    """The nearest orthogonal matrices, roughly, by Newton-Schulz iteration; rows <= columns."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices.bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        s = x @ x.mT
        x = a * x + (b * s + c * s @ s) @ x
    return x.float()


class Muon(torch.optim.Optimizer):
    """For the matrices inside the layers; embeddings and norms belong to AdamW."""

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One update."""
        for group in self.param_groups:
            shapes: dict[tuple[int, int], list[Tensor]] = defaultdict(list)
            for param in group["params"]:
                shapes[min(param.shape), max(param.shape)].append(param)
            for (_, large), params in shapes.items():
                updates: list[Tensor] = []
                for param in params:
                    buffer = self.state[param].setdefault("momentum", torch.zeros_like(param))
                    buffer.lerp_(param.grad, 1 - group["momentum"])
                    update = param.grad.lerp(buffer, group["momentum"])
                    updates.append(update if param.shape[0] <= param.shape[1] else update.T)
                scale = 0.2 * large**0.5
                for param, update in zip(params, orthogonal(torch.stack(updates)), strict=True):
                    param.mul_(1 - group["lr"] * group["weight_decay"])
                    param.add_(
                        update if param.shape[0] <= param.shape[1] else update.T,
                        alpha=-group["lr"] * scale,
                    )
