"""Messages about executions and commissions."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from edgerunner.simulators.tws.wire.kinds import Flag, Number, NumberOrMax, Text, Whole, WholeOrZero
from edgerunner.simulators.tws.wire.layout import Block, Since
from edgerunner.simulators.tws.wire.values import TOLD, Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExecutions:
    """Ask for today's executions that pass the filter; what is empty or 0 lets everything pass."""

    MESSAGE_ID: ClassVar = 7
    VERSION: ClassVar = 3
    request_id: Whole
    client_id: WholeOrZero = 0
    account: Text = ""
    time: Text = ""
    symbol: Text = ""
    sec_type: Text = ""
    exchange: Text = ""
    side: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionDetails:
    """One execution; ``request_id`` -1 when it happens now. ``side`` is BOT or SLD."""

    MESSAGE_ID: ClassVar = 11
    request_id: Whole
    order_id: Whole
    contract: Annotated[Contract, Block(TOLD)]
    execution_id: Text
    time: Text
    account: Text
    exchange: Text
    side: Text
    shares: Number
    price: Number
    perm_id: Whole
    client_id: Whole
    liquidation: WholeOrZero
    cumulative: Number
    average_price: Number
    order_ref: Text
    economic_value_rule: Text
    economic_value_multiplier: Text
    model: Text
    last_liquidity: WholeOrZero
    is_price_pending: Annotated[Flag, Since(178)] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionDetailsEnd:
    """All executions have been told."""

    MESSAGE_ID: ClassVar = 55
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionReport:
    """What an execution cost."""

    MESSAGE_ID: ClassVar = 59
    VERSION: ClassVar = 1
    execution_id: Text
    commission: Number
    currency: Text
    realized_pnl: NumberOrMax
    bond_yield: NumberOrMax
    yield_date: Text


REQUESTS: Final[tuple[type, ...]] = (RequestExecutions,)
MESSAGES: Final[tuple[type, ...]] = (ExecutionDetails, ExecutionDetailsEnd, CommissionReport)
