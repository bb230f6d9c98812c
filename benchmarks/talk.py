"""A talk of 100 turns, far beyond the window: how much of each prompt was in the prefix cache?

The same talk is then sent again the way most bots do it, with the oldest turn dropped for each new
one. Once through the whole bot with the engine's stand-in (it keeps a prefix cache as TGI's radix
tree does), and once through the conversation core with llama.cpp and the bundled tiny model, whose
own `cached_tokens` are counted.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from benchmarks.stage import Stage, reply_text
from bot.conversation.ask import Ask
from bot.conversation.ports import End, Engine, Generation
from bot.settings import load
from tests.stand_ins.tgi import PrefixCache, TgiStandIn, tokenize

TURNS = 100
QUESTIONS = (
    "Tell me about the weather on the lake today, please.",
    "My name is Wilhelmina and I like herons; what do you like?",
    "What did I say my name was? I would like to hear it again.",
    "Let us talk about something else: bread, cheese and long walks.",
)


async def through_the_bot(context: int, tokens: int) -> dict[str, float]:
    """The whole bot over Discord and the engine's stand-in, with answers of so many tokens."""
    engine = TgiStandIn(reply_text(tokens), max_input_tokens=context - 1, max_total_tokens=context)
    async with Stage("hermes", limits=False, tokens=tokens, engine=engine) as stage:
        stage.furnish()
        await stage.open()
        answered = 0
        for turn in range(TURNS):
            question = f"{turn}. {QUESTIONS[turn % len(QUESTIONS)]}"
            answered += len(await stage.complete([stage.ask(stage.channels[0], question)], 10))
        requests = engine.generations
        cut = cut_one_by_one([seen.body["inputs"] for seen in requests])
        return {
            "answered": answered,
            "prompt_tokens": sum(r.prompt_tokens for r in requests),
            "longest_prompt": max(r.prompt_tokens for r in requests),
            "cached_share": share([(r.cached_tokens, r.prompt_tokens) for r in requests]),
            "cached_share_one_by_one": share(simulated(cut)),
        }


async def through_llama_cpp() -> dict[str, float]:
    """The conversation core over the embedded engine and a private Valkey."""
    from bot.core import open_core

    with tempfile.TemporaryDirectory(prefix="hermes-bench-") as scratch:
        chosen = {name: os.environ[name] for name in ("MODEL_FILE",) if name in os.environ}
        settings = load({"DATA_DIR": scratch, **chosen}, dotenv=Path(scratch, "none"))
        async with open_core(settings) as core:
            place, counts, prompts = "bench:talk", [], []
            for turn in range(TURNS):
                text = f"{turn}. {QUESTIONS[turn % len(QUESTIONS)]}"
                ask = Ask(place, f"m{time.time_ns()}", "1", text, speaker="alice")
                async with core.conversations.turn(ask) as reply:
                    assert reply is not None
                    await reply.finished()
                    await reply.commit()
                    assert reply.end is not None, reply.error or reply.defect
                    counts.append((reply.end.cached_tokens or 0, reply.end.prompt_tokens or 0))
                prompts.append(await core.store.last_prompt(place) or "")
            longest = max(tokens for _, tokens in counts)
            replay = await replayed(core.engine, cut_one_by_one(prompts))
            return {
                "prompt_tokens": sum(tokens for _, tokens in counts),
                "longest_prompt": longest,
                "window": (await core.model.current()).prompt_limit,
                "cached_share": share(counts),
                "cached_share_one_by_one": share(replay),
            }


async def replayed(engine: Engine, prompts: Sequence[str]) -> list[tuple[int, int]]:
    """Send prompts one after the other; (cached, all) tokens of each."""
    counts = []
    for prompt in prompts:
        async with aclosing(engine.stream(Generation(prompt, max_tokens=1))) as events:
            async for event in events:
                if isinstance(event, End):
                    counts.append((event.cached_tokens or 0, event.prompt_tokens or 0))
    return counts


def simulated(prompts: Sequence[str]) -> list[tuple[int, int]]:
    """The same for TGI's radix cache, as the stand-in simulates it."""
    cache, counts = PrefixCache(100_000), []
    for prompt in prompts:
        tokens = tokenize(prompt)
        counts.append((cache.match(tokens), len(tokens)))
        cache.insert(tokens)
    return counts


def cut_one_by_one(prompts: Sequence[str]) -> list[str]:
    """The same talk with a sliding window: for every turn as many of the newest blocks as fit.

    The window is as long as the longest prompt that was really sent, in characters.
    """
    room = max(len(prompt) for prompt in prompts)
    history: list[str] = []
    cut: list[str] = []
    for prompt in prompts:
        blocks = [f"<|im_start|>{block}" for block in prompt.split("<|im_start|>")[1:]]
        head, opening = blocks[0], blocks[-1]
        # What this prompt adds to the talk: the answer before, and the question.
        history += blocks[max(len(blocks) - 3, 1) : -1]
        window: list[str] = []
        size = len(head) + len(opening)
        for block in reversed(history):
            size += len(block)
            if size > room:
                break
            window.insert(0, block)
        cut.append(head + "".join(window) + opening)
    return cut


def share(counts: Sequence[tuple[int, int]]) -> float:
    """Cached part of all prompt tokens."""
    return sum(cached for cached, _ in counts) / max(sum(tokens for _, tokens in counts), 1)


def main() -> None:
    """Only the talk, for a quick look."""
    print(asyncio.run(through_llama_cpp()))


if __name__ == "__main__":
    main()
