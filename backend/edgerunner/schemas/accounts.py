"""Money and positions on the wire."""

from typing import Annotated

from edgerunner.domain.accounts import Balance
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.schemas.base import AnswerModel, RequestModel, one_of
from edgerunner.schemas.ledger import LedgerQuery
from edgerunner.schemas.scalars import ConnectionId, Currency, DecimalText, TimeText, Word


class SummaryQuery(RequestModel):
    """Which accounts; null means all."""

    connection_id: ConnectionId | None = None
    account_id: Word | None = None


class PositionsQuery(RequestModel):
    """Positions of which connection; null means all."""

    connection_id: ConnectionId | None = None


class PortfolioQuery(RequestModel):
    """In which currency; null means the base currency of the settings."""

    currency: Currency | None = None


class HistoryQuery(LedgerQuery):
    """Which points, newest first."""


class BalanceAnswer(AnswerModel):
    """What an account holds of one currency."""

    currency: str
    total: DecimalText
    available: DecimalText | None
    locked: DecimalText | None

    @classmethod
    def of(cls, balance: Balance) -> "BalanceAnswer":
        """Render a balance."""
        return cls(currency=balance.currency, total=balance.total, available=balance.available, locked=balance.locked)


class AccountAnswer(AnswerModel):
    """One account's money in its own currency; null = the broker does not say."""

    connection_id: str
    account_id: str
    environment: str
    execution: str
    currency: str
    balance: DecimalText | None
    equity: DecimalText | None
    margin_initial: DecimalText | None
    margin_maintenance: DecimalText | None
    margin_available: DecimalText | None
    unrealized_pnl: DecimalText | None
    realized_pnl: DecimalText | None
    balances: list[BalanceAnswer]
    as_of: TimeText


class AccountList(AnswerModel):
    """Each account's money."""

    accounts: list[AccountAnswer]


class PositionAnswer(AnswerModel):
    """One position at average cost; profits are in ``currency``, realized before fees."""

    connection_id: str
    account_id: str
    instrument_id: str
    position_id: str
    side: Annotated[str, one_of("long", "short", "flat")]
    quantity: DecimalText
    quantity_unit: QuantityUnit
    average_price: DecimalText | None
    mark_price: DecimalText | None
    currency: str
    unrealized_pnl: DecimalText | None
    realized_pnl: DecimalText
    leverage: DecimalText | None
    take_profit: DecimalText | None
    stop_loss: DecimalText | None
    protection: Annotated[str, one_of("broker", "local", "none")]
    as_of: TimeText


class PositionList(AnswerModel):
    """Positions that are not flat."""

    positions: list[PositionAnswer]


class PnlAnswer(AnswerModel):
    """Profit of one open position at the newest mark."""

    connection_id: str
    account_id: str
    instrument_id: str
    position_id: str
    currency: str
    mark_price: DecimalText | None
    unrealized_pnl: DecimalText | None
    realized_pnl: DecimalText
    as_of: TimeText


class PnlList(AnswerModel):
    """Profit of the open positions; only on the stream."""

    pnl: list[PnlAnswer]


class ConvertedAnswer(AnswerModel):
    """An amount in the portfolio's currency; all null without a rate. The age is the oldest rate's, in seconds."""

    amount: DecimalText | None
    rate: DecimalText | None
    source: str | None
    age_s: float | None


class AccountWorthAnswer(AnswerModel):
    """One account's equity, and what it is worth."""

    connection_id: str
    account_id: str
    environment: str
    execution: str
    currency: str
    equity: DecimalText | None
    converted: ConvertedAnswer


class ExposureAnswer(AnswerModel):
    """What one position moves with the market; ``quantity`` and ``notional`` are signed."""

    connection_id: str
    account_id: str
    instrument_id: str
    position_id: str
    asset: str
    quantity: DecimalText
    notional: DecimalText | None
    currency: str
    converted: ConvertedAnswer


class MissingRateAnswer(AnswerModel):
    """A conversion, of ``base`` into ``quote``, that nobody gave a rate for."""

    base: str
    quote: str


class UnknownCostAnswer(AnswerModel):
    """A position whose cost nobody knows: it has no profit and is in no total."""

    connection_id: str
    account_id: str
    instrument_id: str


class PortfolioAnswer(AnswerModel):
    """Everything in one currency.

    A total is null when a part of it is unknown; ``equity_known`` adds up the rest.
    """

    currency: str
    as_of: TimeText
    equity: DecimalText | None
    equity_known: DecimalText
    unrealized_pnl: DecimalText | None
    realized_pnl: DecimalText | None
    accounts: list[AccountWorthAnswer]
    exposure: list[ExposureAnswer]
    missing_connections: list[str]
    missing_rates: list[MissingRateAnswer]
    unknown_costs: list[UnknownCostAnswer]


class EquityPointAnswer(AnswerModel):
    """What an account was worth at one time."""

    connection_id: str
    account_id: str
    currency: str
    equity: DecimalText | None
    balance: DecimalText | None
    time: TimeText


class EquityPage(AnswerModel):
    """Equity over time, newest first."""

    points: list[EquityPointAnswer]
    next_cursor: str | None
