"""Rows of the terminal, with what a test does not care about filled in."""

from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.struct_sequence import AnyStruct, field_kinds
from edgerunner.mt5_surface.structs import SymbolInfo, TradeDeal, TradeOrder, TradePosition

NOON_MS = 1_795_435_200_000
"""2026-11-23 12:00 on the server's clock."""


def row(kind: type[AnyStruct], **values: object) -> AnyStruct:
    """A struct with zeros and empty texts where nothing is named."""
    return kind(
        values.get(name, of() if of in {int, float, str, bool} else None) for name, of in field_kinds(kind).items()
    )


def symbol(**values: object) -> SymbolInfo:
    """EURUSD as a broker shows it."""
    usual = {
        "name": "EURUSD",
        "digits": 5,
        "point": 0.00001,
        "trade_tick_size": 0.00001,
        "trade_tick_value": 1.0,
        "trade_contract_size": 100_000.0,
        "trade_calc_mode": mt5.SYMBOL_CALC_MODE_FOREX,
        "volume_min": 0.01,
        "volume_max": 500.0,
        "volume_step": 0.01,
        "filling_mode": 3,
        "order_mode": 127,
        "expiration_mode": 15,
        "currency_base": "EUR",
        "currency_profit": "USD",
        "select": True,
    }
    return row(SymbolInfo, **{**usual, **values})


def order(**values: object) -> TradeOrder:
    """A working buy limit of 0.10 lots."""
    usual = {
        "ticket": 7,
        "symbol": "EURUSD",
        "type": mt5.ORDER_TYPE_BUY_LIMIT,
        "state": mt5.ORDER_STATE_PLACED,
        "reason": mt5.ORDER_REASON_EXPERT,
        "type_filling": mt5.ORDER_FILLING_RETURN,
        "time_setup_msc": NOON_MS,
        "volume_initial": 0.1,
        "volume_current": 0.1,
        "price_open": 1.08,
    }
    return row(TradeOrder, **{**usual, **values})


def deal(**values: object) -> TradeDeal:
    """A buy of 0.10 lots."""
    usual = {
        "ticket": 70,
        "order": 7,
        "symbol": "EURUSD",
        "type": mt5.DEAL_TYPE_BUY,
        "entry": mt5.DEAL_ENTRY_IN,
        "reason": mt5.DEAL_REASON_EXPERT,
        "position_id": 7,
        "time_msc": NOON_MS,
        "volume": 0.1,
        "price": 1.08,
    }
    return row(TradeDeal, **{**usual, **values})


def position(**values: object) -> TradePosition:
    """A long position of 0.10 lots."""
    usual = {
        "ticket": 7,
        "identifier": 7,
        "symbol": "EURUSD",
        "type": mt5.POSITION_TYPE_BUY,
        "time_msc": NOON_MS,
        "time_update_msc": NOON_MS,
        "volume": 0.1,
        "price_open": 1.08,
        "price_current": 1.081,
    }
    return row(TradePosition, **{**usual, **values})
