"""The broker's ledger: durable, locked, the form of every other broker's, and where a restart goes on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edgerunner.simulators.ledger_file import LedgerInUse
from edgerunner.simulators.mt5.trade_server.values import Changes
from tests.unit.simulators.mt5.venue.desk import (
    BUY,
    BUY_LIMIT,
    CLOSE_BY,
    DEAL,
    HEDGING,
    NETTING,
    PENDING,
    REMOVE,
    SELL,
    SLTP,
    Desk,
)  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(path=tmp_path / "mt5.sqlite")
    yield found
    found.venue.close()


def test_both_accounts_begin_with_100_000_dollars_and_a_deal_that_says_so(desk: Desk) -> None:
    ledger = desk.ledger()
    assert [(each["account_id"], each["balances"]) for each in ledger["accounts"]] == [
        ("1000001", [{"currency": "USD", "total": "100000"}]),
        ("1000002", [{"currency": "USD", "total": "100000"}]),
    ]
    assert [(each["account_id"], each["kind"], each["amount"]) for each in ledger["cash"]] == [
        ("1000001", "balance", "100000"), ("1000002", "balance", "100000"),
    ]  # fmt: skip
    [deal] = desk.venue.history_deals(HEDGING)
    assert (deal.order, deal.symbol, deal.profit) == (0, "", Decimal(100_000))


def test_orders_fills_and_positions_show_as_with_the_other_brokers(desk: Desk) -> None:
    opened = desk.trade(BUY, "0.30", comment="key-1", sl="1.09", tp="1.12")
    desk.trade(SELL, "0.10", comment="key-2", position=opened.order)
    ledger = desk.ledger()
    position = ledger["accounts"][0]["positions"][0]
    assert (position["leg"], position["side"], position["quantity"]) == (str(opened.order), "long", "0.2")
    assert (position["stop_loss"], position["take_profit"]) == ("1.09", "1.12")
    first, second = ledger["orders"]
    wanted = ("client_key", "side", "order_type", "quantity", "filled_quantity", "status", "live", "placements")
    assert [first[name] for name in wanted] == ["key-1", "buy", "market", "0.3", "0.3", "filled", False, 1]
    assert [second[name] for name in wanted] == ["key-2", "sell", "market", "0.1", "0.1", "filled", False, 1]
    assert [fill["entry"] for fill in ledger["fills"]] == ["in", "out"]
    assert {fill["leg"] for fill in ledger["fills"]} == {str(opened.order)}
    assert ledger["fills"][1]["client_key"] == "key-2"
    assert first["average_price"] == ledger["fills"][0]["price"]
    spread = Decimal(ledger["fills"][0]["price"]) - Decimal(ledger["fills"][1]["price"])
    assert Decimal(ledger["fills"][1]["realized_pnl"]) == -spread * 10_000
    assert json.loads(desk.venue.snapshot().to_json()) == ledger


def test_commissions_are_fees_that_cost(desk: Desk) -> None:
    desk.trade(BUY, 2, symbol="GBPUSD")
    [fill] = desk.ledger()["fills"]
    assert fill["fee"] == {"currency": "USD", "amount": "7"}
    assert desk.ledger()["accounts"][0]["balances"][0]["total"] == "99993"


def test_placements_are_counted_by_comment_refused_ones_included(desk: Desk) -> None:
    words: dict[str, Any] = {"action": DEAL, "symbol": "EURUSD", "type": BUY, "volume": "0.1", "comment": "key"}
    assert desk.try_to(**{**words, "type_filling": 2}).retcode == 10030
    assert desk.ledger()["refused"] == [
        {"client_key": "key", "symbol": "EURUSD", "reason": "10030 Unsupported filling mode", "placements": 1}
    ]
    ticket = desk.send(**words).order
    desk.venue.count_refused_placement(HEDGING, "key", "EURUSD", "10024 Too many requests")
    desk.send(action=SLTP, symbol="EURUSD", position=ticket, sl="1.05", comment="key")
    assert [order["placements"] for order in desk.ledger()["orders"]] == [3]
    assert desk.ledger()["refused"] == []


def test_states_of_pending_orders_are_in_common_words(desk: Desk) -> None:
    words: dict[str, Any] = {"action": PENDING, "symbol": "EURUSD", "volume": "0.1", "type_filling": 2}
    limit = desk.send(**words, type=BUY_LIMIT, price="1.05", comment="limit")
    desk.send(**words, type=4, price="1.15", comment="stop")
    desk.send(**words, type=6, price="1.15", stoplimit="1.14", comment="both")
    desk.send(action=REMOVE, order=limit.order)
    shown = [
        (each["order_type"], each["price"], each["trigger_price"], each["status"], each["live"])
        for each in desk.ledger()["orders"]
    ]
    assert shown == [
        ("limit", "1.05", None, "canceled", False),
        ("market", None, "1.15", "untriggered", True),
        ("limit", "1.14", "1.15", "untriggered", True),
    ]


def test_a_restart_goes_on_with_everything(desk: Desk) -> None:
    first = desk.trade(BUY, "0.3", comment="one", sl="1.05")
    desk.trade(SELL, "0.2", login=NETTING, comment="two")
    pending: dict[str, Any] = {"action": PENDING, "symbol": "EURUSD", "volume": "0.1", "type_filling": 2}
    resting = desk.send(**pending, type=BUY_LIMIT, price="1.05", comment="three")
    before, money = desk.ledger(), desk.venue.account(HEDGING)
    history = desk.venue.history_orders(HEDGING)
    desk.reopen()
    assert desk.ledger() == before
    assert desk.venue.account(HEDGING) == money
    assert desk.venue.history_orders(HEDGING) == history
    assert [order.ticket for order in desk.venue.orders(HEDGING)] == [resting.order]
    assert desk.venue.tick("EURUSD").bid == Decimal("1.1")
    later = desk.trade(BUY, "0.1")
    assert later.order == resting.order + 1
    assert later.deal > first.deal + 1
    desk.pin("1.04")
    assert desk.venue.orders(HEDGING) == ()
    assert desk.ledger()["orders"][2]["status"] == "filled"


def test_the_file_is_locked_as_long_as_it_is_open(desk: Desk) -> None:
    with pytest.raises(LedgerInUse, match="is in use by another simulator process"):
        Desk(path=desk.path)


def test_what_was_answered_survives_the_death_of_the_process(tmp_path: Path) -> None:
    """A child trades, tells the ticket, and is killed in the middle of its next trades."""
    file = tmp_path / "mt5.sqlite"
    program = (
        "import sys; from pathlib import Path; from tests.unit.simulators.mt5.venue.desk import *\n"
        "desk = Desk(path=Path(sys.argv[1]))\n"
        "for number in range(100_000): print(desk.trade(BUY, '0.01', comment=f'k{number}').order, flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, file], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = [int(child.stdout.readline()) for _ in range(25)]
    child.kill()
    told.extend(int(line) for line in child.stdout.read().split("\n")[:-1])
    child.wait(10)
    child.stdout.close()
    desk = Desk(path=file, pinned=False)
    ledger = desk.ledger()
    tickets = [int(order["venue_order_id"]) for order in ledger["orders"]]
    assert set(told) <= set(tickets)
    assert len(tickets) - len(told) <= 1
    assert len(ledger["fills"]) == len(tickets) == len(ledger["accounts"][0]["positions"])
    assert all(order["placements"] == 1 for order in ledger["orders"])
    assert desk.trade(BUY, "0.01").order == max(tickets) + 1
    desk.venue.close()


def test_history_is_asked_for_by_time_order_and_position(desk: Desk) -> None:
    first = desk.trade(BUY, "0.2", comment="a")
    noted = desk.venue.now_ns()
    desk.pass_steps(10)
    second = desk.trade(SELL, "0.2", comment="b", position=first.order)
    deals = desk.venue.history_deals
    assert [deal.order for deal in deals(HEDGING, from_ns=noted + 1)] == [second.order]
    assert [deal.order for deal in deals(HEDGING, to_ns=noted)] == [0, first.order]
    assert [deal.order for deal in deals(HEDGING, position=first.order)] == [first.order, second.order]
    assert [deal.entry for deal in deals(HEDGING, order=second.order)] == [1]
    orders = desk.venue.history_orders
    assert [order.ticket for order in orders(HEDGING, ticket=second.order)] == [second.order]
    assert [order.ticket for order in orders(HEDGING, position=first.order)] == [first.order, second.order]
    assert orders(NETTING) == []


def test_a_forgotten_history_stays_in_the_ledger_alone(desk: Desk) -> None:
    opened = desk.trade(BUY, "0.2", comment="a")
    desk.venue.operator.forget_history()
    assert desk.venue.history_deals(HEDGING) == []
    assert desk.venue.history_orders(HEDGING) == []
    assert len(desk.ledger()["fills"]) == 1
    desk.reopen()
    assert desk.venue.history_deals(HEDGING) == []
    desk.trade(SELL, "0.2", comment="b", position=opened.order)
    assert [deal.client_key for deal in desk.venue.history_deals(HEDGING)] == ["b"]


def test_orders_of_the_history_are_known_after_a_restart_until_they_are_forgotten(desk: Desk) -> None:
    ticket = desk.trade(BUY, "0.2").order
    desk.reopen()
    assert desk.try_to(action=REMOVE, order=ticket).retcode == 10023
    desk.venue.operator.forget_history()
    assert desk.try_to(action=REMOVE, order=ticket).retcode == 10013
    desk.reopen()
    assert desk.try_to(action=REMOVE, order=ticket).retcode == 10013


def test_changes_are_told_after_they_are_durable(desk: Desk) -> None:
    seen = []
    desk.venue.add_listener(lambda changes: seen.append((changes, len(desk.venue.history_deals(HEDGING)))))
    opened = desk.trade(BUY, "0.2")
    [(changes, deals)] = seen
    assert isinstance(changes, Changes)
    assert [order.ticket for order in changes.orders] == [opened.order]
    assert deals == 2


def test_opposite_positions_close_each_other_with_their_legs(desk: Desk) -> None:
    long = desk.trade(BUY, "0.3", comment="l")
    short = desk.trade(SELL, "0.2", comment="s")
    desk.send(action=CLOSE_BY, position=long.order, position_by=short.order, comment="c")
    ledger = desk.ledger()
    assert [(fill["entry"], fill["leg"]) for fill in ledger["fills"][2:]] == [
        ("out_by", str(long.order)), ("out_by", str(short.order)),
    ]  # fmt: skip
    assert [each["quantity"] for each in ledger["accounts"][0]["positions"]] == ["0.1"]
    assert ledger["orders"][2]["placements"] == 1
