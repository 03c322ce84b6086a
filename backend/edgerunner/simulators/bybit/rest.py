"""The REST side: routing, authentication, limits, and answers on the wire."""

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from edgerunner.simulators.bybit import auth, bybit_faults, codes, envelope, formats, traps
from edgerunner.simulators.bybit.auth import ApiKey, KeyTable
from edgerunner.simulators.bybit.demo import DEMO, check_demo
from edgerunner.simulators.bybit.endpoints import AccountEndpoint, Endpoint, OrderEndpoint, PublicEndpoint
from edgerunner.simulators.bybit.limits import AddressGuard, EndpointLimits
from edgerunner.simulators.bybit.order_entry import OrderEntry, Prepared
from edgerunner.simulators.bybit.pipeline import Call, Pipeline, Target
from edgerunner.simulators.bybit.rest_channel import RestChannel
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue

logger = logging.getLogger(__name__)

MAXIMUM_BODY_BYTES: Final = 131_072
_METHODS: Final = frozenset({"GET", "POST"})
_TRUE: Final = frozenset({"true", "1", "yes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """A request in raw parts: what the caller signed is never re-serialised."""

    method: str
    path: str
    query: bytes
    body: bytes
    headers: Mapping[str, str]

    @property
    def signed_bytes(self) -> bytes:
        """Return what the signature covers: the body of a POST, the query of a GET."""
        return self.body if self.method == "POST" else self.query

    def params(self) -> dict[str, Any]:
        """Return the fields of the query or of the JSON body; raise 10001 when malformed."""
        return envelope.parse_body(self.body) if self.method == "POST" else envelope.parse_query(self.query)


class RestService:
    """Answers ``/v5/*`` requests."""

    def __init__(
        self,
        venue: Venue,
        faults: FaultBox,
        endpoints: Mapping[tuple[str, str], Endpoint],
        *,
        keys: KeyTable,
        limits: EndpointLimits,
        guard: AddressGuard,
        pipeline: Pipeline,
        order_entry: OrderEntry,
    ) -> None:
        self._venue = venue
        self._faults = faults
        self._endpoints = endpoints
        self._keys = keys
        self._limits = limits
        self._guard = guard
        self._pipeline = pipeline
        self._order_entry = order_entry
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Give up on callers that are being left without an answer."""
        self._closing.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one HTTP request."""
        channel = RestChannel(request, self._closing)
        channel.headers = {"Timenow": str(self._now_ms()), "Traceid": uuid.uuid4().hex}
        try:
            raw = await self._read(request)
            prepared = self._prepare(self._route(raw), raw, channel)
        except codes.WireError as error:
            channel.status = error.http_status
            await channel.send(envelope.failure_bytes(error, self._now_ms()))
            return channel.response
        broken = self._pipeline.take("bybit.http_status", prepared.call)
        if broken is not None:
            channel.status = int(bybit_faults.number(broken, "status", 502))
            if str(broken.get("after_accept", "")).lower() not in _TRUE:
                await channel.send(b"")
                return channel.response
        await self._pipeline.conduct(prepared.call, lambda: self._act(prepared), channel)
        return channel.response

    async def _read(self, request: web.Request) -> RawRequest:
        if not self._guard.admits(request.remote or ""):
            raise codes.WireError(codes.ADDRESS_LIMIT, http_status=403)
        if request.method not in _METHODS:
            raise codes.WireError(codes.INVALID_PARAMETER, "Bad request", http_status=400)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise codes.parameter_error("Request parameter error: body is too large") from error
        if request.method == "GET" and body:
            raise codes.WireError(codes.INVALID_PARAMETER, "Forbidden request", http_status=403)
        path, _, query = request.raw_path.partition("?")
        return RawRequest(
            method=request.method,
            path=path,
            query=query.encode("utf-8", "surrogateescape"),
            body=body,
            headers=request.headers,
        )

    def _route(self, raw: RawRequest) -> Endpoint:
        endpoint = self._endpoints.get((raw.method, raw.path))
        if endpoint is None:
            raise codes.WireError(codes.ROUTE_NOT_FOUND, http_status=404)
        return endpoint

    def _prepare(self, endpoint: Endpoint, raw: RawRequest, channel: RestChannel) -> Prepared:
        match endpoint:
            case PublicEndpoint():
                params = raw.params()
                return Prepared(call=Call(op="query"), act=lambda: endpoint.answer(params))
            case AccountEndpoint():
                caller = self._authenticate(raw, endpoint.op, writes=endpoint.writes)
                return self._prepare_account_call(endpoint, caller, raw, channel)
            case OrderEndpoint():
                caller = self._authenticate(raw, endpoint.op, writes=True)
                prepared, allowance = self._order_entry.prepare(endpoint, caller, raw.params())
                channel.headers = {**channel.headers, **allowance.headers()}
                return prepared

    def _prepare_account_call(
        self, endpoint: AccountEndpoint, caller: ApiKey, raw: RawRequest, channel: RestChannel
    ) -> Prepared:
        call = Call(op=endpoint.op, account_id=caller.account_id)
        taken = self._limits.take(caller.user_id, endpoint.limit, None, wall_ms=self._now_ms())
        allowance = self._order_entry.limited(call, taken)
        channel.headers = {**channel.headers, **allowance.headers()}
        if not allowance.granted:
            return Prepared(call=call, act=_raise_too_many_visits)
        params = raw.params()
        target = Target(client_key=_text(params, "orderLinkId"), symbol=_text(params, "symbol"))
        call = Call(op=endpoint.op, account_id=caller.account_id, targets=(target,))
        return Prepared(call=call, act=lambda: endpoint.answer(caller, params))

    def _authenticate(self, raw: RawRequest, op: str, *, writes: bool) -> ApiKey:
        headers = raw.headers
        key_text, timestamp = headers.get("X-BAPI-API-KEY", ""), headers.get("X-BAPI-TIMESTAMP", "")
        signature = headers.get("X-BAPI-SIGN", "")
        window = headers.get("X-BAPI-RECV-WINDOW", "")
        if not key_text or not timestamp or not signature:
            raise codes.WireError(codes.INVALID_KEY, "Invalid request: authentication headers missing", http_status=401)
        auth.check_time_window(
            timestamp_ms=auth.parse_milliseconds(timestamp, "timestamp"),
            receive_window_ms=auth.parse_milliseconds(window, "recv_window")
            if window
            else auth.DEFAULT_RECEIVE_WINDOW_MS,
            server_ms=self._now_ms() + traps.waited_ms(self._faults, self._venue.name, op),
        )
        traps.check_environment(self._faults, self._venue.name, op)
        key = self._keys.find(key_text)
        auth.verify_signature(key, auth.request_payload(timestamp, key_text, window, raw.signed_bytes), signature)
        if writes and key.read_only:
            raise codes.WireError(codes.PERMISSION_DENIED)
        check_demo(key, raw.path, raw.params() if key.environment == DEMO else {})
        return key

    def _act(self, prepared: Prepared) -> bytes:
        try:
            answer = prepared.act()
        except codes.WireError as error:
            return envelope.failure_bytes(error, self._now_ms())
        except Exception:
            logger.exception("a request could not be carried out")
            return envelope.failure_bytes(codes.WireError(codes.SERVER_ERROR), self._now_ms())
        result = bybit_faults.alter_result(self._faults, self._venue.name, answer.result, op=prepared.call.op)
        return envelope.success_bytes(
            envelope.Answer(result=result, extra=answer.extra, message=answer.message), self._now_ms()
        )

    def _now_ms(self) -> int:
        return formats.milliseconds(self._venue.wall_now_ns())


def _raise_too_many_visits() -> envelope.Answer:
    raise codes.WireError(codes.TOO_MANY_VISITS)


def _text(params: Mapping[str, Any], name: str) -> str | None:
    value = params.get(name)
    return value if isinstance(value, str) and value else None
