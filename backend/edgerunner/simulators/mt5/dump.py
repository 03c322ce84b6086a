"""The broker's ledger as tests see it, in the form of the other brokers' (see ``simulators/dump.py``).

A position is a leg of its own: ``leg`` is its ticket. A fill is a deal; ``entry`` tells whether it opened (in), closed
(out, out_by) or turned a position round (inout), ``leg`` which position it was (its identifier).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.domain.numbers import exact_arithmetic, round_money, to_plain
from edgerunner.simulators.ledger_file import Placement
from edgerunner.simulators.mt5.broker_state import BrokerState
from edgerunner.simulators.mt5.ledger import decode_deal, decode_order
from edgerunner.simulators.mt5.symbols.listing import ListedSymbol
from edgerunner.simulators.mt5.trade_server.values import Account, Deal, Order, Position
from edgerunner.simulators.mt5.trade_server.words import DealType, OrderState, OrderType, PositionType, Reason
from edgerunner.simulators.timestamps import rfc3339

_SIDES: Final = ("buy", "sell")
_TRADES: Final = frozenset({DealType.BUY, DealType.SELL})
_ORIGINS: Final = {Reason.EXPERT: "client", Reason.SL: "stop_loss", Reason.TP: "take_profit", Reason.SO: "liquidation"}
_STATUS: Final = {
    OrderState.PARTIAL: "partially_filled",
    OrderState.CANCELED: "canceled",
    OrderState.FILLED: "filled",
    OrderState.REJECTED: "rejected",
    OrderState.EXPIRED: "canceled",
}
_PENDING_STOPS: Final = frozenset({OrderType.BUY_STOP, OrderType.SELL_STOP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mt5Snapshot:
    """A ledger at one moment, taken fast; ``render`` may take long and touches nothing of the broker."""

    broker: str
    symbols: Mapping[str, ListedSymbol]
    accounts: list[tuple[Account, tuple[Position, ...]]]
    orders: list[bytes]
    deals: list[bytes]
    placements: list[Placement]
    held: list[dict[str, object]]

    def render(self) -> dict[str, object]:
        """Return accounts, orders and fills, oldest first; ``cash`` lists the deals that only move money."""
        placements = {(row.account_id, row.client_key): row for row in self.placements}
        deals = [decode_deal(body) for body in self.deals]
        trades = [deal for deal in deals if deal.type in _TRADES]
        prices = _average_prices(trades)
        orders = [self._order(decode_order(body), placements, prices) for body in self.orders]
        return {
            "broker": self.broker,
            "accounts": [self._account(account, positions) for account, positions in self.accounts],
            "orders": orders,
            "fills": [self._fill(deal) for deal in trades],
            "funding": [],
            "cash": [_cash(deal) for deal in deals if deal.type not in _TRADES],
            "refused": [
                {"client_key": row.client_key, "symbol": row.symbol, "reason": row.reason, "placements": row.count}
                for row in placements.values()
            ],
            "held": self.held,
        }

    def to_json(self) -> str:
        """Return ``render`` as JSON, encoded row by row: the encoder lets no other thread run while it works."""
        parts = (f"{json.dumps(name)}: {_json(value)}" for name, value in self.render().items())
        return "{" + ", ".join(parts) + "}"

    def _currency(self, login: int) -> str:
        return next(account.currency for account, _ in self.accounts if account.login == login)

    def _account(self, account: Account, positions: Iterable[Position]) -> dict[str, object]:
        return {
            "account_id": str(account.login),
            "balances": [{"currency": account.currency, "total": to_plain(account.balance)}],
            "credit": to_plain(account.credit),
            "positions": [
                {
                    "symbol": position.symbol,
                    "product": self.symbols[position.symbol].product,
                    "leg": str(position.ticket),
                    "side": "long" if position.type == PositionType.BUY else "short",
                    "quantity": to_plain(position.volume),
                    "average_price": to_plain(position.price_open),
                    "identifier": str(position.identifier),
                    "stop_loss": _price(position.sl),
                    "take_profit": _price(position.tp),
                    "swap": to_plain(position.swap),
                    "client_key": position.client_key or None,
                }
                for position in positions
            ],
        }

    def _order(
        self, order: Order, placements: dict[tuple[str, str], Placement], prices: Mapping[int, Decimal]
    ) -> dict[str, object]:
        counted = placements.pop((str(order.login), order.client_key or ""), None)
        return {
            "client_key": order.client_key or None,
            "venue_order_id": str(order.ticket),
            "account_id": str(order.login),
            "symbol": order.symbol,
            "product": self.symbols[order.symbol].product,
            "side": _SIDES[order.type % 2],
            "order_type": "market" if order.type in {OrderType.CLOSE_BY, *_PENDING_STOPS, 0, 1} else "limit",
            "quantity": to_plain(order.volume_initial),
            "price": _limit(order),
            "filled_quantity": to_plain(order.volume_initial - order.volume_current),
            "average_price": None if order.ticket not in prices else to_plain(prices[order.ticket]),
            "status": order_status(order),
            "live": order.is_active,
            "placements": 0 if counted is None else counted.count,
            "cancel_reason": _cancel_reason(order),
            "origin": _ORIGINS.get(order.reason, "manual"),
            "leg": str(order.position_id) if order.position_id else None,
            "trigger_price": _price(order.price_open) if _has_trigger(order) else None,
            "exit_kind": _ORIGINS[order.reason] if order.reason in {Reason.SL, Reason.TP} else None,
            "parent": None,
            "stop_loss": _price(order.sl),
            "take_profit": _price(order.tp),
        }

    def _fill(self, deal: Deal) -> dict[str, object]:
        return {
            "trade_id": str(deal.ticket),
            "venue_order_id": str(deal.order),
            "client_key": deal.client_key or None,
            "account_id": str(deal.login),
            "symbol": deal.symbol,
            "product": self.symbols[deal.symbol].product,
            "side": _SIDES[deal.type],
            "quantity": to_plain(deal.volume),
            "price": to_plain(deal.price),
            "fee": {"currency": self._currency(deal.login), "amount": to_plain(-(deal.commission + deal.fee))},
            "realized_pnl": to_plain(deal.profit),
            "swap": to_plain(deal.swap),
            "leg": str(deal.position_id),
            "entry": deal.entry.name.lower(),
            "kind": "liquidation" if deal.reason == Reason.SO else "trade",
            "time": rfc3339(deal.time_ns),
        }


def take_snapshot(state: BrokerState) -> Mt5Snapshot:
    """Return the ledger as it stands."""
    quotes = state.quotes()
    return Mt5Snapshot(
        broker=state.name,
        symbols=state.symbols,
        accounts=[
            (state.server.account(login), state.server.positions(login, quotes)) for login in state.server.logins
        ],
        orders=state.ledger.raw_orders(),
        deals=state.ledger.raw_deals(),
        placements=list(state.ledger.placements()),
        held=[{"at": held.at.value, "client_key": held.client_key} for held in state.faults.held(state.name)],
    )


def order_status(order: Order) -> str:
    """Return an order's state in the words that the ledgers of all brokers use."""
    if order.is_active and order.state != OrderState.PARTIAL:
        return "untriggered" if _has_trigger(order) else "new"
    return _STATUS[order.state]


