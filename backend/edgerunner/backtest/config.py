"""What a run is asked for, and what it takes for granted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.instruments import Instrument, Product
from edgerunner.domain.numbers import to_plain
from edgerunner.matching.fees import FeeSchedule
from edgerunner.risk.limits import RiskLimits
from edgerunner.strategies.strategy import Strategy

TimedRate = tuple[int, Decimal]
"""(time, UTC nanoseconds; rate)."""

MARGINED = frozenset({Product.PERPETUAL, Product.FUTURE, Product.FOREX, Product.CFD, Product.OPTION, Product.STOCK})
"""Products of which only profit and loss touch the cash; spot coins are paid in full and cannot be sold short."""


NO_FEES = FeeSchedule(maker=Decimal(0), taker=Decimal(0))


class FillRule(StrEnum):
    """When a market order decided on a closed bar fills."""

    NEXT_OPEN = "next_open"
    SAME_CLOSE = "same_close"


class SpreadRule(StrEnum):
    """What the prices of bars are to the spread that the data tell beside them."""

    NONE = "none"
    """The spread is ignored: a bar's prices are tradable for both sides."""
    MID = "mid"
    """In the middle: who takes pays half of it."""
    BID = "bid"
    """Bids: buyers who take pay all of it, sellers nothing."""


class LimitRule(StrEnum):
    """What the market has to do for a resting limit order to fill."""

    TOUCH = "touch"
    THROUGH = "through"


