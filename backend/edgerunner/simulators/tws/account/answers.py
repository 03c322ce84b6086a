"""What the simulated TWS answers to requests about accounts."""

from collections.abc import Callable, Mapping
from typing import Any

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire import account as wire
from edgerunner.simulators.tws.wire.session import NO_REQUEST, ErrorMessage


class AccountAnswers:
    """Answers one client's requests about accounts."""

    def __init__(self, gateway: Gateway, session: Session) -> None:
        self._gateway = gateway
        self._session = session

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {
            wire.RequestPositions: lambda _: (wire.PositionEnd(),),
            wire.CancelPositions: lambda _: (),
            wire.RequestPositionsMulti: self._for_account(
                lambda request: (wire.PositionMultiEnd(request_id=request.request_id),)
            ),
            wire.CancelPositionsMulti: lambda _: (),
            wire.RequestAccountUpdates: self._account_updates,
            wire.RequestAccountUpdatesMulti: self._for_account(
                lambda request: (wire.AccountUpdateMultiEnd(request_id=request.request_id),)
            ),
            wire.CancelAccountUpdatesMulti: lambda _: (),
            wire.CancelAccountSummary: lambda _: (),
            wire.CancelPnl: lambda _: (),
            wire.CancelPnlSingle: lambda _: (),
        }

    def _account_updates(self, request: wire.RequestAccountUpdates) -> Answer:
        if not self._gateway.knows_account(request.account):
            return (self._unknown_account(request.account, NO_REQUEST),)
        if not request.subscribes:
            return ()
        name = request.account or self._gateway.accounts[0]
        updated = wire.AccountUpdateTime(time=f"{self._gateway.local_time():%H:%M}")
        return (updated, wire.AccountDownloadEnd(account=name))

    def _for_account(self, handler: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
        def checked(request: Any) -> Answer:
            if not self._gateway.knows_account(request.account):
                return (self._unknown_account(request.account, request.request_id),)
            return handler(request)

        return checked

    def _unknown_account(self, name: str, request_id: int) -> ErrorMessage:
        return codes.validation_error(f"Invalid account code '{name}'.", request_id)
