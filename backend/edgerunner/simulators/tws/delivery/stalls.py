"""Lets connections with market data fall silent as the fault ``stall_stream`` has it."""

from edgerunner.simulators.tws.delivery.definitions import BROKER
from edgerunner.simulators.tws.gateway import Gateway


class Stalls:
    """Looks on every beat of the gateway's pulse whether a stream of market data is to fall silent.

    Messages about orders consult the fault themselves.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        gateway.pulse.add(self._look)

    def _look(self) -> None:
        faults = self._gateway.faults
        if not any(fault.name == "stall_stream" for fault in faults.active()):
            return
        for session, symbol in self._gateway.market.streams.listeners():
            name = self._gateway.venue.instrument(symbol).name
            if faults.take(BROKER, "stall_stream", op="stream", symbol=name) is not None:
                session.stall()
