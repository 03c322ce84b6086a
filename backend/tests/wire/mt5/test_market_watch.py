"""Symbols, the Market Watch, and what can be had of symbols that are not in it."""

from tests.wire.mt5.kit import Site

SUCCESS = (1, "Success")
CALL_FAILED = (-1, "Terminal: Call failed")
NOT_FOUND = (-4, "Terminal: Not found")
BUY = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0}


async def test_symbols_are_listed_by_masks_in_the_market_watch_or_not(site: Site) -> None:
    assert await site.ask(site.mt5.symbols_total) == 3
    listed = await site.ask(site.mt5.symbols_get)
    assert [(symbol.name, symbol.select, symbol.visible) for symbol in listed] == [
        ("EURUSD", True, True),
        ("GBPUSD", True, True),
        ("BTCUSD", False, False),
    ]
    assert [symbol.name for symbol in await site.ask(site.mt5.symbols_get, group="*USD,!B*")] == ["EURUSD", "GBPUSD"]
    assert await site.asked(site.mt5.symbols_get, "nothing") == ((), SUCCESS)


async def test_an_unknown_symbol_is_not_found_in_every_call(site: Site) -> None:
    mt5 = site.mt5
    for call in (mt5.symbol_info, mt5.symbol_info_tick, mt5.market_book_get):
        assert await site.asked(call, "NOPE") == (None, NOT_FOUND)
    for call in (mt5.symbol_select, mt5.market_book_add, mt5.market_book_release):
        assert await site.asked(call, "NOPE") == (False, NOT_FOUND)
    assert await site.asked(mt5.copy_rates_from_pos, "NOPE", 1, 0, 1) == (None, NOT_FOUND)
    assert await site.asked(mt5.copy_ticks_from, "NOPE", 0, 1, -1) == (None, NOT_FOUND)
    assert await site.asked(mt5.order_calc_margin, 0, "NOPE", 1.0, 1.0) == (None, NOT_FOUND)


async def test_a_symbol_outside_of_the_market_watch_has_terms_and_no_data(site: Site) -> None:
    mt5 = site.mt5
    assert (await site.ask(mt5.symbol_info, "BTCUSD")).visible is False
    assert await site.asked(mt5.symbol_info_tick, "BTCUSD") == (None, CALL_FAILED)
    assert await site.asked(mt5.copy_rates_from_pos, "BTCUSD", 1, 0, 1) == (None, CALL_FAILED)
    assert await site.asked(mt5.copy_rates_from, "BTCUSD", 1, 1_795_000_000, 1) == (None, CALL_FAILED)
    assert await site.asked(mt5.copy_rates_range, "BTCUSD", 1, 0, 1) == (None, CALL_FAILED)
    assert await site.asked(mt5.copy_ticks_from, "BTCUSD", 0, 1, -1) == (None, CALL_FAILED)
    assert await site.asked(mt5.copy_ticks_range, "BTCUSD", 0, 1, -1) == (None, CALL_FAILED)
    assert await site.asked(mt5.symbol_select, "BTCUSD") == (True, SUCCESS)
    assert (await site.ask(mt5.symbol_info_tick, "BTCUSD")).bid == 90000.0
    assert await site.asked(mt5.symbol_select, "BTCUSD", False) == (True, SUCCESS)
    assert await site.asked(mt5.symbol_info_tick, "BTCUSD") == (None, CALL_FAILED)


async def test_a_symbol_with_a_position_or_an_order_stays_in_the_market_watch(site: Site) -> None:
    mt5 = site.mt5
    await site.ask(mt5.order_send, BUY)
    assert await site.asked(mt5.symbol_select, "EURUSD", False) == (False, CALL_FAILED)
    (position,) = await site.ask(mt5.positions_get, symbol="EURUSD")
    await site.ask(mt5.order_send, BUY | {"type": 1, "position": position.ticket})
    assert await site.asked(mt5.symbol_select, "EURUSD", False) == (True, SUCCESS)
    order = site.broker.add_pending(1_000_001, "GBPUSD")
    assert await site.asked(mt5.symbol_select, "GBPUSD", False) == (False, CALL_FAILED)
    site.broker.cancel_pending(order)
    assert await site.asked(mt5.symbol_select, "GBPUSD", False) == (True, SUCCESS)


async def test_a_trade_brings_its_symbol_into_the_market_watch(site: Site) -> None:
    await site.ask(site.mt5.order_send, BUY | {"symbol": "BTCUSD"})
    assert (await site.ask(site.mt5.symbol_info, "BTCUSD")).visible


async def test_the_market_watch_belongs_to_everybody_at_the_terminal(site: Site) -> None:
    other = site.another_module()
    assert await site.ask(other.initialize)
    await site.ask(other.symbol_select, "BTCUSD", True)
    assert (await site.ask(site.mt5.symbol_info_tick, "BTCUSD")).ask == 90010.0
    await site.ask(other.shutdown)


async def test_the_depth_is_there_after_it_was_opened_and_where_the_broker_has_one(site: Site) -> None:
    mt5 = site.mt5
    assert await site.asked(mt5.market_book_get, "BTCUSD") == (None, CALL_FAILED)
    assert await site.asked(mt5.market_book_add, "EURUSD") == (False, CALL_FAILED)
    assert await site.asked(mt5.market_book_add, "BTCUSD") == (True, SUCCESS)
    book = await site.ask(mt5.market_book_get, "BTCUSD")
    assert [(row.type, row.price, row.volume, row.volume_dbl) for row in book] == [
        (mt5.BOOK_TYPE_SELL, 90020.0, 0, 0.5),
        (mt5.BOOK_TYPE_SELL, 90010.0, 0, 0.5),
        (mt5.BOOK_TYPE_BUY, 90000.0, 1, 1.5),
    ]
    assert await site.asked(mt5.market_book_release, "BTCUSD") == (True, SUCCESS)
    assert await site.asked(mt5.market_book_release, "BTCUSD") == (False, CALL_FAILED)
    assert await site.asked(mt5.market_book_get, "BTCUSD") == (None, CALL_FAILED)


async def test_a_symbol_without_a_tick_yet_has_none(site: Site) -> None:
    site.broker.prices["EURUSD"] = None
    assert await site.asked(site.mt5.symbol_info_tick, "EURUSD") == (None, CALL_FAILED)
