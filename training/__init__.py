"""The bundled tiny model: its data, trainer, exporter and evaluation (see docs/tiny-model.md)."""
