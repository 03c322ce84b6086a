"""Instruments, clocks and wire objects that the tests of the Bybit adapter share."""

import msgspec

from edgerunner.adapters.bybit.instruments import Catalogue, Listing, listing_of
from edgerunner.adapters.bybit.legs import PositionModes
from edgerunner.adapters.bybit.market_wire import InstrumentInfo
from edgerunner.adapters.bybit.options import Credentials
from edgerunner.adapters.bybit.wire import Execution, Order

Json = dict[str, object]

ACCOUNT = "1448939"
START_NS = 1_764_000_000_000_000_000

LINEAR_INFO: Json = {
    "symbol": "BTCUSDT",
    "contractType": "LinearPerpetual",
    "status": "Trading",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "settleCoin": "USDT",
    "deliveryTime": "0",
    "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
    "lotSizeFilter": {
        "maxOrderQty": "1190.000",
        "minOrderQty": "0.001",
        "qtyStep": "0.001",
        "maxMktOrderQty": "500.000",
        "minNotionalValue": "5",
    },
}
SPOT_INFO: Json = {
    "symbol": "BTCUSDT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "status": "Trading",
    "lotSizeFilter": {
        "basePrecision": "0.000001",
        "quotePrecision": "0.0000001",
        "minOrderQty": "0.000048",
        "maxOrderQty": "71.73956243",
        "minOrderAmt": "5",
        "maxLimitOrderQty": "83",
        "maxMarketOrderQty": "41.5",
    },
    "priceFilter": {"tickSize": "0.01"},
}
FUTURE_INFO: Json = {
    **LINEAR_INFO,
    "symbol": "BTC-26DEC25",
    "contractType": "LinearFutures",
    "quoteCoin": "USDC",
    "settleCoin": "USDC",
    "deliveryTime": "1766736000000",
}


class HandClock:
    """A clock that moves only when a test moves it."""

    def __init__(self) -> None:
        self.wall_ns = START_NS
        self.mono_ns = 1_000_000_000_000

    def time_ns(self) -> int:
        return self.wall_ns

    def monotonic_ns(self) -> int:
        return self.mono_ns

    def advance(self, seconds: float) -> None:
        self.wall_ns += round(seconds * 1e9)
        self.mono_ns += round(seconds * 1e9)


INVERSE_INFO: Json = {
    "symbol": "BTCUSD",
    "contractType": "InversePerpetual",
    "status": "Trading",
    "baseCoin": "BTC",
    "quoteCoin": "USD",
    "settleCoin": "BTC",
    "deliveryTime": "0",
    "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
    "lotSizeFilter": {"maxOrderQty": "25000000", "minOrderQty": "1", "qtyStep": "1", "minNotionalValue": "1"},
}


def info(row: Json) -> InstrumentInfo:
    return msgspec.convert(row, InstrumentInfo)


def linear() -> Listing:
    return listing_of("linear", info(LINEAR_INFO))


def spot() -> Listing:
    return listing_of("spot", info(SPOT_INFO))


def inverse() -> Listing:
    return listing_of("inverse", info(INVERSE_INFO))


def modes(*, is_hedged: bool = False) -> PositionModes:
    """The modes as they are once the main contract's was read."""
    known = PositionModes.__new__(PositionModes)
    known._hedged = {"BTCUSDT": is_hedged}
    return known


def future() -> Listing:
    return listing_of("linear", info(FUTURE_INFO))


def catalogue(*more: tuple[str, Json]) -> Catalogue:
    """A catalogue filled without a broker, as ``load`` would."""
    from edgerunner.adapters.bybit import instruments

    filled = Catalogue.__new__(Catalogue)
    filled._by_id, filled._by_symbol = {}, {}
    listed: list[tuple[str, Json]] = [("linear", LINEAR_INFO), ("linear", FUTURE_INFO), ("spot", SPOT_INFO), *more]
    for category, row in listed:
        filled._add(listing_of(category, info(row)))
    filled._markets = instruments._main_markets(filled._by_id.values())
    return filled


def order(**changes: object) -> Order:
    """A resting limit order as ``/v5/order/realtime`` shows it; changes by wire name."""
    row: dict[str, object] = {
        "orderId": "fd4300ae-7847-404e-b947-b46980a4d140",
        "orderLinkId": "01KAVAE4Y0000000000000000",
        "symbol": "BTCUSDT",
        "price": "60000.50",
        "qty": "0.100",
        "side": "Buy",
        "positionIdx": 0,
        "orderStatus": "New",
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoError",
        "avgPrice": "",
        "cumExecQty": "0.000",
        "cumExecValue": "0",
        "timeInForce": "GTC",
        "orderType": "Limit",
        "stopOrderType": "UNKNOWN",
        "triggerPrice": "0.00",
        "takeProfit": "0.00",
        "stopLoss": "",
        "triggerDirection": 0,
        "lastPriceOnCreated": "",
        "reduceOnly": False,
        "createdTime": "1684738540559",
        "updatedTime": "1684738540561",
    }
    return msgspec.convert(row | changes, Order)


def execution(**changes: object) -> Execution:
    """A taker's trade as ``/v5/execution/list`` shows it; changes by wire name."""
    row: dict[str, object] = {
        "symbol": "BTCUSDT",
        "orderId": "fd4300ae-7847-404e-b947-b46980a4d140",
        "orderLinkId": "01KAVAE4Y0000000000000000",
        "side": "Buy",
        "execFee": "3.30027",
        "execId": "e0cbe81d-0f18-5866-9415-cf319b5dab3b",
        "execPrice": "60004.9",
        "execQty": "0.1",
        "execType": "Trade",
        "execTime": "1684738540600",
        "feeCurrency": "USDT",
        "isMaker": False,
    }
    return msgspec.convert(row | changes, Execution)


HMAC = Credentials(api_key="key-0123456789", api_secret="secret-0123456789")
