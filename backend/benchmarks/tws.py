"""What the simulated TWS serves: ticks and orders a second, to one client and to ten.

Run by name: `run.py tws`. The simulator is a process of its own without limits of messages and streams. The clients are
plain sockets in this process: they cut frames and look at the message id, so that the figures are the simulator's.
Ticks: every trade and every quote of five stocks and pairs, at a clock that runs `SPEED` times too fast. Orders: each
client places a limit order that rests, cancels it, and goes on as soon as the cancel is told.
"""

import asyncio
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

import psutil
from measurement import Measurement

from edgerunner.simulators.catalogue_ibkr import ibkr_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.market.rights import MarketDataSettings
from edgerunner.simulators.tws.pacing import PacingMode
from edgerunner.simulators.tws.server import create_server
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.codec import REQUESTS
from edgerunner.simulators.tws.wire.frames import frame
from edgerunner.simulators.tws.wire.market_requests import RequestTickByTick
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import CancelOrder, PlaceOrder
from edgerunner.simulators.tws.wire.session import StartApi
from edgerunner.simulators.tws.wire.values import Contract
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings

SECONDS: Final = 5.0
SPEED: Final = 40
CLIENTS: Final = (1, 10)
HOST: Final = "127.0.0.1"
PATIENCE_S: Final = 20.0
STOCKS: Final = ("AAPL", "MSFT", "SPY")
PAIRS: Final = ("EUR", "GBP")
VERSION: Final = 178
TICK: Final = b"99"
ERROR: Final = b"4"
CANCELED: Final = b"202"


def run() -> list[Measurement]:
    """Measure ticks, then orders, with one client and with ten."""
    found = []
    for clients in CLIENTS:
        with simulator(SPEED) as (process, port):
            found += asyncio.run(_ticks(process, port, clients))
    for clients in CLIENTS:
        with simulator(1) as (process, port):
            found += asyncio.run(_orders(process, port, clients))
    return found


@contextmanager
def simulator(speed: int) -> Iterator[tuple[psutil.Process, int]]:
    """Run `serve` of this file in a process of its own; yields it and the port of its TWS."""
    command = [sys.executable, str(Path(__file__).resolve()), str(speed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = int((server.stdout and server.stdout.readline()) or 0)
            yield psutil.Process(server.pid), port
        finally:
            server.terminate()


async def serve(speed: int) -> None:
    """Serve a TWS on a free port, which is printed, until the process is ended."""
    faults = FaultBox(["ibkr"])
    venue = Venue(ibkr_catalogue(), faults, VenueSettings(ledger_path=None, wall=time.time_ns, speed=speed))
    settings = TwsSettings(pacing=PacingMode.LENIENT, market_data=MarketDataSettings(single_ticks=1_000))
    server = create_server(venue, faults, host=HOST, port=0, settings=settings)
    await server.start()
    print(server.port, flush=True)
    await venue.run()


class _Client:
    """A plain client: payloads out, payloads in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.ticks = 0

    def send(self, *requests: object) -> None:
        self._writer.write(b"".join(frame(REQUESTS.encode(request, VERSION)) for request in requests))

    async def receive(self) -> list[bytes]:
        async with asyncio.timeout(PATIENCE_S):
            (size,) = struct.unpack(">I", await self._reader.readexactly(4))
            return (await self._reader.readexactly(size)).split(b"\0")

    async def count_ticks(self) -> None:
        """Count until canceled."""
        while True:
            self.ticks += (await self.receive())[0] == TICK

    async def until(self, message: bytes, code: bytes) -> None:
        while (fields := await self.receive())[0] != message or fields[3] != code:
            pass


@asynccontextmanager
async def _client(port: int, number: int) -> AsyncIterator[_Client]:
    reader, writer = await asyncio.open_connection(HOST, port, limit=1 << 22)
    writer.write(b"API\0" + struct.pack(">I", 9) + b"v157..178")
    client = _Client(reader, writer)
    await client.receive()
    client.send(StartApi(client_id=number))
    while (await client.receive())[0] != b"9":
        pass
    try:
        yield client
    finally:
        writer.transport.abort()


async def _ticks(process: psutil.Process, port: int, count: int) -> list[Measurement]:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client(port, number)) for number in range(1, count + 1)]
        for client in clients:
            client.send(*_subscriptions())
        counting = [asyncio.create_task(client.count_ticks()) for client in clients]
        await asyncio.sleep(1)
        ticks, busy, began = sum(client.ticks for client in clients), process.cpu_times(), time.monotonic()
        await asyncio.sleep(SECONDS)
        served, now, took = sum(client.ticks for client in clients), process.cpu_times(), time.monotonic() - began
        for task in counting:
            task.cancel()
        await asyncio.gather(*counting, return_exceptions=True)
    cpu_s = now.user + now.system - busy.user - busy.system
    return _told("ticks", count, served - ticks, took, cpu_s)


async def _orders(process: psutil.Process, port: int, count: int) -> list[Measurement]:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client(port, number)) for number in range(1, count + 1)]
        busy, began = process.cpu_times(), time.monotonic()
        done = await asyncio.gather(*(_place(client, began + SECONDS) for client in clients))
        now, took = process.cpu_times(), time.monotonic() - began
    cpu_s = now.user + now.system - busy.user - busy.system
    return _told("orders placed and cancelled", count, sum(done), took, cpu_s)


async def _place(client: _Client, until: float) -> int:
    order_id = 0
    while time.monotonic() < until:
        order_id += 1
        order = OrderTerms(
            action="BUY",
            total_quantity=Decimal(20_000),
            order_type="LMT",
            limit_price=Decimal("0.9"),
            time_in_force="GTC",
        )
        client.send(
            PlaceOrder(order_id=order_id, contract=_contract("EUR"), order=order), CancelOrder(order_id=order_id)
        )
        await client.until(ERROR, CANCELED)
    return order_id


def _subscriptions() -> Iterator[RequestTickByTick]:
    for number, symbol in enumerate((*STOCKS, *PAIRS)):
        contract = _contract(symbol)
        yield RequestTickByTick(request_id=2 * number, contract=contract, tick_type="BidAsk")
        if symbol in STOCKS:
            yield RequestTickByTick(request_id=2 * number + 1, contract=contract, tick_type="AllLast")


def _contract(symbol: str) -> Contract:
    if symbol in STOCKS:
        return Contract(symbol=symbol, sec_type="STK", exchange="SMART", currency="USD")
    return Contract(symbol=symbol, sec_type="CASH", exchange="IDEALPRO", currency="USD")


def _told(what: str, clients: int, served: int, took_s: float, cpu_s: float) -> list[Measurement]:
    to = f"{clients} client" + "s" * (clients > 1)
    return [
        Measurement(name=f"{what}, {to}", value=served / took_s, unit="1/s"),
        Measurement(name=f"{what}, {to}: CPU of the simulator", value=cpu_s / served * 1e6, unit="us each"),
        Measurement(name=f"{what}, {to}: a whole core would serve", value=served / cpu_s, unit="1/s"),
        Measurement(name=f"{what}, {to}: simulator busy", value=100 * cpu_s / took_s, unit="% of core"),
    ]


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
