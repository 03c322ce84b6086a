"""Three instruments as a crypto broker has them."""

from decimal import Decimal

from edgerunner.adapters.broker import Capabilities, ProductCapabilities
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit
from edgerunner.domain.market import Timeframe
from edgerunner.domain.orders import OrderType, TimeInForce

LINEAR_ID = "BTCUSDT-LINEAR.BYBIT"
SPOT_ID = "BTCUSDT-SPOT.BYBIT"
INVERSE_ID = "BTCUSD-INVERSE.BYBIT"


def instrument(instrument_id: str, product: Product, *, quote: str = "USDT", settle: str | None = None) -> Instrument:
    is_inverse = settle == "BTC"
    return Instrument(
        instrument_id=instrument_id,
        venue_symbol=instrument_id.partition("-")[0],
        product=product,
        base="BTC",
        quote=quote,
        settle=settle or quote,
        quantity_unit=QuantityUnit.CONTRACTS if is_inverse else QuantityUnit.COINS,
        tick_size=Decimal("0.1"),
        lot_step=Decimal(1) if is_inverse else Decimal("0.001"),
        min_quantity=Decimal(1) if is_inverse else Decimal("0.001"),
        max_quantity=Decimal(1_000_000) if is_inverse else Decimal(100),
        min_notional=None if is_inverse else Decimal(5),
    )


LINEAR = instrument(LINEAR_ID, Product.PERPETUAL)
SPOT = instrument(SPOT_ID, Product.SPOT)
INVERSE = instrument(INVERSE_ID, Product.PERPETUAL, quote="USD", settle="BTC")

_DERIVATIVE = ProductCapabilities(
    order_types=frozenset({OrderType.MARKET, OrderType.LIMIT}),
    time_in_force=frozenset({TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}),
    post_only=True,
    reduce_only=True,
    modify=frozenset({"quantity", "price"}),
    brackets="none",
    hedging=False,
    depth_levels=50,
    timeframes=frozenset({Timeframe.M1, Timeframe.M5, Timeframe.H1}),
    funding=True,
    unsupported={"stop_market": "the fake broker has no stop orders"},
)
_SPOT = ProductCapabilities(
    order_types=_DERIVATIVE.order_types,
    time_in_force=_DERIVATIVE.time_in_force,
    post_only=True,
    reduce_only=False,
    modify=_DERIVATIVE.modify,
    brackets="none",
    hedging=False,
    depth_levels=50,
    timeframes=_DERIVATIVE.timeframes,
    funding=False,
)
CAPABILITIES = Capabilities(
    products={"linear": _DERIVATIVE, "inverse": _DERIVATIVE, "spot": _SPOT}, account_history=True
)
