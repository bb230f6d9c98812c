"""Train the tiny model from nothing and write it as GGUF: `python -m training.train`.

Everything follows from the seed and the number of steps, unless `--minutes` lets the clock decide
how many there are. A checkpoint is written every few minutes; `--resume` goes on from it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from random import Random

import torch
import torch.distributed as dist
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch.multiprocessing.spawn import spawn

from training import TINY, batches, tokens
from training.data import mix
from training.export import export
from training.model import Llama, Shape
from training.muon import Muon
from training.parent import end_with_parent
from training.sample import render, tools_turn


def corpus(seed: int) -> list[str]:
    """Texts to learn the tokenizer from."""
    rng = Random(f"{seed} tokens")
    texts = ["".join(piece.text for piece in render(mix.plain(rng))) for _ in range(6000)]
    for _ in range(200):
        offered = mix.offer(rng)
        texts.append(tools_turn(offered.schemas))
        texts += [
            "".join(piece.text for piece in render(mix.with_tools(rng, offered))) for _ in range(15)
        ]
    return texts


def rate(step: int, done: float, *, warmup: int, decay: float) -> float:
    """The learning rate's factor, where `done` of the run lies behind: up, level, then down."""
    return max(0.0, min((step + 1) / max(warmup, 1), 1.0, (1 - done) / decay))


def behind(step: int, began: float, args: argparse.Namespace) -> float:
    """How much of the run is done, from 0 to 1; all workers hear it from the first one."""
    done = step / args.steps
    if args.minutes:
        done = max(done, (time.monotonic() - began) / (60 * args.minutes))
    told = torch.tensor([done])
    dist.broadcast(told, 0)
    return told.item()


def loss_of(model: Llama, batch: batches.Batch) -> torch.Tensor:
    """Mean loss over what the model has to write itself."""
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model(batch.ids, batch.positions, batch.texts, batch.prefix)
        wanted = batch.weights > 0
        logits = hidden[wanted] @ model.embed.weight.T
    losses = F.cross_entropy(logits.float(), batch.targets[wanted], reduction="none")
    return (losses * batch.weights[wanted]).sum() / batch.weights.sum()


def share_gradients(model: Llama, workers: int) -> None:
    """Make every worker's gradients the mean of all."""
    grads = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    flat = torch.cat([grad.flatten() for grad in grads])
    dist.all_reduce(flat)
    for grad, part in zip(grads, flat.split([grad.numel() for grad in grads]), strict=True):
        grad.copy_(part.view_as(grad) / workers)


def _batches(
    rng: Random, tokenizer: Tokenizer, shape: Shape, args: argparse.Namespace, step: int
) -> list[tuple[batches.Batch, float]]:
    """What one worker learns in a step, and how much each part of it counts."""
    drill = step < args.drill
    mixed = batches.build(
        rng,
        tokenizer,
        tool_tokens=0 if drill else args.tool_tokens // args.workers,
        plain_tokens=args.plain_tokens // args.workers,
        context=shape.context,
    )
    if drill or not args.contrast_tokens:
        return [(mixed, 1.0)]
    tokens = args.contrast_tokens // args.workers
    pair = batches.contrast(rng, tokenizer, tokens=tokens, context=shape.context)
    return [(mixed, 0.7), *((batch, 0.15) for batch in pair)]


def train(worker: int, args: argparse.Namespace, meeting: str) -> None:
    """One worker of the run: its own part of each batch, the same model as the others."""
    end_with_parent()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    dist.init_process_group("gloo", f"file://{meeting}", rank=worker, world_size=args.workers)
    saved = torch.load(args.checkpoint, weights_only=True) if args.resume else None
    tokenizer = Tokenizer.from_str(saved["tokenizer"]) if saved else tokens.learn(corpus(args.seed))
    shape = Shape(**saved["shape"]) if saved else Shape(tokenizer.get_vocab_size())
    model = Llama(shape)
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    optimizers = [
        Muon(matrices, lr=args.rate),
        torch.optim.AdamW(others, lr=args.rate * 0.6, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    bases = [args.rate, args.rate * 0.6]
    first = 0
    if saved:
        model.load_state_dict(saved["model"])
        first = 0 if args.restart_schedule else saved["step"]
        for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
    if worker == 0:
        print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {shape}", flush=True)

    def checkpoint(step: int) -> None:
        state = {
            "model": model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in optimizers],
            "tokenizer": tokenizer.to_str(),
            "shape": asdict(shape),
            "step": step,
        }
        part = args.checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(args.checkpoint)

    began = saved_at = time.monotonic()
    totals = [0.0, 0.0]
    reached = first
    for step in range(first, args.steps):
        rng = Random(f"{args.seed} {step} {worker} {args.steps if args.restart_schedule else ''}")
        done = behind(step, began, args)
        if done >= 1:
            break
        factor = rate(step, done, warmup=args.warmup, decay=args.decay)
        for optimizer, base in zip(optimizers, bases, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = base * factor
        for part, (batch, share) in enumerate(_batches(rng, tokenizer, shape, args, step)):
            loss = loss_of(model, batch)
            (loss * share).backward()
            totals[part > 0] += loss.item() / (2 if part else 1)
        share_gradients(model, args.workers)
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        reached = step + 1
        if worker > 0:
            continue
        if reached % 20 == 0:
            passed = time.monotonic() - began
            mixed, contrast = (total / 20 for total in totals)
            print(f"{reached} {mixed:.4f} {contrast:.4f} {passed:.0f} s", flush=True)
            totals = [0.0, 0.0]
        if time.monotonic() - saved_at > 180:
            checkpoint(reached)
            saved_at = time.monotonic()
    if worker > 0:
        return
    checkpoint(reached)
    export(model, tokenizer, args.out)
    print(f"wrote {args.out}, {args.out.stat().st_size:,} bytes", flush=True)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3500)
    parser.add_argument("--minutes", type=float, help="end after this time at the latest")
    parser.add_argument("--warmup", type=int, default=60, help="steps until the full rate")
    parser.add_argument("--decay", type=float, default=0.5, help="part of the run with less rate")
    parser.add_argument("--drill", type=int, default=400, help="steps of short copying at first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each")
    parser.add_argument("--rate", type=float, default=0.006)
    parser.add_argument("--plain-tokens", type=int, default=3600)
    parser.add_argument("--tool-tokens", type=int, default=2600)
    parser.add_argument(
        "--contrast-tokens",
        type=int,
        default=2400,
        help="the same questions with and without a tool",
    )
    parser.add_argument("--checkpoint", type=Path, default=Path("training/checkpoint.pt"))
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    parser.add_argument(
        "--restart-schedule", action="store_true", help="with --resume: count steps from 0"
    )
    parser.add_argument("--out", type=Path, default=TINY)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        spawn(train, (args, f"{folder}/meeting"), nprocs=args.workers)


if __name__ == "__main__":
    main()
