"""Money and positions through the API."""

from decimal import Decimal
from typing import cast

from edgerunner.client.account_types import (
    AccountSettings,
    AccountSummary,
    EquityPage,
    LedgerPage,
    Leverage,
    Portfolio,
    Position,
    TrailingStop,
)
from edgerunner.client.transport import ApiTransport
from edgerunner.client.types import Number


class AccountsApi:
    """Read money, positions and their history; set leverage, modes and trailing stops."""

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def summary(self, *, connection_id: str | None = None, account_id: str | None = None) -> list[AccountSummary]:
        """Return each account's money."""
        answer = await self._transport.get("/account/summary", connection_id=connection_id, account_id=account_id)
        return cast("list[AccountSummary]", answer["accounts"])

    async def positions(self, *, connection_id: str | None = None) -> list[Position]:
        """Return the positions that are not flat."""
        answer = await self._transport.get("/positions", connection_id=connection_id)
        return cast("list[Position]", answer["positions"])

    async def ledger(
        self, *, connection_id: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> LedgerPage:
        """Return a page of cash movements, newest first."""
        page = await self._transport.get("/ledger", connection_id=connection_id, limit=limit, cursor=cursor)
        return cast("LedgerPage", page)

    async def settings(self, connection_id: str, *, account_id: str | None = None) -> AccountSettings:
        """Return an account's position mode and margin mode."""
        answer = await self._transport.get("/account/settings", connection_id=connection_id, account_id=account_id)
        return cast("AccountSettings", answer)

    async def change_settings(
        self,
        connection_id: str,
        *,
        account_id: str | None = None,
        position_mode: str | None = None,
        margin_mode: str | None = None,
    ) -> AccountSettings:
        """Switch modes; None leaves one as it is. Repeating it after ``OutcomeUnknown`` does no harm."""
        body = {"connection_id": connection_id, "account_id": account_id}
        body |= {"position_mode": position_mode, "margin_mode": margin_mode}
        return cast("AccountSettings", await self._transport.command("POST", "/account/settings", body))

    async def set_leverage(
        self, connection_id: str, instrument_id: str, leverage: Number, *, account_id: str | None = None
    ) -> Leverage:
        """Set an instrument's leverage; repeating it does no harm."""
        body = {"connection_id": connection_id, "account_id": account_id, "instrument_id": instrument_id}
        body |= {"leverage": _plain(leverage)}
        return cast("Leverage", await self._transport.command("POST", "/positions/leverage", body))

    async def set_trailing_stop(
        self,
        connection_id: str,
        instrument_id: str,
        trailing_offset: Number,
        *,
        account_id: str | None = None,
        position_id: str | None = None,
        trigger_price: Number | None = None,
    ) -> TrailingStop:
        """Let a position's stop follow the price, from ``trigger_price`` on; repeating it does no harm."""
        body = {
            "connection_id": connection_id,
            "account_id": account_id,
            "instrument_id": instrument_id,
            "position_id": position_id,
            "trailing_offset": _plain(trailing_offset),
            "trigger_price": None if trigger_price is None else _plain(trigger_price),
        }
        return cast("TrailingStop", await self._transport.command("POST", "/positions/trailing-stop", body))

    async def remove_trailing_stop(
        self, connection_id: str, instrument_id: str, *, account_id: str | None = None, position_id: str | None = None
    ) -> TrailingStop:
        """Take a position's trailing stop away; success also when it has none."""
        which = {
            "connection_id": connection_id,
            "account_id": account_id,
            "instrument_id": instrument_id,
            "position_id": position_id,
        }
        return cast("TrailingStop", await self._transport.command("DELETE", "/positions/trailing-stop", query=which))

    async def portfolio(self, *, currency: str | None = None) -> Portfolio:
        """Return all connections in one currency; a missing rate makes a total null, never wrong."""
        return cast("Portfolio", await self._transport.get("/portfolio", currency=currency))

    async def history(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> EquityPage:
        """Return a page of equity over time, newest first."""
        page = await self._transport.get(
            "/account/history", connection_id=connection_id, account_id=account_id, limit=limit, cursor=cursor
        )
        return cast("EquityPage", page)


def _plain(value: Number) -> str:
    """Write a number as a plain decimal string."""
    return value if isinstance(value, str) else format(Decimal(value), "f")
