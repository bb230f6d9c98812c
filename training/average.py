"""The mean of several checkpoints of one run: `python -m training.average --out FILE A.pt B.pt=2`.

Steps near the end of a run gain one skill and lose another; their mean has most of both. A number
behind `=` is how often a checkpoint counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from training.export import export
from training.model import Llama, Shape

Weighted = tuple[Path, float]


def average(parts: Sequence[Weighted], out: Path) -> None:
    """Write the weighted mean of checkpoints with one shape and one tokenizer as GGUF."""
    saved = [(torch.load(path, weights_only=True), share) for path, share in parts]
    first = saved[0][0]
    if any(
        (one["shape"], one["tokenizer"]) != (first["shape"], first["tokenizer"]) for one, _ in saved
    ):
        raise ValueError("the checkpoints are of different models")
    whole = sum(share for _, share in saved)
    model = Llama(Shape(**first["shape"]))
    model.load_state_dict(
        {
            name: sum(one["model"][name].float() * share for one, share in saved) / whole
            for name in first["model"]
        }
    )
    export(model, Tokenizer.from_str(first["tokenizer"]), out)


def _weighted(text: str) -> Weighted:
    path, _, share = text.partition("=")
    return Path(path), float(share or 1)


def main() -> None:
    """Read the command line and average."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="+", type=_weighted, metavar="CHECKPOINT[=SHARE]")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    average(args.parts, args.out)


if __name__ == "__main__":
    main()
