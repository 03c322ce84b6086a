"""Money and positions through the API."""

from typing import cast

from edgerunner.client.account_types import AccountSummary, EquityPage, LedgerPage, Portfolio, Position
from edgerunner.client.transport import ApiTransport


class AccountsApi:
    """Read summaries, positions, the cash ledger, the portfolio and its history."""

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
