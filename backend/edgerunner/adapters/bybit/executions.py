"""Bybit's executions as ``FillReport``: the same whether they come by stream or by REST."""

from decimal import Decimal
from typing import Final

from edgerunner.adapters.broker import FillReport
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.legs import NET, leg_of_execution
from edgerunner.adapters.bybit.orders import client_key, side_of
from edgerunner.adapters.bybit.values import (
    Scalar,
    Strangers,
    number,
    required_nanoseconds,
    required_number,
    required_text,
    text,
    whole,
)
from edgerunner.adapters.bybit.wire import Execution
from edgerunner.domain.events import OrderFilled
from edgerunner.domain.orders import Liquidity, Money, Side

_POSITION_CHANGES: Final = frozenset(
    {"Trade", "AdlTrade", "BustTrade", "Delivery", "Settle", "BlockTrade", "MovePosition", "FutureSpread"}
)
"""Execution types that change a holding. All but ``Trade`` are of orders that Bybit made itself."""

_CASH_ONLY: Final = frozenset({"Funding"})


def is_fill(exec_type: Scalar, strangers: Strangers) -> bool:
    """Tell whether an execution changes a holding; unknown types do not, and are reported."""
    word = text(exec_type)
    if word in _POSITION_CHANGES:
        return True
    if word not in _CASH_ONLY:
        strangers.met("execType", word)
    return False


def is_cash_only(exec_type: Scalar) -> bool:
    """Tell whether an execution only moves cash: the transaction log has the movement."""
    return text(exec_type) in _CASH_ONLY


class ExecutionMapper:
    """Maps executions of REST and of the stream alike."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def report(
        self, execution: Execution, listing: Listing, raw: str | None = None, *, is_hedged: bool = False
    ) -> FillReport:
        """Return the fill; raises ``Malformed`` when an indispensable field is missing.

        ``is_hedged``: the contract has two legs; the fill changes the one that ``leg_of_execution`` finds.
        ``execFee`` is positive for a cost; its coin is ``feeCurrency``, else the one Bybit's rule names.
        ``seq`` grows with every change of a symbol's positions ("Get Trade History").
        """
        side = side_of(execution.side)
        is_maker = execution.is_maker is True
        fee = number(execution.exec_fee) or Decimal(0)
        currency = text(execution.fee_currency) or fee_coin(listing, side, fee=fee, is_maker=is_maker)
        venue_order_id = required_text(execution.order_id, "orderId")
        return FillReport(
            client_order_id=client_key(text(execution.order_link_id)),
            venue_order_id=venue_order_id,
            account_id=self._account_id,
            fill=OrderFilled(
                trade_id=required_text(execution.exec_id, "execId"),
                venue_order_id=venue_order_id,
                instrument_id=listing.instrument.instrument_id,
                side=side,
                quantity=required_number(execution.exec_qty, "execQty"),
                price=required_number(execution.exec_price, "execPrice"),
                liquidity=Liquidity.MAKER if is_maker else Liquidity.TAKER,
                fee=Money(currency=currency, amount=fee),
                contract=listing.instrument.contract,
                leg=leg_of_execution(side, execution.closed_size) if is_hedged else NET,
                rank=whole(execution.seq) or 0,
            ),
            ts_event_ns=required_nanoseconds(execution.exec_time, "execTime"),
            raw=raw,
        )


def fee_coin(listing: Listing, side: Side, *, fee: Decimal, is_maker: bool) -> str:
    """Return the coin of a fee that names none.

    Derivatives pay in the settlement coin. Spot buys pay in base and sells in quote coin; a rebate
    to a maker comes in the other one (page "Enums Definitions", Spot Fee Currency Instruction).
    """
    instrument = listing.instrument
    if not listing.is_spot:
        return instrument.settle
    is_rebate = is_maker and fee < 0
    return instrument.base if (side is Side.BUY) != is_rebate else instrument.quote
