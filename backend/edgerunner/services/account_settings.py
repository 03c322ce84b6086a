"""Leverage, modes and trailing stops: changed at the broker, read back, and written to the log with who wanted it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

import structlog

from edgerunner.adapters.account_controls import AccountControls
from edgerunner.adapters.broker import Capabilities, product_label
from edgerunner.domain.accounts import AccountMode, AccountSettings, MarginMode
from edgerunner.domain.errors import EdgerunnerError, InvalidRequest, NotFound, OutcomeUnknown, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.order_rules import price_error
from edgerunner.services.order_gates import Interlock, Sessions
from edgerunner.services.session import Session

_log = structlog.get_logger(__name__)

COMMAND_TIMEOUT_S = 20.0
"""Bound on one change, its reading back included; adapters have shorter ones of their own."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose setting it is; ``account_id`` None = the connection's only account."""

    connection_id: str
    account_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailingStop:
    """The trailing stop of a whole position; ``offset`` None takes it away."""

    instrument_id: str
    position_id: str | None
    offset: Decimal | None
    activation_price: Decimal | None


class AccountSettingsService:
    """Changes what an account and its positions are set to; every change and refusal is logged with its actor.

    A live account's settings can be read at any time, but are changed only while it is armed (``LiveNotAllowed``).
    """

    def __init__(self, sessions: Sessions, interlock: Interlock) -> None:
        self._sessions = sessions
        self._interlock = interlock

    async def settings(self, target: Target) -> AccountSettings:
        """Return an account's modes; raises ``Unsupported`` where the broker has none to show."""
        session, account_id = self._addressed(target)
        return await _bounded(_controls(session).get_settings(account_id))

    async def change(
        self, target: Target, *, position_mode: AccountMode | None, margin_mode: MarginMode | None, actor: str
    ) -> AccountSettings:
        """Change the modes that are not None; returns all of them as the broker then shows them.

        Raises ``InvalidRequest`` when none is given, ``Unsupported``, ``BrokerRejected`` (open positions or orders,
        margin), ``OutcomeUnknown``.
        """
        session, account_id = self._changeable(target)
        if position_mode is None and margin_mode is None:
            raise InvalidRequest.of("body", "required", "give at least one of position_mode, margin_mode")
        _require_modes(session.adapter.capabilities, position_mode, margin_mode)
        controls = _controls(session)
        after = await _recorded(
            controls.change_settings(account_id, position_mode=position_mode, margin_mode=margin_mode),
            actor=actor,
            connection_id=session.connection_id,
            account_id=account_id,
            setting="modes",
            value=[str(mode) for mode in (position_mode, margin_mode) if mode is not None],
        )
        if after.position_mode is not None:
            _note_mode(session, account_id, after.position_mode)
        return after

    async def set_leverage(self, target: Target, instrument_id: str, leverage: Decimal, *, actor: str) -> str:
        """Set an instrument's leverage; returns the account it was set for."""
        session, account_id = self._changeable(target)
        instrument = _supported(session, instrument_id, "leverage")
        await _recorded(
            _controls(session).set_leverage(account_id, instrument.instrument_id, leverage),
            actor=actor,
            connection_id=session.connection_id,
            account_id=account_id,
            instrument_id=instrument_id,
            setting="leverage",
            value=to_plain(leverage),
        )
        return account_id

    async def set_trailing_stop(self, target: Target, wanted: TrailingStop, *, actor: str) -> str:
        """Set or take away a position's trailing stop; returns the account it was set for.

        Setting one is a way out of the position and needs no arming, like every cancel and close.
        """
        session, account_id = self._changeable(target) if wanted.offset is None else self._addressed(target)
        instrument = _supported(session, wanted.instrument_id, "trailing_stop")
        _check_prices(instrument, wanted)
        await _recorded(
            _controls(session).set_trailing_stop(
                account_id,
                wanted.instrument_id,
                position_id=wanted.position_id,
                offset=wanted.offset,
                activation_price=wanted.activation_price,
            ),
            actor=actor,
            connection_id=session.connection_id,
            account_id=account_id,
            instrument_id=wanted.instrument_id,
            setting="trailing_stop",
            value=None if wanted.offset is None else to_plain(wanted.offset),
        )
        return account_id

    def _addressed(self, target: Target) -> tuple[Session, str]:
        session = self._sessions.session(target.connection_id)
        account_id = session.account(target.account_id).account_id
        session.require_link()
        return session, account_id

    def _changeable(self, target: Target) -> tuple[Session, str]:
        session, account_id = self._addressed(target)
        self._interlock.require(session.connection_id, session.account(account_id))
        return session, account_id


def _controls(session: Session) -> AccountControls:
    if not isinstance(session.adapter, AccountControls):
        raise Unsupported(f"{session.broker} connections have no settings that can be read or changed here")
    return session.adapter


def _supported(session: Session, instrument_id: str, capability: str) -> Instrument:
    """Return the instrument; raises ``InvalidRequest`` for an unknown one, ``Unsupported`` with the reason."""
    try:
        instrument = session.adapter.get_instrument(instrument_id)
    except NotFound as error:
        raise InvalidRequest.of("instrument_id", "unknown_instrument", error.detail) from error
    product = session.adapter.capabilities.products.get(product_label(instrument))
    if product is None or not getattr(product, capability):
        reason = product.unsupported.get(capability) if product else None
        raise Unsupported(f"{capability} is not supported for {instrument_id}: {reason or 'the broker has none'}")
    return instrument


def _require_modes(
    capabilities: Capabilities, position_mode: AccountMode | None, margin_mode: MarginMode | None
) -> None:
    offered = ((position_mode, capabilities.position_modes), (margin_mode, capabilities.margin_modes))
    for mode, modes in offered:
        if mode is not None and mode not in modes:
            reasons = (product.unsupported.get(mode) for product in capabilities.products.values())
            reason = next(filter(None, reasons), "the broker does not switch it by program")
            raise Unsupported(f"{mode} is not supported: {reason}")


def _check_prices(instrument: Instrument, wanted: TrailingStop) -> None:
    for field, value in (("trailing_offset", wanted.offset), ("trigger_price", wanted.activation_price)):
        error = None if value is None else price_error(field, value, instrument)
        if error is not None:
            raise InvalidRequest.of(error.field, error.code, error.message)


def _note_mode(session: Session, account_id: str, mode: AccountMode) -> None:
    session.accounts = tuple(
        replace(account, mode=mode) if account.account_id == account_id else account for account in session.accounts
    )


async def _recorded(change: Awaitable[T], **about: object) -> T:
    """Carry a change out and log it, whatever becomes of it."""
    try:
        result = await _bounded(change)
    except EdgerunnerError as error:
        _log.warning("account_setting_not_changed", code=error.code, reason=error.detail, **about)
        raise
    _log.info("account_setting_changed", **about)
    return result


async def _bounded(change: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            return await change
    except TimeoutError as error:
        text = "the broker did not answer in time; read the setting back, or set it again: that does no harm"
        raise OutcomeUnknown(text) from error
