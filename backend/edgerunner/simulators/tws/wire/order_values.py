"""The terms of an order as the protocol carries them, and what TWS says about its margin."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from edgerunner.simulators.tws.wire.kinds import (
    Flag,
    LongOrMax,
    NumberOrEmpty,
    NumberOrMax,
    Tags,
    Text,
    WholeOrEmpty,
    WholeOrMax,
    WholeOrZero,
)
from edgerunner.simulators.tws.wire.layout import Look, Only, Rows, Since, Until
from edgerunner.simulators.tws.wire.values import Tag


def _has_direction(look: Look) -> bool:
    return bool(look("condition_type") != 5)


def _names_contract(look: Look) -> bool:
    return look("condition_type") in {1, 6, 7}


def _is_price(look: Look) -> bool:
    return bool(look("condition_type") == 1)


def _is_execution(look: Look) -> bool:
    return bool(look("condition_type") == 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCondition:
    """One condition: type 1 price, 3 time, 4 margin, 5 execution, 6 volume, 7 percent change.

    ``conjunction`` is a (and) or o (or); ``value`` is what its type compares with.
    """

    condition_type: WholeOrZero
    conjunction: Text
    is_more: Annotated[Flag, Only(_has_direction)] = False
    value: Annotated[Text, Only(_has_direction)] = ""
    con_id: Annotated[WholeOrZero, Only(_names_contract)] = 0
    sec_type: Annotated[Text, Only(_is_execution)] = ""
    exchange: Annotated[Text, Only(lambda look: _names_contract(look) or _is_execution(look))] = ""
    trigger_method: Annotated[WholeOrZero, Only(_is_price)] = 0
    symbol: Annotated[Text, Only(_is_execution)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLeg:
    """A leg of a combination in an order."""

    con_id: WholeOrZero
    ratio: WholeOrZero
    action: Text
    exchange: Text
    open_close: WholeOrZero = 0
    short_sale_slot: WholeOrZero = 0
    designated_location: Text = ""
    exempt_code: WholeOrZero = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPrice:
    """The price of one leg."""

    price: NumberOrEmpty


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """Everything that an order may say; most of it is for rare orders and left at its default.

    A stop's trigger is ``aux_price``; a trailing stop's distance is ``aux_price`` or ``trailing_percent``.
    """

    action: Text
    total_quantity: NumberOrEmpty
    order_type: Text
    limit_price: NumberOrEmpty = None
    aux_price: NumberOrEmpty = None
    time_in_force: Text = ""
    oca_group: Text = ""
    account: Text = ""
    open_close: Text = ""
    origin: WholeOrZero = 0
    order_ref: Text = ""
    transmit: Flag = True
    parent_id: WholeOrZero = 0
    block_order: Flag = False
    sweep_to_fill: Flag = False
    display_size: WholeOrEmpty = None
    trigger_method: WholeOrZero = 0
    outside_rth: Flag = False
    hidden: Flag = False
    discretionary_amount: NumberOrEmpty = None
    good_after_time: Text = ""
    good_till_date: Text = ""
    advisor_group: Text = ""
    advisor_method: Text = ""
    advisor_percentage: Text = ""
    advisor_profile: Annotated[Text, Until(177)] = ""
    model_code: Text = ""
    short_sale_slot: WholeOrZero = 0
    designated_location: Text = ""
    exempt_code: WholeOrEmpty = None
    oca_type: WholeOrZero = 0
    rule_80a: Text = ""
    settling_firm: Text = ""
    all_or_none: Flag = False
    min_quantity: WholeOrMax = None
    percent_offset: NumberOrEmpty = None
    electronic_only: Flag = False
    firm_quote_only: Flag = False
    nbbo_price_cap: NumberOrEmpty = None
    auction_strategy: WholeOrZero = 0
    starting_price: NumberOrEmpty = None
    stock_reference_price: NumberOrEmpty = None
    delta: NumberOrEmpty = None
    stock_range_lower: NumberOrEmpty = None
    stock_range_upper: NumberOrEmpty = None
    overrides_percentages: Flag = False
    volatility: NumberOrEmpty = None
    volatility_type: WholeOrEmpty = None
    neutral_order_type: Text = ""
    neutral_aux_price: NumberOrEmpty = None
    neutral_con_id: WholeOrZero = 0
    neutral_settling_firm: Text = ""
    neutral_clearing_account: Text = ""
    neutral_clearing_intent: Text = ""
    neutral_open_close: Text = ""
    neutral_short_sale: Flag = False
    neutral_short_sale_slot: WholeOrZero = 0
    neutral_designated_location: Text = ""
    continuous_update: Flag = False
    reference_price_type: WholeOrEmpty = None
    trail_stop_price: NumberOrEmpty = None
    trailing_percent: NumberOrEmpty = None
    basis_points: NumberOrEmpty = None
    basis_points_type: WholeOrEmpty = None
    legs_description: Text = ""
    legs: Annotated[tuple[OrderLeg, ...], Rows()] = ()
    leg_prices: Annotated[tuple[LegPrice, ...], Rows()] = ()
    routing: Annotated[tuple[Tag, ...], Rows()] = ()
    scale_first_size: WholeOrMax = None
    scale_next_size: WholeOrMax = None
    scale_increment: NumberOrMax = None
    scale_adjust_value: NumberOrEmpty = None
    scale_adjust_interval: WholeOrEmpty = None
    scale_profit_offset: NumberOrEmpty = None
    scale_auto_reset: Flag = False
    scale_start_position: WholeOrEmpty = None
    scale_start_filled: WholeOrEmpty = None
    scale_random_percent: Flag = False
    scale_table: Text = ""
    active_start: Text = ""
    active_stop: Text = ""
    hedge_type: Text = ""
    hedge_param: Text = ""
    opts_out_of_smart: Flag = False
    clearing_account: Text = ""
    clearing_intent: Text = ""
    not_held: Flag = False
    is_delta_neutral: Flag = False
    delta_con_id: WholeOrZero = 0
    delta_ratio: NumberOrEmpty = None
    delta_price: NumberOrEmpty = None
    algo_strategy: Text = ""
    algo_params: Annotated[tuple[Tag, ...], Rows()] = ()
    algo_id: Text = ""
    what_if: Flag = False
    options: Tags = ()
    solicited: Flag = False
    randomizes_size: Flag = False
    randomizes_price: Flag = False
    reference_con_id: WholeOrZero = 0
    pegged_decrease: Flag = False
    pegged_change: NumberOrEmpty = None
    reference_change: NumberOrEmpty = None
    reference_exchange: Text = ""
    conditions: Annotated[tuple[OrderCondition, ...], Rows()] = ()
    conditions_ignore_hours: Flag = False
    conditions_cancel: Flag = False
    adjusted_order_type: Text = ""
    trigger_price: NumberOrEmpty = None
    limit_offset: NumberOrEmpty = None
    adjusted_stop_price: NumberOrEmpty = None
    adjusted_stop_limit_price: NumberOrEmpty = None
    adjusted_trailing_amount: NumberOrEmpty = None
    adjustable_trailing_unit: WholeOrZero = 0
    external_operator: Text = ""
    tier_name: Text = ""
    tier_value: Text = ""
    tier_display_name: Text = ""
    cash_quantity: NumberOrEmpty = None
    mifid_decision_maker: Text = ""
    mifid_decision_algo: Text = ""
    mifid_execution_trader: Text = ""
    mifid_execution_algo: Text = ""
    no_auto_price_for_hedge: Flag = False
    is_oms_container: Flag = False
    discretionary_up_to_limit: Flag = False
    price_management: WholeOrEmpty = None
    duration: Annotated[WholeOrEmpty, Since(158)] = None
    post_to_ats: Annotated[WholeOrEmpty, Since(160)] = None
    cancels_parent: Annotated[Flag, Since(162)] = False
    error_override: Annotated[Text, Since(166)] = ""
    manual_time: Annotated[Text, Since(169)] = ""
    min_trade_quantity: Annotated[WholeOrEmpty, Since(170)] = None
    min_compete_size: Annotated[WholeOrEmpty, Since(170)] = None
    compete_offset: Annotated[NumberOrEmpty, Since(170)] = None
    middle_offset_whole: Annotated[NumberOrEmpty, Since(170)] = None
    middle_offset_half: Annotated[NumberOrEmpty, Since(170)] = None
    auto_cancel_date: Text = ""
    filled_quantity: NumberOrEmpty = None
    reference_future_con_id: WholeOrZero = 0
    shareholder: Text = ""
    imbalance_only: Flag = False
    routes_to_bbo: Flag = False
    parent_perm_id: LongOrMax = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMargin:
    """Status of an order, and of a what-if order its effect on margin and its commission."""

    status: Text
    initial_before: NumberOrMax = None
    maintenance_before: NumberOrMax = None
    equity_before: NumberOrMax = None
    initial_change: NumberOrMax = None
    maintenance_change: NumberOrMax = None
    equity_change: NumberOrMax = None
    initial_after: NumberOrMax = None
    maintenance_after: NumberOrMax = None
    equity_after: NumberOrMax = None
    commission: NumberOrMax = None
    min_commission: NumberOrMax = None
    max_commission: NumberOrMax = None
    commission_currency: Text = ""
    warning: Text = ""


INFINITE_OFFSET = Decimal("Infinity")
"""``compete_offset`` of an order that competes up to the middle."""
