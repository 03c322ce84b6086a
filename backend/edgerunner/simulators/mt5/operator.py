"""What only the broker itself can do: orders and fills by hand, money in and out, stop-outs, control of the market."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from edgerunner.simulators.market import MarketControl
from edgerunner.simulators.mt5.broker_state import BrokerState
from edgerunner.simulators.mt5.dump import order_status
from edgerunner.simulators.mt5.stepping import Stepper
from edgerunner.simulators.mt5.symbols.listing import ListedSymbol
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import Changes, Order, TradeRequest
from edgerunner.simulators.mt5.trade_server.words import (
    DealType,
    FillingFlag,
    OrderFilling,
    OrderType,
    PositionType,
    Reason,
    TradeAction,
)
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.replay import Recording
from edgerunner.simulators.simulated_broker import ManualOrder, OrderView, UnknownLeg
from edgerunner.simulators.venue_types import RejectReason, VenueReject

_KINDS: Final = {
    "transfer": DealType.BALANCE,
    "fee": DealType.CHARGE,
    "funding": DealType.INTEREST,
    "adjustment": DealType.CORRECTION,
}
_REASONS: Final = {
    Retcode.INVALID_VOLUME: RejectReason.INVALID_QUANTITY,
    Retcode.INVALID_CLOSE_VOLUME: RejectReason.INVALID_QUANTITY,
    Retcode.LIMIT_VOLUME: RejectReason.QUANTITY_ABOVE_MAXIMUM,
    Retcode.INVALID_PRICE: RejectReason.INVALID_PRICE,
    Retcode.MARKET_CLOSED: RejectReason.HALTED,
    Retcode.NO_MONEY: RejectReason.INSUFFICIENT_FUNDS,
    Retcode.LIMIT_ORDERS: RejectReason.TOO_MANY_ORDERS,
    Retcode.POSITION_CLOSED: RejectReason.NO_POSITION,
}


class Mt5Operator:
    """The broker's control of its market, its money and its memory. Everything raises ``VenueReject``."""

    def __init__(self, state: BrokerState, stepper: Stepper) -> None:
        self._state = state
        self._stepper = stepper

    @property
    def seed(self) -> int:
        """Return the seed of the market."""
        return self._state.market.seed

    def default_account(self) -> str:
        """Return the first account: the hedging one."""
        return str(self._state.server.logins[0])

    def instruments_named(self, name: str, product: str | None = None) -> Sequence[ListedSymbol]:
        """Return the symbol of this name or instrument id (``EURUSD.MT5``)."""
        found = self._state.symbols.get(name) or self._state.symbols.get(name.removesuffix(".MT5"))
        return [found] if found is not None and product in {None, found.product} else []

    def move_cash(self, account_id: str, currency: str, amount: Decimal, kind: str = "transfer") -> Decimal:
        """Pay money in or out and return the new balance; an account may go below zero.

        ``kind``: transfer (a BALANCE deal), fee (CHARGE), funding (INTEREST) or adjustment (CORRECTION).
        """
        login = _login(self._state, account_id)
        account = self._state.server.account(login)
        if currency != account.currency:
            raise VenueReject(RejectReason.UNSUPPORTED, f"the account is in {account.currency}, not {currency}")
        if amount != round(amount, account.currency_digits):
            raise VenueReject(RejectReason.INVALID_QUANTITY, f"money has {account.currency_digits} decimals")
        self._stepper.advance()
        changes = self._state.server.move_money(login, amount, self._state.now_ns(), kind=_KINDS[kind])
        self._state.commit(changes)
        self._stepper.advance(again=True)
        return self._state.server.account(login).balance

    def set_price(self, symbol: str, price: Decimal | None) -> None:
        """Pin a symbol's bid, or let it go back to the generated one."""
        step = self._state.data.prices.now_step()
        if price is None:
            self._control(MarketControl(step=step, symbol=symbol, kind="release"))
            return
        tick_size = self._state.symbols[symbol].terms.tick_size
        if not price.is_finite() or price <= 0 or price % tick_size:
            raise VenueReject(RejectReason.INVALID_PRICE, f"must be a positive multiple of {tick_size:f}")
        self._control(MarketControl(step=step, symbol=symbol, kind="pin", ticks=int(price / tick_size)))

    def set_halt(self, symbol: str, *, halted: bool) -> None:
        """Close the market of a symbol (10018, its quotes stand still), or open it again."""
        step = self._state.data.prices.now_step()
        self._control(MarketControl(step=step, symbol=symbol, kind="halt" if halted else "resume"))

    def show_bad_tick(self, symbol: str, value: Decimal) -> None:
        """Show an absurd tick for a second; nothing trades at it."""
        self._state.market.set_bad_tick(symbol, self._state.data.prices.now_step(), value)

    def replay(
        self, symbol: str, file: Path, recording: Recording, speed: float, *, start_ns: int | None = None
    ) -> None:
        """Play a recording as a symbol's price; see ``Operator.replay`` of the other brokers."""
        step = self._state.data.prices.now_step() if start_ns is None else start_ns // STEP_NS
        control = MarketControl(step=step, symbol=symbol, kind="replay", file=str(file.resolve()), speed=speed)
        self._control(control, recording)

    def forget_history(self) -> None:
        """Show none of the orders and deals that are done by now in histories any more."""
        self._state.forget_history()

    def forget_recent(self) -> None:
        """Forget nothing: the trade server's history outlives its restarts."""

    def reset(self, seed: int | None = None) -> None:
        """Start over with first deposits and another seed (None = the same)."""
        self._state.reset(self.seed if seed is None else seed)

    def _control(self, control: MarketControl, recording: Recording | None = None) -> None:
        self._stepper.advance()
        self._state.control(control, recording)
        self._stepper.advance(again=True)


