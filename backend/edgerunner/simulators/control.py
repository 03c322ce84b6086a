"""The control port: ledger, faults, holds and the broker's own hand over HTTP, for tests and demos (loopback only)."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from aiohttp import web

from edgerunner.simulators.control_operator import OperatorCalls
from edgerunner.simulators.control_requests import Fields, InvalidRequest
from edgerunner.simulators.faults import (
    OPERATIONS,
    ActiveFault,
    FaultBox,
    FaultDefinition,
    FaultMatch,
    HoldPoint,
    ReleaseAction,
    UnknownFault,
)
from edgerunner.simulators.simulated_broker import SimulatedBroker
from edgerunner.simulators.timestamps import rfc3339
from edgerunner.simulators.venue_types import VenueReject

MAX_BODY = 1_000_000
BROKERS = ("bybit", "ibkr", "mt5")
"""Every broker that there is a simulator of; health answers about all, one that does not run has no port (null)."""


class Host(Protocol):
    """What the control port needs of the process around it."""

    @property
    def ports(self) -> Mapping[str, int]:
        """Ports of the brokers that listen."""

    async def restart(self, broker: str) -> None:
        """Restart a broker's wire server."""

    def watch_parent(self, pid: int) -> bool:
        """Watch another parent process; False when there is none with this id."""


class ControlServer:
    """HTTP on 127.0.0.1; errors are problem+json and name the field."""

    def __init__(self, venues: Mapping[str, SimulatedBroker], faults: FaultBox, host: Host, *, port: int) -> None:
        self._venues = venues
        self._faults = faults
        self._host = host
        self._wanted_port = port
        self._operator = OperatorCalls(venues)
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """Return the port it listens on; raises ``RuntimeError`` before ``start``."""
        if self._runner is None or not self._runner.addresses:
            raise RuntimeError("the control port does not listen")
        return int(self._runner.addresses[0][1])

    async def start(self) -> None:
        """Listen; raises ``OSError`` when the port is in use."""
        app = web.Application(middlewares=[_problems], client_max_size=MAX_BODY)
        app.add_routes(self._routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._wanted_port).start()

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _routes(self) -> list[web.RouteDef]:
        posts: dict[str, Callable[[Fields], object]] = {
            "/sim/faults": self._add_fault,
            "/sim/hold": self._hold,
            "/sim/release": self._release,
            "/sim/parent": self._parent,
            "/sim/orders": self._operator.order,
            "/sim/fill": self._operator.fill,
            "/sim/cash": self._operator.cash,
            "/sim/liquidate": self._operator.liquidate,
            "/sim/clock": self._operator.clock,
            "/sim/history/forget": self._operator.forget,
            "/sim/reset": self._operator.reset,
        }
        return [
            web.get("/sim/health", self._health),
            web.get("/sim/ledger", self._ledger),
            web.get("/sim/faults", self._list_faults),
            web.delete("/sim/faults", self._delete_faults),
            web.delete("/sim/faults/{fault_id}", self._delete_faults),
            web.post("/sim/market", self._market),
            web.post("/sim/restart", self._restart),
            *(web.post(path, _answering(call)) for path, call in posts.items()),
        ]

    async def _health(self, request: web.Request) -> web.Response:
        _query(request).only()
        venue = next(iter(self._venues.values()))
        ports = self._host.ports
        return _json(
            {
                "pid": os.getpid(),
                "seed": venue.operator.seed,
                "now": rfc3339(venue.now_ns()),
                "listening": {broker: ports.get(broker) for broker in BROKERS},
            }
        )

    async def _ledger(self, request: web.Request) -> web.Response:
        broker = self._operator.broker(_query(request).only("broker"))
        snapshot = self._venues[broker].snapshot()
        text = await asyncio.to_thread(snapshot.to_json)
        return web.Response(text=text, content_type="application/json")

    async def _list_faults(self, request: web.Request) -> web.Response:
        _query(request).only()
        definitions = [_definition_view(each, self._faults.brokers) for each in self._faults.definitions()]
        possible = [definition for definition in definitions if definition["brokers"]]
        return _json({"faults": possible, "active": [_fault_view(fault) for fault in self._faults.active()]})

    async def _delete_faults(self, request: web.Request) -> web.Response:
        fault_id = request.match_info.get("fault_id")
        try:
            return _json({"deleted": self._faults.remove(fault_id)})
        except KeyError:
            raise InvalidRequest(f"no active fault {fault_id}", field="id", status=404, code="not_found") from None

    def _add_fault(self, body: Fields) -> object:
        body.only("broker", "fault", "count", "match", "params")
        match = body.section("match").only("op", "client_key", "symbol")
        operation = match.word("op", sorted(OPERATIONS)) if match.has("op") and match.values["op"] else None
        try:
            fault = self._faults.add(
                self._operator.broker(body),
                body.text("fault"),
                count=body.integer("count") if body.has("count") else 1,
                match=FaultMatch(
                    op=operation, client_key=match.optional_text("client_key"), symbol=match.optional_text("symbol")
                ),
                params=body.section("params").values,
            )
        except UnknownFault as error:
            raise InvalidRequest(str(error), field=error.field) from error
        return {"id": fault.fault_id}

    def _hold(self, body: Fields) -> object:
        body.only("broker", "at")
        broker = self._operator.broker(body)
        self._faults.hold(broker, body.word("at", HoldPoint))
        return {"held": _held_view(self._faults, broker)}

    def _release(self, body: Fields) -> object:
        body.only("broker", "at", "action")
        broker = self._operator.broker(body) if body.has("broker") else None
        point = body.word("at", HoldPoint) if body.has("at") else None
        actions: tuple[ReleaseAction, ...] = ("continue", "drop")
        released = self._faults.release(broker, point, action=body.word("action", actions, "continue"))
        return {"released": [{"at": held.at.value, "client_key": held.client_key} for held in released]}

    def _parent(self, body: Fields) -> object:
        pid = body.only("pid").integer("pid", least=1)
        if pid is None or not self._host.watch_parent(pid):
            raise InvalidRequest("must be the id of a running process", field="pid")
        return {"pid": pid}

    async def _market(self, request: web.Request) -> web.Response:
        return _json(await self._operator.market(await _body(request)))

    async def _restart(self, request: web.Request) -> web.Response:
        body = (await _body(request)).only("broker")
        broker = self._operator.broker(body)
        self._venues[broker].operator.forget_recent()
        async with asyncio.timeout(30):
            await self._host.restart(broker)
        return _json({"broker": broker, "port": self._host.ports.get(broker)})


