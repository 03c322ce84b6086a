"""What a drill must know of a broker. The rows are written once against this; a broker is a value of it.

Another broker is one more entry of ``BROKERS``. It needs

* a simulator: ``edgerunner sim NAME --json`` prints its port, ``EDGERUNNER_SIM_<NAME>_PORT`` sets it, and its control
  port knows the common faults and hold points, ``fill``, ``orders``, ``liquidate``, ``cash``, ``market``,
  ``history/forget`` and ``clock`` (``simulators/control.py``), with the same members in its ledger;
* ``markets``: the first one a derivative that takes exits, each with the broker's name of it in the ledger, and steps
  and sizes that its account can pay for twenty times over;
* ``access_of``: the ``credentials`` and ``options`` with which ``POST /broker/connect`` goes through the proxy at a
  port of this machine, waits for answers for ``answer_s`` and beats every ``heartbeat_s``;
* ``reject``: the parameters of the fault ``reject`` that mean "not enough money";
* ``without``: rows that the broker's protocol cannot have, each with the reason; they are printed as skipped.

``python -m tests.drills --broker NAME`` runs the rows on it.
"""

import random
from collections.abc import Callable, Mapping, Sequence
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

    def other_quantity(self, draw: random.Random, present: str) -> str:
        """Return a random quantity that is a change: the same one again would never reach the broker."""
        while Decimal(quantity := self.quantity(draw)) == Decimal(present):
            continue
        return quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker under drill.

    Attributes:
        name: As in the API, at the simulators' control port and in the names of their settings.
        environment: What ``POST /broker/connect`` calls the simulated account's kind.
        markets: Derivatives first: exits and brackets are drilled on the first one.
        access_of: Returns credentials (the simulator's, public on purpose) and options for a port of this machine.
        reject: Parameters of the fault ``reject`` that mean "not enough money".
        currency: In which the account is paid.
        answer_s: How long the product waits for an answer in a drill.
        heartbeat_s: Silence of twice as long makes the product give a link up.
        settle_s: How long the slowest proof of this broker takes, with reserve.
        reduces_only: An order can be bound to a position; else that is refused before anything is sent.
        changes_quantity: A working order's quantity can be changed; else its price is.
        without: Rows that this broker cannot have, with the reason.
    """

    name: str
    environment: str
    markets: Sequence[Market]
    access_of: "Callable[[Broker, int], Json]"
    reject: Json
    currency: str
    answer_s: float = 2
    heartbeat_s: float = 5
    settle_s: float = 60
    reduces_only: bool = True
    changes_quantity: bool = True
    without: Mapping[str, str] = field(default_factory=dict)

    def connection(self, connection_id: str, port: int) -> Json:
        """Return the body of POST /broker/connect for a connection by way of a port of this machine."""
        return {
            "broker": self.name,
            "environment": self.environment,
            "connection_id": connection_id,
            **self.access_of(self, port),
        }

    def market_of(self, instrument_id: str) -> Market:
        """Return the market of an instrument."""
        return next(market for market in self.markets if market.instrument_id == instrument_id)

    def instrument_ids(self) -> dict[str, str]:
        """Return the instruments by the broker's names of them, as its ledger has them."""
        return {market.symbol: market.instrument_id for market in self.markets}


_NO_TERMINAL: Mapping[str, str] = dict.fromkeys(("M1", "M2", "M3", "M4"), "a row of MetaTrader 5's terminal")


def _bybit_access(broker: Broker, port: int) -> Json:
    return {
        "credentials": {"api_key": "sim-key", "api_secret": "sim-secret"},
        "options": {
            "base_url": f"http://127.0.0.1:{port}",
            "request_timeout_s": broker.answer_s,
            "heartbeat_s": broker.heartbeat_s,
        },
    }


BYBIT = Broker(
    name="bybit",
    environment="testnet",
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
    access_of=_bybit_access,
    reject={"code": "110007", "text": "ab not enough for new order"},
    currency="USDT",
    without={
        "B1": "nothing stands between its API and its exchange that could be cut off",
        "B2": "as B1; it has no nightly reset",
        "B5": "executions and orders have streams of their own: F4 swaps their messages",
        "B8": "it gives no order ids: orders are placed under our keys",
        **_NO_TERMINAL,
    },
)


def _ibkr_access(broker: Broker, port: int) -> Json:
    return {
        "credentials": {"host": "127.0.0.1", "port": str(port)},
        "options": {"request_timeout_s": broker.answer_s, "heartbeat_s": broker.heartbeat_s},
    }


def _stock(symbol: str) -> Market:
    return Market(instrument_id=f"{symbol}.IBKR", symbol=symbol, tick=Decimal("0.01"), step=Decimal(1), most_steps=20)


IBKR = Broker(
    name="ibkr",
    environment="paper",
    markets=(_stock("AAPL"), _stock("MSFT"), _stock("SPY")),
    access_of=_ibkr_access,
    reject={"code": "201", "text": "Order rejected - reason:insufficient funds"},
    currency="USD",
    reduces_only=False,
    without={"F8": "requests carry no time stamp", **_NO_TERMINAL},
)


def _mt5_access(broker: Broker, port: int) -> Json:
    return {
        "credentials": {"login": "1000001", "bridge_token": "sim-token"},
        "options": {
            "bridge_url": f"http://127.0.0.1:{port}",
            "request_timeout_s": broker.answer_s,
            "order_timeout_s": broker.answer_s,
            "settle_s": 5,
        },
    }


MT5 = Broker(
    name="mt5",
    environment="demo",
    markets=(
        Market(
            instrument_id="EURUSD.MT5", symbol="EURUSD", tick=Decimal("0.00001"), step=Decimal("0.01"), most_steps=20
        ),
        Market(
            instrument_id="GBPUSD.MT5", symbol="GBPUSD", tick=Decimal("0.00001"), step=Decimal("0.01"), most_steps=20
        ),
        Market(instrument_id="BTCUSD.MT5", symbol="BTCUSD", tick=Decimal("0.01"), step=Decimal("0.01"), most_steps=20),
    ),
    access_of=_mt5_access,
    reject={"code": "10019", "text": "No money"},
    currency="USD",
    changes_quantity=False,
    without={
        **dict.fromkeys(("F4", "F4b", "B4", "F6"), "a terminal tells nothing by itself: its records are read"),
        **dict.fromkeys(("B1", "B2", "B5", "B8"), "bugs of programs that trade at Interactive Brokers"),
        "F8": "requests carry no time stamp",
        "F19": "a trade server keeps the whole history of an account",
    },
)
"""Through the bridge, on the account that keeps positions by ticket."""

BROKERS = {broker.name: broker for broker in (BYBIT, IBKR, MT5)}
