"""The MetaTrader bridge, both ends of it: calls, the EA link's lines, and what its clients make of its answers."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import numpy as np
from hypothesis import strategies as st

from edgerunner.adapters.mt5.bridge import _result, _value
from edgerunner.adapters.mt5.bridge_answers import order_error, problem_of, query_error
from edgerunner.adapters.mt5.bridge_http import Address, BridgeHttp
from edgerunner.adapters.mt5.bridge_http import decoded as decoded_body
from edgerunner.adapters.mt5.bridge_stream import BridgeStream
from edgerunner.adapters.mt5.bridge_wire import Malformed
from edgerunner.adapters.mt5.terminal import CallFailed
from edgerunner.domain.errors import BrokerUnreachable, EdgerunnerError, OutcomeUnknown
from edgerunner.mt5_bridge.calls import parse_call
from edgerunner.mt5_bridge.ea_link import EaLink
from edgerunner.mt5_bridge.ea_messages import BadLine, encode_line, parse_message
from edgerunner.mt5_bridge.problems import Problem
from edgerunner.mt5_bridge.remote.answers import NotAnAnswerError, decode
from edgerunner.mt5_bridge.remote.link import LinkLostError, Reply, reply_of
from edgerunner.mt5_bridge.remote.options import BridgeOptions
from edgerunner.mt5_bridge.remote.terminal import RemoteTerminal
from edgerunner.mt5_bridge.terminal_module import OFFERED
from edgerunner.mt5_bridge.wire import encode
from edgerunner.mt5_surface.dtypes import RATES_DTYPE
from edgerunner.mt5_surface.functions import FUNCTIONS
from edgerunner.mt5_surface.struct_sequence import StructSequence, field_kinds
from edgerunner.mt5_surface.structs import STRUCTS
from tests.fuzz.damage import damaged_bytes, damaged_json, hostile_scalars, json_messages, json_values, rubbish, written
from tests.fuzz.declared import decoded, require
from tests.fuzz.target import Target, pure, served
from tests.wire.mt5_experts.test_ea_link import HELLO, TICK, TOKEN

CALLS: list[Any] = [
    {"symbol": "EURUSD", "timeframe": 1, "start_pos": 0, "count": 10},
    {"symbol": "EURUSD", "date_from": 1_700_000_000.5, "date_to": 1_700_000_100, "flags": 1},
    {"request": {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "magic": 5, "comment": "x"}},
    {"login": 1000001, "group": "*USD*", "ticket": 5, "enable": True},
    {},
]


def _example(kind: type) -> Any:
    if issubclass(kind, StructSequence):
        return {name: _example(inner) for name, inner in field_kinds(kind).items()}
    return {bool: True, int: 7, float: 1.5, str: "EURUSD"}[kind]


_bars = np.zeros(2, dtype=RATES_DTYPE)
ARRAY = {"dtype": [list(field) for field in RATES_DTYPE.descr], "count": 2,
         "base64": base64.b64encode(_bars.tobytes()).decode()}  # fmt: skip
RESULTS: list[Any] = [*(_example(kind) for kind in STRUCTS.values()), ARRAY, True, None, 5, "text", (1, 2)]
ANSWERS: list[Any] = [
    *({"result": result, "last_error": [1, "Success"]} for result in RESULTS),
    *({"result": [result, result], "last_error": [1, "Success"]} for result in RESULTS[:11]),
    {"result": None, "last_error": [-10004, "No IPC connection"]},
    {"code": "outcome_unknown", "detail": "x", "order": {"state": "sending"}, "errors": [{"field": "a", "code": "b"}]},
    {"code": "denied_by_risk", "errors": [{"code": "max_volume", "message": "too much"}], "status": 422},
    {"lease_id": "abc", "client": "x", "ttl_s": 15, "lease": {"client": "x"}},
]
_functions = st.sampled_from(sorted(FUNCTIONS))


def _call(given: tuple[str, bytes]) -> None:
    function, body = given
    call = decoded(parse_call, function, body, error=Problem)
    if call is None:
        return
    require(call.function == function, "another call than was asked for")
    call.positional(), call.named(), call.needs_control


def _line(line: bytes) -> None:
    message = decoded(parse_message, line, error=BadLine)
    if message is None:
        return
    text = decoded(encode_line, msgspec.to_builtins(message), error=(ValueError, TypeError))
    require(text is None or text.endswith(b"\n"), "a line without its end")


def _adapters_answer(given: tuple[str, bytes, int]) -> None:
    """The adapter's reading of an answer: a value, "the terminal said no", or ``Malformed``."""
    function, data, status = given
    told = decoded_body(data)
    decoded(_value, function, told, error=(Malformed, CallFailed))
    decoded(_result, told, error=(OutcomeUnknown, CallFailed))
    problem = problem_of(status, told)
    require(isinstance(query_error(problem), EdgerunnerError), "no error of ours")
    require(isinstance(order_error(problem), EdgerunnerError), "no error of ours")