def _answering(call: Callable[[Fields], object]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        return _json(call(await _body(request)))

    return handle


@web.middleware
async def _problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except InvalidRequest as error:
        return _problem(error.status, error.code, error.detail, error.field)
    except VenueReject as reject:
        return _problem(409, reject.reason.value, reject.detail, None)
    except web.HTTPException as error:
        return _problem(error.status, "http_error", error.reason, None)


async def _body(request: web.Request) -> Fields:
    raw = await request.read()
    if not raw:
        return Fields({})
    try:
        values = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"the body is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise InvalidRequest("the body must be a JSON object")
    return Fields(values)


def _query(request: web.Request) -> Fields:
    return Fields(dict(request.query))


def _json(value: object) -> web.Response:
    return web.json_response(value)


def _problem(status: int, code: str, detail: str, field: str | None) -> web.Response:
    errors = [] if field is None else [{"field": field, "code": code, "message": detail}]
    body = {
        "type": "about:blank",
        "title": code.replace("_", " "),
        "status": status,
        "detail": detail if field is None else f"{field}: {detail}",
        "code": code,
        "errors": errors,
    }
    return web.json_response(body, status=status, content_type="application/problem+json")


def _definition_view(definition: FaultDefinition, brokers: tuple[str, ...]) -> dict[str, object]:
    return {
        "name": definition.name,
        "brokers": sorted(broker for broker in brokers if not definition.brokers or broker in definition.brokers),
        "description": definition.description,
        "params": dict(definition.params),
    }


def _fault_view(fault: ActiveFault) -> dict[str, object]:
    match = {"op": fault.match.op, "client_key": fault.match.client_key, "symbol": fault.match.symbol}
    return {
        "id": fault.fault_id,
        "broker": fault.broker,
        "fault": fault.name,
        "count": fault.remaining,
        "used": fault.used,
        "match": match,
        "params": dict(fault.params),
    }


def _held_view(faults: FaultBox, broker: str) -> list[dict[str, object]]:
    return [{"at": held.at.value, "client_key": held.client_key} for held in faults.held(broker)]
