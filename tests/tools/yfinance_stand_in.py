"""A yfinance that answers with shapes written by hand, and without pandas."""

from __future__ import annotations

import threading
from datetime import datetime
from types import ModuleType
from typing import Any, ClassVar

INFO = {
    "TSLA": {
        **{"symbol": "TSLA", "longName": "Tesla, Inc.", "sector": "Consumer Cyclical"},
        **{"industry": "Auto Manufacturers", "marketCap": 611384164352, "forwardPE": 42.73952},
        **{"priceToBook": 9.04, "dividendYield": None, "trailingEps": 4.3, "beta": 2.427},
        **{"fiftyTwoWeekHigh": 299.29, "fiftyTwoWeekLow": 152.37, "trailingPE": float("nan")},
        **{"longBusinessSummary": "Makes cars. " * 500, "country": "United States"},
        **{"city": "Austin", "fullTimeEmployees": 140473, "website": "https://www.tesla.com"},
    },
    "NONE": {"trailingPegRatio": None},
}


class Number:
    """As numpy's: neither float nor int, but it holds one."""

    def __init__(self, value: float) -> None:
        self.value = value

    def item(self) -> float:
        return self.value


class Series(dict):
    def dropna(self) -> list[float]:
        return [value for value in self.values() if value == value]


class Frame:
    def __init__(self, columns: dict[Any, Series]) -> None:
        self.columns = list(columns)
        self._columns = columns

    def __getitem__(self, column: Any) -> Series:
        return self._columns[column]

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def head(self, most: int) -> Frame:
        cut = {name: Series(list(one.items())[:most]) for name, one in self._columns.items()}
        return Frame(cut)

    def to_dict(self, orient: str) -> list[dict[Any, Any]]:
        assert orient == "records"
        return [
            dict(zip(self.columns, row, strict=True))
            for row in zip(*(one.values() for one in self._columns.values()), strict=True)
        ]


class Ticker:
    asked: ClassVar[list[str]] = []
    closes: ClassVar[list[float]] = []
    answers_late: ClassVar[threading.Event]  # what is asked of SLOW waits for it

    def __init__(self, symbol: str) -> None:
        self.asked.append(symbol)
        self.symbol = symbol

    @property
    def info(self) -> dict[str, Any] | None:
        if self.symbol == "BROKEN":
            raise KeyError("quoteSummary")
        if self.symbol == "SLOW":
            self.answers_late.wait(60)
        return INFO.get(self.symbol)

    @property
    def known(self) -> bool:
        return self.symbol == "TSLA"

    @property
    def news(self) -> list[dict[str, Any]]:
        if not self.known:
            return []
        new = {
            **{"title": "New cars", "summary": "They are new.", "pubDate": "2026-05-31T10:00:00Z"},
            **{"provider": {"displayName": "The Post"}},
            **{"canonicalUrl": {"url": "https://post.example/cars"}},
        }
        old = {"title": "Old cars", "publisher": "The Mail", "link": "https://mail.example/old"}
        return [{"id": "1", "content": new}, old] * 10

    def _statement(self) -> Frame:
        years = [datetime(2025 - back, 12, 31) for back in range(4)] if self.known else []
        rows = {f"Measure {number}": Number(1e9 + number) for number in range(60)}
        return Frame({year: Series(rows | {"Nothing": Number(float("nan"))}) for year in years})

    financials = balance_sheet = cashflow = property(_statement)

    @property
    def recommendations(self) -> Frame | None:
        if not self.known:
            return None
        return Frame({"period": Series({0: "0m"}), "strongBuy": Series({0: Number(7)})})

    @property
    def dividends(self) -> Series:
        days = [datetime(2020 + year, 5, 31) for year in range(6)] if self.known else []
        return Series({day: Number(0.24) for day in days})

    def history(self, period: str) -> Frame:
        closes = self.closes if self.known else []
        return Frame({"Close": Series(enumerate(closes))})


def module(closes: list[float]) -> ModuleType:
    made = ModuleType("yfinance")
    own = {"asked": [], "closes": closes, "answers_late": threading.Event()}
    made.Ticker = type("Ticker", (Ticker,), own)  # type: ignore[attr-defined]
    return made
