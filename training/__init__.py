"""The bundled tiny model: its data, trainer, exporter and evaluation (see docs/tiny-model.md)."""

from pathlib import Path

TINY = Path("bot/engine/tiny.gguf")
"""The bundled model: training writes it, the evaluation measures it."""
