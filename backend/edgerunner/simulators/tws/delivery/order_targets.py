"""What a request about an order names: an order that exists, or one as the request describes it."""

from edgerunner.simulators.tws.contracts.directory import NoContract
from edgerunner.simulators.tws.contracts.names import name_of
from edgerunner.simulators.tws.delivery.calls import Target
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.wire.orders import PlaceOrder
from edgerunner.simulators.tws.wire.values import Contract

FORCED: str = "forced"
"""Why a placement counts as refused that a fault refused."""


class OrderTargets:
    """Finds the orders of requests."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def target(self, client_id: int, request: object) -> Target | None:
        """Return the order that a request is about, None when it does not exist."""
        return None

    def described(self, client_id: int, request: object) -> Target | None:
        """Return an order as the request itself names it, None when it names none."""
        symbol = self._symbol(request)
        if isinstance(request, PlaceOrder):
            return Target(client_key=request.order.order_ref or f"{client_id}/{request.order_id}", symbol=symbol)
        return None if symbol is None else Target(client_key=None, symbol=symbol)

    def count_refusal(self, client_id: int, request: PlaceOrder) -> None:
        """Count a placement that was refused before it reached the book."""
        asked = self.described(client_id, request)
        if asked is not None and asked.client_key is not None and asked.symbol is not None:
            account_id = request.order.account or self._gateway.accounts[0]
            self._gateway.venue.count_refused_placement(account_id, asked.client_key, asked.symbol, FORCED)

    def _symbol(self, request: object) -> str | None:
        contract = getattr(request, "contract", None)
        if not isinstance(contract, Contract):
            return None
        try:
            return name_of(self._gateway.directory.resolve(contract))
        except NoContract:
            return None
