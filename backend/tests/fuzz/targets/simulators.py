"""The simulators' own doors: parsers by themselves, and running servers that must outlive every caller."""

import asyncio
import json
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
from hypothesis import strategies as st

from edgerunner.mt5_surface.arguments import ArgumentsRefused, read_arguments
from edgerunner.mt5_surface.dtypes import TICKS_DTYPE
from edgerunner.mt5_surface.functions import FUNCTIONS, Calling
from edgerunner.simulators.bybit import codes, envelope, sockets
from edgerunner.simulators.bybit.auth import parse_milliseconds
from edgerunner.simulators.bybit.limits import AddressLimit
from edgerunner.simulators.bybit.order_request import parse_amend, parse_cancel, parse_category, parse_create
from edgerunner.simulators.bybit.server import WireSettings
from edgerunner.simulators.bybit.session import parse_active_time
from edgerunner.simulators.catalogue import bybit_catalogue
from edgerunner.simulators.control import ControlServer
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.ipc import PREFIX, FrameError, decode_value, encode_value, frame_lengths, parse_message
from edgerunner.simulators.mt5.server import TerminalServer, create_server
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.tws.pacing import PacingMode
from edgerunner.simulators.tws.settings import ConnectionLimits, TwsSettings
from edgerunner.simulators.tws.wire.codec import REQUESTS
from edgerunner.simulators.tws.wire.frames import frame
from edgerunner.simulators.tws.wire.session import CurrentTime, RequestCurrentTime
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.fuzz.damage import (
    damaged_bytes,
    damaged_json,
    hostile_scalars,
    hostile_texts,
    json_messages,
    rubbish,
    written,
)
from tests.fuzz.declared import decoded, require
from tests.fuzz.recorded import bybit_documents
from tests.fuzz.target import Target, pure, served
from tests.fuzz.targets.tws_wire import _near_messages, _payloads
from tests.unit.simulators.mt5.terminal.fake_broker import FakeBroker
from tests.wire.bybit.kit import KEY, Simulator, now_ms, running_simulator, sign, signed_headers
from tests.wire.tws.kit import Client, running_tws

