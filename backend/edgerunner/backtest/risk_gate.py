"""Limits of a run: the pre-trade checks of live trading (``risk.checks``) over the run's own account."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from math import isnan

from edgerunner.backtest.account import Account
from edgerunner.backtest.grid import MONEY_UNIT, Grid, from_money
from edgerunner.backtest.loss_watch import LossWatch
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.domain.orders import Denial, OrderTerms, StopLoss, TakeProfit
from edgerunner.risk.checks import check, check_change
from edgerunner.risk.facts import Facts, RiskQuote, WorkingOrder
from edgerunner.risk.hours import is_open
from edgerunner.risk.limits import RiskLimits, TradingState
from edgerunner.strategies.intents import ChangeIntent
from edgerunner.strategies.market_data import Book, Tick

_NS_PER_S = 1_000_000_000
_DAY_NS = 86_400 * _NS_PER_S


class RiskGate:
    """Refuses orders and changes as the live path would, at the run's own time and prices.

    Attached exits pass and are not counted: they only reduce. ``log`` is told when a loss limit is reached.
    """

    def __init__(
        self,
        limits: RiskLimits,
        account: Account,
        markets: Mapping[str, Market],
        *,
        bar_ns: int,
        log: Callable[[str], None],
    ) -> None:
        self._limits = limits
        self._account = account
        self._markets = markets
        self._bar_ns = bar_ns
        self.losses = LossWatch(limits, account, log)
        self._working: dict[str, list[SimulatedOrder]] = {key: [] for key in markets}
        self._recent: deque[int] = deque(maxlen=limits.max_orders_per_second or 0)

    def refusal(self, order: SimulatedOrder, market: Market) -> str | None:
        """Return why a new order is refused (code and sentence); an order that passes counts from then on."""
        denial = check(_terms(order, market), market.instrument.contract, self._facts(market))
        if denial is not None:
            return self._text(denial)
        self._working[market.key].append(order)
        self._recent.append(self._account.now_ns)
        return None

    def change_refusal(self, order: SimulatedOrder, change: ChangeIntent, market: Market) -> str | None:
        """Return why a working order may not be changed, or None."""
        before = _terms(order, market)
        after = _changed(before, change, market.grid)
        denial = check_change(before, after, market.instrument.contract, self._facts(market, without=order))
        return None if denial is None else self._text(denial)

    def _text(self, denial: Denial) -> str:
        text = self.losses.reached if denial.code == "reducing" and self.losses.reached else denial.text
        return f"{denial.code}: {text}"

    def _facts(self, market: Market, *, without: SimulatedOrder | None = None) -> Facts:
        limits, now_ns = self._limits, self._account.now_ns
        equity = self.losses.look()
        return Facts(
            now_ns=now_ns,
            state=TradingState.REDUCING if self.losses.reached else TradingState.ACTIVE,
            limits=limits,
            quote=self._quote(market),
            equity=equity,
            position=market.grid.exact_quantity(market.lots),
            working=[_working(order, market) for order in self._open(market) if order is not without],
            open_orders=0 if limits.max_open_orders is None else self._count(),
            recent_ns=self._recent,
            other_exposure=None if limits.max_account_exposure is None else self._exposure_beside(market),
            rate=self._rate(market),
            is_session_open=None if self._bar_ns >= _DAY_NS else is_open(market.instrument, now_ns - 1),
        )

    def _open(self, market: Market) -> list[SimulatedOrder]:
        found = self._working[market.key] = [order for order in self._working[market.key] if order.is_open]
        return found

    def _count(self) -> int:
        return sum(len(self._open(market)) for market in self._markets.values())

    def _rate(self, market: Market) -> Decimal:
        """Return what a unit of the quote currency is worth in the base currency; inverse contracts settle in coins."""
        rate = Decimal(self._account.to_base(market, MONEY_UNIT)) / MONEY_UNIT
        return rate / market.grid.exact_price(market.mark) if market.grid.is_inverse else rate

    def _exposure_beside(self, market: Market) -> Decimal:
        """Return the worth of all other instruments if their orders filled, base currency."""
        return sum((self._worst_case(other) for other in self._markets.values() if other is not market), Decimal(0))

    def _worst_case(self, market: Market) -> Decimal:
        working = self._open(market)
        buys = sum(order.left for order in working if order.is_buy)
        sells = sum(order.left for order in working if not order.is_buy)
        lots = max(abs(market.lots + buys), abs(market.lots - sells))
        if not lots:
            return Decimal(0)
        return from_money(self._account.to_base(market, market.grid.worth(lots, market.mark)))

    def _quote(self, market: Market) -> RiskQuote:
        """Return the market as the run shows it; a bar's close is tradable for both sides."""
        now_ns, event, bar = self._account.now_ns, market.event, market.last
        if event is None and bar is not None:
            close = market.grid.exact_price(market.mark)
            return RiskQuote(bid=close, ask=close, mark=close, age_s=_age_s(now_ns - bar.time_ns - self._bar_ns))
        bid, ask = (None, None) if event is None else _sides(event, market.grid)
        time_ns = now_ns if event is None else event.time_ns
        return RiskQuote(bid=bid, ask=ask, mark=market.grid.exact_price(market.mark), age_s=_age_s(now_ns - time_ns))


