"""The options of `python -m bot eval`: apart, so that no other command loads the rest."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.evaluation.cases import CATEGORIES


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    parser.add_argument("--cases", type=Path, metavar="FILE", help="a published set, not our own")
    parser.add_argument("--json", type=Path, metavar="FILE", help="report; an existing one goes on")
    parser.add_argument("--fresh", action="store_true", help="begin the report anew")
    parser.add_argument(
        "--only", action="append", default=[], choices=CATEGORIES, help="may be repeated"
    )
    parser.add_argument("--limit", type=_count, metavar="N", help="at most N cases per category")
    parser.add_argument("--concurrency", type=_count, default=4, metavar="N", help="default: 4")
    parser.add_argument("--forced", action="store_true", help="hold JSON to its schema")
    parser.add_argument(
        "--at-least", type=_share, metavar="RATE", help="exit with 1 below it: 0.8 or 80%%"
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("takes a number from 1")
    return number


def _share(text: str) -> float:
    share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("takes a rate such as 0.8 or 80%")
    return share
