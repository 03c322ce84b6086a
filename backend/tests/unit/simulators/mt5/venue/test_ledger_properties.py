"""The ledger adds up, whatever was traded: recounted from its fills alone, before and after restarts."""

import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.simulators.mt5.venue.desk import (
    BUY,
    BUY_LIMIT,
    CLOSE_BY,
    DEAL,
    HEDGING,
    NETTING,
    PENDING,
    REMOVE,
    SELL_LIMIT,
    SLTP,
    Desk,
)  # fmt: skip

SYMBOLS = ("EURUSD", "USDJPY", "XAUUSD")


class Trader:
    """Does anything that a client, the dealer or time may do."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.chance = random.Random(seed)
        self.sent = 0

    def act(self) -> None:
        login = self.chance.choice((HEDGING, NETTING))
        acts = (self.deal, self.deal, self.pending, self.close, self.remove, self.stops, self.close_by, self.move)
        self.chance.choice(acts)(login)
        self.desk.pass_steps(300_000 if self.chance.random() < 0.04 else self.chance.choice((0, 1, 3, 50, 4_000)))

    def deal(self, login: int) -> None:
        symbol = self.chance.choice(SYMBOLS)
        side = self.chance.choice((0, 1))
        tick = self.desk.venue.tick(symbol)
        filling = self.desk.venue.symbol_values(symbol)["filling_mode"] == 2
        self.send(
            login, action=DEAL, symbol=symbol, type=side, volume=self.volume(), type_filling=int(filling),
            price=tick.bid if side else tick.ask,
        )  # fmt: skip

    def pending(self, login: int) -> None:
        symbol, is_buy = self.chance.choice(SYMBOLS), self.chance.choice((True, False))
        tick = self.desk.venue.tick(symbol)
        away = (tick.bid / 2_000).quantize(Decimal("0.01") if tick.bid > 10 else Decimal("0.00001"))
        price = tick.ask - away if is_buy else tick.bid + away
        kind = BUY_LIMIT if is_buy else SELL_LIMIT
        self.send(login, action=PENDING, symbol=symbol, type=kind, volume=self.volume(), price=price, type_filling=2)

    def close(self, login: int) -> None:
        for position in self.desk.venue.positions(login)[:1]:
            filling = 1 if position.symbol == "XAUUSD" else 0
            part = position.volume if self.chance.random() < 0.5 else Decimal("0.01")
            self.send(
                login, action=DEAL, symbol=position.symbol, type=1 - position.type, volume=part,
                position=position.ticket, type_filling=filling, price=position.price_current,
            )  # fmt: skip

    def remove(self, login: int) -> None:
        for order in self.desk.venue.orders(login)[:1]:
            self.send(login, action=REMOVE, order=order.ticket)

    def stops(self, login: int) -> None:
        for position in self.desk.venue.positions(login)[-1:]:
            away = (position.price_current / 1_000).quantize(Decimal("0.01"))
            sign = 1 if position.type == BUY else -1
            self.send(
                login, action=SLTP, symbol=position.symbol, position=position.ticket,
                sl=position.price_current - sign * (away or Decimal("0.00050")),
            )  # fmt: skip

    def close_by(self, login: int) -> None:
        held = self.desk.venue.positions(login)
        pairs = [
            (one, other) for one in held for other in held if one.symbol == other.symbol and one.type != other.type
        ]
        for one, other in pairs[:1]:
            self.send(login, action=CLOSE_BY, position=one.ticket, position_by=other.ticket)

    def move(self, login: int) -> None:
        self.desk.venue.operator.move_cash(str(login), "USD", Decimal(self.chance.choice((250, -100))))

    def volume(self) -> Decimal:
        return Decimal(self.chance.randint(1, 30)) / 100

    def send(self, login: int, **words: Any) -> None:
        self.sent += words["action"] in {DEAL, PENDING, CLOSE_BY}
        self.desk.try_to(login, comment=f"k{self.sent}", **words)


def recounted(ledger: dict[str, Any]) -> tuple[dict[tuple[str, str], Decimal], dict[str, Decimal]]:
    """Return signed lots by (account, symbol) and money by account, from fills and movements of money alone."""
    lots: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    money: dict[str, Decimal] = defaultdict(Decimal)
    for fill in ledger["fills"]:
        signed = Decimal(fill["quantity"]) * (1 if fill["side"] == "buy" else -1)
        lots[fill["account_id"], fill["symbol"]] += signed
        money[fill["account_id"]] += (
            Decimal(fill["realized_pnl"]) + Decimal(fill["swap"]) - Decimal(fill["fee"]["amount"])
        )
    for entry in ledger["cash"]:
        money[entry["account_id"]] += Decimal(entry["amount"])
    return {key: total for key, total in lots.items() if total}, money


def shown(ledger: dict[str, Any]) -> tuple[dict[tuple[str, str], Decimal], dict[str, Decimal]]:
    """Return the same of the ledger's accounts."""
    lots: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for account in ledger["accounts"]:
        for position in account["positions"]:
            signed = Decimal(position["quantity"]) * (1 if position["side"] == "long" else -1)
            lots[account["account_id"], position["symbol"]] += signed
    money = {account["account_id"]: Decimal(account["balances"][0]["total"]) for account in ledger["accounts"]}
    return {key: total for key, total in lots.items() if total}, money


@pytest.mark.parametrize("seed", [1, 2])
def test_positions_and_money_are_what_the_fills_add_up_to(tmp_path: Path, seed: int) -> None:
    desk = Desk(path=tmp_path / "mt5.sqlite", pinned=False, seed=seed)
    trader = Trader(desk, seed)
    for count in range(1, 181):
        trader.act()
        if count % 60 == 0:
            before = desk.ledger()
            desk.reopen()
            assert desk.ledger() == before, f"seed {seed}, act {count}"
    ledger = desk.ledger()
    assert recounted(ledger) == shown(ledger), f"seed {seed}"
    placed = [order["placements"] for order in ledger["orders"] if order["client_key"] and order["origin"] == "client"]
    assert sum(row["placements"] for row in ledger["refused"]) + sum(placed) == trader.sent, f"seed {seed}"
    assert {fill["entry"] for fill in ledger["fills"]} == {"in", "out", "inout", "out_by"}, f"seed {seed}"
    assert any(Decimal(fill["swap"]) for fill in ledger["fills"]), f"seed {seed}"
    desk.venue.close()
