"""REST transport: signed requests under the rate limits, and what their failures prove.

A query is repeated, a bounded number of times and with growing jittered pauses, after transport
errors, server errors, "too many visits" and refused time stamps. An order command is sent once.
"""

import asyncio
import random as random_module
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
import structlog
from yarl import URL

from edgerunner.adapters.bybit.errors import NoAnswer, NotSent, Refused, Verdict, command_error, query_error, verdict_of
from edgerunner.adapters.bybit.limits import NS_PER_S, Place, Priority, Scheduler
from edgerunner.adapters.bybit.options import Options
from edgerunner.adapters.bybit.server_clock import Clock, ServerClock
from edgerunner.adapters.bybit.signing import Signer
from edgerunner.adapters.bybit.values import NS_PER_MS, Malformed, nanoseconds, required_whole, whole
from edgerunner.adapters.bybit.wire import UNREADABLE, Envelope, OrderIds, Page, ServerTime, decoded
from edgerunner.adapters.wire_mark import handed_over
from edgerunner.domain.errors import BrokerError, BrokerRejected, BrokerUnreachable, OutcomeUnknown

_log = structlog.get_logger(__name__)

_ATTEMPTS: Final = 4
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_RATE_PAUSE_NS: Final = 5 * NS_PER_S
_QUERY_QUEUE_S: Final = 60.0
"""A long history is many queries, which wait for one another under the rate limits."""

_CLOCK_EVERY_NS: Final = 300 * NS_PER_S
_MOST_PAGES: Final = 2_000
_LARGEST_ANSWER: Final = 32 * 1024 * 1024

T = TypeVar("T")
Parameters = Mapping[str, str | int]

