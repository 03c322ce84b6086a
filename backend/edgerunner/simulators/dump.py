"""The ledger as tests see it: the independent oracle they compare the product's books with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.numbers import to_plain
from edgerunner.simulators.accounts import Account, position_view
from edgerunner.simulators.ledger import decode_fill, decode_order
from edgerunner.simulators.ledger_file import Placement
from edgerunner.simulators.timestamps import rfc3339
from edgerunner.simulators.venue_state import VenueState
from edgerunner.simulators.venue_types import VenueFill, VenueInstrument, VenueOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSnapshot:
    """A ledger at one moment, taken fast; ``render`` may take long and touches nothing of the venue."""

    broker: str
    instruments: Mapping[str, VenueInstrument]
    accounts: list[dict[str, object]]
    orders: list[bytes]
    fills: list[bytes]
    placements: list[Placement]
    held: list[dict[str, object]]

    def render(self) -> dict[str, object]:
        """Return accounts, orders and fills, oldest first; ``symbol`` = the broker's name, ``product`` tells it apart.

        ``funding`` lists payments on positions in the form of fills (``fee`` = what was paid), ``refused`` client
        keys whose placements were all refused, ``held`` frames that wait at a hold point.
        """
        placements = {(row.account_id, row.client_key): row for row in self.placements}
        orders = [self._order(decode_order(body), placements) for body in self.orders]
        fills = [decode_fill(body) for body in self.fills]
        return {
            "broker": self.broker,
            "accounts": self.accounts,
            "orders": orders,
            "fills": [_fill(self.instruments[fill.symbol], fill) for fill in fills if fill.kind != "funding"],
            "funding": [_fill(self.instruments[fill.symbol], fill) for fill in fills if fill.kind == "funding"],
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

    def _order(self, order: VenueOrder, placements: dict[tuple[str, str], Placement]) -> dict[str, object]:
        counted = placements.pop((order.account_id, order.client_key or ""), None)
        count = counted.count if counted is not None else 0
        return _order(self.instruments[order.symbol], order, placements=count)


def take_snapshot(state: VenueState) -> LedgerSnapshot:
    """Return the ledger as it stands."""
    return LedgerSnapshot(
        broker=state.name,
        instruments=state.instruments,
        accounts=[_account(state, account) for account in state.accounts.values()],
        orders=state.ledger.raw_orders(),
        fills=state.ledger.raw_fills(),
        placements=list(state.ledger.placements()),
        held=[{"at": held.at.value, "client_key": held.client_key} for held in state.faults.held(state.name)],
    )


def _account(state: VenueState, account: Account) -> dict[str, object]:
    views = (position_view(account, state.instruments[symbol], leg) for symbol, leg in sorted(account.positions))
    return {
        "account_id": account.account_id,
        "balances": [{"currency": currency, "total": to_plain(total)} for currency, total in account.balances.items()],
        "positions": [
            {
                "symbol": state.instruments[view.symbol].name,
                "product": state.instruments[view.symbol].product,
                "leg": view.leg.value,
                "side": "long" if view.side == "buy" else "short",
                "quantity": to_plain(state.instruments[view.symbol].quantity(view.quantity_lots)),
                "average_price": _plain(view.entry_price),
                "realized_pnl": to_plain(view.cumulative_realized_pnl),
            }
            for view in views
            if view.quantity_lots
        ],
    }


def _order(instrument: VenueInstrument, order: VenueOrder, *, placements: int) -> dict[str, object]:
    filled = instrument.quantity(order.filled_lots)
    average = instrument.average_price(order.filled_value, order.filled_lots) if order.filled_lots else None
    trigger = order.trigger
    return {
        "client_key": order.client_key,
        "venue_order_id": order.order_id,
        "account_id": order.account_id,
        "symbol": instrument.name,
        "product": instrument.product,
        "side": order.side,
        "order_type": order.order_type,
        "quantity": to_plain(instrument.quantity(order.quantity_lots)),
        "price": _plain(None if order.price_ticks is None else instrument.price(order.price_ticks)),
        "filled_quantity": to_plain(filled),
        "average_price": _plain(average),
        "status": order.state.value,
        "live": order.live,
        "placements": placements,
        "cancel_reason": order.cancel_reason,
        "origin": order.origin,
        "leg": order.leg.value,
        "trigger_price": _plain(None if trigger is None else instrument.price(trigger.price_ticks)),
        "exit_kind": order.exit_kind,
        "parent": order.parent_id,
    }


def _fill(instrument: VenueInstrument, fill: VenueFill) -> dict[str, object]:
    return {
        "trade_id": fill.trade_id,
        "venue_order_id": fill.order_id,
        "client_key": fill.client_key,
        "account_id": fill.account_id,
        "symbol": instrument.name,
        "product": instrument.product,
        "side": fill.side,
        "quantity": to_plain(instrument.quantity(fill.quantity_lots)),
        "price": to_plain(instrument.price(fill.price_ticks)),
        "fee": {"currency": fill.fee_currency, "amount": to_plain(fill.fee)},
        "realized_pnl": to_plain(fill.realized_pnl),
        "leg": fill.leg.value,
        "kind": fill.kind,
        "time": rfc3339(fill.time_ns),
    }


def _json(value: object) -> str:
    return "[" + ", ".join(map(json.dumps, value)) + "]" if isinstance(value, list) else json.dumps(value)


def _plain(number: Decimal | None) -> str | None:
    return None if number is None else to_plain(number)
