"""Limits and trading states, and how those of several scopes combine: the strictest holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.numbers import can_be_written

DEFAULT_COLLAR = Decimal("0.1")
DEFAULT_QUOTE_AGE_S = Decimal(10)


class TradingState(StrEnum):
    """What a scope may still do, from everything to nothing new. Cancels always pass."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


_STRICTNESS = tuple(TradingState)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """Limits of one scope; None = this scope sets none. Money is in the account's currency.

    Attributes:
        max_order_quantity: Largest quantity of one order, in the instrument's unit.
        max_order_notional: Largest worth of one order.
        max_instrument_exposure: Largest worth of a position if every working order filled.
        max_account_exposure: The same over all instruments of an account.
        max_open_orders: Most working orders of an account.
        max_orders_per_second: Most new orders of an account within one second.
        price_collar: How far beyond the opposite quote a price may be, as a fraction; a quote that is
            itself further than this from the mark is not believed.
        max_quote_age_s: Oldest quote that new risk may be taken on.
        duplicate_window_s: An order with the same terms within this time is taken for a mistake.
        max_daily_loss: Largest fall of equity since 00:00 UTC, deposits and withdrawals left out.
        max_drawdown: Largest fall of equity from its peak, as a fraction.
        session_hours: True = only within the instrument's trading hours.
        reduce_only: True = positions may be reduced, not opened or enlarged.
    """

    max_order_quantity: Decimal | None = None
    max_order_notional: Decimal | None = None
    max_instrument_exposure: Decimal | None = None
    max_account_exposure: Decimal | None = None
    max_open_orders: int | None = None
    max_orders_per_second: int | None = None
    price_collar: Decimal | None = None
    max_quote_age_s: Decimal | None = None
    duplicate_window_s: Decimal | None = None
    max_daily_loss: Decimal | None = None
    max_drawdown: Decimal | None = None
    session_hours: bool | None = None
    reduce_only: bool | None = None


DEFAULT_LIMITS = RiskLimits(price_collar=DEFAULT_COLLAR, max_quote_age_s=DEFAULT_QUOTE_AGE_S)
"""What holds for everything until somebody sets limits for the scope ``all``."""


def parse_limits(values: Mapping[str, object]) -> RiskLimits:
    """Return limits given by name as numbers, switches or text; raises ``InvalidRequest`` naming the wrong one."""
    names = [field.name for field in fields(RiskLimits)]
    parsed: dict[str, object] = {}
    for name, value in values.items():
        if name not in names:
            raise InvalidRequest.of(f"limits.{name}", "unknown", f"known are {', '.join(names)}")
        try:
            parsed[name] = _parsed(name, value)
        except (KeyError, ValueError, InvalidOperation):
            raise InvalidRequest.of(f"limits.{name}", "invalid", f"{value!r} is no value of it") from None
    return RiskLimits(**parsed)  # type: ignore[arg-type]  # the names are the fields' own, the types were checked


def _parsed(name: str, value: object) -> Decimal | int | bool:
    text = repr(value) if isinstance(value, float) else str(value)
    if name in {"session_hours", "reduce_only"}:
        return {"true": True, "false": False}[text.lower()]
    number = int(text) if name in {"max_open_orders", "max_orders_per_second"} else Decimal(text)
    if not can_be_written(Decimal(number)) or number <= 0:
        raise ValueError(text)
    return number


def strictest(limits: Iterable[RiskLimits]) -> RiskLimits:
    """Return the limits that keep all of the given ones: the smallest numbers, any switch that is on."""
    given = tuple(limits)
    values: dict[str, object] = {}
    for field in fields(RiskLimits):
        known = [value for item in given if (value := getattr(item, field.name)) is not None]
        if known:
            values[field.name] = any(known) if isinstance(known[0], bool) else min(known)
    return RiskLimits(**values)  # type: ignore[arg-type]  # the names and types are the fields' own


def strictest_state(states: Iterable[TradingState]) -> TradingState:
    """Return the state that holds when several scopes have one; ``active`` for none."""
    return max(states, key=_STRICTNESS.index, default=TradingState.ACTIVE)
