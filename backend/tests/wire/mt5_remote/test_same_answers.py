"""The remote module answers what the simulated module answers: values, types and errors, call by call."""

import asyncio
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.wire.mt5_remote.conftest import NOW_NS, BothModules

NOW = NOW_NS // 10**9
YESTERDAY = NOW - 86_400
TOMORROW = NOW + 86_400
BUY = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.1, "deviation": 1000, "type_filling": 0}

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("version", (), {}),
    ("account_info", (), {}),
    ("terminal_info", (), {}),
    ("symbols_total", (), {}),
    ("orders_total", (), {}),
    ("positions_total", (), {}),
    ("symbols_get", (), {}),
    ("symbols_get", ("*USD*,!*JPY*",), {}),
    ("symbols_get", (), {"group": "NOTHING*"}),
    ("symbols_get", (5,), {}),
    ("symbol_info", ("EURUSD",), {}),
    ("symbol_info", ("NOPE",), {}),
    ("symbol_info", (), {}),
    ("symbol_info", (5,), {}),
    ("symbol_info", ("EURUSD", 1), {}),
    ("symbol_info_tick", ("XAUUSD",), {}),
    ("symbol_info_tick", ("NOPE",), {}),
    ("symbol_select", ("GBPUSD",), {}),
    ("symbol_select", ("GBPUSD", True), {}),
    ("symbol_select", ("NOPE", True), {}),
    ("market_book_get", ("EURUSD",), {}),
    ("market_book_add", ("EURUSD",), {}),
    ("market_book_get", ("EURUSD",), {}),
    ("market_book_release", ("EURUSD",), {}),
    ("market_book_add", ("NOPE",), {}),
    ("copy_rates_from", ("EURUSD", 1, datetime.fromtimestamp(NOW, UTC), 5), {}),
    ("copy_rates_from", ("EURUSD", 16385, NOW, 5), {}),
    ("copy_rates_from", ("EURUSD", 1, "yesterday", 5), {}),
    ("copy_rates_from_pos", ("XAUUSD", 16408, 0, 3), {}),
    ("copy_rates_from_pos", ("XAUUSD", np.int64(1), 0, np.int64(3)), {}),
    ("copy_rates_from_pos", ("NOPE", 1, 0, 3), {}),
    ("copy_rates_from_pos", ("EURUSD", 7, 0, 3), {}),
    ("copy_rates_from_pos", ("EURUSD", 1, 0), {}),
    ("copy_rates_from_pos", ("EURUSD", "M1", 0, 3), {}),
    ("copy_rates_range", ("EURUSD", 1, NOW - 600, NOW), {}),
    ("copy_rates_range", ("EURUSD", 1, datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 5, 1, tzinfo=UTC)), {}),
    ("copy_ticks_from", ("EURUSD", NOW - 600, 20, -1), {}),
    ("copy_ticks_from", ("EURUSD", datetime.fromtimestamp(NOW - 60.5, UTC), 5, 1), {}),
    ("copy_ticks_range", ("BTCUSD", NOW - 60, NOW, -1), {}),
    ("copy_ticks_range", ("BTCUSD", NOW - 60, NOW, 2), {}),
    ("orders_get", (), {}),
    ("orders_get", (), {"ticket": 5}),
    ("orders_get", ("EURUSD",), {}),
    ("positions_get", (), {"symbol": "EURUSD"}),
    ("positions_get", (), {"ticket": "5"}),
    ("positions_get", (), {"group": None}),
    ("history_orders_total", (YESTERDAY, TOMORROW), {}),
    ("history_deals_total", (YESTERDAY, TOMORROW), {}),
    ("history_deals_total", (YESTERDAY,), {}),
    ("history_orders_get", (YESTERDAY, TOMORROW), {}),
    ("history_orders_get", (YESTERDAY, TOMORROW), {"group": "*GBP*"}),
    ("history_orders_get", (), {"ticket": 50_000_001}),
    ("history_deals_get", (YESTERDAY, TOMORROW), {}),
    ("history_deals_get", (), {"position": 50_000_001}),
    ("history_deals_get", (), {"ticket": 50_000_001}),
    ("history_deals_get", (), {}),
    ("order_calc_margin", (0, "EURUSD", 1.0, 1.1), {}),
    ("order_calc_margin", (0, "NOPE", 1.0, 1.1), {}),
    ("order_calc_profit", (1, "USDJPY", 0.5, 150.0, 149.0), {}),
    ("order_calc_profit", (2, "USDJPY", 0.5, 150.0, 149.0), {}),
    ("order_check", (BUY,), {}),
    ("order_check", ({**BUY, "volume": 0.001},), {}),
    ("order_check", ({**BUY, "comment": None},), {}),
    ("order_check", ({**BUY, "volume": "0.1"},), {}),
    ("order_check", ({**BUY, "magic": -1},), {}),
    ("order_check", ({**BUY, "deviation": 20.0},), {}),
    ("order_check", ({**BUY, "unknown": 1},), {}),
    ("order_check", ({**BUY, "comment": "x" * 40},), {}),
    ("order_check", ({},), {}),
    ("order_check", ([],), {}),
    ("order_check", (), {}),
    ("order_check", (), dict(BUY)),
    ("order_check", (BUY,), {"symbol": "EURUSD"}),
    ("order_send", ({**BUY, "volume": 0.001},), {}),
    ("order_send", ({**BUY, "comment": None},), {}),
    ("order_send", ({"action": 8, "order": 1},), {}),
]


