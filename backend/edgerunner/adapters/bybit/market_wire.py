"""Shapes of market data: instruments, tickers, books, trades, candles.

Numbers of trades and candles are decoded straight to ``Decimal``, exactly.
"""

from decimal import Decimal

import msgspec

from edgerunner.adapters.bybit.values import Scalar
from edgerunner.adapters.bybit.wire import Wire


class PriceFilter(Wire):
    """Price rules."""

    tick_size: Scalar = None


class LotFilter(Wire):
    """Quantity rules; derivatives have ``qtyStep``, spot has ``basePrecision`` instead."""

    qty_step: Scalar = None
    base_precision: Scalar = None
    min_order_qty: Scalar = None
    max_order_qty: Scalar = None
    max_limit_order_qty: Scalar = None
    max_mkt_order_qty: Scalar = None
    max_market_order_qty: Scalar = None
    min_notional_value: Scalar = None
    min_order_amt: Scalar = None


class InstrumentInfo(Wire):
    """A row of ``/v5/market/instruments-info``."""

    symbol: Scalar = None
    contract_type: Scalar = None
    status: Scalar = None
    base_coin: Scalar = None
    quote_coin: Scalar = None
    settle_coin: Scalar = None
    delivery_time: Scalar = None
    price_filter: PriceFilter = msgspec.field(default_factory=PriceFilter)
    lot_size_filter: LotFilter = msgspec.field(default_factory=LotFilter)


class TickerRow(Wire, omit_defaults=True):
    """A ticker: REST row, stream snapshot, or stream delta (absent = unchanged)."""

    symbol: Scalar = None
    last_price: Scalar = None
    mark_price: Scalar = None
    index_price: Scalar = None
    bid1_price: Scalar = None
    bid1_size: Scalar = None
    ask1_price: Scalar = None
    ask1_size: Scalar = None
    funding_rate: Scalar = None
    next_funding_time: Scalar = None


class FundingRow(Wire):
    """A row of ``/v5/market/funding/history``."""

    funding_rate: Scalar = None
    funding_rate_timestamp: Scalar = None


Levels = list[tuple[str, str]]
"""Prices and quantities as text: turning it into ``Decimal`` here would take twice as long."""


class BookData(msgspec.Struct):
    """A book or a change of it: REST ``/v5/market/orderbook`` and ``orderbook.*`` alike."""

    s: str = ""
    b: Levels = []
    a: Levels = []
    u: int = 0
    seq: int = 0
    ts: Scalar = None
    cts: Scalar = None


class TradeRow(msgspec.Struct):
    """A public trade of the stream: time, symbol, taker side, size, price, id."""

    T: int
    s: str
    S: str
    v: Decimal
    p: Decimal
    i: str


class KlineRow(Wire):
    """A candle of the stream; ``confirm`` closes it."""

    start: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    confirm: bool = False


class Klines(Wire):
    """``/v5/market/kline``: [start, open, high, low, close, volume, turnover], newest first."""

    rows: list[list[str]] = msgspec.field(default_factory=list, name="list")


class MarketMessage(msgspec.Struct):
    """A message of a public stream; ``data`` is decoded by topic."""

    topic: str = ""
    type: str = ""
    op: str = ""
    success: bool | None = None
    ret_msg: str = ""
    ts: Scalar = None
    cts: Scalar = None
    data: msgspec.Raw = msgspec.Raw(b"null")