class Mt5Hand:
    """Orders by hand: as somebody enters them at a terminal (reason CLIENT, magic 0), and what the dealer does."""

    def __init__(self, state: BrokerState, stepper: Stepper) -> None:
        self._state = state
        self._stepper = stepper

    def place(self, order: ManualOrder) -> OrderView:
        """Enter a market order or a pending limit order; raises ``VenueReject``, ``UnknownLeg``.

        ``leg`` = ticket of a position that the order closes, whole or in part. ``time_in_force`` of a market order is
        its filling; of what the symbol allows the first is taken for ``gtc``.
        """
        _require_known_time(order)
        login = _login(self._state, order.account_id)
        request = self._request(login, order)
        self._stepper.advance()
        quotes, now_ns = self._state.quotes(), self._state.now_ns()
        result, changes = self._state.server.send(login, request, quotes, now_ns, reason=Reason.CLIENT)
        self._state.commit(changes)
        if not result.retcode.is_success:
            reason = _REASONS.get(result.retcode, RejectReason.FORCED)
            raise VenueReject(reason, f"{int(result.retcode)} {result.comment or result.retcode.comment}")
        return self._view(result.order)

    def fill(self, *, order_id: str | None, client_key: str | None, quantity: Decimal | None) -> OrderView:
        """Trade lots (None = all) of a pending order at its own price; raises ``VenueReject``."""
        self._stepper.advance()
        order = self._find_live(order_id, client_key)
        lots = order.volume_current if quantity is None else quantity
        if not 0 < lots <= order.volume_current or lots % self._state.symbols[order.symbol].terms.volume_step:
            left = f"the order has {order.volume_current:f} lots left to trade"
            raise VenueReject(RejectReason.INVALID_QUANTITY, left)
        quotes, now_ns = self._state.quotes(), self._state.now_ns()
        self._state.commit(self._state.server.fill(order.login, order.ticket, quotes, now_ns, volume=lots))
        return self._view(order.ticket)

    def liquidate(self, account_id: str, symbol: str) -> OrderView:
        """Close all positions of an account as a stop-out does; the answer shows the order of the first in ``symbol``.

        Raises ``VenueReject`` (no_position) when the account has none there.
        """
        login = _login(self._state, account_id)
        self._stepper.advance()
        quotes, now_ns = self._state.quotes(), self._state.now_ns()
        if all(position.symbol != symbol for position in self._state.server.positions(login, quotes)):
            raise VenueReject(RejectReason.NO_POSITION, f"account {login} has no position in {symbol}")
        changes = self._state.server.liquidate(login, quotes, now_ns)
        self._state.commit(changes)
        return self._view(_closing_ticket(changes, symbol))

    def _request(self, login: int, order: ManualOrder) -> TradeRequest:
        side = PositionType.BUY if order.side == "buy" else PositionType.SELL
        position = self._position(login, order)
        if order.price is not None:
            kind = OrderType.BUY_LIMIT if order.side == "buy" else OrderType.SELL_LIMIT
            return TradeRequest(
                action=TradeAction.PENDING,
                symbol=order.symbol,
                volume=order.quantity,
                price=order.price,
                type=kind,
                type_filling=OrderFilling.RETURN,
            )
        quote = self._state.quotes()[order.symbol]
        return TradeRequest(
            action=TradeAction.DEAL,
            symbol=order.symbol,
            volume=order.quantity,
            price=quote.ask if side == PositionType.BUY else quote.bid,
            type=side,
            type_filling=self._filling(order),
            position=position,
        )

    def _position(self, login: int, order: ManualOrder) -> int:
        """Return the ticket of the position that is meant; 0 = none."""
        is_named = order.leg not in {None, "net"}
        if not is_named and not order.reduce_only:
            return 0
        if not is_named and self._state.server.account(login).is_hedging:
            raise UnknownLeg("a hedging account closes a position by its ticket: give it as leg")
        for position in self._state.server.positions(login, self._state.quotes()):
            if position.symbol == order.symbol and (not is_named or str(position.ticket) == order.leg):
                return position.ticket
        raise UnknownLeg(f"must be the ticket of a position in {order.symbol}")

    def _filling(self, order: ManualOrder) -> OrderFilling:
        flags = self._state.symbols[order.symbol].terms.filling_flags
        wanted = {"fok": OrderFilling.FOK, "ioc": OrderFilling.IOC}.get(order.time_in_force)
        if wanted is not None:
            return wanted
        if FillingFlag.FOK in flags:
            return OrderFilling.FOK
        return OrderFilling.IOC if FillingFlag.IOC in flags else OrderFilling.RETURN

    def _find_live(self, order_id: str | None, client_key: str | None) -> Order:
        quotes = self._state.quotes()
        for login in self._state.server.logins:
            for order in self._state.server.orders(login, quotes):
                if str(order.ticket) == order_id or (order_id is None and order.client_key == client_key):
                    return order
        if order_id is not None and order_id.isdecimal() and self._state.ledger.find_order(int(order_id)):
            raise VenueReject(RejectReason.ORDER_CLOSED, f"order {order_id} is closed")
        raise VenueReject(RejectReason.UNKNOWN_ORDER, "there is no such order")

    def _view(self, ticket: int) -> OrderView:
        order = self._state.ledger.find_order(ticket)
        if order is None:
            raise VenueReject(RejectReason.UNKNOWN_ORDER, f"there is no order {ticket}")
        return OrderView(
            venue_order_id=str(order.ticket),
            client_key=order.client_key or None,
            symbol=order.symbol,
            product=self._state.symbols[order.symbol].product,
            status=order_status(order),
            quantity=order.volume_initial,
            filled_quantity=order.volume_initial - order.volume_current,
            live=order.is_active,
        )


def _require_known_time(order: ManualOrder) -> None:
    known = ("gtc",) if order.order_type == "limit" else ("gtc", "ioc", "fok")
    if order.time_in_force not in known:
        refusal = f"a {order.order_type} order by hand is {' or '.join(known)}, not {order.time_in_force}"
        raise VenueReject(RejectReason.UNSUPPORTED, refusal)


def _closing_ticket(changes: Changes, symbol: str) -> int:
    return next(deal.order for deal in changes.deals if deal.symbol == symbol)


def _login(state: BrokerState, account_id: str) -> int:
    if not account_id.isdecimal() or int(account_id) not in state.server.logins:
        raise VenueReject(RejectReason.UNKNOWN_ACCOUNT, f"there is no account {account_id}")
    return int(account_id)
