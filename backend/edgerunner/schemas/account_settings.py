"""Settings of accounts and positions on the wire."""

from edgerunner.domain.accounts import AccountMode, AccountSettings, MarginMode
from edgerunner.schemas.base import AnswerModel, RequestModel
from edgerunner.schemas.scalars import ConnectionId, DecimalText, InstrumentId, PositiveDecimal, Word


class SettingsQuery(RequestModel):
    """Which account; null means the connection's only one."""

    connection_id: ConnectionId
    account_id: Word | None = None


class SettingsRequest(RequestModel):
    """Modes to switch to; null leaves one as it is."""

    connection_id: ConnectionId
    account_id: Word | None = None
    position_mode: AccountMode | None = None
    margin_mode: MarginMode | None = None


class SettingsAnswer(AnswerModel):
    """An account's modes as the broker shows them; null = the broker has no such mode."""

    connection_id: str
    account_id: str
    position_mode: AccountMode | None
    margin_mode: MarginMode | None

    @classmethod
    def of(cls, connection_id: str, settings: AccountSettings) -> "SettingsAnswer":
        """Render settings."""
        return cls(
            connection_id=connection_id,
            account_id=settings.account_id,
            position_mode=settings.position_mode,
            margin_mode=settings.margin_mode,
        )


class LeverageRequest(RequestModel):
    """The leverage of an instrument, of both legs in hedging mode."""

    connection_id: ConnectionId
    account_id: Word | None = None
    instrument_id: InstrumentId
    leverage: PositiveDecimal


class LeverageAnswer(AnswerModel):
    """The leverage that the broker took."""

    connection_id: str
    account_id: str
    instrument_id: str
    leverage: DecimalText


class PositionQuery(RequestModel):
    """One position; ``position_id`` names the leg where there are two."""

    connection_id: ConnectionId
    account_id: Word | None = None
    instrument_id: InstrumentId
    position_id: Word | None = None


class TrailingStopRequest(PositionQuery):
    """The trailing stop of a whole position."""

    trailing_offset: PositiveDecimal
    trigger_price: PositiveDecimal | None = None


class TrailingStopAnswer(AnswerModel):
    """The trailing stop that the broker took; null = the position has none now."""

    connection_id: str
    account_id: str
    instrument_id: str
    position_id: str | None
    trailing_offset: DecimalText | None
    trigger_price: DecimalText | None
