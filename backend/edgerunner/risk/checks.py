"""May this order be sent? The first rule that says no gives the denial; the order of the rules is part of it."""

from collections.abc import Callable
from decimal import Decimal

from edgerunner.domain.instruments import ContractTerms
from edgerunner.domain.numbers import exact_arithmetic, to_plain
from edgerunner.domain.orders import Denial, OrderTerms, OrderType, Side
from edgerunner.risk.facts import Facts, RiskQuote, expected_price, is_reducing
from edgerunner.risk.limits import TradingState

SECOND_NS = 1_000_000_000

CODES = (
    "halted",
    "order_rate",
    "open_orders",
    "duplicate_order",
    "reducing",
    "reduce_only",
    "equity_unknown",
    "daily_loss",
    "drawdown",
    "session_closed",
    "order_quantity",
    "no_quote",
    "stale_quote",
    "absurd_quote",
    "price_collar",
    "worth_unknown",
    "order_notional",
    "instrument_exposure",
    "account_exposure",
)
"""Every code that a denial can have; they are stable."""

Rule = Callable[[OrderTerms, ContractTerms, Facts], Denial | None]


def check(terms: OrderTerms, contract: ContractTerms, facts: Facts) -> Denial | None:
    """Return why an order may not be sent, or None.

    An order that only reduces a position passes every rule but the halt, the rate, the number of
    open orders and the duplicate guard: getting out must work on stale prices and after a loss.
    """
    rules = _ALWAYS if is_reducing(terms, facts) else (*_ALWAYS, *_NEW_RISK)
    with exact_arithmetic():
        return next((denial for rule in rules if (denial := rule(terms, contract, facts))), None)


def check_change(before: OrderTerms, after: OrderTerms, contract: ContractTerms, facts: Facts) -> Denial | None:
    """Return why an order may not be changed, or None. A smaller quantity alone always may.

    ``facts.working`` leaves the order itself out.
    """
    is_smaller = after.quantity <= before.quantity
    if is_smaller and (after.price, after.trigger_price) == (before.price, before.trigger_price):
        return None
    rules = (_halted,) if is_reducing(after, facts) else (_halted, *_NEW_RISK)
    with exact_arithmetic():
        return next((denial for rule in rules if (denial := rule(after, contract, facts))), None)


def loss_reached(facts: Facts) -> Denial | None:
    """Return which loss limit an account has reached, or None."""
    equity, limits = facts.equity, facts.limits
    if equity.now is None:
        return None
    if limits.max_daily_loss is not None and equity.day_start is not None:
        loss = equity.day_start - equity.now
        if loss >= limits.max_daily_loss:
            text = f"the account has lost {_money(loss)} today; the limit is {to_plain(limits.max_daily_loss)}"
            return Denial(code="daily_loss", text=text)
    if limits.max_drawdown is not None and equity.peak is not None and equity.peak > 0:
        fall = (equity.peak - equity.now) / equity.peak
        if fall >= limits.max_drawdown:
            text = f"equity is {_percent(fall)} below its peak; the limit is {_percent(limits.max_drawdown)}"
            return Denial(code="drawdown", text=text)
    return None


def _halted(_: OrderTerms, __: ContractTerms, facts: Facts) -> Denial | None:
    if facts.state is not TradingState.HALTED or facts.is_exit:
        return None
    return Denial(code="halted", text="trading is halted; cancels pass, POST /risk/resume ends the halt")


def _order_rate(_: OrderTerms, __: ContractTerms, facts: Facts) -> Denial | None:
    limit = facts.limits.max_orders_per_second
    if limit is None:
        return None
    recent = sum(1 for made_ns in facts.recent_ns if facts.now_ns - made_ns < SECOND_NS)
    if recent < limit:
        return None
    return Denial(code="order_rate", text=f"{recent} orders were made within the last second; the limit is {limit}")


