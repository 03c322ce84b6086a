"""A request from its words to its changes: judged, tried on a copy of the account, carried out."""

from dataclasses import dataclass, replace
from decimal import Decimal

from edgerunner.simulators.mt5.trade_server import check_prices
from edgerunner.simulators.mt5.trade_server.case import Case, find_order, find_position
from edgerunner.simulators.mt5.trade_server.check_shape import malformed
from edgerunner.simulators.mt5.trade_server.checks import first_refusal
from edgerunner.simulators.mt5.trade_server.close_by import close_by
from edgerunner.simulators.mt5.trade_server.deals import Fill, send_deal
from edgerunner.simulators.mt5.trade_server.market import Market
from edgerunner.simulators.mt5.trade_server.outlook import is_affordable, outlook
from edgerunner.simulators.mt5.trade_server.pending import modify_pending, place_pending, remove_pending
from edgerunner.simulators.mt5.trade_server.protection import change_stops
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.state import Act, Book, Tickets
from edgerunner.simulators.mt5.trade_server.valuation import value_of
from edgerunner.simulators.mt5.trade_server.values import (
    AccountValue,
    CheckResult,
    Order,
    Quote,
    TradeRequest,
    TradeResult,
)
from edgerunner.simulators.mt5.trade_server.words import (
    OrderFilling,
    OrderState,
    OrderTime,
    OrderType,
    Reason,
    TradeAction,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request as it reaches the server.

    Attributes:
        comment: What is written on orders and deals; the client's own is in the request.
        fill_limit: Lots at most that are there to trade with; None = enough.
        is_check: It is only asked what would be answered.
    """

    request: TradeRequest
    reason: Reason
    comment: str
    now_ns: int
    day_start_ns: int
    fill_limit: Decimal | None = None
    is_check: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """The account as it would be after a request."""

    balance: Decimal
    value: AccountValue


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that can be carried out."""

    case: Case
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that cannot; the outlook is there when money or price was the reason."""

    retcode: Retcode
    outlook: Outlook | None = None


def judge(arrival: Arrival, book: Book, market: Market, tickets: Tickets) -> Accepted | Refused:
    """Return whether a request can be carried out; changes nothing (the tickets are copied)."""
    refusal = malformed(arrival.request, book)
    if refusal is not None:
        return Refused(refusal)
    case = _case(arrival, book, market)
    if case is None:
        return Refused(Retcode.INVALID)
    refusal = first_refusal(case)
    if refusal is not None:
        return Refused(refusal)
    return _tried(case, arrival, replace(tickets))


def _case(arrival: Arrival, book: Book, market: Market) -> Case | None:
    request = arrival.request
    order, position = find_order(request, book), find_position(request, book)
    named = order or (position if request.action in {TradeAction.SLTP, TradeAction.CLOSE_BY} else None)
    symbol = market.symbols.get(named.symbol if named else request.symbol)
    if symbol is None:
        return None
    return Case(
        request=request,
        book=book,
        market=market,
        symbol=symbol,
        now_ns=arrival.now_ns,
        day_start_ns=arrival.day_start_ns,
        reason=arrival.reason,
        order=order,
        position=position,
        opposite=book.positions.get(request.position_by) if request.action == TradeAction.CLOSE_BY else None,
        is_check=arrival.is_check,
    )


def _tried(case: Case, arrival: Arrival, tickets: Tickets) -> Accepted | Refused:
    trial = Act(case.book.scratch(), case.market, tickets, case.now_ns)
    carry_out(trial, case, arrival)
    before = value_of(case.book, case.market)
    after = outlook(before, trial)
    seen = Outlook(trial.account.balance, after)
    is_deal = case.request.action == TradeAction.DEAL
    if is_deal and not case.is_closing and not is_affordable(before, after):
        return Refused(Retcode.NO_MONEY, seen)
    moved = check_prices.moved_price(case) if is_deal and not case.is_check else None
    return Accepted(case, seen) if moved is None else Refused(moved, seen)


def carry_out(act: Act, case: Case, arrival: Arrival) -> TradeResult:
    """Do what a judged request asks for."""
    match TradeAction(case.request.action):
        case TradeAction.DEAL:
            return send_deal(act, _order(act, case, arrival), Fill(case.quote, arrival.fill_limit))
        case TradeAction.PENDING:
            return place_pending(act, _order(act, case, arrival), case.quote)
        case TradeAction.SLTP:
            return change_stops(act, case)
        case TradeAction.MODIFY:
            return modify_pending(act, case)
        case TradeAction.REMOVE:
            return remove_pending(act, case.known_order)
        case TradeAction.CLOSE_BY:
            return close_by(act, case, _order(act, case, arrival))


def _order(act: Act, case: Case, arrival: Arrival) -> Order:
    request = case.request
    is_pending = request.action == TradeAction.PENDING
    is_close_by = request.action == TradeAction.CLOSE_BY
    type_ = OrderType.CLOSE_BY if is_close_by else case.type
    return Order(
        login=act.account.login,
        ticket=act.tickets.take_order(),
        time_setup_ns=act.now_ns,
        expiration_ns=case.expiration_ns if is_pending else 0,
        type=type_,
        type_time=OrderTime(request.type_time) if is_pending else OrderTime.GTC,
        type_filling=OrderFilling(request.type_filling),
        state=OrderState.PLACED if is_pending else OrderState.STARTED,
        magic=request.magic,
        position_id=0 if is_pending else request.position,
        position_by_id=request.position_by if is_close_by else 0,
        reason=arrival.reason,
        volume_initial=request.volume,
        volume_current=request.volume,
        price_open=request.price if is_pending else Decimal(0),
        sl=Decimal(0) if is_close_by else request.sl,
        tp=Decimal(0) if is_close_by else request.tp,
        price_stoplimit=case.stoplimit if is_pending else Decimal(0),
        symbol=case.symbol.name,
        comment=arrival.comment,
        client_key=(request.comment or None) if arrival.reason == Reason.EXPERT else None,
    )


def refusal(retcode: Retcode, quote: Quote | None) -> TradeResult:
    """Return the answer to a refused request: empty, but for the market where the price was the reason."""
    if quote is None or retcode not in {Retcode.REQUOTE, Retcode.PRICE_CHANGED}:
        return TradeResult(retcode=retcode, comment=retcode.comment)
    return TradeResult(retcode=retcode, bid=quote.bid, ask=quote.ask, comment=retcode.comment)


def check_result(verdict: Accepted | Refused) -> CheckResult:
    """Return the answer to a check: the figures of the outlook as far as there is one."""
    retcode = verdict.retcode if isinstance(verdict, Refused) else Retcode.CHECKED
    if verdict.outlook is None:
        return CheckResult(retcode=retcode, comment=retcode.comment)
    value = verdict.outlook.value
    return CheckResult(
        retcode=retcode,
        balance=verdict.outlook.balance,
        equity=value.equity,
        profit=value.profit,
        margin=value.margin,
        margin_free=value.margin_free,
        margin_level=value.margin_level,
        comment=retcode.comment,
    )
