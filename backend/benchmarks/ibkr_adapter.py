"""What one tick and one order cost in the IB adapter, and how much of it is ib_async's.

Run by name: `run.py ibkr_adapter`. Ticks: the same bytes of the wire go through the same ib_async twice in one process,
once bare and once inside of our adapter, and through nothing but the splitting of its fields as a floor. Orders: a
simulated TWS in a process of its own; a limit order that rests and its cancel, one after the other, in CPU time of this
process (ib_async lets 45 messages a second out, so that time by the clock says nothing).
"""

import asyncio
import json
import random
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path

from ib_async import IB, LimitOrder, Stock, Trade
from measurement import Measurement

from edgerunner.adapters.broker import CancelOrder, Environment, Feed, MarketSubscription, PlaceOrder
from edgerunner.adapters.ibkr.api import MESSAGES_A_SECOND
from edgerunner.adapters.ibkr_adapter import IBBrokerAdapter, create_ibkr_adapter
from edgerunner.domain.orders import OrderTerms, OrderType, Side

TICKS = 60_000
PER_CHUNK = 20
ORDERS = 150
INSTRUMENT = "EUR/USD.IBKR"
PRICE = Decimal("0.9")
QUANTITY = 20_000
ANSWER_S = 20.0
WINDOW_S = 1.5


def run() -> list[Measurement]:
    """Measure ticks, then orders."""
    with simulator() as port:
        return asyncio.run(_measure(port))


