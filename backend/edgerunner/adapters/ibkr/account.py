"""Money and positions of the accounts: subscribed, told as they change, read whole when asked."""

import asyncio
from decimal import Decimal
from typing import Final

import structlog
from ib_async.objects import AccountValue, PnL, PortfolioItem, Position

from edgerunner.adapters.background import Background
from edgerunner.adapters.broker import PositionReport
from edgerunner.adapters.buffers import UpdateBuffer
from edgerunner.adapters.ibkr.account_values import Profit, base_currency, summary_of
from edgerunner.adapters.ibkr.accounts import is_paper
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.catalogue import Catalogue
from edgerunner.adapters.ibkr.instruments import Listing
from edgerunner.adapters.ibkr.link import Link
from edgerunner.adapters.ibkr.pace import Pace
from edgerunner.adapters.ibkr.values import number, price
from edgerunner.domain.accounts import Account, AccountMode, AccountSummary
from edgerunner.domain.errors import BrokerUnreachable, EdgerunnerError, NotFound, Unsupported

_log = structlog.get_logger(__name__)

TOGETHER_S: Final = 0.25
"""TWS tells an account value by value; what comes within this time is told as one summary."""

LEG: Final = "net"


class AccountBook:
    """What TWS says about the accounts of one connection; ``open`` and ``stop`` bound its work."""

    def __init__(self, link: Link, catalogue: Catalogue, updates: UpdateBuffer, pace: Pace) -> None:
        self._link = link
        self._catalogue = catalogue
        self._updates = updates
        self._pace = pace
        self._background = Background()
        self._profit: dict[str, Profit] = {}
        self._counted: dict[tuple[str, int], PortfolioItem] = {}
        self._changed: set[str] = set()
        self._left_out: set[int] = set()

    async def open(self, api: Api) -> None:
        """Subscribe to values, profit and positions on a new connection; returns when all were told once."""
        self._profit.clear()
        self._counted.clear()
        for account_id in self._link.accounts:
            await self._read_values(api, account_id)
            api.reqPnL(account_id)
        api.updatePortfolioEvent += self._on_portfolio
        await self._follow_portfolio(api)
        api.accountValueEvent += self._on_value
        api.pnlEvent += self._on_profit
        api.positionEvent += self._on_position
        await self.positions()

    async def stop(self) -> None:
        """End the background work."""
        await self._background.stop()

    def accounts(self) -> list[Account]:
        """Return the accounts; call after ``open``."""
        api = self._link.api
        return [
            Account(
                account_id=account_id,
                mode=AccountMode.NETTING,
                currency=base_currency(_values(api, account_id)) or "",
                is_live=not is_paper(account_id),
            )
            for account_id in self._link.accounts
        ]

    async def summaries(self) -> list[AccountSummary]:
        """Ask for each account's values anew; raises a ``BrokerError``."""
        api = self._link.api
        for account_id in self._link.accounts:
            request_id = await self._read_values(api, account_id)
            api.client.cancelAccountUpdatesMulti(request_id)
        return [self._summary(api, account_id) for account_id in self._link.accounts]

    async def positions(self) -> list[PositionReport]:
        """Return the positions that are not flat; raises a ``BrokerError``."""
        api = self._link.api
        await self._pace.turn()
        told = await api.ask(
            "for the positions",
            api.reqPositionsAsync,
            timeout_s=self._link.options.request_timeout_s,
            key="positions",
        )
        newest = {(each.account, each.contract.conId): each for each in told if each.account in self._link.accounts}
        reports = [await self._report(position) for position in newest.values() if position.position]
        return [report for report in reports if report is not None]

    async def _follow_portfolio(self, api: Api) -> None:
        """Subscribe to what TWS counts positions at; it tells that of one account at a time."""
        if len(self._link.accounts) != 1:
            return
        await self._pace.turn()
        await api.ask(
            "for the portfolio",
            lambda: api.reqAccountUpdatesAsync(self._link.accounts[0]),
            timeout_s=self._link.options.request_timeout_s,
            key="accountValues",
        )

    async def _read_values(self, api: Api, account_id: str) -> int:
        """Subscribe to an account's values, wait until all were told; return the request's id."""
        await self._pace.turn()
        request_id = api.new_request_id()
        await api.ask(
            f"for the values of {account_id}",
            lambda: api.start(
                request_id,
                lambda: api.client.reqAccountUpdatesMulti(request_id, account_id, "", False),  # noqa: FBT003 - ib_async's
            ),
            timeout_s=self._link.options.request_timeout_s,
        )
        return request_id

    def _summary(self, api: Api, account_id: str) -> AccountSummary:
        profit = self._profit.get(account_id, Profit())
        return summary_of(account_id, _values(api, account_id), profit, self._link.now_ns())

    async def _report(self, position: Position) -> PositionReport | None:
        """Return a position; None, and a line in the log, for a kind of contract that is not in this version."""
        try:
            listing = await self._catalogue.learn(position.contract)
        except (NotFound, Unsupported) as error:
            if not self._link.connectivity.knows_contracts:
                raise BrokerUnreachable(error.detail) from error
            if position.contract.conId not in self._left_out:
                self._left_out.add(position.contract.conId)
                _log.warning("position_left_out", contract=position.contract.localSymbol, reason=error.detail)
            return None
        return self._report_of(position, listing)

    def _report_of(self, position: Position, listing: Listing) -> PositionReport:
        """TWS's average cost is that of a whole contract, in the currency itself and with commissions."""
        cost = number(position.avgCost)
        item = self._counted.get((position.account, position.contract.conId))
        return PositionReport(
            account_id=position.account,
            instrument_id=listing.instrument.instrument_id,
            leg=LEG,
            quantity=number(position.position) or Decimal(0),
            average_price=cost / listing.instrument.multiplier if cost and position.position else None,
            mark_price=price(item.marketPrice) if item else None,
            unrealized_pnl=number(item.unrealizedPNL) if item else None,
            leverage=None,
            take_profit=None,
            stop_loss=None,
            ts_event_ns=self._link.now_ns(),
            average_has_fees=True,
        )

    def _on_portfolio(self, item: PortfolioItem) -> None:
        """Take what a position is counted at, and tell the position anew."""
        self._counted[item.account, item.contract.conId] = item
        self._on_position(Position(item.account, item.contract, item.position, item.averageCost))

    def _on_position(self, position: Position) -> None:
        if position.account not in self._link.accounts:
            return
        listing = self._catalogue.known(position.contract)
        if listing is not None:
            self._updates.put(self._report_of(position, listing))
        else:
            self._background.start(self._learn_and_tell(position))

    async def _learn_and_tell(self, position: Position) -> None:
        try:
            report = await self._report(position)
        except EdgerunnerError as error:  # the next reading of all positions has it
            _log.info("position_not_told", contract=position.contract.localSymbol, reason=error.detail)
            return
        if report is not None:
            self._updates.put(report)

    def _on_value(self, value: AccountValue) -> None:
        self._note(value.account)

    def _on_profit(self, profit: PnL) -> None:
        self._profit[profit.account] = Profit(
            unrealized=number(profit.unrealizedPnL), realized=number(profit.realizedPnL)
        )
        self._note(profit.account)

    def _note(self, account_id: str) -> None:
        """Tell the account's summary soon, together with whatever else changes until then."""
        if account_id not in self._link.accounts:
            return
        if not self._changed:
            self._background.start(self._tell_changed())
        self._changed.add(account_id)

    async def _tell_changed(self) -> None:
        await asyncio.sleep(TOGETHER_S)
        changed, self._changed = self._changed, set()
        if not self._link.is_up:
            return
        for account_id in sorted(changed):
            self._updates.put(self._summary(self._link.api, account_id))


def _values(api: Api, account_id: str) -> dict[tuple[str, str], str]:
    return {(value.tag, value.currency): value.value for value in api.accountValues(account_id) if not value.modelCode}
