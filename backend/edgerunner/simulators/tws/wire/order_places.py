"""Runs of order fields that several messages share, as tables of names."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from edgerunner.simulators.tws.wire.layout import Item, Look, items_of
from edgerunner.simulators.tws.wire.order_values import INFINITE_OFFSET, OrderMargin, OrderTerms
from edgerunner.simulators.tws.wire.values import ASKED, TOLD, Contract

BLANK: Final = (Item(),)


def order(names: str) -> tuple[Item, ...]:
    """Return the places of order terms."""
    return tuple(items_of(OrderTerms, names.split(), "order."))


def margin(names: str) -> tuple[Item, ...]:
    """Return the places of status and margin."""
    return tuple(items_of(OrderMargin, names.split(), "margin."))


def only(test: Callable[[Look], bool], items: Iterable[Item]) -> tuple[Item, ...]:
    """Return the places as places that are there only if ``test`` says so."""
    return tuple(replace(item, only=test) for item in items)


def always(items: Iterable[Item]) -> tuple[Item, ...]:
    """Return the places without their server versions."""
    return tuple(replace(item, since=0) for item in items)


def is_combination(look: Look) -> bool:
    """Tell whether the contract is a combination."""
    return bool(look("contract.sec_type") == "BAG")


def is_pegged_to_benchmark(look: Look) -> bool:
    """Tell whether the order type is PEG BENCH."""
    return look("order.order_type") in {"PEG BENCH", "PEGBENCH"}


def is_pegged_to_best(look: Look) -> bool:
    """Tell whether the order type is PEG BEST."""
    return look("order.order_type") in {"PEG BEST", "PEGBEST"}


def has_middle_offsets(look: Look) -> bool:
    """Tell whether a placed order says its offsets from the middle."""
    competes = is_pegged_to_best(look) and look("order.compete_offset") == INFINITE_OFFSET
    return competes or look("order.order_type") in {"PEG MID", "PEGMID"}


def _scales(look: Look) -> bool:
    increment = look("order.scale_increment")
    return increment is not None and increment > 0


def _is_there(path: str) -> Callable[[Look], bool]:
    return lambda look: bool(look(path))


ASKED_CONTRACT: Final = tuple(items_of(Contract, ASKED, "contract."))
TOLD_CONTRACT: Final = tuple(items_of(Contract, TOLD, "contract."))
MAIN: Final = order(
    "action total_quantity order_type limit_price aux_price time_in_force oca_group account open_close origin order_ref"
)
ADVISOR: Final = order("advisor_group advisor_method advisor_percentage advisor_profile model_code")
NEUTRAL: Final = order("neutral_order_type neutral_aux_price")
HAS_NEUTRAL: Final = _is_there("order.neutral_order_type")
NEUTRAL_DETAILS: Final = only(
    HAS_NEUTRAL,
    order(
        "neutral_con_id neutral_settling_firm neutral_clearing_account neutral_clearing_intent neutral_open_close "
        "neutral_short_sale neutral_short_sale_slot neutral_designated_location"
    ),
)
NEUTRAL_SHORT_DETAILS: Final = only(
    HAS_NEUTRAL,
    order("neutral_con_id neutral_short_sale neutral_short_sale_slot neutral_designated_location"),
)
TRAILING: Final = order("continuous_update reference_price_type trail_stop_price trailing_percent")
LEGS: Final = order("legs leg_prices routing")
SCALE: Final = (
    *order("scale_first_size scale_next_size scale_increment"),
    *only(
        _scales,
        order(
            "scale_adjust_value scale_adjust_interval scale_profit_offset scale_auto_reset scale_start_position "
            "scale_start_filled scale_random_percent"
        ),
    ),
)
HEDGE: Final = (*order("hedge_type"), *only(_is_there("order.hedge_type"), order("hedge_param")))
DELTA: Final = (
    *order("is_delta_neutral"),
    *only(_is_there("order.is_delta_neutral"), order("delta_con_id delta_ratio delta_price")),
)
ALGORITHM: Final = (*order("algo_strategy"), *only(_is_there("order.algo_strategy"), order("algo_params")))
BENCHMARK: Final = only(
    is_pegged_to_benchmark,
    order("reference_con_id pegged_decrease pegged_change reference_change reference_exchange"),
)
CONDITIONS: Final = (
    *order("conditions"),
    *only(_is_there("order.conditions"), order("conditions_ignore_hours conditions_cancel")),
)
COMPETING: Final = order("min_trade_quantity min_compete_size compete_offset middle_offset_whole middle_offset_half")
