"""What the simulated TWS answers about the session itself: accounts, order ids, time, bulletins."""

from collections.abc import Callable, Mapping
from typing import Any

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire import session as wire


class SessionAnswers:
    """Answers requests about one session."""

    def __init__(self, gateway: Gateway, session: Session) -> None:
        self._gateway = gateway
        self._session = session

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {
            wire.StartApi: lambda _: (codes.read_error("the API has been started already"),),
            wire.RequestIds: lambda _: (self._next_valid_id(),),
            wire.RequestManagedAccounts: lambda _: (self._managed_accounts(),),
            wire.RequestCurrentTime: lambda _: (wire.CurrentTime(time_s=self._gateway.time_s()),),
            wire.RequestUserInfo: lambda request: (wire.UserInfo(request_id=request.request_id, white_branding_id=""),),
            wire.SetServerLogLevel: silent,
            wire.RequestNewsBulletins: silent,
            wire.CancelNewsBulletins: silent,
        }

    def greet(self) -> Answer:
        """Return what follows startApi: accounts, the next order id, the state of the farms."""
        return (self._managed_accounts(), self._next_valid_id(), *self._states())

    def _states(self) -> Answer:
        conditions, farms = self._gateway.conditions, self._gateway.settings.farms
        if conditions.is_cut_off:
            return (codes.not_connected(),)
        market, *others = codes.farm_notices(*farms)
        return (codes.farm_broken(farms[0]) if conditions.is_farm_broken else market, *others)

    def _managed_accounts(self) -> wire.ManagedAccounts:
        return wire.ManagedAccounts(accounts=",".join(self._gateway.accounts))

    def _next_valid_id(self) -> wire.NextValidId:
        return wire.NextValidId(order_id=self._gateway.next_order_id(self._session.client_id))


def silent(_: object) -> Answer:
    """Answer nothing: there are no bulletins, and nothing is logged."""
    return ()
