"""The options of `python -m bot setup`: apart, so that no other command loads the rest."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    parser.add_argument("--token-file", metavar="FILE", help="read the token there; - is stdin")
    parser.add_argument(
        "--engine", metavar="WHERE", help="gpu, cpu, embedded, or an address (docs/hosting.md)"
    )
    parser.add_argument("--model", metavar="NAME", help="a profile: python -m bot model list")
    parser.add_argument("--yes", action="store_true", help="ask nothing, take what is proposed")
    parser.add_argument(
        "--env", type=Path, default=Path(".env"), metavar="FILE", help="default: .env"
    )
