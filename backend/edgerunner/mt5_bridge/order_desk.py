"""Orders: each key once, on the disk before the terminal is called, and never sent again when the end is unknown."""

import asyncio
import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from edgerunner.mt5_bridge.connection import TerminalConnection
from edgerunner.mt5_bridge.kill_switch import KillSwitch
from edgerunner.mt5_bridge.lease import LeaseDesk
from edgerunner.mt5_bridge.order_store import OrderRecord, OrderState
from edgerunner.mt5_bridge.problems import Code, Problem, invalid
from edgerunner.mt5_bridge.records import Records
from edgerunner.mt5_bridge.settings import AccountSettings, BridgeSettings
from edgerunner.mt5_bridge.terminal_module import CallAnswer, FunctionMissing, ModuleFailed, TerminalModule
from edgerunner.mt5_bridge.trade_rules import (
    MINUTE_S,
    Situation,
    account_problem,
    closes_position,
    is_way_out,
    limit_problem,
    live_problem,
)
from edgerunner.mt5_bridge.wire import encode, plain
from edgerunner.mt5_bridge.worker import NotAnswering, Priority, QueueFull, StillRunning, TerminalWorker

DRAIN_S: Final = 3.0
_KEY_LENGTH: Final = 255

logger = logging.getLogger(__name__)