@contextmanager
def simulator() -> Iterator[int]:
    """`edgerunner sim ibkr` on free ports in a fresh data folder; yields the TWS port."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(sys.executable).with_name("edgerunner"))
        command = [program, "sim", "ibkr", "--json", "--data-dir", folder, "--port", "0", "--control-port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                ready = json.loads((server.stdout and server.stdout.readline()) or "{}")
                yield int(ready["simulators"]["ibkr"])
            finally:
                server.terminate()


async def _measure(port: int) -> list[Measurement]:
    adapter = create_ibkr_adapter(
        connection_id="bench",
        environment=Environment.SIMULATED,
        credentials={"port": str(port), "client_id": "41"},
        options={},
        clock=time,
        random=random.SystemRandom(),
    )
    bare = IB()
    await adapter.connect()
    await bare.connectAsync("127.0.0.1", port, clientId=42)
    bare.client.MaxRequests = MESSAGES_A_SECOND
    readers = [asyncio.create_task(_drain(adapter.stream_updates())), asyncio.create_task(_drain(_market(adapter)))]
    try:
        await adapter.load_instrument(INSTRUMENT)
        orders = await _orders(adapter, bare)  # first: bytes put in by hand may split a message of the socket's
        return [*await _ticks(adapter, bare), *orders]
    finally:
        bare.disconnect()
        await adapter.disconnect()
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


async def _ticks(adapter: IBBrokerAdapter, bare: IB) -> list[Measurement]:
    contract = (await bare.qualifyContractsAsync(_contract()))[0]
    if contract is None or isinstance(contract, list):
        raise AssertionError("the simulator lists the contract")
    await adapter.subscribe([MarketSubscription(feed=Feed.QUOTES, instrument_id=INSTRUMENT)])
    ours = adapter._session.link.api  # noqa: SLF001 - bytes are put in where the socket would
    ticker = bare.reqMktData(contract)
    theirs = bare.wrapper.ticker2ReqId["mktData"][ticker]
    (request_id,) = [number for number, sink in ours.ears.sinks.items() if type(sink).__name__ == "QuoteFeed"]
    floor_s = _timed(_split, _chunks(request_id))
    bare_s = await _told(bare.client._onSocketHasData, _chunks(theirs))  # noqa: SLF001 - as above
    ours_s = await _told(ours.client._onSocketHasData, _chunks(request_id))  # noqa: SLF001 - as above
    return [
        Measurement(name="tick: fields split, nothing else (CPU)", value=floor_s / TICKS * 1e6, unit="us"),
        Measurement(name="tick: ib_async alone (CPU)", value=bare_s / TICKS * 1e6, unit="us"),
        Measurement(name="tick: through the adapter, tickers told (CPU)", value=ours_s / TICKS * 1e6, unit="us"),
        Measurement(name="ticks a second through the adapter", value=TICKS / ours_s, unit="1/s"),
        Measurement(name="adapter / ib_async alone", value=ours_s / bare_s, unit="x"),
    ]


def _chunks(request_id: int) -> list[bytes]:
    """Price ticks of one request, bid and ask in turn, twenty to a chunk as TWS sends them."""
    frames = []
    for number in range(TICKS):
        fields = (1, 6, request_id, 1 + number % 2, f"1.{10_000 + number % 997}", 1_000 + number % 89, 1)
        body = "".join(f"{field}\0" for field in fields).encode()
        frames.append(struct.pack(">I", len(body)) + body)
    return [b"".join(frames[first : first + PER_CHUNK]) for first in range(0, TICKS, PER_CHUNK)]


def _split(chunk: bytes) -> None:
    while chunk:
        size = int.from_bytes(chunk[:4], "big")
        chunk[4 : 4 + size].decode().split("\0")
        chunk = chunk[4 + size :]


def _timed(take: Callable[[bytes], None], chunks: list[bytes]) -> float:
    began = time.process_time()
    for chunk in chunks:
        take(chunk)
    return time.process_time() - began


async def _told(take: Callable[[bytes], None], chunks: list[bytes]) -> float:
    """Feed chunks as the event loop would, each followed by its turn for the readers."""
    began = time.process_time()
    for chunk in chunks:
        take(chunk)
        await asyncio.sleep(0)
    return time.process_time() - began


async def _orders(adapter: IBBrokerAdapter, bare: IB) -> list[Measurement]:
    ours = [await _cpu(lambda key=f"BENCH-{number}": _ordered(adapter, key)) for number in range(ORDERS)]  # type: ignore[misc]
    contract = (await bare.qualifyContractsAsync(_contract()))[0]
    await asyncio.sleep(WINDOW_S)  # TWS counts the messages of both clients together, and drops what is too much
    theirs = [await _cpu(lambda: _ordered_bare(bare, contract)) for _ in range(ORDERS)]
    ours_ms, theirs_ms = sum(ours) / ORDERS * 1e3, sum(theirs) / ORDERS * 1e3
    return [
        Measurement(name="order + cancel: ib_async alone (CPU)", value=theirs_ms, unit="ms"),
        Measurement(name="order + cancel: through the adapter (CPU)", value=ours_ms, unit="ms"),
        Measurement(name="adapter / ib_async alone", value=ours_ms / theirs_ms, unit="x"),
    ]


async def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    await work()  # type: ignore[misc]
    return time.process_time() - began


async def _ordered(adapter: IBBrokerAdapter, key: str) -> None:
    instrument = adapter.get_instrument(INSTRUMENT)
    account_id = adapter._session.accounts[0].account_id  # noqa: SLF001 - the bench has no other need of it
    terms = OrderTerms(
        instrument_id=INSTRUMENT,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity=Decimal(QUANTITY),
        quantity_unit=instrument.quantity_unit,
        price=PRICE,
    )
    ack = await adapter.place_order(PlaceOrder(client_order_id=key, account_id=account_id, terms=terms))
    await adapter.cancel_order(
        CancelOrder(
            client_order_id=key,
            venue_order_id=ack.venue_order_id,
            account_id=account_id,
            instrument_id=INSTRUMENT,
        )
    )


async def _ordered_bare(bare: IB, contract: object) -> None:
    trade = bare.placeOrder(contract, LimitOrder("BUY", QUANTITY, float(PRICE), tif="GTC"))  # type: ignore[arg-type]
    await _until(trade, {"PreSubmitted", "Submitted"})
    bare.cancelOrder(trade.order)
    await _until(trade, {"Cancelled", "ApiCancelled"})


async def _until(trade: Trade, words: set[str]) -> None:
    changed = asyncio.Event()

    def note(_: Trade) -> None:
        changed.set()

    trade.statusEvent += note
    try:
        while trade.orderStatus.status not in words:
            changed.clear()
            async with asyncio.timeout(ANSWER_S):
                await changed.wait()
    finally:
        trade.statusEvent -= note


def _contract() -> Stock:
    contract = Stock("EUR", "IDEALPRO", "USD")
    contract.secType = "CASH"
    return contract


async def _market(adapter: IBBrokerAdapter):  # type: ignore[no-untyped-def] # noqa: ANN202 - handed on as it is
    async for update in adapter.stream_market_data():
        yield update


async def _drain(stream: object) -> None:
    with suppress(asyncio.CancelledError):
        async for _ in stream:  # type: ignore[attr-defined]
            pass
