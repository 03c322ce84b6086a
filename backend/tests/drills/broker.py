"""What a drill must know of a broker. The rows are written once against this; a broker is a value of it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One instrument that drills trade: its id here, its name at the broker, its steps, and sizes that always fit."""

    instrument_id: str
    symbol: str
    tick: Decimal
    step: Decimal
    most_steps: int

    def price(self, mid: Decimal, offset: str | Decimal) -> str:
        """Return a price at a fraction off ``mid``, on a tick."""
        wanted = mid * (1 + Decimal(offset))
        return format((wanted // self.tick) * self.tick, "f")

    def quantity(self, draw: random.Random) -> str:
        """Return a random quantity that the market takes."""
        return format(self.step * draw.randint(max(self.most_steps // 10, 1), self.most_steps), "f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker under drill.

    Attributes:
        name: As in the API and at the simulators' control port.
        credentials: Of the simulator; public on purpose.
        markets: Derivatives first: exits and brackets are drilled on the first one.
        reject: Parameters of the fault ``reject`` that mean "not enough money".
        answer_s: How long the product waits for an answer in a drill.
        settle_s: How long the slowest proof of this broker takes, with reserve.
    """

    name: str
    credentials: Mapping[str, str]
    markets: Sequence[Market]
    reject: Json = field(default_factory=dict)
    answer_s: float = 2
    settle_s: float = 60

    def connection(self, connection_id: str, url: str) -> Json:
        """Return the body of POST /broker/connect for a connection by way of ``url``."""
        return {
            "broker": self.name,
            "environment": "testnet",
            "connection_id": connection_id,
            "credentials": dict(self.credentials),
            "options": {"base_url": url, "request_timeout_s": self.answer_s},
        }


BYBIT = Broker(
    name="bybit",
    credentials={"api_key": "sim-key", "api_secret": "sim-secret"},
    markets=(
        Market(
            instrument_id="BTCUSDT-LINEAR.BYBIT",
            symbol="BTCUSDT",
            tick=Decimal("0.1"),
            step=Decimal("0.001"),
            most_steps=20,
        ),
        Market(
            instrument_id="ETHUSDT-LINEAR.BYBIT",
            symbol="ETHUSDT",
            tick=Decimal("0.01"),
            step=Decimal("0.01"),
            most_steps=40,
        ),
        Market(
            instrument_id="SOLUSDT-LINEAR.BYBIT",
            symbol="SOLUSDT",
            tick=Decimal("0.01"),
            step=Decimal("0.1"),
            most_steps=80,
        ),
    ),
    reject={"code": "110007", "text": "ab not enough for new order"},
)

BROKERS = {broker.name: broker for broker in (BYBIT,)}
