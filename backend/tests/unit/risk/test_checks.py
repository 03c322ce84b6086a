"""Each pre-trade rule: what it refuses, by code, and what it lets through."""

from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.domain.orders import OrderTerms, OrderType, Side
from edgerunner.risk.checks import CODES, check, check_change, loss_reached
from edgerunner.risk.facts import EquityFacts, Facts, RiskQuote, WorkingOrder, is_reducing
from edgerunner.risk.limits import DEFAULT_LIMITS, RiskLimits, TradingState, strictest, strictest_state
from tests.fakes.events import INVERSE, LINEAR, terms

SECOND = 10**9
NOW = 1_000 * SECOND
QUOTE = RiskQuote(bid=Decimal("99.9"), ask=Decimal("100.1"), mark=Decimal(100), age_s=Decimal(0))
EQUITY = EquityFacts(now=Decimal(10_000), day_start=Decimal(10_000), peak=Decimal(10_000))


def facts(**changes: object) -> Facts:
    plain = Facts(
        now_ns=NOW,
        state=TradingState.ACTIVE,
        limits=DEFAULT_LIMITS,
        quote=QUOTE,
        equity=EQUITY,
        rate=Decimal(1),
        other_exposure=Decimal(0),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def market(side: Side = Side.BUY, quantity: str = "1", **changes: object) -> OrderTerms:
    plain = replace(terms(quantity=quantity, side=side), order_type=OrderType.MARKET, price=None)
    return replace(plain, **changes)  # type: ignore[arg-type]


def limit(price: str, side: Side = Side.BUY, quantity: str = "1") -> OrderTerms:
    return replace(terms(quantity=quantity, side=side), price=Decimal(price))


def working(side: Side, left: str, *, made_ns: int = 0) -> WorkingOrder:
    return WorkingOrder(terms=limit("100", side, left), left=Decimal(left), created_at_ns=made_ns)


def limited(**limits: object) -> Facts:
    return facts(limits=RiskLimits(**limits))  # type: ignore[arg-type]


REFUSED: list[tuple[str, OrderTerms, Facts]] = [
    ("halted", limit("100"), facts(state=TradingState.HALTED)),
    ("reducing", limit("100"), facts(state=TradingState.REDUCING)),
    ("reduce_only", limit("100"), limited(reduce_only=True)),
    ("order_rate", limit("100"), replace(limited(max_orders_per_second=2), recent_ns=(NOW - 1, NOW - SECOND + 1))),
    ("open_orders", limit("100"), replace(limited(max_open_orders=1), open_orders=1)),
    (
        "duplicate_order",
        limit("100"),
        replace(limited(duplicate_window_s=Decimal(10)), working=(working(Side.BUY, "1", made_ns=NOW - 9 * SECOND),)),
    ),
    (
        "daily_loss",
        limit("100"),
        replace(limited(max_daily_loss=Decimal(100)), equity=replace(EQUITY, now=Decimal(9_900))),
    ),
    (
        "drawdown",
        limit("100"),
        replace(limited(max_drawdown=Decimal("0.1")), equity=replace(EQUITY, now=Decimal(9_000))),
    ),
    ("equity_unknown", limit("100"), replace(limited(max_daily_loss=Decimal(1)), equity=replace(EQUITY, now=None))),
    ("equity_unknown", limit("100"), replace(limited(max_drawdown=Decimal(1)), equity=replace(EQUITY, now=None))),
    (
        "drawdown",
        limit("100"),
        replace(limited(max_drawdown=Decimal("0.5")), equity=replace(EQUITY, now=Decimal("0.5"), peak=Decimal(1))),
    ),
    (
        "duplicate_order",
        limit("100"),
        replace(
            limited(duplicate_window_s=Decimal(10)),
            working=(working(Side.BUY, "1"), working(Side.BUY, "1", made_ns=NOW - 9 * SECOND)),
        ),
    ),
    ("session_closed", limit("100"), replace(limited(session_hours=True), is_session_open=False)),
    ("order_quantity", limit("100", quantity="1.1"), limited(max_order_quantity=Decimal(1))),
    ("no_quote", market(), facts(quote=None)),
    ("no_quote", limit("100"), facts(quote=None)),
    ("no_quote", limit("100"), facts(quote=replace(QUOTE, bid=None, ask=None))),
    ("no_quote", market(Side.SELL), facts(quote=replace(QUOTE, bid=None))),
    ("stale_quote", market(), facts(quote=replace(QUOTE, age_s=Decimal("10.1")))),
    ("absurd_quote", market(), facts(quote=replace(QUOTE, bid=Decimal(0)))),
    ("absurd_quote", market(), facts(quote=replace(QUOTE, ask=Decimal("NaN")))),
    ("absurd_quote", market(), facts(quote=replace(QUOTE, bid=Decimal(101)))),
    ("absurd_quote", market(), facts(quote=replace(QUOTE, bid=Decimal(999), ask=Decimal(1_001)))),
    ("absurd_quote", market(Side.SELL), facts(quote=replace(QUOTE, bid=Decimal(10)))),
    ("price_collar", limit("110.2"), facts()),
    ("price_collar", limit("89.9", Side.SELL), facts()),
    (
        "price_collar",
        replace(limit("121.1"), order_type=OrderType.STOP_LIMIT, trigger_price=Decimal(110)),
        facts(),
    ),
    ("order_notional", limit("100", quantity="2"), limited(max_order_notional=Decimal(199))),
    ("order_notional", market(quantity="2"), replace(limited(max_order_notional=Decimal(200)), quote=QUOTE)),
    ("order_notional", limit("100"), replace(limited(max_order_notional=Decimal(199)), rate=Decimal(2))),
    (
        "order_notional",
        market(order_type=OrderType.STOP_MARKET, trigger_price=Decimal(200)),
        limited(max_order_notional=Decimal(199)),
    ),
    ("worth_unknown", market(), replace(limited(max_order_notional=Decimal(1)), quote=None)),
    ("worth_unknown", limit("100"), replace(limited(max_instrument_exposure=Decimal(1_000)), rate=None)),
    (
        "instrument_exposure",
        limit("100", Side.SELL),
        replace(
            limited(max_instrument_exposure=Decimal(399)), position=Decimal(-2), working=(working(Side.SELL, "1"),)
        ),
    ),
    ("worth_unknown", limit("100"), replace(limited(max_order_notional=Decimal(1)), rate=None)),
    ("worth_unknown", limit("100"), replace(limited(max_account_exposure=Decimal(1_000)), other_exposure=None)),
    (
        "instrument_exposure",
        limit("100"),
        replace(limited(max_instrument_exposure=Decimal(399)), position=Decimal(2), working=(working(Side.BUY, "1"),)),
    ),
    (
        "account_exposure",
        limit("100"),
        replace(limited(max_account_exposure=Decimal(199)), other_exposure=Decimal(100)),
    ),
]


@pytest.mark.parametrize(("code", "order", "known"), REFUSED)
def test_the_rule_refuses_by_its_code_and_says_why(code: str, order: OrderTerms, known: Facts) -> None:
    denial = check(order, LINEAR, known)
    assert denial is not None
    assert denial.code == code
    assert len(denial.text) > 20


def test_every_code_has_an_order_that_it_refuses() -> None:
    assert {code for code, _, _ in REFUSED} == set(CODES)


@pytest.mark.parametrize(
    ("order", "known"),
    [
        (limit("100"), facts()),
        (limit("1"), facts()),
        (limit("110.11"), facts()),
        (market(), facts()),
        (market(), facts(quote=replace(QUOTE, ask=Decimal("99.9")))),
        (market(), facts(quote=replace(QUOTE, bid=None))),
        (limit("100"), facts(quote=replace(QUOTE, ask=None))),
        (limit("100"), replace(limited(max_orders_per_second=2), recent_ns=(NOW - SECOND, NOW - 1))),
        (limit("100"), replace(limited(max_open_orders=2), open_orders=1)),
        (limit("100"), replace(limited(max_order_notional=Decimal(100)), quote=None)),
        (limit("110"), facts(quote=replace(QUOTE, ask=Decimal(100)))),
        (limit("90", Side.SELL), facts(quote=replace(QUOTE, bid=Decimal(100)))),
        (market(), facts(quote=replace(QUOTE, age_s=Decimal(10)))),
        (market(), facts(quote=replace(QUOTE, ask=Decimal(110)))),
        (market(), facts(quote=replace(QUOTE, bid=Decimal("0.5"), ask=Decimal("0.5"), mark=Decimal("0.5")))),
        (market(), facts(quote=replace(QUOTE, mark=None))),
        (limit("500"), facts(quote=replace(QUOTE, ask=None, mark=None))),
        (replace(limit("121"), order_type=OrderType.STOP_LIMIT, trigger_price=Decimal(110)), facts()),
        (market(), replace(limited(max_quote_age_s=Decimal(1)), quote=replace(QUOTE, ask=Decimal(999)))),
        (limit("100"), replace(limited(session_hours=False), is_session_open=False)),
        (limit("100"), replace(limited(session_hours=True), is_session_open=None)),
        (limit("100"), replace(limited(max_order_quantity=Decimal(1)), quote=None)),
        (
            limit("100"),
            replace(
                limited(duplicate_window_s=Decimal(10)), working=(working(Side.BUY, "1", made_ns=NOW - 10 * SECOND),)
            ),
        ),
        (limit("100", Side.SELL), replace(limited(max_instrument_exposure=Decimal(200)), position=Decimal(2))),
        (
            limit("100"),
            replace(
                limited(max_instrument_exposure=Decimal(400)), position=Decimal(2), working=(working(Side.BUY, "1"),)
            ),
        ),
        (
            limit("100", Side.SELL),
            replace(
                limited(max_instrument_exposure=Decimal(400)), position=Decimal(-2), working=(working(Side.SELL, "1"),)
            ),
        ),
        (limit("100"), replace(limited(max_account_exposure=Decimal(200)), other_exposure=Decimal(100))),
        (limit("100"), replace(limited(max_order_notional=Decimal(50)), rate=Decimal("0.5"))),
        (market(Side.SELL), limited(max_order_notional=Decimal("99.9"))),
    ],
)
def test_what_keeps_the_limits_passes(order: OrderTerms, known: Facts) -> None:
    assert check(order, LINEAR, known) is None


def test_inverse_contracts_are_worth_what_they_count() -> None:
    order = limit("50000", quantity="300")
    known = replace(limited(max_order_notional=Decimal(299)), quote=QUOTE)
    denial = check(order, INVERSE, known)
    assert denial is not None
    assert denial.code == "order_notional"
    assert check(order, INVERSE, replace(known, limits=RiskLimits(max_order_notional=Decimal(300)))) is None


LOST = replace(
    facts(
        quote=None,
        position=Decimal(2),
        limits=RiskLimits(max_daily_loss=Decimal(1), max_quote_age_s=Decimal(1), price_collar=Decimal("0.01")),
    ),
    equity=replace(EQUITY, now=Decimal(1)),
)


@pytest.mark.parametrize("state", [TradingState.ACTIVE, TradingState.REDUCING])
def test_getting_out_works_after_a_loss_and_without_a_quote(state: TradingState) -> None:
    known = replace(LOST, state=state)
    assert check(market(Side.SELL, "2"), LINEAR, known) is None
    assert check(market(Side.SELL, "9", reduce_only=True), LINEAR, known) is None
    assert check(market(Side.SELL, "2.1"), LINEAR, known) is not None
    assert check(market(Side.BUY, "1"), LINEAR, known) is not None


def test_only_the_operators_close_passes_a_halt() -> None:
    halted = replace(LOST, state=TradingState.HALTED)
    closing = market(Side.SELL, "2", reduce_only=True)
    denial = check(closing, LINEAR, halted)
    assert denial is not None
    assert denial.code == "halted"
    assert check(closing, LINEAR, replace(halted, is_exit=True)) is None


@pytest.mark.parametrize("held", ["0.5", "1", "2", "-0.5", "-1", "-2"])
def test_the_way_out_of_a_position_reduces_it_and_no_further(held: str) -> None:
    known = facts(position=Decimal(held))
    out, on = (Side.BUY, Side.SELL) if held.startswith("-") else (Side.SELL, Side.BUY)
    size = held.lstrip("-")
    assert is_reducing(market(out, size), known)
    assert not is_reducing(market(out, f"{size}.1" if "." not in size else "0.6"), known)
    assert not is_reducing(market(on, "0.1"), known)
    assert not is_reducing(market(out, "0.1"), facts(position=Decimal(0)))


def test_the_contracts_multiplier_counts_in_the_worth() -> None:
    for contract, order, worth in ((LINEAR, limit("100"), 1_000), (INVERSE, limit("100", quantity="5"), 50)):
        ten = replace(contract, multiplier=Decimal(10))
        assert check(order, ten, limited(max_order_notional=Decimal(worth))) is None
        denial = check(order, ten, limited(max_order_notional=Decimal(worth - 1)))
        assert denial is not None
        assert denial.code == "order_notional"


def test_an_order_reduces_only_what_other_exits_leave() -> None:
    known = facts(position=Decimal(3), working=(working(Side.SELL, "2"),))
    assert is_reducing(market(Side.SELL, "1"), known)
    assert not is_reducing(market(Side.SELL, "1.5"), known)


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (limit("100", quantity="1"), None),
        (limit("100", quantity="3"), "order_quantity"),
        (limit("120", quantity="2"), "price_collar"),
        (limit("99", quantity="2"), None),
    ],
)
def test_a_change_is_checked_like_an_order_but_may_always_shrink(after: OrderTerms, code: str | None) -> None:
    limits = RiskLimits(max_order_quantity=Decimal(2), price_collar=Decimal("0.1"), max_open_orders=1)
    denial = check_change(limit("100", quantity="2"), after, LINEAR, facts(limits=limits, open_orders=5))
    assert (denial.code if denial else None) == code