def _remote_answer(given: tuple[str, Any]) -> None:
    function, result = given
    decoded(decode, function, result, error=NotAnAnswerError)


class _FixedLink:
    """Answers everything with one reply."""

    def __init__(self, status: int, data: bytes) -> None:
        self._status, self._data = status, data

    def ask(self, *asked: object, **named: object) -> Reply:
        del asked, named
        try:
            return reply_of(self._status, {"retry-after": "1"}, self._data)
        except ValueError as error:  # as the link itself does
            raise LinkLostError(str(error), was_sent=True) from error

    send = ask

    def close_idle(self) -> None:
        """Nothing is open."""


def _remote_call(given: tuple[str, bytes, int]) -> None:
    """Whatever the bridge says, the module behaves as the package does: a value or None, and a code and text."""
    function, data, status = given
    terminal = RemoteTerminal(BridgeOptions(token="t", timeout_s=0.01))
    link: Any = _FixedLink(status, data)
    terminal._link = terminal._lease._link = terminal._orders._link = link
    terminal._is_initialized = True
    named: dict[str, Any] = {
        "order_send": {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.0},
    }.get(function, {})
    try:
        if named:
            terminal.call(FUNCTIONS[function], (named,))
        else:
            terminal.call(FUNCTIONS[function], ())
    finally:
        terminal.shutdown()
    code, text = terminal.last_error
    require(type(code) is int and type(text) is str, f"last_error is {terminal.last_error!r}")


STREAM: list[Any] = [
    {"kind": "snapshot", "channel": "ticks:EURUSD", "seq": 1, "epoch": "e",
    "data": {"ticks": [_example(STRUCTS["Tick"])]}},
    {"kind": "delta", "channel": "ticks:EURUSD", "seq": 2, "epoch": "e",
    "data": {"ticks": [_example(STRUCTS["Tick"])]}},
    {"kind": "snapshot", "channel": "connection", "seq": 1, "epoch": "e", "data": {"terminal": {"state": "connected"}}},
    {"kind": "delta", "channel": "orders", "seq": 1, "epoch": "e", "data": {}},
    {"kind": "heartbeat", "channel": "orders", "seq": 0, "epoch": "e"},
    {"kind": "error", "channel": "x", "code": "c", "detail": "d"},
]  # fmt: skip


class _Deaf:
    """Takes whatever the stream tells."""

    def __getattr__(self, name: str) -> Any:
        return lambda *told: None


@asynccontextmanager
async def _bridge_stream() -> AsyncIterator[BridgeStream]:
    listener: Any = _Deaf()
    address = Address(url="http://127.0.0.1:1", token="t", client="c", login=None, server=None)
    stream = BridgeStream(BridgeHttp(address), lambda: listener)
    await stream.watch(frozenset({"EURUSD"}))
    yield stream


async def _stream_messages(stream: BridgeStream, messages: list[bytes]) -> None:
    for message in messages:
        try:
            await stream._hear(message)
        except (Malformed, BrokerUnreachable):
            stream._numbers.clear()
    require(len(stream._numbers) < 10_000, "channels without end")


class _EaSite:
    def __init__(self, link: EaLink) -> None:
        self.link = link
        self.events = 0
        link.add_listener(self._heard)

    def _heard(self, session: str, event: object) -> None:
        del session, event
        self.events += 1