def _open_orders(_: OrderTerms, __: ContractTerms, facts: Facts) -> Denial | None:
    limit = facts.limits.max_open_orders
    if limit is None or facts.open_orders < limit:
        return None
    return Denial(code="open_orders", text=f"{facts.open_orders} orders are open; the limit is {limit}")


def _duplicate(terms: OrderTerms, _: ContractTerms, facts: Facts) -> Denial | None:
    window_s = facts.limits.duplicate_window_s
    if window_s is None:
        return None
    newest = max((order.created_at_ns for order in facts.working if order.terms == terms), default=None)
    if newest is None or facts.now_ns - newest >= window_s * SECOND_NS:
        return None
    text = f"an order with the same terms was made less than {to_plain(window_s)} s ago"
    return Denial(code="duplicate_order", text=text)


def _reducing_only(_: OrderTerms, __: ContractTerms, facts: Facts) -> Denial | None:
    if facts.state is TradingState.REDUCING:
        return Denial(code="reducing", text="only orders that reduce a position are taken; POST /risk/resume ends this")
    if facts.limits.reduce_only:
        return Denial(code="reduce_only", text="the limits of this scope allow only orders that reduce a position")
    return None


def _loss(_: OrderTerms, __: ContractTerms, facts: Facts) -> Denial | None:
    is_limited = facts.limits.max_daily_loss is not None or facts.limits.max_drawdown is not None
    if is_limited and facts.equity.now is None:
        return Denial(code="equity_unknown", text="a loss limit is set and the broker does not tell the equity")
    return loss_reached(facts)


def _session(_: OrderTerms, __: ContractTerms, facts: Facts) -> Denial | None:
    if not facts.limits.session_hours or facts.is_session_open is not False:
        return None
    return Denial(code="session_closed", text="the instrument is outside its trading hours")


def _quantity(terms: OrderTerms, _: ContractTerms, facts: Facts) -> Denial | None:
    limit = facts.limits.max_order_quantity
    if limit is None or terms.quantity <= limit:
        return None
    return Denial(code="order_quantity", text=f"{to_plain(terms.quantity)} is more than {to_plain(limit)} per order")


def _quote(terms: OrderTerms, _: ContractTerms, facts: Facts) -> Denial | None:
    """New risk needs a fresh, believable quote of the connection that the order goes to."""
    limits, quote = facts.limits, facts.quote
    if limits.max_quote_age_s is None:
        return None
    if quote is None or (quote.bid is None and quote.ask is None):
        return Denial(code="no_quote", text="the connection shows no price for this instrument")
    if terms.order_type is OrderType.MARKET and _opposite(terms, quote) is None:
        return Denial(code="no_quote", text="nobody offers the other side of a market order")
    if quote.age_s > limits.max_quote_age_s:
        text = f"the newest quote is {_seconds(quote.age_s)} s old; the limit is {to_plain(limits.max_quote_age_s)} s"
        return Denial(code="stale_quote", text=text)
    reason = _unbelievable(terms, quote, limits.price_collar)
    return None if reason is None else Denial(code="absurd_quote", text=f"the quote cannot be believed: {reason}")


def _opposite(terms: OrderTerms, quote: RiskQuote) -> Decimal | None:
    return quote.ask if terms.side is Side.BUY else quote.bid


def _unbelievable(terms: OrderTerms, quote: RiskQuote, collar: Decimal | None) -> str | None:
    prices = {"bid": quote.bid, "ask": quote.ask, "mark": quote.mark}
    for name, price in prices.items():
        if price is not None and (not price.is_finite() or price <= 0):
            return f"its {name} is {price}"
    if quote.bid is not None and quote.ask is not None and quote.bid > quote.ask:
        return f"its bid {to_plain(quote.bid)} is above its ask {to_plain(quote.ask)}"
    near = _opposite(terms, quote)
    if collar is None or quote.mark is None or near is None:
        return None
    if abs(near - quote.mark) > collar * quote.mark:
        return f"{to_plain(near)} is more than {_percent(collar)} from the mark {to_plain(quote.mark)}"
    return None


