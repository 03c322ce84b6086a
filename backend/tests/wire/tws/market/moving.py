"""A simulated TWS whose time the test moves, and what its clients are told meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from edgerunner.simulators.tws.pacing import PacingMode
from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.session import CurrentTime, RequestCurrentTime
from edgerunner.simulators.tws.wire.values import Contract
from tests.wire.tws.kit import NOW_NS, Client, running_tws

BEAT_NS = 250_000_000
AAPL = Contract(con_id=265598, exchange="SMART")
MSFT = Contract(con_id=272093, exchange="SMART")
SPY = Contract(con_id=756733, exchange="SMART")
EURO = Contract(symbol="EUR", sec_type="CASH", currency="USD", exchange="IDEALPRO")
ES = Contract(symbol="ES", sec_type="FUT", exchange="CME", expiry="202612")
CALL = Contract(symbol="SPY", sec_type="OPT", exchange="SMART", expiry="20261218", strike=Decimal(600), right="C")


@dataclass
class MovingTws:
    """The server and the hand on its clock."""

    server: TwsServer
    clock: list[int]

    @property
    def port(self) -> int:
        return self.server.port

    def pass_s(self, seconds: float) -> None:
        """Let time pass beat by beat."""
        for _ in range(round(seconds * 1e9 / BEAT_NS)):
            self.clock[0] += BEAT_NS
            self.server.gateway.pulse.beat()


@asynccontextmanager
async def moving_tws(settings: TwsSettings | None = None, *, at: datetime | None = None) -> AsyncIterator[MovingTws]:
    """A TWS without pacing limits that begins on Monday 10:30 in New York, or ``at`` another time."""
    clock = [NOW_NS if at is None else int(at.timestamp()) * 10**9]
    settings = replace(settings or TwsSettings(), pacing=PacingMode.LENIENT)
    async with running_tws(settings, wall=lambda: clock[0]) as server:
        yield MovingTws(server, clock)


async def told(client: Client) -> list[Any]:
    """What a client was told up to now."""
    client.send(RequestCurrentTime())
    found: list[Any] = []
    while not isinstance(message := await client.message(), CurrentTime):
        found.append(message)
    return found


async def answers(client: Client, request: object) -> list[Any]:
    """What a request is answered with at once."""
    client.send(request)
    return await told(client)
