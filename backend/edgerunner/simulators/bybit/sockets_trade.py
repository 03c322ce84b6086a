"""The trade socket, ``/v5/trade``: order entry over WebSocket.

Frames and codes of the page "Websocket Trade Guideline" of the Bybit V5 documentation.
"""

import logging
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import orjson

from edgerunner.simulators.bybit import auth, codes, formats, sockets, traps
from edgerunner.simulators.bybit.auth import ApiKey, KeyTable
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.bybit.demo import DEMO
from edgerunner.simulators.bybit.endpoints import SOCKET_OPERATIONS, OrderEndpoint
from edgerunner.simulators.bybit.order_entry import OrderEntry, Prepared
from edgerunner.simulators.bybit.pipeline import Pipeline
from edgerunner.simulators.bybit.session import SocketSession
from edgerunner.simulators.tasks import TaskOwner
from edgerunner.simulators.venue import Venue

logger = logging.getLogger(__name__)

REMEMBERED_REQUEST_IDS: Final = 10_000
LONGEST_REQUEST_ID: Final = 36


class TradeChannel:
    """The way back over a trade socket."""

    def __init__(self, session: SocketSession) -> None:
        self._session = session

    async def send(self, payload: bytes) -> None:
        """Send the answer and wait until it has left the queue."""
        self._session.send(payload)
        await self._session.flush()

    async def stay_silent(self) -> None:
        """Send nothing; the socket stays open."""

    def close(self) -> None:
        """End the connection in an orderly way."""
        self._session.close()

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""
        self._session.reset()