def answer(module: ModuleType, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Return what a call comes to, in a form that can be compared, and ``last_error``."""
    function = getattr(module, name)
    result = function(*args, **kwargs) if kwargs else function(*args)
    if isinstance(result, np.ndarray):
        return (result.dtype, result.tolist()), module.last_error()
    if isinstance(result, module.OrderSendResult):
        result = module.OrderSendResult(
            0 if name == "request_id" else value for name, value in result._asdict().items()
        )
    return (type(result), repr(result)), module.last_error()


async def test_every_call_has_the_same_answer_near_and_far(both: BothModules) -> None:
    differences = []
    for name, args, kwargs in CALLS:
        near = await asyncio.to_thread(answer, both.near, name, args, kwargs)
        far = await asyncio.to_thread(answer, both.far, name, args, kwargs)
        if near != far:
            differences.append((name, args, kwargs, near, far))
    assert not differences, "\n".join(
        f"{each[0]} {each[1]} {each[2]}\n  near {each[3]!s:.300}\n  far  {each[4]!s:.300}" for each in differences
    )


async def test_a_trade_made_far_is_seen_near(both: BothModules) -> None:
    def session() -> None:
        near, far = both.near, both.far
        ask = far.symbol_info_tick("EURUSD").ask
        sent = far.order_send({**BUY, "price": ask, "magic": 2**52 - 1, "comment": "far"})
        assert sent.retcode == far.TRADE_RETCODE_DONE, sent
        for name in ("positions_get", "orders_get", "account_info"):
            assert repr(getattr(near, name)()) == repr(getattr(far, name)()), name
        for name in ("history_deals_get", "history_orders_get"):
            assert repr(getattr(near, name)(YESTERDAY, TOMORROW)) == repr(getattr(far, name)(YESTERDAY, TOMORROW)), name
        assert near.positions_get()[0].magic == 2**52 - 1
        assert far.Close("EURUSD") is True
        assert near.positions_get() == ()

    await asyncio.to_thread(session)


@pytest.mark.parametrize("name", ["account_info", "symbol_info", "Buy"])
async def test_wrong_names_and_numbers_of_arguments_raise_alike(name: str, both: BothModules) -> None:
    for module in (both.near, both.far):
        with pytest.raises((TypeError, AttributeError)):
            await asyncio.to_thread(getattr(module, name), 1, 2, 3, symbol="EURUSD")
