"""The product's engine, llama.cpp through xllamacpp, for evaluation and tests."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xllamacpp


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model wrote, without the end token, and whether it ended by itself."""

    text: str
    ended: bool
    tokens: int


class Engine:
    """A server on a free local port with one model."""

    def __init__(
        self, model: Path, *, slots: int = 4, threads: int = 1, context: int = 4096
    ) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        params.n_ctx = context * slots
        params.n_parallel = slots
        params.special = True
        params.cpuparams.n_threads = threads
        params.verbosity = -1
        self._server = xllamacpp.Server(params)
        self._base = self._server.listening_address

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self._base + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.load(response)

    def complete(self, prompt: str, max_tokens: int = 200) -> Answer:
        """Continue a prompt greedily."""
        body = {
            "prompt": prompt,
            "max_tokens": max_tokens,
            "temperature": 0,
            "stop": ["<|im_end|>", "<|im_start|>"],
        }
        answer = self._post("/v1/completions", body)
        choice = answer["choices"][0]
        text = choice["text"].removesuffix("<|im_end|>")
        return Answer(text, choice["finish_reason"] == "stop", answer["usage"]["completion_tokens"])

    def tokenize(self, text: str) -> list[int]:
        """The tokens of a text, control tokens as one each, without BOS."""
        return self._post(
            "/tokenize", {"content": text, "add_special": False, "parse_special": True}
        )["tokens"]
