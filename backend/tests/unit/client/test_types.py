"""The client's shapes and the API's answers name the same fields."""

from typing import get_type_hints

import pytest
from pydantic import BaseModel

from edgerunner.client import account_types, market_types, strategy_types, types
from edgerunner.schemas import accounts, broker, ledger, market, order_preview, orders, strategies

PAIRS: list[tuple[type, type[BaseModel]]] = [
    (types.LinkHealth, broker.LinkAnswer),
    (types.ConnectionHealth, broker.HealthAnswer),
    (types.ConnectionAccount, broker.ConnectionAccountAnswer),
    (types.LastError, broker.LastErrorAnswer),
    (types.Connection, broker.ConnectionAnswer),
    (types.Money, orders.MoneyAnswer),
    (types.Unknown, orders.OutcomeUnknownAnswer),
    (types.Denial, orders.DeniedAnswer),
    (types.BrokerWords, orders.BrokerWordsAnswer),
    (types.Order, orders.OrderAnswer),
    (types.ChildOrder, orders.ChildAnswer),
    (types.Placed, orders.PlacedAnswer),
    (types.OrderEstimate, order_preview.EstimateAnswer),
    (types.OrderPreview, order_preview.PreviewAnswer),
    (types.OrderPage, orders.OrderPage),
    (types.ItemResult, orders.ItemAnswer),
    (types.Fill, ledger.FillAnswer),
    (types.FillPage, ledger.FillPage),
    (account_types.CashMovement, ledger.MovementAnswer),
    (account_types.LedgerPage, ledger.LedgerPage),
    (types.OrderEvent, ledger.EventAnswer),
    (market_types.Instrument, market.InstrumentAnswer),
    (market_types.Bar, market.BarAnswer),
    (market_types.Ticker, market.TickerAnswer),
    (market_types.Depth, market.DepthAnswer),
    (market_types.Funding, market.FundingAnswer),
    (market_types.FundingRate, market.FundingRateAnswer),
    (account_types.Position, accounts.PositionAnswer),
    (account_types.Balance, accounts.BalanceAnswer),
    (account_types.AccountSummary, accounts.AccountAnswer),
    (account_types.Pnl, accounts.PnlAnswer),
    (account_types.Converted, accounts.ConvertedAnswer),
    (account_types.AccountWorth, accounts.AccountWorthAnswer),
    (account_types.Exposure, accounts.ExposureAnswer),
    (account_types.MissingRate, accounts.MissingRateAnswer),
    (account_types.UnknownCost, accounts.UnknownCostAnswer),
    (account_types.Portfolio, accounts.PortfolioAnswer),
    (account_types.EquityPoint, accounts.EquityPointAnswer),
    (account_types.EquityPage, accounts.EquityPage),
    (strategy_types.StrategyClass, strategies.StrategyClassAnswer),
    (strategy_types.BadStrategyFile, strategies.BadStrategyFileAnswer),
    (strategy_types.StrategyClasses, strategies.StrategyClassList),
    (strategy_types.StrategyPosition, strategies.StrategyPositionAnswer),
    (strategy_types.Performance, strategies.PerformanceAnswer),
    (strategy_types.LogLine, strategies.LogLineAnswer),
    (strategy_types.StrategyLog, strategies.StrategyLogPage),
]


@pytest.mark.parametrize(("shape", "answer"), PAIRS, ids=lambda value: value.__name__)
def test_a_shape_has_exactly_the_fields_of_its_answer(shape: type, answer: type[BaseModel]) -> None:
    assert set(get_type_hints(shape)) == set(answer.model_fields)


@pytest.mark.parametrize(("shape", "answer"), PAIRS, ids=lambda value: value.__name__)
def test_a_shape_may_be_null_where_its_answer_may(shape: type, answer: type[BaseModel]) -> None:
    hints = get_type_hints(shape)
    nullable = {name for name, hint in hints.items() if type(None) in getattr(hint, "__args__", ())}
    expected = {
        name for name, field in answer.model_fields.items() if type(None) in getattr(field.annotation, "__args__", ())
    }
    assert nullable == expected
