"""Bybit behind the broker contract: unified account, spot, linear and inverse contracts, one-way and hedge mode."""

import random as random_module
from collections.abc import Mapping, Sequence
from decimal import Decimal

from edgerunner.adapters.broker import (
    CancelOrder,
    Capabilities,
    CashReport,
    Environment,
    FillReport,
    ModifyOrder,
    OrderAck,
    OrderLookup,
    OrderReport,
    PlaceOrder,
    PositionReport,
)
from edgerunner.adapters.bybit.capabilities import capabilities
from edgerunner.adapters.bybit.market_session import MarketSession
from edgerunner.adapters.bybit.options import Credentials, Options, parse_credentials, parse_options
from edgerunner.adapters.bybit.server_clock import Clock
from edgerunner.adapters.bybit.session import BybitSession, open_session
from edgerunner.domain.accounts import Account, AccountMode, AccountSettings, AccountSummary, MarginMode
from edgerunner.domain.orders import OrderTerms


def create_bybit_adapter(
    *,
    connection_id: str,
    environment: Environment,
    credentials: Mapping[str, str],
    options: Mapping[str, object],
    clock: Clock,
    random: random_module.Random,
) -> "BybitAdapter":
    """Return an adapter that is not connected yet.

    ``credentials``: ``api_key`` and ``api_secret`` or ``private_key`` (RSA, PEM). ``options``: the
    fields of ``Options`` and the addresses of ``endpoints_of``. ``random`` spreads retries.
    Raises ``InvalidRequest`` naming every wrong or missing field.
    """
    return BybitAdapter(
        connection_id,
        parse_options(environment, options),
        parse_credentials(credentials),
        clock=clock,
        random=random,
    )


class BybitAdapter(MarketSession[BybitSession]):
    """One session with one Bybit account; every method is that of ``BrokerAdapter``."""

    def __init__(
        self,
        connection_id: str,
        options: Options,
        credentials: Credentials,
        *,
        clock: Clock,
        random: random_module.Random,
    ) -> None:
        super().__init__(connection_id)
        self._options = options
        self._credentials = credentials
        self._clock = clock
        self._random = random

    def __repr__(self) -> str:
        return f"BybitAdapter({self._name!r}, {self._options.endpoints.rest!r})"

    @property
    def capabilities(self) -> Capabilities:
        """Return what this connection can do; complete after ``connect``."""
        return capabilities(None) if self._open is None else self._open.capabilities

    async def connect(self) -> Sequence[Account]:
        """Open the session; raises ``Conflict`` when it is open already."""
        self._require_closed()
        self._open = await open_session(self._options, self._credentials, clock=self._clock, random=self._random)
        return self._open.accounts

    async def get_account_summary(self) -> Sequence[AccountSummary]:
        """Return the account's money."""
        return await self._session.summaries()

    async def get_positions(self) -> Sequence[PositionReport]:
        """Return contract positions, and coins held on their main spot markets."""
        return await self._session.all_positions()

    async def check_order(self, account_id: str, terms: OrderTerms) -> None:
        """Raise what would keep the order from being sent."""
        session = self._session
        await session.orders.check(account_id, terms, session.tradable(account_id, terms.instrument_id))

    async def place_order(self, command: PlaceOrder) -> OrderAck:
        """Send one order, once."""
        session = self._session
        return await session.orders.place(command, session.tradable(command.account_id, command.terms.instrument_id))

    async def modify_order(self, command: ModifyOrder) -> OrderAck:
        """Change a working order."""
        session = self._session
        return await session.orders.modify(command, session.tradable(command.account_id, command.instrument_id))

    async def cancel_order(self, command: CancelOrder) -> OrderAck:
        """Cancel a working order."""
        session = self._session
        return await session.orders.cancel(command, session.listed(command.account_id, command.instrument_id))

    async def get_open_orders(self) -> Sequence[OrderReport]:
        """Return every working order."""
        return await self._session.records.open_orders()

    async def find_order(
        self, *, client_order_id: str | None, venue_order_id: str | None, instrument_id: str, sent_at_ns: int | None
    ) -> OrderLookup:
        """Look an order up in every record Bybit keeps."""
        session = self._session
        return await session.records.find_order(
            session.catalogue.get(instrument_id),
            client_order_id=client_order_id,
            venue_order_id=venue_order_id,
            sent_at_ns=sent_at_ns,
        )

    async def get_fills(self, since_ns: int) -> Sequence[FillReport]:
        """Return executions since a time, oldest first."""
        return await self._session.records.fills(since_ns)

    async def get_cash_movements(self, since_ns: int) -> Sequence[CashReport]:
        """Return cash movements since a time that no fill carries, oldest first."""
        return await self._session.records.cash(since_ns)

    async def get_settings(self, account_id: str) -> AccountSettings:
        """Return the account's modes."""
        return await self._session.controls(account_id).read()

    async def change_settings(
        self, account_id: str, *, position_mode: AccountMode | None, margin_mode: MarginMode | None
    ) -> AccountSettings:
        """Change position mode (of all USDT perpetuals) and margin mode."""
        return await self._session.changeable(account_id).change(position_mode, margin_mode)

    async def set_leverage(self, account_id: str, instrument_id: str, leverage: Decimal) -> None:
        """Set the leverage of a contract."""
        session = self._session
        await session.changeable(account_id).set_leverage(session.catalogue.get(instrument_id), leverage)

    async def set_trailing_stop(
        self,
        account_id: str,
        instrument_id: str,
        *,
        position_id: str | None,
        offset: Decimal | None,
        activation_price: Decimal | None,
    ) -> None:
        """Set or take away the trailing stop of a whole position."""
        session = self._session
        await session.changeable(account_id).set_trailing_stop(
            session.catalogue.get(instrument_id),
            position_id=position_id,
            offset=offset,
            activation_price=activation_price,
        )
