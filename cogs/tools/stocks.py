"""Stocks and their companies, by yfinance (Yahoo Finance): an optional extra.

yfinance makes its requests itself, so the bot's fetcher cannot watch over them. Only symbols that
look like symbols reach it, and it knows no other server than Yahoo's.
"""

from __future__ import annotations

import asyncio
import importlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from itertools import pairwise
from typing import Any, TypeVar

from bot.language import later
from bot.tools.kit import Kit
from bot.tools.tool import ToolError, tool
from cogs.tools import ToolCog

Result = TypeVar("Result")

# Not dots alone: a symbol becomes a part of an address.
_SYMBOL = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9.^=-]{1,15}")
_PATIENCE = 20.0
_LONGEST = 1500
_PERIODS = 2  # of a statement: this year and the last
_MEASURES = 25


class Stocks(ToolCog):
    """Tools that know the stock exchange, as Hermes-Function-Calling has them."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        # A request that hangs keeps its thread; the other tools have threads of their own.
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="stocks")

    @tool(reaches_out=True, shows=later("stock: {symbol}"), timeout=25.0)
    async def get_stock_fundamentals(self, symbol: str) -> object:
        """Get fundamental data for a stock symbol.

        Args:
            symbol: The stock symbol, such as TSLA.
        """
        info = await self._info(symbol)
        return {"symbol": symbol.strip().upper(), **_chosen(info, _FUNDAMENTALS)}

    @tool(reaches_out=True, shows=later("stock: {symbol}"), timeout=25.0)
    async def get_current_stock_price(self, symbol: str) -> float:
        """Get the current price of a stock.

        Args:
            symbol: The stock symbol, such as TSLA.

        Returns:
            The current price, in the currency of its exchange, as a float.
        """
        price = await self._ask(symbol, _last_price)
        if price is None:
            raise _unknown(symbol)
        return price

    @tool(reaches_out=True, shows=later("company news: {symbol}"), timeout=25.0)
    async def get_company_news(self, symbol: str) -> object:
        """Get the latest news about a company.

        Args:
            symbol: The stock symbol, such as TSLA.
        """
        news = await self._ask(symbol, lambda ticker: list(ticker.news or []))
        if not news:
            raise ToolError(f"There is no news about {symbol.strip().upper()}.")
        return [_article(item) for item in news[:5]]

    @tool(reaches_out=True, shows=later("company: {symbol}"), timeout=25.0)
    async def get_company_profile(self, symbol: str) -> object:
        """Get the profile of a company: what it does, where, and with how many people.

        Args:
            symbol: The stock symbol, such as TSLA.
        """
        return _chosen(await self._info(symbol), _PROFILE)

    @tool(reaches_out=True, shows=later("stock: {symbol}"), timeout=25.0)
    async def get_financial_statements(self, symbol: str) -> object:
        """Get the latest income statement, balance sheet and cash flow of a company.

        Args:
            symbol: The stock symbol, such as TSLA.
        """
        found = await self._ask(
            symbol,
            lambda ticker: {
                "income_statement": _statement(ticker.financials),
                "balance_sheet": _statement(ticker.balance_sheet),
                "cash_flow": _statement(ticker.cashflow),
            },
        )
        if not any(found.values()):
            raise _unknown(symbol)
        return {"symbol": symbol.strip().upper(), **found}

    @tool(reaches_out=True, shows=later("stock: {symbol}"), timeout=25.0)
    async def get_key_financial_ratios(self, symbol: str) -> object:
        """Get the key financial ratios of a company.

        Args:
            symbol: The stock symbol, such as TSLA.
        """
        info = await self._info(symbol)
        return {"symbol": symbol.strip().upper(), **_chosen(info, _RATIOS)}

    @tool(reaches_out=True, shows=later("stock: {symbol}"), timeout=25.0)
    async def get_analyst_recommendations(self, symbol: str) -> object:
        """Get how many analysts recommend to buy, hold or sell a stock, month by month.

        Args:
            symbol: The stock symbol, such as TSLA.
        """
        rows = await self._ask(symbol, lambda ticker: _rows(ticker.recommendations, 6))
        if not rows:
            raise ToolError(f"There are no recommendations for {symbol.strip().upper()}.")
        return rows

    @tool(reaches_out=True, shows=later("dividends: {symbol}"), timeout=25.0)
    async def get_dividend_data(self, symbol: str) -> object:
        """Get the latest dividends of a stock.

        Args:
            symbol: The stock symbol, such as TSLA.
        """
        paid = await self._ask(symbol, lambda ticker: _series(ticker.dividends, 8))
        return {"symbol": symbol.strip().upper(), "dividends": paid}

    @tool(reaches_out=True, shows=later("stock: {symbol}"), timeout=25.0)
    async def get_technical_indicators(self, symbol: str) -> object:
        """Get moving averages, the relative strength index and MACD of a stock.

        Args:
            symbol: The stock symbol, such as TSLA.
        """
        prices = await self._ask(symbol, lambda ticker: _closes(ticker.history(period="1y")))
        if not prices:
            raise _unknown(symbol)
        return {"symbol": symbol.strip().upper(), **_indicators(prices)}

    async def cog_unload(self) -> None:
        """Wait for no request that is still under way."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _info(self, symbol: str) -> dict[str, Any]:
        info = await self._ask(symbol, lambda ticker: dict(ticker.info or {}))
        # Yahoo answers for unknown symbols too, with next to nothing.
        if not any(info.get(name) for name in ("longName", "shortName", "marketCap")):
            raise _unknown(symbol)
        return info

    async def _ask(self, symbol: str, question: Callable[[Any], Result]) -> Result:
        """Ask yfinance, in a thread: all of its properties make requests."""
        if not _SYMBOL.fullmatch(symbol.strip()):
            raise ToolError("A stock symbol is a few letters and digits, such as TSLA or BRK-B.")
        asking = asyncio.get_running_loop().run_in_executor(
            self._threads, _ask, symbol.strip().upper(), question
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                return await asking
        except TimeoutError:
            raise ToolError("Yahoo Finance took too long to answer.") from None
        except ToolError:
            raise
        except Exception as error:
            # yfinance lets through whatever its own dependencies raise.
            raise ToolError(
                f"Yahoo Finance does not answer about {symbol.strip().upper()} right now.",
                detail=f"{type(error).__name__}: {error}"[:300],
            ) from error


def _ask(symbol: str, question: Callable[[Any], Result]) -> Result:
    try:
        # Takes a second and 80 MB: only where somebody asks.
        library = importlib.import_module("yfinance")
    except ImportError:
        raise ToolError(
            "There is no stock data here. The bot's operator can install what it takes "
            "(docs/tools.md says how)."
        ) from None
    return question(library.Ticker(symbol))


def _unknown(symbol: str) -> ToolError:
    return ToolError(f"There is no stock with the symbol {symbol.strip().upper()}.")


def _chosen(info: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {ours: _plain(info.get(theirs)) for ours, theirs in names.items()}


def _plain(value: Any) -> Any:
    """A number, text or date as JSON holds it; numpy's numbers and pandas' dates are neither."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return None if value != value else round(value, 6)
    if isinstance(value, (datetime, date)):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, str):
        return value[:_LONGEST]
    return value if isinstance(value, (int, bool, type(None))) else str(value)


def _last_price(ticker: Any) -> float | None:
    closes = _closes(ticker.history(period="5d"))
    return closes[-1] if closes else None


def _closes(history: Any) -> list[float]:
    return [float(price) for price in history["Close"].dropna()] if len(history) else []


def _statement(table: Any) -> dict[str, dict[str, Any]]:
    """A statement by date, then by measure; the long tail is left out."""
    return {
        str(_plain(day)): {
            str(measure): _plain(value)
            for measure, value in list(table[day].items())[:_MEASURES]
            if _plain(value) is not None
        }
        for day in list(table.columns)[:_PERIODS]
    }


def _rows(table: Any, most: int) -> list[dict[str, Any]]:
    if table is None:
        return []
    rows: list[dict[Any, Any]] = table.head(most).to_dict("records")
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows]


def _series(series: Any, latest: int) -> dict[str, Any]:
    return {str(_plain(day)): _plain(value) for day, value in list(series.items())[-latest:]}


def _article(item: dict[str, Any]) -> dict[str, Any]:
    # The shape changed in 2024, and may again.
    content = item.get("content") or item
    link = (content.get("canonicalUrl") or {}).get("url") or item.get("link")
    publisher = (content.get("provider") or {}).get("displayName") or item.get("publisher")
    found = {
        "title": content.get("title"),
        "publisher": publisher,
        "date": str(content.get("pubDate") or "")[:10] or None,
        "url": link,
        "summary": str(content.get("summary") or "")[:400] or None,
    }
    return {name: _plain(value) for name, value in found.items() if value}


def _indicators(prices: list[float]) -> dict[str, Any]:
    macd = [fast - slow for fast, slow in zip(_ema(prices, 12), _ema(prices, 26), strict=True)]
    found = {
        "price": prices[-1],
        "sma_20": _sma(prices, 20),
        "sma_50": _sma(prices, 50),
        "sma_200": _sma(prices, 200),
        "rsi_14": _rsi(prices, 14),
        "macd": macd[-1],
        "macd_signal": _ema(macd, 9)[-1],
    }
    return {name: None if value is None else round(value, 4) for name, value in found.items()}


def _sma(prices: list[float], days: int) -> float | None:
    return sum(prices[-days:]) / days if len(prices) >= days else None


def _ema(values: list[float], days: int) -> list[float]:
    share = 2 / (days + 1)
    found = [values[0]]
    for value in values[1:]:
        found.append(share * value + (1 - share) * found[-1])
    return found


def _rsi(prices: list[float], days: int) -> float | None:
    """Wilder's relative strength index."""
    steps = [after - before for before, after in pairwise(prices)]
    if len(steps) < days:
        return None
    up = sum(max(step, 0.0) for step in steps[:days]) / days
    down = sum(max(-step, 0.0) for step in steps[:days]) / days
    for step in steps[days:]:
        up = (up * (days - 1) + max(step, 0.0)) / days
        down = (down * (days - 1) + max(-step, 0.0)) / days
    return 100.0 if down == 0 else 100 - 100 / (1 + up / down)


_FUNDAMENTALS = {
    "company_name": "longName",
    "sector": "sector",
    "industry": "industry",
    "market_cap": "marketCap",
    "pe_ratio": "forwardPE",
    "pb_ratio": "priceToBook",
    "dividend_yield": "dividendYield",
    "eps": "trailingEps",
    "beta": "beta",
    "52_week_high": "fiftyTwoWeekHigh",
    "52_week_low": "fiftyTwoWeekLow",
}
_PROFILE = {
    "symbol": "symbol",
    "company_name": "longName",
    "sector": "sector",
    "industry": "industry",
    "country": "country",
    "city": "city",
    "employees": "fullTimeEmployees",
    "website": "website",
    "summary": "longBusinessSummary",
}
_RATIOS = {
    "pe_ratio": "trailingPE",
    "forward_pe": "forwardPE",
    "peg_ratio": "trailingPegRatio",
    "pb_ratio": "priceToBook",
    "price_to_sales": "priceToSalesTrailing12Months",
    "profit_margin": "profitMargins",
    "operating_margin": "operatingMargins",
    "return_on_assets": "returnOnAssets",
    "return_on_equity": "returnOnEquity",
    "debt_to_equity": "debtToEquity",
    "current_ratio": "currentRatio",
    "quick_ratio": "quickRatio",
}