class TradeSocket:
    """One trade connection."""

    def __init__(
        self,
        session: SocketSession,
        *,
        venue: Venue,
        keys: KeyTable,
        endpoints: Mapping[tuple[str, str], OrderEndpoint],
        order_entry: OrderEntry,
        pipeline: Pipeline,
        tasks: TaskOwner,
    ) -> None:
        self._session = session
        self._venue = venue
        self._keys = keys
        self._endpoints = endpoints
        self._order_entry = order_entry
        self._pipeline = pipeline
        self._tasks = tasks
        self._caller: ApiKey | None = None
        self._request_ids: OrderedDict[str, None] = OrderedDict()

    async def handle(self, raw: bytes) -> None:
        """Answer one frame; order requests run beside the reading of further frames."""
        request: dict[str, Any] = {}
        try:
            request = sockets.parse_frame(raw)
            self._answer(request)
        except codes.WireError as error:
            self._session.send(self._error_bytes(request, error, {}))

    def close(self) -> None:
        """Nothing to give back: requests that were taken in are carried out to the end."""

    def _answer(self, request: Mapping[str, Any]) -> None:
        match request.get("op"):
            case "ping":
                now_ms = formats.milliseconds_text(self._venue.wall_now_ns())
                self._session.send(self._bytes({"retCode": 0, "retMsg": "OK", "op": "pong", "data": [now_ms]}))
            case "auth":
                self._authenticate(request)
            case str(operation) if operation in SOCKET_OPERATIONS:
                self._order(operation, request)
            case _:
                raise codes.WireError(codes.OPERATION_UNKNOWN)

    def _authenticate(self, request: Mapping[str, Any]) -> None:
        if self._caller is not None:
            raise codes.WireError(codes.REPEATED_AUTHENTICATION)
        caller = sockets.authenticate(request, self._keys, formats.milliseconds(self._venue.wall_now_ns()))
        if caller.environment == DEMO:
            raise codes.WireError(codes.DEMO_UNSUPPORTED)
        self._caller = caller
        self._session.send(self._bytes({**sockets.echo(request, "reqId"), "retCode": 0, "retMsg": "OK", "op": "auth"}))

    def _order(self, operation: str, request: Mapping[str, Any]) -> None:
        headers: dict[str, str] = {}
        try:
            prepared = self._prepare(operation, request, headers)
        except codes.WireError as error:
            self._session.send(self._error_bytes(request, error, headers))
            return
        work = self._pipeline.conduct(
            prepared.call, lambda: self._act(prepared, request, headers), TradeChannel(self._session)
        )
        self._tasks.start(work)

    def _prepare(self, operation: str, request: Mapping[str, Any], headers: dict[str, str]) -> Prepared:
        self._check_request_id(request)
        if self._caller is None:
            raise codes.WireError(codes.NOT_AUTHENTICATED)
        if self._caller.read_only:
            raise codes.WireError(codes.PERMISSION_DENIED)
        endpoint = self._endpoints[("POST", SOCKET_OPERATIONS[operation])]
        self._check_header(request, endpoint.op)
        args = request.get("args")
        if not isinstance(args, list) or len(args) != 1 or not isinstance(args[0], dict):
            raise codes.parameter_error("params error: args must hold one object")
        if args[0].get("category") not in tuple(Category):
            raise codes.WireError(codes.CATEGORY_UNKNOWN)
        prepared, allowance = self._order_entry.prepare(endpoint, self._caller, args[0])
        headers.update(allowance.headers())
        return prepared

    def _check_request_id(self, request: Mapping[str, Any]) -> None:
        request_id = request.get("reqId")
        if request_id is None:
            return
        if not isinstance(request_id, str) or len(request_id) > LONGEST_REQUEST_ID:
            raise codes.parameter_error("params error: reqId invalid")
        if request_id in self._request_ids:
            raise codes.WireError(codes.DUPLICATE_REQUEST_ID)
        self._request_ids[request_id] = None
        if len(self._request_ids) > REMEMBERED_REQUEST_IDS:
            self._request_ids.popitem(last=False)

    def _check_header(self, request: Mapping[str, Any], op: str) -> None:
        header = request.get("header")
        if not isinstance(header, dict) or header.get("X-BAPI-TIMESTAMP") in (None, ""):
            raise codes.parameter_error("params error: header X-BAPI-TIMESTAMP is required")
        window = header.get("X-BAPI-RECV-WINDOW")
        auth.check_time_window(
            timestamp_ms=auth.parse_milliseconds(str(header["X-BAPI-TIMESTAMP"]), "X-BAPI-TIMESTAMP"),
            receive_window_ms=auth.parse_milliseconds(str(window), "X-BAPI-RECV-WINDOW")
            if window
            else auth.DEFAULT_RECEIVE_WINDOW_MS,
            server_ms=formats.milliseconds(self._venue.wall_now_ns())
            + traps.waited_ms(self._venue.faults, self._venue.name, op),
        )

    def _act(self, prepared: Prepared, request: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
        try:
            answer = prepared.act()
        except codes.WireError as error:
            return self._error_bytes(request, error, headers)
        except Exception:
            logger.exception("a trade request could not be carried out")
            return self._error_bytes(request, codes.WireError(codes.SERVER_ERROR), headers)
        return self._bytes(
            {
                **sockets.echo(request, "reqId"),
                "retCode": 0,
                "retMsg": answer.message,
                "op": request["op"],
                "data": answer.result,
                "retExtInfo": answer.extra,
                "header": self._header(headers),
            }
        )

    def _error_bytes(self, request: Mapping[str, Any], error: codes.WireError, headers: Mapping[str, str]) -> bytes:
        operation = request.get("op")
        body: dict[str, Any] = {
            **sockets.echo(request, "reqId"),
            "retCode": error.code,
            "retMsg": error.text,
            "op": operation if isinstance(operation, str) else "",
        }
        if isinstance(operation, str) and operation in SOCKET_OPERATIONS:
            body |= {"data": {}, "retExtInfo": {}, "header": self._header(headers)}
        return self._bytes(body)

    def _header(self, headers: Mapping[str, str]) -> dict[str, str]:
        now_ms = formats.milliseconds_text(self._venue.wall_now_ns())
        return {**headers, "Traceid": uuid.uuid4().hex, "Timenow": now_ms}

    def _bytes(self, message: Mapping[str, Any]) -> bytes:
        return orjson.dumps({**message, "connId": self._session.connection_id})
