"""What a time in force makes of a plan: trade, rest or cancel."""

from dataclasses import dataclass

from edgerunner.matching.book import Plan, Taker
from edgerunner.matching.words import TimeInForce


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The plan to carry out, the lots that then rest, and why the others are canceled (None = none are)."""

    plan: Plan
    rest_lots: int
    cancel_reason: str | None


def decide(taker: Taker, plan: Plan, time_in_force: TimeInForce, *, is_market: bool = False) -> Outcome:
    """Return what happens to ``taker`` under its time in force; a market order never rests."""
    left = taker.lots - plan.lots
    nothing = Plan(matches=())
    if time_in_force == "post_only" and (plan.matches or plan.canceled_makers or plan.taker_canceled):
        return Outcome(plan=nothing, rest_lots=0, cancel_reason="post_only")
    if time_in_force == "fok" and left:
        return Outcome(plan=nothing, rest_lots=0, cancel_reason="fok")
    if plan.taker_canceled:
        return Outcome(plan=plan, rest_lots=0, cancel_reason="self_match")
    if left and is_market:
        return Outcome(plan=plan, rest_lots=0, cancel_reason="no_liquidity")
    if left and time_in_force == "ioc":
        return Outcome(plan=plan, rest_lots=0, cancel_reason="ioc")
    return Outcome(plan=plan, rest_lots=left, cancel_reason=None)