_envelopes = msgspec.json.Decoder(Envelope)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class RestClient:
    """One HTTP session with one host."""

    def __init__(
        self,
        *,
        options: Options,
        signer: Signer,
        scheduler: Scheduler,
        clock: Clock,
        random: random_module.Random,
    ) -> None:
        self._options = options
        self._signer = signer
        self._scheduler = scheduler
        self._clock = clock
        self._random = random
        self._session: aiohttp.ClientSession | None = None
        self._clock_lock = asyncio.Lock()
        self.server_clock = ServerClock(clock)

    async def start(self) -> None:
        """Open the session; nothing is sent yet."""
        total_s = self._options.request_timeout_s
        timeout = aiohttp.ClientTimeout(total=total_s, sock_connect=0.8 * total_s)  # a failed connect is told apart
        self._session = aiohttp.ClientSession(timeout=timeout)

    async def stop(self) -> None:
        """Close the session. Idempotent."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str, parameters: Parameters, into: type[T], *, signed: bool = True) -> T:
        """Return the result of a query; raises a ``BrokerError`` when Bybit gives none."""
        result, _ = await self.get_timed(path, parameters, into, signed=signed)
        return result

    async def get_timed(
        self, path: str, parameters: Parameters, into: type[T], *, signed: bool = True
    ) -> tuple[T, int | None]:
        """Return the result of a query and the server's time of the answer in nanoseconds."""
        envelope = await self._queried(path, parameters, signed=signed)
        try:
            return decoded(envelope.result, into), nanoseconds(envelope.time)
        except Malformed as error:
            raise BrokerUnreachable(f"unreadable answer to {path}: {error}") from error

    async def pages(
        self, path: str, parameters: Parameters, *, signed: bool = True
    ) -> AsyncIterator[tuple[msgspec.Raw, Page]]:
        """Yield every row of a paged list with the page it stood on."""
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = await self.get(path, {**parameters, **({"cursor": cursor} if cursor else {})}, Page, signed=signed)
            for row in page.rows:
                yield row, page
            following = page.next_page_cursor or ""
            if not following or not page.rows or following == cursor:
                return
            cursor = following
        raise BrokerUnreachable(f"{path} goes on after {_MOST_PAGES} pages")

    async def command(self, path: str, body: Mapping[str, object], *, bucket: str, priority: Priority) -> OrderIds:
        """Send an order command, once.

        Raises ``NotSent`` (nothing left this machine), ``BrokerRejected`` (proof that it did not
        happen) or ``OutcomeUnknown``.
        """
        async with self._scheduler.place(bucket, priority, self._options.queue_timeout_s) as place:
            handed_over()
            try:
                answer = await self._send("POST", path, msgspec.json.encode(body).decode(), signed=True)
            except NoAnswer as error:
                raise OutcomeUnknown(error.detail) from error
            self._learn(place, answer)
        return await self._judged(answer)

    async def measure_clock(self) -> None:
        """Measure Bybit's clock; raises a ``BrokerError`` when it does not answer."""
        async with self._clock_lock:
            sent_ns = self._clock.monotonic_ns()
            answer = await self._send("GET", "/v5/market/time", "", signed=False)
            received_ns = self._clock.monotonic_ns()
            try:
                time = decoded(_envelopes.decode(answer.body).result, ServerTime)
                server_ns = required_whole(time.time_nano, "timeNano")
            except (*UNREADABLE, Malformed) as error:
                raise BrokerUnreachable(f"no Bybit server answers at this address: {error}") from error
            self.server_clock.measured(server_ns=server_ns, sent_ns=sent_ns, received_ns=received_ns)

    async def keep_clock(self) -> None:
        """Measure the clock when the last measurement is old."""
        if self.server_clock.is_due(_CLOCK_EVERY_NS):
            await self.try_clock()

    async def try_clock(self) -> None:
        """Measure the clock; a failure is logged, the old measurement goes on."""
        try:
            await self.measure_clock()
        except BrokerError as error:
            _log.warning("bybit_clock_not_measured", reason=error.detail)

    async def _queried(self, path: str, parameters: Parameters, *, signed: bool) -> Envelope:
        query = "&".join(f"{name}={quote(str(value), safe='%:,-_.~')}" for name, value in parameters.items())
        for attempt in range(_ATTEMPTS):
            is_last = attempt == _ATTEMPTS - 1
            try:
                async with self._scheduler.place(path, Priority.QUERY, _QUERY_QUEUE_S) as place:
                    answer = await self._send("GET", path, query, signed=signed)
                    self._learn(place, answer)
                return self._understood(path, answer)
            except (NoAnswer, NotSent) as error:
                if is_last:
                    raise
                reason = error.detail
            except Refused as error:
                if is_last or not await self._may_repeat(error):
                    raise
                reason = error.detail
            _log.info("bybit_query_repeated", path=path, reason=reason)
            await asyncio.sleep(self._random.uniform(0, _FIRST_PAUSE_S * 2**attempt))
        raise AssertionError("the last attempt returns or raises")

    async def _may_repeat(self, error: Refused) -> bool:
        match verdict_of(error.number, error.text):
            case Verdict.CLOCK:
                await self.measure_clock()
                return True
            case Verdict.RATE | Verdict.BUSY:
                return True
            case _:
                return False

    def _understood(self, path: str, answer: _Answer) -> Envelope:
        try:
            envelope = _envelopes.decode(answer.body)
        except UNREADABLE:
            if answer.status in {401, 403, 404}:
                raise BrokerUnreachable(f"{path}: HTTP {answer.status} {_start_of(answer.body)}") from None
            raise NoAnswer(f"{path}: HTTP {answer.status} without a readable answer") from None
        if envelope.ret_code != 0:
            raise query_error(envelope.ret_code, envelope.ret_msg)
        return envelope

    async def _judged(self, answer: _Answer) -> OrderIds:
        """Tell what an answer to a command proves."""
        try:
            envelope = _envelopes.decode(answer.body)
        except UNREADABLE:
            if answer.status in {401, 403, 404}:  # refused at the edge, before any order service
                raise BrokerRejected(f"HTTP {answer.status}", _start_of(answer.body)) from None
            raise OutcomeUnknown(f"HTTP {answer.status} without a readable answer") from None
        error = command_error(envelope.ret_code, envelope.ret_msg)
        if error is None:
            return _ids(envelope.result)
        if verdict_of(envelope.ret_code, envelope.ret_msg) is Verdict.CLOCK:
            await self.try_clock()
        raise error

    async def _send(self, method: str, path: str, payload: str, *, signed: bool) -> _Answer:
        """Send one request; raises ``NotSent`` before and ``NoAnswer`` after the first byte."""
        if self._session is None:
            raise NotSent("not connected")
        headers = {"Content-Type": "application/json"} if method == "POST" else {}
        if signed:
            headers |= self._signer.headers(timestamp_ms=self.server_clock.now_ms(), payload=payload)
        address = self._options.endpoints.rest + path
        if method == "GET" and payload:
            address += "?" + payload
        data = payload.encode() if method == "POST" else None
        try:
            async with self._session.request(
                method, URL(address, encoded=True), headers=headers, data=data, allow_redirects=False
            ) as response:
                return _Answer(response.status, response.headers, await _bounded_body(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"{self._options.endpoints.rest} cannot be reached: {error}") from error
        except TimeoutError as error:
            raise NoAnswer(f"no answer to {path} within {self._options.request_timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NoAnswer(f"{path} got no answer: {type(error).__name__} {error}") from error

    def _learn(self, place: Place, answer: _Answer) -> None:
        try:
            limit, reset = (whole(answer.headers.get(name)) for name in _LIMIT_HEADERS)
        except Malformed:
            return
        place.learn(limit=limit)
        if b'"retCode":10006' in answer.body[:200].replace(b" ", b""):
            place.exceeded(wait_ns=self.rate_pause_ns(reset))

    def rate_pause_ns(self, reset_ms: int | None) -> int:
        """Return how long to hold an endpoint back: until its reset, at least 0.1 s, at most 5 s."""
        ahead_ns = 0 if reset_ms is None else reset_ms * NS_PER_MS - self.server_clock.now_ns()
        return min(max(ahead_ns, NS_PER_S // 10), _LONGEST_RATE_PAUSE_NS)


_LIMIT_HEADERS: Final = ("X-Bapi-Limit", "X-Bapi-Limit-Reset-Timestamp")


async def _bounded_body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise aiohttp.ClientPayloadError(f"an answer of more than {_LARGEST_ANSWER} bytes")
    return bytes(body)


def _ids(result: msgspec.Raw) -> OrderIds:
    try:
        return decoded(result, OrderIds)
    except Malformed:
        return OrderIds()  # done, but without its id: the order's report will tell it


def _start_of(body: bytes) -> str:
    return body[:200].decode(errors="replace").strip()
