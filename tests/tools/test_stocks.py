from __future__ import annotations

import json
import sys
import time

import pytest

from bot.tools.tool import ToolError, tools_of
from cogs.tools import stocks as cog
from cogs.tools.stocks import Stocks
from tests.tools.canonical import schemas, trained
from tests.tools.yfinance_stand_in import module

# A year that rises and falls: 250 trading days.
CLOSES = [100 + 10 * ((day % 20) / 10 - 1) + day / 10 for day in range(250)]
NAMES = sorted(tool.name for tool in tools_of(Stocks(None)))


@pytest.fixture
def yahoo(monkeypatch):
    stand_in = module([*CLOSES, float("nan"), 125.5])
    monkeypatch.setitem(sys.modules, "yfinance", stand_in)
    return stand_in.Ticker


@pytest.fixture
def stocks(outside, yahoo):
    return Stocks(outside.kit())


def test_all_tools_of_hermes_function_calling_are_there():
    assert set(NAMES) == {
        *("get_analyst_recommendations", "get_company_news", "get_company_profile"),
        *("get_current_stock_price", "get_dividend_data", "get_financial_statements"),
        *("get_key_financial_ratios", "get_stock_fundamentals", "get_technical_indicators"),
    }


async def test_fundamentals_are_those_of_the_model_card(outside, stocks):
    assert await outside.call(stocks, "get_stock_fundamentals", symbol=" tsla") == {
        **{"symbol": "TSLA", "company_name": "Tesla, Inc.", "sector": "Consumer Cyclical"},
        **{"industry": "Auto Manufacturers", "market_cap": 611384164352, "pe_ratio": 42.73952},
        **{"pb_ratio": 9.04, "dividend_yield": None, "eps": 4.3, "beta": 2.427},
        **{"52_week_high": 299.29, "52_week_low": 152.37},
    }


@pytest.mark.parametrize("name", NAMES)
async def test_every_answer_is_short_enough_for_a_model(outside, stocks, name):
    told = await outside.call(stocks, name, symbol="TSLA")
    assert told
    assert len(json.dumps(told, allow_nan=False)) < 6000


async def test_the_price_is_the_last_one(outside, stocks):
    assert await outside.call(stocks, "get_current_stock_price", symbol="TSLA") == 125.5


async def test_news_have_both_shapes(outside, stocks):
    new, old, *others = await outside.call(stocks, "get_company_news", symbol="TSLA")
    assert new == {
        **{"title": "New cars", "publisher": "The Post", "date": "2026-05-31"},
        **{"url": "https://post.example/cars", "summary": "They are new."},
    }
    assert old == {"title": "Old cars", "publisher": "The Mail", "url": "https://mail.example/old"}
    assert len(others) == 3


async def test_statements_have_two_years(outside, stocks):
    told = await outside.call(stocks, "get_financial_statements", symbol="TSLA")
    assert list(told["balance_sheet"]) == ["2025-12-31", "2024-12-31"]
    assert told["income_statement"]["2025-12-31"]["Measure 1"] == 1000000001.0
    assert "Nothing" not in told["cash_flow"]["2025-12-31"]


async def test_recommendations_and_dividends_are_plain_numbers(outside, stocks):
    rows = await outside.call(stocks, "get_analyst_recommendations", symbol="TSLA")
    assert rows == [{"period": "0m", "strongBuy": 7}]
    told = await outside.call(stocks, "get_dividend_data", symbol="TSLA")
    assert told["dividends"]["2025-05-31"] == 0.24


async def test_indicators_are_reckoned(outside, stocks):
    told = await outside.call(stocks, "get_technical_indicators", symbol="TSLA")
    prices = [*CLOSES, 125.5]
    assert told["price"] == 125.5
    assert told["sma_20"] == pytest.approx(sum(prices[-20:]) / 20, abs=1e-4)
    assert told["sma_200"] == pytest.approx(sum(prices[-200:]) / 200, abs=1e-4)
    assert 0 < told["rsi_14"] < 100
    assert abs(told["macd"]) < 10


@pytest.mark.parametrize(
    ("closes", "rsi", "sma"),
    [([1.0, 2.0] * 3, None, None), ([float(day) for day in range(1, 60)], 100.0, 49.5)],
)
async def test_a_short_history_has_fewer_indicators(outside, stocks, yahoo, closes, rsi, sma):
    yahoo.closes = closes
    told = await outside.call(stocks, "get_technical_indicators", symbol="TSLA")
    assert (told["rsi_14"], told["sma_20"], told["sma_200"]) == (rsi, sma, None)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "get_dividend_data"])
@pytest.mark.parametrize("symbol", ["NONE", "NOSUCH"])
async def test_an_unknown_symbol_is_told(outside, stocks, name, symbol):
    with pytest.raises(ToolError, match=symbol):
        await outside.call(stocks, name, symbol=symbol)


@pytest.mark.parametrize(
    "symbol", ["", " ", "../etc", "..", "A/B", "A?x=1", "A B", "TSLA\nX", "ТSLA", "A" * 16, "A@b"]
)
async def test_what_is_no_symbol_never_gets_to_yahoo(outside, stocks, yahoo, symbol):
    with pytest.raises(ToolError, match="stock symbol"):
        await outside.call(stocks, "get_stock_fundamentals", symbol=symbol)
    assert yahoo.asked == []


@pytest.mark.parametrize("symbol", ["BRK-B", "^GSPC", "EURUSD=X", "005930.KS"])
async def test_indices_currencies_and_other_exchanges_have_symbols_too(
    outside, stocks, yahoo, symbol
):
    with pytest.raises(ToolError):
        await outside.call(stocks, "get_stock_fundamentals", symbol=symbol)
    assert yahoo.asked == [symbol]


async def test_a_failure_inside_yfinance_is_told_in_words(outside, stocks):
    with pytest.raises(ToolError, match="does not answer about BROKEN") as error:
        await outside.call(stocks, "get_stock_fundamentals", symbol="BROKEN")
    assert "quoteSummary" not in error.value.text


async def test_a_slow_answer_is_given_up(outside, stocks, yahoo, monkeypatch):
    monkeypatch.setattr(cog, "_PATIENCE", 0.1)
    started = time.monotonic()
    try:
        with pytest.raises(ToolError, match="too long"):
            await outside.call(stocks, "get_stock_fundamentals", symbol="SLOW")
        assert time.monotonic() - started < 30
    finally:
        yahoo.answers_late.set()  # let its thread go


async def test_without_yfinance_the_operator_is_told_what_to_do(outside, stocks, monkeypatch):
    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(ToolError, match=r"docs/tools\.md"):
        await outside.call(stocks, "get_stock_fundamentals", symbol="TSLA")


def test_the_model_sees_what_it_was_trained_on():
    assert schemas(Stocks(None))["get_stock_fundamentals"] == trained("get_stock_fundamentals")
