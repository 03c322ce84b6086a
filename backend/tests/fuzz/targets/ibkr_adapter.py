"""What ib_async hands to the adapter of Interactive Brokers: orders, executions, contracts, bars, account values."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from ib_async.contract import Contract, ContractDetails
from ib_async.objects import BarData, CommissionReport, Execution, PriceIncrement
from ib_async.order import OrderState

from edgerunner.adapters.ibkr.account_values import Profit, base_currency, summary_of
from edgerunner.adapters.ibkr.bar_words import bar_of
from edgerunner.adapters.ibkr.hours import weekly_sessions
from edgerunner.adapters.ibkr.instrument_ids import ids_of, parse_id
from edgerunner.adapters.ibkr.instruments import listing_of, rule_of
from edgerunner.adapters.ibkr.values import number, price
from edgerunner.domain.errors import BrokerUnreachable, NotFound, Unsupported
from edgerunner.domain.market import Timeframe
from tests.fuzz.damage import HOSTILE_TEXTS, damaged_bytes, hostile_texts
from tests.fuzz.declared import decoded, require, require_plain
from tests.fuzz.target import Target, pure, served
from tests.unit.adapters.ibkr.orders_kit import AAPL, ACCOUNT, KEY, PERM_ID, Heard, order

_FLOATS = st.one_of(
    st.sampled_from((0.0, -1.0, 1.5, 1e-9, 1e15, 1e308, 1.7976931348623157e308, float("nan"), float("inf"))),
    st.floats(),
)
_WHOLE = st.one_of(st.sampled_from((0, 1, 5, -1, 2**31 - 1, 2**53 + 1, 2**63 - 1)), st.integers(-(2**31), 2**63))
_HOURS = b"20261123:0400-20261123:2000;20261124:0930-1600;20261128:CLOSED"


def _like(value: object) -> SearchStrategy[Any]:
    """Return hostile values of the same type: ib_async converts each field to the type of its default."""
    match value:
        case bool():
            return st.booleans()
        case int():
            return _WHOLE
        case float():
            return _FLOATS
        case str():
            return hostile_texts
        case _:
            return st.just(value)


@st.composite
def _damaged(draw: st.DrawFn, made: Any, least: int = 0) -> Any:
    """Draw a copy of an ib_async object with some of its fields replaced by others of the same type."""
    names = [field.name for field in fields(made) if isinstance(getattr(made, field.name), bool | int | float | str)]
    chosen = draw(st.lists(st.sampled_from(names), min_size=least, max_size=5, unique=True))
    return replace(made, **{name: draw(_like(getattr(made, name))) for name in chosen})


_TOLD = {
    "execId": "0001.01", "time": datetime(2026, 11, 23, 15, 0, 1, tzinfo=UTC), "acctNumber": ACCOUNT, "side": "BOT",
    "shares": 40.0, "price": 101.5, "permId": PERM_ID, "clientId": 7, "orderId": 5, "orderRef": KEY, "lastLiquidity": 2,
}  # fmt: skip
EXECUTION = Execution(**_TOLD)  # type: ignore[arg-type]
DETAILS = ContractDetails(
    contract=AAPL, marketName="NMS", minTick=0.01, validExchanges="SMART,NYSE", marketRuleIds="26,27", priceMagnifier=1,
    contractMonth="202612", timeZoneId="US/Eastern", tradingHours=_HOURS.decode(), minSize=1.0, sizeIncrement=1.0,
)  # fmt: skip
RULES = [PriceIncrement(0.0, 0.01), PriceIncrement(1.0, 0.05)]
BAR = BarData(date="20261123 10:30:00 US/Eastern", open=1.0, high=2.0, low=1.0, close=2.0, volume=5.0)  # type: ignore[arg-type]

_orders = _damaged(order())
_states = _damaged(OrderState(status="Submitted"))
_statuses = st.tuples(
    _WHOLE, _WHOLE, _WHOLE, st.one_of(hostile_texts, st.sampled_from(("Filled", "Inactive"))), _FLOATS
)
_messages = st.one_of(
    st.tuples(st.just("open_order"), _orders, _states), st.tuples(st.just("completed_order"), _orders, _states),
    st.tuples(st.just("order_status"), _statuses), st.tuples(st.just("execution"), _damaged(EXECUTION)),
    st.tuples(st.just("commission"), _damaged(CommissionReport(execId="0001.01", commission=1.0, currency="USD"))),
    st.tuples(st.just("error"), _WHOLE, st.sampled_from((201, 202, 404, 110, 10148, 2104, -1)), hostile_texts),
)  # fmt: skip


@asynccontextmanager
async def _loop() -> AsyncIterator[None]:
    yield None


async def _desk(site: None, messages: list[tuple[Any, ...]]) -> None:
    """Whatever TWS tells of orders: nothing is raised into ib_async, which would lose it; reports are whole."""
    del site
    heard = Heard()
    try:
        for kind, *told in messages:
            match kind:
                case "open_order" | "completed_order":
                    getattr(heard.desk, kind)(AAPL, *told)
                case "order_status":
                    order_id, client_id, perm_id, word, amount = told[0]
                    heard.desk.order_status(
                        order_id=order_id, client_id=client_id, perm_id=perm_id, status=word, filled=amount,
                        average=amount, why_held="",
                    )  # fmt: skip
                case "execution":
                    heard.desk.execution(AAPL, *told)
                case _:
                    getattr(heard.desk, kind)(*told)
    finally:
        heard.desk.close()
    for report in heard.told:
        require_plain(report)


def _contract(given: tuple[ContractDetails, Contract, list[PriceIncrement]]) -> None:
    details, contract, rules = given
    details = replace(details, contract=contract)
    rule_of(details)
    list(ids_of(details))
    listing = decoded(listing_of, "AAPL.IBKR", details, rules, error=Unsupported)
    if listing is not None:
        require_plain(listing.instrument)


def _bar(bar: BarData) -> None:
    require_plain(decoded(bar_of, bar, Timeframe.M1, 5, error=BrokerUnreachable))


def _dated(text: str) -> BarData:
    return BarData(date=text)  # type: ignore[arg-type]  # ib_async hands over the wire's text


def _account(values: dict[tuple[str, str], str]) -> None:
    base_currency(values)
    require_plain(summary_of("DU1", values, Profit(), 1))


def _texts(given: tuple[str, float]) -> None:
    text, amount = given
    decoded(parse_id, text, error=NotFound)
    decoded(parse_id, f"{text}.IBKR", error=NotFound)
    sessions = decoded(weekly_sessions, text, error=ValueError)
    require(sessions is None or all(is_dataclass(each) for each in sessions), "no sessions")
    for value in (number(text), number(amount), price(amount), price(amount, 0)):
        require_plain(value)


_tags = st.sampled_from(("NetLiquidation", "TotalCashBalance", "ExchangeRate", "AvailableFunds", "RealizedPnL", "x"))
_names = [b"AAPL.IBKR", b"VOD@LSE-GBP.IBKR", b"EUR/USD", b"ES-202612", b"SPY-20261218-C-600", _HOURS]

TARGETS: tuple[Target, ...] = (
    served(
        "ibkr_orders",
        "adapters.ibkr.order_desk: orders, executions, commissions, errors",
        st.lists(_messages, max_size=6),
        _loop,
        _desk,
    ),
    pure(
        "ibkr_contracts",
        "adapters.ibkr.instruments: contract details",
        st.tuples(
            _damaged(DETAILS),
            _damaged(AAPL),
            st.lists(st.builds(PriceIncrement, _FLOATS, _FLOATS), max_size=3) | st.just(RULES),
        ),
        _contract,
    ),
    pure(
        "ibkr_bars",
        "adapters.ibkr.bar_words: bars of the past",
        _damaged(BAR) | st.sampled_from(HOSTILE_TEXTS).map(_dated),
        _bar,
    ),
    pure(
        "ibkr_account",
        "adapters.ibkr.account_values: account values",
        st.dictionaries(st.tuples(_tags, st.sampled_from(("USD", "BASE", "", "EUR"))), hostile_texts, max_size=6),
        _account,
    ),
    pure(
        "ibkr_texts",
        "adapters.ibkr: ids, trading hours, numbers",
        st.tuples(
            hostile_texts | damaged_bytes(_names, most_edits=3).map(lambda data: data.decode("latin-1")), _FLOATS
        ),
        _texts,
    ),
)