def test_a_halt_keeps_orders_from_being_changed_but_not_from_shrinking() -> None:
    halted = facts(state=TradingState.HALTED)
    assert check_change(limit("100", quantity="2"), limit("99", quantity="2"), LINEAR, halted) is not None
    assert check_change(limit("100", quantity="2"), limit("100", quantity="1"), LINEAR, halted) is None


def test_what_changes_nothing_passes_a_halt() -> None:
    halted = facts(state=TradingState.HALTED)
    assert check_change(limit("100", quantity="2"), limit("100", quantity="2"), LINEAR, halted) is None


def test_an_exit_may_grow_to_what_is_held_whatever_the_limits_of_new_risk() -> None:
    known = replace(limited(reduce_only=True, max_order_quantity=Decimal(1)), position=Decimal(3))
    before = limit("100", Side.SELL)
    assert check_change(before, limit("100", Side.SELL, "3"), LINEAR, known) is None
    denial = check_change(before, limit("100", Side.SELL, "3.1"), LINEAR, known)
    assert denial is not None
    assert denial.code == "reduce_only"


def test_no_loss_is_told_of_an_equity_that_is_not_known_or_never_was_above_zero() -> None:
    limits = RiskLimits(max_daily_loss=Decimal(1), max_drawdown=Decimal("0.1"))
    unknown = EquityFacts(now=None, day_start=Decimal(100), peak=Decimal(100))
    assert loss_reached(facts(equity=unknown, limits=limits)) is None
    for peak in (Decimal(0), Decimal(-5)):
        sunk = EquityFacts(now=Decimal(-10), day_start=None, peak=peak)
        assert loss_reached(facts(equity=sunk, limits=limits)) is None


