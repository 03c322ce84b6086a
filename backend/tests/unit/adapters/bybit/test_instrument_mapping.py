"""Instruments: ids, steps and minimums of spot, perpetual and dated contracts."""

from decimal import Decimal

import pytest

from edgerunner.adapters.broker import product_label
from edgerunner.adapters.bybit.instruments import listing_of
from edgerunner.adapters.bybit.values import Malformed
from edgerunner.domain.errors import NotFound
from edgerunner.domain.instruments import Product, QuantityUnit
from tests.unit.adapters.bybit.samples import LINEAR_INFO, SPOT_INFO, Json, catalogue, future, info, linear, spot


def test_perpetual_contract() -> None:
    instrument = linear().instrument
    assert instrument.instrument_id == "BTCUSDT-LINEAR.BYBIT"
    assert (instrument.product, instrument.settle) == (Product.PERPETUAL, "USDT")
    assert (instrument.tick_size, instrument.lot_step) == (Decimal("0.10"), Decimal("0.001"))
    assert (instrument.max_quantity, instrument.max_market_quantity) == (Decimal(1190), Decimal(500))
    assert instrument.min_notional == 5
    assert instrument.quantity_unit is QuantityUnit.COINS
    assert instrument.expires_at_ns is None
    assert product_label(instrument) == "linear"


def test_spot_pair_steps_by_base_precision() -> None:
    instrument = spot().instrument
    assert instrument.instrument_id == "BTCUSDT-SPOT.BYBIT"
    assert instrument.lot_step == instrument.min_quantity == Decimal("0.000001")
    assert instrument.min_notional == 5
    assert (instrument.max_quantity, instrument.max_market_quantity) == (Decimal(83), Decimal("41.5"))
    assert product_label(instrument) == "spot"


def test_dated_contract_carries_its_expiry_in_id_and_time() -> None:
    instrument = future().instrument
    assert instrument.instrument_id == "BTC-26DEC25-LINEAR.BYBIT"
    assert (instrument.product, instrument.settle) == (Product.FUTURE, "USDC")
    assert instrument.expires_at_ns == 1766736000000 * 1_000_000
    assert product_label(instrument) == "linear"


def test_contract_without_a_step_cannot_be_traded() -> None:
    with pytest.raises(Malformed, match="qtyStep"):
        listing_of("linear", info(LINEAR_INFO | {"lotSizeFilter": {"minOrderQty": "1"}}))


def test_coin_shows_on_its_dollar_market_whatever_the_order_of_the_list() -> None:
    others: list[tuple[str, Json]] = [
        ("spot", SPOT_INFO | {"symbol": f"BTC{quote}", "quoteCoin": quote}) for quote in ("BRL", "EUR", "USDC")
    ]
    market = catalogue(*others).main_market("BTC")
    assert market is not None
    assert market.symbol == "BTCUSDT"


def test_coin_without_dollar_market_shows_on_the_next_best() -> None:
    pair = SPOT_INFO | {"symbol": "XYZEUR", "baseCoin": "XYZ", "quoteCoin": "EUR"}
    market = catalogue(("spot", pair)).main_market("XYZ")
    assert market is not None
    assert market.symbol == "XYZEUR"


def test_cash_is_no_position() -> None:
    pair = SPOT_INFO | {"symbol": "USDTEUR", "baseCoin": "USDT", "quoteCoin": "EUR"}
    assert catalogue(("spot", pair)).main_market("USDT") is None


def test_search_finds_by_part_of_symbol_and_base_whatever_the_case() -> None:
    found = catalogue().search("btcusdt")
    assert {instrument.instrument_id for instrument in found} == {"BTCUSDT-LINEAR.BYBIT", "BTCUSDT-SPOT.BYBIT"}
    assert len(catalogue().search("")) == 3


def test_unknown_id_is_not_found() -> None:
    with pytest.raises(NotFound, match="DOGEUSDT"):
        catalogue().get("DOGEUSDT-LINEAR.BYBIT")


def test_settle_coins_and_probe() -> None:
    assert catalogue().settle_coins() == ["USDT", "USDC"]
    probe = catalogue().probe()
    assert probe is not None
    assert probe.symbol == "BTCUSDT"
