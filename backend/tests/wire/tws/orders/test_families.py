"""Brackets and groups: orders that wait for others, and that others take away."""

from typing import Any

import pytest

from tests.wire.tws.orders.trader import Site, Trader, site


async def bracket(trader: Trader, **parent: Any) -> list[str]:
    """A buy of 10 with profit and loss, as clients place it: only the last order transmits all three."""
    first = parent or {"kind": "LMT", "limit_price": "260"}
    heard = await trader.place(1, "BUY", 10, transmit=False, **first)
    heard += await trader.place(2, "SELL", 10, "LMT", limit_price="280", parent_id=1, transmit=False)
    return heard + await trader.place(3, "SELL", 10, "STP", aux_price="250", parent_id=1)


def statuses(heard: list[str]) -> list[str]:
    return [each for each in heard if "open" not in each and "BOT" not in each and "SLD" not in each]


async def test_the_last_order_of_a_bracket_transmits_all_of_it() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        heard = statuses(await bracket(trader))
        assert heard[0] == "1 PreSubmitted 0/10"
        assert set(heard) == {
            "1 PreSubmitted 0/10",
            "1 Submitted 0/10",
            "2 PreSubmitted 0/10 child",
            "3 PreSubmitted 0/10 child,trigger",
        }


async def test_the_children_are_freed_when_the_parent_fills() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await bracket(trader)
        tws.pin("259")
        heard = [each for each in statuses(await trader.heard()) if each != "commission"]
        assert heard[0] == "1 Filled 10/0"
        assert heard[1:] == ["2 Submitted 0/10", "3 PreSubmitted 0/10 trigger"]


@pytest.mark.parametrize(("price", "filled", "canceled"), [("281", 2, 3), ("249", 3, 2)])
async def test_one_child_filled_cancels_the_other(price: str, filled: int, canceled: int) -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await bracket(trader, kind="MKT")
        tws.pin(price)
        heard = await trader.heard()
        assert f"{filled} Filled 10/0" in heard
        assert [each for each in heard if each.startswith(f"{canceled} ")] == [
            f"{canceled} Cancelled 0/10",
            f"{canceled} error 202",
        ]


async def test_canceling_the_parent_cancels_its_children() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await bracket(trader)
        heard = await trader.cancel(1)
        assert [each for each in heard if "Cancelled" in each] == [
            "1 Cancelled 0/10",
            "2 Cancelled 0/10",
            "3 Cancelled 0/10",
        ]
        assert await trader.open_orders() == ["OpenOrderEnd"]


async def test_a_child_of_nobody_is_refused() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        assert await trader.place(2, "SELL", 10, "LMT", limit_price="280", parent_id=1) == ["2 error 135"]


async def test_a_child_of_a_filled_order_stands_alone() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10)
        assert "2 Submitted 0/10" in await trader.place(2, "SELL", 10, "LMT", limit_price="280", parent_id=1)


async def test_the_parents_name_is_told_with_its_children() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10, "LMT", limit_price="260")
        opened, status, *_ = await trader.place_raw(2, "SELL", 10, "LMT", limit_price="280", parent_id=1)
        assert (opened.order.parent_id, status.parent_id) == (1, 1)


async def test_a_trailing_child_begins_to_follow_when_it_is_freed() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10, "LMT", limit_price="250")
        await trader.place(2, "SELL", 10, "TRAIL", aux_price="5", parent_id=1)
        tws.pin("249")
        assert "2 PreSubmitted 0/10 trigger" in await trader.heard()
        tws.pin("246")
        assert await trader.heard() == []
        tws.pin("244.5")
        assert "2 Filled 10/0" in await trader.heard()


async def group(trader: Trader, oca_type: int) -> None:
    rest: dict[str, Any] = {"oca_group": "pair", "oca_type": oca_type}
    await trader.place(1, "BUY", 10, "LMT", limit_price="260", **rest)
    await trader.place(2, "BUY", 20, "LMT", limit_price="255", **rest)


def fill(tws: Site, lots: int) -> None:
    order = next(each for each in tws.venue.open_orders("DU1000001") if each.attributes["order_id"] == "1")
    tws.venue.operator.fill(order, lots)


async def test_any_fill_cancels_the_others_of_a_group_of_type_1() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await group(trader, 1)
        fill(tws, 1)
        heard = await trader.heard()
        assert [each for each in heard if each.startswith("2 ")] == ["2 Cancelled 0/20", "2 error 202"]


@pytest.mark.parametrize("oca_type", [2, 3])
async def test_a_fill_reduces_the_others_of_a_group_of_type_2_or_3(oca_type: int) -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await group(trader, oca_type)
        fill(tws, 4)
        assert "2 Submitted 0/12" in await trader.heard()
        fill(tws, 6)
        assert "2 Cancelled 0/12" in await trader.heard()