ORDER = {
    "category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.010", "price": "30000",
    "orderLinkId": "k", "timeInForce": "GTC", "takeProfit": "40000", "stopLoss": "20000", "tpslMode": "Full",
    "positionIdx": 0, "reduceOnly": False, "triggerPrice": "31000", "triggerDirection": 1, "orderFilter": "Order",
}  # fmt: skip
BODIES: list[Any] = [
    ORDER, {"category": "spot", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Market", "qty": "1"},
    {"category": "linear", "symbol": "BTCUSDT", "orderId": "x", "qty": "0.02"},
    {"category": "linear", "request": [ORDER, ORDER]}, {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5"},
    *bybit_documents("request_vectors"),
]  # fmt: skip
PATHS = (
    "/v5/order/create", "/v5/order/amend", "/v5/order/cancel", "/v5/order/cancel-all", "/v5/order/create-batch",
    "/v5/order/realtime", "/v5/order/history", "/v5/execution/list", "/v5/position/list", "/v5/position/set-leverage",
    "/v5/position/trading-stop", "/v5/position/switch-mode", "/v5/account/wallet-balance", "/v5/market/kline",
    "/v5/account/transaction-log", "/v5/market/orderbook", "/v5/market/tickers", "/v5/market/instruments-info", "/v5/x",
)  # fmt: skip
QUERIES = [
    b"category=linear&symbol=BTCUSDT&limit=50&cursor=abc", b"category=spot&startTime=1&endTime=2&interval=1",
    b"accountType=UNIFIED&coin=USDT", b"category=linear&settleCoin=USDT&openOnly=0&orderLinkId=k&baseCoin=BTC",
]  # fmt: skip


def _bybit_parsers(data: bytes) -> None:
    body = decoded(envelope.parse_body, data, error=codes.WireError)
    decoded(sockets.parse_frame, data, error=codes.WireError)
    decoded(envelope.parse_query, data, error=codes.WireError)
    if body is None:
        return
    decoded(sockets.parse_topics, body, error=codes.WireError)
    category = decoded(parse_category, body, error=codes.WireError)
    if category is not None:
        for parse in (parse_create, parse_amend, parse_cancel):
            decoded(parse, category, body, error=codes.WireError)


def _bybit_words(text: str) -> None:
    decoded(parse_milliseconds, text, "timestamp", error=codes.WireError)
    require(30 <= parse_active_time(text, 600.0) <= 600, "a connection that lives for ever")


@asynccontextmanager
async def _bybit() -> AsyncIterator[Simulator]:
    async with running_simulator(WireSettings(address_limit=AddressLimit(requests=10**9))) as simulator:
        yield simulator


async def _bybit_rest(simulator: Simulator, given: tuple[str, str, bytes, bytes, dict[str, str]]) -> None:
    """Every request is answered with Bybit's envelope, never with a failure of ours; the next caller is served."""
    method, path, query, body, changes = given
    text = body if method == "POST" else b""
    signed = (text if method == "POST" else query).decode("latin-1")
    headers = {**signed_headers(signed), **changes} if signed.isascii() else changes
    try:
        reply = await simulator.request(method, path, query=query.decode("latin-1"), text=text or None, headers=headers)
    except (aiohttp.ClientError, ValueError, UnicodeError):
        return  # this client would not send it
    require(reply.status != 500, f"{method} {path} answered 500: {reply.raw[:200]!r}")
    if reply.status == 200:
        require(reply.code != codes.SERVER_ERROR.code, f"{method} {path}: {reply.raw[:300]!r}")
    require((await simulator.get("/v5/market/time")).status == 200, "the next caller is not served")


OPS: list[Any] = [
    {"op": "subscribe", "req_id": "1", "args": ["orderbook.50.BTCUSDT", "publicTrade.BTCUSDT", "kline.1.BTCUSDT"]},
    {"op": "unsubscribe", "args": ["tickers.BTCUSDT"]}, {"op": "ping", "req_id": "x"},
    {"op": "auth", "args": [KEY, 1_900_000_000_000, "00"]},
    {"op": "order.create", "reqId": "a", "header": {"X-BAPI-TIMESTAMP": "1"}, "args": [ORDER]},
    {"op": "order.cancel-batch", "reqId": "b", "header": {"X-BAPI-TIMESTAMP": "1"}, "args": [{"category": "linear"}]},
]  # fmt: skip


async def _bybit_socket(simulator: Simulator, given: tuple[str, bool, list[bytes], bool]) -> None:
    path, is_authenticated, frames, is_binary = given
    async with simulator.client.ws_connect(f"{simulator.url}{path}", autoping=False) as socket:
        if is_authenticated:
            expires = now_ms() + 5000
            await socket.send_json({"op": "auth", "args": [KEY, expires, sign(f"GET/realtime{expires}")]})
        for data in frames:
            if is_binary:
                await socket.send_bytes(data)
            else:
                await socket.send_frame(data, aiohttp.WSMsgType.TEXT)
    require((await simulator.get("/v5/market/time")).status == 200, "the next caller is not served")


class _Tws:
    def __init__(self, server: Any) -> None:
        self.server = server


@asynccontextmanager
async def _tws() -> AsyncIterator[_Tws]:
    async with running_tws(
        TwsSettings(profile="direct", pacing=PacingMode.LENIENT, limits=ConnectionLimits(start_s=1))
    ) as server:
        yield _Tws(server)


async def _tws_session(site: _Tws, given: tuple[bool, list[bytes]]) -> None:
    """A session is answered or cut; the next client logs on under the same id and is served."""
    is_started, payloads = given
    async with Client(site.server.port) as culprit:
        if is_started:
            await culprit.log_on(7)
        for payload in payloads:
            culprit.send_bytes(frame(payload) if is_started else payload)
        if is_started:
            await _flushed(culprit)
    async with Client(site.server.port) as client:
        await client.log_on(8)
        require(await _flushed(client), "the next client is not served")


async def _flushed(client: Client) -> bool:
    """Read until our own last question is answered; False when the connection is cut before."""
    try:
        client.send(RequestCurrentTime())
        while not isinstance(await client.message(), CurrentTime):
            pass
    except (AssertionError, ConnectionError):
        return False
    return True


CALLS: list[Any] = [
    {"id": 2, "call": "symbol_info", "arguments": {"symbol": "EURUSD"}},
    {"id": 3, "call": "copy_rates_from_pos", "arguments": {"symbol": "EURUSD", "timeframe": 1,
    "start_pos": 0, "count": 3}},
    {"id": 4, "call": "order_send", "arguments": {"request": {
        "action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.1, "magic": 5, "comment": "x"}}},
    {"id": 5, "call": "history_deals_get", "arguments": {"date_from": 1, "date_to": 2_000_000_000}},
    {"id": 6, "call": "copy_ticks_from", "arguments": {"symbol": "EURUSD", "date_from": 5, "count": 3, "flags": -1}},
    {"id": 7, "call": "login", "arguments": {"login": 1000001}},
]  # fmt: skip
INITIALIZE = {"id": 1, "call": "initialize", "arguments": {}}


@asynccontextmanager
async def _terminal() -> AsyncIterator[TerminalServer]:
    settings = Mt5Settings(call_timeout_s=5)
    server = create_server(FakeBroker(), FaultBox(["mt5"]), host="127.0.0.1", port=0, settings=settings)
    await server.start()
    yield server
    await server.stop()


def _framed(text: bytes) -> bytes:
    return PREFIX.pack(len(text), 0) + text


async def _terminal_session(server: TerminalServer, given: tuple[bool, list[bytes], bytes]) -> None:
    is_initialized, calls, rest = given
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        if is_initialized:
            writer.write(_framed(written(INITIALIZE)))
        for call in calls:
            writer.write(_framed(call))
        writer.write(rest)
        writer.write_eof()
        while await reader.read(1 << 16):
            pass
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(_framed(written(INITIALIZE)) + _framed(written(CALLS[0])))
    for wanted in (1, 2):
        text, array = PREFIX.unpack(await reader.readexactly(PREFIX.size))
        answer = json.loads((await reader.readexactly(text + array))[:text])
        require(answer["id"] == wanted and answer["error"][0] == 1, f"the next module is told {answer['error']}")
    writer.transport.abort()


def _ipc(given: tuple[bytes, bytes]) -> None:
    data, array = given
    decoded(frame_lengths, data[:8].ljust(8, b"\0"), 1 << 20, error=FrameError)
    message = decoded(parse_message, data, error=FrameError)
    if message is not None:
        decoded(decode_value, message, array, error=FrameError)


def _arguments(given: tuple[str, tuple[Any, ...], dict[str, Any] | None]) -> None:
    name, unnamed, named = given
    if FUNCTIONS[name].calling is not Calling.PYTHON:
        decoded(read_arguments, FUNCTIONS[name], unnamed, named, comment_limit=29, error=ArgumentsRefused)


VALUES: list[Any] = [
    {"struct": "Tick", "row": [1, 1.0, 1.0, 1.0, 1, 1, 1, 1.0]}, {"structs": "BookInfo", "rows": [[1, 1.0, 1, 1.0]]},
    {"tuple": [1, 2]}, {"plain": 5}, {"array": "ticks"}, encode_value(np.zeros(2, dtype=TICKS_DTYPE))[0],
]  # fmt: skip


class _Control:
    def __init__(self, url: str, client: aiohttp.ClientSession) -> None:
        self.url, self.client = url, client


class _Host:
    ports = {"bybit": 1}  # noqa: RUF012 - nobody changes it

    async def restart(self, broker: str) -> None:
        del broker

    def watch_parent(self, pid: int) -> bool:
        return pid == os.getpid()


@asynccontextmanager
async def _control() -> AsyncIterator[_Control]:
    faults = FaultBox(["bybit"])
    venue = Venue(
        bybit_catalogue(), faults, VenueSettings(ledger_path=None, wall=lambda: 1_795_435_200_000_000_000, seed=7)
    )
    server = ControlServer({"bybit": venue}, faults, _Host(), port=0)
    await server.start()
    try:
        async with aiohttp.ClientSession() as client:
            yield _Control(f"http://127.0.0.1:{server.port}", client)
    finally:
        await server.stop()
        venue.close()


WISHES: list[Any] = [
    {"broker": "bybit", "fault": "reject", "count": 1, "match": {"op": "place", "client_key": "a"},
    "params": {"code": 1}},
    {"broker": "bybit", "at": "received"}, {"broker": "bybit", "symbol": "linear:BTCUSDT", "price": "60000"},
    {"broker": "bybit", "symbol": "linear:BTCUSDT", "bad_tick": "1", "halt": True},
    {"broker": "bybit", "symbol": "linear:BTCUSDT", "replay": {"file": "a.csv", "speed": 1}},
    {"broker": "bybit", "account_id": "1000001", "symbol": "linear:BTCUSDT", "side": "buy", "quantity": "0.01"},
    {"broker": "bybit", "account_id": "1000001", "currency": "USDT", "amount": "5"}, {"offset_s": 5}, {"seed": 3},
    {"broker": "bybit", "venue_order_id": "x", "price": "5", "quantity": "1"}, {"pid": os.getpid()},
]  # fmt: skip
CONTROL_PATHS = tuple(
    f"/sim/{name}"
    for name in (
        "faults", "hold", "release", "market", "orders", "fill", "cash", "liquidate", "clock", "history/forget",
        "reset",
        "restart", "parent",
    )
)  # fmt: skip


async def _control_call(site: _Control, given: tuple[str, bytes]) -> None:
    path, body = given
    async with site.client.post(f"{site.url}{path}", data=body) as answer:
        text = await answer.read()
        require(answer.status < 500, f"{path} answered {answer.status}: {text[:300]!r}")
        json.loads(text)
    async with site.client.post(f"{site.url}/sim/release", data=b"{}") as answer:
        require(answer.status == 200, "nothing can be released any more")
    async with site.client.get(f"{site.url}/sim/health") as answer:
        require(answer.status == 200, f"health is {answer.status}")


_headers = st.dictionaries(
    st.sampled_from(("X-BAPI-TIMESTAMP", "X-BAPI-SIGN", "X-BAPI-API-KEY", "X-BAPI-RECV-WINDOW")),
    hostile_texts.filter(lambda text: text.isascii() and text.isprintable() and len(text) < 500), max_size=1,
)  # fmt: skip
_python_values = st.one_of(hostile_scalars, st.floats(), st.binary(max_size=4), st.datetimes(), st.just(object()))

TARGETS: tuple[Target, ...] = (
    pure(
        "bybit_sim_requests",
        "simulators.bybit: bodies, queries, order requests",
        st.one_of(json_messages([*BODIES, *OPS]), damaged_bytes(QUERIES)),
        _bybit_parsers,
    ),
    pure("bybit_sim_words", "simulators.bybit: stamps and life times", hostile_texts, _bybit_words),
    served(
        "bybit_sim_rest",
        "simulators.bybit: signed REST calls on a running server",
        st.tuples(
            st.sampled_from(("GET", "POST")),
            st.sampled_from(PATHS),
            damaged_bytes(QUERIES),
            json_messages(BODIES),
            _headers,
        ),
        _bybit,
        _bybit_rest,
    ),
    served(
        "bybit_sim_sockets",
        "simulators.bybit: frames on a running server",
        st.tuples(
            st.sampled_from(("/v5/public/linear", "/v5/private", "/v5/trade")),
            st.booleans(),
            st.lists(json_messages(OPS), max_size=4),
            st.booleans(),
        ),
        _bybit,
        _bybit_socket,
    ),
    served(
        "tws_sim_sessions",
        "simulators.tws: sessions on a running server",
        st.tuples(
            st.booleans(),
            st.lists(
                st.one_of(
                    _near_messages(REQUESTS).map(lambda pair: pair[0]),
                    _payloads(REQUESTS),
                    damaged_bytes([b"API\0" + frame(b"v157..178")]),
                    rubbish.map(lambda data: struct.pack(">I", len(data)) + data),
                ).filter(bool),
                max_size=4,
            ),
        ),
        _tws,
        _tws_session,
    ),
    served(
        "mt5_sim_sessions",
        "simulators.mt5: connections on a running terminal",
        st.tuples(
            st.booleans(),
            st.lists(st.one_of(damaged_json(CALLS).map(written), json_messages(CALLS)), max_size=4),
            st.one_of(st.just(b""), rubbish),
        ),
        _terminal,
        _terminal_session,
    ),
    pure(
        "mt5_sim_frames",
        "simulators.mt5.ipc: frames and values",
        st.tuples(json_messages([*CALLS, *VALUES]), st.one_of(rubbish, st.just(bytes(TICKS_DTYPE.itemsize * 2)))),
        _ipc,
    ),
    pure(
        "mt5_arguments",
        "mt5_surface.arguments: what a program passes",
        st.tuples(
            st.sampled_from(sorted(FUNCTIONS)),
            st.lists(_python_values, max_size=5).map(tuple),
            st.one_of(
                st.none(),
                st.dictionaries(
                    st.sampled_from(
                        (
                            "symbol",
                            "volume",
                            "price",
                            "ticket",
                            "group",
                            "magic",
                            "comment",
                            "type",
                            "position",
                            "login",
                        )
                    ),
                    _python_values,
                    max_size=4,
                ),
            ),
        ),
        _arguments,
    ),
    served(
        "sim_control",
        "simulators.control: the control port",
        st.tuples(st.sampled_from(CONTROL_PATHS), json_messages(WISHES)),
        _control,
        _control_call,
    ),
)