def _collar(terms: OrderTerms, _: ContractTerms, facts: Facts) -> Denial | None:
    collar, quote = facts.limits.price_collar, facts.quote
    if collar is None or terms.price is None or quote is None:
        return None
    is_conditional = terms.order_type is not OrderType.LIMIT and terms.trigger_price is not None
    reference = (terms.trigger_price if is_conditional else _opposite(terms, quote)) or quote.mark
    if reference is None:
        return None
    beyond = terms.price - reference if terms.side is Side.BUY else reference - terms.price
    if beyond <= collar * reference:
        return None
    text = (
        f"{to_plain(terms.price)} is more than {_percent(collar)} beyond {to_plain(reference)}; "
        "nearer the market it is taken"
    )
    return Denial(code="price_collar", text=text)


def _notional(terms: OrderTerms, contract: ContractTerms, facts: Facts) -> Denial | None:
    limit = facts.limits.max_order_notional
    if limit is None:
        return None
    worth = _worth(terms, contract, facts, terms.quantity)
    if worth is None:
        return _UNKNOWN_WORTH
    if worth <= limit:
        return None
    return Denial(code="order_notional", text=f"the order is worth {_money(worth)}; the limit is {to_plain(limit)}")


def _instrument_exposure(terms: OrderTerms, contract: ContractTerms, facts: Facts) -> Denial | None:
    limit = facts.limits.max_instrument_exposure
    if limit is None:
        return None
    worth = _worth(terms, contract, facts, _exposed_quantity(terms, facts))
    if worth is None:
        return _UNKNOWN_WORTH
    if worth <= limit:
        return None
    text = f"with all orders filled the position is worth {_money(worth)}; the limit is {to_plain(limit)}"
    return Denial(code="instrument_exposure", text=text)


def _account_exposure(terms: OrderTerms, contract: ContractTerms, facts: Facts) -> Denial | None:
    limit = facts.limits.max_account_exposure
    if limit is None:
        return None
    worth = _worth(terms, contract, facts, _exposed_quantity(terms, facts))
    if worth is None or facts.other_exposure is None:
        return _UNKNOWN_WORTH
    if worth + facts.other_exposure <= limit:
        return None
    text = (
        f"with all orders filled the account holds {_money(worth + facts.other_exposure)}; "
        f"the limit is {to_plain(limit)}"
    )
    return Denial(code="account_exposure", text=text)


_ALWAYS: tuple[Rule, ...] = (_halted, _order_rate, _open_orders, _duplicate)
_NEW_RISK: tuple[Rule, ...] = (
    _reducing_only,
    _loss,
    _session,
    _quantity,
    _quote,
    _collar,
    _notional,
    _instrument_exposure,
    _account_exposure,
)
_UNKNOWN_WORTH = Denial(
    code="worth_unknown",
    text="a limit in money is set, and the price or the rate into the account's currency is not known",
)


def _exposed_quantity(terms: OrderTerms, facts: Facts) -> Decimal:
    """Return the largest position that this order and the working ones of its side can lead to."""
    sign = 1 if terms.side is Side.BUY else -1
    same_side = sum((order.left for order in facts.working if order.terms.side is terms.side), Decimal(0))
    return abs(facts.position + sign * (same_side + terms.quantity))


def _worth(terms: OrderTerms, contract: ContractTerms, facts: Facts, quantity: Decimal) -> Decimal | None:
    price = expected_price(terms, facts.quote)
    if price is None or facts.rate is None:
        return None
    return contract.quote_value(price, quantity) * facts.rate


def _money(amount: Decimal) -> str:
    return to_plain(round(amount, 2))


def _percent(fraction: Decimal) -> str:
    return f"{to_plain(round(fraction * 100, 2).normalize())} %"


def _seconds(age_s: Decimal) -> str:
    return to_plain(round(age_s, 1))
