"""From pushes of the private stream to updates for the reader."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from edgerunner.adapters.background import Background
from edgerunner.adapters.buffers import UpdateBuffer
from edgerunner.adapters.bybit.account import WalletBook, position_report
from edgerunner.adapters.bybit.environments import DATA_CATEGORIES
from edgerunner.adapters.bybit.executions import ExecutionMapper, is_cash_only, is_fill
from edgerunner.adapters.bybit.instruments import Catalogue, Listing
from edgerunner.adapters.bybit.legs import PositionModes
from edgerunner.adapters.bybit.orders import OrderMapper
from edgerunner.adapters.bybit.records import Records
from edgerunner.adapters.bybit.values import Malformed, Strangers, nanoseconds, required_nanoseconds
from edgerunner.adapters.bybit.wire import Execution, Order, Position, Push, Wallet, decoded, raw_text
from edgerunner.domain.errors import EdgerunnerError, NotFound

_log = structlog.get_logger(__name__)

_LOG_LAG_S: Final = (1.0, 4.0, 15.0)
"""Pauses before reading the transaction log after a funding execution; the log may come later."""


class PrivateEvents:
    """Maps pushes; owns the few background reads that a push can make necessary."""

    def __init__(
        self,
        *,
        account_id: str,
        catalogue: Catalogue,
        records: Records,
        wallet: WalletBook,
        updates: UpdateBuffer,
        strangers: Strangers,
        renew: Callable[[str], None],
        modes: PositionModes,
    ) -> None:
        self._account_id = account_id
        self._catalogue = catalogue
        self._records = records
        self._wallet = wallet
        self._updates = updates
        self._strangers = strangers
        self._renew = renew
        self._modes = modes
        self._orders = OrderMapper(account_id, strangers)
        self._executions = ExecutionMapper(account_id)
        self._background = Background()
        self._asked: set[tuple[str, str]] = set()

    async def stop(self) -> None:
        """End the background reads."""
        await self._background.stop()

    def receive(self, push: Push) -> None:
        """Map one push; raises ``Malformed`` when it holds an order or execution that cannot be read.

        Positions and wallets are states that are read again anyway: an unreadable one is reported.
        """
        for row in decoded(push.data, list[msgspec.Raw]):
            match push.topic.partition(".")[0]:
                case "order":
                    self._order(row)
                case "execution":
                    self._execution(row)
                case "position" | "wallet" as topic:
                    self._state(topic, row, push)
                case other:
                    self._strangers.met("topic", other)

    def _order(self, row: msgspec.Raw) -> None:
        order = decoded(row, Order)
        listing = self._listing(order.category, order.symbol)
        if listing is not None:
            self._updates.put(self._orders.report(order, listing, raw_text(row)))

    def _execution(self, row: msgspec.Raw) -> None:
        execution = decoded(row, Execution)
        if is_cash_only(execution.exec_type):
            since_ns = required_nanoseconds(execution.exec_time, "execTime")
            self._background.start(self._read_cash(since_ns - 60 * 10**9))
        elif is_fill(execution.exec_type, self._strangers):
            listing = self._listing(execution.category, execution.symbol)
            is_hedged = None if listing is None else self._mode(listing)
            if listing is not None and is_hedged is not None:
                self._updates.put(self._executions.report(execution, listing, raw_text(row), is_hedged=is_hedged))

    def _state(self, topic: str, row: msgspec.Raw, push: Push) -> None:
        try:
            if topic == "position":
                self._position(row, push)
            else:
                self._money(row, push)
        except Malformed as error:
            self._strangers.met(f"unreadable {topic}", str(error))

    def _position(self, row: msgspec.Raw, push: Push) -> None:
        position = decoded(row, Position)
        listing = self._listing(position.category, position.symbol)
        if listing is not None:
            self._modes.note(listing, position.position_idx)
            ts_ns = nanoseconds(push.creation_time)
            self._updates.put(position_report(self._account_id, position, listing, ts_ns=ts_ns))

    def _money(self, row: msgspec.Raw, push: Push) -> None:
        wallet = decoded(row, Wallet)
        ts_ns = required_nanoseconds(push.creation_time, "creationTime")
        self._updates.put(self._wallet.merge(wallet, ts_ns))
        for report in self._wallet.inventory(wallet.coin, ts_ns):
            self._updates.put(report)

    def _listing(self, category: object, symbol: object) -> Listing | None:
        """Return the instrument, or None for products outside of this version and for new ones.

        A new one is fetched; then the link is renewed, so that the reader reads again what was skipped.
        """
        if not isinstance(category, str) or not isinstance(symbol, str):
            raise Malformed("category or symbol is missing")
        if category not in DATA_CATEGORIES:
            return None
        listing = self._catalogue.known(category, symbol)
        if listing is None and (category, symbol) not in self._asked:
            self._asked.add((category, symbol))
            self._background.start(self._fetch(category, symbol))
        return listing

    def _mode(self, listing: Listing) -> bool | None:
        """Return whether the contract has legs; None when it must be asked: the link is renewed then."""
        mode = self._modes.known(listing)
        if mode is None and (listing.category, f"mode of {listing.symbol}") not in self._asked:
            self._asked.add((listing.category, f"mode of {listing.symbol}"))
            self._background.start(self._ask_mode(listing))
        return mode

    async def _ask_mode(self, listing: Listing) -> None:
        try:
            await self._modes.is_hedged(listing)
        except EdgerunnerError as error:
            _log.warning("bybit_position_mode_not_read", symbol=listing.symbol, reason=error.detail)
        self._asked.discard((listing.category, f"mode of {listing.symbol}"))
        self._renew(f"the position mode of {listing.symbol} was not known when an execution arrived")

    async def _fetch(self, category: str, symbol: str) -> None:
        try:
            await self._catalogue.find(category, symbol)
        except NotFound as error:
            _log.error("bybit_event_of_unknown_instrument", category=category, symbol=symbol, reason=error.detail)
            return
        except EdgerunnerError as error:
            _log.warning("bybit_instrument_not_read", category=category, symbol=symbol, reason=error.detail)
            self._asked.discard((category, symbol))
        self._renew(f"{symbol} was not known when an event of it arrived")

    async def _read_cash(self, since_ns: int) -> None:
        """Report the movement behind a cash execution from the log, which alone knows its id."""
        for pause_s in _LOG_LAG_S:
            await asyncio.sleep(pause_s)
            try:
                movements = await self._records.cash(since_ns)
            except EdgerunnerError as error:
                _log.info("bybit_log_not_read", reason=error.detail)
                continue
            for movement in movements:
                self._updates.put(movement)
            if movements:
                return