def _has_trigger(order: Order) -> bool:
    return order.type in _PENDING_STOPS or (order.type.is_stop_limit and order.is_active)


def _limit(order: Order) -> str | None:
    if order.type.is_stop_limit:
        return _price(order.price_stoplimit)
    return _price(order.price_open) if order.type.is_limit else None


def _cancel_reason(order: Order) -> str | None:
    match order.state:
        case OrderState.EXPIRED:
            return "expired"
        case OrderState.CANCELED:
            return "user"
        case _:
            return None


def _average_prices(trades: Iterable[Deal]) -> dict[int, Decimal]:
    volumes: dict[int, Decimal] = {}
    values: dict[int, Decimal] = {}
    for deal in trades:
        volumes[deal.order] = volumes.get(deal.order, Decimal(0)) + deal.volume
        values[deal.order] = values.get(deal.order, Decimal(0)) + deal.volume * deal.price
    with exact_arithmetic():
        return {ticket: round_money(values[ticket] / volume) for ticket, volume in volumes.items()}


def _cash(deal: Deal) -> dict[str, object]:
    return {
        "trade_id": str(deal.ticket),
        "account_id": str(deal.login),
        "kind": deal.type.name.lower(),
        "amount": to_plain(deal.amount),
        "comment": deal.comment,
        "time": rfc3339(deal.time_ns),
    }


def _price(number: Decimal) -> str | None:
    return to_plain(number) if number else None


def _json(value: object) -> str:
    return "[" + ", ".join(map(json.dumps, value)) + "]" if isinstance(value, list) else json.dumps(value)
