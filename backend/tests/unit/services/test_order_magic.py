"""Brokers that know orders by a number: it is journaled before it is sent, and told again after a restart."""

import asyncio
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from edgerunner.adapters.broker import OrderAck, PlaceOrder
from edgerunner.domain.identifiers import magic_number
from tests.fakes.broker import FakeBroker
from tests.fakes.order_path import order_path
from tests.waiting import until


class NumberedBroker(FakeBroker):
    """Carries numbers, and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self._capabilities = replace(self._capabilities, magic=True)
        self.sent: list[int | None] = []
        self.told: list[str] = []

    async def place_order(self, command: PlaceOrder) -> OrderAck:
        self.sent.append(command.magic)
        return await super().place_order(command)

    def remember_keys(self, client_order_ids: Iterable[str]) -> None:
        self.told += client_order_ids


async def test_number_of_an_order_is_on_disk_before_the_broker_hears_of_it(tmp_path: Path) -> None:
    broker = NumberedBroker()
    async with order_path(tmp_path, broker) as path:
        gate = broker.hold("place")
        task = asyncio.create_task(path.place(client_order_id="A"))
        await gate.reached()
        with sqlite3.connect(tmp_path / "edgerunner.db") as connection:
            (payload,) = connection.execute("SELECT payload FROM events WHERE type = 'order_submitted'").fetchone()
        connection.close()
        assert json.loads(payload)["magic"] == magic_number("A")
        gate.release()
        await task
        assert broker.sent == [magic_number("A")]


async def test_other_brokers_get_no_number(tmp_path: Path) -> None:
    async with order_path(tmp_path, FakeBroker()) as path:
        await path.place(client_order_id="A")
        with sqlite3.connect(tmp_path / "edgerunner.db") as connection:
            (payload,) = connection.execute("SELECT payload FROM events WHERE type = 'order_submitted'").fetchone()
        connection.close()
        assert json.loads(payload)["magic"] is None


async def test_keys_of_open_orders_are_told_before_the_records_are_read(tmp_path: Path) -> None:
    broker = NumberedBroker()
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        broker.told.clear()
        broker.link_down(link="orders", reason="a break")
        broker.link_up(link="orders")
        await until(lambda: _told(broker), timeout_s=10, what="the open order's key is told")
        assert set(broker.told) == {"A"}


async def _told(broker: NumberedBroker) -> bool:
    return bool(broker.told)


def test_numbers_are_52_bits_never_zero_and_the_same_at_every_start() -> None:
    numbers = {magic_number(f"KEY-{number}") for number in range(2_000)}
    assert len(numbers) == 2_000
    assert all(0 < number < 2**52 for number in numbers)
    assert magic_number("01M84KFR1EKHC4AGB7RT2J68ZB") == magic_number("01M84KFR1EKHC4AGB7RT2J68ZB")
