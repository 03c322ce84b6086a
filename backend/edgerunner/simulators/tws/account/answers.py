"""What the simulated TWS answers to requests about accounts: everything at once, then what changes."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.account import composing
from edgerunner.simulators.tws.account.watches import Told, Watches
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire import account as wire
from edgerunner.simulators.tws.wire.session import NO_REQUEST, ErrorMessage

VALUES_PERIOD_NS: Final = 180 * NANOSECONDS
PROFIT_PERIOD_NS: Final = NANOSECONDS
MOST_SUMMARIES: Final = 2
_UPDATES: Final = "updates"
_POSITIONS: Final = "positions"
_SUMMARY: Final = "summary"


class AccountAnswers:
    """Answers one client's requests about accounts."""

    def __init__(self, gateway: Gateway, session: Session) -> None:
        self._gateway = gateway
        self._composer = composing.Composer(gateway)
        self._watches = Watches(gateway.venue, session, gateway.pulse, is_silent=lambda: gateway.conditions.is_cut_off)

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {
            wire.RequestAccountUpdates: self._account_updates,
            wire.RequestPositions: self._positions,
            wire.CancelPositions: lambda _: self._stop(_POSITIONS),
            wire.RequestAccountSummary: self._summary,
            wire.CancelAccountSummary: lambda request: self._stop((_SUMMARY, request.request_id)),
            wire.RequestPositionsMulti: partial(self._of_account, self._positions_multi),
            wire.CancelPositionsMulti: lambda request: self._stop(("positions multi", request.request_id)),
            wire.RequestAccountUpdatesMulti: partial(self._of_account, self._updates_multi),
            wire.CancelAccountUpdatesMulti: lambda request: self._stop(("updates multi", request.request_id)),
            wire.RequestPnl: partial(self._of_account, self._profit),
            wire.CancelPnl: lambda request: self._stop(("profit", request.request_id)),
            wire.RequestPnlSingle: partial(self._of_account, self._single_profit),
            wire.CancelPnlSingle: lambda request: self._stop(("single profit", request.request_id)),
        }

    def _account_updates(self, request: wire.RequestAccountUpdates) -> Answer:
        if not self._gateway.knows_account(request.account):
            return (_unknown_account(request.account, NO_REQUEST),)
        if not request.subscribes:
            return self._stop(_UPDATES)
        account_id = request.account or self._gateway.accounts[0]
        told = self._watches.start(_UPDATES, self._composer.updates(account_id), period_ns=VALUES_PERIOD_NS)
        return (*told, wire.AccountDownloadEnd(account=account_id))

    def _positions(self, _: wire.RequestPositions) -> Answer:
        told = self._watches.start(_POSITIONS, self._composer.positions(self._gateway.accounts))
        return (*told, wire.PositionEnd())

    def _summary(self, request: wire.RequestAccountSummary) -> Answer:
        accounts = self._gateway.accounts if request.group == "All" else (request.group,)
        if not all(account in self._gateway.accounts for account in accounts):
            return (_unknown_account(request.group, request.request_id),)
        key = (_SUMMARY, request.request_id)
        if key in self._watches:
            return (codes.processing_error("Duplicate ticker id", request.request_id),)
        if self._watches.count(_SUMMARY) >= MOST_SUMMARIES:
            cause = "Maximum number of account summary requests exceeded"
            return (codes.processing_error(cause, request.request_id),)
        compose = self._composer.summary(request.request_id, accounts, request.tags)
        told = self._watches.start(key, compose, period_ns=VALUES_PERIOD_NS)
        return (*told, wire.AccountSummaryEnd(request_id=request.request_id))

    def _positions_multi(self, request: wire.RequestPositionsMulti, account_id: str) -> Answer:
        compose = self._composer.positions_multi(request.request_id, account_id)
        told = self._watches.start(("positions multi", request.request_id), compose)
        return (*told, wire.PositionMultiEnd(request_id=request.request_id))

    def _updates_multi(self, request: wire.RequestAccountUpdatesMulti, account_id: str) -> Answer:
        compose = self._composer.updates_multi(request.request_id, account_id, only_ledger=request.wants_ledger)
        told = self._watches.start(("updates multi", request.request_id), compose, period_ns=VALUES_PERIOD_NS)
        return (*told, wire.AccountUpdateMultiEnd(request_id=request.request_id))

    def _profit(self, request: wire.RequestPnl, account_id: str) -> Answer:
        def compose() -> Told:
            return {"": self._gateway.portfolio.profit(request.request_id, account_id)}

        return self._watches.start(("profit", request.request_id), compose, period_ns=PROFIT_PERIOD_NS)

    def _single_profit(self, request: wire.RequestPnlSingle, account_id: str) -> Answer:
        def compose() -> Told:
            symbol = self._composer.symbol_of(account_id, request.con_id)
            if symbol is None:
                return {}
            return {"": self._gateway.portfolio.single(request.request_id, account_id, symbol)}

        return self._watches.start(("single profit", request.request_id), compose, period_ns=PROFIT_PERIOD_NS)

    def _of_account(self, answer: Callable[[Any, str], Answer], request: Any) -> Answer:
        if not self._gateway.knows_account(request.account):
            return (_unknown_account(request.account, request.request_id),)
        return answer(request, request.account or self._gateway.accounts[0])

    def _stop(self, key: object) -> Answer:
        self._watches.stop(key)
        return ()


def _unknown_account(name: str, request_id: int) -> ErrorMessage:
    return codes.validation_error(f"Invalid account code '{name}'.", request_id)
