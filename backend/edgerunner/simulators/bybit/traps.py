"""Fault switches for traps that users of the live service reported; the table is in docs/simulators/bybit.md.

What the simulator always does (children of a bracket without a link id, quote buys that leave dust, ids as the only
answer to a creation) needs no switch.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Protocol

from edgerunner.simulators.bybit import codes
from edgerunner.simulators.faults import FaultBox, FaultDefinition

_BYBIT: Final = frozenset({"bybit"})
DEFAULT_WAIT_S: Final = 10
DOCUMENTED_LINK_ID: Final = 36
WALLET_TRAPS: Final = ("bybit.trap_locked_exceeds_total", "bybit.trap_borrowed_coin")
ORDER_TRAPS: Final = ("market_unit_blank", "quote_buy_dust", "rejected_with_fills")

DEFINITIONS: Final = (
    FaultDefinition(
        name="bybit.trap_request_waited",
        description="The request is judged as if it had waited on its way: 10002 although the clock is right.",
        params={"waited_s": f"seconds, {DEFAULT_WAIT_S}"},
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_market_unit_blank",
        description="The order forgets its marketUnit: empty, though the quantity of a buy is in quote coin.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_quote_buy_dust",
        description="A quote buy that was filled in full ends PartiallyFilledCanceled.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_rejected_with_fills",
        description="An order that is cancelled after a partial fill ends Rejected.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_fee_in_other_coin",
        description="The fees of the trades that an order makes at once are charged in another coin.",
        params={"coin": "the coin, MNT", "price": "its price in dollars, 1"},
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_position_idx",
        description="10001 position idx not match position mode, whatever the index.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_triggered_order_not_found",
        description="order/realtime does not find an order whose trigger has fired.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_link_id_length",
        description="Link ids are refused from a shorter length on than usual.",
        params={"longest": f"characters, {DOCUMENTED_LINK_ID}"},
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_both_ids",
        description="A request with orderId and orderLinkId is answered with no such order.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_fill_beats_cancel",
        description="The order fills right before its cancel arrives, which is refused.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_wrong_environment",
        description="10003 for a valid key, as when it belongs to another environment.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_not_modified",
        description="A setting is applied and answered with not modified.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_short_page",
        description="instruments-info and risk-limit give fewer rows than asked for, and a cursor.",
        params={"rows": "rows per page, 1"},
        brokers=_BYBIT,
    ),
    FaultDefinition(name="bybit.trap_bar_confirmed_twice", description="A closed bar is sent twice.", brokers=_BYBIT),
    FaultDefinition(
        name="bybit.trap_locked_exceeds_total",
        description="A coin's locked amount is more than its wallet balance.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_duplicate_history_row",
        description="order/history shows each order of the page twice.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.trap_borrowed_coin",
        description="The wallet shows a debt that closing positions does not repay.",
        params={"coin": "the coin, USDT", "amount": "how much, 100"},
        brokers=_BYBIT,
    ),
)


class Target(Protocol):
    """What a request is about, as far as a fault can be aimed at it."""

    @property
    def client_key(self) -> str | None:
        """Return the link id."""

    @property
    def symbol(self) -> str | None:
        """Return the broker's symbol."""


def waited_ms(faults: FaultBox, broker: str, op: str) -> int:
    """Return by how much later than now a request counts as arrived."""
    params = faults.take(broker, "bybit.trap_request_waited", op=op)
    return 0 if params is None else round(float(str(params.get("waited_s", DEFAULT_WAIT_S))) * 1000)


def check_environment(faults: FaultBox, broker: str, op: str) -> None:
    """Raise 10003 when the trap is set."""
    if faults.take(broker, "bybit.trap_wrong_environment", op=op) is not None:
        raise codes.WireError(codes.INVALID_KEY)


def check_placement(faults: FaultBox, broker: str, target: Target) -> None:
    """Raise what the traps on new orders say."""
    if take(faults, broker, "bybit.trap_position_idx", op="place", target=target) is not None:
        raise codes.parameter_error("position idx not match position mode")
    params = take(faults, broker, "bybit.trap_link_id_length", op="place", target=target)
    longest = int(str(params.get("longest", DOCUMENTED_LINK_ID))) if params is not None else None
    if longest is not None and len(target.client_key or "") > longest:
        raise codes.parameter_error(f"OrderLinkId length is longer than {longest}")


def order_attributes(faults: FaultBox, broker: str, target: Target) -> dict[str, str]:
    """Return what an order must remember of the traps that it walked into."""
    return {
        name: "yes"
        for name in ORDER_TRAPS
        if take(faults, broker, f"bybit.trap_{name}", op="place", target=target) is not None
    }


def take(faults: FaultBox, broker: str, name: str, *, op: str, target: Target) -> Mapping[str, object] | None:
    """Use a trap that is aimed at a target."""
    return faults.take(broker, name, op=op, client_key=target.client_key, symbol=target.symbol)


def page_rows(faults: FaultBox, broker: str, limit: int) -> int:
    """Return how many rows a page of public lists gets."""
    params = faults.take(broker, "bybit.trap_short_page", op="query")
    return limit if params is None else min(limit, int(str(params.get("rows", 1))))


def altered_coin(faults: FaultBox, broker: str, coin: Mapping[str, Any], op: str) -> Mapping[str, Any]:
    """Return a coin of the wallet as the traps show it."""
    if faults.take(broker, "bybit.trap_locked_exceeds_total", op=op) is not None:
        coin = {**coin, "locked": f"{Decimal(coin['walletBalance']) + 1:f}"}
    params = faults.peek(broker, "bybit.trap_borrowed_coin")
    if params is not None and params.get("coin", "USDT") == coin["coin"]:
        faults.take(broker, "bybit.trap_borrowed_coin", op=op)
        amount = str(params.get("amount", "100"))
        coin = {**coin, "borrowAmount": amount, "spotBorrow": amount, "accruedInterest": "0.01"}
    return coin