class ExitRule(StrEnum):
    """From which bar on attached exits work."""

    NEXT_BAR = "next_bar"
    ENTRY_BAR = "entry_bar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """What holding a position overnight costs: fractions of its worth per night, positive = earned.

    ``minute`` is the time of day (UTC) at which a night is booked, ``triple_weekday`` (Monday 0) the day whose night
    counts three times because the week-end settles with it, None for none. No night is booked on Saturday and Sunday.
    """

    long: Decimal
    short: Decimal
    minute: int = 21 * 60
    triple_weekday: int | None = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestConfig:
    """One run.

    Attributes:
        instruments: By key (``instrument_id`` or ``<connection_id>:<instrument_id>``), the main one first.
        timeframe: Length of the bars given, such as ``1m``; ``tick`` for ticks and books.
        initial_cash: Money in ``base_currency``.
        fees: Fractions of notional.
        slippage: Fraction of the price by which an order that takes liquidity does worse, rounded up to a tick.
        spread: Whether orders that take at any price pay the recorded spread of bars, and which part.
        latency_ms: How long an order, change or cancel is on its way; it can only meet prices from its arrival on.
        volume_share: Largest part of a bar's volume that all orders together may take, or None for no bound.
        leverage: Worth that one unit of equity may carry in margined products.
        maintenance_rate: Equity per worth of margined positions below which they are closed by force.
        funding: Per instrument key, (time, rate) of perpetuals: a long pays rate times worth.
        swaps: Per instrument key.
        rates: Per currency other than the base one: worth of one unit in the base currency over time, oldest first.
        limits: What orders are refused for before they reach the market; money in ``base_currency``. None by default.
        warm_up_bars: Bars at the start during which orders are dropped.
        periods_per_year: Returns in a year; None = by the instruments' calendar.
        seed: Kept for the record; the engine itself draws no random number.
    """

    strategy_class: type[Strategy]
    instruments: Mapping[str, Instrument]
    timeframe: str
    initial_cash: Decimal
    base_currency: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    fees: FeeSchedule = NO_FEES
    slippage: Decimal = Decimal(0)
    fill: FillRule = FillRule.NEXT_OPEN
    spread: SpreadRule = SpreadRule.NONE
    limit_rule: LimitRule = LimitRule.TOUCH
    exit_rule: ExitRule = ExitRule.NEXT_BAR
    latency_ms: int = 0
    volume_share: Decimal | None = None
    leverage: Decimal = Decimal(1)
    maintenance_rate: Decimal = Decimal("0.005")
    funding: Mapping[str, tuple[TimedRate, ...]] = field(default_factory=dict)
    swaps: Mapping[str, Swap] = field(default_factory=dict)
    rates: Mapping[str, tuple[TimedRate, ...]] = field(default_factory=dict)
    limits: RiskLimits = RiskLimits()  # noqa: RUF009 - a frozen value
    warm_up_bars: int = 0
    periods_per_year: int | None = None
    seed: int = 0


def check_quotes(config: BacktestConfig) -> None:
    """Raise ``InvalidRequest`` for what only a run on bars knows."""
    for name, is_set in (
        ("slippage", bool(config.slippage)),
        ("spread", config.spread is not SpreadRule.NONE),
        ("volume_share", config.volume_share is not None),
        ("fill", config.fill is FillRule.SAME_CLOSE),
        ("warm_up_bars", bool(config.warm_up_bars)),
    ):
        if is_set:
            raise InvalidRequest.of(name, "not_allowed", "a run on ticks or books has none; leave it out")


def check_config(config: BacktestConfig) -> None:
    """Raise ``InvalidRequest`` for a run that cannot be meant."""
    _check_numbers(config)
    if not config.instruments:
        raise InvalidRequest.of("instruments", "required", "give at least one instrument")
    if config.fill is FillRule.SAME_CLOSE and config.latency_ms:
        raise InvalidRequest.of("latency_ms", "contradiction", "same_close leaves an order no time to travel; use 0")
    for key, instrument in config.instruments.items():
        if instrument.settle != config.base_currency and not config.rates.get(instrument.settle):
            text = f"{key} settles in {instrument.settle}: give its rate in {config.base_currency}"
            raise InvalidRequest.of("rates", "required", text)
    for name, table in (("funding", config.funding), ("swaps", config.swaps)):
        for key in table:
            if key not in config.instruments:
                raise InvalidRequest.of(name, "unknown", f"{key} is no instrument of this run")


def _check_numbers(config: BacktestConfig) -> None:
    if config.initial_cash <= 0:
        raise InvalidRequest.of("initial_cash", "not_positive", "must be greater than zero")
    for name, number in (("slippage", config.slippage), ("latency_ms", config.latency_ms)):
        if number < 0:
            raise InvalidRequest.of(name, "negative", "must not be negative")
    if config.volume_share is not None and not 0 < config.volume_share <= 1:
        raise InvalidRequest.of("volume_share", "out_of_range", "must be above 0 and at most 1")
    if config.leverage <= 0:
        raise InvalidRequest.of("leverage", "not_positive", "must be greater than zero")
    if not 0 <= config.maintenance_rate < 1:
        raise InvalidRequest.of("maintenance_rate", "out_of_range", "must be at least 0 and below 1")


def assumptions(config: BacktestConfig, *, on_bars: bool) -> dict[str, str]:
    """Return what the run takes for granted, by name."""
    money = {
        "fees": f"maker {to_plain(config.fees.maker)}, taker {to_plain(config.fees.taker)} of worth, settle currency",
        "margin": f"leverage {to_plain(config.leverage)}; forced close at {to_plain(config.maintenance_rate)} of worth",
        "funding": _funding(config.funding),
        "limits": _limits(config.limits),
        "seed": str(config.seed),
    }
    return (_on_bars(config) if on_bars else _on_quotes(config)) | money


def _funding(funding: Mapping[str, tuple[TimedRate, ...]]) -> str:
    given = ", ".join(f"{len(rates)} settlements of {key}" for key, rates in funding.items())
    return f"{given}, at the newest price" if given else "none"


def _limits(limits: RiskLimits) -> str:
    given = [
        f"{field.name} {to_plain(value) if isinstance(value, Decimal) else str(value).lower()}"
        for field in fields(RiskLimits)
        if (value := getattr(limits, field.name)) is not None
    ]
    if not given:
        return "none: no order is refused for risk"
    reached = "; a daily loss ends new risk until 00:00 UTC, a drawdown to the end of the run"
    is_watched = limits.max_daily_loss is not None or limits.max_drawdown is not None
    return ", ".join(given) + (reached if is_watched else "")


_SPREADS = {
    SpreadRule.NONE: "none: bars are taken as tradable prices for both sides",
    SpreadRule.MID: "half of the recorded one at the close before, for orders that take at any price; marks are mids",
    SpreadRule.BID: "the recorded one at the close before, for buyers who take at any price; marks are bids",
}


def _on_bars(config: BacktestConfig) -> dict[str, str]:
    touched = "touched" if config.limit_rule is LimitRule.TOUCH else "traded through"
    market = "the next bar's open" if config.fill is FillRule.NEXT_OPEN else "the close of the deciding bar"
    exits = "the bar after the entry" if config.exit_rule is ExitRule.NEXT_BAR else "the entry bar itself, worst case"
    share = config.volume_share
    return {
        "market_orders": f"fill at {market}",
        "limit_orders": f"fill at their price once {touched}, at the open when the market opens beyond it",
        "stop_orders": "fill at their trigger, at the open when the market gaps beyond it; stop before target",
        "attached_exits": f"work from {exits}; one cancels the other",
        "slippage": f"{to_plain(config.slippage)} of the price for orders that take liquidity",
        "spread": _SPREADS[config.spread],
        "latency": f"{config.latency_ms} ms; of the bar in which an order arrives it meets the close only",
        "volume": "any size fills" if share is None else f"at most {to_plain(share)} of a bar's volume fills",
        "funds": "checked when an order fills; spot is paid in full and never borrowed",
    }


def _on_quotes(config: BacktestConfig) -> dict[str, str]:
    return {
        "market_orders": "take what is shown when they arrive, level by level; beyond it assumed levels of that size",
        "limit_orders": "fill when the opposite quote reaches them or the market trades through them",
        "stop_orders": "watch the quote they would trade at, then meet the market",
        "attached_exits": "work from the entry's fill; one cancels the other",
        "slippage": "none beside the spread and the shown depth",
        "latency": f"{config.latency_ms} ms",
        "volume": "what is shown, less what was taken of it; a quote without a size fills any size",
        "trades_alone": "without quotes the last trade's price is tradable for both sides and any size",
        "funds": "checked when an order arrives",
    }
