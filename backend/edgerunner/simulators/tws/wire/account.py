"""Messages about accounts: values, portfolio, positions, profit."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from edgerunner.simulators.tws.wire.kinds import Flag, Number, NumberOrMax, Text, Whole, WholeOrZero
from edgerunner.simulators.tws.wire.layout import Block
from edgerunner.simulators.tws.wire.values import HELD, TOLD, Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAccountUpdates:
    """Subscribe to an account's values and portfolio, or end that."""

    MESSAGE_ID: ClassVar = 6
    VERSION: ClassVar = 2
    subscribes: Flag
    account: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPositions:
    """Subscribe to the positions of all accounts."""

    MESSAGE_ID: ClassVar = 61
    VERSION: ClassVar = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPositions:
    """End positions."""

    MESSAGE_ID: ClassVar = 64
    VERSION: ClassVar = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAccountSummary:
    """Subscribe to tags (separated by commas) of a group of accounts."""

    MESSAGE_ID: ClassVar = 62
    VERSION: ClassVar = 1
    request_id: Whole
    group: Text
    tags: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAccountSummary:
    """End a summary."""

    MESSAGE_ID: ClassVar = 63
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPositionsMulti:
    """Subscribe to the positions of an account or model."""

    MESSAGE_ID: ClassVar = 74
    VERSION: ClassVar = 1
    request_id: Whole
    account: Text
    model: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPositionsMulti:
    """End positions of an account or model."""

    MESSAGE_ID: ClassVar = 75
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAccountUpdatesMulti:
    """Subscribe to the values of an account or model."""

    MESSAGE_ID: ClassVar = 76
    VERSION: ClassVar = 1
    request_id: Whole
    account: Text
    model: Text
    wants_ledger: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAccountUpdatesMulti:
    """End values of an account or model."""

    MESSAGE_ID: ClassVar = 77
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPnl:
    """Subscribe to the profit of an account."""

    MESSAGE_ID: ClassVar = 92
    request_id: Whole
    account: Text
    model: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPnl:
    """End profit."""

    MESSAGE_ID: ClassVar = 93
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPnlSingle:
    """Subscribe to the profit of one position."""

    MESSAGE_ID: ClassVar = 94
    request_id: Whole
    account: Text
    model: Text
    con_id: WholeOrZero


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPnlSingle:
    """End profit of one position."""

    MESSAGE_ID: ClassVar = 95
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountValue:
    """One value of an account."""

    MESSAGE_ID: ClassVar = 6
    VERSION: ClassVar = 2
    tag: Text
    value: Text
    currency: Text
    account: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioValue:
    """One position of an account with its market value and profit."""

    MESSAGE_ID: ClassVar = 7
    VERSION: ClassVar = 8
    contract: Annotated[Contract, Block(HELD)]
    position: Number
    market_price: Number
    market_value: Number
    average_cost: Number
    unrealized_pnl: NumberOrMax
    realized_pnl: NumberOrMax
    account: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUpdateTime:
    """When the values were computed, ``HH:MM``."""

    MESSAGE_ID: ClassVar = 8
    VERSION: ClassVar = 1
    time: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDownloadEnd:
    """All values of an account have been told."""

    MESSAGE_ID: ClassVar = 54
    VERSION: ClassVar = 1
    account: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One position."""

    MESSAGE_ID: ClassVar = 61
    VERSION: ClassVar = 3
    account: Text
    contract: Annotated[Contract, Block(TOLD)]
    position: Number
    average_cost: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionEnd:
    """All positions have been told."""

    MESSAGE_ID: ClassVar = 62
    VERSION: ClassVar = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSummaryRow:
    """One tag of a summary."""

    MESSAGE_ID: ClassVar = 63
    VERSION: ClassVar = 1
    request_id: Whole
    account: Text
    tag: Text
    value: Text
    currency: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSummaryEnd:
    """All tags of a summary have been told."""

    MESSAGE_ID: ClassVar = 64
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionMulti:
    """One position of an account or model."""

    MESSAGE_ID: ClassVar = 71
    VERSION: ClassVar = 3
    request_id: Whole
    account: Text
    contract: Annotated[Contract, Block(TOLD)]
    position: Number
    average_cost: Number
    model: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionMultiEnd:
    """All positions of an account or model have been told."""

    MESSAGE_ID: ClassVar = 72
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUpdateMulti:
    """One value of an account or model."""

    MESSAGE_ID: ClassVar = 73
    VERSION: ClassVar = 1
    request_id: Whole
    account: Text
    model: Text
    tag: Text
    value: Text
    currency: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUpdateMultiEnd:
    """All values of an account or model have been told."""

    MESSAGE_ID: ClassVar = 74
    VERSION: ClassVar = 1
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Pnl:
    """The profit of an account."""

    MESSAGE_ID: ClassVar = 94
    request_id: Whole
    daily: NumberOrMax
    unrealized: NumberOrMax
    realized: NumberOrMax


@dataclass(frozen=True, slots=True, kw_only=True)
class PnlSingle:
    """The profit of one position."""

    MESSAGE_ID: ClassVar = 95
    request_id: Whole
    position: Number
    daily: NumberOrMax
    unrealized: NumberOrMax
    realized: NumberOrMax
    value: NumberOrMax


REQUESTS: Final[tuple[type, ...]] = (
    RequestAccountUpdates,
    RequestPositions,
    CancelPositions,
    RequestAccountSummary,
    CancelAccountSummary,
    RequestPositionsMulti,
    CancelPositionsMulti,
    RequestAccountUpdatesMulti,
    CancelAccountUpdatesMulti,
    RequestPnl,
    CancelPnl,
    RequestPnlSingle,
    CancelPnlSingle,
)
MESSAGES: Final[tuple[type, ...]] = (
    AccountValue,
    PortfolioValue,
    AccountUpdateTime,
    AccountDownloadEnd,
    Position,
    PositionEnd,
    AccountSummaryRow,
    AccountSummaryEnd,
    PositionMulti,
    PositionMultiEnd,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    Pnl,
    PnlSingle,
)
