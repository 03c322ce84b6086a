"""The order path of one connection: what hears, sends and reads orders, put together and bound to the link's life."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from ib_async.contract import Contract

from edgerunner.adapters.background import Background
from edgerunner.adapters.broker import CashReport, FillReport, OrderReport
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.order_book import Record
from edgerunner.adapters.ibkr.order_desk import OrderDesk
from edgerunner.adapters.ibkr.orders import OrderEntry
from edgerunner.adapters.ibkr.placement import OrderStyle
from edgerunner.adapters.ibkr.records import ProofRule, Records
from edgerunner.adapters.ibkr.what_if import WhatIf
from edgerunner.domain.errors import EdgerunnerError, NotConnected
from edgerunner.domain.instruments import Instrument

_log = structlog.get_logger(__name__)

SECOND_LOOK_S: Final = 2.0
"""How long after a refusing code without a status the order is looked up."""


class OrderPath:
    """Owns the order desk and its few background reads.

    ``qualify`` makes an instrument known or raises; ``renew`` asks the reader to read everything again.
    """

    def __init__(
        self,
        *,
        account_ids: Callable[[], frozenset[str]],
        instrument_of: Callable[[Contract], Instrument | None],
        qualify: Callable[[Contract], Awaitable[object]],
        tell: Callable[[OrderReport | FillReport | CashReport], None],
        ready: Callable[[], None],
        renew: Callable[[str], None],
        now_ns: Callable[[], int],
        style: OrderStyle,
        timeout_s: float,
        settle_ns: int,
    ) -> None:
        self._api: Api | None = None
        self._qualify = qualify
        self._renew = renew
        self._asked: set[int] = set()
        self._background = Background()
        self.desk = OrderDesk(
            account_ids=account_ids,
            instrument_of=instrument_of,
            stranger=self._on_stranger,
            tell=tell,
            suspect=self._on_suspect,
            now_ns=now_ns,
        )
        self.entry = OrderEntry(self._connected, self.desk, ready=ready, style=style, timeout_s=timeout_s)
        self.what_if = WhatIf(self._connected, self.desk, style=style, timeout_s=timeout_s)
        self.records = Records(
            self._connected,
            self.desk,
            qualify=qualify,
            now_ns=now_ns,
            proof=ProofRule(settle_ns=settle_ns),
            timeout_s=timeout_s,
        )

    async def open(self, api: Api) -> None:
        """Begin with a connection that has logged on: read the orders that work, so that they can be commanded."""
        self._api = api
        self.desk.start_anew(api.client.clientId)
        await self.records.open_orders()

    def closed(self, reason: str) -> None:
        """Note that the connection is gone: nobody can be answered on it."""
        self._api = None
        self.desk.lost(reason)

    async def stop(self) -> None:
        """End everything."""
        self.desk.close()
        await self._background.stop()

    def _connected(self) -> Api:
        if self._api is None:
            raise NotConnected("TWS is not connected; it is dialled again by itself")
        return self._api

    def _on_stranger(self, contract: Contract) -> None:
        """An order or execution of an instrument that is not known yet: learn it, once at a time."""
        if contract.conId not in self._asked:
            self._asked.add(contract.conId)
            self._background.start(self._learn(contract))

    async def _learn(self, contract: Contract) -> None:
        try:
            await self._qualify(contract)
        except EdgerunnerError as error:
            _log.warning("ibkr_instrument_not_read", con_id=contract.conId, reason=error.detail)
            return
        finally:
            self._asked.discard(contract.conId)
        self.desk.relearn()
        self._renew(f"{contract.localSymbol or contract.symbol} was not known when news of it arrived")

    def _on_suspect(self, record: Record) -> None:
        """A refusing code for an order that works: its status may follow, or not; then TWS's lists tell."""
        self._background.start(self._second_look(record))

    async def _second_look(self, record: Record) -> None:
        before = record.status
        await asyncio.sleep(SECOND_LOOK_S)
        if record.status != before:
            return
        self._renew(f"order {record.perm_id} was refused ({record.code}) and no status followed")
