"""The paper account's money: what is owned, what positions need, and what an order may still cost. Pure arithmetic.

Collateral is the account's currency alone: balance plus unrealized profit. Coins held on spot markets count for the
equity and back nothing. Working orders need margin for the larger of the two positions that they could lead to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from edgerunner.adapters.local.options import LocalOptions
from edgerunner.adapters.local.records import ACCOUNT_ID, Holding
from edgerunner.adapters.local.units import Units
from edgerunner.domain.accounts import AccountSummary, Balance
from edgerunner.domain.errors import BrokerRejected
from edgerunner.domain.numbers import exact_arithmetic, to_plain
from edgerunner.matching.position import unrealized
from edgerunner.matching.working_order import WorkingOrder

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One instrument of the account: what is held, what works on it, and its newest mark (None = never seen)."""

    units: Units
    holding: Holding
    orders: tuple[WorkingOrder, ...]
    mark: Decimal | None

    @property
    def is_spot(self) -> bool:
        """Tell whether the position is a holding of coins."""
        return self.units.instrument.contract.is_inventory

    def price(self, otherwise: Decimal | None = None) -> Decimal | None:
        """Return what the instrument is valued with: the mark, or the price given, or what the position cost."""
        if self.mark is not None or otherwise is not None:
            return self.mark or otherwise
        lots = self.holding.net.lots
        if not lots or self.is_spot or self.units.instrument.contract.is_inverse:
            return None
        size = self.units.quantity(abs(lots)) * self.units.instrument.multiplier
        return self.holding.net.cost / size


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All lines of one paper account and its balances by currency."""

    options: LocalOptions
    balances: Mapping[str, Decimal]
    lines: tuple[Line, ...]

    @property
    def balance(self) -> Decimal:
        """Return the account's own currency."""
        return self.balances.get(self.options.currency, ZERO)

    @property
    def unrealized_pnl(self) -> Decimal:
        """Return the open profit of margined positions."""
        return _sum(open_profit(line) for line in self.lines)

    @property
    def has_marks(self) -> bool:
        """Tell whether everything that is held can be valued."""
        return all(line.mark is not None for line in self.lines if line.holding.net.lots)

    @property
    def collateral(self) -> Decimal:
        """Return what backs positions."""
        return self.balance + self.unrealized_pnl

    @property
    def equity(self) -> Decimal:
        """Return collateral and the worth of coins."""
        return self.collateral + _sum(_coin_worth(line) for line in self.lines)

    @property
    def initial_margin(self) -> Decimal:
        """Return what positions and working orders need."""
        return _sum(margin_of(line, self.options) for line in self.lines)

    @property
    def maintenance_margin(self) -> Decimal:
        """Return the collateral below which positions are liquidated."""
        worth = _sum(_position_worth(line) for line in self.lines)
        return worth * self.options.maintenance_margin

    @property
    def available(self) -> Decimal:
        """Return the collateral that is not needed yet."""
        return self.collateral - self.initial_margin

    @property
    def is_ruined(self) -> bool:
        """Tell whether the positions' margin is used up."""
        needed = self.maintenance_margin
        return any(line.holding.net.lots and not line.is_spot for line in self.lines) and self.collateral <= needed


def margin_of(line: Line, options: LocalOptions) -> Decimal:
    """Return what one instrument's position and working orders need of the collateral, fees of spot buys included."""
    opening = [order for order in line.orders if not order.reduce_only]
    if line.is_spot:
        buys = (_order_worth(line, order) for order in opening if order.side == "buy")
        return _sum(buys) * (1 + max(options.fees.taker, ZERO))
    price = line.price()
    lots = line.holding.net.lots
    held = ZERO if price is None else line.units.worth(price, lots)
    sides = {
        side: _sum(_order_worth(line, order) for order in opening if order.side == side) for side in ("buy", "sell")
    }
    signed = held if lots >= 0 else -held
    return max(abs(signed), abs(signed + sides["buy"]), abs(signed - sides["sell"])) / options.leverage


def open_profit(line: Line) -> Decimal:
    """Return the open profit of a margined position; 0 for coins and before any mark."""
    if line.is_spot or line.mark is None or not line.holding.net.lots:
        return ZERO
    with exact_arithmetic():
        return unrealized(
            line.holding.net, line.units.worth(line.mark, 1), inverse=line.units.instrument.contract.is_inverse
        )


def closable_coins(line: Line) -> int:
    """Return the lots of coins that no working order sells already."""
    selling = sum(order.left for order in line.orders if order.side == "sell" and order.parent_id is None)
    return line.holding.net.lots - selling


def require_money(account: Account, line: Line, working: WorkingOrder) -> None:
    """Raise ``BrokerRejected`` for an order that the account cannot back; it stands in for an order of the same id."""
    if working.reduce_only:
        return
    others = tuple(order for order in line.orders if order.order_id != working.order_id)
    if line.is_spot and working.side == "sell":
        if closable_coins(replace(line, orders=others)) < working.left:
            raise BrokerRejected("insufficient_balance", f"there is not enough {line.units.instrument.base} to sell")
        return
    trial = replace(line, orders=(*others, working))
    after = replace(account, lines=tuple(trial if each.units == line.units else each for each in account.lines))
    fee = ZERO if line.is_spot else _order_worth(line, working) * max(account.options.fees.taker, ZERO)
    if after.initial_margin > account.initial_margin and after.available < fee:
        raise BrokerRejected(
            "insufficient_margin",
            f"the order needs {to_plain(round(after.initial_margin - account.initial_margin + fee, 8))} "
            f"{account.options.currency} and {to_plain(round(account.available, 8))} is free",
        )


def summary(account: Account, now_ns: int) -> AccountSummary:
    """Return the account as a broker reports it; what needs a mark is None while one is missing."""
    is_valued = account.has_marks
    currency, available = account.options.currency, max(account.available, ZERO)
    names = [currency, *(name for name, total in account.balances.items() if total and name != currency)]
    return AccountSummary(
        account_id=ACCOUNT_ID,
        currency=currency,
        balance=account.balance,
        equity=account.equity if is_valued else None,
        margin_initial=account.initial_margin,
        margin_maintenance=account.maintenance_margin,
        margin_available=available,
        unrealized_pnl=account.unrealized_pnl if is_valued else None,
        realized_pnl=_sum(line.holding.realized_pnl for line in account.lines),
        balances=tuple(
            Balance(
                currency=name,
                total=account.balances.get(name, ZERO),
                available=available if name == currency else None,
                locked=None,
            )
            for name in names
        ),
        as_of_ns=now_ns,
    )


def _order_worth(line: Line, order: WorkingOrder) -> Decimal:
    own = order.limit or (order.trigger.price if order.trigger is not None else None)
    price = line.units.price(own) if own is not None else line.price()
    return ZERO if price is None else line.units.worth(price, order.left)


def _position_worth(line: Line) -> Decimal:
    price = None if line.is_spot else line.price()
    return ZERO if price is None else line.units.worth(price, line.holding.net.lots)


def _coin_worth(line: Line) -> Decimal:
    if not line.is_spot or line.mark is None:
        return ZERO
    return line.units.worth(line.mark, line.holding.net.lots)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    with exact_arithmetic():
        return sum(amounts, ZERO)
