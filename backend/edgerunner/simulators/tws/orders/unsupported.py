"""Parts of an order that TWS knows and this simulator does not simulate; an order with one of them is refused."""

from collections.abc import Callable
from typing import Final

from edgerunner.simulators.tws.orders.refusal import not_simulated
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import PlaceOrder

_NO_MINIMUM: Final = {None, 0, 1}

_PARTS: Final[tuple[tuple[Callable[[OrderTerms], object], str], ...]] = (
    (lambda order: order.algo_strategy, "algorithms"),
    (lambda order: order.conditions, "conditions"),
    (lambda order: order.scale_first_size or order.scale_increment or order.scale_table, "scale orders"),
    (lambda order: order.hedge_type, "hedge orders"),
    (lambda order: order.is_delta_neutral, "delta neutral contracts"),
    (lambda order: order.neutral_order_type not in {"", "None"}, "delta neutral orders"),
    (lambda order: order.advisor_group or order.advisor_method or order.advisor_percentage, "advisor allocations"),
    (lambda order: order.model_code, "model portfolios"),
    (lambda order: order.adjusted_order_type not in {"", "None"}, "adjusted orders"),
    (lambda order: order.discretionary_amount, "discretionary amounts"),
    (lambda order: order.hidden, "hidden orders"),
    (lambda order: order.display_size, "display sizes (iceberg orders)"),
    (lambda order: order.all_or_none, "all-or-none orders"),
    (lambda order: order.min_quantity not in _NO_MINIMUM, "minimum quantities"),
    (lambda order: order.block_order, "block orders"),
    (lambda order: order.sweep_to_fill, "sweep-to-fill orders"),
    (lambda order: order.percent_offset, "relative orders"),
    (lambda order: order.volatility, "volatility orders"),
    (lambda order: order.auction_strategy, "auction strategies"),
    (lambda order: order.short_sale_slot, "short sale slots"),
    (lambda order: order.cash_quantity, "cash quantities"),
    (lambda order: order.active_start or order.active_stop, "active times"),
    (lambda order: order.trigger_method, "trigger methods other than the default"),
    (lambda order: order.duration, "durations"),
    (lambda order: order.not_held, "not-held orders"),
    (lambda order: order.tier_name, "soft dollar tiers"),
    (lambda order: order.opts_out_of_smart, "orders that opt out of SMART routing"),
    (lambda order: order.cancels_parent, "autoCancelParent"),
    (lambda order: order.randomizes_size or order.randomizes_price, "randomized sizes and prices"),
    (lambda order: order.post_to_ats, "postToAts"),
    (lambda order: order.is_oms_container, "OMS containers"),
)


def check_supported(request: PlaceOrder) -> None:
    """Raise ``OrderRefused`` (201) for an order that says more than is simulated."""
    if request.contract.sec_type == "BAG" or request.order.legs:
        raise not_simulated("combinations")
    for is_there, name in _PARTS:
        if is_there(request.order):
            raise not_simulated(name)