class OrderFailed(Exception):
    """The module raised an exception inside ``order_send``: whether the order went out is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTicket:
    """An order on its way: who sends what under which key."""

    key: str
    token_name: str
    lease_id: str | None
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAnswer:
    """The body of the answer as JSON, and whether it is a stored one."""

    body: bytes
    is_replayed: bool


class OrderDesk:
    """Sends orders through the worker, with the records as its memory."""

    def __init__(
        self,
        *,
        worker: TerminalWorker,
        connection: TerminalConnection,
        records: Records,
        leases: LeaseDesk,
        kill_switch: KillSwitch,
        settings: BridgeSettings,
    ) -> None:
        self._worker = worker
        self._connection = connection
        self._records = records
        self._leases = leases
        self._gate = OrderGate(kill_switch, settings)
        self._timeout_s = settings.call_timeout_s
        self._tasks: set[asyncio.Task[Any]] = set()

    async def send(self, ticket: OrderTicket) -> OrderAnswer:
        """Send an order, or answer from what is stored under its key. Raises ``Problem``."""
        _check_key(ticket.key)
        body = encode(ticket.request)
        digest = hashlib.sha256(encode(dict(sorted(ticket.request.items())))).digest()
        known = await self._records.find(ticket.key)
        if known is not None:
            return _replay(known, ticket, digest)
        self._leases.extend(ticket.lease_id, token_name=ticket.token_name)
        record = OrderRecord(
            key=ticket.key,
            token_name=ticket.token_name,
            login=expected.login if (expected := self._connection.expected) is not None else None,
            digest=digest,
            request=body,
            state=OrderState.SENDING,
            begun_at=time.time(),
        )
        # A task of its own: whoever gives up waiting must not leave an order without its record.
        return await asyncio.shield(self._spawn(self._send(ticket, record, expected)))

    async def find(self, key: str, token_name: str) -> dict[str, Any]:
        """Return what was sent under a key. Raises ``Problem``."""
        _check_key(key)
        known = await self._records.find(key)
        if known is None:
            raise Problem(Code.NOT_FOUND, "the bridge has not sent anything under this key")
        _check_owner(known, token_name)
        return known.view()

    async def stop(self) -> None:
        """Let orders on their way end for a moment; what does not end is unknown at the next start."""
        if self._tasks:
            _, unfinished = await asyncio.wait(self._tasks, timeout=DRAIN_S)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    def _spawn(self, work: Any) -> "asyncio.Task[Any]":
        task = asyncio.create_task(work, name="mt5-order")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _send(self, ticket: OrderTicket, record: OrderRecord, expected: AccountSettings | None) -> OrderAnswer:
        if not await self._records.begin(record, login=record.login, request=msgspec.Raw(record.request)):
            known = await self._records.find(ticket.key)  # the same key came twice in this very moment
            if known is None:
                raise Problem(Code.CONFLICT, "another order under this key was refused this very moment: try again")
            return _replay(known, ticket, record.digest)
        deadline = time.monotonic() + self._timeout_s

        def job(module: TerminalModule) -> CallAnswer:
            self._gate.check(module, ticket.request, expected)
            self._leases.extend(ticket.lease_id, token_name=ticket.token_name)
            if time.monotonic() > deadline:
                raise NotAnswering("the checks before the order took too long")
            return _send_order(module, ticket.request)

        try:
            answer = await self._worker.run(job, priority=Priority.ORDER, timeout_s=self._timeout_s)
        except StillRunning as running:
            await self._records.lose(ticket.key, "the terminal has not answered yet")
            self._spawn(self._await_late_end(ticket, running.future))
            raise await self._unknown(ticket.key) from None
        except Exception as error:
            raise await self._failed(ticket, error) from error
        return OrderAnswer(body=await self._keep(ticket.key, answer), is_replayed=False)

    async def _await_late_end(self, ticket: OrderTicket, end: "asyncio.Future[CallAnswer]") -> None:
        try:
            await self._keep(ticket.key, await end)
        except Exception as error:  # noqa: BLE001 - nobody waits for it: what it means is in the record and the log
            logger.warning("order %s ended late: %s", ticket.key, await self._failed(ticket, error))

    async def _keep(self, key: str, answer: CallAnswer) -> bytes:
        self._connection.note(answer)
        result = plain(answer.result)
        body = encode({"result": result, "last_error": answer.last_error})
        retcode = result.get("retcode") if isinstance(result, dict) else None
        order = result.get("order") if isinstance(result, dict) else None
        try:
            await self._records.answer(key, body, retcode=retcode, order=order, last_error=answer.last_error)
        except Problem:  # the order is out: its answer goes to the caller all the same
            logger.exception("the answer to order %s is not on the disk", key)
        return body

    async def _failed(self, ticket: OrderTicket, error: Exception) -> Problem:
        """Note how an order failed, and return what the caller is told."""
        problem = _refusal_of(error)
        if problem is None:
            logger.error("order %s failed", ticket.key, exc_info=error)
            await self._records.lose(ticket.key, f"{type(error).__name__}: {error}")
            return await self._unknown(ticket.key)
        await self._records.refuse(ticket.key, ticket.token_name, problem)
        return problem

    async def _unknown(self, key: str) -> Problem:
        known = await self._records.find(key)
        return _unknown_problem(known)


class OrderGate:
    """The checks right before an order, on the worker's thread and in one step with the order."""

    def __init__(
        self, kill_switch: KillSwitch, settings: BridgeSettings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._kill_switch = kill_switch
        self._limits = settings.limits
        self._monotonic = monotonic
        self._recent: deque[float] = deque()

    def check(self, module: TerminalModule, request: Mapping[str, Any], expected: AccountSettings | None) -> None:
        """Let an order to the ``expected`` account pass, or raise ``Problem``."""
        account = module.call("account_info").result
        problem = account_problem(account, expected) or live_problem(account, self._limits)
        if problem is not None:
            raise problem
        if is_way_out(request):
            return
        now = self._monotonic()
        while self._recent and now - self._recent[0] > MINUTE_S:
            self._recent.popleft()
        situation = Situation(limits=self._limits, is_killed=self._kill_switch.is_engaged, recent=len(self._recent))
        problem = limit_problem(request, situation)
        if problem is None:
            self._recent.append(now)
        elif not closes_position(request, module.call("positions_get").result or (), account.margin_mode):
            raise problem


def _send_order(module: TerminalModule, request: Mapping[str, Any]) -> CallAnswer:
    try:
        answer = module.call("order_send", dict(request))
        plain(answer.result)
        return answer
    except ModuleFailed as error:
        raise OrderFailed(str(error)) from error


def _check_key(key: str) -> None:
    if not (1 <= len(key) <= _KEY_LENGTH and key.isascii() and key.isprintable() and " " not in key):
        raise invalid("Idempotency-Key", f"an order needs one, of 1 to {_KEY_LENGTH} visible ASCII characters")


def _check_owner(known: OrderRecord, token_name: str) -> None:
    if known.token_name != token_name:
        raise Problem(Code.FORBIDDEN, "this order key was used with another token")


def _replay(known: OrderRecord, ticket: OrderTicket, digest: bytes) -> OrderAnswer:
    _check_owner(known, ticket.token_name)
    if known.digest != digest:
        raise Problem(Code.IDEMPOTENCY_CONFLICT, "another order was sent under this key: use a new one")
    if known.answer is None:
        raise _unknown_problem(known)
    return OrderAnswer(body=known.answer, is_replayed=True)


def _unknown_problem(known: OrderRecord | None) -> Problem:
    view = known.view() if known is not None else None
    return Problem(
        Code.OUTCOME_UNKNOWN,
        "the order was begun and it is not known whether the terminal executed it: look at its orders, positions and "
        "deals before sending anything again",
        extra={"order": view},
    )


def _refusal_of(error: Exception) -> Problem | None:
    """Return the refusal of an order that was certainly not sent; None = it may have been."""
    match error:
        case Problem():
            return error
        case QueueFull():
            return Problem(Code.OVERLOADED, str(error), retry_after_s=1)
        case NotAnswering():
            return Problem(Code.BROKER_TIMEOUT, f"{error}; the order was not sent")
        case FunctionMissing():
            return Problem(Code.UNSUPPORTED, str(error))
        case ModuleFailed():
            return Problem(Code.BROKER_ERROR, f"{error}; the order was not sent")
        case _:
            return None