def _age_s(age_ns: int) -> Decimal:
    return Decimal(max(0, age_ns)) / _NS_PER_S


def _sides(event: Tick | Book, grid: Grid) -> tuple[Decimal | None, Decimal | None]:
    """Return bid and ask; a trade without a quote is tradable for both sides."""
    if isinstance(event, Book):
        bid = event.bids[0][0] if event.bids else None
        ask = event.asks[0][0] if event.asks else None
        return _exact(bid, grid), _exact(ask, grid)
    if isnan(event.bid) and isnan(event.ask):
        return _exact(event.last, grid), _exact(event.last, grid)
    return _exact(event.bid, grid), _exact(event.ask, grid)


def _exact(price: float | None, grid: Grid) -> Decimal | None:
    return None if price is None or isnan(price) else grid.exact_price(grid.ticks(price))


def _terms(order: SimulatedOrder, market: Market) -> OrderTerms:
    grid = market.grid
    return OrderTerms(
        instrument_id=market.key,
        side=order.side,
        order_type=order.order_type,
        quantity=grid.exact_quantity(order.lots),
        quantity_unit=market.instrument.quantity_unit,
        price=_price(order.limit, grid),
        trigger_price=_price(order.trigger, grid),
        trailing_offset=_price(order.trail, grid),
        time_in_force=order.time_in_force,
        post_only=order.post_only,
        reduce_only=order.reduce_only,
        take_profit=None if order.take_profit is None else TakeProfit(price=grid.exact_price(abs(order.take_profit))),
        stop_loss=None if order.stop_loss is None else StopLoss(trigger_price=grid.exact_price(abs(order.stop_loss))),
    )


def _price(ticks: int | None, grid: Grid) -> Decimal | None:
    return None if ticks is None else grid.exact_price(abs(ticks))


def _changed(terms: OrderTerms, change: ChangeIntent, grid: Grid) -> OrderTerms:
    lots = None if change.quantity is None else grid.lots(change.quantity)
    return replace(
        terms,
        quantity=terms.quantity if lots is None else grid.exact_quantity(lots),
        price=terms.price if change.limit is None else _exact(change.limit, grid),
        trigger_price=terms.trigger_price if change.trigger is None else _exact(change.trigger, grid),
    )


def _working(order: SimulatedOrder, market: Market) -> WorkingOrder:
    return WorkingOrder(
        terms=_terms(order, market), left=market.grid.exact_quantity(order.left), created_at_ns=order.placed_ns
    )