@asynccontextmanager
async def _ea_link() -> AsyncIterator[_EaSite]:
    link = EaLink(token=TOKEN)
    await link.start()
    yield _EaSite(link)
    await link.stop()


async def _ea_connection(site: _EaSite, given: tuple[bool, list[bytes]]) -> None:
    """A hostile EA loses its own connection; the next one is welcome."""
    greets, lines = given
    reader, writer = await asyncio.open_connection("127.0.0.1", site.link.port)
    try:
        if greets:
            writer.write(json.dumps(HELLO).encode() + b"\n")
        for line in lines:
            writer.write(line + b"\n")
        writer.write_eof()
        while await reader.read(65_536):
            pass
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    reader, writer = await asyncio.open_connection("127.0.0.1", site.link.port)
    writer.write(json.dumps(HELLO).encode() + b"\n")
    welcome = json.loads(await reader.readline())
    require(welcome["type"] == "welcome", f"the next EA is told {welcome}")
    writer.write(json.dumps({"type": "goodbye", "seq": 2, "reason": 0}).encode() + b"\n")
    while await reader.read(65_536):
        pass
    writer.transport.abort()


PRICED = {**TICK, "seq": 2, "bid": "1.1", "ask": "1.2", "last": "0", "volume": "0"}
LINES: list[Any] = [
    HELLO, PRICED,
    {"type": "heartbeat", "seq": 2, "time_msc": 5}, {"type": "goodbye", "seq": 2, "reason": 9},
    {"type": "reply", "seq": 2, "id": 1, "ok": True, "result": {}, "error": ""},
    {
        "type": "transaction", "seq": 2, "kind": "TRADE_TRANSACTION_DEAL_ADD", "deal": 1, "order": 2,
        "symbol": "EURUSD",
        "order_type": 0, "order_state": 0, "deal_type": 0, "price": "1.1", "price_trigger": "0", "sl": "0", "tp": "0",
        "volume": "0.1", "position": 1, "position_by": 0, "retcode": 0, "request_id": 0,
    },
]  # fmt: skip
_statuses = st.sampled_from((200, 200, 200, 201, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504))
_answers = st.tuples(_functions, json_messages(ANSWERS), _statuses)
_remote_functions = st.sampled_from(("account_info", "symbols_total", "order_send", "terminal_info", "orders_get"))
_encoded_results = [json.loads(encode(result)) for result in RESULTS]

TARGETS: tuple[Target, ...] = (
    pure(
        "mt5_bridge_calls",
        "mt5_bridge.calls: bodies of calls",
        st.tuples(st.sampled_from([*sorted(OFFERED), "nothing"]), json_messages(CALLS)),
        _call,
    ),
    pure("mt5_ea_lines", "mt5_bridge.ea_messages: lines of Expert Advisors", json_messages(LINES), _line),
    served(
        "mt5_ea_link",
        "mt5_bridge.ea_link: connections of Expert Advisors",
        st.tuples(st.booleans(), st.lists(st.one_of(damaged_json(LINES).map(written), rubbish), max_size=4)),
        _ea_link,
        _ea_connection,
    ),
    pure("mt5_bridge_answers", "adapters.mt5.bridge*: answers of the bridge", _answers, _adapters_answer),
    served(
        "mt5_bridge_stream",
        "adapters.mt5.bridge_stream: messages of its stream",
        st.lists(json_messages(STREAM), min_size=1, max_size=4),
        _bridge_stream,
        _stream_messages,
    ),
    pure(
        "mt5_remote_answers",
        "mt5_bridge.remote.answers: results of calls",
        st.tuples(_functions, st.one_of(damaged_json(_encoded_results), json_values, hostile_scalars)),
        _remote_answer,
    ),
    pure(
        "mt5_remote_calls",
        "mt5_bridge.remote: the module, whatever the bridge answers",
        st.tuples(_remote_functions, st.one_of(json_messages(ANSWERS), damaged_bytes([b"{}", b""])), _statuses),
        _remote_call,
    ),
)
