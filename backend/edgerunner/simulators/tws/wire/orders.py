"""Messages about orders.

Source of the field orders: ib_async 2.1.0; but ``duration`` is there from 158 on, as the official client reads it.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from edgerunner.simulators.tws.wire import order_places as places
from edgerunner.simulators.tws.wire.kinds import Flag, Number, NumberOrMax, Text, Whole, WholeOrZero
from edgerunner.simulators.tws.wire.layout import Block, Item, Since, items_of
from edgerunner.simulators.tws.wire.order_places import BLANK, margin, only, order
from edgerunner.simulators.tws.wire.order_values import OrderMargin, OrderTerms
from edgerunner.simulators.tws.wire.values import ASKED, Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class _OrderId:
    order_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class _SecurityId:
    security_id_type: Text
    security_id: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    client_id: Whole
    perm_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class _Completion:
    completed_time: Text
    completed_status: Text


_ORDER_ID: Final = tuple(items_of(_OrderId))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """Place an order, or change the one with this id."""

    MESSAGE_ID: ClassVar = 3
    ITEMS: ClassVar[tuple[Item, ...]] = (
        *_ORDER_ID,
        *places.ASKED_CONTRACT,
        *items_of(_SecurityId),
        *places.MAIN,
        *order("transmit parent_id block_order sweep_to_fill display_size trigger_method outside_rth hidden"),
        *only(places.is_combination, places.LEGS),
        *BLANK,
        *order("discretionary_amount good_after_time good_till_date"),
        *places.ADVISOR,
        *order("short_sale_slot designated_location exempt_code oca_type rule_80a settling_firm all_or_none"),
        *order("min_quantity percent_offset electronic_only firm_quote_only nbbo_price_cap auction_strategy"),
        *order("starting_price stock_reference_price delta stock_range_lower stock_range_upper"),
        *order("overrides_percentages volatility volatility_type"),
        *places.NEUTRAL,
        *places.NEUTRAL_DETAILS,
        *places.TRAILING,
        *places.SCALE,
        *order("scale_table active_start active_stop"),
        *places.HEDGE,
        *order("opts_out_of_smart clearing_account clearing_intent not_held"),
        *places.DELTA,
        *places.ALGORITHM,
        *order("algo_id what_if options solicited randomizes_size randomizes_price"),
        *places.BENCHMARK,
        *places.CONDITIONS,
        *order("adjusted_order_type trigger_price limit_offset adjusted_stop_price adjusted_stop_limit_price"),
        *order(
            "adjusted_trailing_amount adjustable_trailing_unit external_operator tier_name tier_value cash_quantity"
        ),
        *order("mifid_decision_maker mifid_decision_algo mifid_execution_trader mifid_execution_algo"),
        *order("no_auto_price_for_hedge is_oms_container discretionary_up_to_limit price_management"),
        *order("duration post_to_ats cancels_parent error_override manual_time"),
        *only(lambda look: look("contract.exchange") == "IBKRATS", order("min_trade_quantity")),
        *only(places.is_pegged_to_best, order("min_compete_size compete_offset")),
        *only(places.has_middle_offsets, order("middle_offset_whole middle_offset_half")),
    )
    order_id: Whole
    contract: Annotated[Contract, Block(ASKED)]
    security_id_type: Text = ""
    security_id: Text = ""
    order: Annotated[OrderTerms, Block()]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Cancel an order."""

    MESSAGE_ID: ClassVar = 4
    VERSION: ClassVar = 1
    order_id: Whole
    manual_time: Annotated[Text, Since(169)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalCancel:
    """Cancel every order."""

    MESSAGE_ID: ClassVar = 58
    VERSION: ClassVar = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOpenOrders:
    """Ask for the open orders of this client."""

    MESSAGE_ID: ClassVar = 5
    VERSION: ClassVar = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAllOpenOrders:
    """Ask for the open orders of all clients."""

    MESSAGE_ID: ClassVar = 16
    VERSION: ClassVar = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAutoOpenOrders:
    """Let client 0 take orders entered by hand."""

    MESSAGE_ID: ClassVar = 15
    VERSION: ClassVar = 1
    binds: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCompletedOrders:
    """Ask for the orders that are done."""

    MESSAGE_ID: ClassVar = 99
    only_api: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatus:
    """Where an order stands."""

    MESSAGE_ID: ClassVar = 3
    order_id: Whole
    status: Text
    filled: Number
    remaining: Number
    average_price: Number
    perm_id: Whole
    parent_id: WholeOrZero
    last_price: Number
    client_id: Whole
    why_held: Text
    cap_price: NumberOrMax


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order with everything about it."""

    MESSAGE_ID: ClassVar = 5
    ITEMS: ClassVar[tuple[Item, ...]] = (
        *_ORDER_ID,
        *places.TOLD_CONTRACT,
        *places.MAIN,
        *items_of(_Origin),
        *order("outside_rth hidden discretionary_amount good_after_time"),
        *BLANK,
        *places.ADVISOR,
        *order("good_till_date rule_80a percent_offset settling_firm short_sale_slot designated_location exempt_code"),
        *order("auction_strategy starting_price stock_reference_price delta stock_range_lower stock_range_upper"),
        *order("display_size block_order sweep_to_fill all_or_none min_quantity oca_type electronic_only"),
        *order("firm_quote_only nbbo_price_cap parent_id trigger_method volatility volatility_type"),
        *places.NEUTRAL,
        *places.NEUTRAL_DETAILS,
        *places.TRAILING,
        *order("basis_points basis_points_type legs_description"),
        *places.LEGS,
        *places.SCALE,
        *places.HEDGE,
        *order("opts_out_of_smart clearing_account clearing_intent not_held"),
        *places.DELTA,
        *places.ALGORITHM,
        *order("solicited what_if"),
        *items_of(OrderMargin, prefix="margin."),
        *order("randomizes_size randomizes_price"),
        *places.BENCHMARK,
        *places.CONDITIONS,
        *order("adjusted_order_type trigger_price trail_stop_price limit_offset adjusted_stop_price"),
        *order("adjusted_stop_limit_price adjusted_trailing_amount adjustable_trailing_unit"),
        *order("tier_name tier_value tier_display_name cash_quantity no_auto_price_for_hedge is_oms_container"),
        *order("discretionary_up_to_limit price_management duration post_to_ats cancels_parent"),
        *places.COMPETING,
    )
    order_id: Whole
    contract: Annotated[Contract, Block()]
    client_id: Whole
    perm_id: Whole
    order: Annotated[OrderTerms, Block()]
    margin: Annotated[OrderMargin, Block()]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrderEnd:
    """All open orders have been told."""

    MESSAGE_ID: ClassVar = 53
    VERSION: ClassVar = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _PermId:
    perm_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedOrder:
    """An order that is done."""

    MESSAGE_ID: ClassVar = 101
    ITEMS: ClassVar[tuple[Item, ...]] = (
        *places.TOLD_CONTRACT,
        *places.MAIN,
        *items_of(_PermId),
        *order("outside_rth hidden discretionary_amount good_after_time"),
        *places.ADVISOR,
        *order("good_till_date rule_80a percent_offset settling_firm short_sale_slot designated_location exempt_code"),
        *order("starting_price stock_reference_price delta stock_range_lower stock_range_upper display_size"),
        *order("sweep_to_fill all_or_none min_quantity oca_type trigger_method volatility volatility_type"),
        *places.NEUTRAL,
        *places.NEUTRAL_SHORT_DETAILS,
        *places.TRAILING,
        *order("legs_description"),
        *places.LEGS,
        *places.SCALE,
        *places.HEDGE,
        *order("clearing_account clearing_intent not_held"),
        *places.DELTA,
        *places.ALGORITHM,
        *order("solicited"),
        *margin("status"),
        *order("randomizes_size randomizes_price"),
        *places.BENCHMARK,
        *places.CONDITIONS,
        *order("trail_stop_price limit_offset cash_quantity no_auto_price_for_hedge is_oms_container"),
        *order("auto_cancel_date filled_quantity reference_future_con_id"),
        *places.always(order("cancels_parent")),
        *order("shareholder imbalance_only routes_to_bbo parent_perm_id"),
        *items_of(_Completion),
        *places.COMPETING,
    )
    contract: Annotated[Contract, Block()]
    perm_id: Whole
    order: Annotated[OrderTerms, Block()]
    margin: Annotated[OrderMargin, Block()]
    completed_time: Text
    completed_status: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedOrdersEnd:
    """All orders that are done have been told."""

    MESSAGE_ID: ClassVar = 102


REQUESTS: Final[tuple[type, ...]] = (
    PlaceOrder,
    CancelOrder,
    GlobalCancel,
    RequestOpenOrders,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestCompletedOrders,
)
MESSAGES: Final[tuple[type, ...]] = (OrderStatus, OpenOrder, OpenOrderEnd, CompletedOrder, CompletedOrdersEnd)