def test_loss_is_measured_from_the_day_and_from_the_peak() -> None:
    equity = EquityFacts(now=Decimal(900), day_start=Decimal(950), peak=Decimal(1_000))
    assert loss_reached(facts(equity=equity, limits=RiskLimits(max_daily_loss=Decimal("50.01")))) is None
    assert loss_reached(facts(equity=equity, limits=RiskLimits(max_daily_loss=Decimal(50)))) is not None
    assert loss_reached(facts(equity=equity, limits=RiskLimits(max_drawdown=Decimal("0.1")))) is not None
    assert loss_reached(facts(equity=equity, limits=RiskLimits(max_drawdown=Decimal("0.11")))) is None


AMOUNTS = st.one_of(st.none(), st.decimals("0.01", "1000000", places=2))
LIMITS = st.builds(
    RiskLimits,
    max_order_quantity=AMOUNTS,
    max_open_orders=st.one_of(st.none(), st.integers(1, 100)),
    reduce_only=st.one_of(st.none(), st.booleans()),
)


@given(st.lists(LIMITS, max_size=4))
def test_the_strictest_of_several_scopes_holds(given_limits: list[RiskLimits]) -> None:
    joined = strictest(given_limits)
    for name in ("max_order_quantity", "max_open_orders"):
        known = [value for one in given_limits if (value := getattr(one, name)) is not None]
        assert getattr(joined, name) == min(known, default=None)
    assert bool(joined.reduce_only) == any(one.reduce_only for one in given_limits)


@given(st.lists(st.sampled_from(TradingState)))
def test_the_strictest_state_holds(states: list[TradingState]) -> None:
    order = list(TradingState)
    assert order.index(strictest_state(states)) == max((order.index(state) for state in states), default=0)


def test_the_page_about_risk_names_every_code_and_every_limit() -> None:
    page = (Path(__file__).parents[4] / "docs" / "risk.md").read_text(encoding="utf-8")
    names = [*CODES, *(field.name for field in fields(RiskLimits))]
    assert [name for name in names if f"`{name}`" not in page] == []
